"""Where things are on the host. Tests set ESXIIMG_ROOT to a folder that stands for its root."""

import os

from common import bootmodule, erase
from hostconf.host.log import open_stream

PAYLOAD = "/esxiimg"
IMAGE = PAYLOAD + "/image.json"
METADATA = PAYLOAD + "/metadata"
# Where a boot module puts the description: MAAS's in the installer, ours on the installed host.
HOST_FOLDER = "/" + bootmodule.DESCRIPTION_FOLDER
MAAS_DESCRIPTION = "/" + bootmodule.DESCRIPTION_PATH
INCLUDES = "/tmp/esxiimg"
DESCRIPTION = INCLUDES + "/description.json"

LOG = "/var/log/esxi-img.log"
CONSOLES = ("/dev/console", "/dev/tty1")


def root_folder():
    """"" on a real host."""
    return os.environ.get("ESXIIMG_ROOT", "")


def console_streams(root):
    """The consoles that can be written to. Opening one never waits, nor makes it the controlling terminal."""
    streams = []
    for path in CONSOLES:
        try:
            number = os.open(root + path, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            continue
        streams.append(os.fdopen(number, "w", encoding="utf-8", errors="replace"))
    return streams


def install_log(root):
    """The log file, which on an installed host lies on a disk; None when it cannot be opened."""
    return open_stream(root + LOG)


def write_private(path, text):
    """Write a file that only root may read, in a folder that only root may enter."""
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        os.makedirs(folder, 0o700)
    # A file that is there keeps its mode when it is opened: take it away first.
    if os.path.lexists(path):
        erase.remove(path)
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(text)
