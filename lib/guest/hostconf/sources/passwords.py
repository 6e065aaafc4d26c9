"""Root's password as metadata give it: plain, or a crypt string of a kind that ESXi takes; never one taken for the other."""

import re

from common import description as schema

# crypt(5): "$ID$…"; what begins like that and is long is no password that anybody types.
_CRYPT = re.compile(r"\$[0-9a-z]{1,8}\$\S{16,}\Z|\$2[abxy]?\$[0-9]{2}\$\S+\Z")
# shadow(5): "root:$6$…:19000:0:99999:7:::"
_SHADOW = re.compile(r"[a-z_][a-z0-9_-]*:[$*!][^:]*:")


def read(password, is_hash):
    """(plain password, None) or (None, crypt string).

    @param is_hash: whether the metadata call it a hash
    @raise ValueError: it is a crypt string that ESXi does not take; the message does not repeat it
    """
    if schema.is_password_hash(password):
        return None, password
    if _SHADOW.match(password):
        raise ValueError("a password for root is a line of a shadow file and is ignored: give its second field alone")
    if is_hash or _CRYPT.match(password):
        raise ValueError("a password hash for root is of a kind that ESXi does not take, or cut short, and is ignored: give "
                         "a whole $6$ hash (openssl passwd -6), or the password itself")
    return password, None
