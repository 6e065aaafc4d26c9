"""Words as sh reads them back unchanged, and all the forms in which a secret can turn up in a message."""

import base64
import json
import re
import urllib.parse

MASK = "********"

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")


def quoted(word):
    """The word in single quotes: never taken for a keyword or an assignment."""
    return "'%s'" % word.replace("'", "'\\''")


def argument(word):
    """The word bare when it is plain, else in single quotes."""
    return word if _PLAIN.match(word) else quoted(word)


def forms(secret):
    """The secret as programs and messages write it: plain, quoted for sh, JSON or Python, in a URL, as base64.

    @return: the longest first, so that no form is masked in part
    """
    plain = {secret, secret.strip()} | set(line for line in secret.splitlines() if len(line.strip()) > 3)
    found = set(plain)
    for text in plain:
        found |= {text.replace("'", "'\\''"), text.replace("'", "'\"'\"'"), re.sub(r"([^A-Za-z0-9_@%+=:,./-])", r"\\\1", text)}
        found |= {json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1], ascii(text)[1:-1]}
        found |= {text.replace("'", "''"), text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")}
        found |= {urllib.parse.quote(text, safe=safe) for safe in ("", "/", "-._~")} | {urllib.parse.quote_plus(text)}
        found.add(base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii"))
    return sorted((text for text in found if text), key=lambda text: (-len(text), text))


def masked(message, hidden):
    """The message without the forms of secrets.

    @param hidden: what `forms` gave, of one secret or of several
    """
    for form in sorted(hidden, key=len, reverse=True):
        message = message.replace(form, MASK)
    return message
