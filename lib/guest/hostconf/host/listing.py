"""Read what esxcli and localcli print: tables, blocks and structs.

Layouts: tables have a line of dashes below the header, columns two blanks apart; blocks have a key at column 0
(localcli adds a colon) and fields indented by three blanks; a struct is the fields alone.
"""

import collections
import re

_FIELD = re.compile(r"\s+([^:]+):(.*)$")


def table(text):
    """The rows of a table, each a dict by column name, in the columns' order.

    Cells are cut where columns begin: the dashes of a last free-text column are shorter than its cells.
    Cells may hold single blanks.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    for i, line in enumerate(lines):
        if i > 0 and not line.strip("- ") and "-" in line:
            starts = [match.start() for match in re.finditer(r"-+", line)]
            names = _cells(lines[i - 1], starts)
            return [collections.OrderedDict(zip(names, _cells(row, starts))) for row in lines[i + 1:]]
    return []


def _cells(line, starts):
    ends = starts[1:] + [None]
    return [line[start:end].strip() for start, end in zip(starts, ends)]


def blocks(text):
    """The blocks of a listing in order, each (key, fields); fields is a dict of texts."""
    result = []
    for line in text.splitlines():
        if not line.strip():
            continue
        if not line[0].isspace():
            key = line.rstrip()
            result.append((key[:-1] if key.endswith(":") else key, {}))
        elif result:
            match = _FIELD.match(line)
            if match:
                result[-1][1].setdefault(match.group(1), match.group(2).strip())
    return result


def struct(text):
    """The fields of a single struct as a dict of texts."""
    fields = {}
    for line in text.splitlines():
        match = _FIELD.match(" " + line)
        if match:
            fields.setdefault(match.group(1).strip(), match.group(2).strip())
    return fields


def words(text):
    """The items of a list field: joined by commas, with or without blanks."""
    return [word.strip() for word in text.split(",") if word.strip()]


def boolean(text):
    """A boolean cell, or None when it is neither."""
    return {"true": True, "false": False}.get((text or "").strip().lower())
