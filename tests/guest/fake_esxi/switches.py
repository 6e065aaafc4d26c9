"""Behaviour that nobody has confirmed on a licensed host: one named switch each.

The first value is the default, every other one an alternative that real hosts might show. Guest code has
to work with all of them, so `scenarios()` gives one setting per alternative to repeat a test with.
"""
from collections import namedtuple


class Switch(namedtuple("Switch", "name values doc")):
    """`values` begins with the default."""

    @property
    def default(self):
        return self.values[0]

    @property
    def alternatives(self):
        return self.values[1:]


def _table(text):
    rows = []
    for line in text.strip().splitlines():
        name, values, doc = (part.strip() for part in line.split("|"))
        rows.append(Switch(name, tuple(values.split()), doc))
    return tuple(rows)


ALL = _table("""
error_stream             | stdout stderr              | where esxcli and localcli print errors
runtime_wording          | sentences sysinfo          | run-time errors whose text nobody has seen: a sentence, or ESXi's general one
name_case                | sensitive insensitive      | whether vswitch0 finds vSwitch0
json_formatter           | with-debug always never    | when --formatter=json is known (7.0 and later)
csv_layout               | alphabetical model         | csv columns: sorted with a comma at the line's end, or as declared without
missing_parameters       | all first                  | several required parameters missing: one line each, or the first only
invalid_option_text      | invalid unrecognized       | wording for an option that the command does not have
repeated_option          | last fail                  | a single-valued option given twice
enum_tail                | values none                | whether the enum constraint error lists the allowed values
description_underline    | by-release full header     | dashes under a last free-text column: full width (6.x) or header width (7.0+)
uncertain_letters        | known unknown              | short letters of nic set, shaping set, syslog mark, coredump network set and netstack commands
fqdn_bare_name           | accept refuse              | hostname set --fqdn with a name that has no dot
fqdn_adds_search_domain  | no yes                     | hostname set --fqdn puts its domain into the DNS search list
version_patch            | documented zero            | Update/Patch figures of 6.7 and 8.0.3
product_name_9           | esx esxi                   | vmware -v wording on 9.x
shutdown_maintenance     | not-needed needed          | system shutdown outside maintenance mode
reboot_saves             | yes no                     | reboot and system shutdown save the configuration on their way down
localcli_vim_backed      | shutdown more              | commands that localcli lacks: shutdown alone, or also account, permission, maintenance
localcli_configstore     | reaches lost               | what localcli changes on a running 7.0+ host survives a reboot
ntp_extra_options        | known unknown              | system ntp set has --config, --file and --loglevel
ntp_get_extra_fields     | absent present             | system ntp get prints Config, PID and Runtime Seconds
ntp_unresolvable         | accept fail disable        | system ntp set --server NAME while no DNS server is configured
syslog_fields            | by-release old             | field list of syslog config get on 7.0.3 and later
ssh_keyword_option       | keyword key                | long name of -k in system ssh server config
ssh_config_headers       | key keyword                | column names of system ssh server config list
account_shell_access     | last second                | place of Shell Access in account list (8.0+)
weak_password            | refuse accept              | account set with a password that the policy forbids
unlisted_modules         | stay travel                | whether modules of a boot bank that no VIB has are in an image that is staged into the other one
vswitch_missing_text     | not-exist not-found        | wording for an unknown vSwitch
vswitch_busy_text        | in-use busy                | wording when a vSwitch with connected ports is removed
vswitch_idle_portgroups  | dropped busy               | removing a vSwitch that still has idle port groups
vswitch_mtu_max          | 9000 9190                  | largest MTU of a vSwitch
vswitch_mtu_below_vmk    | fail succeed               | lowering a vSwitch's MTU below that of a vmk on it
vswitch_name_limit       | 31 32                      | longest vSwitch name
duplicate_portgroup      | fail ignore                | portgroup add with a name in use on the same vSwitch
teaming_foreign_uplink   | fail ignore                | failover set naming a NIC that is not an uplink of the vSwitch
failover_partial         | keep clear                 | failover set with only one of active/standby: the other list
override_lines           | four five none             | Override Vswitch lines of portgroup policy failover get (none: security get lacks them too)
security_defaults        | by-release permissive      | MAC change and forged transmits on a fresh vSwitch0
portgroup_promisc_letter | o p                        | short letter of portgroup policy security set --allow-promiscuous
vlan_range_text          | constraint plain           | wording for a VLAN above 4095
shaping_units            | shown absent               | units in policy shaping get
second_vmk_on_portgroup  | fail succeed               | ip interface add on a port group that carries a vmk
duplicate_vmk_mac        | fail succeed               | ip interface add -M with the MAC of another vmk
duplicate_ip             | fail succeed               | ipv4 set with the address of another vmk
vmk_ipv6_initially       | enabled disabled           | IPv6 of a vmk that esxcli makes
transient_ip_failures    | 0 2                        | first calls of ipv4 set and route add that fail while the link comes up
ipv4_set_no_gateway      | drops keeps                | ipv4 set without -g: earlier per-vmk gateway
ipv4_gateway_off_subnet  | fail accept                | ipv4 set -g outside the vmk's subnet
ipv4_set_routes          | dropped kept               | routes through the old subnet after ipv4 set
ipv6_bare_address        | fail accept                | ipv6 address add -I without /LEN (accepted as /64)
ipv6_address_columns     | long short                 | column names of ipv6 address list
ipv6_get_columns         | long short                 | column names of ipv6 get
ipv6_route_columns       | prefix cidr                | ipv6 route list: Prefix Length column, or the length in Network
link_local_route         | zone refuse                | route ipv6 add -g fe80::1%vmkN (never without a zone); ipv6 set -g always takes it
default_route_exists     | fail replace               | route add default when the stack has one
duplicate_route          | fail ignore                | route add of a route that exists
route_remove_gateway     | optional required          | route remove without -g
dns_add_present          | fail ignore                | dns server/search add of an entry that is there
dns_remove_missing       | fail ignore                | dns server/search remove of an entry that is not there
dns_remove_all_empty     | succeed fail               | dns server remove --all on an empty list
dns_server_limit         | none three                 | number of DNS servers that the host takes
leased_dns_after_static  | stay removed               | DNS servers learnt by DHCP after ipv4 set -t static
owned_ruleset_enable     | refuse accept              | firewall ruleset set -e on a service-owned set (8.0U2+)
unknown_ruleset          | fail ignore                | firewall ruleset set of an unknown set
firewall_off_loaded      | true false                 | Loaded after firewall set --enabled=false
ping_unreachable         | rc0 rc1                    | exit status of diag ping when nothing answers
nvme_unknown_adapter     | rc1 rc0                    | nvme device get of an adapter that is none: fails, or prints nothing
unmount_all_busy         | rc0 rc1                    | filesystem unmount -a while system volumes are busy
fixgpt_asks_when_fine    | no yes                     | partedUtil fixGpt on a correct table asks its questions
parted_busy_text         | read-only in-use           | partedUtil wording for a partition in use
vmfs_label_in_use        | fail succeed               | vmkfstools -C -S LABEL with the label of another volume
vmkfstools_unmap_text    | long short                 | the unmap part of vmkfstools -C's messages
cdrom_nodes              | cdrom disks                | folder below /vmfs/devices of a CD drive
iso9660_names            | iso rock-ridge             | file names of a mounted ISO: plain ISO9660 names, or Rock Ridge ones
iso9660_label            | as-is upper                | case of the folder /vmfs/volumes/LABEL of a mounted ISO
iso9660_device           | name path-too              | vsish iso9660 mount takes a device name only, or a /dev/disks path too
vim_unknown_text         | commands invalid           | vim-cmd output for an unknown command
ssh_keys_file            | kept sticky lost           | a hand-written authorized_keys after a reboot of 8.0+: kept, kept with its sticky bit, lost
ed25519_under_fips       | refuse accept              | whether sshd of 8.0+ takes Ed25519 keys while FIPS mode is on
ssh_key_listing          | table text                 | layout of system ssh key list (8.0+)
md5_root_hash            | accept refuse              | kickstart rootpw --iscrypted with a $1$ hash
kickstart_vlan_zero      | refuse accept              | kickstart network --vlanid=0
kickstart_end            | refuse ignore              | a %end line in a kickstart file
small_media_sizes        | known ignored              | systemMediaSize=min and small, or taken as the default size
boot_options_9           | as-before empty            | kernelopt of an installed 9.x
var_log                  | scratch ram                | /var/log of the installed host: link to /scratch/log, or in memory
secure_boot_output       | word sentence              | output of secureBoot.py -s
""")

_BY_NAME = {switch.name: switch for switch in ALL}


def settle(chosen=None):
    """All switches with their value: defaults, overridden by `chosen`. ValueError for an unknown name or value."""
    values = {switch.name: switch.default for switch in ALL}
    for name, value in (chosen or {}).items():
        if name not in _BY_NAME:
            raise ValueError(f"no switch {name!r}")
        if str(value) not in _BY_NAME[name].values:
            raise ValueError(f"switch {name}: {value!r} is none of {', '.join(_BY_NAME[name].values)}")
        values[name] = str(value)
    return values


def variant(chosen):
    """One text for a setting: what differs from the defaults."""
    return ",".join(f"{name}={value}" for name, value in sorted(chosen.items()) if value != _BY_NAME[name].default)


def from_variant(text):
    """The setting again that `variant` made the text from."""
    return settle(dict(part.split("=") for part in text.split(",") if part))


def scenarios():
    """Settings to repeat a scenario with: the defaults, then each alternative alone."""
    yield {}
    for switch in ALL:
        for value in switch.alternatives:
            yield {switch.name: value}


def documentation():
    """The table as Markdown."""
    lines = ["| switch | default | alternatives | meaning |", "| --- | --- | --- | --- |"]
    for switch in ALL:
        lines.append(f"| `{switch.name}` | {switch.default} | {', '.join(switch.alternatives)} | {switch.doc} |")
    return "\n".join(lines) + "\n"
