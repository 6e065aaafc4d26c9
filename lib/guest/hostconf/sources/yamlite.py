"""The part of YAML that deployers write: ESXi's Python has no YAML reader.

Read: block and flow mappings and sequences, plain, quoted and block scalars, comments, one document.
Refused with a YamlError that names the line: anchors, aliases, tags, complex keys, several documents, tabs
as indentation. Scalars get the types that YAML 1.1 gives them (yes and on are true, 0644 is octal), except
that dates and base-60 numbers stay strings.
"""

import re

from hostconf.sources.yamlflow import YamlError, parse_flow, parse_quoted, resolve

__all__ = ["YamlError", "loads"]

_QUOTED_KEY = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s*:(?=\s|$)""")
# How a plain key begins: a plain scalar may start with - ? : if no blank follows.
_PLAIN_KEY = re.compile(r"""[^\s#\-?:,\[\]{}&*!|>'"%@`]|[-?:][^\s#]""")
_COLON = re.compile(r":(?=\s|$)")
_BLOCK_SCALAR = re.compile(r"([|>])([1-9]?)([+-]?)([1-9]?)\s*(#.*)?$")


def loads(text):
    """The value of a YAML document. @raise YamlError: naming the line that cannot be read"""
    try:
        reader = _Reader(text)
        reader.skip_blank()
        if reader.at_end():
            return None
        value = reader.block(reader.indent())
        reader.skip_blank()
    except RecursionError:
        raise YamlError(1, "is nested too deeply")
    if not reader.at_end():
        raise reader.error("does not fit the lines above it")
    return value


def _one_document(text):
    """The lines of the only document; the lines of its header are emptied."""
    lines = (text[1:] if text.startswith("\ufeff") else text).replace("\r\n", "\n").split("\n")
    started = False
    for i, line in enumerate(lines):
        if re.match(r"---(\s|$)", line):
            if started:
                raise YamlError(i + 1, "starts another document")
            started = True
            lines[i] = "   " + line[3:] if line[3:].strip() else ""
        elif re.match(r"\.\.\.(\s|$)", line):
            if any(rest.strip() and not rest.lstrip().startswith("#") for rest in lines[i + 1:]):
                raise YamlError(i + 2, "starts another document")
            return lines[:i] + [""]
        elif line.startswith("%") and not started:
            lines[i] = ""
        elif line.strip() and not line.lstrip().startswith("#"):
            started = True
    return lines


def _key_of(text):
    """(key, end) of the key that a line begins with, the end behind its colon; None where there is no key."""
    quoted = _QUOTED_KEY.match(text)
    if quoted:
        return quoted.group(1), quoted.end()
    first = _PLAIN_KEY.match(text)
    colon = first and _COLON.search(text, first.end())
    if not colon or "#" in text[:colon.start()]:
        return None
    return text[:colon.start()].rstrip(), colon.end()


class _Reader:
    """A position in the lines of the text; the parsing methods move it."""

    def __init__(self, text):
        self.lines = _one_document(text)
        self.at = 0

    def error(self, reason):
        return YamlError(self.at + 1, reason)

    def at_end(self):
        return self.at >= len(self.lines)

    def line(self):
        return self.lines[self.at]

    def indent(self):
        line = self.line()
        if line.lstrip(" ").startswith("\t"):
            raise self.error("is indented by a tab")
        return len(line) - len(line.lstrip(" "))

    def skip_blank(self):
        while not self.at_end() and (not self.line().strip() or self.line().lstrip().startswith("#")):
            self.at += 1

    def block(self, indent):
        """The value that starts on this line, whose text begins at column `indent`."""
        text = self.line()[indent:]
        if text == "-" or text.startswith(("- ", "-\t")):
            return self.sequence(indent)
        if text.startswith("? "):
            raise self.error("has a complex key")
        if _key_of(text):
            return self.mapping(indent)
        self.lines[self.at] = " " * indent + text
        return self.scalar(text, indent - 1)

    def sequence(self, indent):
        result = []
        while True:
            self.skip_blank()
            if self.at_end() or self.indent() != indent:
                return self.closed(indent, result)
            text = self.line()[indent:]
            if not (text == "-" or text.startswith(("- ", "-\t"))):
                return result
            inner = text[1:].lstrip(" \t")
            if not inner or inner.startswith("#"):
                self.at += 1
                result.append(self.nested(indent))
            elif inner.startswith("- ") or _key_of(inner):
                # "- key: value": the mapping begins where its first key stands.
                column = indent + len(text) - len(inner)
                self.lines[self.at] = " " * column + inner
                result.append(self.block(column))
            else:
                result.append(self.scalar(inner, indent))

    def mapping(self, indent):
        result = {}
        while True:
            self.skip_blank()
            if self.at_end() or self.indent() != indent:
                return self.closed(indent, result)
            text = self.line()[indent:]
            found = _key_of(text)
            if not found:
                raise self.error("is neither a key nor part of the value above")
            key = self.key(found[0])
            rest = text[found[1]:].strip()
            if not rest or rest.startswith("#"):
                self.at += 1
                self.skip_blank()
                here = not self.at_end() and self.indent() == indent
                if here and (self.line()[indent:] + " ").startswith("- "):
                    # A sequence may stand at the same column as its key.
                    result[key] = self.sequence(indent)
                else:
                    result[key] = self.nested(indent)
            else:
                result[key] = self.scalar(rest, indent)

    def closed(self, indent, result):
        if not self.at_end() and self.indent() > indent:
            raise self.error("is indented more than the lines above allow")
        return result

    def key(self, text):
        if text[0] in "\"'":
            return parse_quoted(text, 0, self.at + 1)[0]
        value = resolve(text)
        return value if isinstance(value, (str, int, float, bool)) else text

    def nested(self, indent):
        """The value on the lines below that are indented more; null when there are none."""
        self.skip_blank()
        if self.at_end() or self.indent() <= indent:
            return None
        return self.block(self.indent())

    def scalar(self, text, indent):
        """The value that starts with `text` on this line and belongs to column `indent`."""
        if text[0] in "&*!":
            raise self.error("uses an anchor, alias or tag")
        if text == "-" or text.startswith("- "):
            raise self.error("has a sequence where a value should be")
        if text[0] in "%@`]},":
            raise self.error("starts a value with a reserved character")
        if text[0] in "|>":
            match = _BLOCK_SCALAR.match(text)
            if not match:
                raise self.error("has a block scalar header that cannot be read")
            return self.block_scalar(match, indent)
        if text[0] in "[{":
            return self.closed_by(parse_flow, text)
        if text[0] in "\"'":
            return self.closed_by(parse_quoted, text)
        return self.plain(text, indent)

    def closed_by(self, parse, text):
        """A flow collection or quoted scalar: lines are joined until `parse` finds its end.

        Twice as many each time, so that a thousand lines are not read a thousand times.
        """
        first = self.at
        count = 1
        while True:
            joined = "\n".join([text] + self.lines[first + 1:first + count])
            try:
                value, end = parse(joined, 0, first + 1)
                break
            except YamlError as error:
                if not error.unfinished or first + count >= len(self.lines):
                    raise
            count *= 2
        self.at = first + joined.count("\n", 0, end)
        rest = joined[end:].split("\n", 1)[0].strip()
        if rest and not rest.startswith("#"):
            raise self.error("has something after the value")
        self.at += 1
        return value

    def plain(self, text, indent):
        """A plain scalar; deeper indented lines below continue it."""
        parts = [_without_comment(text)]
        self.at += 1
        while parts[-1] == text.strip() or len(parts) > 1:
            mark = self.at
            blank = 0
            while not self.at_end() and not self.line().strip():
                blank += 1
                self.at += 1
            if self.at_end() or self.indent() <= indent or self.line().lstrip().startswith("#"):
                self.at = mark
                break
            if _key_of(self.line().lstrip()):
                raise self.error("is indented more than the lines above allow")
            parts.append("\n" * blank + _without_comment(self.line().strip()))
            self.at += 1
        joined = parts[0]
        for part in parts[1:]:
            joined += part if part.startswith("\n") else " " + part
        if re.search(r":(\s|$)", joined):
            self.at -= 1
            raise self.error("has a colon inside a plain value")
        return resolve(joined) if len(parts) == 1 else joined

    def block_scalar(self, match, indent):
        style, chomp = match.group(1), match.group(3)
        given = match.group(2) or match.group(4)
        self.at += 1
        column = max(indent, 0) + int(given) if given else None
        lines = []
        while not self.at_end():
            line = self.line()
            if line.strip(" "):
                width = len(line) - len(line.lstrip(" "))
                if column is None:
                    column = width
                if width < column or column <= indent:
                    break
            lines.append(line[column:] if column is not None and line.strip(" ") else
                         line[column or 0:] if column is not None else "")
            self.at += 1
        trailing = 0
        while lines and not lines[-1]:
            lines.pop()
            trailing += 1
        text = "\n".join(lines) if style == "|" else _fold(lines)
        if self.at_end() and trailing:
            # The last piece of split("\n") is what follows the final newline, not a line.
            trailing -= 1
        if not lines:
            return "\n" * trailing if chomp == "+" else ""
        return text + {"-": "", "": "\n", "+": "\n" * (trailing + 1)}[chomp]


def _without_comment(text):
    return re.split(r"\s#", text, maxsplit=1)[0].strip()


def _fold(lines):
    """Lines of a '>' scalar joined: single breaks become blanks, except around more indented lines."""
    text = ""
    pending = 0
    previous = None
    for line in lines:
        if not line:
            pending += 1
            continue
        if previous is None:
            text = "\n" * pending + line
        elif line[0] in " \t" or previous[0] in " \t":
            text += "\n" * (pending + 1) + line
        else:
            text += ("\n" * pending if pending else " ") + line
        pending = 0
        previous = line
    return text
