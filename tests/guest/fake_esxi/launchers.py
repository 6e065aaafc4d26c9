"""The commands in bin/: links to one small script that runs this package with the name it was called by.

Paths in them are those that the host's programs see: the sandbox's own, or those of a container (contained.py).
"""
import os
import shutil
import sys

from . import catalogue

PACKAGE = os.path.dirname(os.path.abspath(__file__))
_SCRIPT = """\
#!{python} -IS
import sys
sys.path.insert(0, {code!r})
from fake_esxi.launch import main
main(sys.argv, {root!r})
"""


# busybox's ash runs its own applets before it looks at PATH: a plain `reboot` would restart this very machine.
# Functions come before applets; `sh` is one of them, so that scripts which call scripts stay inside.
_PRELUDE = """\
fake_bin='{bin}'
fake_exec=  # "exec" where a program stands for a function of this file (contained.py)
fake_sh() {{
  fake_flags=
  while :; do
    case "$1" in
      -o) fake_flags="$fake_flags -o $2"; shift 2 ;;
      --) shift; break ;;
      -*c) fake_flags="$fake_flags ${{1%c}}"; fake_text="$2"; shift 2
        [ "$fake_flags" = " -" ] && fake_flags=
        $fake_exec '{busybox}' ash $fake_flags -c ". '{bin}/.prelude'; $fake_text" "$@"
        return ;;
      -?*|+?*) fake_flags="$fake_flags $1"; shift ;;
      *) break ;;
    esac
  done
  case "$1" in
    '') $fake_exec '{busybox}' ash $fake_flags -c ". '{bin}/.prelude'; . /proc/self/fd/0" ;;
    */*) $fake_exec '{busybox}' ash $fake_flags -c '. "'"$fake_bin"'/.prelude"; . "$0"' "$@" ;;
    *) fake_file="./$1"; shift
      $fake_exec '{busybox}' ash $fake_flags -c '. "'"$fake_bin"'/.prelude"; . "$0"' "$fake_file" "$@" ;;
  esac
}}
sh() {{ fake_sh "$@"; }}
ash() {{ fake_sh "$@"; }}
busybox() {{
  case "$1" in
    sh|ash) shift; fake_sh "$@" ;;
    {names}) fake_name="$1"; shift; $fake_exec "$fake_bin/$fake_name" "$@" ;;
    *) $fake_exec '{busybox}' "$@" ;;
  esac
}}
{functions}"""


def write_launchers(host):
    """Fill bin/, and put the scripts that are called by full path into the host's root."""
    os.makedirs(host.bin, exist_ok=True)
    seen = host.seen_as or host.sandbox
    seen_bin = os.path.join(seen, "bin")
    script = os.path.join(host.bin, ".launch")
    write_program(script, _SCRIPT.format(
        python=os.path.realpath(sys.executable), root=os.path.join(seen, "root"),
        code=os.path.join(seen, "code") if host.seen_as else os.path.dirname(PACKAGE)))
    seen_script = os.path.join(seen_bin, ".launch")
    for name in catalogue.on_path():
        link(seen_script, os.path.join(host.bin, name))
    plain = [name for name in catalogue.on_path() if name.isalnum()]
    functions = "".join(f'{name}() {{ "$fake_bin/{name}" "$@"; }}\n' for name in plain)
    busybox = os.path.join(seen_bin, ".real", "busybox") if host.seen_as else shutil.which("busybox") or "busybox"
    with open(os.path.join(host.bin, ".prelude"), "w", encoding="utf-8") as file:
        file.write(_PRELUDE.format(bin=seen_bin, busybox=busybox, names="|".join(plain), functions=functions))
    for path in catalogue.by_path():
        link(seen_script, host.path(path))


def write_program(path, text):
    """An executable script."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)


def link(target, path):
    """A symbolic link, unless something is there already."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.lexists(path):
        os.symlink(target, path)
