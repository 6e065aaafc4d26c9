"""Run commands on the host this program runs on, and apply plans to it."""

import os
import subprocess
import time

from hostconf.host import inventory as inventories, listing
from hostconf.planning import netplan, sysplan
from hostconf.planning.plan import network_target

COMMAND_SECONDS = 120
VIM_CMD_SECONDS = 30  # has been seen to hang during the first boot
RETRY_SECONDS = 3
ROUNDS = 4
LEASE_SECONDS = 60


class ApplyError(Exception):
    """A command failed for good. The network is as it was before, as far as that could be done."""


class Host:
    """The host this runs on, below `root` ("" is the real one)."""

    def __init__(self, root="", hostd=True):
        self.root = root
        self.hostd = hostd

    def run(self, argv, seconds=COMMAND_SECONDS):
        """(exit status, output) of a command; a program that is missing or hangs counts as failed."""
        argv = [self.root + argv[0] if argv[0].startswith("/") else argv[0]] + list(argv[1:])
        try:
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
        except OSError as error:
            return 127, str(error)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return 124, "%s did not answer within %d seconds" % (argv[0], seconds)
        text = out.decode("utf-8", "replace")
        if process.returncode != 0:
            text += err.decode("utf-8", "replace")
        return process.returncode, text

    def path(self, name):
        """Where a file of the host is."""
        return self.root + name

    def ensure_line(self, name, line):
        """Append the line to a file unless it is there. Keeps the file's mode: its sticky bit means "saved"."""
        path = self.path(name)
        data = b""
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
        wanted = line.encode("utf-8")
        if wanted in data.splitlines():
            return
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, "ab") as file:
            file.write((b"\n" if data and not data.endswith(b"\n") else b"") + wanted + b"\n")


class Applier:
    """Applies descriptions to a host.

    @param host: has run(argv) → (status, output), ensure_line(path, line) and the flag hostd
    """

    def __init__(self, host, log, sleep=time.sleep):
        self.host = host
        self.log = log
        self.sleep = sleep
        self.failures = []
        self.applied = None  # the description as it was completed by after_network
        self.renewed_certificate = False

    def apply(self, description, after_network=None):
        """Make the host as described.

        @param after_network: function(description) → description, called when the network is up; what it adds
            (names, keys, time servers) is applied with the rest
        @return: whether a reboot is needed
        @raise PlanError: the description does not fit this host; nothing was changed
        @raise ApplyError: a step failed; the network was put back if it was a step of the network
        """
        present = self.read_inventory(description)
        for warning in description["warnings"]:
            self.log.warn(warning)
        # Everything that can be refused is refused here, before the first change.
        network_target(description, present, self.log.warn)
        sysplan.commands(description, present, lambda warning: None)
        present = self.apply_network(description, present)
        changed = self.wait_for_leases()
        if after_network is not None:
            description = after_network(description)
        if changed or after_network is not None:
            present = self.read_inventory(description)
        self.applied = description
        return self.apply_system(description, present)

    def read_inventory(self, description):
        return inventories.read(self.run, sorted(description["kernel"]))

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
        reason = self.attempt(command)
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

    def attempt(self, command):
        if command.ensure_line is not None:
            try:
                self.host.ensure_line(*command.ensure_line)
            except OSError as error:
                return str(error)
            return None
        status, output = self.run(command.argv)
        return None if status == 0 else inventories.first_line(output)

    def step(self, argv):
        """Run a finishing step; its failure is remembered and does not stop the others. @return: success"""
        status, output = self.run(argv)
        if status != 0:
            self.failures.append("%s failed: %s" % (" ".join(argv), inventories.first_line(output)))
            self.log.error(self.failures[-1])
        return status == 0

    def apply_network(self, description, original):
        """Plan, run, look again, until nothing is left to do: what the host shows decides, not exit statuses.

        @return: the inventory afterwards
        """
        if description["network"] is None:
            return original
        present, reason, planned = original, None, []
        for _ in range(ROUNDS):
            wanted = network_target(description, present, lambda warning: None)
            planned = netplan.commands(wanted, present)
            if not [command for command in planned if not command.blind]:
                if present is original:
                    self.run_all(planned)
                return present
            reason = self.run_all(planned)
            present = self.read_inventory(description)
        self.log.error("the network could not be set up; it is put back")
        self.restore(original, present)
        raise ApplyError("the network could not be set up: %s" % (
            reason or "the host does not keep what was set: " + planned[0].masked()))

    def run_all(self, commands):
        """Run commands up to the first that fails. @return: the reason of failure, or None"""
        for command in commands:
            reason = self.execute(command)
            if reason is not None and not command.optional:
                return "%s: %s" % (command.masked(), reason)
        return None

    def restore(self, original, present):
        for _ in range(2):
            for command in netplan.restore(original, present):
                self.execute(command)
            present = self.read_inventory({"kernel": {}})

    def wait_for_leases(self):
        """Give DHCP time to answer, so that names resolve and metadata services can be asked.

        @return: whether there was anything to wait for
        """
        waited = 0
        while True:
            _, output = self.run(["esxcli", "network", "ip", "interface", "ipv4", "get"])
            waiting = [row["Name"] for row in listing.table(output)
                       if row.get("Address Type") == "DHCP" and row.get("IPv4 Address") in ("", "0.0.0.0")]
            if not waiting:
                return waited > 0
            if waited >= LEASE_SECONDS:
                self.log.warn("no DHCP lease yet for %s" % ", ".join(waiting))
                return True
            self.sleep(RETRY_SECONDS)
            waited += RETRY_SECONDS

    def apply_system(self, description, present):
        """Everything but the network. @return: whether a reboot is needed"""
        for command in sysplan.commands(description, present, self.log.warn):
            reason = self.execute(command)
            if reason is not None and not command.optional:
                self.failures.append("%s: %s" % (command.masked(), reason))
        if sysplan.changes_name(description, present):
            # Else hostd's certificate keeps naming localhost; hostd reads the new one when it starts.
            self.renewed_certificate = self.step(["/sbin/generate-certificates"])
        if self.failures:
            raise ApplyError("; ".join(self.failures))
        return sysplan.needs_reboot(description, present)
