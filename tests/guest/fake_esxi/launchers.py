"""The commands in bin/: links to one small script that runs this package with the name it was called by."""
import os
import sys

from . import catalogue

_SCRIPT = """\
#!{python} -IS
import sys
sys.path.insert(0, {package_folder!r})
from fake_esxi.launch import main
main(sys.argv)
"""


def write_launchers(host):
    """Fill bin/, and put the scripts that are called by full path into the host's root."""
    os.makedirs(host.bin, exist_ok=True)
    script = os.path.join(host.bin, ".launch")
    package_folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    with open(script, "w", encoding="utf-8") as file:
        file.write(_SCRIPT.format(python=os.path.realpath(sys.executable), package_folder=package_folder))
    os.chmod(script, 0o755)
    for name in catalogue.on_path():
        _link(script, os.path.join(host.bin, name))
    for path in catalogue.by_path():
        _link(script, host.path(path))


def _link(script, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(script, path)
