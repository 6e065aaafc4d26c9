"""The programs esxcfg-vmknic, esxcfg-vswitch, esxcfg-route and esxcfg-nics."""
import ipaddress

from ..errors import EsxiError
from ..network import ipv4, ipv6, nics, portgroup, route, vmk, vswitch
from ..registry import program

_VMKNIC_USAGE = "esxcfg-vmknic <options> [[<portgroup>]]\n  -a|--add  -d|--del  -e|--enable  -D|--disable  -l|--list\n"
_VSWITCH_USAGE = "esxcfg-vswitch <options> [<vswitch>[:ports]]\n"


def _getopt(words, values, flags):
    """({option: value or True}, other words). EsxiError for an unknown option."""
    given, rest, words = {}, [], list(words)
    while words:
        word = words.pop(0)
        if word in values:
            if not words:
                raise EsxiError(f"option {word} requires an argument")
            given[word] = words.pop(0)
        elif word in flags:
            given[word] = True
        elif word.startswith("-"):
            raise EsxiError(f"invalid option {word}")
        else:
            rest.append(word)
    return given, rest


def _vmknic_rows(world):
    for name in vmk.names(world):
        data = world.config["vmks"][name]
        tail = [data["mac"], str(data["mtu"]), "65535", "true" if data["enabled"] else "false"]
        kind = data["ipv4"]["type"].upper()
        interface = ipv4.current(data)
        if interface:
            network = interface.network
            first = ["IPv4", str(interface.ip), str(interface.netmask), str(network.broadcast_address)]
        else:
            first = ["IPv4", "N/A", "N/A", "N/A"]
        yield [name, data["portgroup"], *first, *tail, kind, data["netstack"]]
        for text in ipv6.addresses(world, data):
            address, _, length = text.partition("/")
            yield [name, data["portgroup"], "IPv6", address, length, "", *tail, "STATIC, PREFERRED", data["netstack"]]


def _vmknic_list(world):
    widths = (11, 40, 10, 40, 16, 16, 18, 8, 10, 8, 20, 20)
    # "IP Family" is followed by one blank only.
    header = ["Interface", "Port Group/DVPort/Opaque Network", "IP Family", "IP Address", "Netmask", "Broadcast",
              "MAC Address", "MTU", "TSO MSS", "Enabled", "Type", "NetStack"]
    lines = []
    for row in [header, *_vmknic_rows(world)]:
        lines.append("".join(text.ljust(width) for text, width in zip(row, widths)))
    return "".join(line + "\n" for line in lines)


def _vmk_on(world, name):
    found, _ = portgroup.find(world, name)
    on_it = [vmk_name for vmk_name in vmk.names(world) if world.config["vmks"][vmk_name]["portgroup"] == found]
    world.require(on_it, f"No vmknic on port group {name}")
    return on_it[0]


def _vmknic_add(world, given, name):
    options = {"portgroup-name": name}
    if "-m" in given:
        options["mtu"] = int(given["-m"])
    if "-M" in given:
        options["mac-address"] = given["-M"]
    before = set(world.config["vmks"])
    dhcp = given.get("-i", "").upper() == "DHCP"
    if not dhcp:
        world.require("-i" in given and "-n" in given, "IP address and netmask must be given")
        ipv4.parse_static(world, given["-i"], given["-n"])
    vmk.interface_add(world, options)
    made = (set(world.config["vmks"]) - before).pop()
    settings = {"type": "dhcp", "peer-dns": True} if dhcp else {"type": "static", "ipv4": given["-i"],
                                                                "netmask": given["-n"]}
    ipv4.configure(world, made, settings)


@program("esxcfg-vmknic")
def esxcfg_vmknic(world, words, _stdin):
    try:
        given, rest = _getopt(words, ("-i", "-n", "-m", "-M", "-s", "-v", "-p"), ("-a", "-d", "-l", "-e", "-D"))
        name = given.get("-p", rest[0] if len(rest) == 1 else None)
        actions = [flag for flag in ("-a", "-d", "-l", "-e", "-D") if flag in given]
        if given == {"-l": True} and not rest:
            return 0, _vmknic_list(world)
        if len(actions) != 1 or "-l" in given or name is None or "-s" in given:
            return 1, _VMKNIC_USAGE
        if "-a" in given:
            _vmknic_add(world, given, name)
        elif "-d" in given:
            vmk.remove(world, _vmk_on(world, name))
        else:
            world.config["vmks"][_vmk_on(world, name)]["enabled"] = "-e" in given
        return 0, ""
    except EsxiError as error:
        return 1, f"{error}\n"


def _vswitch_list(world):
    lines = []
    for name, switch in world.config["vswitches"].items():
        uplinks = ",".join(switch["uplinks"][::-1])
        used = 2 + len(switch["uplinks"]) + len(vswitch.vmks_on(world, name))
        lines.append("Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks   ")
        lines.append(f"{name:<17}{8570:<12}{used:<12}{switch['ports']:<18}{switch['mtu']:<8}{uplinks:<10}")
        lines += ["", "  PortGroup Name                            VLAN ID  Used Ports  Uplinks   "]
        for pg in vswitch.portgroups_on(world, name):
            policy = portgroup.effective_failover(world, pg)
            active = ",".join(policy["active"] + policy["standby"])
            lines.append(f"  {pg:<42}{world.config['portgroups'][pg]['vlan']:<9}"
                         f"{portgroup.clients(world, pg):<12}{active:<10}")
        lines.append("")
    return "".join(line + "\n" for line in lines)


def _vswitch_action(world, given, rest):
    switch = rest[0].partition(":")[0] if rest else None
    if given == {"-l": True}:
        return _vswitch_list(world)
    if "-c" in given:
        return f"{int(given['-c'] in world.config['vswitches'])}\n"
    if "-C" in given:
        return f"{int(given['-C'] in world.config['portgroups'])}\n"
    if switch is None:
        raise EsxiError(_VSWITCH_USAGE.rstrip("\n"))
    if "-a" in given:
        ports = rest[0].partition(":")[2]
        vswitch.switch_add(world, {"vswitch-name": switch, "ports": int(ports or 128)})
    elif "-d" in given:
        vswitch.switch_remove(world, {"vswitch-name": switch})
    elif "-A" in given:
        portgroup.portgroup_add(world, {"portgroup-name": given["-A"], "vswitch-name": switch})
    elif "-D" in given:
        portgroup.portgroup_remove(world, {"portgroup-name": given["-D"], "vswitch-name": switch})
    elif "-L" in given:
        vswitch.uplink_add(world, {"uplink-name": given["-L"], "vswitch-name": switch})
    elif "-U" in given:
        vswitch.uplink_remove(world, {"uplink-name": given["-U"], "vswitch-name": switch})
    elif "-m" in given:
        vswitch.switch_set(world, {"vswitch-name": switch, "mtu": int(given["-m"])})
    elif "-p" in given and "-v" in given:
        world.require(given["-v"].isdigit() and int(given["-v"]) <= 4095, f"Invalid VLAN {given['-v']}")
        portgroup.find(world, given["-p"])[1]["vlan"] = int(given["-v"])
    elif "-B" in given:
        world.require(given["-B"] in ("down", "listen", "advertise", "both"), f"Invalid CDP status {given['-B']}")
        vswitch.find(world, switch)[1]["cdp"] = given["-B"]
    elif "-b" in given:
        return vswitch.find(world, switch)[1]["cdp"] + "\n"
    else:
        raise EsxiError(_VSWITCH_USAGE.rstrip("\n"))
    return ""


@program("esxcfg-vswitch")
def esxcfg_vswitch(world, words, _stdin):
    try:
        given, rest = _getopt(words, ("-c", "-A", "-D", "-C", "-p", "-v", "-L", "-U", "-m", "-B"),
                              ("-l", "-a", "-d", "-b"))
        return 0, _vswitch_action(world, given, rest)
    except EsxiError as error:
        return 1, f"{error}\n"
    except ValueError:
        return 1, _VSWITCH_USAGE


@program("esxcfg-route")
def esxcfg_route(world, words, _stdin):
    try:
        if not words:
            gateway = next((entry[1] for entry in route.entries(world, None, 4) if entry[0] == "default"), None)
            return 0, f"VMkernel default gateway is {gateway}\n" if gateway else "VMkernel default gateway is not set\n"
        if words == ["-l"]:
            lines = ["VMkernel Routes:", "Network          Netmask          Gateway          Interface"]
            for network, gateway, interface, _ in route.entries(world, None, 4):
                parsed = ipaddress.ip_network("0.0.0.0/0" if network == "default" else network)
                first = "default" if network == "default" else str(parsed.network_address)
                shown = "Local Subnet" if gateway == "0.0.0.0" else gateway
                lines.append(f"{first:<17}{parsed.netmask!s:<17}{shown:<17}{interface}")
            return 0, "".join(line + "\n" for line in lines)
        given, rest = _getopt(words, (), ("-a", "-d"))
        if not given and len(rest) == 1:
            route.add(world, 4, "default", rest[0])
        elif given == {"-a": True} and len(rest) == 2:
            route.add(world, 4, *rest)
        elif given == {"-d": True} and len(rest) == 2:
            route.remove(world, 4, *rest)
        else:
            return 1, "esxcfg-route [<options>] [<network> [<netmask>] <gateway>]\n"
        return 0, ""
    except EsxiError as error:
        return 1, f"{error}\n"


@program("esxcfg-nics")
def esxcfg_nics(world, words, _stdin):
    if words != ["-l"]:
        return 1, "esxcfg-nics <options> [nic]\n"
    lines = ["Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    Description"]
    for name in sorted(world.hardware["nics"]):
        nic = world.hardware["nics"][name]
        up = nics.alive(world, name)
        speed = f"{nic['speed'] if up else 0}Mbps"
        lines.append(f"{name:<8}{nic['pci']:<13}{nic['driver']:<12}{'Up' if up else 'Down':<5}{speed:<11}"
                     f"{nic['duplex'] if up else 'Half':<7}{nic['mac']:<18}{nics.mtu(world, name):<7}"
                     f"{nic['description']}")
    return 0, "".join(line + "\n" for line in lines)
