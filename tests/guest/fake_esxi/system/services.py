"""Services of the host: start policy, run state, /etc/init.d scripts and chkconfig."""
from ..network import firewall
from ..registry import program

# service -> (init.d script, starts with the host, runs on a fresh host)
SERVICES = {
    "TSM-SSH": ("SSH", False, False), "TSM": ("ESXShell", False, False), "ntpd": ("ntpd", False, False),
    "hostd": ("hostd", True, True), "rhttpproxy": ("rhttpproxy", True, True), "vpxa": ("vpxa", True, True),
    "DCUI": ("DCUI", True, True), "vmsyslogd": ("vmsyslogd", True, True), "snmpd": ("snmpd", False, False),
}
_BY_SCRIPT = {script: service for service, (script, _, _) in SERVICES.items()}


def initial_policy():
    return {service: policy for service, (_, policy, _) in SERVICES.items()}


def initial_running(policy):
    """What runs after a boot."""
    return {service: policy[service] for service in SERVICES}


def set_policy(world, service, with_host):
    world.config["services"][service] = with_host


def set_running(world, service, running):
    world.runtime["services"][service] = running
    firewall.service_changed(world, service, running)
    if service == "hostd" and running:
        world.runtime["hostd_stale"] = []
    if service == "hostd":
        world.runtime["hostd"] = "up" if running else "down"
    if service == "ntpd" and running:
        if world.at_least("7.0"):
            from . import ntp  # ntp needs this module
            ntp.write_conf(world)
        world.runtime["ntp_conf_in_use"] = (world.files.read("/etc/ntp.conf") or b"").decode()


def is_running(world, service):
    return world.runtime["services"][service]


def _script(world, name, words):
    service = _BY_SCRIPT[name]
    if len(words) != 1 or words[0] not in ("start", "stop", "restart", "status"):
        return 1, f"Usage: {name} {{start|stop|restart|status}}\n"
    action = words[0]
    if action == "status":
        running = is_running(world, service)
        return (0 if running else 3), f"{name} is {'running' if running else 'not running'}\n"
    if action == "start" and is_running(world, service):
        return 0, f"{name} already running\n"
    set_running(world, service, action != "stop")
    return 0, f"{name} {'stopped' if action == 'stop' else 'started'}\n"


def _register(name):
    @program(f"/etc/init.d/{name}")
    def script(world, words, _stdin):
        return _script(world, name, words)


for _name in _BY_SCRIPT:
    _register(_name)


@program("chkconfig")
def chkconfig(world, words, _stdin):
    if words in ([], ["-l"], ["--list"]):
        width = max(len(name) for name in _BY_SCRIPT) + 2
        lines = [f"{name:<{width}}{'on' if world.config['services'][_BY_SCRIPT[name]] else 'off'}"
                 for name in sorted(_BY_SCRIPT)]
        return 0, "".join(line + "\n" for line in lines)
    if words[0] not in _BY_SCRIPT:
        return 1, f"chkconfig: no service {words[0]}\n"
    service = _BY_SCRIPT[words[0]]
    if len(words) == 1:
        return 0, f"{words[0]} {'on' if world.config['services'][service] else 'off'}\n"
    if words[1:] not in (["on"], ["off"]):
        return 1, "Usage: chkconfig SERVICE on|off\n"
    set_policy(world, service, words[1] == "on")
    return 0, ""


@program("services.sh")
def services_sh(_world, words, _stdin):
    return (0, "") if words in (["start"], ["stop"], ["restart"]) else (1, "Usage: services.sh start|stop|restart\n")


@program("pidof")
def pidof(world, words, _stdin):
    running = [word for word in words if world.runtime["services"].get(word)]
    return (0, "2098000\n") if running else (1, "")
