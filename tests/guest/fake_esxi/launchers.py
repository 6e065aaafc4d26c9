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


# busybox's ash runs its own applets before it looks at PATH: a plain `reboot` would restart this very machine.
# Functions come before applets; `sh` is one of them, so that scripts which call scripts stay inside.
_PRELUDE = """\
fake_bin="$FAKE_ESXI_ROOT/../bin"
fake_sh() {{
  if [ "$1" = -c ]; then
    shift
    fake_text="$1"
    shift
    busybox ash -c ". \"\$FAKE_ESXI_ROOT/../bin/.prelude\"; $fake_text" "$@"
  else
    busybox ash -c '. "$FAKE_ESXI_ROOT/../bin/.prelude"; . "$0"' "$@"
  fi
}}
sh() {{ fake_sh "$@"; }}
ash() {{ fake_sh "$@"; }}
{functions}"""


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
    functions = "".join(f'{name}() {{ "$fake_bin/{name}" "$@"; }}\n' for name in catalogue.on_path()
                        if name.isalnum())
    with open(os.path.join(host.bin, ".prelude"), "w", encoding="utf-8") as file:
        file.write(_PRELUDE.format(functions=functions))
    for path in catalogue.by_path():
        _link(script, host.path(path))


def _link(script, path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(script, path)
