"""What of a description's network this host can have: its NICs decide. Pure.

What lies on a NIC that is not there is left out with a warning, unless it is management.
"""

from common.netbuild import Wanted, management_of
from common.reach import default_way, way_to


class PlanError(Exception):
    """Management cannot be had on this host. Nothing was changed."""


def of_host(network, nics, warn):
    """The part of a description's network that the NICs can carry.

    @param network: as the description has it
    @param nics: [{name, mac, link_up}] of the host
    @param warn: called with a sentence for what is left out
    @return: None when no interface has an address, else {interfaces: management first, nics: {link id: names in
        failover order}, links: {id: link}, gateway4, gateway6, routes}; gateways and routes with the interface that
        reaches them, routes also with whether that is "certain" (reach.way_to)
    @raise PlanError: management cannot be had
    """
    interfaces = [interface for interface in network["interfaces"] if interface["addresses"]]
    if not interfaces:
        return None
    management = management_interface(dict(network, interfaces=interfaces))
    links = dict((link["id"], link) for link in network["links"])
    result = {"interfaces": [], "links": links, "nics": {}, "routes": []}
    owners = {}  # NIC: the uplinks of its vSwitch
    for interface in [management] + [other for other in interfaces if other is not management]:
        names, faults = _nics_of(links[interface["link"]], links, nics)
        if names and any(owners.get(name, names) != names for name in names):
            faults, names = ["a NIC of it is an uplink of another vSwitch"], []
        if not names and interface is management:
            raise PlanError("%s; the NICs of this host are %s" % (
                "; ".join(faults), ", ".join("%s %s" % (nic["name"], nic["mac"]) for nic in nics)))
        if not names:
            warn("%s is left out: %s" % (_title(interface), "; ".join(faults)))
            continue
        for fault in faults:
            warn("%s does without a member of bond %s: %s" % (_title(interface), interface["link"], fault))
        owners.update((name, names) for name in names)
        result["nics"][interface["link"]] = names
        result["interfaces"].append(interface)
    _add_gateways(network, result, warn)
    _add_routes(network, result, warn)
    return result


def management_interface(network):
    """The interface that becomes vmk0 (see README.md, "management")."""
    interfaces = network["interfaces"]
    for interface in interfaces:
        if interface["id"] == network["management"]:
            return interface
    wanted = []
    for interface in interfaces:
        families = [6 if address["type"].startswith("ipv6") else 4 for address in interface["addresses"]]
        defaults = [version for version in (4, 6) if (network["gateway%d" % version] or {}).get("interface")
                    == interface["id"]]
        wanted.append(Wanted([interface["id"]], min(families), set(defaults)))
    return interfaces[management_of(wanted)]


def _title(interface):
    return "network %s (link %s)" % (
        ", ".join(address["id"] or address["type"] for address in interface["addresses"]), interface["id"])


def _nics_of(link, links, nics):
    """(names of a link's NICs in failover order, what is wrong with those that are missing)."""
    members = [link] if link["kind"] == "nic" else [links[member] for member in link["members"]]
    members.sort(key=lambda member: member["id"] != link["primary"])
    names, faults = [], []
    for member in members:
        key = "mac" if member["mac"] else "name"
        found = [nic["name"] for nic in nics if nic[key] == member[key]]
        what = "the MAC %s" % member["mac"] if member["mac"] else "the name %s" % member["name"]
        if len(found) > 1:
            faults.append("more than one NIC of this host has %s" % what)
        elif not found:
            faults.append("no NIC of this host has %s" % what)
        elif found[0] not in names:
            names += found
    return names, faults


def _add_gateways(network, result, warn):
    """The default gateways that can be reached; management's own must be."""
    management = result["interfaces"][0]
    own = "gateway%d" % (4 if any(a["type"].startswith("ipv4") for a in management["addresses"]) else 6)
    present = [interface["id"] for interface in result["interfaces"]]
    for key in ("gateway4", "gateway6"):
        result[key] = None
        gateway = network[key]
        if gateway is None:
            continue
        way, reason = None, "belongs to a network that is left out"
        if gateway["interface"] in present:
            way, reason = default_way(result["interfaces"], gateway["address"], gateway["interface"])
        if way is not None:
            result[key] = {"address": gateway["address"], "interface": way}
        elif key == own and gateway["interface"] == management["id"]:
            raise PlanError("the default gateway %s %s" % (gateway["address"], reason))
        else:
            warn("the default route via %s is left out: the gateway %s" % (gateway["address"], reason))


def _add_routes(network, result, warn):
    present = [interface["id"] for interface in result["interfaces"]]
    for route in network["routes"]:
        way, certain = None, "belongs to a network that is left out"
        if route["interface"] in present:
            way, certain = way_to(result["interfaces"], route["gateway"], route["interface"])
        if way is None:
            warn("the route to %s via %s is left out: the gateway %s" % (route["network"], route["gateway"], certain))
        else:
            result["routes"].append(dict(route, interface=way, certain=certain))
