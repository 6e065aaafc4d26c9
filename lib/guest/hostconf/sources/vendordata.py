"""OpenStack vendor data: this project's own keys, and what cloud-init reads there.

The object "esxi" (see esxikeys) stands at the top of vendor_data.json or vendor_data2.json, in the "static" object of
vendor_data2.json or in the answer of a dynamic vendor data service. Besides, the key "cloud-init" (cloud-config as
text, as cloud-init itself reads it there) and a plain "ntp" object at the top are taken. Whatever else vendor data
holds is somebody else's and is left alone without a word.
"""

from hostconf.sources import cloudcfg, esxikeys, userdata
from hostconf.sources.items import add_ntp


def own_keys(documents):
    """The objects "esxi" in parsed vendor data, in the order in which apply takes them.

    @param documents: the parsed vendor_data.json and vendor_data2.json, None for a missing one
    """
    found = []
    for place in _places(documents):
        text = place.get("cloud-init")
        if isinstance(text, str):
            _, configs = userdata.read(text.encode("utf-8"), lambda sentence: None)
            found += [config["esxi"] for config in configs if isinstance(config.get("esxi"), dict)]
    return found + _top_keys(documents)


def apply(documents, description, warn, set_password, aliases):
    """Put what the vendor data asks for into the description (a dict that is being built).

    @param documents: as for own_keys
    @param aliases: as for esxikeys.apply
    """
    for place in _places(documents):
        text = place.get("cloud-init")
        if isinstance(text, str):
            scripts, configs = userdata.read(text.encode("utf-8"), warn, "vendor data")
            description["user_data"] += scripts
            for config in configs:
                cloudcfg.apply(config, description, warn, set_password, aliases)
    for document in documents:
        if isinstance(document, dict):
            static = document.get("static")
            for place in (document, static if isinstance(static, dict) else {}):
                add_ntp(place.get("ntp"), description, warn)
    for keys in _top_keys(documents):
        esxikeys.apply(keys, description, warn, "vendor data", aliases)


def _top_keys(documents):
    return [place["esxi"] for place in _places(documents) if isinstance(place.get("esxi"), dict)]


def _places(documents):
    places = []
    for document in documents:
        if isinstance(document, dict):
            places.append(document)
            places += [document[key] for key in sorted(document) if isinstance(document[key], dict) and key != "esxi"]
    return places
