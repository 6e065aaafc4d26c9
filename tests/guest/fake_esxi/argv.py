"""The parser of esxcli's command lines: global options, path, command options; errors and help."""
import re

from .errors import EsxiError, UsageError

_TRUE = {"1", "y", "yes", "t", "true", "on"}
_FALSE = {"0", "n", "no", "f", "false", "off"}
_GLOBAL_VALUES = {"--formatter": "formatter", "--screen-width": "screen_width"}
_GLOBAL_FLAGS = {"--debug": "debug"}
HELP = ("--help", "-?")
_TEXT_COLUMN = 24


def split_globals(words):
    """(global options, rest). UsageError for an unknown global option."""
    settings = {"formatter": None, "debug": False, "help": False}
    at = 0
    while at < len(words) and words[at].startswith("-"):
        name, sign, value = words[at].partition("=")
        if name in _GLOBAL_VALUES:
            if not sign:
                at += 1
                if at == len(words):
                    raise UsageError(f"Error: Missing value for option {name}")
                value = words[at]
            settings[_GLOBAL_VALUES[name]] = value
        elif words[at] in _GLOBAL_FLAGS:
            settings[_GLOBAL_FLAGS[words[at]]] = True
        elif words[at] in HELP:
            settings["help"] = True
        else:
            raise UsageError(f"Error: Invalid option {words[at]}")
        at += 1
    return settings, words[at:]


def find(words, table):
    """(command or None, path of a namespace, remaining words): walk the words as far as the table goes."""
    path = ()
    for at, word in enumerate(words):
        if word.startswith("-"):
            break
        if path + (word,) not in table.prefixes:
            raise UsageError("Error: Unknown command or namespace " + " ".join(_leading_words(words)))
        path += (word,)
        if path in table:
            return table[path], path, words[at + 1:]
    return None, path, words[len(path):]


def _leading_words(words):
    leading = []
    for word in words:
        if word.startswith("-"):
            break
        leading.append(word)
    return leading


def _convert(option, typed, value):
    if option.type == "long":
        if not re.fullmatch(r"[+-]?\d+", value):
            raise EsxiError(f"Error: While processing '{typed}'. Argument type mismatch. "
                            f"Expecting integer value. Got '{value}'")
        return int(value)
    if option.type == "bool":
        if value.lower() not in _TRUE | _FALSE:
            raise EsxiError(f"Error: While processing '{typed}'. Argument type mismatch. Expecting one of "
                            f"{{0, 1, n[o], y[es], f[alse], t[rue], off, on}}. Got '{value}'")
        return value.lower() in _TRUE
    return value


def _check_constraint(option, value, switches):
    attributes = option.attributes
    if "range" in attributes:
        low, high = (int(part) for part in attributes["range"].split("-"))
        if not low <= value <= high and option.long == "vlan-id" and switches["vlan_range_text"] == "plain":
            raise UsageError(f"Invalid vlan id {value}: it must be {low} to {high}")
        if not low <= value <= high:
            raise UsageError(f"Invalid data constraint for parameter '{option.long}'. "
                             f"Expected integer in the range {low}-{high}")
    if "enum" in attributes:
        allowed = attributes["enum"].split(",")
        if value not in allowed:
            tail = f" Expected one of: {', '.join(allowed)}" if switches["enum_tail"] == "values" else ""
            raise UsageError(f"Invalid data constraint for parameter '{option.long}'.{tail}")


def parse(command, path, words, switches):
    """The options given, by long name ('-' as typed). UsageError with the usage text where ESXi prints it."""
    shown = usage(command, path)
    by_name = {}
    for option in command.options:
        by_name["--" + option.long] = option
        if option.short:
            by_name["-" + option.short] = option
    given = {}
    at = 0
    while at < len(words):
        typed, sign, value = words[at].partition("=")
        if not words[at].startswith("-"):
            raise UsageError("Error: Unknown command or namespace " + " ".join(path + (words[at],)))
        option = by_name.get(typed)
        if option is None or (sign and not option.type):
            wording = "Invalid" if switches["invalid_option_text"] == "invalid" else "Unrecognized"
            raise UsageError(f"Error: {wording} option {typed}", shown)
        if option.type and not sign:
            at += 1
            if at == len(words):
                raise UsageError(f"Error: Missing value for option {typed}", shown)
            value = words[at]
        if option.type:
            try:
                value = _convert(option, typed, value)
            except EsxiError as error:
                raise UsageError(str(error), shown) from None
        else:
            value = True
        if "repeat" in option.attributes:
            given.setdefault(option.long, []).append(value)
        elif option.long in given and switches["repeated_option"] == "fail":
            raise UsageError(f"Error: Option {typed} cannot be given more than once", shown)
        else:
            given[option.long] = value
        at += 1
    missing = [option for option in command.options if "required" in option.attributes and option.long not in given]
    if missing:
        if switches["missing_parameters"] == "first":
            missing = missing[:1]
        lines = [f"Error: Missing required parameter {option.names}" for option in missing]
        raise UsageError("\n".join(lines), shown)
    for option in command.options:
        values = given.get(option.long)
        for value in values if isinstance(values, list) else [] if values is None else [values]:
            _check_constraint(option, value, switches)
    return given


def _entry(name, text):
    """One `  name   text` entry; a long name has its text on the next line."""
    head = "  " + name
    if len(head) >= _TEXT_COLUMN:
        return [head, " " * _TEXT_COLUMN + text]
    return [head.ljust(_TEXT_COLUMN) + text]


def usage(command, path):
    """The help of one command."""
    lines = [f"Usage: esxcli {' '.join(path)} [cmd options]", "", "Description: "]
    lines += _entry(path[-1], command.help)
    lines += ["", "Cmd options:"]
    for option in command.options:
        kind = f"=<{option.type}>" if option.type else ""
        text = option.help
        if "required" in option.attributes:
            text += " (required)"
        if "secret" in option.attributes:
            text += " (secret)"
        lines += _entry(option.names + kind, text)
    return "\n".join(lines) + "\n"


def namespace_help(path, table):
    """The help of a namespace: what is below it."""
    commands, namespaces = {}, set()
    for other, command in sorted(table.items()):
        if other[:len(path)] != path:
            continue
        if len(other) == len(path) + 1:
            commands[other[-1]] = command.help
        else:
            namespaces.add(other[len(path)])
    lines = [" ".join(["Usage: esxcli", *path, "{cmd} [cmd options]"]), ""]
    if namespaces:
        lines.append("Available Namespaces:")
        for name in sorted(namespaces):
            lines += _entry(name, f"Commands of {name}")
        lines.append("")
    if commands:
        lines.append("Available Commands:")
        for name, text in sorted(commands.items()):
            lines += _entry(name, text)
    return "\n".join(lines).rstrip("\n") + "\n"
