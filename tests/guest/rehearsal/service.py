"""A metadata service of MAAS on loopback, for one machine."""
import email.utils
import http.server
import json
import threading
import time
import urllib.parse

OAUTH_SLACK_SECONDS = 300


class Service:
    """A metadata service: knows one machine, checks its OAuth header, notes every request in order.

    contents   what it has, by the names of maas.fetch; None answers 404
    trouble    what to do instead of answering, by name: a list of ("status", code), ("silent", seconds) or ("cut",)
    ahead      by how many seconds its clock is ahead
    watch      called with each request's name before it is answered
    path       of its status URL

    `calls` holds every request in words: "GET public-keys"; "POST network finish SUCCESS" for an event of an area,
    "POST ! finish FAIL" for one that changes the machine's status. `told` holds what MAAS learns from the machine, in order: status events, and the request of user data, which tells
    MAAS that it is deployed. `status` is what MAAS then shows.
    """

    def __init__(self, contents, maas, trouble=None, ahead=0, watch=None, path="/MAAS/metadata/status/abc123"):
        self.contents = dict(contents)
        self.maas = maas
        self.trouble = {name: list(steps) for name, steps in (trouble or {}).items()}
        self.ahead = ahead
        self.watch = watch
        self.nonces = set()
        self.path = path
        self.forget()
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

    def forget(self):
        """The machine is deployed once more: nothing was heard of it yet."""
        self.asked = []
        self.calls = []
        self.refused = []
        self.events = []  # those that change the machine's status
        self.progress = []  # those that do not
        self.told = []
        self.status = "Deploying"

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def endpoint(self, host="127.0.0.1"):
        return "http://%s:%d%s" % (host, self.port, self.path)

    def handle(self, request, method):
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        path = request.path
        base = self.path.rpartition("/status/")[0]
        known = {base + "/latest/user-data": "user-data", self.path: "status"}
        for name in ("local-hostname", "public-keys", "vendor-data"):
            known[base + "/latest/meta-data/" + name] = name
        name = known.get(path, path)
        is_progress = name == "status" and b"esxi-firstboot/" in body
        if is_progress:
            # Told besides: no part of the sequence of calls that a deployment is made of.
            name = "progress"
        else:
            self.asked.append(name)
        self.calls.append("%s %s" % (method, _event_in_words(body) if name in ("status", "progress") else name))
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
            self.note_event(json.loads(body.decode("ascii")))
            return self.answer(request, 204, b"")
        if name == "user-data" and method == "GET":
            self.note_deployed()
        content = self.contents.get(name)
        if method != "GET" or content is None:
            return self.answer(request, 404, b"no such thing")
        return self.answer(request, 200, content)

    def note_event(self, event):
        """A slash in the name: a line in the machine's log that changes no status (MAAS 3.8, metadataserver)."""
        self.told.append(dict(event, kind="event"))
        lasting = "/" not in str(event["name"])
        (self.events if lasting else self.progress).append(event)
        failed = event.get("event_type") == "finish" and event.get("result") == "FAIL"
        if lasting and failed and self.status == "Deploying":
            self.status = "Failed deployment"

    def note_deployed(self):
        self.told.append({"kind": "deployed", "name": "user-data"})
        if self.status == "Deploying":
            self.status = "Deployed"

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


def _event_in_words(body):
    """An event as Service.calls has it. A name without a slash is the whole deployment's."""
    event = json.loads(body.decode("ascii"))
    part = event["name"].partition("/")[2] or "!"
    return " ".join(word for word in (part, event["event_type"], event.get("result")) if word)
