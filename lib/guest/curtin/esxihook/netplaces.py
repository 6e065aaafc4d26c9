"""The interfaces of curtin's network configuration: which NIC, bond and VLAN an entry lies on."""

from common import bonds, netvalues as values
from common.netbuild import Place


def name_of(entry):
    """An entry's name. @raise ValueError: it has none"""
    name = values.text_of(entry.get("name")) or values.text_of(entry.get("id"))
    if name is None:
        raise ValueError("an interface of the network configuration has neither name nor id")
    return name


def texts(value):
    """The texts of a list, or of a single string with blanks or commas between them."""
    if isinstance(value, str):
        value = value.replace(",", " ").split()
    return [values.text_of(item) for item in value if values.text_of(item)] if isinstance(value, list) else []


class Places:
    """The entries by name.

    @param entries: the objects of the configuration's list
    @param warn: called with a sentence for everything that is ignored or guessed
    """

    def __init__(self, entries, warn):
        self.warn = warn
        self.by_name = {}
        for entry in entries:
            for key in ("id", "name"):
                if values.text_of(entry.get(key)):
                    self.by_name.setdefault(values.text_of(entry[key]), entry)

    def place(self, entry):
        """Where an address of this entry lies (netbuild.Place). @raise ValueError: naming the interface"""
        name = name_of(entry)
        links, vlan = self.links_of(entry, ())
        return Place(links, name, vlan, self.mtu(entry), values.mac_of(entry, ("mac_address",)))

    def links_of(self, entry, above):
        """(the description's links that the entry needs, the carrying one last; VLAN)."""
        name = name_of(entry)
        if name in above:
            raise ValueError("interface %s lies on itself" % name)
        kind = entry.get("type")
        if kind == "physical":
            return [self.nic(entry)], 0
        if kind == "bond":
            return self.bond(entry), 0
        if kind == "vlan":
            links, vlan = self.links_of(self.entry(entry.get("vlan_link"), name), above + (name,))
            if vlan:
                raise ValueError("VLAN %s lies on another VLAN, which ESXi cannot do" % name)
            number = values.number_in(entry.get("vlan_id"), 1, values.VLAN_MAX)
            if number is None:
                raise ValueError("VLAN %s has the number %s; 1 to %d are legal"
                                 % (name, values.text_of(entry.get("vlan_id")), values.VLAN_MAX))
            return links, number
        if kind == "bridge":
            return self.links_of(self.bridge_member(entry), above + (name,))
        raise ValueError("interface %s has an address and the type %s, which ESXi cannot have" % (name, kind))

    def entry(self, wanted, user):
        wanted = values.text_of(wanted)
        if wanted not in self.by_name:
            raise ValueError("%s uses the interface %s, which the configuration does not have" % (user, wanted))
        return self.by_name[wanted]

    def bridge_member(self, entry):
        name = name_of(entry)
        members = texts(entry.get("bridge_interfaces"))
        if len(members) != 1:
            raise ValueError("bridge %s has %d members; on ESXi only a bridge over one interface can be replaced, "
                             "by a vSwitch on that interface" % (name, len(members)))
        self.warn("ESXi has no bridges: the addresses of bridge %s go onto a vSwitch on %s" % (name, members[0]))
        return self.entry(members[0], "bridge %s" % name)

    def mtu(self, entry):
        return values.mtu(entry.get("mtu"), "interface %s" % name_of(entry), self.warn)

    def nic(self, entry):
        name = name_of(entry)
        mac = values.mac_of(entry, ("mac_address",))
        if mac is None:
            raise ValueError("interface %s has no MAC address" % name)
        return {"id": name, "kind": "nic", "mac": mac, "mtu": self.mtu(entry)}

    def bond(self, entry):
        """The links that a bond needs, itself last. Members that cannot be had are left out while one remains."""
        name = name_of(entry)
        params = _bond_params(entry.get("params"))
        mode = bonds.mode(params.get("mode"), name, self.warn)
        members, nics, faults = [], [], []
        for wanted in texts(entry.get("bond_interfaces")):
            try:
                member = self.entry(wanted, "bond %s" % name)
                if member.get("type") != "physical":
                    raise ValueError("bond %s has the member %s of type %s" % (name, wanted, member.get("type")))
                nics.append(self.nic(member))
                members.append(member)
            except ValueError as error:
                faults.append(str(error))
        if not members:
            raise ValueError("; ".join(faults) or "bond %s has no members" % name)
        for fault in faults:
            self.warn("bond %s does without a member: %s" % (name, fault))
        self.say_ignored(name, params)
        return nics + [{"id": name, "kind": "bond", "mode": mode, "members": [nic["id"] for nic in nics],
                        "primary": _primary(entry, params, members), "mtu": self.mtu(entry)}]

    def say_ignored(self, name, params):
        ignored = sorted("bond-" + key for key in params if key not in ("mode", "primary"))
        if ignored:
            self.warn("bond %s: %s mean nothing on ESXi and are ignored" % (name, ", ".join(ignored)))


def _primary(entry, params, members):
    """The member that goes first: the named one, else the one whose MAC the bond has."""
    names = [name_of(member) for member in members]
    if params.get("primary") in names:
        return params["primary"]
    mac = values.mac_of(entry, ("mac_address",))
    for member in members:
        if mac and values.mac_of(member, ("mac_address",)) == mac:
            return name_of(member)
    return None


def _bond_params(params):
    """A bond's parameters by their plain names: "bond-mode", "bond_mode" and "mode" are one."""
    result = {}
    for key in params if isinstance(params, dict) else {}:
        name = key.replace("_", "-")
        value = values.text_of(params[key])
        if value is not None:
            result[name[len("bond-"):] if name.startswith("bond-") else name] = value
    return result
