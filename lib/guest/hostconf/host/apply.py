"""Apply plans to a host: each part by itself, so that one that fails keeps no other from being done."""

import time

from hostconf.host import inventory as inventories, listing
from hostconf.planning import netoptions, netplan, parts, sysplan, vmnet
from hostconf.planning.plan import PlanError, network_target

VIM_CMD_SECONDS = 30  # has been seen to hang during the first boot
RETRY_SECONDS = 3
ROUNDS = 4
LEASE_SECONDS = 60
NO_ADDRESS = ("", "0.0.0.0", None)
NOT_REPLACED = "%s has an address, and %s, which is to take its place, gets none by DHCP"


class ApplyError(Exception):
    """Something could not be done for good; the message names it. A network is as it was before."""


class Applier:
    """Applies parts of descriptions to a host.

    @param host: has run(argv) → (status, output), ensure_line(path, line) and the flag hostd
    """

    def __init__(self, host, log, sleep=time.sleep):
        self.host = host
        self.log = log
        self.sleep = sleep

    def apply(self, description):
        """Login, network, and every area of planning/sysplan.

        @return: whether a reboot is needed
        @raise ApplyError: naming everything that failed; all else was done
        """
        failures = []

        def attempt(part, *arguments):
            try:
                part(*arguments)
            except (ApplyError, PlanError) as error:
                failures.append(str(error))

        attempt(self.login, description)
        for warning in description["warnings"]:
            self.log.warn(warning)
        attempt(self.network, description)
        attempt(self.network_options, description)
        attempt(self.vm_networks, description)
        self.wait_for_leases()
        present = self.read_system(description)
        reboot = sysplan.needs_reboot(description, present)
        for name in sysplan.AREAS:
            attempt(self.area, name, description, present)
        if failures:
            raise ApplyError("; ".join(failures))
        return reboot

    def login(self, description):
        """Root's keys, SSH server, shell, console. Needs nothing of the host but its files and services.

        @raise ApplyError: both ways of doing something failed
        """
        present = {"version": None, "ssh_keys": None}
        if self.host.hostd:
            present = {"version": inventories.read_version(self.run), "ssh_keys": inventories.read_ssh_keys(self.run)}
        self._all(sysplan.login_commands(description, present, self.log.warn, self.host.hostd))

    def area(self, name, description, present):
        """One area of planning/sysplan.

        @param present: as read_system gives it
        @raise ApplyError: naming the commands that failed
        """
        self._all(sysplan.AREAS[name](description, present, self.log.warn))

    def _all(self, commands):
        failures = []
        for command in commands:
            reason = self.execute(command)
            if reason is not None and not command.optional:
                failures.append("%s: %s" % (command.masked(), reason))
        if failures:
            raise ApplyError("; ".join(failures))

    def read_network(self):
        """What plans of the network are made from. @raise InventoryError"""
        return inventories.read_network(self.run)

    def read_system(self, description):
        """What plans of everything else are made from."""
        return inventories.read_system(self.run, sorted(description["kernel"]))

    def run(self, argv):
        """Run a command, through localcli where hostd is missing."""
        argv = list(argv)
        if argv[0] == "vim-cmd":
            return self.host.run(argv, VIM_CMD_SECONDS) if self.host.hostd else (1, "hostd does not answer")
        if argv[0] == "esxcli" and not self.host.hostd:
            argv[0] = "localcli"
        return self.host.run(argv)

    def execute(self, command):
        """Run one planned command with its retries and its alternative. @return: the reason of failure, or None"""
        self.log.info("run: " + command.masked())
        reason = self.attempt(command) if self.is_replaced(command) else NOT_REPLACED % command.instead_of
        if reason is not None and command.instead_of:
            return reason
        for _ in range(command.retries):
            if reason is None:
                return None
            self.sleep(RETRY_SECONDS)
            reason = self.attempt(command)
        if reason is not None and command.alternative is not None:
            self.log.info("failed (%s); another way is tried" % reason)
            reason = self.attempt(command.alternative)
        if reason is not None:
            self.log.warn("failed: %s: %s" % (command.masked(), reason))
        return reason

    def is_replaced(self, command):
        """Whether an interface that is to go (Command.instead_of) is no longer needed: waits for the other's lease."""
        if not command.instead_of:
            return True
        name, other = command.instead_of
        if not self.has_address(name):
            return True
        self.wait_for_leases([other])
        return self.has_address(other)

    def attempt(self, command):
        if command.ensure_line is not None:
            try:
                self.host.ensure_line(*command.ensure_line)
            except OSError as error:
                return str(error)
            return None
        status, output = self.run(command.argv)
        return None if status == 0 else inventories.first_line(output)

    def network(self, description):
        """The network as a whole; if that fails, management, then part by part what can be had besides.

        @raise PlanError: management cannot be had on this host; nothing was changed
        @raise ApplyError: management could not be set up and is as it was, or naming what was left out besides it
        """
        if description["network"] is None and not description["refusal"]:
            return
        present = self.read_network()
        wanted = network_target(description, present, self.log.warn)
        if wanted is None:
            return
        left_out = []
        reason = self.reach(lambda now: network_target(description, now, _say_nothing), present)
        if reason is not None:
            self.log.error("the network could not be set up as a whole (%s): now part by part" % reason)
            wanted, left_out = self.part_by_part(wanted)
        self.optional_routes(wanted)
        if left_out:
            raise ApplyError("; ".join(left_out))

    def network_options(self, description):
        """Tags, security and "VM Network", on the network as it turned out. @raise ApplyError"""
        if not netoptions.are_wanted(description):
            return
        present = self.read_network()
        try:
            wanted = network_target(description, present, _say_nothing)
        except PlanError:
            wanted = None  # said when the network failed
        more = inventories.read_network_options(self.run, present)
        self._all(netoptions.commands(description, wanted, more, self.log.warn))

    def part_by_part(self, wanted):
        """(the target that was reached, sentences about what is left out). @raise ApplyError: not even management"""
        (_, accepted), *others = parts.split(wanted)
        reason = self.reach(lambda _now: accepted, self.read_network())
        if reason is not None:
            raise ApplyError("the network could not be set up: %s" % reason)
        left_out = []
        for name, part in others:
            more = parts.joined(accepted, part)
            reason = self.reach(lambda _now, more=more: more, self.read_network())
            if reason is None:
                accepted = more
            else:
                left_out.append("%s is left out: %s" % (name, reason))
                self.log.error(left_out[-1])
        return accepted, left_out

    def optional_routes(self, wanted):
        """Routes whose gateway may be on what a lease or a router brings: set, or said to be left out."""
        if not any(route["optional"] for route in wanted["routes"]):
            return
        self.wait_for_leases()
        for command in netplan.commands(wanted, self.read_network()):
            if command.optional and self.execute(command) is not None:
                self.log.warn("a route is left out, its gateway cannot be reached: %s" % command.masked())

    def vm_networks(self, description):
        """vSwitches and port groups for virtual machines. @raise ApplyError: a step failed; they are as they were"""
        if not description["network"] or not description["network"]["vm_networks"]:
            return
        present = self.read_network()
        vmnet.target(description, present, self.log.warn)
        reason = self.reach(lambda now: vmnet.target(description, now, _say_nothing), present)
        if reason is not None:
            raise ApplyError("the networks for virtual machines could not be set up: %s" % reason)

    def reach(self, target_of, original):
        """Plan, run, look again, until nothing is left to do: what the host shows decides, not exit statuses.

        @param target_of: function(inventory) → target
        @param original: the inventory now; the network is put back to it on failure
        @return: the reason of failure, or None
        """
        present, reason, planned = original, None, []
        for _ in range(ROUNDS):
            planned = [command for command in netplan.commands(target_of(present), present) if not command.optional]
            if not [command for command in planned if not command.blind]:
                if present is original:
                    self.run_all(planned)
                return None
            reason, final = self.run_all(planned)
            present = self.read_network()
            if final:
                break
        self.log.error("the network is put back")
        self.restore(original, present)
        return reason or "the host does not keep what was set: " + planned[0].masked()

    def run_all(self, commands):
        """Run commands up to the first that fails. @return: (the reason of failure or None, whether that is final)"""
        for command in commands:
            reason = self.execute(command)
            if reason is not None:
                return "%s: %s" % (command.masked(), reason), command.instead_of is not None
        return None, False

    def restore(self, original, present):
        for _ in range(2):
            for command in netplan.restore(original, present):
                self.execute(command)
            present = self.read_network()

    def wait_for_leases(self, names=None):
        """Give DHCP time to answer, so that names resolve and metadata services can be asked.

        @param names: the interfaces that count; None: all
        @return: whether there was anything to wait for
        """
        waited = 0
        while True:
            waiting = self.without_lease(names)
            if not waiting:
                return waited > 0
            if waited >= LEASE_SECONDS:
                self.log.warn("no DHCP lease yet for %s" % ", ".join(waiting))
                return True
            self.sleep(RETRY_SECONDS)
            waited += RETRY_SECONDS

    def without_lease(self, names=None):
        """The interfaces that ask for an IPv4 address and have none."""
        return [row["Name"] for row in self.ipv4_rows() if (names is None or row["Name"] in names)
                and row.get("Address Type") == "DHCP" and row.get("IPv4 Address") in NO_ADDRESS]

    def has_address(self, name):
        """Whether an interface has an IPv4 address."""
        return any(row["Name"] == name and row.get("IPv4 Address") not in NO_ADDRESS for row in self.ipv4_rows())

    def ipv4_rows(self):
        return listing.table(self.run(["esxcli", "network", "ip", "interface", "ipv4", "get"])[1])


def _say_nothing(_sentence):
    """The warnings of a plan were said when it was made for the first time."""
