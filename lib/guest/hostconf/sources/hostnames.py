"""Host names that ESXi can carry, made from any text."""

import re
import unicodedata

_LABEL_LENGTH = 63  # RFC 1035 section 2.3.4
_NAME_LENGTH = 253


def safe_hostname(text, warn):
    """The text as an ASCII host name, or None when nothing of it can be kept.

    Accents are dropped (u for a u with dots), other letters become punycode, anything else a hyphen.

    @param warn: called with a sentence when the name had to be changed
    """
    wanted = text.strip().rstrip(".")
    labels = [_safe_label(label) for label in wanted.split(".")]
    name = ".".join(label for label in labels if label)
    while len(name) > _NAME_LENGTH:
        name = name.rpartition(".")[0]
    if not name:
        warn("host name %r has no letter that ESXi takes; the host keeps its name" % text)
        return None
    if name != wanted:
        warn("host name %r is not legal on ESXi; %r is used" % (text, name))
    return name


def _safe_label(label):
    folded = "".join(c for c in unicodedata.normalize("NFKD", label) if not unicodedata.combining(c))
    if any(c.isalnum() and ord(c) > 127 for c in folded):
        try:
            folded = label.lower().encode("idna").decode("ascii")
        except UnicodeError:
            folded = "".join(c for c in folded if ord(c) < 128)
    return re.sub(r"[^A-Za-z0-9-]+", "-", folded).strip("-")[:_LABEL_LENGTH].strip("-")
