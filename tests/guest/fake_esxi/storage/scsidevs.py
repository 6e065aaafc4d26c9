"""The programs esxcfg-scsidevs and esxcfg-rescan."""
from . import disks
from ..registry import program


def _block(world, name):
    values = dict(disks.fields(world, name))
    return [
        name, "   Device Type: Direct-Access ", f"   Size: {values['Size']} MB",
        f"   Display Name: {values['Display Name']}", f"   Multipath Plugin: {values['Multipath Plugin']}",
        f"   Console Device: /vmfs/devices/disks/{name}", f"   Devfs Path: /vmfs/devices/disks/{name}",
        f"   Vendor: {values['Vendor']}  Model: {values['Model']}  Revis: {values['Revision']}",
        f"   SCSI Level: {values['SCSI Level']}  Is Pseudo: {values['Is Pseudo']} Status: {values['Status']}",
        f"   Is RDM Capable: {values['Is RDM Capable']}  Is Removable: {values['Is Removable']}",
        f"   Is Local: {values['Is Local']}  Is SSD: {values['Is SSD']}", "   Other Names:",
        f"      {values['Other UIDs']}", "   VAAI Status: unknown",
    ]


def _compact(world):
    names = list(world.hardware["disks"])
    width = max([len(name) for name in names] + [28])
    lines = [f"{'Device UID':<{width}} {'Device Type':<16} {'Console Device':<50} {'Size':<9} "
             "Multipath PluginDisplay Name"]
    for name in names:
        values = dict(disks.fields(world, name))
        console = f"/vmfs/devices/disks/{name}"
        lines.append(f"{name:<{width}} {'Direct-Access':<16} {console:<50} {values['Size'] + 'MB':<9} "
                     f"{values['Multipath Plugin']:<16}{values['Display Name']}")
    return lines


def _maps(world):
    lines = []
    for volume in world.storage["volumes"].values():
        if volume["type"].startswith("VMFS-") and volume["mounted"]:
            for at, (disk, number) in enumerate(volume["extents"]):
                lines.append(f"{disk}:{number}   /vmfs/devices/disks/{disk}:{number} {volume['uuid']}  {at}  "
                             f"{volume['label']}")
    return lines


def _adapters(world):
    names = sorted({disks.adapter(world, name) for name in world.hardware["disks"]} | set(world.hardware["nvme"]))
    return [f"{name:<8}{'nvme_pcie' if name in world.hardware['nvme'] else 'vmw_ahci':<18}link-n/a  pcie.{name}"
            for name in names]


@program("esxcfg-scsidevs")
def scsidevs(world, words, _stdin):
    functions = {
        "-l": lambda: [line for name in world.hardware["disks"] for line in _block(world, name)],
        "-c": lambda: _compact(world), "-m": lambda: _maps(world), "-a": lambda: _adapters(world),
        "-A": lambda: [f"{disks.adapter(world, name):<12}{name}" for name in world.hardware["disks"]],
        "-u": lambda: [f"{name:<60}{dict(disks.fields(world, name))['Other UIDs']}"
                       for name in world.hardware["disks"]],
    }
    functions.update({"--list": functions["-l"], "--compact-list": functions["-c"], "--vmfs": functions["-m"]})
    if len(words) != 1 or words[0] not in functions:
        return 1, "esxcfg-scsidevs <options> [<vmhba>|<device>]\n"
    return 0, "".join(line + "\n" for line in functions[words[0]]())


@program("esxcfg-rescan")
def rescan(world, words, _stdin):
    known = {disks.adapter(world, name) for name in world.hardware["disks"]} | set(world.hardware["nvme"])
    if len(words) == 1 and (words[0] in known or words[0] in ("-A", "--all")):
        return 0, ""
    return 1, "esxcfg-rescan <options> [<vmhba>]\n"
