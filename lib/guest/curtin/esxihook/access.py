"""Whether anybody could log in to the host that is about to be installed; asked before anything is changed.

What the image brings stands in its payload (esxiimg/image.json); the keys of the machine's owner are MAAS's, and are
asked for here, while the deployment can still fail with a reason.
"""

import io
import json
import re
import tarfile
import time

from common import bootcfg, login, maas_metadata
from esxihook import HookError, partition

PAYLOAD_NAME = "esxiimg.tgz"
FACTS_PATH = "esxiimg/image.json"
KEYS = "public-keys"
# Fewer than the host makes: curtin waits, and a person may be looking on.
ATTEMPTS = 4

_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def image_facts(target):
    """What the build knows (image.json of the payload); None when the payload does not say.

    @raise HookError: when the payload cannot be read
    """
    path = partition.find(target, PAYLOAD_NAME)
    if path is None:
        return None
    try:
        with tarfile.open(fileobj=io.BytesIO(partition.read(path)), mode="r:*") as archive:
            member = archive.extractfile(FACTS_PATH)
            facts = json.loads(member.read().decode("utf-8")) if member else None
    except KeyError:
        return None
    except (OSError, ValueError, tarfile.TarError) as error:
        raise HookError("the payload %s of the image cannot be read: %s" % (PAYLOAD_NAME, error))
    return facts if isinstance(facts, dict) else None


def esxi_version(text):
    """The release that a boot.cfg is of, (8, 0, 3); None when it does not say."""
    match = _VERSION.match(bootcfg.settings(text).get("build", ""))
    return tuple(int(part or 0) for part in match.groups()) if match else None


def require(facts, version, description, log, is_secure, sleep=time.sleep):
    """Let a deployment go on only when somebody can log in to its result.

    @param facts: as image_facts gives them; None: an image that does not say counts as one that lets people in
    @param is_secure: whether Secure Boot is on
    @return: MAAS's keys as they were read here, lines of authorized_keys
    @raise HookError: nobody could log in; the message says why and what to do
    """
    if facts is None:
        return []
    password = bool(facts.get("root_password_hash") or facts.get("kickstart_password"))
    image_keys = [key for key in facts.get("ssh_keys") or [] if isinstance(key, str)]
    how = {"secure_boot": is_secure, "allow_ed25519": facts.get("allow_ed25519") is True}
    if login.judge(password, image_keys, version, **how).possible:
        return []
    keys, trouble = [], None
    try:
        client = maas_metadata.Client(description["maas"], log, sleep=sleep, attempts=ATTEMPTS)
        answer = (client.get(KEYS) or b"").decode("utf-8", "replace")
        keys = [line.strip() for line in answer.splitlines() if line.strip() and not line.startswith("#")]
        if not keys:
            trouble = "the owner of the machine has no SSH key in MAAS"
    except maas_metadata.MetadataError as error:
        trouble = "MAAS's SSH keys could not be read (%s)" % error
    who = login.judge(password, image_keys + keys, version, **how)
    if not who.possible:
        reasons = [trouble] if trouble else []
        raise HookError("nobody could log in to this host: the image has no root password; %s. Add an RSA or ECDSA key to "
                        "the MAAS user, or build the image with --root-password-file or --ssh-key"
                        % "; ".join(reasons + who.ignored))
    return keys
