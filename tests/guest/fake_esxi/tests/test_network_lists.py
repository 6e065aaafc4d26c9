"""Network listings compared with the reference layouts."""
import unittest

from fake_esxi.tests.base import HostTest, block

_NICS = block("""
    Name     PCI Device    Driver   Admin Status  Link Status  Speed  Duplex  MAC Address         MTU  Description
    -------  ------------  -------  ------------  -----------  -----  ------  -----------------  ----  -----------
    vmnic0   0000:c3:00.0  ntg3     Up            Down             0  Half    00:00:5e:00:53:01  1500  Broadcom Corporation NetXtreme BCM5720 Gigabit Ethernet
    vmnic1   0000:c5:00.0  bnxtnet  Up            Up           25000  Full    00:00:5e:00:53:02  1500  Broadcom NetXtreme E-Series Dual-port 25Gb SFP28 Ethernet OCP 3.0 Adapter
    vmnic10  0000:ca:00.0  i40en    Up            Up           10000  Full    00:00:5e:00:53:0a  1500  Intel(R) Ethernet Controller X710 for 10GbE SFP+
    vmnic2   0000:c5:00.1  bnxtnet  Up            Up           25000  Full    00:00:5e:00:53:03  1500  Broadcom NetXtreme E-Series Dual-port 25Gb SFP28 Ethernet OCP 3.0 Adapter
    """)


class Nics(HostTest):
    def test_list_in_string_order(self):
        shuffled = _NICS.splitlines(keepends=True)
        shuffled[2:] = shuffled[:1:-1]
        self.make(nics="".join(shuffled))
        self.assertEqual(self.net("nic list"), _NICS)

    def test_underline_of_the_description(self):
        self.make(nics=_NICS, switches={"description_underline": "full"})
        widths = [len(word) for word in self.net("nic list").splitlines()[1].split()]
        self.assertEqual(widths[-1], 73)
        self.make(nics=_NICS, release="6.7.0")
        self.assertEqual(len(self.net("nic list").splitlines()[1].split()[-1]), 73)

    def test_link_and_mtu_follow_what_happens(self):
        self.make(nics=_NICS, network="--bootproto=dhcp --device=vmnic2")
        self.net("nic down -n vmnic10")
        self.net("vswitch standard set -v vSwitch0 -m 9000")
        rows = [line.split() for line in self.net("nic list").splitlines()[2:]]
        self.assertEqual(rows[2][3:7], ["Down", "Down", "0", "Half"])
        self.assertEqual([row[8] for row in rows], ["1500", "1500", "1500", "9000"])

    def test_get(self):
        text = self.net("nic get -n vmnic0")
        self.assertIn("   Driver Info:\n      Bus Info: 0000:00:00.0\n", text)
        self.assertIn("   Backing DPUId: N/A\n", text)
        self.assertIn("   Link Status: Up \n", text)
        self.fails("esxcli network nic get -n vmnic9")

    def test_esxcfg_nics(self):
        lines = self.ok("esxcfg-nics -l").splitlines()
        self.assertEqual(lines[0], "Name    PCI          Driver      Link Speed      Duplex MAC Address       MTU    "
                                   "Description")
        self.assertEqual(lines[1], "vmnic0  0000:00:00.0 i40en       Up   10000Mbps  Full   02:00:5e:00:53:00 1500   "
                                   "Sample NIC")


class Switches(HostTest):
    def test_list(self):
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic1")
        self.assertEqual(self.net("vswitch standard list"), block("""
            vSwitch0
               Name: vSwitch0
               Class: cswitch
               Num Ports: 2560
               Used Ports: 5
               Configured Ports: 128
               MTU: 1500
               CDP Status: listen
               Beacon Enabled: false
               Beacon Interval: 1
               Beacon Threshold: 3
               Beacon Required By: 
               Uplinks: vmnic1, vmnic0
               Portgroups: VM Network, Management Network
            """))

    def test_localcli_puts_a_colon_after_the_key(self):
        self.assertTrue(self.ok("localcli network vswitch standard list").startswith("vSwitch0:\n   Name: vSwitch0\n"))
        self.assertTrue(self.ok("localcli network ip interface list").startswith("vmk0:\n   Name: vmk0\n"))

    def test_several_blocks_are_separated_by_one_blank_line(self):
        self.net("vswitch standard add -v vSwitch1")
        text = self.net("vswitch standard list")
        self.assertIn("   Portgroups: VM Network, Management Network\n\nvSwitch1\n   Name: vSwitch1\n", text)
        self.assertTrue(text.endswith("   Uplinks: \n   Portgroups: \n"))

    def test_portgroups(self):
        self.net("vswitch standard add -v vSwitch1")
        self.net("vswitch standard portgroup add -p storage-a -v vSwitch1")
        self.net("vswitch standard portgroup set -p storage-a -v 120")
        self.net("ip interface add -p storage-a")
        self.assertEqual(self.net("vswitch standard portgroup list"), block("""
            Name                Virtual Switch  Active Clients  VLAN ID
            ------------------  --------------  --------------  -------
            Management Network  vSwitch0                     1        0
            VM Network          vSwitch0                     0        0
            storage-a           vSwitch1                     1      120
            """))

    def test_policies(self):
        self.net("vswitch standard uplink add -v vSwitch0 -u vmnic1")
        self.net("vswitch standard policy failover set -v vSwitch0 -a vmnic0 -s vmnic1")
        self.assertEqual(self.net("vswitch standard policy failover get -v vSwitch0").splitlines(), [
            "   Load Balancing: srcport", "   Network Failure Detection: link", "   Notify Switches: true",
            "   Failback: true", "   Active Adapters: vmnic0", "   Standby Adapters: vmnic1", "   Unused Adapters: "])
        self.assertEqual(self.net("vswitch standard policy security get -v vSwitch0").splitlines(), [
            "   Allow Promiscuous: false", "   Allow MAC Address Change: false", "   Allow Forged Transmits: false"])
        self.assertEqual(self.net("vswitch standard policy shaping get -v vSwitch0").splitlines(), [
            "   Enabled: false", "   Average Bandwidth: -1 Kbps", "   Peak Bandwidth: -1 Kbps",
            "   Burst Size: -1 Kib"])

    def test_esxcfg_vswitch(self):
        self.assertEqual(self.ok("esxcfg-vswitch -l"), block("""
            Switch Name      Num Ports   Used Ports  Configured Ports  MTU     Uplinks   
            vSwitch0         8570        4           128               1500    vmnic0    

              PortGroup Name                            VLAN ID  Used Ports  Uplinks   
              VM Network                                0        0           vmnic0    
              Management Network                        0        1           vmnic0    

            """))

    def test_csv(self):
        text = self.ok("esxcli --formatter=csv network vswitch standard policy security get -v vSwitch0")
        self.assertEqual(text, "AllowForgedTransmits,AllowMACAddressChange,AllowPromiscuous,\nfalse,false,false,\n")


class Interfaces(HostTest):
    _BLOCK = block("""
        vmk0
           Name: vmk0
           MAC Address: 02:00:5e:00:53:00
           Enabled: true
           Portset: vSwitch0
           Portgroup: Management Network
           Netstack Instance: defaultTcpipStack
           VDS Name: N/A
           VDS UUID: N/A
           VDS Port: N/A
           VDS Connection: -1
           Opaque Network ID: N/A
           Opaque Network Type: N/A
           External ID: N/A
           MTU: 1500
           TSO MSS: 65535
           RXDispQueue Size: 4
           Port ID: 67108879
        """)

    def test_list_by_release(self):
        for release, expected in (("7.0.3", self._BLOCK), ("8.0.3", self._BLOCK),
                                  ("6.7.0", self._BLOCK.replace("   RXDispQueue Size: 4\n", "")),
                                  ("9.1.1", self._BLOCK + "   URPF: 0\n")):
            self.make(release=release)
            self.assertEqual(self.net("ip interface list"), expected, release)

    def test_ipv4(self):
        self.net("vswitch standard portgroup add -p PGtest -v vSwitch0")
        self.net("ip interface add -p PGtest -i vmk1")
        self.net("ip interface ipv4 set -i vmk1 -t static -I 198.51.100.10 -N 255.255.255.0")
        expected = block("""
            Name  IPv4 Address   IPv4 Netmask   IPv4 Broadcast  Address Type  Gateway    DHCP DNS
            ----  -------------  -------------  --------------  ------------  ---------  --------
            vmk0  192.0.2.10     255.255.255.0  192.0.2.255     STATIC        192.0.2.1     false
            vmk1  198.51.100.10  255.255.255.0  198.51.100.255  STATIC        0.0.0.0       false
            """)
        self.assertEqual(self.net("ip interface ipv4 get"), expected)
        self.assertEqual(self.net("ip interface ipv4 address list"), expected)
        self.assertEqual(len(self.net("ip interface ipv4 get -i vmk1").splitlines()), 3)

    def test_ipv6_addresses(self):
        self.make(nics=_NICS, network="--bootproto=dhcp --device=00:00:5E:00:53:01")
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        self.assertEqual(self.net("ip interface ipv6 address list"), block("""
            Interface  Address                   Netmask  Type    Status
            ---------  ------------------------  -------  ------  ---------
            vmk0       fe80::200:5eff:fe00:5301       64  STATIC  PREFERRED
            vmk0       2001:db8::10                   64  STATIC  PREFERRED
            """))

    def test_esxcfg_vmknic(self):
        self.net("vswitch standard set -v vSwitch0 -m 9000")
        self.net("vswitch standard portgroup add -p PGtest -v vSwitch0")
        self.net("ip interface add -p PGtest -i vmk2 -m 9000")
        self.net("ip interface ipv6 set -i vmk2 -e false")
        self.assertEqual(self.ok("esxcfg-vmknic -l"), block("""
            Interface  Port Group/DVPort/Opaque Network        IP Family IP Address                              Netmask         Broadcast       MAC Address       MTU     TSO MSS   Enabled Type                NetStack            
            vmk0       Management Network                      IPv4      192.0.2.10                              255.255.255.0   192.0.2.255     02:00:5e:00:53:00 1500    65535     true    STATIC              defaultTcpipStack   
            vmk0       Management Network                      IPv6      fe80::5eff:fe00:5300                    64                              02:00:5e:00:53:00 1500    65535     true    STATIC, PREFERRED   defaultTcpipStack   
            vmk2       PGtest                                  IPv4      N/A                                     N/A             N/A             00:50:56:60:00:01 9000    65535     true    NONE                defaultTcpipStack   
            """))

    def test_routes(self):
        self.net("ip route ipv4 add -n 203.0.113.0/24 -g 192.0.2.254")
        self.assertEqual(self.net("ip route ipv4 list"), block("""
            Network      Netmask        Gateway      Interface  Source
            -----------  -------------  -----------  ---------  ------
            default      0.0.0.0        192.0.2.1    vmk0       MANUAL
            192.0.2.0    255.255.255.0  0.0.0.0      vmk0       MANUAL
            203.0.113.0  255.255.255.0  192.0.2.254  vmk0       MANUAL
            """))
        self.assertEqual(self.ok("esxcfg-route"), "VMkernel default gateway is 192.0.2.1\n")

    def test_ipv6_routes(self):
        self.net("ip interface ipv6 address add -i vmk0 -I 2001:db8::10/64")
        self.net("ip route ipv6 add -n default -g 2001:db8::1")
        self.assertEqual(self.net("ip route ipv6 list"), block("""
            Network     Prefix Length  Gateway      Interface  Source
            ----------  -------------  -----------  ---------  ------
            default                 0  2001:db8::1  vmk0       MANUAL
            2001:db8::             64  ::           vmk0       MANUAL
            """))

    def test_dns(self):
        self.net("ip dns server add -s 198.51.100.53")
        self.assertEqual(self.net("ip dns server list"), "   DNSServers: 192.0.2.53, 198.51.100.53\n")
        self.assertEqual(self.net("ip dns search list"), "   DNSSearch Domains: \n")
        self.net("ip dns search add -d example.com")
        self.net("ip dns search add -d lab.example.com")
        self.assertEqual(self.net("ip dns search list"), "   DNSSearch Domains: example.com, lab.example.com\n")
        self.assertEqual(self.host.files.read("/etc/resolv.conf"),
                         b"nameserver 192.0.2.53\nnameserver 198.51.100.53\nsearch example.com lab.example.com\n")

    def test_netstacks(self):
        self.assertEqual(self.net("ip netstack list").splitlines(), [
            "defaultTcpipStack", "   Key: defaultTcpipStack", "   Name: defaultTcpipStack", "   State: 4660"])

    def test_ip_get(self):
        self.assertEqual(self.net("ip get"), "   IPv6 Enabled: true\n")

    def test_firewall(self):
        self.assertEqual(self.net("firewall get"), "   Default Action: DROP\n   Enabled: true\n   Loaded: true\n")
        self.assertEqual(self.net("firewall ruleset list -r syslog"), block("""
            Name    Enabled  Enable/Disable configurable  Allowed IP configurable
            ------  -------  ---------------------------  -----------------------
            syslog    false                         true                     true
            """))
        self.make(release="8.0.0")
        self.assertEqual(self.net("firewall ruleset list -r sshServer"), block("""
            Name       Enabled
            ---------  -------
            sshServer     true
            """))


if __name__ == "__main__":
    unittest.main()
