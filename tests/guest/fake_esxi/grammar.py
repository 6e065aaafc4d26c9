"""The command tables of esxcli, read from grammar/*.txt.

A command stands at the line's start: `path [attributes] :: description`; its options follow, indented:
`-s|--long=<type> attributes :: help`, type being str, long or bool; without `=<type>` it is a flag.
Attributes: required, repeat, secret, range=LOW-HIGH, enum=a,b,c, since=X.Y (first release), until=X.Y (last
release), if=SWITCH:VALUE (there only under that switch), unsure (the short letter is not confirmed), hostd (localcli lacks it), vim (localcli may lack it).
"""
import functools
import os
from collections import namedtuple

from . import releases, switches

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "grammar")


class Option(namedtuple("Option", "short long type attributes help")):
    """`short` is empty when there is none; `type` is str, long, bool, or empty for a flag."""

    @property
    def names(self):
        return f"-{self.short}|--{self.long}" if self.short else f"--{self.long}"


Command = namedtuple("Command", "path attributes help options")


def _attributes(words):
    pairs = (word.partition("=") for word in words)
    return {name: value if sign else True for name, sign, value in pairs}


def parse(text):
    """The commands of one table, as a list. ValueError for a line that does not follow the notation."""
    commands = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        head, sign, description = line.partition(" :: ")
        words = head.split()
        if not sign or not words:
            raise ValueError(f"line {number}: no ' :: ' in {line!r}")
        if line.startswith(" "):
            names, _, kind = words[0].partition("=")
            short, bar, long = names.partition("|")
            if not bar:
                short, long = "", short
            if not long.startswith("--") or kind.strip("<>") not in ("", "str", "long", "bool"):
                raise ValueError(f"line {number}: bad option {line!r}")
            commands[-1].options.append(
                Option(short[1:], long[2:], kind.strip("<>"), _attributes(words[1:]), description))
        else:
            path, _, inner = head.partition("[")
            commands.append(Command(tuple(path.split()), _attributes(inner.rstrip("] ").split()), description, []))
    return commands


@functools.lru_cache(maxsize=None)
def everything():
    """All commands of all releases: path -> Command."""
    table = {}
    for name in sorted(os.listdir(_FOLDER)):
        with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
            for command in parse(file.read()):
                if command.path in table:
                    raise ValueError(f"{name}: {' '.join(command.path)} stands there twice")
                table[command.path] = command
    return table


def _applies(attributes, release, chosen):
    if "since" in attributes and release < releases.numbers(attributes["since"]):
        return False
    if "until" in attributes:
        until = tuple(int(part) for part in attributes["until"].split("."))
        if release[:len(until)] > until:
            return False
    if "if" in attributes:
        name, _, value = attributes["if"].partition(":")
        return chosen[name] == value
    return True


class Table(dict):
    """Path -> Command, and `prefixes`: all beginnings of paths."""

    def __init__(self, commands):
        super().__init__(commands)
        self.prefixes = frozenset(path[:length] for path in self for length in range(len(path) + 1))


@functools.lru_cache(maxsize=512)
def for_host(release, variant="", program="esxcli"):
    """The commands that `program` (esxcli or localcli) knows on this release, as a Table.

    `variant` is the setting of the switches as text, see switches.variant.
    """
    chosen = switches.from_variant(variant)
    table = {}
    for path, command in everything().items():
        if not _applies(command.attributes, release, chosen):
            continue
        if program == "localcli":
            if "hostd" in command.attributes:
                continue
            if "vim" in command.attributes and chosen["localcli_vim_backed"] == "more":
                continue
        options = [option for option in command.options if _applies(option.attributes, release, chosen)]
        if chosen["uncertain_letters"] == "unknown":
            options = [option._replace(short="") if "unsure" in option.attributes else option for option in options]
        table[path] = Command(path, command.attributes, command.help, options)
    return Table(table)
