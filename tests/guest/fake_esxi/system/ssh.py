"""SSH server settings and keys: esxcli system ssh (8.0 and later), /etc/ssh/keys-USER/authorized_keys."""
import base64
import binascii
import re

from ..errors import EsxiError
from ..output import Table, Text
from ..registry import command

_TYPES = ("ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
# A line may begin with options.
_KEY = re.compile(r"(?:^|\s)(" + "|".join(_TYPES) + r")\s+([A-Za-z0-9+/]{8,}=*)")
_SETTINGS = {"port": "22", "permitrootlogin": "yes", "passwordauthentication": "no", "allowtcpforwarding": "no",
             "clientaliveinterval": "200", "clientalivecountmax": "3", "banner": "/etc/issue",
             "gatewayports": "no", "permittunnel": "no", "permituserenvironment": "no", "ignorerhosts": "yes",
             "hostbasedauthentication": "no", "ciphers": "aes256-gcm@openssh.com,aes128-gcm@openssh.com",
             "fipsmode": "yes"}


def keys_path(user):
    return f"/etc/ssh/keys-{user}/authorized_keys"


def file_keys(world, user):
    """The keys that sshd would take: lines of the file that are not comments."""
    text = (world.files.read(keys_path(user)) or b"").decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def valid_key(text):
    """Whether the text is one public key: type, base64 whose first field repeats the type, comment."""
    words = text.split(None, 2)
    if "\n" in text.strip() or len(words) < 2 or words[0] not in _TYPES:
        return False
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (ValueError, binascii.Error):
        return False
    length = int.from_bytes(blob[:4], "big")
    return blob[4:4 + length].decode("ascii", "replace") == words[0]


def login_keys(world, user):
    """The keys of a user that the server takes: from 8.0 on none of Ed25519 while FIPS mode is on, as it is at first
    (switch ed25519_under_fips).

    What a key holds is not looked at, only that it begins with its type: samples' keys are made up.
    """
    if world.config["sshd"].get("permitrootlogin", "yes") == "no" and user == "root":
        return []
    fips = world.at_least("8.0") and world.config["sshd"].get("fipsmode", _SETTINGS["fipsmode"]) != "no" \
        and world.switch("ed25519_under_fips") == "refuse"
    found = [(key, _KEY.search(key)) for key in file_keys(world, user)]
    return [key for key, match in found if match and not (fips and "ed25519" in match.group(1))
            and _type_inside(match.group(2)) == match.group(1)]


def _type_inside(text):
    """The type that the first field of a key names (RFC 4253, section 6.6)."""
    blob = base64.b64decode(text[:len(text) // 4 * 4])
    return blob[4:4 + int.from_bytes(blob[:4], "big")].decode("ascii", "replace")


def _user(world, options):
    world.require(options["username"] in world.config["accounts"], f"User {options['username']} not found")
    return options["username"]


def _write(world, user):
    """8.0+: the file follows what the configuration store holds."""
    keys = world.config["ssh_keys"].get(user, [])
    world.files.write(keys_path(user), "".join(key + "\n" for key in keys), 0o1600)


@command("system ssh key add")
def key_add(world, options):
    user, key = _user(world, options), options["key"].strip()
    if not valid_key(key):
        raise EsxiError("Invalid SSH key")
    keys = world.config["ssh_keys"].setdefault(user, file_keys(world, user))
    if key in keys:
        raise EsxiError("Key already exists")
    keys.append(key)
    _write(world, user)


@command("system ssh key remove")
def key_remove(world, options):
    user, key = _user(world, options), options["key"].strip()
    keys = world.config["ssh_keys"].get(user, [])
    world.require(key in keys, "Key not found")
    keys.remove(key)
    _write(world, user)


@command("system ssh key list")
def key_list(world, options):
    users = [_user(world, options)] if "username" in options else sorted(world.config["ssh_keys"])
    pairs = [(user, key) for user in users for key in world.config["ssh_keys"].get(user, [])]
    if world.switch("ssh_key_listing") == "text":
        return Text("".join(key + "\n" for _, key in pairs))
    return Table(["Username", "Key"], [list(pair) for pair in pairs], free=True, type_name="SSHKey")


def _keyword(options):
    return options.get("keyword", options.get("key"))


@command("system ssh server config list")
def server_config_list(world, options):
    values = {**_SETTINGS, **world.config["sshd"]}
    name = _keyword(options)
    if name is not None:
        world.require(name in values, f"Unable to find keyword {name}")
        values = {name: values[name]}
    first = {"key": "Key", "keyword": "Keyword"}[world.switch("ssh_config_headers")]
    return Table([first, "Value"], [list(pair) for pair in sorted(values.items())], free=True, type_name="SSHConfig")


@command("system ssh server config set")
def server_config_set(world, options):
    world.require(_keyword(options) in _SETTINGS, f"Unable to find keyword {_keyword(options)}")
    world.config["sshd"][_keyword(options)] = options["value"]
