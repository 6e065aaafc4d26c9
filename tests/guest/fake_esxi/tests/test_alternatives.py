"""Every alternative of every switch makes a difference that guest code can see."""
import os
import subprocess
import unittest

import fake_esxi
from fake_esxi import switches
from fake_esxi.system import ssh
from fake_esxi.tests import vibs
from fake_esxi.tests.base import STATIC, HostTest, nic_list

DISK = "mpx.vmhba0:C0:T0:L0"
PW = "Sample-pass1x"
VSW = "esxcli network vswitch standard"
IF = "esxcli network ip interface"
ROUTE = "esxcli network ip route ipv4"
DNS = "esxcli network ip dns server"

# switch: commands whose answers (or the state they leave) differ between the values; "_" stands for a blank in a word
COMMANDS = {
    "error_stream": ["esxcli bogus"],
    "runtime_wording": [f"{VSW} remove -v vSwitch0"],
    "uncertain_letters": ["esxcli system syslog mark -s x"],
    "ssh_keyword_option": ["esxcli system ssh server config set --keyword port -v 23"],
    "ssh_config_headers": ["esxcli system ssh server config list"],
    "vlan_range_text": [f"{VSW} portgroup set -p VM_Network -v 5000"],
    "shaping_units": [f"{VSW} policy shaping get -v vSwitch0"],
    "nvme_unknown_adapter": ["esxcli nvme device get -A vmhba9"],
    "secure_boot_output": ["/usr/lib/vmware/secureboot/bin/secureBoot.py -s"],
    "name_case": [f"{VSW} list -v VSWITCH0"],
    "json_formatter": ["esxcli --formatter=json network nic list", "esxcli --debug --formatter=json network nic list"],
    "csv_layout": ["esxcli --formatter=csv network nic list"],
    "missing_parameters": [f"{ROUTE} add"],
    "invalid_option_text": ["esxcli network nic list --bogus"],
    "repeated_option": [f"{VSW} set -v vSwitch0 -m 1400 -m 1500"],
    "enum_tail": [f"{VSW} set -v vSwitch0 -c x"],
    "fqdn_bare_name": ["esxcli system hostname set -f esx01"],
    "fqdn_adds_search_domain": ["esxcli system hostname set -f esx01.example.com"],
    "version_patch": ["esxcli system version get"],
    "shutdown_maintenance": ["esxcli system shutdown reboot -r x"],
    "localcli_vim_backed": ["localcli system account list"],
    "ntp_extra_options": ["esxcli system ntp set -s 192.0.2.1 -l info"],
    "ntp_get_extra_fields": ["esxcli system ntp set -s 192.0.2.1 -e on", "esxcli system ntp get"],
    "ntp_unresolvable": [f"{DNS} remove -a", "esxcli system ntp set -s ntp.example.net -e on"],
    "syslog_fields": ["esxcli system syslog config get"],
    "account_shell_access": ["esxcli system account list"],
    "weak_password": ["esxcli system account set -i root -p x -c x"],
    "vswitch_missing_text": [f"{VSW} remove -v vSwitch9"],
    "vswitch_busy_text": [f"{VSW} remove -v vSwitch0"],
    "vswitch_idle_portgroups": [f"{IF} remove -i vmk0", f"{VSW} remove -v vSwitch0"],
    "vswitch_mtu_max": [f"{VSW} set -v vSwitch0 -m 9100"],
    "vswitch_mtu_below_vmk": [f"{VSW} set -v vSwitch0 -m 1400"],
    "vswitch_name_limit": [f"{VSW} add -v {'x' * 32}"],
    "duplicate_portgroup": [f"{VSW} portgroup add -v vSwitch0 -p VM_Network"],
    "teaming_foreign_uplink": [f"{VSW} policy failover set -v vSwitch0 -a vmnic0,vmnic1"],
    "failover_partial": [f"{VSW} uplink add -v vSwitch0 -u vmnic1",
                         f"{VSW} policy failover set -v vSwitch0 -a vmnic0 -s vmnic1",
                         f"{VSW} policy failover set -v vSwitch0 -a vmnic0"],
    "override_lines": [f"{VSW} portgroup policy failover get -p VM_Network"],
    "security_defaults": [f"{VSW} policy security get -v vSwitch0"],
    "portgroup_promisc_letter": [f"{VSW} portgroup policy security set -p VM_Network -o true"],
    "second_vmk_on_portgroup": [f"{IF} add -p Management_Network"],
    "duplicate_vmk_mac": [f"{IF} add -p VM_Network -M 02:00:5e:00:53:00"],
    "duplicate_ip": [f"{IF} add -p VM_Network", f"{IF} ipv4 set -i vmk1 -t static -I 192.0.2.10 -N 255.255.255.0"],
    "vmk_ipv6_initially": [f"{IF} add -p VM_Network"],
    "transient_ip_failures": [f"{IF} ipv4 set -i vmk0 -t none"],
    "ipv4_set_no_gateway": [f"{IF} ipv4 set -i vmk0 -t static -I 192.0.2.10 -N 255.255.255.0"],
    "ipv4_gateway_off_subnet": [f"{IF} ipv4 set -i vmk0 -t static -I 192.0.2.10 -N 255.255.255.0 -g 198.51.100.1"],
    "ipv4_set_routes": [f"{IF} ipv4 set -i vmk0 -t static -I 192.0.2.11 -N 255.255.255.0"],
    "ipv6_bare_address": [f"{IF} ipv6 address add -i vmk0 -I 2001:db8::1"],
    "ipv6_address_columns": [f"{IF} ipv6 address list"],
    "ipv6_get_columns": [f"{IF} ipv6 get"],
    "ipv6_route_columns": [f"{IF} ipv6 address add -i vmk0 -I 2001:db8::1/64", "esxcli network ip route ipv6 list"],
    "link_local_route": ["esxcli network ip route ipv6 add -n default -g fe80::1%vmk0"],
    "default_route_exists": [f"{ROUTE} add -n default -g 192.0.2.2"],
    "duplicate_route": [f"{ROUTE} add -n 203.0.113.0/24 -g 192.0.2.2"] * 2,
    "route_remove_gateway": [f"{ROUTE} remove -n default"],
    "dns_add_present": [f"{DNS} add -s 192.0.2.53"],
    "dns_remove_missing": [f"{DNS} remove -s 192.0.2.54"],
    "dns_remove_all_empty": [f"{DNS} remove -a"] * 2,
    "dns_server_limit": [f"{DNS} add -s 192.0.2.{last}" for last in (1, 2, 3)],
    "owned_ruleset_enable": ["esxcli network firewall ruleset set -r ntpClient -e true"],
    "unknown_ruleset": ["esxcli network firewall ruleset set -r x -e true"],
    "firewall_off_loaded": ["esxcli network firewall set -e false", "esxcli network firewall get"],
    "ping_unreachable": [f"{IF} remove -i vmk0", "esxcli network diag ping -H 198.51.100.1"],
    "unmount_all_busy": ["esxcli storage filesystem unmount -a"],
    "fixgpt_asks_when_fine": [f"partedUtil fixGpt /dev/disks/{DISK}"],
    "parted_busy_text": [f"partedUtil delete /dev/disks/{DISK} 8"],
    "vmfs_label_in_use": ["esxcli storage filesystem unmount -l datastore1",
                          f"vmkfstools -C vmfs6 -S BOOTBANK1 /dev/disks/{DISK}:8"],
    "vmkfstools_unmap_text": ["esxcli storage filesystem unmount -l datastore1",
                              f"vmkfstools -C vmfs6 -S x /dev/disks/{DISK}:8"],
    "vim_unknown_text": ["vim-cmd bogus"],
    "ssh_key_listing": ["esxcli system ssh key add -u root -k " + "ssh-rsa_AAAAB3NzaC1yc2EAAAADAQAB",
                        "esxcli system ssh key list"],
}
# Switches that show otherwise: function(test, values of the switches) -> something to compare.
OTHERS = {}


def other(name):
    def register(function):
        OTHERS[name] = function
        return function
    return register


@other("description_underline")
def _underline(_test, chosen):
    return [fake_esxi.create(release=release, switches=chosen).run("esxcli network nic list".split())
            for release in ("6.7.0", "8.0.3")]


@other("product_name_9")
def _product(_test, chosen):
    return fake_esxi.create(release="9.1.1", switches=chosen).run(["vmware", "-v"])


@other("leased_dns_after_static")
def _leased(_test, chosen):
    host = fake_esxi.create(switches=chosen)
    host.run(f"{IF} ipv4 set -i vmk0 -t none".split())
    return host.summary()["dns"]


@other("reboot_saves")
def _reboot(_test, chosen):
    host = fake_esxi.create(switches=chosen)
    host.run("esxcli system hostname set -H esx01".split())
    host.reboot()
    return host.summary()["fqdn"]


@other("localcli_configstore")
def _localcli(_test, chosen):
    host = fake_esxi.create(switches=chosen)
    host.run("localcli system hostname set -H esx01".split())
    host.reboot()
    return host.summary()["fqdn"]


@other("ssh_keys_file")
def _keys(_test, chosen):
    kept = []
    for mode in (0o600, 0o1600):
        host = fake_esxi.create(switches=chosen)
        host.files.write("/etc/ssh/keys-root/authorized_keys", "ssh-rsa AAAA x\n", mode)
        host.reboot()
        kept.append(host.summary()["root_keys"])
    return kept


def _installed(chosen, rootpw, network="--bootproto=dhcp"):
    host = fake_esxi.create(phase="installer", switches=chosen)
    try:
        host.install(f"vmaccepteula\n{rootpw}\ninstall --firstdisk\nnetwork {network}\n")
    except ValueError as error:
        return str(error)
    return "installed"


@other("md5_root_hash")
def _md5(_test, chosen):
    return _installed(chosen, "rootpw --iscrypted $1$salt$hash")


@other("kickstart_vlan_zero")
def _vlan(_test, chosen):
    return _installed(chosen, f"rootpw {PW}", "--bootproto=dhcp --vlanid=0")


@other("kickstart_end")
def _end(_test, chosen):
    return _installed(chosen, f"rootpw {PW}\n%end")


@other("small_media_sizes")
def _media(_test, chosen):
    return fake_esxi.create(switches=chosen, boot_options="systemMediaSize=min").partitions(DISK)


@other("boot_options_9")
def _boot_options(_test, chosen):
    return fake_esxi.create(release="9.1.1", switches=chosen).files.read("/bootbank/boot.cfg")


@other("ed25519_under_fips")
def _ed25519(_test, chosen):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICmCdMDqkjYCuCXTHyM9NkT0N1Tq4zjIMk0dZzKEBEUA operator"
    host = fake_esxi.create(switches=chosen)
    host.files.write("/etc/ssh/keys-root/authorized_keys", key + "\n")
    with host.world(save=False) as world:
        return ssh.login_keys(world, "root")


@other("var_log")
def _var_log(_test, chosen):
    host = fake_esxi.create(switches=chosen)
    host.files.write("/var/log/sample.log", "text")
    host.reboot()
    return host.files.read("/var/log/sample.log")


@other("unlisted_modules")
def _unlisted_modules(_test, chosen):
    host = fake_esxi.create(switches=chosen)
    host.files.write("/bootbank/extra.tgz", vibs.make_module("other"))
    text = host.files.read("/bootbank/boot.cfg").decode()
    host.files.write("/bootbank/boot.cfg", text.replace("state.tgz", "state.tgz --- extra.tgz"))
    host.files.write("/tmp/a.vib", vibs.make_vib("net-acme"))
    host.run("esxcli software vib install --no-live-install -v /tmp/a.vib".split())
    host.reboot()
    return host.summary()["boot_modules"]


def _mounted(test, chosen, device="mpx.vmhba32:C0:T0:L0"):
    folder = test.sandbox()
    os.makedirs(os.path.join(folder, "tree"))
    with open(os.path.join(folder, "tree", "some_longer_name.json"), "w", encoding="utf-8") as file:
        file.write("{}")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-r", "-V", "config-2", "-o", f"{folder}/cd.iso",
                    f"{folder}/tree"], check=True, capture_output=True)
    host = fake_esxi.create(f"{folder}/host", phase="installer", switches=chosen)
    host.attach_iso("mpx.vmhba32:C0:T0:L0", f"{folder}/cd.iso")
    host.attach_iso(f"{DISK}:2", f"{folder}/cd.iso")
    host.run("localcli system module load -m iso9660".split())
    status = host.run(["vsish", "-e", "set", "/vmkModules/iso9660/mount", device])[0]
    return [status, host.files.names("/dev/disks"), host.files.names("/vmfs/volumes"),
            host.files.names("/vmfs/volumes/config-2"), host.files.names("/vmfs/volumes/CONFIG-2")]


for _name in ("iso9660_names", "iso9660_label", "cdrom_nodes"):
    OTHERS[_name] = _mounted
OTHERS["iso9660_device"] = lambda test, chosen: _mounted(test, chosen, f"/dev/disks/{DISK}:2")


class Alternatives(HostTest):
    def outcome(self, name, chosen):
        """What the host answered, and the configuration it has then."""
        if name in OTHERS:
            return OTHERS[name](self, chosen)
        host = fake_esxi.create(switches=chosen, nics=nic_list(), network=STATIC)
        answers = [host.run([word.replace("_", " ") if "/" not in word else word for word in line.split()])
                   for line in COMMANDS[name]]
        return answers, host.config()

    def test_the_table_is_complete(self):
        self.assertEqual(set(COMMANDS) | set(OTHERS), {switch.name for switch in switches.ALL})

    def test_every_value_of_every_switch(self):
        for switch in switches.ALL:
            seen = []
            for value in switch.values:
                outcome = self.outcome(switch.name, {switch.name: value})
                self.assertFalse(outcome in seen, f"{switch.name}={value} changes nothing")
                seen.append(outcome)


if __name__ == "__main__":
    unittest.main()
