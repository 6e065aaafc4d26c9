"""Teaming, security and shaping policies, of a standard switch and as overrides of its port groups."""
from ..errors import EsxiError
from ..output import Struct

GET_NAME = {"portid": "srcport", "mac": "srcmac", "iphash": "iphash", "explicit": "explicit"}


def default_failover():
    return {"load_balancing": "portid", "detection": "link", "notify": True, "failback": True,
            "active": [], "standby": []}


def default_shaping():
    return {"enabled": False, "average": -1, "peak": -1, "burst": -1}


def _names(text):
    return [name for name in text.split(",") if name]


def _uplink_lists(world, options, now, uplinks):
    """The new active and standby lists."""
    lists = {"active": None, "standby": None}
    for key in lists:
        if f"{key}-uplinks" not in options:
            continue
        names = _names(options[f"{key}-uplinks"])
        if len(set(names)) != len(names):
            raise EsxiError(f"Unable to Set: {key} uplinks name a NIC twice")
        foreign = [name for name in names if name not in uplinks]
        if foreign and world.switch("teaming_foreign_uplink") == "fail":
            raise EsxiError(f"Unable to Set: {foreign[0]} is not an uplink of this switch")
        lists[key] = [name for name in names if name in uplinks]
    if lists["active"] is not None and lists["standby"] is not None:
        if set(lists["active"]) & set(lists["standby"]):
            raise EsxiError("Unable to Set: a NIC cannot be active and standby")
        return lists["active"], lists["standby"]
    given, other = ("active", "standby") if lists["active"] is not None else ("standby", "active")
    keep = world.switch("failover_partial") == "keep"
    lists[other] = [name for name in now[other] if name not in lists[given]] if keep else []
    return lists["active"], lists["standby"]


def change_failover(world, options, effective, uplinks):
    """The settings that `policy failover set` changes, as a dictionary. EsxiError when they do not fit together."""
    changes = {}
    for option, key in (("load-balancing", "load_balancing"), ("failure-detection", "detection"),
                        ("notify-switches", "notify"), ("failback", "failback")):
        if option in options:
            changes[key] = options[option]
    if "active-uplinks" in options or "standby-uplinks" in options:
        changes["active"], changes["standby"] = _uplink_lists(world, options, effective, uplinks)
    result = {**effective, **changes}
    if result["load_balancing"] == "iphash":
        if result["standby"]:
            raise EsxiError("Unable to Set: IP hash does not allow standby uplinks")
        if result["detection"] == "beacon":
            raise EsxiError("Unable to Set: IP hash does not allow beacon probing")
    return changes


def failover_fields(policy, uplinks):
    named = policy["active"] + policy["standby"]
    return [
        ("Load Balancing", GET_NAME[policy["load_balancing"]]), ("Network Failure Detection", policy["detection"]),
        ("Notify Switches", policy["notify"]), ("Failback", policy["failback"]),
        ("Active Adapters", policy["active"]), ("Standby Adapters", policy["standby"]),
        ("Unused Adapters", sorted(name for name in uplinks if name not in named)),
    ]


def change_security(options):
    names = {"allow-promiscuous": "promiscuous", "allow-mac-change": "mac_change",
             "allow-forged-transmits": "forged"}
    return {key: options[option] for option, key in names.items() if option in options}


def security_fields(policy):
    return [("Allow Promiscuous", policy["promiscuous"]), ("Allow MAC Address Change", policy["mac_change"]),
            ("Allow Forged Transmits", policy["forged"])]


def change_shaping(options):
    names = {"enabled": "enabled", "avg-bandwidth": "average", "peak-bandwidth": "peak", "burst-size": "burst"}
    changes = {key: options[option] for option, key in names.items() if option in options}
    if changes.get("enabled") and not {"average", "peak", "burst"} <= set(changes):
        raise EsxiError("Average bandwidth, peak bandwidth and burst size are required to enable shaping")
    return changes


def shaping_fields(world, policy):
    kbps, kib = (" Kbps", " Kib") if world.switch("shaping_units") == "shown" else ("", "")
    return [("Enabled", policy["enabled"]), ("Average Bandwidth", f"{policy['average']}{kbps}"),
            ("Peak Bandwidth", f"{policy['peak']}{kbps}"), ("Burst Size", f"{policy['burst']}{kib}")]


def struct(fields):
    return Struct(fields, "Policy")
