"""Judgement of a rehearsed host by its end state alone: who can log in, and which secrets are left."""
import json
import os
import re
import stat
import subprocess
import zlib

import fake_esxi  # noqa: F401
from fake_esxi.system import ssh

from .machine import extents

_PAYLOAD_PLACES = ("/esxiimg", "/esxiimg-host", "/tmp/esxiimg")
_BANKS = ("/bootbank", "/altbootbank")
_MODULES = ("esxiimg.tgz", "hostdesc.tgz")
_SHADOW = "/etc/shadow"
_CRYPT = re.compile(r"\$[156]\$[^\s\"',:\\]+")
_CANDIDATES = 300  # passwords that are tried at most
_PASSWORD_CHARACTERS = 128
_SECRET_CHARACTERS = 6  # shorter values stand in files by chance
_VCENTER_PASSWORD = re.compile(r"vcenter_password['\"]?\s*:\s*['\"]?([^\s'\"\\]+)")


def login(fake, known, inputs):
    """Who can log in to the host as it is: {password, keys, ssh}.

    @param known: passwords that somebody knows
    @param inputs: texts that somebody wrote (metadata, user data, kickstart): what is in them is known
    """
    reachable = fake.manageable()
    with fake.world(save=False) as world:
        keys = ssh.login_keys(world, "root")
        running = world.runtime["services"]["TSM-SSH"]
        account = dict(world.config["accounts"]["root"])
    return {"password": reachable and _is_known(account, known, inputs),
            "keys": len(keys) if reachable and running else 0, "ssh": reachable and running}


def _is_known(account, known, inputs):
    """Whether somebody knows the password of an account: its hash or the password stand in what was given."""
    if not account["hash"] or account["hash"].startswith(("*", "!")):
        return False
    if any(account["hash"] in _CRYPT.findall(text) for text in inputs):
        return True
    candidates = list(dict.fromkeys([*known, *_words(inputs)]))[:_CANDIDATES]
    return account["password"] in candidates or matches(account["hash"], candidates)


def matches(crypt, candidates):
    """Whether one of the passwords has the crypt string; openssl judges."""
    kind, salt = crypt.split("$")[1:3] if crypt.count("$") >= 3 else ("", "")
    candidates = [word for word in candidates if word and "\0" not in word and not word.startswith("-")]
    if kind not in ("1", "5", "6") or salt.startswith("rounds=") or not candidates:
        return False
    done = subprocess.run(["openssl", "passwd", "-" + kind, "-salt", salt, *candidates], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    return crypt in done.stdout.split("\n")


def _words(inputs):
    """What may be a password in texts; the likely ones first."""
    likely, others = [], []
    for text in inputs:
        for line in text.splitlines():
            place = likely if re.search(r"(?i)pass|chpasswd|\broot:|rootpw", line) else others
            value = line.partition(":")[2].strip()
            found = [value, value.strip("'\""), *re.findall(r"[^\s'\",]+", line)]
            found += [word.partition(":")[2] for word in found if word.startswith("root:")]
            place += [word for word in found if 0 < len(word) <= _PASSWORD_CHARACTERS]
        try:
            likely += [value for key, value in _strings(json.loads(text)) if "pass" in key.lower()]
        except (ValueError, RecursionError):
            pass
    return likely + others


def _strings(value, key=""):
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _strings(entry, str(name))
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry, key)
    elif isinstance(value, str):
        yield key, value


def secrets_in(inputs):
    """Passwords and credentials of the deployment: admin_pass, MAAS's credentials, the vCenter's password."""
    found = set()
    for text in inputs:
        found.update(_VCENTER_PASSWORD.findall(text.replace("\\\n", "")))
        try:
            entries = list(_strings(json.loads(text)))
        except (ValueError, RecursionError):
            continue
        found.update(value for key, value in entries
                     if key in ("admin_pass", "consumer_key", "token_key", "token_secret") and value)
    return {value for value in found if len(value) >= _SECRET_CHARACTERS}


def secrets_left(fake, secrets, ignored=()):
    """Paths of the host that hold a secret, and what is left of the payload.

    @param secrets: texts that no file may hold; root's hash is one besides, outside of the shadow file
    @param ignored: names of devices that are the deployer's
    """
    found = {place for place in _PAYLOAD_PLACES if fake.files.exists(place)}
    found |= {bank + "/" + name for bank in _BANKS for name in _MODULES if name in fake.files.names(bank)}
    with fake.world(save=False) as world:
        root_hash = world.config["accounts"]["root"]["hash"]
    found |= set(holders(fake, secrets, ignored))
    if len(root_hash) > _SECRET_CHARACTERS:
        found |= set(holders(fake, [root_hash], ignored)) - {_SHADOW}
    for place in list(found):
        found -= {path for path in found if path.startswith(place + "/")}
    return sorted(found)


def holders(fake, secrets, ignored=()):
    """Paths of the host that hold one of the texts."""
    wanted = [secret.encode() for secret in secrets]
    return sorted(path for path, real in _files(fake) if os.path.basename(path) not in ignored and _holds(real, wanted))


def _files(fake):
    """(path, its place on this machine) of every file; boot banks by their short names."""
    banks = {os.path.realpath(fake.path(bank)): bank for bank in _BANKS}
    for folder, _, names in os.walk(fake.root):
        for name in names:
            real = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(real).st_mode):
                shown = banks.get(folder, "/" + os.path.relpath(folder, fake.root))
                yield os.path.normpath(shown + "/" + name), real


def _holds(path, secrets):
    """Whether a file holds one of the texts, also inside a gzip member."""
    data = b"".join(piece for _, piece in extents(path))
    texts = [data]
    if data[:2] == b"\x1f\x8b":
        try:
            texts.append(zlib.decompressobj(wbits=31).decompress(data))
        except zlib.error:
            pass
    return any(secret in text for secret in secrets for text in texts)
