"""No secret of any description, in any quoting, is logged, shown on the console, reported or planned."""
import base64
import json
import os
import random
import shlex
import unittest
import urllib.parse

from support import Adapter, Lines, fake_esxi, nic_list

from common import description as schema, quoting
from hostconf.host.apply import Applier, ApplyError
from hostconf.host.log import Log
from hostconf.model.command import Command
from hostconf.planning.plan import plan
from hostconf.model.inventory import assumed
from hostconf.host.inventory import parse_nics

ODD = "it's-Secret9 \"$x`\\ äß€%+/"
# ESXI_IMG_RUNS=3000 for a long run.
RUNS = int(os.environ.get("ESXI_IMG_RUNS", "75"))
RELEASES = ("6.7.0", "7.0.3", "8.0.3", "9.0.0")


def quotings(secret):
    """The secret as some program may write it; written without the code under test."""
    quoted = shlex.quote(secret)
    return {secret, quoted if quoted == secret else quoted[1:-1], json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1], ascii(secret)[1:-1],
            urllib.parse.quote(secret), urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret),
            base64.b64encode(secret.encode()).decode(), secret.replace("'", "''")}


class FormsTest(unittest.TestCase):
    def test_every_quoting_is_masked(self):
        for secret in ("it's-Secret9", ODD, "plain-Secret9", "two words", "\\", "'", "%41", "a=b&c"):
            log = Log([])
            log.hide(secret)
            for form in quotings(secret):
                shown = log.masked("run: <%s>" % form)
                self.assertIn(quoting.MASK, shown)
                self.assertNotIn(form, shown)

    def test_commands_are_masked_before_they_are_quoted(self):
        for secret in ("it's-Secret9", ODD):
            for command in (Command("esxcli", "-p", secret, secret=(secret,)),
                            Command("esxcli", "--password=" + secret, secret=(secret,))):
                text = command.masked()
                self.assertIn(quoting.MASK, text)
                for form in quotings(secret):
                    self.assertNotIn(form, text)
                self.assertEqual(shlex.split(command.shell())[-1], command.argv[-1], "it itself is quoted as before")

    def test_a_form_within_another_is_masked_whole(self):
        log = Log([])
        log.hide("abcd", "abcd efgh")
        self.assertEqual(log.masked("x abcd efgh y"), "x ******** y")


class EverywhereTest(unittest.TestCase):
    """Random descriptions on random hosts, every command that holds a secret failing with it in its message."""

    def secret(self, chance):
        letters = "abcXYZ019'\"\\$`%&+/= #äß€;|<>!*?~"
        return "s3" + "".join(chance.choice(letters) for _ in range(chance.randint(6, 24))) + "E"

    def licence(self, chance):
        return "-".join("".join(chance.choice("ABCDEFGH0123456789") for _ in range(5)) for _ in range(5))

    def test_random_descriptions(self):
        chance = random.Random(20261125)
        for number in range(RUNS * len(RELEASES)):
            release = RELEASES[number % len(RELEASES)]
            secrets = {"consumer_key": self.secret(chance), "token_key": self.secret(chance),
                       "token_secret": self.secret(chance)}
            vcenter = self.secret(chance)
            licence = self.licence(chance)
            description = schema.validate({
                "format": 1, "source": "maas", "hostname": "x%d.example.net" % number, "licence_key": licence,
                "maas": dict(secrets, endpoint="http://192.0.2.1/MAAS/metadata/status/x"),
                "vcenter": {"server": "vc.example.net", "username": "u", "password": vcenter},
                "advanced": {"/UserVars/DcuiTimeOut": 30}})
            hidden = list(secrets.values()) + [vcenter, licence]
            lines = Lines()
            log = Log([lines])
            log.hide(*hidden)
            fake = fake_esxi.create(release=release, nics=nic_list(2))
            words = ["vim-cmd", "vimsvc/license", "--set=" + licence]
            how = chance.choice(sorted(quotings(licence)))
            fake.fail(words, "license: cannot take %s" % how, times=9)
            try:
                Applier(Adapter(fake), log, lambda seconds: None).apply(description)
            except ApplyError as error:
                log.error(str(error))
            for secret in hidden:
                log.warn("a message with %s" % chance.choice(sorted(quotings(secret))))
            shown = plan(description, assumed(parse_nics(nic_list(2)), (8, 0, 3)))
            text = lines.text + "\n".join(shown.warnings)
            for secret in hidden:
                for form in quotings(secret):
                    self.assertNotIn(form, text, (number, secret))


if __name__ == "__main__":
    unittest.main()
