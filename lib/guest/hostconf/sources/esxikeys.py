"""This project's own keys: the object "esxi" in vendor data and in #cloud-config, one table for both.

README.md shows the table, and a test compares the two.
"""

import collections

from common import checks, description as schema
from hostconf.sources import vcenters
from hostconf.sources.items import add_ntp, valid_items
from hostconf.sources.yamlflow import text_of

# Tags of VMkernel interfaces by what people write, without case, blanks, hyphens and underscores.
TAGS = dict((tag.lower(), tag) for tag in schema.TAGS)
TAGS.update(faulttolerance="faultToleranceLogging", replication="vSphereReplication",
            replicationnfc="vSphereReplicationNFC", provisioning="vSphereProvisioning")
SECURITY = ("promiscuous", "mac_changes", "forged_transmits")
_BOOT_DISK = "boot"
# How ESXi's own names of disks begin.
_DEVICES = ("naa.", "eui.", "t10.", "mpx.", "vml.")
_DATA_PARTITION, _BOOT_PARTITION = 1, 8


class _Place:
    """What a key is applied to.

    description  the dict that is being built
    warn         called with a sentence
    aliases      {another name of a network: the name that the description knows}
    """

    def __init__(self, description, warn, aliases):
        self.description = description
        self.warn = warn
        self.aliases = aliases


def apply(keys, description, warn, where, aliases=None):
    """Put what an object "esxi" asks for into the description (a dict that is being built).

    @param where: what messages call the source
    @param aliases: {another name of a network, such as Neutron's: its id}
    """
    if not isinstance(keys, dict):
        warn("%s: esxi is not an object and is ignored" % where)
        return
    known = [key.name for key in KEYS] + list(_SPELLINGS)
    for name in sorted(str(name) for name in keys if name not in known):
        warn("%s: the key esxi.%s is unknown and is ignored" % (where, name))
    for key in KEYS:
        for name in [key.name] + [other for other in _SPELLINGS if _SPELLINGS[other] == key.name]:
            if keys.get(name) is None:
                continue

            def say(sentence, name=name):
                warn("%s: esxi.%s: %s" % (where, name, sentence))

            try:
                key.apply(keys[name], _Place(description, say, aliases or {}))
            except ValueError as error:
                warn("%s: esxi.%s is ignored: %s" % (where, name, error))


def management(objects):
    """The name of the network that is to be management; None: nobody says. The last object that says so decides.

    @param objects: objects "esxi", those with more say last
    """
    found = None
    for keys in objects:
        networks = keys.get("networks") if isinstance(keys, dict) else None
        for name in sorted(networks, key=str) if isinstance(networks, dict) else []:
            options = networks[name]
            if isinstance(options, dict) and options.get("management") is True:
                found = _text(name)
    return found


# One function for each form of value -----------------------------------------------------------------------------

def _ntp(value, place):
    if not isinstance(value, dict):
        value = {"servers": value}
    add_ntp(value, place.description, place.warn)


def _syslog(value, place):
    place.description["syslog"] = (valid_items(value, checks.syslog_host, "syslog host", place.warn)
                                   or place.description["syslog"])


def _dns_search(value, place):
    search = valid_items(value, checks.hostname, "search domain", place.warn)
    place.description["dns"]["search"] = search or place.description["dns"]["search"]


def _licence_key(value, place):
    text = text_of(value)
    if not text or not text.strip():
        raise ValueError("it must be text")
    place.description["licence_key"] = text.strip()


def _service(name):
    def apply_service(value, place):
        place.description["services"][name] = checks.boolean(value)
    return apply_service


def _advanced(value, place):
    for name, setting in _settings(value, checks.advanced_option, place.warn):
        if isinstance(setting, bool) or not isinstance(setting, (int, str)):
            place.warn("%s is neither a number nor text and is ignored" % name)
        else:
            place.description["advanced"][name] = setting


def _kernel(value, place):
    for name, setting in _settings(value, checks.string, place.warn):
        text = {True: "TRUE", False: "FALSE"}[setting] if isinstance(setting, bool) else _text(setting)
        if text is None:
            place.warn("%s is neither a number nor text and is ignored" % name)
        else:
            place.description["kernel"][name] = text


def _settings(value, check_name, warn):
    if not isinstance(value, dict):
        raise ValueError("it must be an object")
    for name in sorted(value, key=str):
        try:
            yield check_name(name), value[name]
        except ValueError as error:
            warn("a setting is ignored: %s" % error)


def _datastores(value, place):
    if isinstance(value, dict):
        value = [{"name": name, "disks": value[name]} for name in sorted(value, key=str)]
    if not isinstance(value, list):
        raise ValueError("it must be a list")
    datastores = []
    for entry in value:
        name = _text(entry.get("name")) if isinstance(entry, dict) else None
        disks = entry.get("disks") if isinstance(entry, dict) else None
        disks = disks if isinstance(disks, list) else [disks]
        if not name or not disks:
            raise ValueError("each datastore needs a name and disks")
        extents = [_extent(disk) for disk in disks]
        datastores.append({"name": checks.string(name), "extents": extents})
    place.description["storage"] = schema.part("storage", {"datastores": datastores})


def _extent(disk):
    if isinstance(disk, dict):
        known = dict((key, _text(disk.get(key))) for key in ("serial", "model", "path", "device"))
        wanted = dict((key, checks.string(known[key])) for key in known if known[key])
        wanted["boot_disk"] = disk.get("boot") is True
        if sorted(key for key in disk if key not in known and key != "boot"):
            raise ValueError("a disk has the keys boot, device, serial, model and path alone")
    else:
        text = checks.string(_text(disk))
        wanted = {"boot_disk": text == _BOOT_DISK}
        if not wanted["boot_disk"]:
            wanted["device" if text.startswith(_DEVICES) else "path" if text.startswith("/") else "serial"] = text
    return {"disk": wanted, "partition": _BOOT_PARTITION if wanted["boot_disk"] else _DATA_PARTITION}


def _vcenter(value, place):
    if not isinstance(value, dict):
        raise ValueError("it must be an object")
    unknown = sorted(str(key) for key in value if key not in vcenters.KEYS)
    if unknown:
        place.warn("%s is unknown and is ignored" % ", ".join(unknown))
    place.description["vcenter"] = schema.part("vcenter", vcenters.read(value))


def _unnumbered(value, place):
    wanted = checks.boolean(value)
    if "unnumbered" in place.description:
        place.description["unnumbered"] = wanted
    else:
        place.warn("it says something of network_data, and there is none here")


def _vm_network(value, place):
    words = {"keep": True, "drop": False}
    place.description["vm_network"] = words[value] if value in ("keep", "drop") else checks.boolean(value)


def _networks(value, place):
    if not isinstance(value, dict):
        raise ValueError("it must be an object")
    network = place.description["network"]
    for name in sorted(value, key=str):
        interface = _interface(network, _text(name), place.aliases)
        if interface is None:
            place.warn("there is no network %s" % name)
        elif not isinstance(value[name], dict):
            place.warn("%s must be an object and is ignored" % name)
        else:
            _network_options(value[name], interface, name, place.warn)


def _interface(network, name, aliases):
    for interface in network["interfaces"] if network else []:
        names = [interface["id"], interface["link"]] + [address.get("id") for address in interface["addresses"]]
        if name in names or aliases.get(name) in names:
            return interface
    return None


def _network_options(options, interface, name, warn):
    for key in sorted(options, key=str):
        value = options[key]
        try:
            if key == "port_group":
                interface["port_group"] = checks.string(_text(value))
            elif key == "tags":
                interface["tags"] = _tags(value)
            elif key == "security":
                interface["security"] = _security(value)
            elif key == "management":
                checks.boolean(value)  # netdata.read has been told
            else:
                warn("%s.%s is unknown and is ignored" % (name, key))
        except ValueError as error:
            warn("%s.%s is ignored: %s" % (name, key, error))


def _tags(value):
    found = []
    for word in value if isinstance(value, list) else [value]:
        tag = TAGS.get((_text(word) or "").lower().translate(dict((ord(char), None) for char in " -_")))
        if tag is None:
            raise ValueError("%r is not a tag; there are %s" % (word, ", ".join(sorted(set(TAGS.values())))))
        if tag not in found:
            found.append(tag)
    return found


def _security(value):
    if not isinstance(value, dict) or not value or any(key not in SECURITY for key in value):
        raise ValueError("it must be an object with some of %s" % ", ".join(SECURITY))
    words = {"accept": True, "reject": False}
    return dict((key, words[value[key]] if value[key] in ("accept", "reject") else checks.boolean(value[key]))
                for key in value)


def _text(value):
    """Text, and the text of a number whether YAML or JSON gave it."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and text_of(value) is None \
        else text_of(value)


Key = collections.namedtuple("Key", "name value meaning apply")

# In the order in which they are applied.
KEYS = (
    Key("ntp", "`{servers: [], pools: []}`, or a list of servers", "time servers", _ntp),
    Key("syslog", "list of `HOST`, `HOST:PORT`, `udp://`, `tcp://` or `ssl://HOST:PORT`", "where logs are sent",
        _syslog),
    Key("dns_search", "list of domains", "search domains; they replace those of the networks", _dns_search),
    Key("licence_key", "text; `license_key` is the same", "five groups of five", _licence_key),
    Key("ssh", "true or false", "SSH server; on unless said", _service("ssh")),
    Key("shell", "true or false", "ESXi Shell; on unless said", _service("shell")),
    Key("console", "true or false", "DCUI; as it is unless said", _service("console")),
    Key("advanced", "object of paths and values", "advanced settings, such as `/UserVars/SuppressShellWarning: 1`",
        _advanced),
    Key("kernel", "object of names and values", "kernel settings; the host starts again for them", _kernel),
    Key("datastores", "list of `{name: …, disks: […]}`; a disk is `boot`, an ESXi name (`naa.…`), a path, a serial "
        "number, or an object with `boot`, `device`, `serial`, `model`, `path`", "VMFS-6 datastores; several disks are "
        "one datastore. Whatever is on those disks is lost; of the boot disk the free space is used", _datastores),
    Key("vcenter", "`{server, username, password, datacenter, cluster, folder, ca_certificate, verify_tls}`, the first "
        "three needed", "the vCenter to join", _vcenter),
    Key("unnumbered", "true or false", "links, bonds and VLANs that no network uses become vSwitches and port groups "
        "for virtual machines, named as the links; false unless said", _unnumbered),
    Key("vm_network", "`keep` or `drop`", "the port group `VM Network` that the installer made; kept unless said",
        _vm_network),
    Key("networks", "object of network ids (of the network, its link, or Neutron's) and `{port_group: NAME, tags: […], "
        "management: true, security: {promiscuous, mac_changes, forged_transmits}}`", "the name of the port group; "
        "tags of the VMkernel interface (`vMotion`, `vSAN`, `provisioning`, `replication`, "
        "`replicationNFC`, `faultTolerance`, `management`), which are added; which network is management; what its "
        "vSwitch allows, by true and false or `accept` and `reject`", _networks),
)
_SPELLINGS = {"license_key": "licence_key"}


def table():
    """The table as README.md has it."""
    rows = [("key of `esxi`", "value", "meaning"), ("---",) * 3]
    rows += [("`%s`" % key.name, key.value, key.meaning) for key in KEYS]
    return "".join("| %s |\n" % " | ".join(row) for row in rows)
