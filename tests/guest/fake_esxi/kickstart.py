"""The kickstart grammar, as far as a fake installation needs it: one strict reading of each command."""
import shlex

_NETWORK = ("bootproto", "device", "ip", "netmask", "gateway", "nameserver", "hostname", "vlanid", "addvmportgroup")
_INSTALL = ("disk", "drive", "firstdisk", "ignoressd", "overwritevsan", "overwritevmfs", "preservevmfs",
            "novmfsondisk", "forceunsupportedinstall", "ignoreprereqwarnings", "ignoreprereqerrors")
_WITHOUT_EFFECT = ("keyboard", "reboot", "paranoid", "clearpart", "dryrun")


def _options(command, words, known):
    given = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not name.startswith("--") or name[2:] not in known or (sign and not value):
            raise ValueError(f"{command}: bad option {word}")
        given[name[2:]] = value if sign else True
    return given


def network_options(line, vlan_zero="refuse"):
    """The options of a `network` line, with or without that word. ValueError for what the installer refuses."""
    words = shlex.split(line)
    options = _options("network", words[1:] if words[:1] == ["network"] else words, _NETWORK)
    if True in options.values():
        raise ValueError(f"network: an option lacks its value: {line}")
    if options.get("bootproto", "dhcp") not in ("dhcp", "static"):
        raise ValueError(f"network: bad bootproto {options['bootproto']}")
    if options.get("bootproto") == "static" and not {"ip", "netmask"} <= set(options):
        raise ValueError("network: static needs --ip and --netmask")
    if options.get("bootproto", "dhcp") == "dhcp" and set(options) & {"ip", "netmask", "gateway"}:
        raise ValueError("network: --ip, --netmask and --gateway need --bootproto=static")
    if len(options.get("nameserver", "").split(",")) > 2:
        raise ValueError("network: two name servers at most")
    if "vlanid" in options:
        lowest = 0 if vlan_zero == "accept" else 1
        if not options["vlanid"].isdigit() or not lowest <= int(options["vlanid"]) <= 4095:
            raise ValueError(f"network: bad vlanid {options['vlanid']}")
    return options


def _install(words):
    options = _options("install", words, _INSTALL)
    if sum(key in options for key in ("disk", "drive", "firstdisk")) != 1:
        raise ValueError("install: exactly one of --disk, --drive and --firstdisk")
    if "overwritevmfs" in options and "preservevmfs" in options:
        raise ValueError("install: --overwritevmfs and --preservevmfs exclude each other")
    return options


def _rootpw(words, md5):
    crypted = "--iscrypted" in words
    values = [word for word in words if word != "--iscrypted"]
    if len(values) != 1:
        raise ValueError("rootpw: one password")
    if crypted and not values[0].startswith(("$6$", "$5$", "$1$")[:3 if md5 == "accept" else 2]):
        raise ValueError("rootpw: not a hash that this release takes")
    return {"crypted": crypted, "value": values[0]}


def sections(text, percent_end="refuse"):
    """The commands before the first section, and the scripts: [(name, options, body)]. ValueError for %end."""
    commands, scripts = [], []
    for line in text.splitlines():
        if line.strip() == "%end":
            if percent_end == "refuse":
                raise ValueError("%end is not known")
        elif line.startswith(("%pre", "%post", "%firstboot")):
            words = line.split()
            scripts.append((words[0], words[1:], []))
        elif scripts:
            scripts[-1][2].append(line)
        else:
            commands.append(line)
    return commands, [(name, options, "\n".join(body) + "\n") for name, options, body in scripts]


def parse(text, chosen, include=None):
    """{network, install, rootpw, license} of a kickstart file, read under the chosen switches.

    `include(path)` gives the text of an %include file.

    ValueError for unknown commands, missing ones and bad options.
    """
    found = {"network": {}, "license": None}
    accepted = False
    pending = sections(text, chosen["kickstart_end"])[0]
    while pending:
        line = pending.pop(0)
        words = shlex.split(line, comments=True)
        if not words:
            continue
        command, rest = words[0], words[1:]
        if command in ("%include", "include") and len(rest) == 1 and include:
            pending = include(rest[0]).splitlines() + pending
        elif command in ("accepteula", "vmaccepteula"):
            accepted = True
        elif command == "network":
            found["network"] = network_options(line, chosen["kickstart_vlan_zero"])
        elif command == "install":
            found["install"] = _install(rest)
        elif command == "rootpw":
            found["rootpw"] = _rootpw(rest, chosen["md5_root_hash"])
        elif command in ("serialnum", "vmserialnum"):
            found["license"] = _options(command, rest, ("esx",)).get("esx")
        elif command not in _WITHOUT_EFFECT:
            raise ValueError(f"unknown command: {line}")
    missing = [name for name in ("install", "rootpw") if name not in found]
    if missing or not accepted:
        raise ValueError(f"missing: {', '.join(missing) or 'accepteula'}")
    return found
