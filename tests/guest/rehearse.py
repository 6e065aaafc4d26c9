#!/usr/bin/env python3
"""Rehearse a deployment on a fake ESXi: from the image's payload and your metadata to the configured host.

Nothing is installed and nothing is reached: scripts run in a container whose root is the fake host's, without a
network. Needs Python 3.11, bubblewrap, busybox, openssl and xorriso, and Deno or npm for the payload.
"""
import argparse
import json
import os
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from rehearsal import Options, RehearsalError, isolation, page, payload, run  # noqa: E402

_INNER = "--without-network"


def parser():
    """The command line."""
    result = argparse.ArgumentParser(prog="rehearse", description=__doc__.partition("\n")[0],
                                     epilog="Options after -- go to `esxi-img payload`, for instance: "
                                            "rehearse --metadata DIR -- --ssh-key FILE")
    deployer = result.add_mutually_exclusive_group()
    deployer.add_argument("--metadata", metavar="DIR",
                          help="OpenStack's files, loose or as on a config drive, or hosts/NAME/ folders to embed")
    deployer.add_argument("--maas", metavar="DIR", help="config.json (curtin's), public-keys, local-hostname, "
                                                        "vendor-data, user-data; a file that is missing answers 404")
    for name, meaning in (("--nics", "output of `esxcli network nic list`"),
                          ("--disks", "output of `esxcli storage core device list`"),
                          ("--nvme", "output of `esxcli nvme device list` and `get -A`"),
                          ("--by-id", "listing of /dev/disk/by-id (`ls -l`) in MAAS's Ubuntu")):
        result.add_argument(name, metavar="FILE", help="%s (default: the folder's own %s.txt)" % (meaning, name[2:]))
    result.add_argument("--release", metavar="VERSION", default="8.0.3", help="of ESXi (default: 8.0.3)")
    result.add_argument("--secure-boot", action="store_true", help="UEFI Secure Boot is on")
    password = result.add_mutually_exclusive_group()
    password.add_argument("--image-password", action="store_true", default=None,
                          help="the image is built with a root password")
    password.add_argument("--no-image-password", action="store_false", dest="image_password", help="without (default)")
    result.add_argument("-k", "--kickstart", metavar="FILE", help="passed to the build's -k")
    result.add_argument("--payload", metavar="FILE", help="a finished esxiimg.tgz instead of one made here")
    result.add_argument("--module", metavar="FILE", action="append", dest="modules", default=[],
                        help="a boot module besides the payload, as drivers are; may be repeated")
    result.add_argument("--missing-driver", metavar="NAME", action="append", dest="missing_drivers", default=[],
                        help="a driver that ESXi lacks: NICs that need it appear with the module that brings it")
    result.add_argument("--json", action="store_true", help="print the result as JSON")
    return result


def main(argv):
    """@return: 0 when the rehearsal ran, whatever came of it; 1 when it could not, 2 for wrong usage"""
    if argv[:1] == [_INNER]:
        return inner(*argv[1:])
    build = []
    if "--" in argv:
        at = argv.index("--")
        argv, build = argv[:at], argv[at + 1:]
    given = vars(parser().parse_args(argv))
    as_json = given.pop("json")
    try:
        options = Options(build=tuple(build), **given).check()
        with tempfile.TemporaryDirectory(prefix="esxi-rehearsal-") as folder:
            result = outer(options, folder)
    except RehearsalError as error:
        print("rehearse: %s" % error, file=sys.stderr)
        return 1
    text = json.dumps(result, indent=2, ensure_ascii=False) + "\n" if as_json else page.page(result)
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


def outer(options, folder):
    """Make the payload, which may need a network, and rehearse without one. @return: the result"""
    made, warnings = payload.make(options, folder)
    request = os.path.join(folder, "request.json")
    answer = os.path.join(folder, "answer.json")
    with open(request, "w", encoding="utf-8") as file:
        json.dump({"options": dict(vars(options), made=os.path.abspath(made)), "answer": answer}, file)
    isolation.rerun([os.path.abspath(__file__), _INNER, request])
    try:
        with open(answer, encoding="utf-8") as file:
            result = json.load(file)
    except OSError:
        raise RehearsalError("the rehearsal ended without a result") from None
    if "error" in result:
        raise RehearsalError(result["error"])
    result["warnings"] = [*warnings, *result["warnings"]]
    return result


def inner(request):
    """In the process without a network: the rehearsal itself."""
    with open(request, encoding="utf-8") as file:
        asked = json.load(file)
    try:
        answer = run(Options(**asked["options"]))
    except RehearsalError as error:
        answer = {"error": str(error)}
    except Exception as error:  # pylint: disable=broad-except
        place = traceback.extract_tb(error.__traceback__)[-1]
        answer = {"error": "a fault of the rehearsal, please report it: %s in %s, line %s: %s"
                           % (type(error).__name__, os.path.basename(place.filename), place.lineno,
                              " ".join(str(error).split()))}
    with open(asked["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
