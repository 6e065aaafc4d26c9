"""SHA-512-crypt ("$6$"), for a host whose Python may lack the crypt module and whose tools may lack openssl.

Written from U. Drepper's description "Unix crypt using SHA-256 and SHA-512", version 0.6; the step
numbers below are the description's.
"""

import hashlib
import os

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 5000
_SALT_LENGTH = 16


def sha512_crypt(password, salt=None):
    """The crypt string of a password, with 5000 rounds.

    @param password: str, encoded as UTF-8
    @param salt: up to 16 characters of ./0-9A-Za-z; random when not given
    """
    if salt is None:
        salt = "".join(_ALPHABET[byte % 64] for byte in os.urandom(_SALT_LENGTH))
    salt = salt[:_SALT_LENGTH]
    digest = _digest(password.encode("utf-8"), salt.encode("ascii"))
    return "$6$%s$%s" % (salt, _encode(digest))


def random_password_hash():
    """The hash of a password that nobody knows: only SSH keys open such an account."""
    return sha512_crypt("".join("%02x" % byte for byte in os.urandom(32)))


def _digest(key, salt):
    alternate = hashlib.sha512(key + salt + key).digest()  # steps 4-8
    first = hashlib.sha512(key + salt + _stretch(alternate, len(key)))  # steps 1-3, 9-10
    length = len(key)
    while length:  # step 11: one piece for each bit, lowest bit first
        first.update(alternate if length & 1 else key)
        length >>= 1
    digest = first.digest()
    key_bytes = _stretch(hashlib.sha512(key * len(key)).digest(), len(key))  # steps 13-16
    salt_bytes = _stretch(hashlib.sha512(salt * (16 + digest[0])).digest(), len(salt))  # steps 17-20
    for i in range(_ROUNDS):  # step 21
        parts = [key_bytes if i % 2 else digest]
        if i % 3:
            parts.append(salt_bytes)
        if i % 7:
            parts.append(key_bytes)
        parts.append(digest if i % 2 else key_bytes)
        digest = hashlib.sha512(b"".join(parts)).digest()
    return digest


def _stretch(block, length):
    """The block repeated, cut to length bytes."""
    return (block * (length // len(block) + 1))[:length]


def _encode(digest):
    """Step 22: bytes i, i+21, i+42 in rotating order make four characters, lowest six bits first."""
    text = ""
    for i in range(21):
        group = (i, i + 21, i + 42)
        turn = i % 3
        high, middle, low = (digest[at] for at in group[turn:] + group[:turn])
        text += _characters(high << 16 | middle << 8 | low, 4)
    return text + _characters(digest[63], 2)


def _characters(value, count):
    return "".join(_ALPHABET[value >> 6 * i & 63] for i in range(count))
