"""Shutdown, reboot and maintenance mode."""
from ..errors import EsxiError
from ..output import Text
from ..registry import command, program


def request(world, action, reason="", delay=0, saves=True):
    """Note that the host is going down; a test goes on with host.reboot()."""
    world.runtime["power"] = {"action": action, "reason": reason, "delay": delay, "saves": saves}


@command("system shutdown reboot", "system shutdown poweroff")
def shutdown(world, options):
    if world.switch("shutdown_maintenance") == "needed" and not world.config["maintenance"]:
        raise EsxiError("The system must be in maintenance mode to be shut down or restarted")
    request(world, options["_path"][-1], options["reason"], options.get("delay", 0))


@command("system maintenanceMode get")
def maintenance_get(world, _options):
    return Text("Enabled" if world.config["maintenance"] else "Disabled")


@command("system maintenanceMode set")
def maintenance_set(world, options):
    world.require(world.config["maintenance"] != options["enable"],
                  f"Maintenance mode is already {'enabled' if options['enable'] else 'disabled'}.")
    world.config["maintenance"] = options["enable"]


def _power_program(action):
    @program(action)
    def power(world, words, _stdin):
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "-d" and rest and rest[0].isdigit():
                rest.pop(0)
            elif word not in ("-f", "-n"):
                return 1, f"{action}: invalid option {word}\nUsage: {action} [-d DELAY] [-n] [-f]\n"
        request(world, action, saves="-f" not in words)
        return 0, ""


for _action in ("reboot", "halt", "poweroff"):
    _power_program(_action)


@program("secureBoot.py")
def secure_boot(world, words, _stdin):
    if words not in (["-s"], ["-c"]):
        return 1, "usage: secureBoot.py [-h] [-a | -c | -s]\n"
    if words == ["-c"]:
        return 0, "Secure boot can be enabled: All vib signatures verified.\n"
    word = "Enabled" if world.hardware["secure_boot"] else "Disabled"
    return 0, (word if world.switch("secure_boot_output") == "word" else f"Secure Boot is {word.lower()}.") + "\n"
