"""An image made by `esxi-img build` from an installer-shaped ISO, and its partition as a folder, by mtools."""
import gzip
import os
import shutil
import subprocess

from maas_support import REPOSITORY
from rehearsal.hook import machine, run_hook  # noqa: F401  (tests find both here)

OFFSET = 1024 * 1024  # where the partition begins, in bytes
ISO_BOOT_CFG = ("bootstate=0\ntitle=Loading ESXi installer\ntimeout=5\nprefix=\nkernel=/b.b00\nkernelopt=runweasel cdromBoot\n"
                "modules=/jumpstrt.gz --- /useropts.gz --- /features.gz --- /k.b00 --- /imgdb.tgz --- /imgpayld.tgz\n"
                "build=8.0.3-0.35.24280767\nupdated=0\n")


def make_iso(folder):
    """An ISO in the shape of VMware's, by xorriso. @return: its path"""
    tree = os.path.join(folder, "tree")
    files = {"BOOT.CFG": ISO_BOOT_CFG.encode(), "EFI/BOOT/BOOT.CFG": ISO_BOOT_CFG.encode(),
             "EFI/BOOT/BOOTX64.EFI": b"MZ" + bytes(5000), "B.B00": gzip.compress(b"kernel", mtime=0),
             "ISOLINUX.BIN": bytes(2048), "ISOLINUX.CFG": b"DEFAULT menu.c32\n",
             "UPGRADE/METADATA.XML": b"<metadata><esxVersion>8.0.3</esxVersion></metadata>\n"}
    for name in ("JUMPSTRT.GZ", "USEROPTS.GZ", "FEATURES.GZ", "K.B00", "IMGDB.TGZ", "IMGPAYLD.TGZ"):
        files[name] = gzip.compress(os.urandom(20000), mtime=0)
    for name, data in files.items():
        path = os.path.join(tree, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    iso = os.path.join(folder, "installer.iso")
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-iso-level", "1", "-V", "ESXI-8.0U3B-24280767-STANDARD",
                    "-o", iso, tree], check=True, capture_output=True)
    shutil.rmtree(tree)
    return iso


def build(folder, *options):
    """Build a raw image. @return: its path"""
    image = os.path.join(folder, "esxi.img")
    subprocess.run(["deno", "run", "--allow-read", "--allow-write", "--allow-env", "main.ts", "build", make_iso(folder),
                    "-o", image, "--quiet", *options], cwd=REPOSITORY, check=True)
    return image


def mount(image, folder, offset=OFFSET):
    """Copy a partition out, executable as every file of a mounted FAT is."""
    os.makedirs(folder)
    names = subprocess.run(["mdir", "-b", "-i", _place(image, offset), "::"], check=True, capture_output=True, text=True).stdout
    subprocess.run(["mcopy", "-s", "-n", "-i", _place(image, offset), *names.split("\n")[:-1], folder], check=True)
    for place, _, files in os.walk(folder):
        for name in files:
            os.chmod(os.path.join(place, name), 0o755)


def _place(image, offset):
    """A partition as mtools name it."""
    return "%s@@%d" % (image, offset)


def unmount(folder, image, offset=OFFSET):
    """Make the image's partition hold what the folder holds."""
    before = folder + ".before"
    mount(image, before, offset)
    for relative in sorted(tree_of(before)):
        if relative not in tree_of(folder):
            subprocess.run(["mdel", "-i", _place(image, offset), "::" + relative], check=True)
    for relative, data in sorted(tree_of(folder).items()):
        if tree_of(before).get(relative) != data:
            parts = relative.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                if not os.path.isdir(os.path.join(before, *parts[:depth])):
                    subprocess.run(["mmd", "-D", "s", "-i", _place(image, offset), "::" + "/".join(parts[:depth])], check=False,
                                   capture_output=True)
            subprocess.run(["mcopy", "-o", "-i", _place(image, offset), os.path.join(folder, relative), "::" + relative], check=True)
    shutil.rmtree(before)


def remove_folder(image, name):
    """Remove a folder of the partition with all that is in it."""
    subprocess.run(["mdeltree", "-i", _place(image, OFFSET), "::" + name], check=True)


def tree_of(folder):
    """{relative path: bytes} of all files below a folder."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


def check(image, folder):
    """Have fsck.fat judge the partition."""
    part = os.path.join(folder, "partition.fat")
    size = os.path.getsize(image)
    with open(image, "rb") as source, open(part, "wb") as target:
        source.seek(1024 * 1024)
        shutil.copyfileobj(source, target)
        target.truncate(size - 1024 * 1024)
    done = subprocess.run(["fsck.fat", "-n", part], capture_output=True, text=True, check=False)
    os.remove(part)
    return done.returncode, done.stdout
