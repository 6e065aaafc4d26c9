"""The metadata service's client against a service on loopback that misbehaves, and deployments that fail."""
import contextlib
import io
import json
import os
import random
import socket
import string
import time
import unittest

from maas_support import Deployed, Lines, Service, answers, sample_config, sample_text

from common import maas_metadata
from hostconf.host.log import Log
from hostconf.steps import firstboot, maas, post, pre

CREDENTIALS = {"consumer_key": "key&with=signs", "token_key": "tokén \"quoted\"", "token_secret": "s%cret/+ü&="}


class ClientTest(unittest.TestCase):
    def serve(self, contents=None, **how):
        self.lines = Lines()
        self.naps = []
        self.service = Service(contents or {}, how.pop("maas", CREDENTIALS), **how)
        self.addCleanup(self.service.close)
        return self.client(self.service.endpoint())

    def client(self, endpoint, maas=CREDENTIALS, **how):
        return maas_metadata.Client(dict(maas, endpoint=endpoint), Log([self.lines]), sleep=self.naps.append, **how)

    def test_answers_are_bytes_and_404_is_none(self):
        client = self.serve({"local-hostname": b"esx.example.net", "public-keys": b""})
        self.assertEqual(client.get("local-hostname"), b"esx.example.net")
        self.assertEqual(client.get("public-keys"), b"")
        self.assertIsNone(client.get("vendor-data"))
        self.assertIsNone(client.get("user-data"))
        self.assertEqual(self.service.asked, ["local-hostname", "public-keys", "vendor-data", "user-data"])
        self.assertEqual((self.service.refused, self.naps), ([], []))

    def test_credentials_of_any_characters_are_signed(self):
        generator = random.Random(5849)
        for _ in range(40):
            maas = {name: "".join(generator.choice(string.printable[:95] + "äß€") for _ in range(18)) for name in CREDENTIALS}
            client = self.serve({"vendor-data": b"x"}, maas=maas)
            self.assertEqual(self.client(self.service.endpoint(), maas).get("vendor-data"), b"x", maas)
            self.assertNotEqual(client.maas, maas)
            self.assertEqual(self.service.refused, [])

    def test_a_clock_that_is_wrong_is_corrected_from_the_answer(self):
        for ahead in (86400 * 400, -86400 * 400, 301, -3600):
            with self.subTest(ahead=ahead):
                client = self.serve({"local-hostname": b"a", "public-keys": b"b"}, ahead=ahead)
                self.assertEqual(client.get("local-hostname"), b"a")
                self.assertEqual(client.get("public-keys"), b"b")
                self.assertEqual(self.service.asked, ["local-hostname"] * 2 + ["public-keys"], "corrected once for all")
                client.report_failure("because")
                self.assertLess(abs(self.service.events[0]["timestamp"] - time.time() - ahead), 60)

    def test_wrong_credentials_are_not_asked_for_ever(self):
        client = self.serve({"local-hostname": b"a"})
        with self.assertRaisesRegex(maas_metadata.MetadataError, "401"):
            self.client(self.service.endpoint(), dict(CREDENTIALS, token_secret="other")).get("local-hostname")
        self.assertEqual(self.service.asked, ["local-hostname"] * maas_metadata.REFUSALS)
        self.assertIsNotNone(client.get("local-hostname"))

    def test_troubles_that_pass(self):
        steps = [("status", 500), ("status", 503), ("cut",), ("status", 429), ("silent", 0.5)]
        client = self.serve({"user-data": b"#!/bin/sh\n"}, trouble={"user-data": steps})
        client.answer_seconds = 0.3
        self.assertEqual(client.get("user-data"), b"#!/bin/sh\n")
        self.assertEqual(len(self.service.asked), len(steps) + 1)
        self.assertEqual(self.naps, [1, 2, 4, 8, 16])
        self.assertIn("no answer in time", self.lines.text)

    def test_troubles_that_stay(self):
        client = self.serve({}, trouble={"vendor-data": [("status", 500)] * 100, "public-keys": [("status", 410)] * 9})
        with self.assertRaisesRegex(maas_metadata.MetadataError, "vendor-data: HTTP status 500"):
            client.get("vendor-data")
        self.assertEqual(len(self.service.asked), maas_metadata.ATTEMPTS)
        with self.assertRaisesRegex(maas_metadata.MetadataError, "410"):
            client.get("public-keys")
        self.assertEqual(self.service.asked.count("public-keys"), 1, "asking again changes nothing")

    def test_nobody_listens(self):
        client = self.serve({})
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            client = self.client("http://127.0.0.1:%d/MAAS/metadata/status/x" % free.getsockname()[1])
            with self.assertRaises(maas_metadata.MetadataError):
                client.get("vendor-data")
        self.assertEqual(len(self.naps), maas_metadata.ATTEMPTS - 1)

    def test_proxies_of_the_environment_are_not_used(self):
        client = self.serve({"vendor-data": b"x"})
        before = dict(os.environ)
        os.environ.update(http_proxy="http://127.0.0.1:9/", HTTP_PROXY="http://127.0.0.1:9/")
        try:
            self.assertEqual(self.client(self.service.endpoint()).get("vendor-data"), b"x")
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.assertIsNotNone(client)

    def test_endpoints(self):
        for endpoint, base in (("http://192.0.2.5:5248/MAAS/metadata/status/cn8fh9", "http://192.0.2.5:5248/MAAS/metadata/"),
                               ("http://status/MAAS/status/metadata/status/x", "http://status/MAAS/status/metadata/")):
            self.assertEqual(maas_metadata.base_url(endpoint), base)
        with self.assertRaises(maas_metadata.MetadataError):
            maas_metadata.base_url("http://192.0.2.5/MAAS/metadata/")

    def test_no_message_repeats_a_credential(self):
        client = self.serve({}, trouble={"vendor-data": [("status", 500)] * 100})
        with self.assertRaises(maas_metadata.MetadataError) as caught:
            client.get("vendor-data")
        for secret in CREDENTIALS.values():
            self.assertNotIn(secret, str(caught.exception) + self.lines.text)

    def test_a_failure_event_is_one_that_maas_takes(self):
        client = self.serve({})
        client.report_failure("Grund: ä\n" + "x" * 5000)
        event = self.service.events[0]
        self.assertEqual((event["event_type"], event["result"]), ("finish", "FAIL"))
        self.assertNotIn("/", event["name"], "a name without slash is the whole deployment's")
        self.assertTrue(event["origin"])
        self.assertEqual(event["description"][:10], "Grund: ä\nx")
        self.assertLessEqual(len(event["description"]), maas_metadata.REASON_CHARACTERS)


class FailuresTest(Deployed):
    """What goes wrong is reported, and the machine is not called deployed."""

    def begin(self, name="flat-static-boot-disk", contents=None, change=None, **how):
        config = sample_config(name)
        if change:
            change(config)
        service = self.serve(dict(answers(name), **(contents or {})), config, **how)
        self.install(config, nics=sample_text(name, "nics.txt"), disks=sample_text(name, "disks.txt"),
                     nvme=sample_text(name, "nvme.txt"))
        self.config = config
        return service

    def assert_reported(self, service, words):
        self.assertEqual(self.first_boot(), 1)
        self.assertNotIn("user-data", service.asked)
        self.assertEqual(len(service.events), 1)
        self.assertIn(words, service.events[0]["description"])
        self.assertTrue(self.fake.config()["firewall"]["enabled"])
        self.assertIsNone(self.fake.summary()["power"], "no reboot")
        self.assertTrue(self.fake.manageable())
        self.assertIn("MAAS knows that the deployment failed", self.lines.text)
        for secret in (self.config["reporting"]["maas"][key] for key in ("consumer_key", "token_key", "token_secret")):
            self.assertNotIn(secret, self.lines.text)
            self.assertNotIn(secret, service.events[0]["description"])

    def test_vendor_data_never_comes(self):
        service = self.begin(trouble={"vendor-data": [("status", 500)] * 99})
        self.assert_reported(service, "vendor-data")

    def test_a_nic_that_is_not_there(self):
        service = self.begin(change=lambda config: config["network"]["config"][0].update(mac_address="02:00:5e:00:54:99"))
        self.assert_reported(service, "02:00:5e:00:54:99")

    def test_a_disk_that_is_not_there(self):
        def change(config):
            next(e for e in config["storage"]["config"] if e["id"] == "sdb")["serial"] = "S47MNE0M999999"
        service = self.begin("bond-ab-vlans-vcenter", change=change)
        self.assert_reported(service, "S47MNE0M999999")
        self.assertEqual(sorted(self.volumes()), ["datastore1"])

    def test_a_step_that_fails(self):
        service = self.begin()
        self.fake.fail(["network", "ip", "interface", "ipv4", "set"], times=99)
        self.fake.fail(["system", "hostname", "set"], "Unable to set the host name", times=99)
        self.assert_reported(service, "hostname set")

    def test_after_a_reported_failure_nothing_is_kept(self):
        """MAAS allows no way from failed to deployed: there is nothing to repeat, and its credentials go."""
        service = self.begin(trouble={"vendor-data": [("status", 500)] * 8})
        self.assert_reported(service, "vendor-data")
        self.assertNotIn("user-data", service.asked)
        self.assertIn("deploy it again", self.lines.text)
        self.assert_no_secrets(self.config)
        self.assertIsNone(self.fake.summary()["power"])
        self.assertTrue(self.fake.summary()["ssh"]["running"])
        self.assertTrue(self.fake.manageable())

    def test_a_description_that_is_not_valid_is_enough_to_report(self):
        service = self.begin()
        path = "/esxiimg-host/description.json"
        description = json.loads(self.fake.files.read(path).decode())
        description["network"]["interfaces"][0]["vlan"] = 9999
        self.fake.files.write(path, json.dumps(description))
        self.assert_reported(service, "vlan")
        self.assertTrue(self.fake.summary()["ssh"]["running"])
        for key in ("token_key", "token_secret", "consumer_key"):
            self.assertNotIn(description["maas"][key], self.lines.text)

    def told(self, service):
        return [(event["name"].partition("/")[2], event["event_type"], event.get("result")) for event in service.progress]

    def test_events_of_a_deployment(self):
        """Each area's end is told, by names that change no status; the last call of all is for the user data."""
        calls = []
        service = self.begin(watch=calls.append)
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        told = self.told(service)
        self.assertEqual(told[:5], [("firstboot", "start", None), ("login", "finish", "SUCCESS"),
                                    ("network", "finish", "SUCCESS"), ("vm-networks", "finish", "SUCCESS"),
                                    ("login", "finish", "SUCCESS")])
        self.assertEqual([entry for entry in told if entry[2] == "FAIL"], [])
        # What runs after the user data was asked for is told, too: MAAS keeps events of deployed machines.
        end = told.index(("firstboot", "finish", "SUCCESS"))
        self.assertEqual([name for name, _, _ in told[4:end]], [
            "login", "maas", "name", "dns", "ntp", "syslog", "settings", "licence", "storage", "certificate"])
        self.assertEqual(told[end + 1:], [("user-data", "finish", "SUCCESS")])
        self.assertEqual([name for name in calls if name != "progress"],
                         ["local-hostname", "public-keys", "vendor-data", "user-data"])
        for event in service.progress:
            self.assertEqual(event["name"].count("/"), 1)
            for secret in (self.config["reporting"]["maas"][key] for key in ("consumer_key", "token_key", "token_secret")):
                self.assertNotIn(secret, json.dumps(event))

    def test_events_of_a_failure(self):
        service = self.begin()
        self.fake.fail(["ntp", "set"], times=1000)
        self.assert_reported(service, "ntp: ")
        told = self.told(service)
        self.assertIn(("ntp", "finish", "FAIL"), told)
        self.assertEqual(told[-1], ("firstboot", "finish", "FAIL"))
        self.assertIn("deploy it again", self.lines.text)

    def test_events_that_cannot_be_told_stop_nobody(self):
        service = self.begin(trouble={"progress": [("status", 500)] * 99})
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertEqual(service.progress, [])
        self.assertIn("MAAS takes no events now", self.lines.text)
        self.assertEqual(self.lines.text.count("MAAS takes no events now"), 1)

    def test_a_vcenter_that_is_not_joined_changes_no_status(self):
        service = self.begin("bond-ab-vlans-vcenter")
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertIn(("vcenter", "finish", "FAIL"), self.told(service))
        self.assertEqual(service.events, [])
        self.assertEqual(service.asked[-1], "user-data")
        self.assert_no_secrets(self.config)

    def test_the_firewall_is_open_for_requests_alone(self):
        states = []
        service = self.begin(trouble={"vendor-data": [("status", 500)] * 3},
                             watch=lambda name: states.append(self.fake.config()["firewall"]["enabled"]))
        waited = []
        step = firstboot.FirstBoot(self.host, self.log, lambda seconds: waited.append(
            self.fake.config()["firewall"]["enabled"]))
        step.configure()
        self.assertEqual(step.finish(), 0, self.lines.text)
        self.assertEqual(set(states), {False})
        self.assertGreaterEqual(len(waited), 3)
        self.assertEqual(set(waited), {True}, "closed while the next attempt is waited for")
        self.assertFalse(self.fake.files.exists("/bootbank/esxiimg.fw"))
        self.assertIn("user-data", service.asked)

    def test_a_firewall_that_a_killed_run_left_open_is_closed(self):
        self.begin()
        self.fake.files.write("/bootbank/esxiimg.fw", "off\n")
        self.fake.run(["esxcli", "network", "firewall", "set", "--enabled", "false"])
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertTrue(self.fake.config()["firewall"]["enabled"])
        self.assertFalse(self.fake.files.exists("/bootbank/esxiimg.fw"))

    def test_a_machine_that_maas_does_not_deploy_any_more(self):
        """After a reported failure MAAS answers user-data with a script that switches the machine off."""
        power_off = (b'Content-Type: multipart/mixed; boundary="b"\nMIME-Version: 1.0\n\n--b\nContent-Type: '
                     b'text/x-shellscript; charset="utf-8"\n\n#!/bin/bash\nmain() {\n shutdown -h now\n}\nmain\nexit\n--b--\n')
        self.begin(contents={"user-data": power_off})
        self.assertEqual(self.first_boot(), 1)
        self.assertIn("has to deploy it again", self.lines.text)
        self.assertNotIn("MAAS knows that the machine is deployed", self.lines.text)
        self.assertIsNone(self.fake.summary()["power"], "no reboot")
        self.assertTrue(self.fake.manageable() and self.fake.summary()["ssh"]["running"])
        self.assert_no_secrets(self.config)
        for data in (b"", None, b"#!/bin/bash\nmain\nexit\n", b"#cloud-config\n", power_off.replace(b"main\nexit", b"echo"),
                     power_off.replace(b"/bin/bash", b"/bin/sh")):
            self.assertFalse(maas.is_power_off(data), data)

    def test_nobody_can_be_told(self):
        service = self.begin(trouble={"vendor-data": [("status", 500)] * 99, "status": [("status", 500)] * 99})
        self.assertEqual(self.first_boot(), 1)
        self.assertIn("MAAS could not be told", self.lines.text)
        self.assertEqual(service.events, [])

    def test_a_script_that_fails_does_not_keep_secrets_here(self):
        service = self.begin(contents={"user-data": b"#!/bin/sh\nexit 7\n"})
        self.assertEqual(self.first_boot(), 1)
        self.assertEqual(service.events, [], "MAAS knows that the machine is deployed")
        self.assertIn("exit status 7", self.lines.text)
        self.assertEqual(service.asked.count("user-data"), 1)
        self.assert_no_secrets(self.config)

    def test_user_data_as_cloud_config(self):
        text = ("#cloud-config\nssh_authorized_keys:\n- " + sample_text("lacp-jumbo-nvme-span", "public-keys") + "\n"
                "hostname: renamed\nntp:\n  servers: [192.0.2.77]\nchpasswd:\n  list: 'root:Very-Secret#12'\n"
                "runcmd:\n- echo ran-at-the-end\n")
        service = self.begin(contents={"user-data": text.encode()})
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertEqual(service.asked[-1], "user-data")
        summary = self.fake.summary()
        self.assertEqual((summary["fqdn"], summary["ntp"]["servers"]), ("renamed.lab.example.net", ["192.0.2.77"]))
        self.assertEqual(len(summary["root_keys"]), 3)
        self.assertIn("ran-at-the-end", self.lines.text)
        self.assertEqual(self.fake.config()["accounts"]["root"]["password"], "Very-Secret#12")
        self.assertNotIn("Very-Secret", self.lines.text)
        self.assertTrue(summary["power"])

    def test_hostd_never_comes(self):
        config = sample_config("flat-static-boot-disk")
        service = self.serve(answers("flat-static-boot-disk"), config)
        self.install(config, hostd="down", nics=sample_text("flat-static-boot-disk", "nics.txt"),
                     disks=sample_text("flat-static-boot-disk", "disks.txt"))
        self.assertEqual(self.first_boot(), 0, self.lines.text)
        self.assertEqual(service.asked[-1], "user-data")

    def test_steps_of_the_installer_report_too(self):
        service = self.begin()
        os.environ["ESXIIMG_ROOT"] = self.fake.root
        self.addCleanup(os.environ.pop, "ESXIIMG_ROOT")
        path = os.environ["PATH"]
        os.environ["PATH"] = self.fake.bin + os.pathsep + path
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        for step, words, damage in ((pre, "damaged", "/esxiimg/image.json"), (post, "first boot", "/esxiimg/firstbt.sh")):
            if self.fake.files.exists(damage):
                self.fake.files.remove(damage)
            self.fake.files.write("/tmp/esxiimg/description.json", self.fake.files.read("/esxiimg-host/description.json"))
            with contextlib.redirect_stderr(io.StringIO()) as said:
                self.assertNotEqual(step.main(), 0)
            self.assertIn(words, service.events[-1]["description"])
            self.assertNotIn(self.config["reporting"]["maas"]["token_secret"], said.getvalue())
        self.assertEqual(service.asked, ["status"] * 2)

    def test_secure_boot_ends_the_deployment_in_post(self):
        for output in ("word", "sentence"):
            with self.subTest(output):
                config = sample_config("flat-static-boot-disk")
                service = self.serve(answers("flat-static-boot-disk"), config)
                self.install(config, nics=sample_text("flat-static-boot-disk", "nics.txt"),
                             disks=sample_text("flat-static-boot-disk", "disks.txt"), secure_boot=True,
                             switches={"secure_boot_output": output})
                self.assertEqual(service.asked, ["user-data"])
                self.assertIn("MAAS knows that the machine is deployed", self.lines.text)
                for bank in ("/bootbank", "/altbootbank"):
                    self.assertFalse({"esxiimg.tgz", "hostdesc.tgz"} & set(self.fake.files.names(bank)))
                management = self.fake.summary()["interfaces"][0]
                self.assertEqual(management["ipv4"], "192.0.2.31/24", "what the installer set up")


if __name__ == "__main__":
    unittest.main()
