"""Boot banks: their boot.cfg, and the modules that a boot unpacks into the RAM disk."""
import gzip
import io
import tarfile

from . import drivers, releases
from .errors import BootError
from .network import initial as network
from .network import lease
from .storage import volumes

SHIPPED = ("jumpstrt.gz", "useropts.gz", "features.gz", "k.b00", "state.tgz")
# Where programs for the kernel are.
DRIVERS_PLACE = "usr/lib/vmware/vmkmod"
_OPTION_LIMIT = 255  # longest path and options of one module
_MODULE_LIMIT = 240


def boot_cfg(world, empty=False):
    """The text of an installed boot.cfg; the alternate bank is empty at first."""
    seven = world.at_least("7.0")
    option = "autoPartition=FALSE" if seven else "installerDiskDumpSlotSize=2560 no-auto-partition"
    if world.at_least("9.0") and world.switch("boot_options_9") == "empty":
        option = ""
    build = f"{world.state['release']}-0.0.{releases.build(world.state['release'])}"
    lines = {"bootstate": "3" if empty else "0", "title": "Loading VMware ESXi", "timeout": "5", "prefix": "",
             "kernel": "b.b00", "kernelopt": option, "modules": " --- ".join(SHIPPED),
             "build": build, "updated": "1" if seven else "2"}
    return "".join(f"{key}={value}\n" for key, value in lines.items())


def create(world, disk):
    """The volumes of a fresh installation on its system partitions, and the content of the boot banks."""
    seven = world.at_least("7.0")
    first = volumes.create(world, "vfat", "BOOTBANK1" if seven else "", disk, 5, "bootbank")
    second = volumes.create(world, "vfat", "BOOTBANK2" if seven else "", disk, 6, "altbootbank")
    if seven:
        volumes.create(world, "VMFSOS", "", disk, 7, "osdata")
    else:
        volumes.create(world, "vfat", "", disk, 8, "locker")
        volumes.create(world, "vfat", "", disk, 2, "scratch")
    folder = f"/vmfs/volumes/{first}"
    world.files.write(f"{folder}/boot.cfg", boot_cfg(world))
    for name in ("b.b00", *SHIPPED):
        world.files.write(f"{folder}/{name}", b"" if name == "state.tgz" else gzip.compress(name.encode(), mtime=0))
    world.files.write(f"/vmfs/volumes/{second}/boot.cfg", boot_cfg(world, empty=True))


def link(world):
    """/bootbank, /altbootbank and /scratch of a running host."""
    for volume in world.storage["volumes"].values():
        if volume["role"] in ("bootbank", "altbootbank"):
            volume["staged"] = False
            world.files.link("/" + volume["role"], f"/vmfs/volumes/{volume['uuid']}")
        if volume["role"] == ("osdata" if world.at_least("7.0") else "scratch"):
            world.files.link("/scratch", f"/vmfs/volumes/{volume['uuid']}")
    if not world.files.exists("/scratch"):
        world.files.link("/scratch", "/tmp/scratch")
        world.files.folder("/tmp/scratch")
    if world.switch("var_log") == "scratch":
        world.files.folder("/scratch/log")
        world.files.link("/var/log", "/scratch/log")


def parse(text):
    """boot.cfg as the boot loader reads it: the last line of a key wins, keys without regard to case."""
    values = {}
    for line in text.split("\n"):
        key, sign, value = line.rstrip("\r").partition("=")
        if sign and not line.startswith("#"):
            values[key.lower()] = value.strip()
    return values


def load_module(world, name, data):
    """Unpack one boot module into the root, as the kernel does with a tar. BootError for one it would refuse."""
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise BootError(f"{name}: {error}") from None
    world.files.write(f"/tardisks/{name}", data)
    if data[257:262] != b"ustar":
        return
    _unpack(world, name, data)
    if drivers.appear(world) and not world.state.get("installed"):
        network.build(world, {})  # of the installer, which looks for NICs when all modules are there
        lease.settle(world)


def _unpack(world, name, data):
    known = {""}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        if archive.pax_headers or b"PaxHeader" in data:
            raise BootError(f"{name}: pax headers")
        for entry in archive.getmembers():
            path = entry.name.rstrip("/")
            if path.startswith("/") or ".." in path.split("/"):
                raise BootError(f"{name}: bad path {entry.name}")
            if path.rpartition("/")[0] not in known:
                raise BootError(f"{name}: {entry.name} comes before its folder")
            if entry.uid or entry.gid:
                raise BootError(f"{name}: {entry.name} is not root's")
            if entry.isdir():
                known.add(path)
                world.files.folder("/" + path)
            elif entry.isfile():
                world.files.write("/" + path, archive.extractfile(entry).read(), entry.mode)
            else:
                raise BootError(f"{name}: {entry.name} is neither file nor folder")


def switch(world):
    """Start from the other bank from now on, if an image was staged there."""
    banks = {volume["role"]: volume for volume in world.storage["volumes"].values()}
    old, new = banks.get("bootbank"), banks.get("altbootbank")
    if not new:
        return

    def updated(volume):
        values = parse((world.files.read(f"/vmfs/volumes/{volume['uuid']}/boot.cfg") or b"").decode())
        return int(values.get("updated") or 0) if values.get("bootstate") == "0" else -1

    if updated(new) > updated(old):
        old["role"], new["role"] = "altbootbank", "bootbank"


def added_modules(world):
    """Modules of the boot bank that neither ESXi ships nor a VIB brought, sorted."""
    found = []
    for volume in world.storage["volumes"].values():
        if volume["role"] == "bootbank":
            text = world.files.read(f"/vmfs/volumes/{volume['uuid']}/boot.cfg") or b""
            known = [*SHIPPED, *(name for vib in volume.get("vibs", []) for name in vib["modules"])]
            modules = [part.strip() for part in parse(text.decode()).get("modules", "").split("---")]
            found += [name for name in modules if name not in known]
    return sorted(found)


def boot(world):
    """Load the modules that /bootbank/boot.cfg names. BootError where the boot loader would stop."""
    text = world.files.read("/bootbank/boot.cfg")
    if text is None:
        raise BootError("boot.cfg: Not found")
    values = parse(text.decode())
    modules = [part.strip() for part in values.get("modules", "").split("---")]
    if values.get("bootstate") != "0" or not values.get("build"):
        raise BootError("No valid boot bank")
    if len(modules) > _MODULE_LIMIT or any(len(module) > _OPTION_LIMIT for module in modules):
        raise BootError("boot.cfg: too many modules, or a module line that is too long")
    for module in [values.get("kernel", ""), *modules]:
        name = module.split(" ")[0]
        data = world.files.read(f"/bootbank/{name}") if name else None
        if data is None:
            raise BootError(f"Fatal error: 15 (Not found): {name}")
        if name not in SHIPPED and name != "b.b00":
            if world.hardware["secure_boot"]:
                raise BootError(f"{name}: unsigned module under Secure Boot")
            load_module(world, name, data)
    world.runtime["boot_options"] = values.get("kernelopt", "")
