"""Advanced and kernel settings: esxcli system settings."""
from ..errors import EsxiError
from ..output import Blocks, Struct, Table
from ..registry import command

# path: (type, default, smallest, largest, description); strings have no range
OPTIONS = {
    "/Config/Etc/issue": ("string", "", None, None, "Contents of /etc/issue"),
    "/Config/Etc/motd": ("string", "", None, None, "Contents of /etc/motd"),
    "/Misc/HostName": ("string", "localhost", None, None, "Name of the host"),
    "/Misc/LogToSerial": ("integer", 1, 0, 1, "Send log output to the serial port"),
    "/Net/FollowHardwareMac": ("integer", 0, 0, 1, "Follow the MAC of the hardware when it changes"),
    "/Net/GuestIPHack": ("integer", 0, 0, 1, "Let the IP stack reach guests on the same switch"),
    "/Net/TcpipHeapMax": ("integer", 512, 32, 1536, "Largest TCP/IP heap in MB"),
    "/ScratchConfig/ConfiguredScratchLocation": ("string", "", None, None, "Scratch folder from the next boot on"),
    "/ScratchConfig/CurrentScratchLocation": ("string", "/scratch", None, None, "Scratch folder in use"),
    "/Security/AccountLockFailures": ("integer", 5, 0, 100, "Failed logins before an account is locked"),
    "/Security/AccountUnlockTime": ("integer", 900, 0, 4294967295, "Seconds before a locked account is opened"),
    "/Security/PasswordQualityControl": ("string", "retry=3 min=disabled,disabled,disabled,7,7", None, None,
                                         "Parameters of pam_passwdqc"),
    "/Syslog/global/logHost": ("string", "", None, None, "Remote log hosts"),
    "/UserVars/DcuiTimeOut": ("integer", 600, 0, 86400, "Seconds before the console logs out"),
    "/UserVars/ESXiShellInteractiveTimeOut": ("integer", 0, 0, 86400, "Seconds before an idle shell is closed"),
    "/UserVars/ESXiShellTimeOut": ("integer", 0, 0, 86400, "Seconds before shell access is switched off"),
    "/UserVars/HostClientCEIPOptIn": ("integer", 0, 0, 2, "Take part in the improvement program"),
    "/UserVars/SuppressHyperthreadWarning": ("integer", 0, 0, 1, "Don't warn of the hyperthreading vulnerability"),
    "/UserVars/SuppressShellWarning": ("integer", 0, 0, 1,
                                       "Don't show warning for enabled local and remote shell access"),
}
KERNEL = {
    "ipv6": ("Bool", "TRUE"), "hyperthreading": ("Bool", "TRUE"), "autoPartition": ("Bool", "FALSE"),
    "execInstalledOnly": ("Bool", "TRUE"), "iovDisableIR": ("Bool", "FALSE"), "vga": ("String", ""),
}


def _definition(world, path):
    made = world.config["advanced_added"].get(path)
    return tuple(made) if made else OPTIONS.get(path)


def _find(world, path):
    definition = _definition(world, path)
    if definition is None:
        raise EsxiError(f"Unable to find option {path.lstrip('/').split('/')[-1]}")
    return definition


def value(world, path):
    """The value in force."""
    return world.config["advanced"].get(path, _find(world, path)[1])


def _fields(world, path):
    kind, default, low, high, description = _find(world, path)
    now = value(world, path)
    integer = kind == "integer"
    fields = [
        ("Path", path), ("Type", kind), ("Int Value", now if integer else ""),
        ("Default Int Value", default if integer else ""), ("Min Value", low if integer else ""),
        ("Max Value", high if integer else ""), ("String Value", "" if integer else now),
        ("Default String Value", "" if integer else default), ("Valid Characters", "" if integer else "*"),
        ("Description", description),
    ]
    if world.at_least("8.0"):
        fields += [("Host Specific", False), ("Impact", "none")]
    return fields


@command("system settings advanced list")
def advanced_list(world, options):
    paths = sorted({**OPTIONS, **world.config["advanced_added"]})
    if "option" in options:
        _find(world, options["option"])
        return Struct(_fields(world, options["option"]), "Option")
    if "tree" in options:
        paths = [path for path in paths if path.startswith(options["tree"].rstrip("/") + "/")]
    if "delta" in options:
        paths = [path for path in paths if value(world, path) != _definition(world, path)[1]]
    return Blocks([(None, _fields(world, path)) for path in paths], "Option")


@command("system settings advanced set")
def advanced_set(world, options):
    path = options["option"]
    kind, default, low, high, _ = _find(world, path)
    given = [key for key in ("int-value", "string-value", "default") if key in options]
    world.require(len(given) == 1, "Exactly one of int-value, string-value and default must be given")
    if given == ["default"]:
        new = default
    elif kind == "integer":
        world.require(given == ["int-value"], f"Option {path} is an integer")
        new = options["int-value"]
        world.require(low <= new <= high, f"Unable to set {path}: value {new} is not in the range {low}-{high}")
    else:
        world.require(given == ["string-value"], f"Option {path} is a string")
        new = options["string-value"]
    if new == default:
        world.config["advanced"].pop(path, None)
    else:
        world.config["advanced"][path] = new


@command("system settings advanced add")
def advanced_add(world, options):
    path = "/UserVars/" + options["option"]
    world.require(_definition(world, path) is None, f"Option {path} already exists")
    integer = options["type"] == "integer"
    world.require(("int-default" if integer else "string-default") in options, "A default value is required")
    default = options["int-default"] if integer else options["string-default"]
    world.config["advanced_added"][path] = [options["type"], default, options.get("min", 0),
                                            options.get("max", 2**31 - 1), options["description"]]


@command("system settings advanced remove")
def advanced_remove(world, options):
    path = "/UserVars/" + options["option"]
    world.require(path in world.config["advanced_added"], f"Unable to find option {options['option']}")
    del world.config["advanced_added"][path]
    world.config["advanced"].pop(path, None)


@command("system settings kernel list")
def kernel_list(world, options):
    names = sorted(KERNEL)
    if "option" in options:
        world.require(options["option"] in KERNEL, f"Unable to find option {options['option']}")
        names = [options["option"]]
    configured = world.config["kernel"]
    if "delta" in options:
        names = [name for name in names if configured.get(name, KERNEL[name][1]) != KERNEL[name][1]]
    rows = [[name, KERNEL[name][0], configured.get(name, KERNEL[name][1]),
             world.runtime["kernel"].get(name, KERNEL[name][1]), KERNEL[name][1], f"Setting {name}"] for name in names]
    return Table(["Name", "Type", "Configured", "Runtime", "Default", "Description"], rows, free=True,
                 type_name="KernelSetting")


@command("system settings kernel set")
def kernel_set(world, options):
    name, text = options["setting"], options["value"]
    world.require(name in KERNEL, f"Unable to find option {name}")
    if KERNEL[name][0] == "Bool":
        world.require(text.upper() in ("TRUE", "FALSE"), f"Invalid value {text} for {name}")
        text = text.upper()
    world.config["kernel"][name] = text
    world.runtime["reboot_required"] = True


@command("system settings encryption get")
def encryption_get(world, _options):
    return Struct(list(world.config["encryption"].items()), "Encryption")


@command("system settings encryption set")
def encryption_set(world, options):
    names = {"mode": "Mode", "require-secure-boot": "Require Secure Boot",
             "require-exec-installed-only": "Require Executables Only From Installed VIBs"}
    for option, name in names.items():
        if option in options:
            world.config["encryption"][name] = options[option]
