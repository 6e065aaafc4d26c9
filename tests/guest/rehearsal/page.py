"""The result of a rehearsal as a page of text."""

_OUTCOMES = {
    "configured": "The host is installed and configured.",
    "failed": "The host is installed, but not everything could be configured.",
    "stopped-before-install": "The installation stops before a disk is written to.",
    "refused-by-hook": "The deployment is refused by the hook that MAAS runs, before anything is changed.",
}


def page(result):
    """The result for people."""
    lines = [_OUTCOMES[result["outcome"]]]
    if result["reason"]:
        lines.append("Reason: " + result["reason"])
    if result["host"]:
        lines += ["", *_login(result["login"]), "", *_host(result["host"])]
    elif not result["disks_untouched"]:
        lines.append("A disk was written to.")
    for title, entries in (("MAAS is told", [_report(entry) for entry in result["reports"]]),
                           ("Secrets that are left on the host", result["secrets_left"]),
                           ("Warnings", result["warnings"])):
        if entries:
            lines += ["", title + ":", *["  " + entry for entry in entries]]
    return "\n".join(lines) + "\n"


def _login(login):
    ways = []
    if login["password"]:
        ways.append("root's password")
    if login["keys"]:
        ways.append("%d SSH key%s" % (login["keys"], "" if login["keys"] == 1 else "s"))
    yield "Login:      " + (" or ".join(ways) if ways else "NOBODY CAN LOG IN")
    yield "SSH:        " + ("running" if login["ssh"] else "not running")


def _host(host):
    yield "Name:       " + str(host["fqdn"])
    for vmk in host["interfaces"]:
        addresses = [address for address in [vmk["ipv4"], *vmk["ipv6"]] if address]
        if vmk["router_adv"] or vmk["dhcpv6"]:
            addresses.append("IPv6 by " + " and ".join(
                name for name, on in (("router advertisements", vmk["router_adv"]), ("DHCPv6", vmk["dhcpv6"])) if on))
        vlan = ", VLAN %d" % vmk["vlan"] if vmk["vlan"] else ""
        yield "%-11s %s on %s (%s%s), MTU %d" % (vmk["name"] + ":", ", ".join(addresses) or "no address", vmk["vswitch"],
                                                " + ".join(vmk["active"] + vmk["standby"]), vlan, vmk["mtu"])
    for network, gateway, interface in host["routes4"] + host["routes6"]:
        yield "Route:      %s via %s (%s)" % (network, gateway, interface)
    yield "DNS:        " + (", ".join(host["dns"]) or "none")
    if host["search"]:
        yield "Search:     " + ", ".join(host["search"])
    yield "NTP:        %s%s" % (", ".join(host["ntp"]["servers"]) or "none", "" if host["ntp"]["running"] else " (not running)")
    if host["syslog"]:
        yield "Syslog:     %s" % host["syslog"]
    for label, extents in host["datastores"]:
        yield "Datastore:  %s on %s" % (label, ", ".join("%s partition %d" % tuple(extent) for extent in extents))


def _report(entry):
    if entry["kind"] == "deployed":
        return "deployed (user data was asked for)"
    return "%s %s: %s" % (entry.get("name"), entry.get("result") or entry.get("event_type"), entry.get("description"))
