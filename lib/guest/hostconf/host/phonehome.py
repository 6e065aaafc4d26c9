"""Tell whom cloud-config's `phone_home` names that this host is there."""

import http.client
import urllib.error
import urllib.parse
import urllib.request

from hostconf.host import firewall

ANSWER_SECONDS = 20
PAUSE_SECONDS = 3  # cloud-init's
_PUBLIC_KEYS = "/etc/ssh/ssh_host_%s_key.pub"


class PhoneHomeError(Exception):
    """Nobody took the message; the sentence holds no secret of the URL."""


def tell(description, applier, log):
    """POST what the description asks for, with a bounded number of tries.

    @raise PhoneHomeError: after all tries
    """
    wanted = description["phone_home"]
    fqdn = applier.read_system(description)["hostname"] or ""
    gate = firewall.gate(applier.host, applier.run, log)
    instance = description["instance_id"] or ""
    url = wanted["url"]
    for form in ("$INSTANCE_ID", "${INSTANCE_ID}"):
        url = url.replace(form, urllib.parse.quote(instance))
    body = urllib.parse.urlencode(
        [(name, _value(name, instance, fqdn, applier.host)) for name in wanted["post"]]).encode("ascii")
    server = urllib.parse.urlsplit(url).hostname
    reason = None
    for attempt in range(wanted["tries"]):
        if attempt:
            applier.sleep(PAUSE_SECONDS)
        try:
            with gate():
                with urllib.request.urlopen(urllib.request.Request(url, body, {"User-Agent": "esxi-img"}),
                                            timeout=ANSWER_SECONDS) as answer:
                    log.info("phone_home: %s answers with HTTP status %d" % (server, answer.status))
                    return
        except urllib.error.HTTPError as error:
            with error:
                reason = "HTTP status %d" % error.code
        except (OSError, ValueError, http.client.HTTPException) as error:
            # What a message about the URL itself would repeat is not said.
            reason = str(getattr(error, "reason", "")) or type(error).__name__
        log.info("phone_home: %s does not take it: %s" % (server, reason))
    raise PhoneHomeError("phone_home: %s was told nothing in %d tries: %s" % (server, wanted["tries"], reason))


def _value(name, instance, fqdn, host):
    if name.startswith("pub_key_"):
        return _public_key(host.path(_PUBLIC_KEYS % name[len("pub_key_"):]))
    return {"instance_id": instance, "hostname": fqdn.partition(".")[0], "fqdn": fqdn}[name]


def _public_key(path):
    """The host's own key, or "N/A", as cloud-init says it."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return "N/A"
