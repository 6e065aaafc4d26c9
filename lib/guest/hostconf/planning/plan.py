"""plan(description, inventory) → the ordered commands that make the host as described. Pure."""

from hostconf.planning import netplan, sysplan, target
from hostconf.planning.target import PlanError

__all__ = ["Plan", "PlanError", "plan"]


class Plan:
    """network and system: lists of Command; warnings: sentences; reboot: whether the host must start again."""

    def __init__(self, network, system, warnings, reboot):
        self.network = network
        self.system = system
        self.warnings = warnings
        self.reboot = reboot

    @property
    def commands(self):
        """All commands in order: the network first, what needs it after it."""
        return self.network + self.system


def plan(description, inventory):
    """The plan for a host.

    @param description: as common.description.validate returns it
    @param inventory: see model/inventory.py
    @raise PlanError: when the description cannot be applied to this host; nothing may be changed then
    """
    warnings = list(description["warnings"])

    def warn(sentence):
        if sentence not in warnings:
            warnings.append(sentence)

    wanted = network_target(description, inventory, warn)
    network = netplan.commands(wanted, inventory) if wanted else []
    system = sysplan.commands(description, inventory, warn)
    return Plan(network, system, warnings, sysplan.needs_reboot(description, inventory))


def network_target(description, inventory, warn):
    """The wanted network of this host, or None when the network is left as it is. @raise PlanError"""
    if description["refusal"]:
        raise PlanError(description["refusal"])
    if description["network"] is None:
        return None
    return target.of_description(description, inventory, warn)
