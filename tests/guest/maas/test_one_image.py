"""One image for every deployer: the same file is deployed by MAAS and by OpenStack, from the disk to the first boot.

The image is written to a disk of the fake host as dd writes it; boot.cfg on it says what is loaded; the kickstart's own
sections are run by busybox ash.
"""
import hashlib
import json
import os
import shutil
import tempfile
import unittest

import built_image
from maas_support import Service, answers, check_state, run_hook, sample_config, sample_text
from test_endtoend import EndToEnd
from test_samples import EXPECTED as OPENSTACK_EXPECTED, nics

from common import bootcfg
from hostconf.host import bootbank

OPENSTACK = os.path.join(os.path.dirname(built_image.REPOSITORY + "/x"), "testdata", "openstack")
OTHER_DISK = "naa.5000c500aaaaaaaa\n   Size: 300000\n   Is Boot Device: false\n\n"


def setUpModule():
    global FOLDER, IMAGE
    FOLDER = tempfile.mkdtemp(prefix="esxi-one-")
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    IMAGE = built_image.build(FOLDER)


def digest():
    with open(IMAGE, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class OneImage(EndToEnd):
    def start_from(self, image, disks, **how):
        """Put the image onto the disk that is to be installed, and boot from it."""
        options, modules, partition = self.read_boot_cfg(image)
        self.power_on(disks=disks, boot_options=options, **how)
        self.disk = next(name for name in self.fake.state()["hardware"]["disks"] if not name.startswith("naa.5000c500aa"))
        with open(image, "rb") as source, open(self.fake.path("/dev/disks/" + self.disk), "r+b") as target:
            shutil.copyfileobj(source, target)
        for name in modules:
            if name in ("esxiimg.tgz", "hostdesc.tgz"):
                self.machine.load_module(os.path.join(partition, name))
        self.kickstart = self.machine.kickstart
        return modules

    def read_boot_cfg(self, image):
        partition = os.path.join(self.folder, "partition")
        built_image.mount(image, partition)
        values = bootcfg.settings(bootbank.read_cfg(os.path.join(partition, "EFI", "BOOT", "BOOT.CFG")))
        modules = [name.strip().lstrip("/") for name in values["modules"].split("---")]
        return values["kernelopt"], modules, partition

    def test_maas(self):
        name = "flat-static-boot-disk"
        config = sample_config(name)
        maas = config["reporting"]["maas"]
        service = Service(answers(name), maas, trouble={"local-hostname": [("status", 500)]}, ahead=7200)
        self.addCleanup(service.close)
        maas["endpoint"] = service.endpoint()
        image = os.path.join(self.folder, "deployed.img")
        shutil.copyfile(IMAGE, image)
        target = os.path.join(self.folder, "target")
        built_image.mount(image, target)
        path = os.path.join(self.folder, "config")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        hook = run_hook("curtin-hooks", target, path, self.folder)
        self.assertEqual(hook.returncode, 0, hook.stderr)
        built_image.unmount(target, image)

        modules = self.start_from(image, OTHER_DISK + sample_text(name, "disks.txt"), release="8.0.3",
                                  nics=sample_text(name, "nics.txt"))
        self.assertEqual(modules[-2:], ["esxiimg.tgz", "hostdesc.tgz"])
        status, output = self.deploy()
        self.assertEqual(status, 0, output)
        self.assertEqual(self.fake.state()["installed"], self.disk, "the disk that the image was written to")
        self.assertEqual([asked for asked in service.asked if asked != "local-hostname"],
                         ["public-keys"] * 3 + ["vendor-data", "user-data"],
                         "the hook asks first, since the image lets nobody in, and again by the clock of MAAS")
        self.assertEqual((service.asked.count("local-hostname"), len(service.refused)), (2, 2), "hook and host learn the clock")
        check_state(self, self.fake, {
            "vmks": [dict(ipv4="192.0.2.31/24", mtu=1500, vlan=0, uplinks=["vmnic0"])], "vswitches": 2,
            "routes4": {("default", "192.0.2.1")}, "dns": ["192.0.2.5", "192.0.2.53"],
            "fqdn": "esx-m1.lab.example.net", "keys": ["ssh-rsa", "ssh-ed25519"], "ntp": ["192.0.2.5", "ntp.example.net"]})
        self.assertEqual(self.fake.summary()["datastores"], [("datastore1", [(self.disk, 8)])])
        osdata = next(part for part in self.fake.partitions(self.disk)["partitions"] if part["number"] == 7)
        self.assertLess(osdata["end"] * 512, 40 * 1024 ** 3, "systemMediaSize=min")
        for text in (self.pre_output, self.post_output, output):
            self.assertNotIn(maas["token_secret"], text)
        self.assertTrue(self.fake.summary()["power"], "the new name needs a new certificate")
        self.fake.reboot()
        self.assert_clean(*(maas[key] for key in ("consumer_key", "token_key", "token_secret")))
        self.assertEqual(self.fake.summary()["fqdn"], "esx-m1.lab.example.net")
        self.assertEqual(self.fake.summary()["datastores"], [("datastore1", [(self.disk, 8)])])

    def test_openstack(self):
        before = digest()
        name = "ironic-bond-active-backup"
        self.start_from(IMAGE, OTHER_DISK + "naa.600508b1001c0001\n   Size: 204800\n   Is Boot Device: true\n",
                        release="7.0.3", nics=nics(name))
        self.insert_drive(os.path.join(OPENSTACK, name))
        status, output = self.deploy()
        self.assertEqual(status, 0, output)
        check_state(self, self.fake, OPENSTACK_EXPECTED[name])
        self.assert_clean()
        self.assertEqual(digest(), before, "the same file as MAAS got")


del EndToEnd

if __name__ == "__main__":
    unittest.main()
