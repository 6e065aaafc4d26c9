"""Makes a disk image from an ISO the way a script of Debian's programs does: every file is
extracted with pycdlib, and copied by mcopy into the FAT32 that mkfs.vfat makes; gzip compresses.

    python_route.py ISO SCRATCH IMAGE raw|gz

SCRATCH is a folder to be made for what is in between. It adds no payload and edits nothing: it is
the work that any such route has to do at least.
"""

import os
import subprocess
import sys

import pycdlib

MIB = 1024 * 1024
PARTITION_OFFSET_BYTES = MIB
SECTOR_BYTES = 512
#: As much free space as esxi-img leaves by default.
FREE_BYTES = 64 * MIB


def extract(iso_path, folder):
    """Writes the files of an ISO into a folder; returns how much space they need."""
    total_bytes = 0
    iso = pycdlib.PyCdlib()
    iso.open(iso_path)
    for directory, _, names in iso.walk(iso_path="/"):
        target = os.path.join(folder, directory.lstrip("/"))
        os.makedirs(target, exist_ok=True)
        for name in names:
            path = os.path.join(target, name.split(";")[0].rstrip("."))
            with open(path, "wb") as file:
                iso.get_file_from_iso_fp(file, iso_path=directory.rstrip("/") + "/" + name)
            total_bytes += os.path.getsize(path)
    iso.close()
    return total_bytes


def make_image(folder, content_bytes, image):
    """Writes a disk image with one partition that holds the files of a folder."""
    # One part in 64 for the tables of the file system and half-filled clusters.
    needed = PARTITION_OFFSET_BYTES + content_bytes + content_bytes // 64 + FREE_BYTES + MIB
    with open(image, "wb") as file:
        file.truncate(needed // MIB * MIB)
    # The two options spare it waits that only make sense for disks.
    table = "%d,,U\n" % (PARTITION_OFFSET_BYTES // SECTOR_BYTES)
    run("sfdisk", "-q", "--no-reread", "--no-tell-kernel", "--label", "gpt", image, text=table)
    kibibytes = (needed // MIB - 2) * MIB // 1024
    offset_sectors = str(PARTITION_OFFSET_BYTES // SECTOR_BYTES)
    run("mkfs.vfat", "-F", "32", "-n", "ESXI", "--offset", offset_sectors, image, str(kibibytes))
    names = sorted(os.path.join(folder, name) for name in os.listdir(folder))
    run("mcopy", "-s", "-i", "%s@@%d" % (image, PARTITION_OFFSET_BYTES), *names, "::/")


def run(*command, text="", stdout=subprocess.DEVNULL):
    if subprocess.run(command, input=text.encode(), stdout=stdout).returncode != 0:
        sys.exit(command[0] + " failed")


def main():
    iso_path, scratch, image, image_format = sys.argv[1:]
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    files = os.path.join(scratch, "files")
    content_bytes = extract(iso_path, files)
    if image_format == "raw":
        make_image(files, content_bytes, image)
        return
    raw = os.path.join(scratch, "disk.img")
    make_image(files, content_bytes, raw)
    with open(image, "wb") as file:
        run("gzip", "-6", "-c", raw, stdout=file)


main()
