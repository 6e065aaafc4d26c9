"""Readers of foreign formats against outside judges: PyYAML, openssl; and the listings of ESXi."""
import random
import subprocess
import unittest

from support import fake_esxi, nic_list

from common import quoting
from hostconf.host import inventory, listing
from hostconf.model.command import Command, ensure_line
from hostconf.model.inventory import InventoryError
from hostconf.sources import yamlite
from hostconf.sources.shacrypt import random_password_hash, sha512_crypt

try:
    import yaml
except ImportError:
    yaml = None

DOCUMENTS = """
a: 1
b:
  - x
  - y: 2
    z: [1, 2, {a: b}]
c: |
  hi
   there

  end
d: >-
  fold
  me

  para
~~~
- a
- - b
  - c
-
  k: v
~~~
k:
- 1
- 2
m: 'it''s'
n: "a\\tb\\u00e9"
~~~
#cloud-config
---
a: b # c
~~~
x: a b
  c d
y: 'multi
  line'
z: "joined \\
  up"
~~~
x: |+
  a


y: |-
  b

~~~
a: [1,
  2, # two
  3]
b: {x: 1,
 y: 2}
~~~
a: ~
b: yes
c: 0644
d: 1.5
e: 0x1f
f: http://x:80/y
g: a#b
h: 1_000
~~~
# only a comment
~~~
write_files:
- content: |
    server: x
    password: 'a"b#%'
  path: /x
-   deep:
      - - 1
~~~
"quoted key": v
'other': w
key with space: u
-x: 1
~~~
a: |2
   x
  y
~~~
a: >
 x
  y
 z
~~~
{a: [b, {c: d}], "e": 'f', g: }
~~~
plain text
  over lines
~~~
a:
  b:
    c:
    - d
  e: f
...
"""
WRONG = ("a: [1\n", "a: 'b\n", "\tx: 1\n", "a: 1\n b: 2\n", "a: @x\n", "a: b: c\n", "a: - b\n", "- a\nb: c\n",
         "a: {b: c\n",
         "a: \"\\q\"\n", "a: ]\n", "x: 1\n---\ny: 2\n", "a: |x\n  b\n")
NOT_SUPPORTED = ("a: &x 1\n", "a: *x\n", "a: !!binary aGk=\n")
WORDS = ("a", "yes", "1", "0", "null", "x y", "it's", 'say "hi"', "# no", "a: b", "- x", "", "0644", "1.5",
         "tab\there",
         "line\nbreak", "l1\nl2\n", "\u00e9", "[x]", "{y}", "&a", "*b", "!c", "trail ", "%x", "@y", "192.0.2.1",
         "02:00:5e:00:53:01", "fe80::1", "::", "a,b", "?", "-", "|", ">", "\n", "x\n\n\ny", "  lead", "~", "=",
         "key:", "a #b",
         "long " * 30)


@unittest.skipIf(yaml is None, "PyYAML is the judge here")
class YamlTest(unittest.TestCase):
    def test_documents(self):
        for text in DOCUMENTS.lstrip("\n").split("~~~\n"):
            with self.subTest(text):
                self.assertEqual(yamlite.loads(text), yaml.safe_load(text))
                self.assertEqual(yamlite.loads(text.replace("\n", "\r\n")), yaml.safe_load(text))

    def test_wrong_documents(self):
        for text in WRONG:
            with self.subTest(text):
                with self.assertRaises(yaml.YAMLError):
                    yaml.safe_load(text) if "---" not in text else list(yaml.compose(text))
                with self.assertRaisesRegex(yamlite.YamlError, "line"):
                    yamlite.loads(text)

    def test_what_is_not_supported_is_said(self):
        for text in NOT_SUPPORTED:
            with self.assertRaisesRegex(yamlite.YamlError, "anchor, alias or tag"):
                yamlite.loads(text)
        with self.assertRaisesRegex(yamlite.YamlError, "complex key"):
            yamlite.loads("? a\n: b\n")
        with self.assertRaisesRegex(yamlite.YamlError, "deeply"):
            yamlite.loads("[" * 5000 + "]" * 5000)

    def test_random_documents(self):
        rnd = random.Random(5)

        def value(depth):
            roll = rnd.random()
            if depth == 0 or roll < 0.4:
                return rnd.choice(WORDS + (None, True, False, 5, -3, 2.5))
            if roll < 0.7:
                return [value(depth - 1) for _ in range(rnd.randint(0, 4))]
            return {rnd.choice(WORDS + (1, True)): value(depth - 1) for _ in range(rnd.randint(0, 4))}

        compared = 0
        for _ in range(2500):
            text = yaml.safe_dump(value(3), default_flow_style=rnd.choice([None, True, False]), allow_unicode=True,
                                  default_style=rnd.choice([None, None, "|", ">", '"', "'"]), width=rnd.choice([20,
                                                                                                                80]))
            if "!!" not in text and "? " not in text and "&id" not in text:
                compared += 1
                self.assertEqual(yamlite.loads(text), yaml.safe_load(text), text)
        self.assertGreater(compared, 1500)

    def test_damaged_documents_never_crash(self):
        rnd = random.Random(6)
        for _ in range(3000):
            text = list(rnd.choice(DOCUMENTS.split("~~~\n")))
            for _ in range(rnd.randint(1, 4)):
                at = rnd.randrange(len(text) + 1)
                text[at:at + rnd.randint(0, 3)] = rnd.choice(["", "\n", " ", ":", "'", '"', "[", "]", "{", "- ", "#",
                                                              "|", "\t", ","])
            text = "".join(text)
            try:
                yamlite.loads(text)
            except yamlite.YamlError:
                pass


class CryptTest(unittest.TestCase):
    def test_against_openssl(self):
        rnd = random.Random(7)
        for length in (1, 2, 7, 8, 15, 16, 17, 31, 63, 64, 65, 100, 128, 200, 255):
            password = "".join(chr(rnd.randint(33, 126)) for _ in range(length))
            salt = "".join(rnd.choice("./0Aaz9Z") for _ in range(rnd.randint(1, 16)))
            made = subprocess.run(["openssl", "passwd", "-6", "-salt", salt, "-stdin"], input=password.encode(),
                                  stdout=subprocess.PIPE, check=True).stdout.decode().strip()
            self.assertEqual(sha512_crypt(password, salt), made)
        made = subprocess.run(["openssl", "passwd", "-6", "-salt", "abc", "z\u00fcrich \u20ac"],
                              stdout=subprocess.PIPE, check=True)
        self.assertEqual(sha512_crypt("z\u00fcrich \u20ac", "abc"), made.stdout.decode().strip())

    def test_salts(self):
        self.assertNotEqual(sha512_crypt("x"), sha512_crypt("x"))
        self.assertRegex(sha512_crypt("x"), r"\A\$6\$[./0-9A-Za-z]{16}\$[./0-9A-Za-z]{86}\Z")
        self.assertNotEqual(random_password_hash(), random_password_hash())


class ListingTest(unittest.TestCase):
    def test_names_with_blanks_and_empty_cells(self):
        text = ("Name                Virtual Switch  Active Clients  VLAN ID\n"
                "------------------  --------------  --------------  -------\n"
                "Management Network  vSwitch0                     1      101\n"
                "VM Network          vSwitch0                     0        0\n")
        rows = listing.table(text)
        self.assertEqual(rows[0]["Name"], "Management Network")
        self.assertEqual((rows[0]["Active Clients"], rows[0]["VLAN ID"], rows[1]["VLAN ID"]), ("1", "101", "0"))
        self.assertEqual(list(rows[0]), ["Name", "Virtual Switch", "Active Clients", "VLAN ID"])
        self.assertEqual(listing.table(""), [])
        self.assertEqual(listing.table("no table\n"), [])

    def test_blocks_of_esxcli_and_localcli(self):
        text = ("vSwitch0%s\n   Name: vSwitch0\n   Uplinks: \n   Remote Host: udp://192.0.2.5:514\n\n"
                "vSwitch1%s\n   MTU: 9000\n")
        for colon in ("", ":"):
            self.assertEqual(listing.blocks(text % (colon, colon)), [
                ("vSwitch0", {"Name": "vSwitch0", "Uplinks": "", "Remote Host": "udp://192.0.2.5:514"}), ("vSwitch1",
                    {"MTU": "9000"})])

    def test_nic_list(self):
        nics = inventory.parse_nics(nic_list(12, down=[3]))
        self.assertEqual(len(nics), 12)
        self.assertEqual([nic["name"] for nic in nics if not nic["link_up"]], ["vmnic3"])
        pasted = "\n".join(" ".join(line.split()) for line in nic_list(3).splitlines())
        self.assertEqual(len(inventory.parse_nics(pasted)), 3)
        with self.assertRaises(InventoryError):
            inventory.parse_nics("nothing here\n")

    def test_an_unreadable_host_is_an_error(self):
        with self.assertRaisesRegex(InventoryError, "interface list"):
            inventory.read(lambda argv: (1, "Connect to localhost failed: Connection failure\n"))

    def test_every_release_and_layout_reads_the_same(self):
        line = ("--bootproto=static --ip=192.0.2.9 --netmask=255.255.255.0 --gateway=192.0.2.1 --vlanid=7 "
                "--nameserver=192.0.2.53")
        seen = []
        for release in ("6.7.0", "7.0.0", "7.0.3", "8.0.3", "9.0.0"):
            for switches in fake_esxi.switches.scenarios():
                fake = fake_esxi.create(release=release, nics=nic_list(3), network=line, switches=switches)
                fake.run(["esxcli", "network", "ip", "interface", "ipv6", "address", "add", "-i", "vmk0", "-I",
                          "2001:db8::9/64"])
                for _ in range(3):  # the first ones may fail while the link comes up
                    fake.run(["esxcli", "network", "ip", "route", "ipv6", "add", "-n", "2001:db8:1::/48", "-g",
                              "2001:db8::1"])
                for program in ("esxcli", "localcli"):
                    def run(argv):
                        status, out, _ = fake.run([program] + list(argv[1:]))
                        return status, out
                    found = inventory.read(run)
                    seen.append({key: found[key] for key in ("nics", "vswitches", "vmks", "routes", "dns",
                                                             "hostname")})
                    self.assertEqual(found["version"], tuple(int(part) for part in release.split(".")))
        for one in seen:
            self.assertEqual(one, seen[0])
        self.assertEqual(seen[0]["vmks"]["vmk0"]["ipv6"]["addresses"], ["2001:db8::9/64"])
        self.assertEqual({(r["network"], r["gateway"]) for r in seen[0]["routes"]},
                         {("default", "192.0.2.1"), ("2001:db8:1::/48", "2001:db8::1")})


class CommandTest(unittest.TestCase):
    def test_quoting_reads_back(self):
        import shlex
        words = ["a", "b c", "it's", "$x", "", "a\"b", "vSwitch0", "fe80::1%vmk0", "if", "A=b", "\u00e9"]
        for quote in (quoting.argument, quoting.quoted):
            line = " ".join(quote(word) for word in words)
            self.assertEqual(shlex.split(line), words)
            printed = subprocess.run(["busybox", "ash", "-c", "printf '%s\\n' " + line], stdout=subprocess.PIPE,
                                     check=True).stdout.decode().split("\n")
            self.assertEqual(printed[:-1], words)
        self.assertEqual([quoting.argument(word) for word in ("a", "A=b", "b c")], ["a", "A=b", "'b c'"])
        self.assertEqual(quoting.quoted("if"), "'if'", "never a keyword")

    def test_secrets_are_masked(self):
        command = Command("vim-cmd", "x", "--set=K3Y", secret=("K3Y",))
        self.assertIn("K3Y", command.shell())
        self.assertNotIn("K3Y", command.masked())
        with self.assertRaises(TypeError):
            Command("a", retry=1)

    def test_ensure_line_in_shell(self):
        import os
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            with open(path, "w", encoding="utf-8") as file:
                file.write("one\n")
            for line in ("-two 'x'", "-two 'x'", "one"):
                subprocess.run(["busybox", "ash", "-c", ensure_line(path, line).shell()], check=True)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "one\n-two 'x'\n")


if __name__ == "__main__":
    unittest.main()
