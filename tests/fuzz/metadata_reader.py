"""Gives metadata to the guest code, a case a line: the other half of metadata_target.ts.

A request is {"kind": …, "files": {name: content in Latin-1}}. The answer is {"outcome": …}, or {"defect": …} where
something happened that must not: an exception that is not a refusal, a line that could become two, or a case that does
not end.
"""

import json
import os
import shlex
import sys
import tempfile
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "..", "..", "lib", "guest")
sys.dont_write_bytecode = True
sys.path[:0] = [GUEST, os.path.join(GUEST, "curtin")]

import case_loop  # noqa: E402
from common import description as schema  # noqa: E402
from esxihook import HookError, deploy, maasconf  # noqa: E402
from hostconf.host.inventory import parse_nics  # noqa: E402
from hostconf.model.inventory import InventoryError, assumed  # noqa: E402
from hostconf.planning import ksfiles, target  # noqa: E402
from hostconf.planning.plan import plan  # noqa: E402
from hostconf.sources import maas, openstack  # noqa: E402

MEMORY_BYTES = 2 * 1024 ** 3
HASH = "$6$salt$" + "x" * 86
REFUSALS = (HookError, target.PlanError)


def read_openstack(files):
    """A config drive. Whatever it holds, there is a description."""
    return openstack.read(files, "config-drive", hash_password=lambda text: HASH)


def read_curtin(files):
    """MAAS's configuration, through the hook that runs while the machine is deployed."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(files["config.json"])
        file.flush()
        found = deploy.describe(maasconf.load(file.name), lambda sentence: None)
    return schema.loads(json.dumps(found))


def read_answers(files):
    """The answers of MAAS's metadata service."""
    before = schema.validate({"format": schema.FORMAT, "source": "maas"})
    return maas.read_answers(files, before, lambda sentence: None)


READERS = {"openstack": read_openstack, "curtin": read_curtin, "answers": read_answers}


def run_case(kind, files, nics):
    """What becomes of metadata. @raise: for whatever must not happen"""
    found = READERS[kind](files)
    assert schema.validate(json.loads(json.dumps(found))) == found, "the description changes when it is read again"
    line = ksfiles.network_line(found, nics, lambda sentence: None)
    assert is_line(line) and shlex.split(line)[0] == "network", "the kickstart would hold %r" % line
    for command in plan(found, assumed(nics)).commands:
        assert shlex.split(command.shell()) == command.argv, "the shell reads %r otherwise" % command.shell()
        assert not any("\0" in word for word in command.argv), "a command would hold %r" % command.shell()
    return "planned" if found["network"] else "planned without a network"


def is_line(text):
    return all(ord(char) >= 32 and ord(char) != 127 for char in text)


def answer(request):
    files = dict((name, text.encode("latin-1")) for name, text in request["files"].items())
    try:
        nics = parse_nics(files.pop("nics.txt", b"").decode("utf-8", "replace"))
        files.setdefault("config.json", b"")
        return {"outcome": run_case(request["kind"], files, nics)}
    except REFUSALS as error:
        return {"refusal": str(error)}
    except InventoryError:
        return {"refusal": "no such case"}  # the host would have no NIC
    except Exception:  # pylint: disable=broad-except
        return {"defect": traceback.format_exc()}


if __name__ == "__main__":
    case_loop.run(lambda line: answer(json.loads(line)), MEMORY_BYTES)
