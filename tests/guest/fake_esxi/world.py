"""One running host: its state (plain JSON data) and its files, as the commands see them.

state["config"]    what ESXi keeps in its configuration store; lasts when it was saved
state["runtime"]   what a boot resets: services, hostd, mounts, requests to reboot
state["hardware"]  NICs, disks, NVMe controllers, the networks outside
state["storage"]   partition tables and volumes: lasts by itself
state["saved"]     the configuration as of the last backup
"""
from . import releases
from .errors import EsxiError


def plain_copy(value):
    """A copy of plain JSON data; several times faster than copy.deepcopy."""
    if isinstance(value, dict):
        return {key: plain_copy(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain_copy(entry) for entry in value]
    return value


class World:
    def __init__(self, state, files):
        self.state = state
        self.files = files

    @property
    def config(self):
        return self.state["config"]

    @property
    def runtime(self):
        return self.state["runtime"]

    @property
    def hardware(self):
        return self.state["hardware"]

    @property
    def storage(self):
        return self.state["storage"]

    @property
    def switches(self):
        return self.state["switches"]

    def switch(self, name):
        return self.state["switches"][name]

    @property
    def release(self):
        """The version as numbers: (8, 0, 3)."""
        return releases.numbers(self.state["release"])

    def at_least(self, version):
        return self.release >= releases.numbers(version)

    def find_name(self, name, names):
        """`name` as it stands in `names`, or None; case counts unless the switch says otherwise."""
        if name in names:
            return name
        if self.switch("name_case") == "insensitive":
            for other in names:
                if other.lower() == name.lower():
                    return other
        return None

    def hostd_up(self):
        return self.runtime["hostd"] == "up"

    def notice_call(self):
        """Count one call that needs hostd; a starting hostd answers after the calls it was told to fail."""
        left = self.runtime["hostd"]
        if isinstance(left, int):
            self.runtime["hostd"] = left - 1 if left > 1 else "up"
            return False
        return left == "up"

    def require(self, condition, sentence):
        if not condition:
            raise EsxiError(sentence)
