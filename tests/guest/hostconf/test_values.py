"""Values that YAML and crypt(3) could be misread: numbers that are texts, hashes that are none."""
import json
import unittest

import support  # noqa: F401  (finds the guest code)

from hostconf.sources import maas, openstack, passwords, yamlite
from hostconf.sources.yamlflow import text_of

WHOLE = {"6": 86, "5": 43, "1": 22}


def crypt(kind, length=None):
    return "$%s$saltsalt$%s" % (kind, "k" * (WHOLE[kind] if length is None else length))


def described(user_data=b"", **meta):
    files = {"meta_data.json": json.dumps(meta).encode(), "user_data": user_data}
    # A hash that shows what was hashed.
    return openstack.read(files, "config-drive", hash_password=lambda text: "$6$salt$" + text.rjust(86, "k"))


class NumbersTest(unittest.TestCase):
    def test_scalars_know_how_they_were_written(self):
        read = yamlite.loads("a: 0644\nb: 12345678\nc: 1_000\nd: 0x1F\ne: 1.50\nf: 'x'\ng: [007, 0o17]\n")
        self.assertEqual(read, {"a": 0o644, "b": 12345678, "c": 1000, "d": 31, "e": 1.5, "f": "x", "g": [7, "0o17"]})
        self.assertEqual([text_of(read[key]) for key in "abcdef"], ["0644", "12345678", "1_000", "0x1F", "1.50", "x"])
        self.assertEqual(text_of(read["g"][0]), "007")
        self.assertEqual([text_of(value) for value in (True, None, [], {})], [None] * 4)

    def test_passwords_of_digits(self):
        for text in ("password: 12345678\n", "password: 0012345678\n", "chpasswd: {list: ['root:0012']}\n",
                     "chpasswd:\n  users:\n  - {name: root, password: 0012, type: text}\n",
                     "users:\n- {name: root, plain_text_passwd: 0012}\n"):
            found = described(b"#cloud-config\n" + text.encode())
            wanted = "0012" if "0012" in text else "12345678"
            wanted = "0012345678" if "0012345678" in text else wanted
            self.assertTrue(found["root_password_hash"].endswith(wanted), (text, found["root_password_hash"]))

    def test_names_of_digits(self):
        self.assertEqual(described(b"#cloud-config\nhostname: 0815\n")["hostname"], "0815")

    def test_modes(self):
        for text, mode in (("0644", 0o644), ("'0600'", 0o600), ("0755", 0o755), ("384", 0o600), ("\"0x\"", 0o600),
                           ("null", 0o644), ("644", 0o644), ("'755'", 0o755), ("9999", 0o600)):
            data = "cloud-init: |\n  #cloud-config\n  write_files:\n  - {path: /tmp/x, content: x, permissions: %s}\n" % text
            warnings = []
            files = maas.read_answers({"vendor-data": data.encode()}, described(hostname="x"), warnings.append)["files"]
            self.assertEqual([(file["path"], file["content_base64"], file["mode"]) for file in files],
                             [("/tmp/x", "eA==", mode)], text)
            self.assertEqual(len(warnings), 1 if text in ("\"0x\"", "9999") else 0, text)


class CryptTest(unittest.TestCase):
    def test_whole_hashes_are_taken_as_they_are(self):
        for kind in WHOLE:
            for is_hash in (True, False):
                self.assertEqual(passwords.read(crypt(kind), is_hash), (None, crypt(kind)))

    def test_passwords_are_passwords(self):
        for text in ("secret", "$ecret", "a:b", "$6$", "pa$$word", "$HOME", "root", "$1 a dollar and some words"):
            self.assertEqual(passwords.read(text, False), (text, None))

    def test_what_esxi_does_not_take_is_refused_and_never_hashed(self):
        for text in (crypt("6", 85), crypt("5", 22), crypt("1", 21), "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$" + "k" * 43,
                     "$2b$12$" + "k" * 53, "$7$" + "C" * 40, "root:%s:19000:0:99999:7:::" % crypt("6"),
                     "root:!:19000:0:99999:7:::"):
            for is_hash in (True, False):
                with self.assertRaisesRegex(ValueError, "ignored") as caught:
                    passwords.read(text, is_hash)
                self.assertNotIn(text[4:20], str(caught.exception))
            found = described(admin_pass=text)
            self.assertIsNone(found["root_password_hash"])
            self.assertEqual(len(found["warnings"]), 1)
        with self.assertRaises(ValueError):
            passwords.read("plain", True)


if __name__ == "__main__":
    unittest.main()
