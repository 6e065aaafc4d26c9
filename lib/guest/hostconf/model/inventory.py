"""What a host looks like now, as plans are made from it.

An inventory is a dict; None anywhere means "could not be read":

  assumed     whether this is a guess about a fresh host rather than what a host said
  version     (major, minor, update)
  nics        [{name, mac, link_up}]
  vswitches   {name: {mtu, uplinks, failover: {load_balancing, active, standby}}}
  portgroups  {name: {vswitch, vlan, failover, override}}   (failover and override of those with a vmk)
  vmks        {name: {mac, portgroup, mtu, ipv4: {type, address, netmask, peer_dns},
                      ipv6: {enabled, dhcp, router_adv, gateway, addresses}}}
  routes      [{network, gateway, interface, source}], network "default" or ADDRESS/LENGTH; connected ones left out
  dns         {servers, search}; servers None: DHCP may have brought some
  hostname    FQDN as the host prints it
  ntp         {servers, enabled}
  loghosts    syslog targets
  ssh_keys    the listing of root's keys, as text (8.0 and later)
  kernel      {name: configured value} of the kernel settings that were asked for
"""


class InventoryError(Exception):
    """A listing that nothing can be done without could not be read."""


def installer_nic(nics):
    """The NIC that an installer takes when it is told nothing: the first with a link, else the first."""
    return ([nic for nic in nics if nic["link_up"]] or nics)[0]


def assumed(nics, version=(8, 0, 0)):
    """The inventory of a freshly installed host of which only the NICs are known.

    What an installer may have set either way is unknown (None), so that a plan sets it.
    """
    uplink = installer_nic(nics)
    failover = {"load_balancing": "portid", "active": [uplink["name"]], "standby": []}
    return {
        "assumed": True,
        "version": version,
        "nics": nics,
        "vswitches": {"vSwitch0": {"mtu": 1500, "uplinks": [uplink["name"]], "failover": failover}},
        "portgroups": {
            "Management Network": {"vswitch": "vSwitch0", "vlan": None, "failover": failover, "override": True},
            "VM Network": {"vswitch": "vSwitch0", "vlan": 0, "failover": None, "override": None},
        },
        "vmks": {"vmk0": {"mac": uplink["mac"], "portgroup": "Management Network", "mtu": 1500,
                          "ipv4": None, "ipv6": None}},
        "routes": [],
        "dns": {"servers": None, "search": []},
        "hostname": None,
        "ntp": None,
        "loghosts": None,
        "ssh_keys": None,
        "kernel": {},
    }
