"""Vendor data in every form that cloud-init takes: an object, a text, or a list of both."""

# What a text has to begin with to be meant for cloud-init: other texts are other people's.
_BEGINNINGS = ("#cloud-config", "#!", "content-type:", "mime-version:")


def documents(values):
    """The objects that vendor data stand for, in order; a text becomes an object with the key "cloud-init".

    @param values: the parsed vendor_data.json and vendor_data2.json, None for a missing one
    """
    found = []
    for value in values:
        found += _objects(value)
    return found


def _objects(value):
    if isinstance(value, str):
        return [{"cloud-init": value}] if value.lstrip().lower().startswith(_BEGINNINGS) else []
    if isinstance(value, list):
        return [entry for item in value if not isinstance(item, list) for entry in _objects(item)]
    if not isinstance(value, dict):
        return []
    parts = value.get("cloud-init")
    if isinstance(parts, list):
        rest = dict((key, value[key]) for key in value if key != "cloud-init")
        return [rest] + [{"cloud-init": part} for part in parts if isinstance(part, str)]
    return [value]
