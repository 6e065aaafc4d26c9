"""MAAS's metadata service, asked as the machine that is being deployed.

Requests are signed with OAuth 1.0 PLAINTEXT (RFC 5849, section 3.4.4) with an empty consumer secret. MAAS refuses a
time stamp that is far off, so a refused request is repeated with the clock that its answer shows. Any GET of
user-data while the machine deploys makes MAAS mark it as deployed.
"""

import contextlib
import email.utils
import http.client
import json
import os
import socket
import time
import urllib.error
import urllib.parse
import urllib.request

USER_DATA = "user-data"
EVENT = "esxi-firstboot"
ATTEMPTS = 8
REFUSALS = 3  # answers 401 or 403 in a row: the first may be the clock's fault
REPORT_ATTEMPTS = 3
ANSWER_SECONDS = 30  # for one answer to begin, or to go on
WHOLE_ANSWER_SECONDS = 120
PAUSES_SECONDS = (1, 2, 4, 8, 16, 30)
ANSWER_BYTES = 16 * 1024 * 1024
REASON_CHARACTERS = 1000

_STATUS = "/status/"
_CHUNK_BYTES = 65536


class MetadataError(Exception):
    """The metadata service could not be asked; the message holds no credential."""


class Client:
    """The metadata service of one machine.

    @param maas: the part "maas" of a host description
    @param answer_seconds: how long one answer may keep silent
    @param attempts: how often something is asked for
    @param gate: gives a context manager that lets one request out; not held while the next attempt is waited for
    """

    def __init__(self, maas, log, clock=time.time, sleep=time.sleep, answer_seconds=ANSWER_SECONDS, attempts=ATTEMPTS,
                 gate=None):
        self.maas = maas
        self.log = log
        self.clock = clock
        self.sleep = sleep
        self.answer_seconds = answer_seconds
        self.attempts = attempts
        self.gate = gate or _open_gate
        self.skew_seconds = 0
        # No proxy: the service is the rack controller's, on the machine's own network.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _SameServerRedirects())

    def get(self, name):
        """One of local-hostname, public-keys, vendor-data and user-data.

        @return: bytes; None when MAAS has none (404)
        @raise MetadataError: after all attempts
        """
        path = "latest/" + (name if name == USER_DATA else "meta-data/" + name)
        return self._request(base_url(self.maas["endpoint"]) + path, None, self.attempts)

    def report_failure(self, reason):
        """Tell MAAS that the deployment failed. @raise MetadataError: when it cannot be told"""
        # A name without a slash is the whole deployment's: a failure of it changes the machine's status.
        self._event(EVENT, "finish", "FAIL", reason, REPORT_ATTEMPTS)

    def event(self, part, event_type, result, description):
        """Add a line to what MAAS shows of the machine; it changes no status.

        @param part: what the event is about, a word
        @param event_type: "start" or "finish"
        @param result: "SUCCESS" or "FAIL" of what is finished, else None
        @raise MetadataError: when it cannot be told at once; it is not worth a wait
        """
        self._event("%s/%s" % (EVENT, part), event_type, result, description, 1)

    def _event(self, name, event_type, result, description, attempts):
        event = {"name": name, "event_type": event_type, "origin": "esxi-img",
                 "description": description[:REASON_CHARACTERS], "timestamp": self.clock() + self.skew_seconds}
        if result:
            event["result"] = result
        self._request(self.maas["endpoint"], json.dumps(event).encode("ascii"), attempts)

    def _request(self, url, body, attempts):
        refusals = 0
        reason = None
        for attempt in range(attempts):
            if attempt and not refusals:
                self.sleep(PAUSES_SECONDS[min(attempt - 1, len(PAUSES_SECONDS) - 1)])
            try:
                with self.gate():
                    return self._once(url, body)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == 404 and body is None:
                        return None
                    reason = "HTTP status %d" % error.code
                    if error.code in (401, 403):
                        refusals += 1
                        self._correct_clock(error.headers.get("Date"))
                        if refusals == REFUSALS:
                            break
                        continue
                    if error.code < 500 and error.code not in (408, 429):
                        break
            except (OSError, ValueError, http.client.HTTPException) as error:
                # A ValueError is a host name that cannot be, or before Python 3.7 one that a certificate lacks.
                reason = _reason(error)
            refusals = 0
            self.log.info("%s does not answer yet: %s" % (url, reason))
        raise MetadataError("the metadata service failed at %s: %s" % (url, reason))

    def _once(self, url, body):
        request = urllib.request.Request(url, body, {"Authorization": self._authorization(), "User-Agent": "esxi-img"})
        if body is not None:
            request.add_header("Content-Type", "application/json")
        began = self.clock()
        with self.opener.open(request, timeout=self.answer_seconds) as answer:
            announced = answer.headers.get("Content-Length", "")
            parts = []
            size = 0
            while True:
                chunk = answer.read(_CHUNK_BYTES)
                if not chunk:
                    if announced.isdigit() and size != int(announced):
                        raise OSError("the answer was cut short")
                    return b"".join(parts)
                parts.append(chunk)
                size += len(chunk)
                if size > ANSWER_BYTES:
                    raise OSError("the answer is larger than %d bytes" % ANSWER_BYTES)
                if self.clock() - began > WHOLE_ANSWER_SECONDS:
                    raise OSError("the answer takes longer than %d seconds" % WHOLE_ANSWER_SECONDS)

    def _authorization(self):
        quote = _percent_encode
        fields = (
            ("realm", ""),
            ("oauth_consumer_key", quote(self.maas["consumer_key"])),
            ("oauth_token", quote(self.maas["token_key"])),
            ("oauth_signature_method", "PLAINTEXT"),
            # The signature is both secrets joined by "&"; as a header field it is encoded once more.
            ("oauth_signature", quote("&" + quote(self.maas["token_secret"]))),
            ("oauth_timestamp", "%d" % (self.clock() + self.skew_seconds)),
            ("oauth_nonce", "".join("%02x" % byte for byte in os.urandom(16))),
            ("oauth_version", "1.0"),
        )
        return "OAuth " + ", ".join('%s="%s"' % field for field in fields)

    def _correct_clock(self, date):
        """Take the difference to the service's clock from an answer's Date (RFC 7231, section 7.1.1.2)."""
        try:
            theirs = email.utils.mktime_tz(email.utils.parsedate_tz(date))
        except (TypeError, ValueError, OverflowError):
            return
        self.skew_seconds = int(theirs - self.clock())
        self.log.info("MAAS refused the request; its clock is %+d seconds from this host's" % self.skew_seconds)


@contextlib.contextmanager
def _open_gate():
    yield


class _SameServerRedirects(urllib.request.HTTPRedirectHandler):
    """Credentials go to nobody but the server they are for."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if urllib.parse.urlsplit(newurl)[:2] != urllib.parse.urlsplit(req.full_url)[:2]:
            raise urllib.error.HTTPError(req.full_url, code, "redirected to another server", headers, fp)
        return urllib.request.HTTPRedirectHandler.redirect_request(self, req, fp, code, msg, headers, newurl)


def base_url(endpoint):
    """The metadata service's URL: what stands before status/ in the endpoint. @raise MetadataError"""
    base, found, _ = endpoint.rpartition(_STATUS)
    if not found:
        raise MetadataError("the endpoint %s is not a status URL of MAAS" % endpoint)
    return base + "/"


def _percent_encode(text):
    """RFC 5849, section 3.6: everything but letters, digits and "-._~"."""
    return urllib.parse.quote(text, safe="-._~")


def _reason(error):
    inner = getattr(error, "reason", error)
    if isinstance(inner, socket.timeout):
        return "no answer in time"
    return str(inner) or type(inner).__name__
