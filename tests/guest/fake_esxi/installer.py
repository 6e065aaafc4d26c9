"""The installer: its environment before and after the installation, and what it leaves on the disk."""
from . import bootbank, persist
from .network import initial, lease
from .storage import disks, gpt, partitions, volumes
from .system import account, identity
from .world import plain_copy


def start_environment(world, boot_options):
    """%pre: an own network on DHCP, no hostd; disks as they are."""
    initial.build(world, {})
    world.runtime.update(hostd="down", boot_options=boot_options)
    persist.write_system_files(world)
    lease.settle(world)


def _target(world, install):
    """The disk that the `install` line names. ValueError when there is none."""
    name = install.get("disk") or install.get("drive")
    if name is None:
        return disks.boot_disk(world)
    for prefix in ("/vmfs/devices/disks/", "/dev/disks/"):
        name = name.removeprefix(prefix)
    if name not in world.hardware["disks"]:
        raise ValueError(f"install: no such disk {name}")
    return name


def _media_size(world, boot_options):
    for word in boot_options.split():
        key, _, value = word.partition("=")
        if key.lower() == "systemmediasize":
            small = value.lower() in ("min", "small")
            return "default" if small and world.switch("small_media_sizes") == "ignored" else value.lower()
    return "default"


def partition_disk(world, disk, boot_options="", datastore=True):
    """Give the disk the layout of the release, with boot banks and volumes."""
    volumes.forget_disk(world, disk)
    sectors = disks.sectors(world, disk)
    table = gpt.blank(sectors, partitions.new_guid(world))
    for number, start, end, kind, attributes in partitions.system_layout(world, sectors, _media_size(world, boot_options),
                                                                         datastore):
        partitions.add(world, table, number, start, end, partitions.GUID[kind], attributes)
    partitions.save(world, disk, table)
    bootbank.create(world, disk)
    number = 8 if world.at_least("7.0") else 3
    if partitions.part(table, number):
        volumes.create(world, "VMFS-6", "datastore1", disk, number)


def install(world, plan):
    """Carry out what kickstart.parse found: disk, boot banks and saved configuration.

    ValueError for what the installer refuses. Afterwards the environment is that of %post.
    """
    disk = _target(world, plan["install"])
    if not world.hardware["nics"]:
        raise ValueError("No Network Adapters: no network adapters were detected")
    partition_disk(world, disk, world.runtime["boot_options"], "novmfsondisk" not in plan["install"])
    for name, data in world.hardware["disks"].items():
        data["Is Boot Device"] = "true" if name == disk else "false"
    environment = plain_copy(world.config)
    initial.build(world, plan["network"])
    hostname = plan["network"].get("hostname")
    if hostname:
        identity.set_fqdn(world, hostname)
    root = world.config["accounts"]["root"]
    if plan["rootpw"]["crypted"]:
        root.update(hash=plan["rootpw"]["value"], password=None)
    else:
        account.check_quality(world, plan["rootpw"]["value"])
        root.update(hash=account.hashed(plan["rootpw"]["value"]), password=plan["rootpw"]["value"])
    world.config["license"] = plan["license"]
    world.state["installed"] = disk
    world.state["saved"] = {"config": world.config, "files": {}}
    world.state["config"] = environment
