"""Keys and passwords in cloud-config. ESXi has one account that is set up here: root, who stands for the default user.

What another user with sudo rights would get is root's as well; a user without them is left out. Passwords are those of
cloud-init's set-passwords: a hash is recognised wherever it stands; `RANDOM` is nobody's to read on this host.
"""

from hostconf.sources import sshkeys
from hostconf.sources.yamlflow import text_of

ROOT = "root"
_RANDOM = ("R", "RANDOM")


def add_keys(config, description, warn):
    """Add the SSH keys of every level: the top, `user`, and each of `users`."""
    description["ssh_keys"] += sshkeys.keys_in(config.get("ssh_authorized_keys"), warn)
    for user in _users(config):
        if _is_root(user, warn):
            for key in ("ssh_authorized_keys", "ssh-authorized-keys"):
                description["ssh_keys"] += sshkeys.keys_in(user.get(key), warn)
            if user.get("ssh_import_id"):
                warn("cloud-config: ssh_import_id asks a server on the Internet for keys; it is ignored")


def set_passwords(config, warn, set_password):
    """Root's password, as the last of `users`, `password` and `chpasswd` has it.

    @param set_password: called with the password, and whether it is said to be a hash
    """
    for user in _users(config):
        given = [(key, text_of(user.get(key))) for key in ("plain_text_passwd", "hashed_passwd", "passwd")]
        given = [(key, text) for key, text in given if text]
        if given and _is_root(user, lambda sentence: None):
            set_password(given[0][1], given[0][0] != "plain_text_passwd")
    if text_of(config.get("password")):
        _set(ROOT, text_of(config["password"]), False, warn, set_password)
    chpasswd = config.get("chpasswd")
    for name, password, is_hash in _changes(chpasswd) if isinstance(chpasswd, dict) else []:
        _set(name, password, is_hash, warn, set_password)


def _set(name, password, is_hash, warn, set_password):
    if name != ROOT:
        warn("cloud-config: the password of %r is ignored, only root's is set" % (name,))
    elif password in _RANDOM:
        warn("cloud-config: a random password for root, which nobody could read, is not set")
    elif password:
        set_password(password, is_hash)


def _changes(chpasswd):
    """(name, password, whether it is a hash) of each entry of chpasswd's `list` and `users`."""
    lines = chpasswd.get("list")
    for line in lines if isinstance(lines, list) else (text_of(lines) or "").splitlines():
        name, _, password = (text_of(line) or "").partition(":")
        if name.strip():
            yield name.strip(), password.strip(), False
    for user in chpasswd.get("users") if isinstance(chpasswd.get("users"), list) else []:
        if isinstance(user, dict):
            kind = user.get("type", "hash")
            yield user.get("name"), "RANDOM" if kind == "RANDOM" else text_of(user.get("password")) or "", kind == "hash"


def _users(config):
    """The objects that describe users: `user`, which is the default one, and those of `users`."""
    users = config.get("users")
    if isinstance(users, dict):
        users = [dict(users[name], name=name) for name in sorted(users, key=str) if isinstance(users[name], dict)]
    found = [dict(config["user"], sudo=True)] if isinstance(config.get("user"), dict) else []
    return found + [user for user in (users if isinstance(users, list) else []) if isinstance(user, dict)]


def _is_root(user, warn):
    """Whether root stands for this user."""
    name = user.get("name")
    if name in (ROOT, "default", None):
        return True
    if user.get("sudo"):
        warn("cloud-config: user %r is not made; root, whom it could become, gets its keys" % (name,))
        return True
    warn("cloud-config: user %r is ignored, only root is set up" % (name,))
    return False
