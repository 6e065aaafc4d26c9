"""The host description: one plain JSON document, whatever the deployer.

Every source (embedded metadata, MAAS, config drive) is turned into this form in %pre or earlier, and
everything after that reads only this. README.md beside this package documents it field by field.
"""

import json

from common import checks, consistency
from common.bonds import TEAMING
from common.netvalues import MTU_MAX, MTU_MIN, VLAN_MAX
from common.schema import list_of, map_of, object_of, optional, required, value_of

FORMAT = 1

# A static address names address and prefix; the other types name neither.
STATIC_TYPES = ("ipv4-static", "ipv6-static")
ADDRESS_TYPES = STATIC_TYPES + ("ipv4-dhcp", "ipv6-slaac", "ipv6-dhcp-stateless", "ipv6-dhcp")

# esxcli network ip interface tag add
TAGS = ("Management", "VMotion", "VSAN", "faultToleranceLogging", "vSphereReplication", "vSphereReplicationNFC",
        "vSphereProvisioning")

_text = value_of(checks.string)
_secret = value_of(checks.secret)
_bool = value_of(checks.boolean)
_mtu = value_of(checks.integer(MTU_MIN, MTU_MAX))
_bytes = value_of(checks.integer(0, 2 ** 63 - 1))


def _advanced_value(value):
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError("must be a whole number or a string")
    return value


def _base64(value):
    if not isinstance(value, str):
        raise ValueError("must be base64 text")
    return value


def _pem(value):
    if not isinstance(value, str) or "-----BEGIN CERTIFICATE-----" not in value:
        raise ValueError("must be a certificate in PEM form")
    return value


_link = object_of({
    "id": required(_text),
    "kind": required(value_of(checks.one_of("nic", "bond"))),
    "mac": optional(value_of(checks.mac)),
    "name": optional(value_of(checks.nic_name)),
    "members": optional(list_of(_text), list),
    "mode": optional(value_of(checks.one_of(*sorted(TEAMING)))),
    "primary": optional(_text),
    "mtu": optional(_mtu),
})

_address = object_of({
    "id": optional(_text),
    "type": required(value_of(checks.one_of(*ADDRESS_TYPES))),
    "address": optional(value_of(checks.ip_address)),
    "prefix": optional(value_of(checks.integer(0, 128))),
})

_security = object_of(dict((name, optional(_bool)) for name in ("promiscuous", "mac_changes", "forged_transmits")))

_interface = object_of({
    "id": required(_text),
    "link": required(_text),
    "vlan": optional(value_of(checks.integer(0, VLAN_MAX)), 0),
    "mtu": optional(_mtu),
    "mac": optional(value_of(checks.mac)),
    "addresses": optional(list_of(_address), list),
    "port_group": optional(_text),
    "tags": optional(list_of(value_of(checks.one_of(*TAGS))), list),
    "security": optional(_security),
})

_gateway = object_of({
    "address": required(value_of(checks.ip_address)),
    "interface": required(_text),
})

_route = object_of({
    "network": required(value_of(checks.ip_network)),
    "gateway": required(value_of(checks.ip_address)),
    "interface": required(_text),
})

# A segment for virtual machines: no address of the host's, a port group alone.
_vm_network = object_of({
    "id": required(_text),
    "link": required(_text),
    "vlan": optional(value_of(checks.integer(0, 4094)), 0),
    "mtu": optional(_mtu),
})

_network = object_of({
    "links": optional(list_of(_link), list),
    "interfaces": optional(list_of(_interface), list),
    "management": optional(_text),
    "gateway4": optional(_gateway),
    "gateway6": optional(_gateway),
    "routes": optional(list_of(_route), list),
    "vm_networks": optional(list_of(_vm_network), list),
})

_disk = object_of({
    "boot_disk": optional(_bool, False),
    "serial": optional(_text),
    "model": optional(_text),
    "path": optional(_text),
    "device": optional(_text),
    "numbers": optional(list_of(value_of(checks.disk_number)), list),
    "size_bytes": optional(_bytes),
})

_extent = object_of({
    "disk": required(_disk),
    "partition": required(value_of(checks.integer(1, 128))),
    "size_bytes": optional(_bytes),
})

_datastore = object_of({
    "name": required(_text),
    "extents": required(list_of(_extent)),
})

_storage = object_of({
    "datastores": optional(list_of(_datastore), list),
    "wipe": optional(list_of(_disk), list),
    "extend_default": optional(_bool, False),
    "boot_disk_planned_bytes": optional(_bytes),
})

_maas = object_of({
    "endpoint": required(_text),
    "consumer_key": required(_secret),
    "token_key": required(_secret),
    "token_secret": required(_secret),
    "fetch": optional(list_of(value_of(checks.one_of(
        "local-hostname", "public-keys", "vendor-data", "user-data"))), list),
    "report_failure": optional(_bool, True),
})

_vcenter = object_of({
    "server": required(value_of(checks.server)),
    "username": required(_text),
    "password": required(_secret),
    "datacenter": optional(_text),
    "cluster": optional(_text),
    "folder": optional(_text),
    "ca_certificate": optional(value_of(_pem)),
    "verify_tls": optional(_bool, True),
})

_file = object_of({
    "path": required(value_of(checks.path)),
    "content_base64": required(value_of(_base64)),
    "mode": required(value_of(checks.integer(0, 0o7777))),
    "append": optional(_bool, False),
    "defer": optional(_bool, False),
})

_phone_home = object_of({
    "url": required(_secret),
    "post": optional(list_of(_text), list),
    "tries": optional(value_of(checks.integer(1, 100)), 1),
})

_description = object_of({
    "format": required(value_of(checks.integer(FORMAT, FORMAT))),
    "source": required(value_of(checks.one_of("embedded", "config-drive", "maas"))),
    "warnings": optional(list_of(_text), list),
    "refusal": optional(_text),
    "hostname": optional(value_of(checks.hostname)),
    "root_password_hash": optional(value_of(checks.password_hash)),
    "ssh_keys": optional(list_of(value_of(checks.ssh_key)), list),
    "services": optional(object_of({
        "ssh": optional(_bool, True),
        "shell": optional(_bool, True),
        "console": optional(_bool),
    }), lambda: {"ssh": True, "shell": True, "console": None}),
    "network": optional(_network),
    "dns": optional(object_of({
        "servers": optional(list_of(value_of(checks.ip_address)), list),
        "search": optional(list_of(value_of(checks.hostname)), list),
    }), lambda: {"servers": [], "search": []}),
    "ntp": optional(object_of({
        "servers": optional(list_of(value_of(checks.server)), list),
        "pools": optional(list_of(value_of(checks.server)), list),
    }), lambda: {"servers": [], "pools": []}),
    "syslog": optional(list_of(value_of(checks.syslog_host)), list),
    "licence_key": optional(_secret),
    "advanced": optional(map_of(checks.advanced_option, value_of(_advanced_value)), dict),
    "kernel": optional(map_of(checks.string, _text), dict),
    "instance_id": optional(_text),
    "vm_network": optional(_bool),
    "files": optional(list_of(_file), list),
    "phone_home": optional(_phone_home),
    "user_data": optional(list_of(object_of({
        "name": required(_text),
        "script_base64": required(value_of(_base64)),
    })), list),
    "storage": optional(_storage),
    "maas": optional(_maas),
    "vcenter": optional(_vcenter),
    "vcenter_ca": optional(value_of(_pem)),
    "vcenter_insecure": optional(_bool, False),
})


class DescriptionError(ValueError):
    """The description is not one that can be applied; the message names every fault, on one line."""


def validate(document):
    """Return the description in canonical form with every default filled in.

    @param document: what json.loads gave, or a dict built by a source
    @raise DescriptionError: naming each field that is wrong
    """
    errors = []
    result = _description(document, "", errors)
    if not errors:
        consistency.check(result, errors)
    if errors:
        raise DescriptionError("; ".join(errors))
    return result


def part(name, value):
    """One part of a description in canonical form, judged alone.

    @param name: a field of the description, such as "storage"
    @raise DescriptionError: naming each fault
    """
    return validate({"format": FORMAT, "source": "embedded", name: value})[name]


def loads(text):
    """Read a description from JSON text. @raise DescriptionError: also when it is not JSON"""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DescriptionError("the host description is not JSON: %s" % error)
    return validate(document)


def dumps(description):
    """The description as JSON text: sorted, so that equal descriptions are equal bytes."""
    return json.dumps(description, indent=1, sort_keys=True) + "\n"


def is_password_hash(text):
    """Whether the text is a crypt string of a kind that ESXi knows."""
    try:
        checks.password_hash(text)
    except ValueError:
        return False
    return True
