"""Do the parts of a host description fit each other: references, uplinks, addresses, datastores."""

import ipaddress


def check(description, errors):
    """Append what contradicts itself in a description whose single values are right.

    @param errors: list of sentences
    """
    if description["network"] is not None:
        _check_references(description["network"], errors)
        _check_addresses(description["network"], errors)
    if description["storage"] is not None:
        _check_storage(description["storage"], errors)


def _check_references(network, errors):
    links = {}
    for i, link in enumerate(network["links"]):
        if link["id"] in links:
            errors.append("network.links[%d].id: %r is used twice" % (i, link["id"]))
        links[link["id"]] = link
    for i, link in enumerate(network["links"]):
        path = "network.links[%d]" % i
        if link["kind"] == "nic" and link["mac"] is None and link["name"] is None:
            errors.append("%s: a NIC needs mac or name" % path)
        if link["kind"] == "bond":
            if link["mode"] is None or not link["members"]:
                errors.append("%s: a bond needs mode and members" % path)
            for member in link["members"] + ([link["primary"]] if link["primary"] else []):
                if member not in links or links[member]["kind"] != "nic":
                    errors.append("%s.members: %r is not the id of a NIC" % (path, member))
    interfaces = set()
    segments = {}
    for i, interface in enumerate(network["interfaces"]):
        path = "network.interfaces[%d]" % i
        if interface["id"] in interfaces:
            errors.append("%s.id: %r is used twice" % (path, interface["id"]))
        interfaces.add(interface["id"])
        if interface["link"] not in links:
            errors.append("%s.link: there is no link %r" % (path, interface["link"]))
        segment = (interface["link"], interface["vlan"])
        if segment in segments:
            errors.append("%s: interface %r is on the same link and VLAN" % (path, segments[segment]))
        segments[segment] = interface["id"]
    for i, segment in enumerate(network["vm_networks"]):
        if segment["link"] not in links:
            errors.append("network.vm_networks[%d].link: there is no link %r" % (i, segment["link"]))
    _check_uplinks(network, links, errors)
    users = [("management", network["management"])]
    users += [(name, network[name]["interface"]) for name in ("gateway4", "gateway6") if network[name]]
    users += [("routes[%d]" % i, route["interface"]) for i, route in enumerate(network["routes"])]
    for where, interface in users:
        if interface is not None and interface not in interfaces:
            errors.append("network.%s: there is no interface %r" % (where, interface))


def _check_uplinks(network, links, errors):
    """A NIC is an uplink of one vSwitch: it carries interfaces itself, or is a member of one bond."""
    owner = {}
    for interface in network["interfaces"] + network["vm_networks"]:
        link = links.get(interface["link"])
        for nic in (link["members"] if link and link["kind"] == "bond" else [interface["link"]]):
            if owner.setdefault(nic, interface["link"]) != interface["link"]:
                errors.append("network: NIC %r is used by %r and by %r" % (nic, owner[nic], interface["link"]))


def _check_addresses(network, errors):
    seen = {}
    for i, interface in enumerate(network["interfaces"]):
        for j, entry in enumerate(interface["addresses"]):
            path = "network.interfaces[%d].addresses[%d]" % (i, j)
            name = entry["id"] or interface["id"]
            if not entry["type"].endswith("-static"):
                if entry["address"] is not None or entry["prefix"] is not None:
                    errors.append("%s: %s takes no address and no prefix" % (path, entry["type"]))
                continue
            if entry["address"] is None or entry["prefix"] is None:
                errors.append("%s: %s needs address and prefix" % (path, entry["type"]))
                continue
            address = ipaddress.ip_address(entry["address"])
            if not is_usable(address, entry["prefix"]):
                errors.append("network: %s/%d (of %s) cannot be the address of an interface"
                              % (address, entry["prefix"], name))
            if "ipv%d-static" % address.version != entry["type"] or entry["prefix"] > address.max_prefixlen:
                errors.append("%s: %s/%d does not fit %s" % (path, address, entry["prefix"], entry["type"]))
            if address in seen:
                errors.append("network: the address %s is given twice, by %s and by %s"
                              % (address, seen[address], name))
            seen[address] = name
    pairs = [("gateway4", network["gateway4"], 4), ("gateway6", network["gateway6"], 6)]
    for name, gateway, version in pairs:
        if gateway is not None and ipaddress.ip_address(gateway["address"]).version != version:
            errors.append("network.%s: %s is not an IPv%d address" % (name, gateway["address"], version))
    for i, route in enumerate(network["routes"]):
        target = ipaddress.ip_network(route["network"])
        if target.version != ipaddress.ip_address(route["gateway"]).version:
            errors.append("network.routes[%d]: network and gateway are of different families" % i)
        if target.prefixlen == 0:
            errors.append("network.routes[%d]: a default route belongs into gateway%d" % (i, target.version))


def is_usable(address, prefix):
    """Whether an interface can have the address (ipaddress) with this prefix length: ESXi makes IPv6 link-local ones itself."""
    if address.is_unspecified or address.is_multicast or address.is_loopback or prefix == 0:
        return False
    if address.version == 6:
        return not address.is_link_local
    if address.is_reserved:
        return False
    if prefix > 30:
        return True
    network = ipaddress.ip_network("%s/%d" % (address, prefix), strict=False)
    return address not in (network.network_address, network.broadcast_address)


def _check_storage(storage, errors):
    names = set()
    for i, datastore in enumerate(storage["datastores"]):
        path = "storage.datastores[%d]" % i
        if datastore["name"] in names:
            errors.append("%s.name: %r is used twice" % (path, datastore["name"]))
        names.add(datastore["name"])
        if not datastore["extents"]:
            errors.append("%s.extents: must not be empty" % path)
        for j, extent in enumerate(datastore["extents"]):
            _check_disk(extent["disk"], "%s.extents[%d].disk" % (path, j), errors)
    for i, disk in enumerate(storage["wipe"]):
        path = "storage.wipe[%d]" % i
        _check_disk(disk, path, errors)
        if disk["boot_disk"]:
            errors.append("%s: the boot disk must not be wiped" % path)


def _check_disk(disk, path, errors):
    if not any(disk[key] for key in ("boot_disk", "serial", "path", "device", "numbers")):
        errors.append("%s: needs boot_disk, serial, path, device or numbers" % path)
