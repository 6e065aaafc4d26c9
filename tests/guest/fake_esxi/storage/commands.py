"""esxcli storage: devices, paths, adapters, file systems, extents."""
from . import disks, nvme, partitions, volumes
from ..errors import EsxiError
from ..output import Blocks, Table
from ..registry import command


def _chosen(world, options):
    if "device" in options:
        disks.find(world, options["device"])
        return [options["device"]]
    return list(world.hardware["disks"])


@command("storage core device list")
def device_list(world, options):
    names = [] if "pe-only" in options else _chosen(world, options)
    return Blocks([(name, disks.fields(world, name)) for name in names], "SCSIDevice")


@command("storage core device capacity list")
def capacity_list(world, options):
    rows = []
    for name in _chosen(world, options):
        physical = 4096 if name.startswith("t10.NVMe") else 512
        rows.append([name, physical, 512, disks.sectors(world, name),
                     f"{disks.sectors(world, name) // disks.SECTORS_PER_MIB} MiB",
                     "512e" if physical == 4096 else "512n"])
    columns = ["Device", "Physical Blocksize", "Logical Blocksize", "Logical Block Count", "Size", "Format Type"]
    return Table(columns, rows, set(columns[1:5]), type_name="SCSICapacity")


@command("storage core device partition list")
def partition_list(world, options):
    rows = []
    for name in _chosen(world, options):
        sectors = disks.sectors(world, name)
        rows.append([name, 0, 0, sectors, 0, sectors * 512])
        table = partitions.load(world, name)
        for part in sorted(table["partitions"] if table else [], key=lambda entry: entry["number"]):
            codes = {"vmfs": "fb", "vmkDiagnostic": "fc", "vmfsl": "f8", "systemPartition": "0", "linuxNative": "6"}
            rows.append([name, part["number"], part["start"], part["end"] + 1,
                         codes.get(partitions.TYPES.get(part["type"]), "0"), (part["end"] - part["start"] + 1) * 512])
    columns = ["Device", "Partition", "Start Sector", "End Sector", "Type", "Size"]
    return Table(columns, rows, set(columns[1:]), type_name="Partition")


def _path_fields(world, name):
    adapter = disks.adapter(world, name)
    controller = nvme.controller_of(world, name)
    transport = "pcie" if controller else "sas"
    nqn = "Not Applicable"
    if controller:
        data = world.hardware["nvme"][controller]["fields"]
        vendor = data.get("PCIVID", "0x0000")[2:]
        nqn = (f"nqn.2014-08.org.nvmexpress_{vendor}_{data.get('Model Number', '').replace(' ', '_')}"
               f"_{data.get('Serial Number', '')}")
    target = list(world.hardware["disks"]).index(name)
    uid = f"{transport}.{adapter}-{transport}.0:{target}-{name}"
    fields = [
        ("UID", uid), ("Runtime Name", f"{adapter}:C0:T{target}:L0"), ("Device", name),
        ("Device Display Name", dict(disks.fields(world, name))["Display Name"]), ("Adapter", adapter),
        ("Controller", nqn), ("Channel", 0), ("Target", target), ("LUN", 0),
        ("Plugin", dict(disks.fields(world, name))["Multipath Plugin"]), ("State", "active"),
        ("Transport", transport), ("Adapter Identifier", f"{transport}.{adapter}"),
        ("Target Identifier", f"{transport}.0:{target}"),
        ("Adapter Transport Details", "Unavailable or path is unclaimed"),
        ("Target Transport Details", "Unavailable or path is unclaimed"), ("Maximum IO Size", 131072),
    ]
    if not world.at_least("8.0"):
        fields = [pair for pair in fields if pair[0] != "Controller"]
    return uid, fields


@command("storage core path list")
def path_list(world, options):
    blocks = [_path_fields(world, name) for name in _chosen(world, options)]
    if "path" in options:
        blocks = [block for block in blocks if options["path"] in (block[0], dict(block[1])["Runtime Name"])]
        world.require(blocks, f"Unable to find path {options['path']}")
    return Blocks(blocks, "SCSIPath")


def _adapters(world):
    names = {disks.adapter(world, name) for name in world.hardware["disks"]} | set(world.hardware["nvme"])
    return sorted(names, key=lambda name: int(name[5:]))


@command("storage core adapter list")
def adapter_list(world, _options):
    rows = []
    for name in _adapters(world):
        is_nvme = name in world.hardware["nvme"]
        driver, uid = ("nvme_pcie", f"pcie.{name}") if is_nvme else ("vmw_ahci", f"sata.{name}")
        bus = f"(0000:{int(name[5:]):02x}:00.0)"
        rows.append([name, driver, "link-n/a", uid, "", f"{bus} Sample {'NVMe SSD Controller' if is_nvme else 'SATA AHCI Controller'}"])
    return Table(["HBA Name", "Driver", "Link State", "UID", "Capabilities", "Description"], rows, free=True,
                 type_name="Adapter")


@command("storage core adapter rescan")
def adapter_rescan(world, options):
    world.require(("adapter" in options) != ("all" in options), "Either an adapter or --all must be given")
    world.require(options.get("adapter") in (None, *_adapters(world)), f"Invalid adapter {options.get('adapter')}")


@command("storage filesystem list")
def filesystem_list(world, _options):
    rows = []
    for uuid, volume in world.storage["volumes"].items():
        mounted = volume["mounted"]
        size = volume["size"] if mounted else 0
        free = size - min(size // 50, 268435456)
        kind = volume["type"] if mounted else "VMFS-unknown version"
        rows.append([f"/vmfs/volumes/{uuid}" if mounted else "", volume["label"], uuid, mounted, kind, size, free])
    return Table(["Mount Point", "Volume Name", "UUID", "Mounted", "Type", "Size", "Free"], rows,
                 {"Mounted", "Size", "Free"}, type_name="FilesystemVolume")


@command("storage filesystem mount")
def filesystem_mount(world, options):
    volume = volumes.find(world, options)
    world.require(not volume["mounted"], f"Volume '{volume['label']}' is already mounted")
    volumes.mount(world, volume)


@command("storage filesystem unmount")
def filesystem_unmount(world, options):
    if "unmount-all" not in options:
        volumes.unmount(world, volumes.find(world, options))
        return
    failed = None
    for volume in list(world.storage["volumes"].values()):
        if volume["mounted"]:
            try:
                volumes.unmount(world, volume)
            except EsxiError as error:
                failed = error
    if failed and world.switch("unmount_all_busy") == "rc1":
        raise failed


@command("storage filesystem rescan", "storage filesystem automount")
def filesystem_rescan(world, options):
    for volume in world.storage["volumes"].values():
        if options["_path"][-1] == "automount" and not volume["mounted"]:
            volumes.mount(world, volume)


@command("storage vmfs extent list")
def extent_list(world, _options):
    rows = []
    for volume in world.storage["volumes"].values():
        if volume["type"] == "VMFS-6" or volume["type"] == "VMFS-5" or (volume["type"] == "VMFSOS"
                                                                      and world.at_least("8.0")):
            rows += [[volume["label"], volume["uuid"], at, disk, number]
                     for at, (disk, number) in enumerate(volume["extents"])]
    return Table(["Volume Name", "VMFS UUID", "Extent Number", "Device Name", "Partition"], rows,
                 {"Extent Number", "Partition"}, type_name="Extent")


@command("memtier enable")
def memtier_enable(world, options):
    disks.find(world, options["device"])
    world.config["memtier"] = {"device": options["device"], "ratio": options.get("ratio", 100)}
    world.runtime["reboot_required"] = True
