"""What localcli changes behind hostd's back: sections that hostd does not know of, or that no backup saves."""
import contextlib

from .world import plain_copy

_PROGRAMS = ("esxcli", "localcli", "vim-cmd")


def only_reads(words):
    """Whether a command cannot change anything."""
    return "list" in words or "get" in words


@contextlib.contextmanager
def watch(world, program, words):
    """Around one command: note which sections of the configuration it changed, and by which way."""
    if only_reads(words):
        yield
        return
    lost = world.switch("localcli_configstore") == "lost" and world.at_least("7.0")
    if program not in _PROGRAMS or (program != "localcli" and not lost):
        yield
        return
    before = plain_copy(world.config)
    yield
    changed = [name for name, value in world.config.items() if before.get(name) != value]
    runtime = world.runtime
    if program != "localcli":
        runtime["localcli_only"] = [name for name in runtime["localcli_only"] if name not in changed]
        return
    if world.hostd_up():
        runtime["hostd_stale"] += [name for name in changed if name not in runtime["hostd_stale"]]
    if lost:
        runtime["localcli_only"] += [name for name in changed if name not in runtime["localcli_only"]]
