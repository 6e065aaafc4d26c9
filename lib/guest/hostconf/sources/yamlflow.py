"""YAML on one line: flow collections, quoted scalars, and the type of a plain scalar (for yamlite)."""

import re

_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}

_FOLD = re.compile(r"[ \t]*\n[ \t\n]*")
# The same, or blanks that no line break follows: taken together they are looked at once.
_BLANKS = re.compile(r"[ \t]*\n[ \t\n]*|[ \t]+")
# A number with more digits is a text: turning it into a number takes time with the square of them.
_MAX_NUMBER = 300

_NULL = ("", "~", "null", "Null", "NULL")
_TRUE = ("yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON")
_FALSE = ("no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*)\Z")
_OCTAL = re.compile(r"[-+]?0[0-7_]+\Z")
_HEX = re.compile(r"[-+]?0x[0-9a-fA-F_]+\Z")
_FLOAT = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?)\Z")


class Integer(int):
    """A whole number that knows how it was written: a password of digits is a text, with its leading zeros."""

    text = ""


class Decimal(float):
    """A decimal number that knows how it was written."""

    text = ""


def text_of(value):
    """The text that a scalar was written as: strings and numbers; None for anything else, booleans included."""
    if isinstance(value, str):
        return value
    return getattr(value, "text", None)


class YamlError(ValueError):
    """The text is not YAML, or uses a part of YAML that is not supported."""

    def __init__(self, line, reason, unfinished=False):
        ValueError.__init__(self, "YAML line %d %s" % (line, reason))
        self.unfinished = unfinished


def resolve(text):
    """The value of a plain scalar: null, a boolean, a number or the string itself."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if len(text) > _MAX_NUMBER:
        return text
    value = _number(text, text.replace("_", ""))
    if value is None:
        return text
    value.text = text
    return value


def _number(text, digits):
    if _INTEGER.match(text):
        return Integer(digits)
    if _OCTAL.match(text):
        return Integer(digits, 8)
    if _HEX.match(text):
        return Integer(digits, 16)
    if _FLOAT.match(text):
        return Decimal(digits)
    return None


def parse_quoted(text, at, line):
    """(string, end) of the quoted scalar at `at`. A single line break inside counts as one blank."""
    quote = text[at]
    result = []
    at += 1
    while at < len(text):
        char = text[at]
        blanks = _BLANKS.match(text, at)
        if blanks:
            result.append(_folded(blanks))
            at = blanks.end()
            continue
        if char == quote:
            if quote == "'" and text[at + 1:at + 2] == "'":
                result.append("'")
                at += 2
                continue
            return "".join(result), at + 1
        if char == "\\" and quote == '"':
            piece, at = _escape(text, at + 1, line)
            result.append(piece)
            continue
        result.append(char)
        at += 1
    raise YamlError(line, "has a quote that is not closed", unfinished=True)


def _folded(blanks):
    """What stands for a match of _BLANKS: one line break is a blank, more are one less."""
    breaks = blanks.group().count("\n")
    return "\n" * (breaks - 1) or " " if breaks else blanks.group()


def _folded_plain(blanks):
    return " " if "\n" in blanks.group() else blanks.group()


def _escape(text, at, line):
    code = text[at:at + 1]
    if code == "\n":
        # An escaped line break joins the lines; further empty lines count as breaks.
        fold = _FOLD.match(text, at)
        return "\n" * (fold.group().count("\n") - 1), fold.end()
    if code in _HEX_DIGITS:
        digits = text[at + 1:at + 1 + _HEX_DIGITS[code]]
        if not re.match(r"[0-9a-fA-F]{%d}\Z" % _HEX_DIGITS[code], digits) or int(digits, 16) > 0x10FFFF:
            raise YamlError(line, "has a wrong \\%s escape" % code)
        return chr(int(digits, 16)), at + 1 + len(digits)
    if not code:
        raise YamlError(line, "has a quote that is not closed", unfinished=True)
    if code not in _ESCAPES:
        raise YamlError(line, "has an unknown escape \\%s" % code)
    return _ESCAPES[code], at + 1


def parse_flow(text, at, line):
    """(value, end) of the flow node at `at`: [..], {..}, a quoted or a plain scalar."""
    at = _blanks(text, at)
    char = text[at:at + 1]
    if char == "[":
        return _collection(text, at + 1, line, "]", [], _sequence_item)
    if char == "{":
        return _collection(text, at + 1, line, "}", {}, _mapping_item)
    if char in ("'", '"'):
        return parse_quoted(text, at, line)
    if not char:
        raise YamlError(line, "has a bracket that is not closed", unfinished=True)
    if char in "&*!":
        raise YamlError(line, "uses an anchor, alias or tag")
    end = at
    while end < len(text) and text[end] not in ",[]{}" \
            and not (text[end] == ":" and text[end + 1:end + 2] in ("", " ", "\n", ",", "]", "}")) \
            and not (text[end] == "#" and text[end - 1] in " \n"):
        end += 1
    if end == at:
        raise YamlError(line, "lacks a value between brackets")
    plain = text[at:end].strip()
    return (_BLANKS.sub(_folded_plain, plain) if "\n" in plain else resolve(plain)), end


def _collection(text, at, line, closer, result, item):
    while True:
        at = _blanks(text, at)
        if at >= len(text):
            raise YamlError(line, "has a bracket that is not closed", unfinished=True)
        if text[at] == closer:
            return result, at + 1
        if text[at] == ",":
            raise YamlError(line, "has an empty item between brackets")
        at = _blanks(text, item(text, at, line, result))
        if at < len(text) and text[at] == ",":
            at += 1
        elif at < len(text) and text[at] != closer:
            raise YamlError(line, "lacks a comma between brackets")


def _sequence_item(text, at, line, result):
    value, at = parse_flow(text, at, line)
    after = _blanks(text, at)
    if text[after:after + 1] == ":":
        if isinstance(value, (list, dict)):
            raise YamlError(line, "has a complex key")
        pair = {}
        pair[value], at = _mapping_value(text, after + 1, line)
        value = pair
    result.append(value)
    return at


def _mapping_item(text, at, line, result):
    key, at = parse_flow(text, at, line)
    if isinstance(key, (list, dict)):
        raise YamlError(line, "has a complex key")
    after = _blanks(text, at)
    if text[after:after + 1] == ":":
        result[key], at = _mapping_value(text, after + 1, line)
    else:
        result[key] = None
    return at


def _mapping_value(text, at, line):
    at = _blanks(text, at)
    if text[at:at + 1] in (",", "}", "]"):
        return None, at
    return parse_flow(text, at, line)


def _blanks(text, at):
    """Past blanks, line breaks and comments."""
    while at < len(text):
        if text[at] in " \t\n":
            at += 1
        elif text[at] == "#" and text[at - 1] in " \t\n":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        else:
            break
    return at
