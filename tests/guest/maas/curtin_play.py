"""curtin's part of a deployment, stage by stage, on the image of a disk: mtools mount and unmount its partition.

It follows curtin 19.2, by these files of github.com/canonical/curtin; later releases differ in nothing of this as far
as they were read. Only what touches the disk, the hooks or their surroundings is played.

stage         what curtin does                                                          where
-             CONFIG is a file of JSON; it gained the file root/curtin-install-cfg.yaml  commands/install.py, WorkingDir
early         commands of the configuration; none of them touches the disk               commands/install.py
partitioning  writes the image, mounts every partition in turn, unmounts it, and mounts  commands/block_meta.py,
              the one with a folder called curtin as the target                          block/__init__.py, get_root_device
network       writes files of its own state                                              commands/net_meta.py
extract       skips images of disks (dd-…), and writes write_files to the target         commands/extract.py
curthooks     runs the target's curtin/curtin-hooks, and nothing of its own then         commands/curthooks.py, util.py
hook          runs the target's curtin/finalize; early releases looked elsewhere, and       commands/hook.py, util.py
              what curtin-hooks removes does not depend on it
late          commands of the configuration; MAAS's tell it to start from disk           commands/install.py
-             failed or not: the log goes to root/curtin-install.log, then the target    commands/install.py, finally
              is unmounted

A command that ends with another status than 0 ends the installation: what it said is in the log and in the message
that MAAS shows.
"""
import json
import os
import shutil
import subprocess

import built_image
from rehearsal.hook import run_hook

SECTOR_BYTES = 512
CONFIGURATION = "root/curtin-install-cfg.yaml"
LOG = "root/curtin-install.log"
STAGES = ("early", "partitioning", "network", "extract", "curthooks", "hook", "late")
FOLDER = "curtin"  # what the partition of the target is known by


class StageFailed(Exception):
    """A stage ended the installation."""


class Curtin:
    """One installation.

    `ran` holds the stages that began, `log` what is in curtin's log, `message` what MAAS shows of a failure or None,
    `results` {name of a hook: CompletedProcess}.

    @param image: the disk, with the image on it
    @param folder: a new or empty folder for the target and curtin's own files
    @param config: as MAAS gives it; the log is the file that it names, if that lies in the folder
    @param root: a folder that stands for the machine's root, see run_hook
    """

    def __init__(self, image, folder, config, root=None):
        self.image = image
        self.folder = folder
        self.target = os.path.join(folder, "target")
        self.scratch = os.path.join(folder, "scratch")
        self.config_path = os.path.join(folder, "config")
        self.root = root
        self.ran = []
        self.results = {}
        self.message = None
        self.log_path = config.get("install", {}).get("log_file") or ""
        if os.path.dirname(self.log_path) != folder:
            self.log_path = os.path.join(folder, "install.log")
        config = dict(config, install=dict(config.get("install", {}), log_file=self.log_path))
        self.config = dict(config, write_files=dict(config.get("write_files", {}), curtin_install_cfg={
            "path": "/" + CONFIGURATION, "permissions": "0400", "owner": "root:root", "content": json.dumps(config)}))

    def install(self):
        """All stages. @return: self"""
        shutil.rmtree(self.target, ignore_errors=True)
        os.makedirs(self.scratch, exist_ok=True)
        with open(self.config_path, "w", encoding="utf-8") as file:
            json.dump(self.config, file)
        try:
            for name in STAGES:
                self.ran.append(name)
                getattr(self, name, lambda: None)()
        except StageFailed as error:
            self.message = "curtin: Installation failed with exception: %s" % error
            self.write_log(self.message + "\n")
        finally:
            if os.path.isdir(self.target):
                self.write_file("/" + LOG, self.log.encode())
                built_image.unmount(self.target, self.image, self.offset)
        return self

    @property
    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def write_log(self, text):
        with open(self.log_path, "a", encoding="utf-8") as file:
            file.write(text)

    def write_file(self, name, data):
        path = os.path.join(self.target, name.lstrip("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    # Stages ---------------------------------------------------------------------------------------

    def early(self):
        self.write_log("curtin: Installation started.\n")

    def partitioning(self):
        """The last partition with the folder is it: no other is looked for, and every one is looked at."""
        found = []
        for offset in partition_offsets(self.image):
            looked_at = os.path.join(self.folder, "looked-at")
            try:
                built_image.mount(self.image, looked_at, offset)
            except subprocess.CalledProcessError:
                continue  # a file system that cannot be mounted is passed over
            finally:
                has_folder = os.path.isdir(os.path.join(looked_at, FOLDER))
                shutil.rmtree(looked_at, ignore_errors=True)
            found += [offset] if has_folder else []
        if not found:
            raise StageFailed("Could not find root device")
        self.offset = found[-1]
        built_image.mount(self.image, self.target, self.offset)

    def extract(self):
        for entry in self.config["write_files"].values():
            self.write_file(entry["path"], entry["content"].encode())

    def curthooks(self):
        if not self.run("curtin-hooks"):
            raise StageFailed("it has no hook, and is no Linux")

    def hook(self):
        self.run("finalize")

    def run(self, name):
        """A hook of the target, if it is a file. @return: whether it is there"""
        if not os.path.isfile(os.path.join(self.target, "curtin", name)):
            return False
        done = run_hook(name, self.target, self.config_path, self.scratch, self.root)
        self.results[name] = done
        said = done.stdout + done.stderr
        self.write_log(said)
        if done.returncode:
            raise StageFailed("Unexpected error while running command.\nExit code: %d\nStdout: %s" % (done.returncode, said))
        return True


def partition_offsets(image):
    """Where the partitions of a disk begin, in bytes, as sgdisk reads its table."""
    table = subprocess.run(["sgdisk", "-p", image], check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in table.splitlines()]
    return [int(row[1]) * SECTOR_BYTES for row in rows if len(row) >= 6 and row[0].isdigit()]
