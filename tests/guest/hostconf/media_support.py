"""Drives as other programs write them."""
import os
import subprocess

from support import SAMPLES

PYCDLIB = "/usr/lib/python3/dist-packages"
# Debian's Python has Debian's pycdlib.
_WRITE_PYCDLIB = """
import os, sys, pycdlib
folder, path, label, *kinds = sys.argv[1:]
options = {"interchange_level": 3, "vol_ident": label}
if "joliet" in kinds: options["joliet"] = 3
if "rr" in kinds: options["rock_ridge"] = "1.09"
iso = pycdlib.PyCdlib()
iso.new(**options)
def names(relative):
    plain = "/" + relative.upper().replace("-", "_")
    more = {}
    if "joliet" in kinds: more["joliet_path"] = "/" + relative
    if "rr" in kinds: more["rr_name"] = os.path.basename(relative)
    return plain, more
for place, folders, files in os.walk(folder):
    folders.sort()
    for name in folders:
        plain, more = names(os.path.relpath(os.path.join(place, name), folder))
        iso.add_directory(plain, **more)
    for name in sorted(files):
        plain, more = names(os.path.relpath(os.path.join(place, name), folder))
        iso.add_file(os.path.join(place, name), (plain if "." in name else plain + ".") + ";1", **more)
iso.write(path)
iso.close()
"""
# How openstacksdk and nova call their ISO writers.
NOVA = ("-ldots", "-allow-lowercase", "-allow-multidot", "-l", "-J", "-r")
ISO_OPTIONS = {
    "as Nova": NOVA, "Joliet": ("-J",), "Rock Ridge": ("-r",), "plain": (), "level 1": ("-iso-level", "1"),
    "level 3": ("-iso-level", "3"), "lower case": NOVA[:4],
}


def tree(folder, sample="nova-static-routes", **files):
    """A folder openstack/latest with a sample's files; further ones, or None for those that are left out."""
    latest = os.path.join(folder, "openstack", "latest")
    os.makedirs(latest)
    source = os.path.join(SAMPLES, sample, "openstack", "latest")
    for name in os.listdir(source):
        with open(os.path.join(source, name), "rb") as file:
            files.setdefault(name, file.read())
    for name, content in files.items():
        if content is not None:
            with open(os.path.join(latest, name), "wb") as file:
                file.write(content)
    return folder


def contents(folder):
    """What is to be found again, by name."""
    latest = os.path.join(folder, "openstack", "latest")
    found = {}
    for name in os.listdir(latest):
        with open(os.path.join(latest, name), "rb") as file:
            found[name] = file.read()
    return found


def write_iso(program, folder, path, label, options):
    """An ISO by genisoimage, xorriso (their options) or pycdlib ("joliet", "rr")."""
    if program == "pycdlib":
        command = ["/usr/bin/python3", "-c", _WRITE_PYCDLIB, folder, path, label, *options]
    else:
        command = [program] + (["-as", "mkisofs"] if program == "xorriso" else [])
        command += ["-quiet", "-V", label, *options, "-o", path, folder]
    subprocess.run(command, check=True, capture_output=True)


def write_fat(folder, path, label="CONFIG-2", mib=64, options=()):
    """A file system by mkfs.vfat, filled by mcopy."""
    with open(path, "wb") as file:
        file.truncate(mib * 2**20)
    subprocess.run(["mkfs.vfat", "-n", label, *options, path], check=True, capture_output=True)
    for name in sorted(os.listdir(folder)):
        subprocess.run(["mcopy", "-s", "-i", path, os.path.join(folder, name), "::"], check=True, capture_output=True)
