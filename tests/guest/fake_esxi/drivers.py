"""NICs that ESXi itself has no driver for: they are there as soon as a boot module brings one."""

_FOLDER = "/usr/lib/vmware/vmkmod"


def vanish(world):
    """A start begins: NICs without a driver are not seen."""
    hardware = world.hardware
    for name, nic in list(hardware["nics"].items()):
        if nic["driver"] in hardware["missing_drivers"]:
            hardware["absent_nics"][name] = hardware["nics"].pop(name)


def appear(world):
    """NICs whose drivers were loaded. @return: whether there are any"""
    hardware = world.hardware
    found = [name for name, nic in hardware["absent_nics"].items()
             if world.files.exists(f"{_FOLDER}/{nic['driver']}")]
    for name in found:
        hardware["nics"][name] = hardware["absent_nics"].pop(name)
    return bool(found)
