"""esxcli network diag ping and vmkping: an address answers unless the test made it silent."""
from . import reach, vmk
from ..errors import EsxiError
from ..output import Struct
from ..registry import command, program


def _answers(world, host, interface, size, dont_fragment, stack=None):
    found = reach.towards(world, host, stack)
    if interface:
        vmk.find(world, interface)
        found = interface if found and reach.usable(world, interface) else None
    if not found or host in world.hardware["silent"]:
        return False
    header = 48 if ":" in host else 28
    return not (dont_fragment and size + header > world.config["vmks"][found]["mtu"])


@command("network diag ping")
def ping(world, options):
    count = options.get("count", 3)
    size = options.get("size", 56)
    answered = _answers(world, options["host"], options.get("interface"), size, "df" in options,
                        options.get("netstack"))
    lost = 0 if answered else 100
    if not answered and world.switch("ping_unreachable") == "rc1":
        raise EsxiError(f"Error: host {options['host']} is unreachable")
    trace = []
    if answered:
        trace = [("Trace", [("Received Bytes", size + 8), ("Host", options["host"]), ("ICMPSeq", 0), ("TTL", 64),
                            ("Round-trip Time", "200 us"), ("Dup", False), ("Detail", "")])]
    summary = [("Host Addr", options["host"]), ("Transmitted", count), ("Received", count if answered else 0),
               ("Duplicated", 0), ("Packet Lost", lost), ("Round-trip Min", "200 us"),
               ("Round-trip Avg", "200 us"), ("Round-trip Max", "200 us")]
    return Struct([("Summary", summary), *trace], "Ping")


@program("vmkping")
def vmkping(world, words, _stdin):
    values = {"-I": None, "-s": "56", "-c": "3", "-S": None, "-W": None, "-i": None, "-t": None}
    flags, hosts = set(), []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in values:
            if not rest:
                return 1, "Invalid argument\n"
            values[word] = rest.pop(0)
        elif word in ("-d", "-4", "-6"):
            flags.add(word)
        elif word.startswith("-"):
            return 1, f"Invalid option: {word}\n"
        else:
            hosts.append(word)
    if len(hosts) != 1:
        return 1, "Usage: vmkping [args] [host]\n"
    try:
        answered = _answers(world, hosts[0], values["-I"], int(values["-s"]), "-d" in flags)
    except EsxiError as error:
        return 1, f"{error}\n"
    count = int(values["-c"])
    lines = [f"PING {hosts[0]} ({hosts[0]}): {values['-s']} data bytes"]
    if answered:
        lines += [f"{int(values['-s']) + 8} bytes from {hosts[0]}: icmp_seq={at} ttl=64 time=0.200 ms"
                  for at in range(count)]
    lines += ["", f"--- {hosts[0]} ping statistics ---",
              f"{count} packets transmitted, {count if answered else 0} packets received, "
              f"{0 if answered else 100}% packet loss"]
    return (0 if answered else 1), "\n".join(lines) + "\n"
