"""User data, cloud-config and vendor data, in every form in which they come."""
import base64
import gzip
import os
import unittest

from support import SAMPLES, describe
from test_scenarios import KEY
from test_sources import OTHER_KEY

from hostconf.sources import openstack, userdata


class VendorDataTest(unittest.TestCase):
    def read(self, one=None, two=None, **more):
        return describe({}, {}, vendor_data=one, vendor_data2=two, **more)

    def test_own_keys(self):
        keys = {"ntp": {"servers": ["192.0.2.1"], "pools": ["pool.example.net"]}, "syslog": "udp://192.0.2.2:514",
                "dns_search": ["example.net", "b@d"], "licence_key": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "ssh": True,
                "shell": False, "console": True, "advanced": {"/UserVars/DcuiTimeOut": 5, "nonsense": 1, "/A/b": [1],
                                                              "/A/c": True},
                "kernel": {"ipv6": False, "x": "y", "z": None}, "colour": "red"}
        for place in ({"one": {"esxi": keys}}, {"two": {"esxi": keys}}, {"two": {"static": {"esxi": keys}}},
                      {"two": {"my-service": {"esxi": keys}}}):
            description = self.read(**place)
            self.assertEqual(description["ntp"], {"servers": ["192.0.2.1"], "pools": ["pool.example.net"]})
            self.assertEqual(description["syslog"], ["udp://192.0.2.2:514"])
            self.assertEqual(description["dns"]["search"], ["example.net"])
            self.assertEqual(description["licence_key"], "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")
            self.assertEqual(description["services"], {"ssh": True, "shell": False, "console": True})
            self.assertEqual(description["advanced"], {"/UserVars/DcuiTimeOut": 5})
            self.assertEqual(description["kernel"], {"ipv6": "FALSE", "x": "y"})
            self.assertEqual(len(description["warnings"]), 6)

    def test_other_peoples_data_is_nobodys_business(self):
        for data in ({}, {"static": {}}, {"site": {"rows": [{"id": 1}]}, "proxy": None}, [], None, "x",
                     {"inventory": {"links": {"network": {"ip_address": "203.0.113.200"}}}, "esxi": None}):
            description = self.read(data, data)
            self.assertEqual(description["warnings"], [])
            self.assertIsNone(description["network"])

    def test_cloud_init_text_and_plain_ntp(self):
        description = self.read({"cloud-init": "#cloud-config\nntp:\n  servers: [192.0.2.3]\n"})
        self.assertEqual(description["ntp"]["servers"], ["192.0.2.3"])
        self.assertEqual(self.read(None, {"ntp": {"servers": ["192.0.2.4"]}})["ntp"]["servers"], ["192.0.2.4"])

    def test_the_users_word_counts_more(self):
        description = self.read({"esxi": {"ntp": {"servers": ["192.0.2.1"]}}},
                                user_data=b"#cloud-config\nntp: {servers: [192.0.2.9]}\n")
        self.assertEqual(description["ntp"]["servers"], ["192.0.2.9"])


class UserDataTest(unittest.TestCase):
    def read(self, data):
        warnings = []
        scripts, configs = userdata.read(data, warnings.append)
        return [base64.b64decode(script["script_base64"]) for script in scripts], configs, warnings

    def test_scripts(self):
        for first in ("#!/bin/sh", "#! /bin/ash -e", "#!/usr/bin/env python3", "#!/bin/python",
                      "#!/usr/bin/env -S python3 -u",
                      "#!/usr/bin/python3.8"):
            script = (first + "\nx\n").encode()
            self.assertEqual(self.read(script), ([script], [], []))
        self.assertEqual(userdata.interpreter(b"#!/usr/bin/env python3\n"), "python3")
        self.assertEqual(userdata.interpreter(b"#!/bin/sh -x"), "sh")

    def test_scripts_that_esxi_cannot_run(self):
        for first in ("#!/bin/bash", "#!/usr/bin/perl", "#!", "#!/usr/bin/env", "#!/usr/bin/env ruby"):
            scripts, _, warnings = self.read((first + "\n").encode())
            self.assertEqual((scripts, len(warnings)), ([], 1))

    def test_line_ends_of_another_system(self):
        self.assertEqual(self.read(b"#!/bin/sh\r\necho a\r\n")[0], [b"#!/bin/sh\necho a\n"])
        self.assertEqual(self.read(b"\xef\xbb\xbf#!/bin/sh\n")[0], [b"#!/bin/sh\n"])

    def test_gzip(self):
        self.assertEqual(self.read(gzip.compress(b"#!/bin/sh\n"))[0], [b"#!/bin/sh\n"])
        for damaged in (b"\x1f\x8b\x08", gzip.compress(b"x")[:-9] + b"123456789" * 2,
                        gzip.compress(bytes(userdata.SIZE_LIMIT + 1))):
            scripts, configs, warnings = self.read(damaged)
            self.assertEqual((scripts, configs, len(warnings)), ([], [], 1))

    def test_what_is_never_run(self):
        for data in (b"echo hello\n", b"#include\nhttp://192.0.2.1/x\n", b"#cloud-boothook\n#!/bin/sh\n",
                     b"## template: jinja\n#!/bin/sh",
                     b"#part-handler\n", b"#cloud-config-archive\n- x\n", b'{"ignition": {}}', b"\x00\x01"):
            scripts, configs, warnings = self.read(data)
            self.assertEqual((scripts, configs, len(warnings)), ([], [], 1), data)
        for data in (None, b"", b" \n"):
            self.assertEqual(self.read(data), ([], [], []))

    def test_cloud_config(self):
        self.assertEqual(self.read(b"#cloud-config\nntp:\n  servers: [a]\n")[1], [{"ntp": {"servers": ["a"]}}])
        self.assertEqual(self.read(b"#cloud-config\n")[1:], ([], []))
        for data in (b"#cloud-config\na: [\n", b"#cloud-config\n- a\n", b"#cloud-config\n\xff\n"):
            self.assertEqual((self.read(data)[1], len(self.read(data)[2])), ([], 1))

    def test_multipart(self):
        with open(os.path.join(SAMPLES, "ironic-unicode-name-mime-userdata", "openstack", "latest", "user_data"),
                  "rb") as file:
            data = file.read()
        for form in (data, data.replace(b"\n", b"\r\n"), gzip.compress(data),
                     b"MIME-Version: 1.0\n" + data.replace(b"MIME-Version: 1.0\n", b"", 1)):
            scripts, configs, warnings = self.read(form)
            self.assertEqual(len(scripts), 1)
            self.assertTrue(scripts[0].startswith(b"#!/bin/sh\nesxcli"))
            self.assertEqual(configs[0]["ntp"], {"servers": ["192.0.2.29"]})
            self.assertEqual(warnings, [])

    def test_cloud_config_keys(self):
        text = b"""#cloud-config
fqdn: esx5.example.net
hostname: other
ssh_authorized_keys: ["%s one"]
users:
  - default
  - name: root
    ssh_authorized_keys: ["%s two"]
  - name: bob
chpasswd:
  list: |
    root:S3cret-root-word
    bob:x
ntp: {servers: [192.0.2.1, "bad name"], pools: [pool.example.net]}
manage_resolv_conf: true
resolv_conf: {nameservers: [192.0.2.53], searchdomains: [example.net]}
runcmd:
  - echo "a b" > /tmp/x
  - [echo, "it's", 5]
packages: [x]
timezone: UTC
""" % (KEY.encode(), OTHER_KEY.encode())
        seen = []
        description = openstack.read({"user_data": text}, "embedded",
                                     hash_password=lambda word: seen.append(word) or "$6$x$" + "y" * 86)
        self.assertEqual(description["hostname"], "esx5.example.net")
        self.assertEqual(description["ssh_keys"], [KEY + " one", OTHER_KEY + " two"])
        self.assertEqual(seen, ["S3cret-root-word"])
        self.assertEqual(description["ntp"], {"servers": ["192.0.2.1"], "pools": ["pool.example.net"]})
        self.assertEqual(description["dns"], {"servers": ["192.0.2.53"], "search": ["example.net"]})
        self.assertEqual(base64.b64decode(description["user_data"][0]["script_base64"]).decode(),
                         "#!/bin/sh\necho \"a b\" > /tmp/x\n'echo' 'it'\\''s' '5'\n")
        text = " ".join(description["warnings"])
        self.assertIn("packages, timezone", text)
        self.assertNotIn("S3cret", text)

    def test_passwords_in_cloud_config(self):
        for text, secret in ((b"password: abc", "abc"), (b"users: [{name: root, plain_text_passwd: abc}]", "abc"),
                             (b"chpasswd: {users: [{name: root, password: abc, type: text}]}", "abc"),
                             (b"chpasswd: {list: ['root:abc']}", "abc"), (b"chpasswd: {list: ['root:RANDOM']}", None)):
            seen = []
            openstack.read({"user_data": b"#cloud-config\n" + text}, "embedded",
                           hash_password=lambda word: seen.append(word) or "$6$x$" + "y" * 86)
            self.assertEqual(seen, [secret] if secret else [])
        given = "$6$abc$" + "z" * 86
        for text in ("users: [{name: root, passwd: %s}]", "password: %s",
                     "chpasswd: {users: [{name: root, password: %s}]}"):
            description = openstack.read({"user_data": ("#cloud-config\n" + text % given).encode()}, "embedded")
            self.assertEqual(description["root_password_hash"], given)
        description = openstack.read({"user_data": b"#cloud-config\nusers: [{name: root, passwd: $y$abc}]"},
                                     "embedded")
        self.assertIsNone(description["root_password_hash"])

if __name__ == "__main__":
    unittest.main()
