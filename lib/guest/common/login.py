"""Who can log in to the host that a deployment makes: one rule for the hook, %pre, plan and rehearsals.

A host that nobody can enter is worse than none: whoever is about to overwrite a disk asks here first.
"""

from common.checks import key_body

# Releases whose SSH server keeps to FIPS 140, which knows no Ed25519. Whether each of them refuses such keys is not
# known for sure; an image can be built to count them all the same (image.json, "allow_ed25519").
FIPS_SINCE = (8,)
# What every release's SSH server takes.
KEY_TYPES = ("ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
ED25519 = "ssh-ed25519"


class Login:
    """What opens a host.

    password: whether somebody knows root's password; keys: the lines of authorized_keys that count;
    ignored: sentences about what does not count
    """

    def __init__(self, password, keys, ignored):
        self.password = password
        self.keys = keys
        self.ignored = ignored

    @property
    def possible(self):
        """Whether anybody can log in."""
        return self.password or bool(self.keys)

    def refusal(self):
        """Why nobody could log in, and what to do; only for a login that is not possible."""
        reasons = "; ".join(self.ignored) or "neither a root password nor an SSH key is known"
        return ("nobody could log in to this host: %s. Give admin_pass or a key in the metadata, or build the image with "
                "--root-password-file or --ssh-key" % reasons)


def judge(password, keys, version, secure_boot=False, ssh=True, allow_ed25519=False):
    """Who can log in.

    @param password: whether root's password is known, from the image or the metadata
    @param keys: lines for root's authorized_keys that are at hand now
    @param version: of ESXi, (8, 0, 3); None when it is not known, which counts as the strictest
    @param secure_boot: whether UEFI Secure Boot is on: ESXi then runs no %firstboot, which installs the keys
    @param ssh: whether the SSH server is to run
    @return: Login
    """
    counted, ignored = [], []
    for key in keys:
        reason = _why_not(key, version, allow_ed25519)
        if reason is None:
            counted.append(key)
        elif reason not in ignored:
            ignored.append(reason)
    if counted and secure_boot:
        counted, ignored = [], ignored + ["UEFI Secure Boot is on, so that ESXi runs no %firstboot and gets no SSH key"]
    elif counted and not ssh:
        counted, ignored = [], ignored + ["the metadata turns the SSH server off, so that no key opens anything"]
    return Login(bool(password), counted, ignored)


def _why_not(key, version, allow_ed25519):
    body = key_body(key)
    kind = body[0] if body else None
    if kind in KEY_TYPES:
        return None
    if kind == ED25519:
        if allow_ed25519 or (version is not None and version < FIPS_SINCE):
            return None
        return ("the SSH server of ESXi 8 and later may refuse Ed25519 keys (FIPS 140); use RSA or ECDSA, or build "
                "with --allow-ed25519")
    return "a key of the type %s is not taken by ESXi's SSH server" % (kind or "unknown")
