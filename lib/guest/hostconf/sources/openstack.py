"""OpenStack metadata (a config drive, or the same files embedded at build time) → host description."""

import json
import re

from common import checks, description as schema
from common.netvalues import objects
from hostconf.sources import (cloudcfg, esxikeys, netdata, netlinks, passwords, sshkeys, userdata, vendordata,
                              vendorforms)
from hostconf.sources.hostnames import safe_hostname
from hostconf.sources.shacrypt import sha512_crypt

# The files of openstack/latest that are read; user_data is the only one that is not JSON.
FILES = ("meta_data.json", "network_data.json", "user_data", "vendor_data.json", "vendor_data2.json")

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")


def read(files, source, hash_password=sha512_crypt):
    """The host description that the files ask for. Every file is optional.

    Whatever can be ignored is ignored with a warning in the description. What makes the network impossible
    (or meta_data unreadable) is put into "refusal", and "network" is null then.

    @param files: contents (bytes) by the names in FILES; missing or None where there is no such file
    @param source: "config-drive" or "embedded"
    @param hash_password: str → crypt string
    """
    warnings = []

    def warn(sentence):
        sentence = checks.one_line(sentence)
        if sentence not in warnings:
            warnings.append(sentence)

    refusals = []
    meta = _object(files, "meta_data.json", refusals.append)
    network_data = _json(files, "network_data.json", refusals.append)
    result = {
        "format": schema.FORMAT, "source": source, "hostname": None, "root_password_hash": None, "ssh_keys": [],
        "services": {}, "network": None, "dns": {"servers": [], "search": []}, "ntp": {}, "syslog": [],
        "licence_key": None, "advanced": {}, "kernel": {}, "user_data": [], "files": [], "phone_home": None,
        "unnumbered": False,
        "instance_id": meta["uuid"] if isinstance(meta.get("uuid"), str) and _UUID.match(meta["uuid"]) else None,
    }

    def set_password(password, is_hash):
        try:
            plain, crypt = passwords.read(password, is_hash)
            result["root_password_hash"] = crypt or hash_password(plain)
        except ValueError as error:
            warn(str(error))

    documents = vendorforms.documents([_json(files, name, warn) for name in ("vendor_data.json", "vendor_data2.json")])
    scripts, configs = userdata.read(files.get("user_data"), warn)
    own_keys = vendordata.own_keys(documents) + [config.get("esxi") for config in configs]
    aliases = _aliases(network_data)
    _names_and_keys(meta, result, warn, set_password)
    try:
        result["network"], result["dns"] = netdata.read(network_data, warn, esxikeys.management(own_keys))
    except ValueError as error:
        refusals.append(str(error))
    vendordata.apply(documents, result, warn, set_password, aliases)
    result["user_data"] += scripts
    for config in configs:
        cloudcfg.apply(config, result, warn, set_password, aliases)
    result["ssh_keys"] = sshkeys.distinct(result["ssh_keys"])
    if result.pop("unnumbered") and not refusals:
        result["network"] = netlinks.add_unused(network_data, result["network"], warn)
    return _validated(result, warnings, refusals)


def _validated(result, warnings, refusals):
    result["warnings"] = warnings
    try:
        schema.validate(result)
    except schema.DescriptionError as error:
        # Single values were checked above: what is left is a network whose parts contradict each other.
        refusals.append(str(error))
    if refusals:
        result["network"] = None
        result["refusal"] = checks.one_line("; ".join(refusals))
    return schema.validate(result)


def _aliases(network_data):
    """{Neutron's id of a network: its id in network_data}"""
    networks = network_data.get("networks") if isinstance(network_data, dict) else None
    return dict((entry["network_id"], entry["id"]) for entry in objects(networks)
                if isinstance(entry.get("network_id"), str) and isinstance(entry.get("id"), str))


def _names_and_keys(meta, result, warn, set_password):
    for key in ("hostname", "name"):
        if isinstance(meta.get(key), str) and meta[key].strip():
            result["hostname"] = safe_hostname(meta[key], warn)
            break
    else:
        # A node that nobody gave a name is called by its UUID.
        if isinstance(meta.get("uuid"), str) and _UUID.match(meta["uuid"]):
            result["hostname"] = meta["uuid"].lower()
    result["ssh_keys"] += sshkeys.keys_in(meta.get("public_keys"), warn)
    for entry in meta.get("keys") if isinstance(meta.get("keys"), list) else []:
        if isinstance(entry, dict) and entry.get("type", "ssh") == "ssh":
            result["ssh_keys"] += sshkeys.keys_in(entry.get("data"), warn)
        else:
            warn("a key of meta_data that is not an SSH key is ignored")
    extra = meta.get("meta")
    for place in (meta, extra if isinstance(extra, dict) else {}):
        if isinstance(place.get("admin_pass"), str) and place["admin_pass"]:
            set_password(place["admin_pass"], False)
            break


def _json(files, name, complain):
    """The parsed file, or None when it is missing, empty or not JSON."""
    data = files.get(name)
    if data is None or not data.strip():
        return None
    try:
        return json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        complain("%s is not JSON: %s" % (name, error))
        return None


def _object(files, name, complain):
    value = _json(files, name, complain)
    if value is not None and not isinstance(value, dict):
        complain("%s is not a JSON object" % name)
    return value if isinstance(value, dict) else {}
