"""What has no address gives virtual machines their uplinks: segments of a host description's network."""

import collections


def add(network, candidates, warn):
    """The network with a segment for each candidate that no address lies on; None when there is nothing at all.

    A link that carries addressed VLANs has no segment of its own without a VLAN.

    @param network: with links and interfaces, as netbuild.build gives it
    @param candidates: (what messages call it, function() → netbuild.Place or ValueError); members of bonds left out
    """
    addressed = [(interface["link"], interface["vlan"]) for interface in network["interfaces"]]
    carrying = set(link for link, _ in addressed)
    links = collections.OrderedDict((link["id"], link) for link in network["links"])
    owners = _uplinks_of(network["interfaces"], links)
    found = []
    for name, place_of in candidates:
        try:
            place = place_of()
            base = place.links[-1]
            if (base["id"], place.vlan) in addressed or not place.vlan and base["id"] in carrying:
                continue
            nics = base["members"] if base["kind"] == "bond" else [base["id"]]
            taken = [nic for nic in nics if owners.setdefault(nic, base["id"]) != base["id"]]
            if taken:
                raise ValueError("NIC %s is an uplink of %s" % (taken[0], owners[taken[0]]))
        except ValueError as error:
            warn("%s gives virtual machines no uplink: %s" % (name, error))
            continue
        for link in place.links:
            links.setdefault(link["id"], link)
        addressed.append((base["id"], place.vlan))
        found.append({"id": place.id, "link": base["id"], "vlan": place.vlan, "mtu": place.mtu})
    if not found:
        return network if network["interfaces"] else None
    return dict(network, links=list(links.values()), vm_networks=found)


def _uplinks_of(interfaces, links):
    """{id of a NIC: the link whose uplink it is}."""
    owners = {}
    for interface in interfaces:
        link = links[interface["link"]]
        for nic in link["members"] if link["kind"] == "bond" else [link["id"]]:
            owners[nic] = link["id"]
    return owners
