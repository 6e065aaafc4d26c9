"""Local accounts, permissions, welcome message, certificates: esxcli system account, permission, welcomemsg."""
import base64
import re

from . import settings
from ..errors import EsxiError
from ..output import Table, Text
from ..registry import command, program

_NAME = re.compile(r"[a-z_][a-z0-9_.-]{0,31}")


def initial():
    return {
        "root": {"description": "Administrator", "password": None, "hash": "", "shell": True, "role": "Admin"},
        "dcui": {"description": "DCUI User", "password": None, "hash": "*", "shell": True, "role": "Admin"},
        "vpxuser": {"description": "VMware VirtualCenter administration account", "password": None, "hash": "*",
                    "shell": True, "role": "Admin"},
    }


def write_files(world):
    """/etc/shadow and /etc/passwd from the accounts."""
    accounts = world.config["accounts"]
    shadow = [f"{name}:{data['hash'] or ''}:13358:0:99999:7:::" for name, data in accounts.items()]
    passwd = [f"{name}:x:{at}:0:{data['description']}:/:{'/bin/sh' if data['shell'] else '/sbin/nologin'}"
              for at, (name, data) in enumerate(accounts.items())]
    world.files.write("/etc/shadow", "".join(line + "\n" for line in shadow), 0o600)
    world.files.write("/etc/passwd", "".join(line + "\n" for line in passwd))


def hashed(password):
    """A $6$ hash, made by openssl so that tests can check it with any crypt."""
    import subprocess  # slow to load
    done = subprocess.run(["openssl", "passwd", "-6", "-salt", "fakeesxi", "-stdin"], input=password + "\n",
                          capture_output=True, text=True, check=True)
    return done.stdout.strip()


def classes(password):
    """Character classes as pam_passwdqc counts them: a leading capital and a trailing digit do not count."""
    counted = password[1:] if password[:1].isupper() else password
    counted = counted[:-1] if counted[-1:].isdigit() else counted
    tests = (str.islower, str.isupper, str.isdigit, lambda char: not char.isalnum())
    return sum(any(test(char) for char in counted) for test in tests)


def check_quality(world, password):
    """EsxiError when the password breaks the policy in /Security/PasswordQualityControl."""
    found = re.search(r"min=(\S+)", settings.value(world, "/Security/PasswordQualityControl"))
    minima = found.group(1).split(",") if found else ["disabled"] * 3 + ["7", "7"]
    limit = minima[{3: 3, 4: 4}.get(classes(password), 0)]
    good = limit != "disabled" and len(password) >= int(limit)
    if not good and world.switch("weak_password") == "refuse":
        raise EsxiError("Weak password: it doesn't meet the requirements of the password policy (pam_passwdqc)")


@command("system account list")
def account_list(world, _options):
    columns = ["User ID", "Description"]
    rows = [[name, data["description"]] for name, data in world.config["accounts"].items()]
    numeric = set()
    if world.at_least("8.0"):
        at = 2 if world.switch("account_shell_access") == "last" else 1
        columns.insert(at, "Shell Access")
        numeric = {"Shell Access"}
        for row, data in zip(rows, world.config["accounts"].values()):
            row.insert(at, data["shell"])
    return Table(columns, rows, numeric, type_name="UserAccount")


def _change(world, account, options):
    if "password" in options or "password-confirmation" in options:
        world.require("password" in options and options.get("password-confirmation") == options["password"],
                      "Password and confirmation do not match")
        check_quality(world, options["password"])
        account.update(password=options["password"], hash=hashed(options["password"]))
    account["description"] = options.get("description", account["description"])
    account["shell"] = options.get("shell-access", account["shell"])
    write_files(world)


def _find(world, name):
    world.require(name in world.config["accounts"], f"User {name} not found")
    return world.config["accounts"][name]


@command("system account add")
def account_add(world, options):
    name = options["id"]
    world.require(name not in world.config["accounts"], f"User {name} already exists")
    world.require(_NAME.fullmatch(name), f"Invalid user name: {name}")
    world.require("password" in options, "A password is required")
    account = {"description": "", "password": None, "hash": "", "shell": True, "role": None}
    _change(world, account, options)
    world.config["accounts"][name] = account
    write_files(world)


@command("system account set")
def account_set(world, options):
    _change(world, _find(world, options["id"]), options)


@command("system account remove")
def account_remove(world, options):
    _find(world, options["id"])
    world.require(options["id"] not in initial(), f"User {options['id']} cannot be removed")
    del world.config["accounts"][options["id"]]
    write_files(world)


@command("system permission list")
def permission_list(world, _options):
    texts = {"Admin": "Full access rights", "ReadOnly": "See details of objects, but not make changes",
             "NoAccess": "Used for restricting granted access"}
    rows = [[name, False, data["role"], texts[data["role"]]]
            for name, data in sorted(world.config["accounts"].items()) if data["role"]]
    return Table(["Principal", "Is Group", "Role", "Role Description"], rows, {"Is Group"}, free=True)


@command("system permission set")
def permission_set(world, options):
    _find(world, options["id"])["role"] = options["role"]


@command("system permission unset")
def permission_unset(world, options):
    _find(world, options["id"])["role"] = None


@command("system welcomemsg get")
def welcomemsg_get(world, _options):
    return Text(world.config["welcome"])


@command("system welcomemsg set")
def welcomemsg_set(world, options):
    world.config["welcome"] = options["message"]


def write_certificate(world):
    """The host's certificate, which every start makes where there is none. Framed as one; nothing is signed."""
    body = base64.b64encode(f"certificate of {world.config['certificate_cn']}".encode()).decode()
    world.files.write("/etc/vmware/ssl/rui.crt",
                      f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n", 0o1644)


@program("generate-certificates")
def generate_certificates(world, _words, _stdin):
    name = world.config["hostname"]
    world.config["certificate_cn"] = f"{name['host']}.{name['domain'] or 'localdomain'}"
    write_certificate(world)
    return 0, ""
