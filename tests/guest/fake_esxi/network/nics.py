"""Physical NICs: esxcli network nic."""
from ..errors import EsxiError
from ..output import Struct, Table
from ..registry import command

COLUMNS = ["Name", "PCI Device", "Driver", "Admin Status", "Link Status", "Speed", "Duplex", "MAC Address", "MTU",
           "Description"]


def parse_list(text):
    """NICs from the output of `esxcli network nic list`, each a dictionary. ValueError for another layout."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].startswith("Name") or set(lines[1]) - {"-", " "}:
        raise ValueError("not the output of esxcli network nic list")
    nics = {}
    for line in lines[2:]:
        name, pci, driver, admin, link, speed, duplex, mac, mtu, *description = line.split(maxsplit=9)
        nics[name] = {"pci": pci, "driver": driver, "admin": admin == "Up", "link": link == "Up", "speed": int(speed),
                      "duplex": duplex, "mac": mac.lower(), "mtu": int(mtu), "description": " ".join(description)}
    return nics


def find(world, name):
    nic = world.hardware["nics"].get(name)
    if nic is None:
        raise EsxiError(f"Not a valid pnic: {name}")
    return nic


def alive(world, name):
    """Whether frames can leave through this NIC."""
    nic = world.hardware["nics"].get(name)
    return bool(nic) and nic["admin"] and nic["link"]


def mtu(world, name):
    """A NIC takes over the MTU of the switch that it is an uplink of."""
    for switch in world.config["vswitches"].values():
        if name in switch["uplinks"]:
            return switch["mtu"]
    return world.hardware["nics"][name]["mtu"]


def _row(world, name):
    nic = world.hardware["nics"][name]
    up = alive(world, name)
    return [name, nic["pci"], nic["driver"], "Up" if nic["admin"] else "Down", "Up" if up else "Down",
            nic["speed"] if up else 0, nic["duplex"] if up else "Half", nic["mac"], mtu(world, name),
            nic["description"]]


@command("network nic list")
def nic_list(world, _options):
    rows = [_row(world, name) for name in sorted(world.hardware["nics"])]
    return Table(COLUMNS, rows, {"Speed", "MTU"}, free=True, type_name="NIC")


@command("network nic get")
def nic_get(world, options):
    nic = find(world, options["nic-name"])
    up = alive(world, options["nic-name"])
    driver = [("Bus Info", nic["pci"]), ("Driver", nic["driver"]), ("Firmware Version", "1.0.0"), ("Version", "1.0.0")]
    fields = [
        ("Advertised Auto Negotiation", True), ("Advertised Link Modes", "Auto"), ("Auto Negotiation", True),
        ("Backing DPUId", "N/A"), ("Cable Type", ""), ("Current Message Level", 0), ("Driver Info", driver),
        ("Link Detected", up), ("Link Status", "Up " if up else "Down "), ("Name", options["nic-name"]),
        ("PHYAddress", 0), ("Pause Autonegotiate", False), ("Pause RX", False), ("Pause TX", False),
        ("Supported Ports", ""), ("Supports Auto Negotiation", True), ("Supports Pause", False),
        ("Supports Wakeon", False), ("Transceiver", ""),
        ("Virtual Address", "00:50:56:5" + nic["mac"][-7:]), ("Wakeon", "None"),
    ]
    if not world.at_least("8.0"):
        fields = [pair for pair in fields if pair[0] != "Backing DPUId"]
    return Struct(fields, "NIC")


@command("network nic up", "network nic down")
def nic_up_down(world, options):
    find(world, options["nic-name"])["admin"] = options["_path"][-1] == "up"


@command("network nic set")
def nic_set(world, options):
    nic = find(world, options["nic-name"])
    world.require(("speed" in options) == ("duplex" in options), "Speed and duplex must be set together")
    world.require(not ("auto" in options and "speed" in options), "Auto negotiation excludes speed and duplex")
    if "speed" in options:
        nic["speed"] = options["speed"]
        nic["duplex"] = options["duplex"].capitalize()
