"""cloud-config's `phone_home` → the host description: whom to tell that this host is there, and what."""

import urllib.parse

from common import checks
from hostconf.sources.yamlflow import text_of

# What cloud-init posts, in its order.
FIELDS = ("pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519", "instance_id", "hostname", "fqdn")
_NOT_HERE = ("pub_key_dsa",)
DEFAULT_TRIES = 10
MAX_TRIES = 20


def read(given, warn):
    """The part "phone_home" of a description, or None."""
    if given is None:
        return None
    url = given.get("url") if isinstance(given, dict) else None
    try:
        url = checks.string(url)
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("no URL")
    except ValueError:
        # It is not repeated: it may hold a token.
        warn("cloud-config: phone_home has no http:// or https:// URL and is ignored")
        return None
    post = given.get("post", "all")
    fields = list(FIELDS) if post == "all" else []
    for name in post if isinstance(post, list) else []:
        if name in FIELDS:
            fields.append(name)
        elif name not in _NOT_HERE:
            warn("cloud-config: phone_home does not know %r, which is not posted" % (name,))
    return {"url": url, "post": fields, "tries": _tries(given.get("tries"), warn)}


def _tries(value, warn):
    text = (text_of(value) or str(value)).strip() if value is not None else str(DEFAULT_TRIES)
    if not text.isdigit() or not 1 <= int(text[:9]) <= MAX_TRIES:
        number = MAX_TRIES if text.isdigit() and int(text[:9]) else DEFAULT_TRIES
        warn("cloud-config: phone_home is tried %d times" % number)
        return number
    return int(text)
