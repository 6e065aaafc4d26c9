"""Joining a vCenter: a REST service with a self-signed certificate on loopback, old API and new."""
import base64
import contextlib
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from maas_support import Adapter, Lines, fake_esxi

from common import description as schema
from hostconf.host import vcenter
from hostconf.host.log import Log
from hostconf.host.apply import Applier

USER = "register@vsphere.local"
PASSWORD = "p%ss: 'w#rd\" exämple"


def setUpModule():
    global FOLDER
    FOLDER = tempfile.mkdtemp(prefix="esxi-vcenter-")
    unittest.addModuleCleanup(shutil.rmtree, FOLDER)
    for name, alternative in (("vc", "IP:127.0.0.1,DNS:localhost"), ("other", "DNS:other.example.net"), ("host", "DNS:esx")):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                        "-addext", "subjectAltName=" + alternative, "-keyout", pem(name + ".key"), "-out", pem(name + ".crt")],
                       check=True, capture_output=True)


def pem(name):
    return os.path.join(FOLDER, name)


def text_of(name):
    with open(pem(name), encoding="ascii") as file:
        return file.read()


class VCenter:
    """A vCenter with data centers and folders; `trouble` holds statuses to answer with first."""

    def __init__(self, old=False, certificate="vc", trouble=()):
        self.old = old
        self.trouble = list(trouble)
        self.calls = []
        self.hosts = []
        self.sessions = set()
        self.logins = 0
        self.refuse_host = None
        center = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = center.answer(self.command, self.path, self.headers, body)
                data = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_DELETE = handle_any

            def log_message(self, *words):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address):
                pass  # a client that does not like the certificate

        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem(certificate + ".crt"), pem(certificate + ".key"))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def answer(self, method, path, headers, body):
        path, _, query = path.partition("?")
        self.calls.append("%s %s" % (method, path))
        prefix = "/rest/" if self.old else "/api/"
        if not path.startswith(prefix):
            return 404, {"error_type": "NOT_FOUND"}
        if self.trouble:
            return self.trouble.pop(0), {"error_type": "SERVICE_UNAVAILABLE"}
        status, value = self.act(method, path[len(prefix):], dict(urllib.parse.parse_qsl(query)), headers,
                                 json.loads(body.decode()) if body.strip() else None)
        return status, {"value": value} if self.old else value

    def act(self, method, path, query, headers, body):
        session = "com/vmware/cis/session" if self.old else "session"
        if (method, path) == ("POST", session):
            login = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
            if headers.get("Authorization") != "Basic " + login:
                return 401, {"error_type": "UNAUTHENTICATED"}
            self.logins += 1
            self.sessions.add("token%d" % self.logins)
            return 201, "token%d" % self.logins
        if headers.get("vmware-api-session-id") not in self.sessions:
            return 401, {"error_type": "UNAUTHENTICATED"}
        if (method, path) == ("DELETE", session):
            self.sessions.discard(headers["vmware-api-session-id"])
            return 204, None
        names = query.get("filter.names" if self.old else "names")

        def listed(items):
            return 200, [item for item in items if names in (None, item["name"])]

        if (method, path) == ("GET", "vcenter/datacenter"):
            return listed([{"name": "DC South", "datacenter": "datacenter-1"}, {"name": "DC North", "datacenter": "datacenter-2"}])
        if (method, path) == ("GET", "vcenter/folder"):
            kind, inside = (query.get(("filter." if self.old else "") + key) for key in ("type", "datacenters"))
            if kind != "HOST" or inside not in ("datacenter-1", "datacenter-2"):
                return 400, {"error_type": "INVALID_ARGUMENT"}
            return listed([{"name": "Racks", "folder": "group-h9"}, {"name": "host", "folder": "group-h" + inside[-1]}])
        if (method, path) == ("GET", "vcenter/host"):
            return listed([{"name": host["hostname"], "host": "host-1"} for host in self.hosts])
        if (method, path) == ("POST", "vcenter/host"):
            return self.add_host(body["spec"] if self.old else body)
        return 404, {"error_type": "NOT_FOUND"}

    def add_host(self, spec):
        if self.refuse_host:
            return self.refuse_host
        needed = {"hostname", "user_name", "password", "folder", "thumbprint_verification", "thumbprint"}
        if set(spec) != needed or spec["thumbprint_verification"] != "THUMBPRINT":
            return 400, {"error_type": "INVALID_ARGUMENT", "messages": [{"default_message": "wrong spec"}]}
        self.hosts.append(spec)
        return 201, "host-7"


class JoinTest(unittest.TestCase):
    def start(self, **how):
        self.center = VCenter(**how)
        self.addCleanup(self.center.close)
        self.lines = Lines()
        self.naps = []

    def wanted(self, **more):
        given = dict({"server": "localhost", "username": USER, "password": PASSWORD, "datacenter": "DC North"}, **more)
        return schema.validate({"format": 1, "source": "maas", "vcenter": given})["vcenter"]

    def join(self, wanted, name="192.0.2.9"):
        host = {"hostname": name, "user_name": "u", "password": "x", "thumbprint": "AA:BB"}
        context = vcenter.tls_context(wanted, pem("no-such-store.pem"))
        vcenter.join(wanted, host, context, Log([self.lines]), self.naps.append, self.center.port)

    def test_both_apis(self):
        for old in (False, True):
            for server in ("localhost", "127.0.0.1"):
                self.start(old=old)
                self.join(self.wanted(server=server, ca_certificate=text_of("vc.crt")))
                self.assertEqual([(host["hostname"], host["folder"]) for host in self.center.hosts], [("192.0.2.9", "group-h2")])
                self.assertEqual(self.center.sessions, set(), "logged out")
                self.assertEqual(self.naps, [])

    def test_certificates_are_checked_unless_told_not_to(self):
        self.start()
        with self.assertRaisesRegex(vcenter.VCenterError, "not trusted"):
            self.join(self.wanted())
        self.assertEqual((self.center.calls, self.naps), ([], []), "no password was sent, and nothing is tried again")
        with self.assertRaisesRegex(vcenter.VCenterError, "not trusted"):
            self.join(self.wanted(ca_certificate=text_of("other.crt")))
        self.assertEqual(self.center.calls, [])
        self.join(self.wanted(verify_tls=False))
        self.assertEqual(len(self.center.hosts), 1)

    def test_the_name_in_the_certificate_counts(self):
        self.start(certificate="other")
        with self.assertRaisesRegex(vcenter.VCenterError, "not trusted"):
            self.join(self.wanted(ca_certificate=text_of("other.crt")))
        self.assertEqual(self.center.calls, [])

    def test_the_hosts_own_store_is_trusted(self):
        self.start()
        context = vcenter.tls_context(self.wanted(), pem("vc.crt"))
        vcenter.join(self.wanted(), {"hostname": "h", "user_name": "u", "password": "x", "thumbprint": "AA"}, context,
                     Log([self.lines]), self.naps.append, self.center.port)
        self.assertEqual(len(self.center.hosts), 1)

    def test_troubles_that_pass(self):
        self.start(trouble=[503, 500, 429])
        self.join(self.wanted(ca_certificate=text_of("vc.crt")))
        self.assertEqual(self.naps, [4, 8, 16])
        self.assertEqual(len(self.center.hosts), 1)
        self.assertIn("attempt 3 of 5", self.lines.text)

    def test_troubles_that_stay(self):
        self.start(trouble=[503] * 99)
        with self.assertRaisesRegex(vcenter.VCenterError, "503"):
            self.join(self.wanted(ca_certificate=text_of("vc.crt")))
        self.assertEqual(len(self.naps), vcenter.ATTEMPTS - 1)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.center.close()
            self.center.port = free.getsockname()[1]
            with self.assertRaisesRegex(vcenter.VCenterError, "no answer"):
                self.join(self.wanted(ca_certificate=text_of("vc.crt")))
        self.center.close = lambda: None

    def test_refusals(self):
        cases = (("user name or the password", {"password": "wrong"}), ("no data center DC West", {"datacenter": "DC West"}),
                 ("no host folder Attic", {"folder": "Attic"}))
        for words, change in cases:
            self.start()
            with self.assertRaisesRegex(vcenter.VCenterError, words):
                self.join(self.wanted(ca_certificate=text_of("vc.crt"), **change))
            self.assertEqual((self.center.hosts, self.center.sessions, self.naps), ([], set(), []))
        self.start()
        self.center.refuse_host = (400, {"error_type": "UNABLE", "messages": [{"default_message": "licence is missing"}]})
        with self.assertRaisesRegex(vcenter.VCenterError, "HTTP status 400 UNABLE licence is missing"):
            self.join(self.wanted(ca_certificate=text_of("vc.crt")))

    def test_a_host_that_is_there_already(self):
        self.start()
        for _ in range(2):
            self.join(self.wanted(ca_certificate=text_of("vc.crt")))
        self.assertEqual(len(self.center.hosts), 1)
        self.center.hosts.clear()
        self.center.refuse_host = (400, {"error_type": "ALREADY_EXISTS", "messages": []})
        self.join(self.wanted(ca_certificate=text_of("vc.crt")))

    def test_folders_and_data_centers(self):
        for change, folder in (({}, "group-h2"), ({"datacenter": None}, "group-h1"), ({"folder": "Racks"}, "group-h9")):
            self.start()
            self.join(self.wanted(ca_certificate=text_of("vc.crt"), **change))
            self.assertEqual(self.center.hosts[0]["folder"], folder)

    def test_a_cluster_is_left_to_be_joined_by_hand(self):
        self.start()
        self.join(self.wanted(ca_certificate=text_of("vc.crt"), cluster="Production"))
        self.assertIn("Production", self.lines.text)
        self.assertEqual(len(self.center.hosts), 1)


class OnAHost(unittest.TestCase):
    """The whole step on the fake host: account, thumbprint, log."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="esxi-join-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.center = VCenter()
        self.addCleanup(self.center.close)
        self.fake = fake_esxi.create(os.path.join(self.folder, "host"), network="--bootproto=static --ip=192.0.2.9 "
                                     "--netmask=255.255.255.0 --gateway=192.0.2.1")
        self.fake.files.write("/etc/vmware/ssl/rui.crt", text_of("host.crt"))
        self.lines = Lines()
        self.log = Log([self.lines])
        self.applier = Applier(Adapter(self.fake), self.log, lambda seconds: None)
        self.description = schema.validate({"format": 1, "source": "maas", "hostname": "esx.example.invalid", "vcenter": {
            "server": "localhost", "username": USER, "password": PASSWORD, "ca_certificate": text_of("vc.crt")}})
        self.log.hide(PASSWORD)
        self.accounts = []
        real = self.center.add_host
        self.center.add_host = lambda spec: self.accounts.append(self.fake.config()["accounts"].get(spec["user_name"])) or real(spec)

    @contextlib.contextmanager
    def at_the_service_port(self):
        join = vcenter.join
        vcenter.join = lambda *words, **how: join(*words, port=self.center.port, **how)
        try:
            yield
        finally:
            vcenter.join = join

    def join(self):
        with self.at_the_service_port():
            vcenter.join_host(self.description, self.applier, self.log)

    def test_join(self):
        self.join()
        spec = self.center.hosts[0]
        self.assertEqual(spec["hostname"], "192.0.2.9")
        shown = subprocess.run(["openssl", "x509", "-in", pem("host.crt"), "-noout", "-fingerprint", "-sha1"],
                               check=True, capture_output=True, text=True).stdout.strip().partition("=")[2]
        self.assertEqual(spec["thumbprint"], shown)
        self.assertEqual((self.accounts[0]["password"], self.accounts[0]["role"]), (spec["password"], "Admin"))
        self.assertNotIn(spec["user_name"], self.fake.config()["accounts"], "the account is for the join alone")
        for secret in (PASSWORD, spec["password"]):
            self.assertNotIn(secret, self.lines.text)
        self.assertIn("joined vCenter localhost as 192.0.2.9", self.lines.text)

    def test_what_the_image_was_built_with(self):
        """--vcenter-ca and --vcenter-insecure hold where the metadata say nothing."""
        wanted = dict(self.description["vcenter"], ca_certificate=None)
        for built in ({"vcenter_ca": text_of("vc.crt")}, {"vcenter_insecure": True}):
            self.description = schema.validate(dict({"format": 1, "source": "maas", "vcenter": wanted}, **built))
            self.center.hosts = []
            self.join()
            self.assertEqual(len(self.center.hosts), 1, built)
        self.description = schema.validate({"format": 1, "source": "maas", "vcenter": wanted})
        with self.assertRaisesRegex(vcenter.VCenterError, "--vcenter-ca"):
            self.join()

    def test_failure_is_told_and_the_account_goes(self):
        self.center.refuse_host = (400, {"error_type": "UNABLE_TO_CONNECT"})
        with self.assertRaisesRegex(vcenter.VCenterError, "HTTP status 400 UNABLE_TO_CONNECT"):
            self.join()
        self.assertEqual(set(self.fake.config()["accounts"]), {"root", "dcui", "vpxuser"})

    def test_an_account_that_cannot_be_made(self):
        self.fake.fail(["system", "permission", "set"], times=9)
        with self.assertRaisesRegex(vcenter.VCenterError, "could not be made"):
            self.join()
        self.assertEqual(self.center.calls, [])
        self.assertEqual(set(self.fake.config()["accounts"]), {"root", "dcui", "vpxuser"})

    def test_no_certificate(self):
        self.fake.files.write("/etc/vmware/ssl/rui.crt", "nothing")
        with self.assertRaisesRegex(vcenter.VCenterError, "certificate cannot be read"):
            self.join()
        self.assertEqual(self.center.calls, [])

    def test_a_name_that_leads_here_is_used(self):
        real = socket.getaddrinfo

        def looked_up(name, port, *words, **more):
            if name == "esx.example.invalid":
                return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.9", port))]
            return real(name, port, *words, **more)

        socket.getaddrinfo = looked_up
        self.addCleanup(setattr, socket, "getaddrinfo", real)
        self.join()
        self.assertEqual(self.center.hosts[0]["hostname"], "esx.example.invalid")


if __name__ == "__main__":
    unittest.main()
