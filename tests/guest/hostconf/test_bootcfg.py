"""The boot.cfg editor, held to the vectors that the one in TypeScript is held to; and what only a boot bank needs."""
import json
import os
import unittest

from support import REPOSITORY

from common import bootcfg


def vectors():
    with open(os.path.join(REPOSITORY, "testdata", "boot_cfg_vectors.json"), encoding="ascii") as file:
        return json.load(file)["vectors"]


def text_of(value):
    """A text that may be given in parts, each a string or [string, count]."""
    parts = [value] if isinstance(value, str) else value
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts)


class VectorsTest(unittest.TestCase):
    maxDiff = None

    def test_vectors(self):
        found = vectors()
        self.assertGreater(len(found), 80)
        self.assertGreater(len([vector for vector in found if "refusal" in vector]), 30)
        for vector in found:
            with self.subTest(vector["name"]):
                edits = ("boot.cfg", vector["modules"], vector["kernelOptions"])
                if "refusal" in vector:
                    with self.assertRaises(bootcfg.BootCfgError) as caught:
                        bootcfg.edit(text_of(vector["input"]), *edits)
                    self.assertIn(vector["refusal"], str(caught.exception))
                else:
                    edited = bootcfg.edit(text_of(vector["input"]), *edits)
                    self.assertEqual(edited, text_of(vector["output"]))
                    self.assertEqual(bootcfg.edit(edited, *edits), edited, "editing twice is editing once")


class BankTest(unittest.TestCase):
    def test_modules_are_taken_out(self):
        for text, wanted in (("modules=a --- x.tgz --- y.tgz\r\n", "modules=a\r\n"), ("modules=X.TGZ opt---b\n", "modules=b\n"),
                             ("modules=x.tgz\n", "modules=\n"), ("modules=a\n", "modules=a\n"), ("", ""),
                             ("modules=x.tgz\nmodules=b --- y.tgz", "modules=x.tgz\nmodules=b"),
                             # What would be refused when something is added must not keep secrets in a bank.
                             ("mod =1\nmodules=a --- --- x.tgz\n", "mod =1\nmodules=a\n")):
            self.assertEqual(bootcfg.without_modules(text, ["x.tgz", "y.tgz"]), wanted)

    def test_what_is_added_can_be_taken_out(self):
        taken_out = 0
        for vector in vectors():
            if "output" in vector and vector["modules"] and vector["output"] != vector["input"]:
                before = bootcfg.settings(text_of(vector["input"])).get("modules", "")
                after = bootcfg.without_modules(text_of(vector["output"]), vector["modules"])
                names = [name.lower() for name in vector["modules"]]
                self.assertEqual(bootcfg.module_list(bootcfg.settings(after).get("modules", "")),
                                 [part for part in bootcfg.module_list(before) if part.lower() not in names])
                taken_out += 1
        self.assertGreater(taken_out, 30)

    def test_options_and_version(self):
        text = "kernelopt=runweasel SystemMediaSize=min x\nbuild=8.0.3-0.35.24280767\n"
        for names, wanted in ((["systemMediaSize"], True), (["runweasel"], True), (["systemMedia"], False), (["min"], False)):
            self.assertEqual(bootcfg.has_option(text, names), wanted)
        self.assertEqual([bootcfg.major_version(build) for build in (text, "build=\n", "build=x\n", "")], [8, None, None, None])


if __name__ == "__main__":
    unittest.main()
