"""The command line of rehearse.py."""
import json
import os
import shutil
import subprocess
import sys

from rehearsal import payload

from .base import TESTDATA, RehearsalTest

PROGRAM = os.path.join(payload.REPOSITORY, "tests", "guest", "rehearse.py")
SAMPLE = os.path.join(TESTDATA, "openstack", "nova-static-routes")


class Command(RehearsalTest):
    def run_it(self, *words, **options):
        return subprocess.run([sys.executable, PROGRAM, *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, **options)

    def test_json(self):
        done = self.run_it("--metadata", SAMPLE, "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        result = json.loads(done.stdout)
        self.assertLessEqual({"outcome", "reason", "login", "host", "reports", "secrets_left", "warnings", "log"}, set(result))
        self.assertEqual(result["outcome"], "configured")

    def test_a_page_of_text(self):
        done = self.run_it("--metadata", SAMPLE, "--image-password", "--release", "7.0.3")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for words in ("installed and configured", "root's password or 1 SSH key", "esx-lab-01.example.net",
                      "192.0.2.21/24", "default via 192.0.2.1", "192.0.2.53", "Warnings:", "203.0.113.128/25"):
            self.assertIn(words, done.stdout)

    def test_a_finished_payload_and_options_of_the_build(self):
        key = os.path.join(self.folder, "key.pub")
        with open(os.path.join(TESTDATA, "maas", "flat-static-boot-disk", "public-keys"), encoding="utf-8") as file:
            line = next(line for line in file if line.startswith("ssh-rsa"))
        with open(key, "w", encoding="utf-8") as file:
            file.write(line)
        done = self.run_it("--metadata", self.write("meta_data.json", "{}"), "--json", "--", "--ssh-key", key)
        self.assertEqual(json.loads(done.stdout)["login"], {"password": False, "keys": 1, "ssh": True}, done.stderr)
        made = os.path.join(self.folder, "esxiimg.tgz")
        subprocess.run([*payload.program(), "payload", "-o", made, "--ssh-key", key], check=True, cwd=payload.REPOSITORY,
                       capture_output=True)
        again = self.run_it("--metadata", os.path.join(self.folder, "given"), "--payload", made, "--json")
        self.assertEqual(json.loads(again.stdout)["login"], json.loads(done.stdout)["login"])

    def test_what_cannot_be_run(self):
        broken = os.path.join(self.folder, "esxiimg.tgz")
        with open(broken, "wb") as file:
            file.write(b"nothing")
        for words, status, said in (
            (["--metadata", "/nonexistent"], 1, "is not a folder"),
            (["--maas", SAMPLE], 1, "config.json"),
            (["--nics", "/nonexistent"], 1, "no file"),
            (["--metadata", self.folder, "--image-password"], 1, "holds none of"),
            (["--metadata", SAMPLE, "--payload", broken], 1, "is no payload"),
            (["--metadata", SAMPLE, "--payload", broken, "--image-password"], 1, "finished payload"),
            (["--metadata", SAMPLE, "--", "--ssh-key", "/nonexistent"], 1, "payload cannot be made"),
            (["--metadata", SAMPLE, "--maas", SAMPLE], 2, "not allowed"),
        ):
            done = self.run_it(*words)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(said, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
            if status == 1:
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_without_bwrap_nothing_is_run(self):
        tools = os.path.join(self.folder, "tools")
        os.mkdir(tools)
        for name in ("deno", "npx", "busybox", "openssl", "xorriso", "env"):
            if shutil.which(name):
                os.symlink(shutil.which(name), os.path.join(tools, name))
        done = self.run_it("--metadata", SAMPLE, env=dict(os.environ, PATH=tools))
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertIn("bwrap is missing", done.stderr)
