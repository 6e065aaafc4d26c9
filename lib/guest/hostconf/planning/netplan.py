"""From the host's present network to the wanted one: the ordered list of esxcli commands.

Pure: target + inventory → commands. A difference makes a command, so a host that is as wanted gets none, and a
plan can be made again after a step failed.

The order keeps a management interface at every step: the new uplinks join vmk0's vSwitch before the old ones
leave it, vmk0 itself is changed in place, and no other vSwitch is touched before that is done. Only a MAC cannot be
changed in place: while vmk0 is made again, another interface stands in for it (planning/keeper.py).
"""

from hostconf.model.command import Command
from hostconf.planning import keeper
from hostconf.planning.target import KEEPER_PORT_GROUP, MANAGEMENT_VMK

# Setting an address or a route can fail while a link comes up.
LINK_RETRIES = 6


def commands(target, inventory):
    """The commands that turn the inventory's network into the target. @return: list of Command"""
    return _Planner(inventory).run(target)


def restore(original, inventory):
    """The commands that turn the inventory's network back into an earlier inventory of the same host."""
    planner = _Planner(inventory)
    planner.keeps = bool(keeper.present(original))
    planner.remove_extra(original)
    return planner.run(_as_target(original))


def _as_target(inventory):
    vmks = []
    for name in sorted(inventory["vmks"], key=lambda name: (name != "vmk0", name)):
        vmk = inventory["vmks"][name]
        ipv6 = vmk["ipv6"] and dict(vmk["ipv6"], peer_dns=None)
        vmks.append({"name": name, "portgroup": vmk["portgroup"], "mtu": vmk["mtu"], "mac": vmk["mac"],
                     "own_mac": name == MANAGEMENT_VMK, "ipv4": vmk["ipv4"] or {"type": "dhcp", "peer_dns": True}, "ipv6": ipv6})
    groups = inventory["portgroups"]
    home = groups[vmks[0]["portgroup"]]["vswitch"] if vmks and vmks[0]["portgroup"] in groups else None
    return {
        "vswitches": [dict(inventory["vswitches"][name], name=name)
                      for name in sorted(inventory["vswitches"], key=lambda name: (name != home, name))],
        "portgroups": [dict(groups[name], name=name) for name in sorted(groups)],
        "vmks": vmks,
        "routes": [dict(route, optional=False) for route in inventory["routes"] if route["source"] != "DHCP"],
    }


def _esxcli(*words, **how):
    return Command("esxcli", *words, **how)


class _Planner:
    """The plan so far, and which uplinks and interfaces it has changed."""

    def __init__(self, inventory):
        self.now = inventory
        self.plan = []
        self.uplinks = dict((name, list(inventory["vswitches"][name]["uplinks"])) for name in inventory["vswitches"])
        self.moved = set()  # vSwitches that got other uplinks
        self.renumbered = set()  # vmks whose IPv4 address was set: routes through them are gone
        self.remade = set()  # vmks that were removed and made again: all their routes are gone
        self.added = []  # routes
        self.keeps = False  # whether a keeper is wanted: an earlier attempt needed it to the end
        self.names = set(inventory["vmks"])  # taken by VMkernel interfaces

    def add(self, *words, **how):
        self.plan.append(_esxcli(*words, **how))

    def run(self, target):
        switches = target["vswitches"]
        self.names |= set(vmk["name"] for vmk in target["vmks"])
        # vmk0's vSwitch with everything on it comes first, the others after it.
        for chosen in (switches[:1], switches[1:]):
            names = [switch["name"] for switch in chosen]
            groups = [group for group in target["portgroups"] if group["vswitch"] in names]
            vmks = [vmk for vmk in target["vmks"] if vmk["portgroup"] in [group["name"] for group in groups]]
            for switch in chosen:
                self.vswitch(switch, [group for group in groups if group["vswitch"] == switch["name"]])
            for group in groups:
                self.portgroup(group)
            for vmk in vmks:
                self.vmk(vmk, groups)
                if vmk["name"] == MANAGEMENT_VMK:
                    # Before the lease of another interface can bring a default route.
                    self.routes([route for route in target["routes"] or [] if not route["optional"]
                                 and (route["network"], route["interface"]) == ("default", vmk["name"])])
            for switch in chosen:
                self.lower_mtu(switch)
        if target["routes"] is not None:
            self.routes(target["routes"])
            self.remove_stale_defaults(target["routes"])
        return self.plan

    def vswitch(self, switch, groups):
        name = switch["name"]
        present = self.now["vswitches"].get(name)
        if name not in self.uplinks:
            self.add("network", "vswitch", "standard", "add", "-v", name)
            self.uplinks[name] = []
        mtu = present["mtu"] if present else 1500
        if mtu is None or mtu < switch["mtu"]:
            self.add("network", "vswitch", "standard", "set", "-v", name, "-m", str(switch["mtu"]), blind=mtu is None)
        for nic in switch["uplinks"]:
            if nic not in self.uplinks[name]:
                self.take_uplink(nic, name)
        self.teaming(switch, groups)
        for nic in [nic for nic in self.uplinks[name] if nic not in switch["uplinks"]]:
            self.drop_uplink(nic, name)

    def take_uplink(self, nic, name):
        for other in sorted(self.uplinks):
            if nic in self.uplinks[other]:
                self.drop_uplink(nic, other)
        self.add("network", "vswitch", "standard", "uplink", "add", "-u", nic, "-v", name, retries=2)
        self.uplinks[name].append(nic)
        self.moved.add(name)

    def drop_uplink(self, nic, name):
        self.add("network", "vswitch", "standard", "uplink", "remove", "-u", nic, "-v", name, retries=2)
        self.uplinks[name].remove(nic)
        self.moved.add(name)

    def teaming(self, switch, groups):
        """Failover policy of the switch; port groups with an override of their own inherit it again."""
        name, wanted = switch["name"], switch["failover"]
        present = self.now["vswitches"].get(name, {}).get("failover")
        if wanted and (self.must_set_teaming(name, wanted, present)):
            words = ["-l", wanted["load_balancing"], "-a", ",".join(wanted["active"])]
            if wanted["standby"] or (present and present["standby"]):
                words += ["-s", ",".join(wanted["standby"])]
            self.add("network", "vswitch", "standard", "policy", "failover", "set", "-v", name, *words,
                     blind=present is None and name in self.now["vswitches"] and name not in self.moved)
        for group in groups:
            state = self.now["portgroups"].get(group["name"])
            if not state or (state["override"] is None and state["failover"] is None):
                continue
            differs = wanted and state["failover"] and not _same_teaming(wanted, state["failover"])
            # The lines on overrides that a host prints do not speak of the uplinks.
            if state["override"] or differs or name in self.moved:
                self.add("network", "vswitch", "standard", "portgroup", "policy", "failover", "set",
                         "-p", group["name"], "-u")

    def must_set_teaming(self, name, wanted, present):
        if name in self.moved or present is None:
            # A lone uplink becomes active by being added.
            return len(wanted["active"] + wanted["standby"]) > 1 or (present is None and name not in self.moved)
        return not _same_teaming(wanted, present)

    def portgroup(self, group):
        present = self.now["portgroups"].get(group["name"])
        if not present:
            self.add("network", "vswitch", "standard", "portgroup", "add", "-p", group["name"], "-v", group["vswitch"])
        vlan = present["vlan"] if present else 0
        if vlan != group["vlan"]:
            self.add("network", "vswitch", "standard", "portgroup", "set", "-p", group["name"],
                     "-v", str(group["vlan"]), blind=vlan is None)
            if vlan is not None:
                self.moved.add(group["name"])

    def vmk(self, vmk, groups):
        name = vmk["name"]
        present = self.now["vmks"].get(name)
        group = next(group for group in groups if group["name"] == vmk["portgroup"])
        keepers = keeper.present(self.now)
        if present and vmk["own_mac"] and present["mac"] != vmk["mac"]:
            stand_in, commands_of_it = keeper.made(vmk, group, self.now, self.names)
            self.plan += commands_of_it
            keepers = keepers or [stand_in]
            self.add("network", "ip", "interface", "remove", "-i", name, instead_of=(name, stand_in))
            self.remade.add(name)
            present = None
        if not present:
            others = [self.now["vmks"][other]["mac"] for other in self.now["vmks"] if other not in self.remade]
            words = ["-M", vmk["mac"]] if vmk["mac"] and vmk["mac"] not in others else []
            self.add("network", "ip", "interface", "add", "-i", name, "-p", vmk["portgroup"],
                     "-m", str(vmk["mtu"]), *words)
            if name == MANAGEMENT_VMK and not keepers:
                self.add("network", "ip", "interface", "tag", "add", "-i", name, "-t", "Management")
            present = {"mtu": vmk["mtu"], "ipv4": {"type": "none"}, "ipv6": None}
        elif present["mtu"] != vmk["mtu"]:
            self.add("network", "ip", "interface", "set", "-i", name, "-m", str(vmk["mtu"]),
                     blind=present["mtu"] is None)
        # An address of the kind that stays or comes is set before the other kind goes.
        steps = [self.ipv4, self.ipv6]
        if vmk["ipv4"]["type"] == "none":
            steps.reverse()
        moved = group["vswitch"] in self.moved or vmk["portgroup"] in self.moved
        for step in steps:
            step(vmk, present, moved)
        if name == MANAGEMENT_VMK and not self.keeps:
            left = self.now["portgroups"].get(KEEPER_PORT_GROUP) or (group if keepers else None)
            self.plan += keeper.removed(keepers, left and left["vswitch"], vmk["ipv4"]["type"] != "none")

    def ipv4(self, vmk, present, moved):
        wanted, state = vmk["ipv4"], present["ipv4"]
        same = state is not None and state["type"] == wanted["type"]
        if same and wanted["type"] == "static":
            same = (state["address"], state["netmask"]) == (wanted["address"], wanted["netmask"])
        if same and wanted["type"] == "dhcp":
            # A lease of another network is worth nothing: ask again.
            same = not moved and state["peer_dns"] in (None, wanted["peer_dns"])
        if same:
            return
        words = ["-t", wanted["type"]]
        if wanted["type"] == "static":
            words += ["-I", wanted["address"], "-N", wanted["netmask"]]
        if wanted["type"] == "dhcp":
            words += ["-P", _flag(wanted["peer_dns"])]
        self.add("network", "ip", "interface", "ipv4", "set", "-i", vmk["name"], *words,
                 retries=LINK_RETRIES, blind=state is None)
        if state is not None:
            self.renumbered.add(vmk["name"])

    def ipv6(self, vmk, present, _moved):
        wanted, state = vmk["ipv6"], present["ipv6"]
        if wanted is None:
            return
        blind = state is None and vmk["name"] in self.now["vmks"] and vmk["name"] not in self.remade
        keys = (("enabled", "-e"), ("dhcp", "-d"), ("router_adv", "-r"))
        if state is None or any(state[key] != wanted[key] for key, _ in keys):
            words = []
            for key, option in keys:
                words += [option, _flag(wanted[key])]
            if wanted["peer_dns"] is not None and wanted["router_adv"]:
                words += ["-P", _flag(wanted["peer_dns"])]
            self.add("network", "ip", "interface", "ipv6", "set", "-i", vmk["name"], *words, retries=LINK_RETRIES,
                     blind=blind)
        held = state["addresses"] if state else []
        for address in wanted["addresses"]:
            if address not in held:
                self.add("network", "ip", "interface", "ipv6", "address", "add", "-i", vmk["name"], "-I", address,
                         retries=LINK_RETRIES, blind=blind)
        if not wanted["router_adv"] and not wanted["dhcp"]:
            for address in held:
                if address not in wanted["addresses"]:
                    self.add("network", "ip", "interface", "ipv6", "address", "remove", "-i", vmk["name"],
                             "-I", address)

    def lower_mtu(self, switch):
        present = self.now["vswitches"].get(switch["name"])
        if present and present["mtu"] is not None and present["mtu"] > switch["mtu"]:
            self.add("network", "vswitch", "standard", "set", "-v", switch["name"], "-m", str(switch["mtu"]))

    def present_routes(self):
        """The routes of the host that what is planned so far leaves there."""
        return [r for r in self.now["routes"] if r["interface"] not in self.remade
                and (r["family"] == "ipv6" or r["interface"] not in self.renumbered)]

    def routes(self, routes):
        present = self.present_routes()
        for route in routes:
            if route in self.added or any(_same_route(route, other) for other in present) or self.has_own_gateway(route):
                continue
            for other in present:
                if other["network"] == route["network"] and other["family"] == route["family"]:
                    self.add("network", "ip", "route", route["family"], "remove", "-n", route["network"],
                             "-g", _gateway(other))
            alternative = None
            if route["network"] == "default" and _is_link_local(route):
                alternative = _esxcli("network", "ip", "interface", "ipv6", "set", "-i", route["interface"],
                                      "-g", route["gateway"])
            self.add("network", "ip", "route", route["family"], "add", "-n", route["network"], "-g", _gateway(route),
                     retries=LINK_RETRIES, alternative=alternative, optional=route["optional"])
            self.added.append(route)

    def has_own_gateway(self, route):
        """Whether the interface itself has this link-local default gateway (the alternative form)."""
        ipv6 = self.now["vmks"].get(route["interface"], {}).get("ipv6")
        return bool(ipv6 and route["network"] == "default" and ipv6["gateway"] == route["gateway"]
                    and _is_link_local(route))

    def remove_stale_defaults(self, routes):
        """A default route that nobody asks for goes, unless DHCP or a router keeps it."""
        for other in self.present_routes():
            wanted = any(r["network"] == "default" and r["family"] == other["family"] for r in routes)
            if other["network"] == "default" and other["source"] == "MANUAL" and not wanted:
                self.add("network", "ip", "route", other["family"], "remove", "-n", "default", "-g", _gateway(other))

    def remove_extra(self, original):
        """Take away interfaces, port groups and vSwitches that the original did not have."""
        for name in sorted(self.now["vmks"]):
            if name not in original["vmks"] and self.now["vmks"][name]["portgroup"] != KEEPER_PORT_GROUP:
                self.add("network", "ip", "interface", "remove", "-i", name)
        for name in sorted(self.now["portgroups"]):
            if name not in original["portgroups"] and name != KEEPER_PORT_GROUP:
                self.add("network", "vswitch", "standard", "portgroup", "remove", "-p", name,
                         "-v", self.now["portgroups"][name]["vswitch"])
        for name in sorted(self.now["vswitches"]):
            if name not in original["vswitches"]:
                self.add("network", "vswitch", "standard", "remove", "-v", name)
                del self.uplinks[name]


def _flag(value):
    return "true" if value else "false"


def _same_teaming(wanted, present):
    if wanted["load_balancing"] != present["load_balancing"]:
        return False
    if wanted["load_balancing"] == "explicit":
        return (wanted["active"], wanted["standby"]) == (present["active"], present["standby"])
    return sorted(wanted["active"]) == sorted(present["active"]) and not present["standby"]


def _same_route(route, other):
    return all(route[key] == other[key] for key in ("network", "gateway", "family")) \
        and (not _is_link_local(route) or route["interface"] == other["interface"])


def _is_link_local(route):
    return route["family"] == "ipv6" and route["gateway"].startswith("fe80:")


def _gateway(route):
    """The gateway as `route add` takes it: a link-local one names its interface."""
    return "%s%%%s" % (route["gateway"], route["interface"]) if _is_link_local(route) else route["gateway"]
