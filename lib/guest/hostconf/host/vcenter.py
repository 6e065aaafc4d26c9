"""Join a vCenter, as a stand-alone host, through the vSphere REST API (/api since 7.0U2, /rest before).

vCenter logs in to the host to take it over, and nobody knows root's password here; so it gets an administrator's
account that exists for the join alone. Both sides are checked: vCenter's certificate by this host, this host's
certificate by vCenter, through its thumbprint. A host that could not join is otherwise complete: that is said in the
log and is no reason to fail.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import os
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request

from hostconf.host import firewall, inventory as inventories
from hostconf.model.command import Command
from hostconf.model.inventory import InventoryError

PORT = 443
ACCOUNT = "esxiimgjoin"
ATTEMPTS = 5
PAUSE_SECONDS = 4  # doubled after each attempt
ANSWER_SECONDS = 60  # adding a host takes vCenter a while
CA_STORE = "/etc/vmware/ssl/castore.pem"
OWN_CERTIFICATE = "/etc/vmware/ssl/rui.crt"

# Folders of type HOST: this one holds all others of a data center.
_ROOT_FOLDER = "host"
_HERE_ALREADY = ("ALREADY_EXISTS", "ALREADY_IN_DESIRED_STATE")


class VCenterError(Exception):
    """The host could not join; the message holds no credential."""


class _NotNow(Exception):
    """Something that may pass: it is tried again."""


def join_host(description, applier, log):
    """Make this host a member of the vCenter in the description. @raise VCenterError, InventoryError"""
    wanted = dict(description["vcenter"])
    # What the image was built with holds where the metadata say nothing.
    wanted["ca_certificate"] = wanted["ca_certificate"] or description["vcenter_ca"]
    wanted["verify_tls"] = wanted["verify_tls"] and not description["vcenter_insecure"]
    log.info("joining vCenter %s as %s" % (wanted["server"], wanted["username"]))
    name = own_name(description["hostname"], applier.run)
    thumbprint = own_thumbprint(applier.host.path(OWN_CERTIFICATE))
    context = tls_context(wanted, applier.host.path(CA_STORE))
    if not wanted["verify_tls"]:
        log.warn("the certificate of vCenter %s is not checked" % wanted["server"])
    with account(applier, log) as (username, password):
        join(wanted, {"hostname": name, "user_name": username, "password": password, "thumbprint": thumbprint},
             context, log, applier.sleep, gate=firewall.gate(applier.host, applier.run, log))
    log.info("this host joined vCenter %s as %s" % (wanted["server"], name))


def own_name(hostname, run):
    """What vCenter shall call this host: its full name if that leads here, else the address of vmk0."""
    vmks = inventories.read_network(run)["vmks"]
    addresses = [vmk["ipv4"]["address"] for vmk in vmks.values() if vmk["ipv4"] and vmk["ipv4"]["address"]]
    for vmk in vmks.values():
        addresses += [text.partition("/")[0] for text in vmk["ipv6"]["addresses"]] if vmk["ipv6"] else []
    if hostname and "." in hostname:
        try:
            if any(entry[4][0] in addresses for entry in socket.getaddrinfo(hostname, PORT)):
                return hostname
        except OSError:
            pass
    management = vmks.get("vmk0")
    if management and management["ipv4"] and management["ipv4"]["address"] not in ("", "0.0.0.0"):
        return management["ipv4"]["address"]
    if management and management["ipv6"] and management["ipv6"]["addresses"]:
        return management["ipv6"]["addresses"][0].partition("/")[0]
    raise VCenterError("this host has no address that vCenter could reach it by")


def own_thumbprint(path):
    """SHA-1 of this host's certificate as vCenter wants it: XX:XX:…"""
    try:
        with open(path, encoding="ascii") as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
    except (OSError, ValueError) as error:
        raise VCenterError("this host's certificate cannot be read: %s" % error)
    digest = hashlib.sha1(der).hexdigest().upper()
    return ":".join(digest[i:i + 2] for i in range(0, len(digest), 2))


def tls_context(wanted, ca_store):
    """How to check vCenter's certificate: by what Python trusts, ESXi's own store and the description's."""
    context = ssl.create_default_context()
    if not wanted["verify_tls"]:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        with contextlib.suppress(FileNotFoundError):
            context.load_verify_locations(cafile=ca_store)
        if wanted["ca_certificate"]:
            context.load_verify_locations(cadata=wanted["ca_certificate"])
    except (OSError, ValueError) as error:
        raise VCenterError("the certificates to check vCenter by cannot be read: %s" % error)
    return context


@contextlib.contextmanager
def account(applier, log):
    """An administrator's account for the time of the join: (name, password)."""
    # Four classes of characters, as the strictest password policy wants.
    password = "aA1-" + base64.b64encode(os.urandom(24), b"-_").decode("ascii")
    log.hide(password)
    for command in (
            Command("esxcli", "system", "account", "add", "-i", ACCOUNT, "-p", password, "-c", password,
                    "-d", "joins vCenter", secret=(password,)),
            Command("esxcli", "system", "permission", "set", "-i", ACCOUNT, "-r", "Admin")):
        reason = applier.execute(command)
        if reason:
            applier.run(["esxcli", "system", "account", "remove", "-i", ACCOUNT])
            raise VCenterError("the account for vCenter could not be made: %s" % reason)
    try:
        yield ACCOUNT, password
    finally:
        reason = applier.execute(Command("esxcli", "system", "account", "remove", "-i", ACCOUNT))
        if reason:
            log.error("the account %s could not be removed: %s" % (ACCOUNT, reason))


@contextlib.contextmanager
def _open_gate():
    yield


def join(wanted, host, context, log, sleep, port=PORT, gate=_open_gate):
    """Add the host to vCenter's inventory, with retries.

    @param wanted: the part "vcenter" of a host description
    @param host: {hostname, user_name, password, thumbprint} of the host that joins
    @param gate: gives a context manager that lets one request out
    @raise VCenterError: when it is refused, or not answered after all attempts
    """
    if wanted["cluster"]:
        log.warn("vCenter: the REST API adds stand-alone hosts only; the cluster %s is left to be joined by hand"
                 % wanted["cluster"])
    pause = PAUSE_SECONDS
    for attempt in range(1, ATTEMPTS + 1):
        session = _Session(wanted, context, port, gate)
        try:
            session.open()
            try:
                _add(session, wanted, host, log)
            finally:
                session.close()
            return
        except _NotNow as error:
            log.info("vCenter %s, attempt %d of %d: %s" % (wanted["server"], attempt, ATTEMPTS, error))
            if attempt == ATTEMPTS:
                raise VCenterError(str(error))
            sleep(pause)
            pause *= 2


def _add(session, wanted, host, log):
    if session.get("vcenter/host", {"names": host["hostname"]}):
        log.info("vCenter has this host already")
        return
    data_centers = session.get("vcenter/datacenter", {"names": wanted["datacenter"]} if wanted["datacenter"] else {})
    if not data_centers:
        raise VCenterError("it has no data center %s" % (wanted["datacenter"] or "at all"))
    query = {"type": "HOST", "datacenters": data_centers[0]["datacenter"]}
    if wanted["folder"]:
        query["names"] = wanted["folder"]
    folders = session.get("vcenter/folder", query)
    if not folders:
        raise VCenterError("the data center %s has no host folder %s"
                           % (data_centers[0]["name"], wanted["folder"] or "at all"))
    folder = next((entry for entry in folders if entry["name"] == _ROOT_FOLDER), folders[0])
    spec = dict(host, folder=folder["folder"], thumbprint_verification="THUMBPRINT")
    session.post("vcenter/host", spec)
    log.info("vCenter: data center %s, folder %s" % (data_centers[0]["name"], folder["name"]))


class _Session:
    """A login to vCenter's REST API."""

    def __init__(self, wanted, context, port, gate):
        self.wanted = wanted
        server = "[%s]" % wanted["server"] if ":" in wanted["server"] else wanted["server"]
        self.root = "https://%s" % server if port == PORT else "https://%s:%d" % (server, port)
        self.gate = gate
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirects())
        self.old = False  # whether only the API of before 7.0U2 is there
        self.token = None

    def open(self):
        login = "%s:%s" % (self.wanted["username"], self.wanted["password"])
        headers = {"Authorization": "Basic " + base64.b64encode(login.encode("utf-8")).decode("ascii")}
        try:
            self.token = self._call("POST", "session", {}, headers=headers)
        except VCenterError as error:
            if getattr(error, "status", None) != 404:
                raise
            self.old = True
            self.token = self._call("POST", "com/vmware/cis/session", {}, headers=headers)
        if not isinstance(self.token, str):
            raise VCenterError("it gave no session")

    def close(self):
        with contextlib.suppress(VCenterError, _NotNow):
            self._call("DELETE", "com/vmware/cis/session" if self.old else "session")

    def get(self, path, query):
        """The list that a query gives."""
        prefix = "filter." if self.old else ""
        items = urllib.parse.urlencode([(prefix + key, query[key]) for key in sorted(query)])
        answer = self._call("GET", path + ("?" + items if items else ""))
        return answer if isinstance(answer, list) else []

    def post(self, path, body):
        try:
            self._call("POST", path, {"spec": body} if self.old else body)
        except VCenterError as error:
            if not any(word in str(error).upper() for word in _HERE_ALREADY):
                raise

    def _call(self, method, path, body=None, headers=None):
        request = urllib.request.Request(
            "%s/%s/%s" % (self.root, "rest" if self.old else "api", path),
            None if body is None else json.dumps(body).encode("ascii"), method=method)
        for name in headers or {}:
            request.add_header(name, headers[name])
        request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("vmware-api-session-id", self.token)
        try:
            with self.gate(), self.opener.open(request, timeout=ANSWER_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error)
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            # Before Python 3.7 a name that does not fit is a ValueError of its own.
            if isinstance(reason, ssl.CertificateError) or "CERTIFICATE_VERIFY_FAILED" in str(reason):
                raise VCenterError("its certificate is not trusted: give vcenter_ca, or build with --vcenter-ca (%s)" % reason)
            raise _NotNow("no answer from %s: %s" % (self.root.partition("//")[2], reason))
        try:
            value = json.loads(text.decode("utf-8")) if text.strip() else None
        except ValueError:
            raise VCenterError("its answer is not JSON: it is no vCenter")
        return value.get("value") if self.old and isinstance(value, dict) else value

    def _refusal(self, error):
        """What an HTTP error means: try again, or give up for a reason."""
        if error.code >= 500 or error.code in (408, 429):
            return _NotNow("HTTP status %d" % error.code)
        if error.code == 401:
            return VCenterError("it refuses the user name or the password")
        text = "HTTP status %d" % error.code
        with contextlib.suppress(ValueError, OSError):
            details = json.loads(error.read().decode("utf-8"))
            details = details.get("value", details) if isinstance(details, dict) else {}
            messages = details.get("messages") if isinstance(details, dict) else None
            words = [str(details.get("error_type") or details.get("type") or "")] if isinstance(details, dict) else []
            words += [str(entry.get("default_message")) for entry in messages or [] if isinstance(entry, dict)]
            text = " ".join([text] + [word for word in words if word])
        refusal = VCenterError(text)
        refusal.status = error.code
        return refusal


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A login goes to nobody but the server it is for."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None
