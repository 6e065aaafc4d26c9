"""VIBs: esxcli software. An installation goes into the other boot bank, as --no-live-install asks for."""
import gzip
import hashlib
import xml.etree.ElementTree

from .. import releases
from ..bootbank import DRIVERS_PLACE, SHIPPED, parse
from ..errors import EsxiError
from ..output import Blocks, Table, Text
from ..registry import command

_COLUMNS = ["Name", "Version", "Vendor", "Acceptance Level", "Install Date"]
# From the most trusted to the least; as descriptors and as esxcli spell them.
_LEVELS = {"certified": "VMwareCertified", "accepted": "VMwareAccepted", "partner": "PartnerSupported",
           "community": "CommunitySupported"}
_REFER = "\n Please refer to the log file for more details."


def _fail(kind, text):
    raise EsxiError(f"[{kind}]\n {text}{_REFER}")


def _bank(world, role):
    for volume in world.storage["volumes"].values():
        if volume["role"] == role:
            return volume
    return _fail("LiveInstallationError", "There is no boot bank")


def added(world):
    """Names of the VIBs that were installed into the running image, sorted."""
    return sorted(vib["name"] for volume in world.storage["volumes"].values() if volume["role"] == "bootbank"
                  for vib in volume.get("vibs", []))


@command("software vib list")
def vib_list(world, options):
    build = releases.build(world.state["release"])
    rows = [[name, f"{world.state['release']}-0.0.{build}", "VMware", "VMwareCertified", "2024-01-01"]
            for name in ("esx-base", "esx-update")]
    bank = _bank(world, "altbootbank" if "rebooting-image" in options else "bootbank")
    if "rebooting-image" in options and not bank.get("staged"):
        _fail("NoMatchError", "No rebooting image is there")
    rows += [[vib["name"], vib["version"], vib["vendor"], _LEVELS[vib["level"]], "2024-02-02"]
             for vib in bank.get("vibs", [])]
    columns = list(_COLUMNS)
    if world.at_least("8.0"):
        columns.append("Platforms")
        rows = [row + ["host"] for row in rows]
    return Table(columns, rows, type_name="VIBSummary")


@command("software acceptance get")
def acceptance_get(world, _options):
    return Text(world.config["acceptance"])


@command("software acceptance set")
def acceptance_set(world, options):
    if options["level"] == "CommunitySupported" and world.hardware["secure_boot"]:
        _fail("AcceptanceConfigError", "Secure Boot is enabled, the acceptance level cannot be CommunitySupported")
    world.config["acceptance"] = options["level"]
    return Text(f"Host acceptance level changed to '{options['level']}'.")


@command("software vib install")
def vib_install(world, options):
    urls = options.get("viburl") or []
    if bool(urls) == bool(options.get("depot")):
        _fail("ArgumentError", "Exactly one of VIBs and depots must be given")
    if not urls:
        _fail("MetadataDownloadError", "Could not read the depot")  # the fake reads none
    vibs = [_read(world, url) for url in ([urls] if isinstance(urls, str) else urls)]
    old = _bank(world, "bootbank")
    present = {(vib["name"], vib["version"]) for vib in old.get("vibs", [])}
    new = [vib for vib in vibs if (vib["name"], vib["version"]) not in present]
    skipped = [vib["id"] for vib in vibs if vib not in new]
    if not new:
        return _result(world, "Host is not changed.", False, [], skipped)
    for vib in new:
        _check(world, vib, "force" in options)
    if "no-live-install" not in options and any(vib["files"] & _mounted(world) for vib in new):
        _fail("LiveInstallationError", "Error in running ['/etc/init.d/driver', 'start']: files are in use")
    if "dry-run" not in options:
        _stage(world, old, new)
    return _result(world, "The update completed successfully, but the system needs to be rebooted for the changes to "
                   "be effective.", True, [vib["id"] for vib in new], skipped)


def _result(world, message, reboot, installed, skipped):
    vibs = [("VIBs Installed", installed), ("VIBs Removed", []), ("VIBs Skipped", skipped)]
    fields = [("Message", message), ("Reboot Required", reboot), *vibs]
    if world.at_least("8.0"):
        fields = [("Message", message), *vibs, ("Reboot Required", reboot), ("DPU Results", "")]
    return Blocks([("Installation Result", fields)], "InstallationResult")


def _mounted(world):
    return {f"{DRIVERS_PLACE}/{name}" for name in world.files.names("/" + DRIVERS_PLACE)}


def _read(world, path):
    """A VIB: its descriptor's fields and its payload. The file has to be one, byte for byte."""
    data = world.files.read(path) if path.startswith("/") else None
    if data is None:
        _fail("VibDownloadError", f"('{path}', '', 'Could not download')")
    members = _members(data)
    if list(members)[:2] != ["descriptor.xml", "sig.pkcs7"]:
        _fail("VibFormatError", f"('{path}', 'descriptor.xml and sig.pkcs7 do not come first')")
    root = xml.etree.ElementTree.fromstring(members["descriptor.xml"])
    fields = {name: root.findtext(name) for name in ("type", "name", "version", "vendor")}
    vib = dict(fields, level=root.findtext("acceptance-level"), signed=bool(members["sig.pkcs7"]), payloads={},
               id="{vendor}_{type}_{name}_{version}".format(**fields), unpacked_sums=True,
               files={file.text.lstrip("/") for file in root.findall("file-list/file")})
    for payload in root.findall("payloads/payload"):
        content = members.get(payload.get("name"), b"")
        sums = {(entry.get("checksum-type"), entry.get("verify-process")): entry.text
                for entry in payload.findall("checksum")}
        if len(content) != int(payload.get("size")) or \
                sums.get(("sha-256", None)) != hashlib.sha256(content).hexdigest():
            _fail("VibPayloadError", "Calculated digest at EOF does not match expected result")
        unpacked = sums.get(("sha-256", "gunzip"))
        vib["unpacked_sums"] &= unpacked == hashlib.sha256(gzip.decompress(content)).hexdigest()
        vib["payloads"][payload.get("name")] = (payload.get("type"), content)
    return vib


def _members(data):
    if data[:8] != b"!<arch>\n":
        _fail("VibFormatError", "not an ar archive")
    members, at = {}, 8
    while at < len(data):
        header = data[at:at + 60]
        size = int(header[48:58])
        members[header[:16].decode().strip().rstrip("/")] = data[at + 60:at + 60 + size]
        at += 60 + size + size % 2
    return members


def _check(world, vib, forced):
    level, own = list(_LEVELS).index(vib["level"]), list(_LEVELS.values()).index(world.config["acceptance"])
    if level > own:
        _fail("AcceptanceConfigError", f"VIB {vib['id']}'s acceptance level is {vib['level']}, which is not compliant "
              f"with the ImageProfile acceptance level {list(_LEVELS)[own]}")
    if not vib["signed"] and vib["level"] != "community" and not forced:
        _fail("VibSignatureError", f"VIB {vib['id']} has no signature")
    if world.at_least("8.0") and not vib["unpacked_sums"]:
        _fail("ProfileValidationError", f"In ImageProfile (Updated) ESXi, the payload(s) in VIB {vib['id']} does not "
              "have sha-256 gunzip checksum.")


def _stage(world, old, new):
    """Write the other bank: the shipped modules, the VIBs so far, the new ones."""
    bank = _bank(world, "altbootbank")
    folder, source = f"/vmfs/volumes/{bank['uuid']}", f"/vmfs/volumes/{old['uuid']}"
    for name in world.files.names(folder):
        world.files.remove(f"{folder}/{name}")
    values = parse(world.files.read(f"{source}/boot.cfg").decode())
    modules = [part.strip() for part in values["modules"].split("---")]
    from_vibs = [name for vib in old.get("vibs", []) for name in vib["modules"]]
    if world.switch("unlisted_modules") == "stay":
        modules = [name for name in modules if name in SHIPPED or name in from_vibs]
    for name in ["b.b00", *modules]:
        world.files.write(f"{folder}/{name}", world.files.read(f"{source}/{name}"))
    kept = []
    for vib in new:
        names = []
        for payload, (kind, content) in vib["payloads"].items():
            name = f"{payload.replace('-', '_')[:8]}.{kind[0]}{len(modules):02d}"
            world.files.write(f"{folder}/{name}", content)
            names.append(name)
        modules += names
        kept.append({"name": vib["name"], "version": vib["version"], "vendor": vib["vendor"], "level": vib["level"],
                     "modules": names})
    values.update(bootstate="0", modules=" --- ".join(modules), updated=str(int(values["updated"]) + 1))
    world.files.write(f"{folder}/boot.cfg", "".join(f"{key}={value}\n" for key, value in values.items()))
    bank.update(vibs=old.get("vibs", []) + kept, staged=True)
