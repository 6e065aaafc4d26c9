"""plan(description, inventory) → the ordered commands that make the host as described. Pure."""

from hostconf.planning import netoptions, netplan, sysplan, target, vmnet
from hostconf.planning.target import PlanError

__all__ = ["Plan", "PlanError", "network_target", "plan"]


class Plan:
    """login, network and system: lists of Command; warnings: sentences; reboot: whether the host must start again.

    refusal: why the network stays as the installer made it, or None; everything else is applied all the same.
    """

    def __init__(self, login, network, system, warnings, reboot, refusal):
        self.login = login
        self.network = network
        self.system = system
        self.warnings = warnings
        self.reboot = reboot
        self.refusal = refusal

    @property
    def commands(self):
        """All commands in order: what lets people in, the network, what needs it."""
        return self.login + self.network + self.system


def plan(description, inventory):
    """The plan for a host.

    @param description: as common.description.validate returns it
    @param inventory: see model/inventory.py
    """
    warnings = list(description["warnings"])

    def warn(sentence):
        if sentence not in warnings:
            warnings.append(sentence)

    login = sysplan.login_commands(description, inventory, warn)
    network, refusal = [], None
    try:
        wanted = network_target(description, inventory, warn)
        network = netplan.commands(wanted, inventory) if wanted else []
        network += _vm_commands(description, _after(inventory, wanted), warn)
        present = {"portgroups": inventory["portgroups"], "tags": {}, "security": {}}
        network += netoptions.commands(description, wanted, present, warn)
    except PlanError as error:
        refusal = str(error)
    system = sysplan.commands(description, inventory, warn)
    return Plan(login, network, system, warnings, sysplan.needs_reboot(description, inventory), refusal)


def _vm_commands(description, inventory, warn):
    """The commands for virtual machines' networks, on a host whose own network is as it is to be."""
    return netplan.commands(vmnet.target(description, inventory, warn), inventory)


def _after(inventory, wanted):
    """The inventory with vSwitches and port groups as a target makes them."""
    if wanted is None:
        return inventory
    taken = [nic for switch in wanted["vswitches"] for nic in switch["uplinks"]]
    switches = dict((name, dict(switch, uplinks=[nic for nic in switch["uplinks"] if nic not in taken]))
                    for name, switch in inventory["vswitches"].items())
    switches.update((switch["name"], dict((key, switch[key]) for key in ("mtu", "uplinks", "failover")))
                    for switch in wanted["vswitches"])
    groups = dict(inventory["portgroups"])
    for group in wanted["portgroups"]:
        groups[group["name"]] = {"vswitch": group["vswitch"], "vlan": group["vlan"], "failover": None, "override": None}
    return dict(inventory, vswitches=switches, portgroups=groups)


def network_target(description, inventory, warn):
    """The wanted network of this host, or None when the network is left as it is.

    @raise PlanError: management cannot be had on this host; nothing of the network may be changed then
    """
    if description["refusal"]:
        raise PlanError(description["refusal"])
    if description["network"] is None:
        return None
    return target.of_description(description, inventory, warn)
