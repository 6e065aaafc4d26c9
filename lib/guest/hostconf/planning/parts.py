"""A target (see planning/target.py) in parts: management, and what can be left out without anybody losing the host.

Pure. Used when a target could not be reached as a whole.
"""

from hostconf.planning.target import MANAGEMENT_VMK


def split(target):
    """[(name, part)] of a target, management first; each part is a target of its own with what it needs.

    Management is vmk0 with its vSwitch, port group and the default route of its own family. The MAC that vmk0 is to
    have is a part, each further VMkernel interface is one with the routes through it, and so is each further route
    through vmk0.
    """
    parts, own = [], []
    first = [vmk for vmk in target["vmks"] if vmk["name"] == MANAGEMENT_VMK and vmk["own_mac"]]
    if first:
        parts = split(dict(target, vmks=[dict(vmk, own_mac=False) for vmk in target["vmks"]]))
        parts.insert(1, ("the MAC %s of %s" % (first[0]["mac"], MANAGEMENT_VMK), _part(target, first, [])))
        return parts
    for vmk in sorted(target["vmks"], key=lambda vmk: vmk["name"] != MANAGEMENT_VMK):
        routes = [route for route in target["routes"] if route["interface"] == vmk["name"]]
        if vmk["name"] == MANAGEMENT_VMK:
            family = "ipv6" if vmk["ipv4"]["type"] == "none" else "ipv4"
            own = [route for route in routes if (route["network"], route["family"]) != ("default", family)]
            routes = [route for route in routes if route not in own]
            name = "management"
        else:
            name = "%s (port group %s)" % (vmk["name"], vmk["portgroup"])
        parts.append((name, _part(target, [vmk], routes)))
        parts += [("the route to %s via %s" % (route["network"], route["gateway"]), _part(target, [], [route]))
                  for route in own]
        own = []
    return parts


def joined(target, part):
    """A target with a part added to it, which may say something else about a VMkernel interface."""
    result = {}
    for key in target:
        others = [entry["name"] for entry in part["vmks"]] if key == "vmks" else []
        known = [entry for entry in target[key] if key != "vmks" or entry["name"] not in others]
        result[key] = known + [entry for entry in part[key] if entry not in known]
    return result


def _part(target, vmks, routes):
    groups = [group for group in target["portgroups"] if group["name"] in [vmk["portgroup"] for vmk in vmks]]
    switches = [switch for switch in target["vswitches"] if switch["name"] in [group["vswitch"] for group in groups]]
    return {"vswitches": switches, "portgroups": groups, "vmks": vmks, "routes": routes}
