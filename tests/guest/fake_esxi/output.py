"""What a command returns, and how esxcli prints it: simple, csv, keyvalue, xml and json."""
import json

INDENT = "   "


class Text:
    """Lines printed as they are."""

    def __init__(self, text):
        self.text = text


class Struct:
    """`Field: value` lines; a value may be a list of pairs (nested struct)."""

    def __init__(self, fields, type_name="Struct"):
        self.fields = fields
        self.type_name = type_name


class Blocks:
    """A list of structs, each under a key line: `blocks` holds (key or None, fields)."""

    def __init__(self, blocks, type_name="Struct"):
        self.blocks = blocks
        self.type_name = type_name


class Table:
    """A list of structs in columns. `numeric` columns are right aligned, a `free` last column is free text."""

    def __init__(self, columns, rows, numeric=(), free=False, type_name="Struct"):
        self.columns = columns
        self.rows = rows
        self.numeric = numeric
        self.free = free
        self.type_name = type_name


def cell(value):
    """One value as text: booleans in lower case, lists joined by a comma and a blank."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(item) for item in value)
    return str(value)


def _is_nested(value):
    return isinstance(value, list) and bool(value) and isinstance(value[0], tuple)


def _struct_lines(fields, indent):
    for name, value in fields:
        if _is_nested(value):
            yield f"{indent}{name}:"
            yield from _struct_lines(value, indent + INDENT)
        else:
            yield f"{indent}{name}: {cell(value)}"


def table_lines(table, full_underline=True):
    """The aligned table; nothing at all without rows."""
    if not table.rows:
        return []
    rows = [[cell(value) for value in row] for row in table.rows]
    count = len(table.columns)
    widths = [max(len(name), *(len(row[at]) for row in rows)) for at, name in enumerate(table.columns)]
    right = {at for at, name in enumerate(table.columns) if name in table.numeric}

    def line(cells):
        parts = []
        for at, text in enumerate(cells):
            last_text = at == count - 1 and at not in right
            parts.append(text if last_text else text.rjust(widths[at]) if at in right else text.ljust(widths[at]))
        return "  ".join(parts)

    dashes = ["-" * width for width in widths]
    if table.free and not full_underline:
        dashes[-1] = "-" * len(table.columns[-1])
    return [line(table.columns), "  ".join(dashes), *(line(row) for row in rows)]


def simple(result, colon_after_key=False, full_underline=True):
    """The default formatter."""
    if result is None:
        return ""
    if isinstance(result, Text):
        lines = result.text.splitlines()
    elif isinstance(result, Struct):
        lines = list(_struct_lines(result.fields, INDENT))
    elif isinstance(result, Table):
        lines = table_lines(result, full_underline)
    else:
        lines = []
        for key, fields in result.blocks:
            lines += [""] if lines else []
            if key is not None:
                lines.append(key + ":" if colon_after_key else key)
            lines += _struct_lines(fields, INDENT)
    return "".join(line + "\n" for line in lines)


def _field_name(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split())


def _records(result):
    """The result as a list of [(field name without blanks, value)]."""
    if result is None:
        return []
    if isinstance(result, Text):
        return [[("Text", result.text.rstrip("\n"))]]
    if isinstance(result, Struct):
        structs = [result.fields]
    elif isinstance(result, Blocks):
        structs = [fields for _, fields in result.blocks]
    else:
        structs = [list(zip(result.columns, row)) for row in result.rows]
    return [[(_field_name(name), value) for name, value in fields] for fields in structs]


def _csv_cell(value):
    """A list keeps its commas, and is quoted for them."""
    text = ",".join(cell(item) for item in value) if isinstance(value, (list, tuple)) else cell(value)
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text


def csv(result, alphabetical=True):
    records = _records(result)
    if not records:
        return ""
    names = [name for name, _ in records[0]]
    if alphabetical:
        names.sort()
    end = "," if alphabetical else ""
    lines = [",".join(names) + end]
    for record in records:
        values = dict(record)
        lines.append(",".join(_csv_cell(values[name]) for name in names) + end)
    return "".join(line + "\n" for line in lines)


def _kind(value):
    if isinstance(value, bool):
        return "boolean"
    return "integer" if isinstance(value, int) else "string"


def keyvalue(result):
    """`Struct.Field.kind=value` lines."""
    if isinstance(result, Text):
        return f"string={result.text.rstrip(chr(10))}\n"
    name = getattr(result, "type_name", "Struct")
    return "".join(f"{name}.{key}.{_kind(value)}={cell(value)}\n"
                   for record in _records(result) for key, value in record)


def _escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def xml(result):
    name = getattr(result, "type_name", "Struct")
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n<output xmlns="http://www.vmware.com/Products/ESX/5.0/esxcli">\n']
    for record in _records(result):
        parts.append(f'<structure typeName="{_escape(name)}">\n')
        for key, value in record:
            kind = _kind(value)
            parts.append(f'<field name="{_escape(key)}"><{kind}>{_escape(cell(value))}</{kind}></field>\n')
        parts.append("</structure>\n")
    return "".join(parts) + "</output>\n"


def as_json(result):
    if result is None:
        return ""
    if isinstance(result, Text):
        return json.dumps(result.text.rstrip("\n")) + "\n"
    records = [{key: value if isinstance(value, (bool, int, list)) else cell(value) for key, value in record}
               for record in _records(result)]
    return json.dumps(records[0] if isinstance(result, Struct) else records) + "\n"
