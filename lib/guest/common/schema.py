"""The few combinators the host description's schema is written in.

A schema node is a function ``node(value, path, errors)``: it returns the value in canonical form with
defaults filled in, and appends ``"path: what is wrong"`` to errors. All errors are gathered, so a
wrong description is reported in one go.
"""


class Field:
    """A key of an object: its schema node, and its default (REQUIRED when there is none)."""

    def __init__(self, node, default):
        self.node = node
        self.default = default


REQUIRED = object()


def required(node):
    """A key that must be there."""
    return Field(node, REQUIRED)


def optional(node, default=None):
    """A key that may be missing or null; both mean the default. A callable makes a fresh default."""
    return Field(node, default)


def value_of(check):
    """A single value judged by one of the functions in checks."""

    def node(value, path, errors):
        try:
            return check(value)
        except ValueError as error:
            errors.append("%s: %s" % (path, error))
            return value

    return node


def list_of(item):
    """A list whose items all follow one schema."""

    def node(value, path, errors):
        if not isinstance(value, list):
            errors.append("%s: must be a list" % path)
            return []
        return [item(entry, "%s[%d]" % (path, i), errors) for i, entry in enumerate(value)]

    return node


def map_of(key_check, item):
    """An object with free keys, such as settings by name."""

    def node(value, path, errors):
        if not isinstance(value, dict):
            errors.append("%s: must be an object" % path)
            return {}
        result = {}
        for key in sorted(value):
            where = "%s[%s]" % (path, key)
            result[value_of(key_check)(key, where, errors)] = item(value[key], where, errors)
        return result

    return node


def object_of(fields):
    """An object with known keys. Unknown keys are errors: a description is written by this project."""

    def node(value, path, errors):
        if not isinstance(value, dict):
            errors.append("%s: must be an object" % path)
            return None
        prefix = path + "." if path else ""
        for key in sorted(value):
            if key not in fields:
                errors.append("%s%s: unknown key" % (prefix, key))
        result = {}
        for key in sorted(fields):
            field = fields[key]
            given = value.get(key)
            if given is not None:
                result[key] = field.node(given, prefix + key, errors)
            elif field.default is REQUIRED:
                errors.append("%s%s: is missing" % (prefix, key))
                result[key] = None
            else:
                result[key] = field.default() if callable(field.default) else field.default
        return result

    return node
