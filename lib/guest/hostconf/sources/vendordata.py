"""This project's own keys in OpenStack vendor data.

They stand in an object named "esxi", at the top of vendor_data.json or vendor_data2.json, in the "static" object
of vendor_data2.json or in the answer of a dynamic vendor data service:

  {"esxi": {"ntp": {"servers": ["192.0.2.1"], "pools": []}, "syslog": ["udp://192.0.2.2:514"],
            "dns_search": ["example.net"], "licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE",
            "ssh": true, "shell": false, "console": true,
            "advanced": {"/UserVars/SuppressShellWarning": 1}, "kernel": {"name": "value"}}}

Besides, the key "cloud-init" (cloud-config as text, as cloud-init itself reads it there) and a plain "ntp" object at
the top are taken. Whatever else vendor data holds is somebody else's and is left alone without a word.
"""

from common import checks
from hostconf.sources import cloudcfg, userdata

_KEYS = ("ntp", "syslog", "dns_search", "licence_key", "license_key", "ssh", "shell", "console", "advanced", "kernel")


def apply(documents, description, warn, set_password):
    """Put what the vendor data asks for into the description (a dict that is being built).

    @param documents: the parsed vendor_data.json and vendor_data2.json, None for a missing one
    """
    places = []
    for document in documents:
        if isinstance(document, dict):
            places.append(document)
            places += [document[key] for key in sorted(document) if isinstance(document[key], dict) and key != "esxi"]
    for place in places:
        text = place.get("cloud-init")
        if isinstance(text, str):
            scripts, configs = userdata.read(text.encode("utf-8"), warn, "vendor data")
            description["user_data"] += scripts
            for config in configs:
                cloudcfg.apply(config, description, warn, set_password)
    for document in documents:
        if isinstance(document, dict):
            static = document.get("static")
            for place in (document, static if isinstance(static, dict) else {}):
                cloudcfg.add_ntp(place.get("ntp"), description, warn)
    for place in places:
        if isinstance(place.get("esxi"), dict):
            _own_keys(place["esxi"], description, warn)


def _own_keys(keys, description, warn):
    for key in sorted(keys):
        if key not in _KEYS:
            warn("vendor data: the key esxi.%s is unknown and is ignored" % key)
    cloudcfg.add_ntp(keys.get("ntp"), description, warn)
    search = cloudcfg.valid_items(keys.get("dns_search"), checks.hostname, "search domain", warn)
    description["dns"]["search"] = search or description["dns"]["search"]
    syslog = cloudcfg.valid_items(keys.get("syslog"), checks.syslog_host, "syslog host", warn)
    description["syslog"] = syslog or description["syslog"]
    for key in ("licence_key", "license_key"):
        if isinstance(keys.get(key), str) and keys[key].strip():
            description["licence_key"] = keys[key].strip()
    for service in ("ssh", "shell", "console"):
        if isinstance(keys.get(service), bool):
            description["services"][service] = keys[service]
        elif keys.get(service) is not None:
            warn("vendor data: esxi.%s must be true or false and is ignored" % service)
    _settings(keys.get("advanced"), description["advanced"], "advanced", checks.advanced_option, (int, str), warn)
    _settings(keys.get("kernel"), description["kernel"], "kernel", checks.string, (int, str, bool), warn)


def _settings(given, settings, what, check_name, types, warn):
    if given is None:
        return
    if not isinstance(given, dict):
        warn("vendor data: esxi.%s must be an object and is ignored" % what)
        return
    for name in sorted(given):
        value = given[name]
        try:
            check_name(name)
        except ValueError as error:
            warn("vendor data: a setting of esxi.%s is ignored: %s" % (what, error))
            continue
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            warn("vendor data: esxi.%s %s is neither a number nor text and is ignored" % (what, name))
        elif what == "kernel":
            settings[name] = {True: "TRUE", False: "FALSE"}[value] if isinstance(value, bool) else str(value)
        else:
            settings[name] = value
