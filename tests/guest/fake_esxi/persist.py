"""What lasts: the backup of configuration and tracked files, and what a boot brings back."""
import re

from . import initial
from .network import lease
from .registry import program
from .storage import volumes
from .system import account, identity, ntp, services, ssh
from .world import plain_copy

_TRACKED = re.compile(
    r"/etc/(vmware/esx\.conf|passwd|shadow|hosts|resolv\.conf|ntp\.conf|rc\.local\.d/local\.sh|issue|motd"
    r"|ssh/sshd_config|ssh/keys-[^/]+/authorized_keys|vmware/ssl/rui\.(crt|key)|vmware/welcome|random-seed)")
_GENERATED = ("/etc/ntp.conf", "/etc/resolv.conf", "/etc/ssh/sshd_config")
_LASTING = ("vmfs", "dev")


def _files_below(files, folder):
    for name in files.names(folder):
        path = f"{folder.rstrip('/')}/{name}"
        if files.is_folder(path):
            yield from _files_below(files, path)
        else:
            yield path


def tracked_files(world):
    """Tracked files and their contents, latin-1 text for JSON."""
    found = {}
    for path in _files_below(world.files, "/etc"):
        if _TRACKED.fullmatch(path):
            data = world.files.read(path)
            if data is not None:
                found[path] = [data.decode("latin-1"), world.files.mode(path)]
    return found


def backup(world):
    """Save the configuration and the tracked files, as auto-backup.sh does."""
    saved = world.state["saved"] or {"config": {}, "files": {}}
    config = plain_copy(world.config)
    for section in world.runtime["localcli_only"]:
        if section in saved["config"]:
            config[section] = plain_copy(saved["config"][section])
    world.state["saved"] = {"config": config, "files": tracked_files(world)}
    if world.files.exists("/bootbank"):
        # Real content would hold hashes; only that the file was written matters here.
        world.files.write("/bootbank/state.tgz", b"")


@program("auto-backup.sh", "backup.sh")
def auto_backup(world, _words, _stdin):
    backup(world)
    if not world.at_least("8.0"):
        return 0, ("Saving current state in /bootbank\nClock updated.\n"
                   "Time: 06:16:27   Date: 01/18/2022   UTC\n")
    return 0, ("Saving current state in /bootbank\nCreating ConfigStore Backup\nLocking esx.conf\nCreating archive\n"
               "Unlocked esx.conf\nUsing key ID 6f0c0e5d-0000-4000-8000-000000000001 to encrypt\nClock updated.\n"
               "Time: 06:16:27   Date: 01/18/2022   UTC\n")


def write_system_files(world, restored=None):
    """The files of a running host: shipped ones, restored tracked ones, generated ones."""
    files = world.files
    files.write("/etc/hosts", "127.0.0.1\tlocalhost.localdomain localhost\n::1\tlocalhost.localdomain localhost\n")
    files.write("/etc/rc.local.d/local.sh", "#!/bin/sh ++group=host/vim/vmvisor/boot\n\nexit 0\n", 0o1755)
    files.write("/etc/vmware/esx.conf", f'/system/uuid = "{world.config["uuid"]}"\n', 0o1644)
    files.write("/etc/ssh/sshd_config", "AuthorizedKeysFile /etc/ssh/keys-%u/authorized_keys\n", 0o1644)
    account.write_certificate(world)
    files.folder("/etc/ssh/keys-root")
    if world.at_least("7.0"):
        files.write(ssh.keys_path("root"), b"", 0o1600)
    for folder in ("/tmp", "/var/log", "/var/lib/vmware/firstboot", "/opt", "/tardisks", "/vmfs/volumes"):
        files.folder(folder)
    for path, (text, mode) in (restored or {}).items():
        if path.endswith("/authorized_keys") and world.at_least("8.0"):
            chosen = world.switch("ssh_keys_file")
            if chosen == "lost" or (chosen == "sticky" and not mode & 0o1000):
                continue
        if not (path in _GENERATED and world.at_least("7.0")):
            files.write(path, text.encode("latin-1"), mode)
    for user, keys in world.config["ssh_keys"].items():
        files.write(ssh.keys_path(user), "".join(key + "\n" for key in keys), 0o1600)
    account.write_files(world)
    if world.at_least("7.0"):
        ntp.write_conf(world)
    elif not files.exists("/etc/ntp.conf"):
        files.write("/etc/ntp.conf", "restrict default nomodify notrap nopeer noquery\nrestrict 127.0.0.1\n"
                                     "driftfile /etc/ntp.drift\n", 0o1644)


def clear_ram_disk(world):
    """Everything outside disks and volumes is gone."""
    for volume in list(world.runtime["iso_mounts"].values()):
        world.files.remove(volume)
    for name in world.files.names("/"):
        if name not in _LASTING:
            world.files.remove("/" + name)


def bring_up(world, hostd):
    """Start the host with the saved configuration."""
    saved = world.state["saved"]
    calls = world.runtime["calls"]
    injected = world.runtime["failures"]
    world.state["config"] = plain_copy(saved["config"])
    world.state["runtime"] = initial.empty_runtime(world.switches, hostd)
    world.runtime.update(calls=calls, failures=injected, ipv6=world.config["ipv6_enabled"],
                         kernel=dict(world.config["kernel"]), syslog_in_use=dict(world.config["syslog"]),
                         services=services.initial_running(world.config["services"]))
    for vmk in world.config["vmks"].values():
        vmk["lease"] = None
    for stack in world.config["netstacks"].values():
        stack["routes4"] = [entry for entry in stack["routes4"] if entry["source"] != "DHCP"]
        if not world.runtime["ipv6"]:
            stack["routes6"] = []
    write_system_files(world, saved["files"])
    for volume in world.storage["volumes"].values():
        volumes.mount(world, volume)
    for service in ("TSM-SSH", "ntpd"):
        services.set_running(world, service, world.config["services"][service])
    world.config["uuid"] = identity.system_uuid(world)
    lease.settle(world)
