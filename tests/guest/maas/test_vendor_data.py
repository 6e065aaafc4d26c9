"""MAAS's answers → what the host description gains. PyYAML writes the vendor data, as MAAS itself does."""
import base64
import gzip
import os
import random
import shutil
import tempfile
import unittest

import yaml

from maas_support import Lines, NAMES, answers

from common import description as schema
from hostconf.host import files as writer
from hostconf.host.log import Log
from hostconf.host.run import Host
from hostconf.sources import files
from hostconf.sources.maas import read_answers

BASE = schema.validate({"format": 1, "source": "maas", "hostname": "old", "ssh_keys": []})
RSA = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7 one@example.net"
ED = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9npRtNfw34 two words in the comment"


def vendor(config, header="#cloud-config\n"):
    """Vendor data as MAAS answers it: cloud-config as text inside YAML."""
    return yaml.safe_dump({"cloud-init": header + yaml.safe_dump(config, default_flow_style=False)}).encode()


def read(**given):
    warnings = []
    result = read_answers({key.replace("_", "-"): value for key, value in given.items()}, BASE, warnings.append)
    return result, " ".join(warnings)


class AnswersTest(unittest.TestCase):
    maxDiff = None

    def test_nothing(self):
        self.assertEqual(read()[0], BASE)
        self.assertEqual(read(local_hostname=b"", public_keys=b"", vendor_data=b"")[0], BASE)

    def test_names(self):
        for given, wanted in ((b"esx.example.net", "esx.example.net"), (b"esx\n", "esx"), ("h\u00f6st".encode(), "host"),
                              (b"a_b.example.net", "a-b.example.net")):
            self.assertEqual(read(local_hostname=given)[0]["hostname"], wanted)

    def test_keys(self):
        text = "\n".join([RSA, "", "# comment", ED, RSA + " again", "no key at all"])
        result, warnings = read(public_keys=text.encode())
        self.assertEqual(result["ssh_keys"], [RSA, ED])
        self.assertIn("none", warnings)
        self.assertNotIn("no key at all", warnings)

    def test_samples(self):
        for name in NAMES:
            given = answers(name)
            result, _ = read(**{key.replace("-", "_"): value for key, value in given.items()})
            inner = yaml.safe_load(yaml.safe_load(given["vendor-data"])["cloud-init"])
            self.assertEqual(result["ntp"], {key: inner["ntp"].get(key, []) for key in ("servers", "pools")})
            self.assertEqual(result["files"], [])
            self.assertEqual(bool(result["vcenter"]), name == "bond-ab-vlans-vcenter")

    def test_passwords_survive_three_layers_of_yaml(self):
        generator = random.Random(3)
        alphabet = "aZ09 '\"\\%#:{}[]&*!|>@`,?-=~$/\u00e4\u20ac"
        for _ in range(400):
            password = "".join(generator.choice(alphabet) for _ in range(generator.randint(1, 40)))
            if not password.strip():
                continue
            content = yaml.safe_dump({"vcenter_server": "vc.example.net", "vcenter_username": "register@vsphere.local",
                                      "vcenter_password": password, "vcenter_datacenter": "DC " + password}, default_flow_style=False)
            config = {"write_files": [{"content": content, "path": "/altbootbank/maas/vcenter.yaml"}],
                      "ntp": {"servers": ["192.0.2.5"], "pools": []}}
            result, _ = read(vendor_data=vendor(config))
            self.assertEqual(result["vcenter"]["password"], password)
            self.assertEqual(result["vcenter"]["datacenter"], "DC " + password)
            self.assertEqual((result["ntp"]["servers"], result["files"]), (["192.0.2.5"], []))

    def test_vcenter_keys(self):
        def found(**keys):
            content = yaml.safe_dump({"vcenter_" + key: value for key, value in keys.items()})
            result, warnings = read(vendor_data=vendor({"write_files": [{"content": content, "path": "/x/vcenter.yaml"}]}))
            self.assertNotIn("hidden", warnings)
            return result["vcenter"], warnings
        base = {"server": "https://vc.example.net/", "username": "u", "password": "hidden1"}
        self.assertEqual(found(**base)[0], schema.validate({"format": 1, "source": "maas", "vcenter": {
            "server": "vc.example.net", "username": "u", "password": "hidden1"}})["vcenter"])
        more = found(verify_tls=False, folder="F", cluster="C", datacenter="", **base)[0]
        self.assertEqual((more["verify_tls"], more["folder"], more["cluster"], more["datacenter"]), (False, "F", "C", None))
        for change, words in (({"server": "bad name!"}, "host name"), ({"username": None}, "vcenter_username"), ({"password": ""}, "vcenter_password"),
                              ({"password": "hidden\x07"}, "one line"), ({"verify_tls": "maybe"}, "true or false")):
            result, warnings = found(**dict(base, **change))
            self.assertIsNone(result)
            self.assertIn(words, warnings)

    def test_a_broken_vcenter_file_is_never_quoted(self):
        config = {"write_files": [{"content": "vcenter_password: 'hidden\nvcenter_server: x", "path": "/x/vcenter.yaml"}]}
        result, warnings = read(vendor_data=vendor(config))
        self.assertIsNone(result["vcenter"])
        self.assertNotIn("hidden", warnings)
        self.assertIn("vcenter.yaml", warnings)

    def test_what_only_linux_can_do_is_ignored(self):
        config = {"snap": {"commands": ["snap set system proxy.http=x"]}, "system_info": {"default_user": {"name": "d"}},
                  "runcmd": ["touch /tmp/must-not-be"], "packages": ["a"], "hostname": "other", "users": ["default"]}
        result, warnings = read(vendor_data=vendor(config))
        self.assertEqual(result, BASE)
        self.assertIn("hostname, packages, runcmd, users", warnings)

    def test_own_keys(self):
        keys = {"licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "syslog": ["192.0.2.9"], "ssh": False, "nonsense": 1,
                "datastores": [{"name": "a", "disks": "x"}], "networks": {"n": {"port_group": "p"}}}
        result, warnings = read(vendor_data=vendor({"esxi": keys}))
        self.assertEqual((result["licence_key"], result["syslog"]), (keys["licence_key"], ["192.0.2.9"]))
        self.assertIs(result["services"]["ssh"], False)
        self.assertEqual((result["storage"], result["network"]), (None, None))
        for words in ("esxi.datastores is ignored: MAAS", "esxi.networks is ignored: MAAS", "esxi.nonsense is unknown"):
            self.assertIn(words, warnings)
        self.assertIsNone(BASE["licence_key"], "what was given is not changed")
        self.assertIn("not an object", read(vendor_data=vendor({"esxi": [1]}))[1])

    def test_shapes_of_vendor_data(self):
        ntp = {"ntp": {"servers": ["192.0.2.5"]}}
        for data in (vendor(ntp), yaml.safe_dump({"cloud-init": ntp}).encode(), yaml.safe_dump(ntp).encode(),
                     b"#cloud-config\n" + yaml.safe_dump(ntp).encode()):
            self.assertEqual(read(vendor_data=data)[0]["ntp"]["servers"], ["192.0.2.5"], data)
        for data in (b"[1, 2]", b"text", b"{unclosed", b"\xff\xfe", b"cloud-init: 5", b"cloud-init: '#!/bin/sh'", b"null"):
            self.assertEqual(read(vendor_data=data)[0], BASE, data)

    def test_files(self):
        plain = "line one\nl\u00efne two\n"
        packed = base64.b64encode(gzip.compress(plain.encode())).decode()
        entries = [{"path": "/opt/a", "content": plain}, {"path": "/opt/b", "content": base64.b64encode(plain.encode()).decode(),
                                                          "encoding": "b64", "permissions": "0600"},
                   {"path": "/opt/deep/c", "content": packed, "encoding": "gz+b64", "permissions": "0755"},
                   {"path": "/opt/d", "content": packed, "encoding": "gzip+base64"},
                   {"path": "relative", "content": "x"}, {"path": "/opt/../etc/passwd", "content": "x"}, {"content": "x"},
                   {"path": "/opt/e", "content": "x", "encoding": "rot13"}, {"path": "/opt/f", "content": "x", "encoding": "gz"},
                   {"path": "/opt/g", "content": ["x"]}, "nonsense"]
        result, warnings = read(vendor_data=vendor({"write_files": entries}))
        found = [(file["path"], files.content_of(file), file["mode"]) for file in result["files"]]
        self.assertEqual([(path, content.decode(), mode) for path, content, mode in found],
                         [("/opt/a", plain, 0o644), ("/opt/b", plain, 0o600), ("/opt/deep/c", plain, 0o755), ("/opt/d", plain, 0o644)])
        self.assertEqual(warnings.count("is ignored"), 7)
        folder = tempfile.mkdtemp(prefix="esxi-files-")
        self.addCleanup(shutil.rmtree, folder)
        lines = Lines()
        with open(os.path.join(folder, "plain"), "w", encoding="ascii"):
            pass
        below = dict(result["files"][0], path="/plain/below")
        with self.assertRaisesRegex(writer.FilesError, "/plain/below could not be written"):
            writer.write_all([below] + result["files"], Host(folder), Log([lines]))
        for path, content, mode in found:
            with open(folder + path, "rb") as file:
                self.assertEqual(file.read(), content)
            self.assertEqual(os.stat(folder + path).st_mode & 0o777, mode)
        self.assertIn("wrote /opt/deep/c", lines.text)

    def test_any_vendor_data_is_read_or_reported(self):
        generator = random.Random(4)
        good = answers("bond-ab-vlans-vcenter")["vendor-data"]
        for _ in range(1500):
            data = bytearray(good)
            for _ in range(generator.randint(1, 6)):
                at = generator.randrange(len(data))
                data[at:at + generator.randint(0, 3)] = bytes(generator.choice(b" \n'\"\\:#-{}[]|>x\xff") for _ in range(generator.randint(0, 3)))
            result, warnings = read(vendor_data=bytes(data[:generator.randint(1, len(data))]))
            schema.validate(result)
            self.assertNotIn("w#rd", warnings)




if __name__ == "__main__":
    unittest.main()
