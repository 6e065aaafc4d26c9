"""The links of OpenStack's network_data: which NIC, bond and VLAN a network lies on."""

from common import bonds, checks, netvalues as values, vmsegments
from common.netbuild import Place

# Types that nova's schema gives to a link that is one NIC of the host.
NIC_TYPES = ("phy", "vif", "ovs", "tap", "bridge", "dvs", "hyperv", "hw_veb", "vhostuser")


class Links:
    """The links by id.

    @param entries: the objects of "links"
    @param warn: called with a sentence for everything that is ignored or guessed
    """

    def __init__(self, entries, warn):
        self.warn = warn
        self.by_id = {}
        self.repeated = set()
        self.nics = {}  # what finds a NIC (MAC or name): its link in the description
        for link in entries:
            name = values.text_of(link.get("id"))
            if name is None:
                warn("a link without id is ignored")
            elif name in self.by_id and self.by_id[name] != link:
                self.repeated.add(name)
            else:
                self.by_id[name] = link

    def place(self, link_id):
        """Where a network on this link lies (netbuild.Place). @raise ValueError: naming the link"""
        if link_id is None:
            raise ValueError("it names no link")
        link = self.link(link_id, "it")
        vlan = 0
        base_id, base = link_id, link
        if link.get("type") == "vlan":
            vlan = values.number_in(link.get("vlan_id"), 0, values.VLAN_MAX)
            if vlan is None:
                raise ValueError("VLAN link %s has the VLAN id %r; 0 to %d are legal"
                                 % (link_id, link.get("vlan_id"), values.VLAN_MAX))
            base_id = values.text_of(link.get("vlan_link"))
            base = self.link(base_id, "VLAN link %s" % link_id)
            if base.get("type") == "vlan":
                raise ValueError("VLAN link %s lies on VLAN link %s: ESXi has no nested VLANs" % (link_id, base_id))
        return Place(self.bond(base_id, base) if base.get("type") == "bond" else [self.nic(base_id, base)],
                     link_id, vlan, self.mtu(link_id, link),
                     values.mac_of(link, ("vlan_mac_address", "ethernet_mac_address", "mac_address")))

    def link(self, link_id, user):
        if link_id not in self.by_id:
            raise ValueError("%s uses link %s, which is not among the links" % (user, link_id))
        if link_id in self.repeated:
            raise ValueError("%s uses link %s, which is there twice with different contents" % (user, link_id))
        return self.by_id[link_id]

    def mtu(self, link_id, link):
        return values.mtu(link.get("mtu"), "link %s" % link_id, self.warn)

    def nic(self, link_id, link):
        """The description's link for a NIC. One MAC is one NIC, whatever links name it."""
        mac = values.mac_of(link, ("ethernet_mac_address", "mac_address"))
        name = None
        if mac is None:
            texts = [values.text_of(link.get(key)) for key in ("name", "id")]
            name = next((text for text in texts if text and checks.NIC_NAME.match(text)), None)
        if mac is None and name is None:
            raise ValueError("link %s has no MAC address, and no name of a NIC (vmnic0)" % link_id)
        if (mac or name) not in self.nics:
            if link.get("type") not in NIC_TYPES:
                self.warn("link %s has the unknown type %r; it is taken for a NIC because it has a %s"
                          % (link_id, link.get("type"), "MAC address" if mac else "NIC's name"))
            self.nics[mac or name] = {"id": link_id, "kind": "nic", "mac": mac, "name": name,
                                      "mtu": self.mtu(link_id, link)}
        return self.nics[mac or name]

    def bond(self, link_id, link):
        """The links that a bond needs, itself last. Members that cannot be had are left out while one remains."""
        mode = bonds.mode(values.text_of(link.get("bond_mode")), link_id, self.warn)
        member_ids = link.get("bond_links")
        if not isinstance(member_ids, list) or not member_ids:
            raise ValueError("bond %s names no member links" % link_id)
        members, mtus, faults = [], [], []
        for member_id in map(values.text_of, member_ids):
            try:
                member = self.link(member_id, "bond %s" % link_id)
                if member.get("type") in ("bond", "vlan"):
                    raise ValueError("bond %s has the member %s of type %s" % (link_id, member_id, member["type"]))
                nic = self.nic(member_id, member)
            except ValueError as error:
                faults.append(str(error))
                continue
            if nic not in members:
                members.append(nic)
            mtus.append(self.mtu(member_id, member))
        if not members:
            raise ValueError("; ".join(faults))
        for fault in faults:
            self.warn("bond %s does without a member: %s" % (link_id, fault))
        mtu = self.mtu(link_id, link)
        if mtu is None and None not in mtus:
            mtu = min(mtus)
        primary = values.text_of(link.get("bond_primary"))
        ids = [nic["id"] for nic in members]
        return members + [{"id": link_id, "kind": "bond", "mode": mode, "members": ids, "mtu": mtu,
                           "primary": primary if primary in ids else None}]


def add_unused(data, network, warn):
    """The network with the links that no network of network_data uses as uplinks of virtual machines.

    @param data: parsed network_data.json
    @param network: as netdata.read gives it; None where it asks for nothing
    @return: None when there are no links either
    """
    links = Links([link for link in values.objects(data.get("links") if isinstance(data, dict) else None) if link],
                  lambda sentence: None)
    members = set()
    for link in links.by_id.values():
        if link.get("type") == "bond" and isinstance(link.get("bond_links"), list):
            members.update(values.text_of(member) for member in link["bond_links"])
    candidates = [("link %s" % name, lambda name=name: links.place(name)) for name in sorted(links.by_id)
                  if name not in members]
    return vmsegments.add(network or {"links": [], "interfaces": []}, candidates, warn)
