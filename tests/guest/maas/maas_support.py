"""Shared by the tests of MAAS deployments: samples, a metadata service on loopback, hosts that were deployed."""
import email.utils
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
GUEST = os.path.join(REPOSITORY, "lib", "guest")
HOOK_FOLDER = os.path.join(GUEST, "curtin")
SAMPLES = os.path.join(REPOSITORY, "testdata", "maas")
NAMES = sorted(name for name in os.listdir(SAMPLES) if os.path.isdir(os.path.join(SAMPLES, name)))
RELEASES = ("6.7.0", "7.0.3", "8.0.3")
sys.dont_write_bytecode = True
sys.path[:0] = [GUEST, HOOK_FOLDER, os.path.join(os.path.dirname(HERE), "hostconf")]

import support  # noqa: E402
from support import Lines, check_state, fake_esxi  # noqa: E402
from esxihook import deploy  # noqa: E402
from hostconf.host.log import Log  # noqa: E402
from hostconf.steps import firstboot, post, pre  # noqa: E402

HASH = "$6$abcdefgh$" + "k" * 86
BUILDS = {"6.7.0": "", "7.0.3": "7.0.3-0.0.21930508", "8.0.3": "8.0.3-0.35.24280767"}
OAUTH_SLACK_SECONDS = 300
KICKSTART = "vmaccepteula\n%include /tmp/esxiimg/rootpw\n%include /tmp/esxiimg/disk\n%include /tmp/esxiimg/network\n"


def sample(name, part):
    """The bytes of a sample's file, or None when there is no such file."""
    try:
        with open(os.path.join(SAMPLES, name, part), "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def sample_text(name, part):
    data = sample(name, part)
    return None if data is None else data.decode("utf-8")


def sample_config(name):
    return json.loads(sample_text(name, "config.json"))


def answers(name):
    """What the metadata service of a sample says, by the names of maas.fetch."""
    return {part: sample(name, part) for part in ("local-hostname", "public-keys", "vendor-data", "user-data")}


def boot_cfg(release="8.0.3", newline="\n"):
    """A boot.cfg as `esxi-img build` leaves it."""
    lines = ["bootstate=0", "title=Loading ESXi installer", "timeout=5", "prefix=", "kernel=/b.b00",
             "kernelopt=runweasel cdromBoot ks=file:///esxiimg/KS.CFG",
             "modules=/jumpstrt.gz --- /useropts.gz --- /k.b00 --- /imgdb.tgz --- /esxiimg.tgz",
             "build=" + BUILDS[release], "updated=0", ""]
    return newline.join(lines)


def make_target(folder, release="8.0.3", config=None):
    """A folder in the shape of the mounted partition, with what curtin leaves on it."""
    os.makedirs(os.path.join(folder, "EFI", "BOOT"))
    for name in ("BOOT.CFG", "EFI/BOOT/BOOT.CFG"):
        with open(os.path.join(folder, name), "w", encoding="latin-1", newline="") as file:
            file.write(boot_cfg(release))
    if config is not None:
        os.mkdir(os.path.join(folder, "root"))
        with open(os.path.join(folder, "root", "curtin-install-cfg.yaml"), "w", encoding="utf-8") as file:
            json.dump(config, file)


def kernel_options(path):
    with open(path, encoding="latin-1") as file:
        return next(line[len("kernelopt="):].strip() for line in file if line.startswith("kernelopt="))


class Service:
    """A metadata service: knows one machine, checks its OAuth header, notes every request in order.

    contents   what it has, by the names of maas.fetch; None answers 404
    trouble    what to do instead of answering, by name: a list of ("status", code), ("silent", seconds) or ("cut",)
    ahead      by how many seconds its clock is ahead
    watch      called with each request's name before it is answered
    """

    def __init__(self, contents, maas, trouble=None, ahead=0, watch=None):
        self.contents = dict(contents)
        self.maas = maas
        self.trouble = {name: list(steps) for name, steps in (trouble or {}).items()}
        self.ahead = ahead
        self.watch = watch
        self.asked = []
        self.refused = []
        self.events = []  # those that change the machine's status
        self.progress = []  # those that do not
        self.nonces = set()
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.handle(self, "GET")

            def do_POST(self):
                service.handle(self, "POST")

            def log_message(self, *words):
                pass

            def date_time_string(self, timestamp=None):
                return email.utils.formatdate(time.time() + service.ahead, usegmt=True)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def endpoint(self, host="127.0.0.1"):
        return "http://%s:%d/MAAS/metadata/status/abc123" % (host, self.port)

    def handle(self, request, method):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        path = request.path
        known = {"/MAAS/metadata/latest/user-data": "user-data", "/MAAS/metadata/status/abc123": "status"}
        for name in ("local-hostname", "public-keys", "vendor-data"):
            known["/MAAS/metadata/latest/meta-data/" + name] = name
        name = known.get(path, path)
        is_progress = name == "status" and b"esxi-firstboot/" in body
        if is_progress:
            # Told besides: no part of the sequence of calls that a deployment is made of.
            name = "progress"
        else:
            self.asked.append(name)
        if self.watch:
            self.watch(name)
        reason = self.wrong_authorization(request.headers.get("Authorization"))
        if reason:
            self.refused.append((name, reason))
            return self.answer(request, 401, reason.encode())
        for step in [self.trouble[name].pop(0)] if self.trouble.get(name) else []:
            if step[0] == "status":
                return self.answer(request, step[1], b"trouble")
            if step[0] == "cut":
                request.send_response(200)
                request.send_header("Content-Length", "1000")
                request.end_headers()
                request.wfile.write(b"only the beginning")
                request.close_connection = True
                return None
            time.sleep(step[1])
            request.close_connection = True
            return None
        if name in ("status", "progress") and method == "POST":
            event = json.loads(body.decode("ascii"))
            # A slash in the name: a line in the machine's log that changes no status (MAAS 3.8, metadataserver).
            (self.progress if "/" in event["name"] else self.events).append(event)
            return self.answer(request, 204, b"")
        content = self.contents.get(name)
        if method != "GET" or content is None:
            return self.answer(request, 404, b"no such thing")
        return self.answer(request, 200, content)

    @staticmethod
    def answer(request, status, content):
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def wrong_authorization(self, header):
        """What is wrong with an OAuth 1.0 PLAINTEXT header (RFC 5849), or None."""
        if not header or not header.startswith("OAuth "):
            return "no OAuth header"
        fields = {}
        for item in header[len("OAuth "):].split(", "):
            key, sign, value = item.partition("=")
            if not sign or value[:1] != '"' or value[-1:] != '"' or key in fields:
                return "malformed field " + key
            fields[key] = urllib.parse.unquote(value[1:-1])
        secret = urllib.parse.quote(self.maas["token_secret"], safe="-._~")
        expected = {"realm": "", "oauth_version": "1.0", "oauth_signature_method": "PLAINTEXT",
                    "oauth_consumer_key": self.maas["consumer_key"], "oauth_token": self.maas["token_key"],
                    "oauth_signature": "&" + secret}
        for key, value in expected.items():
            if fields.get(key) != value:
                return "wrong " + key
        if set(fields) != set(expected) | {"oauth_timestamp", "oauth_nonce"}:
            return "unexpected fields"
        if not fields["oauth_nonce"] or fields["oauth_nonce"] in self.nonces:
            return "repeated nonce"
        self.nonces.add(fields["oauth_nonce"])
        if abs(int(fields["oauth_timestamp"]) - (time.time() + self.ahead)) > OAUTH_SLACK_SECONDS:
            return "expired timestamp"
        return None


class Adapter(support.Adapter):
    """A fake host for the guest code; what a shell or Python is needed for runs as a process of its own."""

    def run(self, argv, seconds=0, end_children=False):
        if not os.path.basename(argv[0]).startswith(("python", "sh")):
            return support.Adapter.run(self, argv, seconds)
        done = subprocess.run(argv, env=dict(self.fake.env(), ESXIIMG_ROOT=self.root), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")


class Deployed(unittest.TestCase):
    """Hosts that curtin's hook, the installer's steps and the first boot have worked on."""

    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-maas-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.lines = Lines()
        self.log = Log([self.lines])

    def serve(self, contents, config, **how):
        """A service that the configuration then names as its own."""
        service = Service(contents, config["reporting"]["maas"], **how)
        self.addCleanup(service.close)
        host = "localhost" if "maas-internal" in config["reporting"]["maas"]["endpoint"] else "127.0.0.1"
        config["reporting"]["maas"]["endpoint"] = service.endpoint(host)
        return service

    def install(self, config, release="8.0.3", image=None, hostd="up", **how):
        """From curtin's configuration to the moment when %firstboot begins."""
        shutil.rmtree(os.path.join(self.folder, "target"), ignore_errors=True)
        shutil.rmtree(os.path.join(self.folder, "host"), ignore_errors=True)
        target = os.path.join(self.folder, "target")
        make_target(target, release)
        self.description = deploy.describe(config, lambda sentence: None)
        deploy.install_description(target, self.description)
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), phase="installer", release=release,
                                     boot_options=kernel_options(os.path.join(target, "BOOT.CFG")), **how)
        self.host = Adapter(self.fake, hostd=False)
        facts = {"format": 1, "disk_guid": "0", "install_disk": None, "root_password_hash": HASH, "ssh_keys": []}
        self.fake.files.write("/esxiimg/image.json", json.dumps(dict(facts, **(image or {}))))
        self.fake.files.write("/esxiimg/KS.CFG", "rootpw --iscrypted %s\n" % HASH)
        for name in ("common", "hostconf"):
            shutil.copytree(os.path.join(GUEST, name), self.fake.path("/esxiimg/" + name))
        for name in ("pre.sh", "post.sh", "firstbt.sh"):
            shutil.copy(os.path.join(GUEST, name), self.fake.path("/esxiimg"))
        self.fake.load_module(os.path.join(target, "hostdesc.tgz"))
        pre.prepare(self.host, self.log, wait_seconds=0)
        self.fake.install(KICKSTART)
        post.keep(self.host, self.log)
        self.fake.boot(hostd)
        self.host = Adapter(self.fake)

    def first_boot(self):
        """%firstboot in this process. @return: exit status"""
        step = firstboot.FirstBoot(self.host, self.log, lambda seconds: None)
        self.step = step
        step.configure()
        return step.finish()

    def volumes(self):
        """{label: [(disk, partition number)]} of the datastores."""
        return dict(self.fake.summary()["datastores"])

    def table(self, disk):
        """{number: (start, end)} of a disk."""
        table = self.fake.partitions(disk)
        return {part["number"]: (part["start"], part["end"]) for part in (table["partitions"] if table else [])}

    def assert_no_secrets(self, config):
        """No credential is in the log, and none is left in the boot banks or in memory."""
        for secret in deploy.maasconf.secrets(config):
            self.assertNotIn(secret, self.lines.text)
        for place in ("/esxiimg", "/esxiimg-host", "/tmp/esxiimg"):
            self.assertFalse(self.fake.files.exists(place), place)
        for bank in ("/bootbank", "/altbootbank"):
            self.assertFalse({"esxiimg.tgz", "hostdesc.tgz"} & set(self.fake.files.names(bank)))


__all__ = ["Adapter", "BUILDS", "Deployed", "GUEST", "HASH", "HOOK_FOLDER", "Lines", "NAMES", "RELEASES", "REPOSITORY",
           "SAMPLES", "Service", "answers", "boot_cfg", "check_state", "fake_esxi", "kernel_options",
           "make_target", "sample", "sample_config", "sample_text"]
