"""Command line: `python3 -m hostconf plan …`, and the steps that the payload's scripts run."""

import argparse
import json
import os
import sys

from common import login
from common.description import DescriptionError, loads
from hostconf.host.inventory import parse_nics
from hostconf.model.inventory import InventoryError, assumed
from hostconf.planning.plan import PlanError, plan
from hostconf.sources import hosts, maas, metadata, openstack

# A host description that is ready, with MAAS's answers (if there are any) beside it.
READY = "description.json"
# What the build knows, in a payload beside this package.
IMAGE_FACTS = "image.json"
# firstboot is configure and finish.
STEPS = ("pre", "post", "firstboot", "configure", "finish", "clean")


def main(argv=None):
    """Run a subcommand. @return: the exit status"""
    parser = argparse.ArgumentParser(prog="hostconf", description="Turn metadata into a configured ESXi host.")
    commands = parser.add_subparsers(dest="command")
    plan_parser = commands.add_parser("plan", help="show the commands for a host, without running any")
    plan_parser.add_argument("--metadata", required=True, metavar="DIR",
                             help="folder with openstack/latest/…, the JSON files themselves, hosts/NAME/ for each "
                                  "of many hosts, or a description.json made from MAAS's configuration")
    plan_parser.add_argument("--nics", required=True, metavar="FILE", help="output of `esxcli network nic list`")
    plan_parser.add_argument("--esxi-version", default="8.0", metavar="VERSION", help="6.7, 7.0, 8.0 (default) or 9.0")
    plan_parser.add_argument("--image-password", dest="image_password", action="store_true", default=None,
                             help="the image has a root password (default: as the payload says that this lies in)")
    plan_parser.add_argument("--no-image-password", dest="image_password", action="store_false", default=None,
                             help="the image has no root password")
    for name in STEPS:
        commands.add_parser(name, help="run by the payload's scripts on the host")
    options = parser.parse_args(argv)
    if options.command is None:
        parser.print_usage(sys.stderr)
        return 2
    if options.command == "plan":
        return show_plan(options)
    return run_step(options.command)


def run_step(name):
    """One of the host's steps. They are imported here: a laptop that plans needs none of them."""
    if name == "pre":
        from hostconf.steps import pre
        return pre.main()
    if name == "post":
        from hostconf.steps import post
        return post.main()
    from hostconf.steps import firstboot
    if name == "clean":
        return firstboot.clean()
    return firstboot.main(("configure", "finish") if name == "firstboot" else (name,))


def show_plan(options):
    """Print the plan: commands on standard output, warnings on standard error. @return: 1 when it is refused, too"""
    try:
        with open(options.nics, encoding="utf-8", errors="replace") as file:
            nics = parse_nics(file.read())
        description = read_description(options.metadata, nics)
        version = tuple(int(part) for part in options.esxi_version.split("."))
        result = plan(description, assumed(nics, version))
    except (PlanError, DescriptionError, InventoryError, OSError, ValueError) as error:
        print("hostconf: %s" % error, file=sys.stderr)
        return 1
    for warning in result.warnings:
        print("warning: %s" % warning, file=sys.stderr)
    for file in description["files"]:
        print("note: the file %s is written after that" % file["path"], file=sys.stderr)
    for script in description["user_data"]:
        print("note: the script %s runs after that" % script["name"], file=sys.stderr)
    _write("".join(command.shell() + "\n" for command in result.commands))
    who = _login(description, version, options.image_password)
    if not who.possible:
        print("hostconf: %s" % who.refusal(), file=sys.stderr)
    if result.refusal:
        print("hostconf: the network stays as the installer makes it: %s" % result.refusal, file=sys.stderr)
    return 0 if who.possible and not result.refusal else 1


def _login(description, version, image_password):
    """Who can log in to the host. What the image brings is read from the payload that this package lies in.

    @param image_password: whether the image has a root password; None: as the payload says
    """
    image = {}
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), IMAGE_FACTS)
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            image = json.load(file)
    if image_password is None:
        image_password = bool(image.get("root_password_hash") or image.get("kickstart_password"))
    return login.judge(
        image_password or description["root_password_hash"], description["ssh_keys"] + (image.get("ssh_keys") or []),
        version, ssh=description["services"]["ssh"], allow_ed25519=image.get("allow_ed25519") is True)


def read_description(folder, nics):
    """The host description that a folder asks for; of many hosts, the one that has the NICs.

    @raise PlanError: when it holds no metadata, or none of its hosts has the NICs
    """
    files = metadata.load(folder)
    if files:
        return openstack.read(files, "embedded")
    many = metadata.load_hosts(folder)
    if many:
        try:
            name = hosts.choose(many, hosts.Machine(set(nic["mac"] for nic in nics), set(), set()))
        except hosts.HostsError as error:
            raise PlanError(str(error))
        return openstack.read(many[name], "embedded")
    if not os.path.exists(os.path.join(folder, READY)):
        raise PlanError("%s holds no metadata: expected openstack/latest/, %s or %s"
                        % (folder, ", ".join(openstack.FILES), READY))
    with open(os.path.join(folder, READY), encoding="utf-8") as file:
        description = loads(file.read())
    answers = {}
    for name in maas.ANSWERS:
        if os.path.exists(os.path.join(folder, name)):
            with open(os.path.join(folder, name), "rb") as file:
                answers[name] = file.read()
    more = []
    completed = maas.read_answers(answers, description, more.append)
    return dict(completed, warnings=completed["warnings"] + more)


def _write(text):
    """Write to standard output as UTF-8, whatever the locale; a reader that went away (head) is no fault."""
    try:
        if hasattr(sys.stdout, "buffer"):
            sys.stdout.buffer.write(text.encode("utf-8"))
        else:
            sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
