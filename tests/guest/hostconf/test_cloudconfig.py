"""What users write for cloud-init: its keys on ESXi, the parts of Heat, and this project's own keys."""
import base64
import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import unittest
import urllib.parse

from sandbox import Installed, TWO_DISKS
from support import CASES, GUEST, REPOSITORY, describe
from test_scenarios import bond, phy, static, vlan

from hostconf.host.inventory import parse_nics
from hostconf.model.inventory import assumed
from hostconf.planning.plan import plan
from hostconf.sources import cloudcfg, esxikeys, files, metadata, openstack

UUID = "11111111-2222-3333-4444-555555555555"
NETWORK = {"links": [phy("a", 0), phy("b", 1), vlan("v", "b", 30)], "networks": [
    dict(static("n", "a", "192.0.2.5", gateway="192.0.2.1"), network_id="aaaa-bbbb"),
    static("m", "v", "198.51.100.5")]}


def described(text, network=None, meta=None, **files_given):
    """The description of user data; and its warnings as one text."""
    data = text if isinstance(text, bytes) else ("#cloud-config\n" + text).encode()
    found = describe(network or NETWORK, dict({"uuid": UUID, "hostname": "x"}, **(meta or {})), user_data=data,
                     **files_given)
    return found, " | ".join(found["warnings"])


def case(name):
    """The description of a case, and its list of NICs."""
    with open(os.path.join(CASES, name, "nics.txt"), encoding="utf-8") as file:
        nics = file.read()
    return openstack.read(metadata.load(os.path.join(CASES, name)), "config-drive"), nics


def mime(*parts):
    """A MIME message of (type, file name, content)."""
    text = 'Content-Type: multipart/mixed; boundary="x"\nMIME-Version: 1.0\n\n'
    for kind, name, content in parts:
        text += '--x\nContent-Type: %s; charset="us-ascii"\nContent-Disposition: attachment; filename="%s"\n\n%s\n' % (
            kind, name, content)
    return (text + "--x--\n").encode()


class HeatTest(unittest.TestCase):
    GLUE = (("text/cloud-config", "cloud-config", "cloud_config_modules:\n- runcmd\noutput: {all: '| tee x'}"),
            ("text/cloud-boothook", "boothook.sh", "#!/bin/bash\nsetenforce 0"),
            ("text/part-handler", "part-handler.py", "# part-handler\ndef list_types(): return []"),
            ("text/x-shellscript", "loguserdata.py", "#!/usr/bin/env python3\nraise SystemExit(1)"),
            ("text/x-cfninitdata", "cfn-init-data", "{}"), ("text/x-cfninitdata", "cfn-metadata-server", "http://x/"))

    def test_glue_alone(self):
        found, warnings = described(mime(("text/x-cfninitdata", "cfn-userdata", ""), *self.GLUE))
        self.assertEqual(found["user_data"], [])
        self.assertEqual(len(found["warnings"]), 1, warnings)
        for name in ("cfn-userdata", "loguserdata.py", "part-handler.py", "boothook.sh", "cfn-init-data"):
            self.assertIn(name, warnings)

    def test_what_the_user_gave_heat_is_read(self):
        for content, scripts in (("#!/bin/sh\necho mine", 1), ("#cloud-config\nhostname: from-heat", 0)):
            found, warnings = described(mime(("text/x-cfninitdata", "cfn-userdata", content), *self.GLUE))
            self.assertEqual(len(found["user_data"]), scripts)
            self.assertEqual(found["hostname"], "x" if scripts else "from-heat")
            self.assertNotIn("cfn-userdata,", warnings)

    def test_parts_of_software_config(self):
        found, _ = described(mime(("text/x-shellscript", "userdata", "#!/bin/sh\ntrue"), *self.GLUE))
        self.assertEqual([entry["name"] for entry in found["user_data"]], ["user_data part userdata"])


class FilesTest(unittest.TestCase):
    def read(self, text):
        found, warnings = described("write_files:\n" + text)
        return found["files"], warnings

    def test_encodings(self):
        plain = b"l\xc3\xafne\n"
        packed = base64.b64encode(gzip.compress(plain)).decode()
        for encoding, content in (("text/plain", plain.decode()), ("b64", base64.b64encode(plain).decode()),
                                  ("base64", base64.b64encode(plain).decode()), ("gz+b64", packed),
                                  ("gzip+base64", packed), ("gz+base64", packed), ("gz", packed), ("gzip", packed)):
            found, _ = self.read("- path: /a\n  encoding: %s\n  content: %s\n" % (encoding, json.dumps(content)))
            self.assertEqual(files.content_of(found[0]), plain, encoding)
        folded = "\n".join("      " + packed[i:i + 20] for i in range(0, len(packed), 20))
        found, _ = self.read("- path: /a\n  encoding: gz+b64\n  content: |\n%s\n" % folded)
        self.assertEqual(files.content_of(found[0]), plain)

    def test_permissions(self):
        for text, mode in (("'0644'", 0o644), ("0644", 0o644), ("0o644", 0o644), ("'755'", 0o755), ("0755", 0o755),
                           ("420", 0o644), ("644", 0o644), ("0600", 0o600), ("'4755'", 0o4755), ("rw", 0o600),
                           ("99999", 0o600), ("-1", 0o600)):
            found, _ = self.read("- {path: /a, content: x, permissions: %s}\n" % text)
            self.assertEqual(found[0]["mode"], mode, text)
        self.assertEqual(self.read("- {path: /a, content: x}\n")[0][0]["mode"], 0o644)

    def test_what_is_ignored_is_said(self):
        for text, words in (("owner: nobody:nogroup", "owner 'nobody:nogroup' is ignored"), ("owner: root:root", None),
                            ("owner: root", None), ("source: {uri: 'http://x/'}", "its source is not asked for")):
            found, warnings = self.read("- {path: /a, content: x, %s}\n" % text)
            self.assertEqual(len(found), 1)
            if words:
                self.assertIn(words, warnings)
            else:
                self.assertEqual(warnings, "")
        for text in ("- {path: a, content: x}\n", "- {path: /../a, content: x}\n", "- {content: x}\n", "- 5\n",
                     "- {path: /a, content: [x]}\n", "- {path: /a, content: '%%', encoding: b64}\n",
                     "- {path: /a/, content: x}\n", "- {path: /a, content: x, encoding: rot13}\n"):
            found, warnings = self.read(text)
            self.assertEqual(found, [], text)
            self.assertIn("ignored", warnings)

    def test_no_content_is_an_empty_file(self):
        self.assertEqual(files.content_of(self.read("- {path: /a}\n")[0][0]), b"")


class AccountsTest(unittest.TestCase):
    def keys(self, text):
        found, warnings = described(text)
        return [key.split()[2] for key in found["ssh_keys"]], warnings

    def key(self, name):
        return "ssh-rsa AAAAB3%s= %s" % (name * 4, name)

    def test_keys_of_every_level(self):
        text = ("ssh_authorized_keys: [%s]\nuser: {name: core, ssh_authorized_keys: [%s]}\nusers:\n- default\n"
                "- {name: default, ssh_authorized_keys: [%s]}\n- {name: root, ssh-authorized-keys: [%s]}\n"
                "- {name: ops, sudo: 'ALL=(ALL) NOPASSWD:ALL', ssh_authorized_keys: [%s]}\n"
                "- {name: guest, sudo: false, ssh_authorized_keys: [%s]}\n" % tuple(self.key(c) for c in "abcdef"))
        found, warnings = self.keys(text)
        self.assertEqual(found, list("abcde"))
        self.assertIn("user 'ops' is not made; root", warnings)
        self.assertIn("user 'guest' is ignored", warnings)

    def test_users_as_an_object(self):
        self.assertEqual(self.keys("users: {root: {ssh_authorized_keys: [%s]}, 5: 6}" % self.key("a"))[0], ["a"])

    def password(self, text):
        """What root's password is set to: (plain, None) or (None, hash)."""
        asked = []

        def hashed(password):
            asked.append(password)
            return "$6$salt$" + "x" * 86

        given = {"user_data": ("#cloud-config\n" + text).encode()}
        found = openstack.read(given, "config-drive", hash_password=hashed)
        found_hash = found["root_password_hash"]
        return (asked[-1:] or [None])[0], None if asked else found_hash, " | ".join(found["warnings"])

    def test_passwords(self):
        whole = "$6$abcdefgh$" + "k" * 86
        for text, plain, crypt in (
                ("password: secret", "secret", None), ("password: 12345678", "12345678", None),
                ("password: 0012", "0012", None), ("password: '%s'" % whole, None, whole),
                ("chpasswd: {list: 'root:secret'}", "secret", None),
                ("chpasswd:\n  list: |\n    other:a\n    root:with:colon\n", "with:colon", None),
                ("chpasswd: {list: ['root:%s']}" % whole, None, whole),
                ("chpasswd: {users: [{name: root, password: secret, type: text}]}", "secret", None),
                ("chpasswd: {users: [{name: root, password: '%s'}]}" % whole, None, whole),
                ("chpasswd: {users: [{name: root, password: 4711, type: text}]}", "4711", None),
                ("chpasswd: {users: [{name: root, password: secret}]}", None, None),
                ("chpasswd: {users: [{name: root, type: RANDOM}]}", None, None),
                ("chpasswd: {list: 'root:RANDOM'}", None, None), ("password: R", None, None),
                ("chpasswd: {list: 'ubuntu:secret'}", None, None),
                ("users: [{name: root, plain_text_passwd: secret}]", "secret", None),
                ("users: [{name: root, hashed_passwd: '%s'}]" % whole, None, whole),
                ("password: first\nchpasswd: {list: 'root:second', expire: false}", "second", None)):
            found_plain, found_hash, warnings = self.password(text)
            self.assertEqual((found_plain, found_hash), (plain, crypt), text)
            self.assertNotIn("secret", warnings)
            if plain is None and crypt is None:
                self.assertNotEqual(warnings, "", text)


class PhoneHomeTest(unittest.TestCase):
    def test_what_is_posted(self):
        for text, post, tries in (("{url: 'http://192.0.2.1/$INSTANCE_ID/'}", 6, 10),
                                  ("{url: 'https://x.example.net/', post: all, tries: 3}", 6, 3),
                                  ("{url: 'http://x/', post: [instance_id, fqdn, pub_key_dsa]}", 2, 10),
                                  ("{url: 'http://x/', tries: 1000}", 6, 20), ("{url: 'http://x/', tries: x}", 6, 10)):
            found, _ = described("phone_home: " + text)
            self.assertEqual((len(found["phone_home"]["post"]), found["phone_home"]["tries"]), (post, tries), text)

    def test_what_is_no_url(self):
        for text in ("{}", "{url: 5}", "{url: 'ftp://x/'}", "{url: 'http:///t0ken'}", "x", "{url: 'http://[/'}"):
            found, warnings = described("phone_home: " + text)
            self.assertIsNone(found["phone_home"])
            self.assertIn("no http:// or https:// URL", warnings)
            self.assertNotIn("t0ken", warnings)


class TableTest(unittest.TestCase):
    def test_the_keys_that_count_stand_in_the_docs(self):
        with open(os.path.join(REPOSITORY, "docs", "openstack.md"), encoding="utf-8") as file:
            table = file.read().partition("### Keys of cloud-config")[2].partition("\n\nUser data")[0]
        named = set(name for row in table.splitlines()[4:] for name in re.findall(r"`([a-z_]+)`", row.split("|")[1]))
        ignored = {"packages", "apt", "mounts", "bootcmd", "power_state"}
        self.assertEqual(named, set(cloudcfg.HANDLED + cloudcfg.SILENT) | ignored)
        _, warnings = described("".join("%s: x\n" % name for name in sorted(ignored) + list(cloudcfg.SILENT)))
        self.assertEqual(warnings, "cloud-config: %s has no meaning on ESXi and is ignored" % ", ".join(sorted(ignored)))


class OwnKeysTest(unittest.TestCase):
    def test_the_table_stands_in_the_readme(self):
        with open(os.path.join(GUEST, "README.md"), encoding="utf-8") as file:
            rows = [" ".join(line.split()) for line in file if line.startswith("|")]
        for line in esxikeys.table().splitlines():
            if not line.startswith("| ---"):
                self.assertIn(line, rows)

    def test_user_data_wins_key_by_key(self):
        vendor = {"esxi": {"syslog": ["udp://192.0.2.1:514"], "dns_search": ["vendor.example"], "ssh": False,
                           "advanced": {"/UserVars/A": 1, "/UserVars/B": 1}}}
        found, warnings = described(
            "esxi:\n  syslog: [\"udp://192.0.2.9:514\"]\n  shell: false\n  advanced: {/UserVars/A: 2}\n",
            vendor_data2={"static": vendor})
        self.assertEqual(warnings, "")
        self.assertEqual(found["syslog"], ["udp://192.0.2.9:514"])
        self.assertEqual(found["dns"]["search"], ["vendor.example"])
        self.assertEqual((found["services"]["ssh"], found["services"]["shell"]), (False, False))
        self.assertEqual(found["advanced"], {"/UserVars/A": 2, "/UserVars/B": 1})

    def test_single_keys(self):
        for text, path, wanted in (
                ("ntp: [192.0.2.1]", "ntp", {"servers": ["192.0.2.1"], "pools": []}),
                ("ntp: {pools: [pool.example.net]}", "ntp", {"servers": [], "pools": ["pool.example.net"]}),
                ("licence_key: AAAAA-B", "licence_key", "AAAAA-B"), ("license_key: AAAAA-B", "licence_key", "AAAAA-B"),
                ("kernel: {hyperthreading: true, x: 5}", "kernel", {"hyperthreading": "TRUE", "x": "5"}),
                ("console: true", "services", {"ssh": True, "shell": True, "console": True}),
                ("vm_network: drop", "vm_network", False), ("vm_network: keep", "vm_network", True),
                ("vm_network: false", "vm_network", False)):
            found, warnings = described("esxi: {%s}" % text)
            self.assertEqual((found[path], warnings), (wanted, ""), text)

    def test_wrong_values_are_named_and_left_out(self):
        base, _ = described("{}")
        for text, words in (
                ("esxi: 5", "esxi is not an object"), ("esxi: {color: red}", "esxi.color is unknown"),
                ("esxi: {ssh: maybe}", "esxi.ssh is ignored: must be true or false"),
                ("esxi: {kernel: [1]}", "must be an object"), ("esxi: {advanced: {x: 1}}", "a setting is ignored"),
                ("esxi: {licence_key: [1]}", "must be text"), ("esxi: {vm_network: maybe}", "true or false"),
                ("esxi: {datastores: [{name: x}]}", "esxi.datastores is ignored"),
                ("esxi: {datastores: {x: {model: y}}}", "needs boot_disk, serial, path, device or numbers"),
                ("esxi: {datastores: {x: {size: 5}}}", "keys boot, device"),
                ("esxi: {vcenter: {server: vc.example.net, password: s3cret}}", "it lacks username"),
                ("esxi: {vcenter: {server: vc.example.net, username: u, password: 's3cret', folder: \"a\\x07b\"}}",
                 "control characters"),
                ("esxi: {unnumbered: maybe}", "true or false"), ("esxi: {networks: 5}", "must be an object"),
                ("esxi: {networks: {zz: {tags: vMotion}}}", "there is no network zz"),
                ("esxi: {networks: {n: {tags: [x]}}}", "is not a tag"), ("esxi: {networks: {n: {mtu: 1}}}", "n.mtu is unknown"),
                ("esxi: {networks: {n: {security: {x: true}}}}", "n.security is ignored"),
                ("esxi: {networks: {n: {port_group: \"a\\nb\"}}}", "n.port_group is ignored")):
            found, warnings = described(text)
            self.assertIn(words, warnings, text)
            self.assertNotIn("s3cret", warnings)
            self.assertEqual(dict(found, warnings=[]), base, text)

    def test_management_is_chosen_by_any_of_its_names(self):
        for name in ("m", "v"):
            found, _ = described("esxi: {networks: {%s: {management: true}}}" % name)
            self.assertEqual(found["network"]["management"], "v")
        by_neutron = dict(NETWORK, networks=[static("m", "v", "198.51.100.5"), NETWORK["networks"][0]])
        found, warnings = described("esxi: {networks: {aaaa-bbbb: {management: true, tags: vsan}}}", by_neutron)
        self.assertEqual((found["network"]["management"], warnings), ("a", ""))
        self.assertEqual(next(i for i in found["network"]["interfaces"] if i["id"] == "a")["tags"], ["VSAN"])

    def test_datastores(self):
        found, warnings = described("esxi:\n  datastores:\n  - {name: one, disks: [S1, naa.500, /dev/disk/by-id/wwn-0x5]}\n"
                                    "  - {name: two, disks: boot}\n  - {name: three, disks: [{serial: 12, model: M}]}\n")
        self.assertEqual(warnings, "")
        one, two, three = found["storage"]["datastores"]
        self.assertEqual([(e["disk"]["serial"], e["disk"]["device"], e["disk"]["path"], e["partition"])
                          for e in one["extents"]],
                         [("S1", None, None, 1), (None, "naa.500", None, 1), (None, None, "/dev/disk/by-id/wwn-0x5", 1)])
        self.assertEqual((two["extents"][0]["disk"]["boot_disk"], two["extents"][0]["partition"]), (True, 8))
        self.assertEqual((three["extents"][0]["disk"]["serial"], three["extents"][0]["disk"]["model"]), ("12", "M"))

    def test_links_that_no_network_uses(self):
        network = {"links": [phy("a", 0), phy("b", 1), phy("c", 2), phy("d", 3), bond("bb", ["b", "c"], "802.3ad"),
                             vlan("v10", "bb", 10), vlan("va", "a", 7)],
                   "networks": [static("n", "a", "192.0.2.5", gateway="192.0.2.1")]}
        self.assertEqual(described("{}", network)[0]["network"]["vm_networks"], [])
        found, warnings = described("esxi: {unnumbered: true}", network)
        self.assertEqual(warnings, "")
        self.assertEqual(sorted((s["id"], s["link"], s["vlan"]) for s in found["network"]["vm_networks"]),
                         [("bb", "bb", 0), ("d", "d", 0), ("v10", "bb", 10), ("va", "a", 7)])
        only = {"links": network["links"], "networks": []}
        self.assertEqual(len(described("esxi: {unnumbered: true}", only)[0]["network"]["vm_networks"]), 5)
        self.assertIsNone(described("esxi: {unnumbered: true}", {"links": [], "networks": []})[0]["network"])

    def test_the_plan_shows_it_all(self):
        found, _ = described("esxi: {vm_network: drop, networks: {m: {tags: [vMotion], port_group: Fast, "
                             "security: {promiscuous: true}}}}")
        nics = parse_nics("".join("vmnic%d 0000:01:00.%d x Up Up 10000 Full 02:00:5e:00:54:%02x 1500 N\n" % (i, i, i)
                                  for i in range(2)))
        lines = [command.shell() for command in plan(found, assumed(nics)).commands]
        for wanted in ("esxcli network ip interface tag add -i vmk1 -t VMotion",
                       "esxcli network vswitch standard policy security set -v vSwitch1 --allow-promiscuous=true",
                       "esxcli network vswitch standard portgroup remove -p 'VM Network' -v vSwitch0"):
            self.assertIn(wanted, lines)
        self.assertTrue(any("portgroup add -p Fast" in line for line in lines), lines)


class Answering(http.server.BaseHTTPRequestHandler):
    """Answers the first POSTs with an error, then with 200."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, urllib.parse.parse_qs(body.decode(), keep_blank_values=True)))
        self.send_response(500 if len(self.server.posts) <= self.server.refusals else 200)
        self.end_headers()

    def log_message(self, *_):
        pass


class HostTest(Installed):
    """First boots of hosts in a sandbox."""

    def first_boot(self, description, nics=None):
        how = {"nics": nics} if nics else {}
        self.installed(description, **how)
        inner = self.host.run

        def run(argv, seconds=0, end_children=False):
            if argv[0] in ("sh", sys.executable) and "esxiimg-user" in argv[1]:
                done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                return done.returncode, done.stdout.decode()
            return inner(argv, seconds)

        self.host.run = run
        self.configure()

    def assert_done(self):
        self.assertEqual(self.status, 0, self.lines.text[-3000:])
        for place in ("/esxiimg", "/esxiimg-host"):
            self.assertFalse(self.fake.files.exists(place))

    def test_case_heat_default(self):
        description, nics = case("heat-default")
        self.assertEqual([w for w in description["warnings"]], [
            "user_data: the parts cfn-userdata, loguserdata.py are for the agent in a Linux guest and are skipped"])
        self.first_boot(description, nics)
        self.assert_done()
        self.assertEqual(self.lines.text.count("loguserdata.py"), 1)

    def test_case_cloud_config_esxi_key(self):
        description, nics = case("cloud-config-esxi-key")
        self.assertEqual(description["warnings"], [])
        self.first_boot(description, nics)
        self.assert_done()
        self.assertEqual((self.fake.summary()["search"], self.fake.summary()["syslog"]),
                         (["example.org"], "udp://192.0.2.9:514"))

    def test_case_write_files(self):
        description, nics = case("write-files")
        # The script knows of no sandbox.
        place = self.folder + "/host/root/tmp/setup.sh"
        script = base64.b64decode(description["user_data"][0]["script_base64"]).decode()
        script = script.replace("/tmp/setup.sh", "%s; stat -c %%a %s" % (place, place))
        description["user_data"][0]["script_base64"] = base64.b64encode(script.encode()).decode()
        self.first_boot(description, nics)
        self.assert_done()
        self.assertEqual(self.fake.path("/tmp/setup.sh"), place)
        self.assertIn("script runcmd: hello", self.lines.text)
        self.assertIn("script runcmd: 644", self.lines.text)
        self.assertEqual(self.fake.files.read("/tmp/setup.sh"), b"#!/bin/sh\necho hello\n")

    def test_append_and_defer(self):
        text = ("write_files:\n- {path: /opt/new/a, content: late, append: true, defer: true}\n"
                "- {path: /opt/new/a, content: early-, permissions: 0600}\n- {path: /etc/motd, content: more, append: true}\n")
        description, _ = described(text)
        self.installed(description)
        self.fake.files.write("/etc/motd", "first-")
        self.configure()
        self.assertEqual(self.fake.files.read("/opt/new/a"), b"early-late")
        self.assertEqual(self.fake.files.read("/etc/motd"), b"first-more")
        self.assertEqual(self.fake.files.mode("/opt/new/a"), 0o644)

    def test_a_file_that_cannot_be_written_fails_its_area_alone(self):
        description, _ = described("write_files:\n- {path: /etc/hosts/x, content: x}\n- {path: /opt/b, content: b}\n")
        self.installed(description)
        self.fake.files.write("/etc/hosts", "x")
        self.configure()
        self.assertEqual((self.status, sorted(self.failures)), (0, ["files"]))
        self.assertIn("/etc/hosts/x could not be written", self.failures["files"])
        self.assertEqual(self.fake.files.read("/opt/b"), b"b")

    def test_a_failing_script_fails_user_data_alone(self):
        lines = "".join("echo line-%d\n" % i for i in range(9))
        description, _ = described("#!/bin/sh\n{}echo no such thing >&2\nexit 7\n".format(lines).encode(),
                                   vendor_data={"esxi": {"ntp": ["192.0.2.77"]}})
        self.first_boot(description)
        self.assertEqual((self.status, list(self.failures)), (1, ["user data"]))
        self.assertIn("exit status 7 (its last lines: line-5 / line-6 / line-7 / line-8 / no such thing)",
                      self.failures["user data"])
        self.assertIn("script user_data: line-0", self.lines.text)
        self.assertEqual(self.fake.summary()["ntp"]["servers"], ["192.0.2.77"])
        self.assertFalse(self.fake.files.exists("/esxiimg-host"))

    def serve(self, refusals):
        server = http.server.HTTPServer(("127.0.0.1", 0), Answering)
        server.posts, server.refusals = [], refusals
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_phone_home(self):
        for refusals, tries, status in ((0, 3, 0), (2, 3, 0), (9, 3, 0)):
            with self.subTest(refusals=refusals):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                server = self.serve(refusals)
                description, _ = described("hostname: esx7.example.net\nphone_home:\n  url: http://127.0.0.1:%d/t0ken/$INSTANCE_ID/\n"
                                           "  tries: %d\n" % (server.server_port, tries))
                self.lines.text = ""
                self.installed(description)
                self.fake.files.write("/etc/ssh/ssh_host_rsa_key.pub", "ssh-rsa AAAAhost root@x\n")
                self.configure()
                self.assertEqual(self.status, status)
                self.assertEqual(len(server.posts), min(refusals + 1, tries))
                path, posted = server.posts[-1]
                self.assertEqual(path, "/t0ken/%s/" % UUID)
                self.assertEqual(posted, {
                    "pub_key_rsa": ["ssh-rsa AAAAhost root@x"], "pub_key_ecdsa": ["N/A"], "pub_key_ed25519": ["N/A"],
                    "instance_id": [UUID], "hostname": ["esx7"], "fqdn": ["esx7.example.net"]})
                self.assertEqual("phone home" in self.failures, refusals > tries)
                self.assertIn("HTTP status %d" % (500 if refusals > tries else 200), self.lines.text)
                self.assertNotIn("t0ken", self.lines.text)
                self.assertTrue(self.fake.run(["esxcli", "network", "firewall", "get"])[1].count("Enabled: true"))

    def test_network_options_on_every_release(self):
        text = ("esxi: {vm_network: drop, networks: {m: {tags: [vMotion, provisioning], port_group: 'Fast one', "
                "security: {promiscuous: accept, forged_transmits: true}}}}")
        for release in ("6.7.0", "7.0.3", "8.0.3", "9.0.0"):
            with self.subTest(release=release):
                shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
                description, warnings = described(text)
                self.assertEqual(warnings, "")
                self.installed(description, release=release)
                self.configure()
                self.assert_done()
                first, second = self.fake.summary()["interfaces"]
                self.assertEqual((sorted(second["tags"]), second["portgroup"]), (["VMotion", "vSphereProvisioning"], "Fast one"))
                self.assertEqual(first["tags"], ["Management"])
                got = self.fake.run(["esxcli", "network", "vswitch", "standard", "policy", "security", "get", "-v",
                                     second["vswitch"]])[1]
                self.assertTrue(re.search("Promiscuous: true", got) and re.search("Forged Transmits: true", got), got)
                self.assertNotIn("VM Network", self.fake.run(
                    ["esxcli", "network", "vswitch", "standard", "portgroup", "list"])[1])

    def test_links_for_virtual_machines(self):
        description, _ = described("esxi: {unnumbered: true}", {"links": [phy("a", 0), phy("b", 1)], "networks": [
            static("n", "a", "192.0.2.5", gateway="192.0.2.1")]})
        self.first_boot(description)
        self.assert_done()
        self.assertRegex(self.fake.run(["esxcli", "network", "vswitch", "standard", "portgroup", "list"])[1],
                         r"(?m)^b +vSwitch1 ")

    def test_datastore_by_esxis_own_name(self):
        description, _ = described("esxi: {datastores: {fast: naa.600508b1001c0001}}")
        self.installed(description, disks=TWO_DISKS)
        self.configure()
        self.assert_done()
        self.assertIn(("fast", [("naa.600508b1001c0001", 1)]), self.fake.summary()["datastores"])


if __name__ == "__main__":
    unittest.main()
