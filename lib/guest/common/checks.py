"""Checks of single values: what a MAC, an address, a host name may look like.

Each function takes the value as it came from JSON and returns it in canonical form.
It raises ValueError with a clause that reads well after the field's path.
"""

import ipaddress
import re

MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
# NICs as ESXi names them: on a bus, or on USB.
NIC_NAME = re.compile(r"(vmnic|vusb)[0-9]{1,4}\Z")
# RFC 1123 section 2.1, one label; ESXi takes letters, digits and hyphen.
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\Z")
# crypt(5): the salt, and as many characters of the hash as its kind has.
DISK_NUMBER = re.compile(r"[0-9a-f]{16}([0-9a-f]{16})?\Z")
CRYPT_HASH = re.compile(r"(\$6\$(rounds=[0-9]+\$)?[^$:\s]{0,16}\$[./0-9A-Za-z]{86}|\$5\$(rounds=[0-9]+\$)?[^$:\s]{0,16}\$"
                        r"[./0-9A-Za-z]{43}|\$1\$[^$:\s]{0,8}\$[./0-9A-Za-z]{22})\Z")
SYSLOG_HOST = re.compile(r"((udp|tcp|ssl)://)?[A-Za-z0-9.:\[\]_-]+\Z")
KEY_TYPES = ("ssh-", "ecdsa-", "sk-")
ADVANCED_OPTION = re.compile(r"(/[A-Za-z0-9_.-]+){2,}\Z")


def mac(value):
    """A MAC as ESXi prints it: lower case, colons. Hyphens and upper case are taken too."""
    text = string(value).strip().lower().replace("-", ":")
    if not MAC.match(text):
        raise ValueError("%r is not a MAC address" % value)
    return text


def nic_name(value):
    """The name that ESXi has for a NIC."""
    if not NIC_NAME.match(string(value)):
        raise ValueError("%s is not the name of a NIC, such as vmnic0" % describe(value))
    return value


def string(value):
    """A non-empty string without control characters: it may become an argument of a command."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be a non-empty string, got %s" % describe(value))
    if any(ord(char) < 32 or ord(char) == 127 for char in value):
        raise ValueError("must not hold control characters")
    return value


def one_line(text):
    """A message without control characters, whatever it quotes; they become blanks."""
    return "".join(" " if ord(char) < 32 or ord(char) == 127 else char for char in text)


def secret(value):
    """A non-empty string, which a message never repeats."""
    if not isinstance(value, str) or not value:
        raise ValueError("must be a non-empty string")
    return value


def boolean(value):
    """True or false, nothing that merely looks like it."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false, got %s" % describe(value))
    return value


def integer(low, high):
    """A check for a whole number in the closed range low..high."""

    def check(value):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError("must be a whole number from %d to %d, got %s" % (low, high, describe(value)))
        return value

    return check


def one_of(*choices):
    """A check for one of the given strings."""

    def check(value):
        if value not in choices:
            raise ValueError("must be one of %s, got %s" % (", ".join(choices), describe(value)))
        return value

    return check


def ip_address(value):
    """An IPv4 or IPv6 address in canonical form, without prefix length and without zone."""
    try:
        return str(ipaddress.ip_address(string(value).strip()))
    except ValueError:
        raise ValueError("%s is not an IP address" % describe(value))


def ip_network(value):
    """ADDRESS/LENGTH with no host bits set, in canonical form."""
    try:
        return str(ipaddress.ip_network(string(value).strip()))
    except ValueError:
        raise ValueError("%s is not a network (address/length without host bits)" % describe(value))


def hostname(value):
    """A host name or FQDN that ESXi takes: ASCII labels of letters, digits and hyphens."""
    text = string(value)
    if len(text) > 253 or not all(LABEL.match(label) for label in text.split(".")):
        raise ValueError("%s is not a legal host name" % describe(value))
    return text


def server(value):
    """A server given by address or by name."""
    try:
        return ip_address(value)
    except ValueError:
        return hostname(value)


def syslog_host(value):
    """HOST, HOST:PORT or udp|tcp|ssl://HOST:PORT as `esxcli system syslog config set` takes it."""
    if not SYSLOG_HOST.match(string(value)):
        raise ValueError("%s is not a syslog host" % describe(value))
    return value


def password_hash(value):
    """A crypt(3) string of a kind ESXi knows. The value is never repeated in the message."""
    if not isinstance(value, str) or not CRYPT_HASH.match(value):
        raise ValueError("is not a whole $6$, $5$ or $1$ password hash")
    return value


def disk_number(value):
    """A WWN, EUI-64 or NGUID: 16 or 32 hex digits in lower case."""
    if not isinstance(value, str) or not DISK_NUMBER.match(value):
        raise ValueError("is not 16 or 32 hex digits")
    return value


def path(value):
    """An absolute path that leads up nowhere."""
    if not string(value).startswith("/") or ".." in value.split("/"):
        raise ValueError("%s is not an absolute path" % describe(value))
    return value


def ssh_key(value):
    """One line of an authorized_keys file; blanks around it are dropped."""
    text = string(value.strip() if isinstance(value, str) else value)
    if key_body(text) is None:
        raise ValueError("is not an SSH public key")
    return text


def key_body(line):
    """(type, base64) of an authorized_keys line, which may start with options; None for another line."""
    words = line.split()
    for i, word in enumerate(words[:-1]):
        if word.startswith(KEY_TYPES) and words[i + 1].startswith("AAAA"):
            return (word, words[i + 1])
    return None


def advanced_option(value):
    """The path of an advanced setting, such as /UserVars/SuppressShellWarning."""
    if not ADVANCED_OPTION.match(string(value)):
        raise ValueError("%s is not the path of an advanced setting" % describe(value))
    return value


def describe(value):
    """The value for a message: short, and typed when it is not a string."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
