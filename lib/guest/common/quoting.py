"""Words as sh reads them back unchanged."""

import re

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")


def quoted(word):
    """The word in single quotes: never taken for a keyword or an assignment."""
    return "'%s'" % word.replace("'", "'\\''")


def argument(word):
    """The word bare when it is plain, else in single quotes."""
    return word if _PLAIN.match(word) else quoted(word)
