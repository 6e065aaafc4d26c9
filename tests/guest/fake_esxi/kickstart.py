"""The lines of a kickstart file that shape the installed host."""
import shlex

_NETWORK = ("bootproto", "device", "ip", "netmask", "gateway", "nameserver", "hostname", "vlanid", "addvmportgroup")


def network_options(line, vlan_zero="refuse"):
    """The options of a `network` line, with or without that word. ValueError for what the installer refuses."""
    options = {}
    for word in shlex.split(line):
        if word == "network" and not options:
            continue
        name, sign, value = word.partition("=")
        if not name.startswith("--") or name[2:] not in _NETWORK or not sign or not value:
            raise ValueError(f"network: bad option {word}")
        options[name[2:]] = value
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
