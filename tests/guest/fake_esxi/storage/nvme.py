"""NVMe controllers: esxcli nvme device."""
import re

from ..errors import EsxiError
from ..output import Table, Text
from ..registry import command


def parse(text):
    """Controllers from `esxcli nvme device list` and the `esxcli nvme device get -A vmhbaN` outputs after it.

    Every `get` output follows a line that names its adapter: `# esxcli nvme device get -A vmhba2`.
    """
    controllers = {}
    adapter = None
    for line in (text or "").splitlines():
        asked = re.search(r"device get -A\s*(vmhba\d+)", line)
        listed = re.match(r"(vmhba\d+)\s+(\S+)\s+(\S+)\s*$", line)
        field = re.match(r"\s+([^:]+): (.*)$", line)
        if asked:
            adapter = asked.group(1)
        elif listed:
            controllers[listed.group(1)] = {"status": listed.group(2), "signature": listed.group(3), "fields": {}}
        elif field and adapter:
            controllers[adapter]["fields"][field.group(1)] = field.group(2)
    return controllers


def _key(text):
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def controller_of(world, name):
    """The controller of an NVMe disk, or None: same model; equal models in order."""
    if not name.startswith(("t10.NVMe", "eui.")):
        return None
    disks = world.hardware["disks"]
    model = _key(disks[name].get("Model", ""))
    twins = [other for other in disks if other.startswith(("t10.NVMe", "eui."))
             and _key(disks[other].get("Model", "")) == model]
    found = [adapter for adapter, data in world.hardware["nvme"].items()
             if model and _key(data["fields"].get("Model Number", "")) == model]
    at = twins.index(name)
    return found[at] if at < len(found) else None


@command("nvme device list")
def device_list(world, _options):
    rows = [[adapter, data["status"], data["signature"]] for adapter, data in world.hardware["nvme"].items()]
    return Table(["HBA Name", "Status", "Signature"], rows, type_name="NvmeDevice")


@command("nvme device get")
def device_get(world, options):
    data = world.hardware["nvme"].get(options["adapter"])
    if data is None:
        if world.switch("nvme_unknown_adapter") == "rc0":
            return None
        raise EsxiError(f"Adapter {options['adapter']} is not an NVMe adapter")
    # Unlike other structs this one has its heading at column 0.
    return Text("Controller Identify Info:\n" + "".join(f"   {name}: {value}\n"
                                                        for name, value in data["fields"].items()))
