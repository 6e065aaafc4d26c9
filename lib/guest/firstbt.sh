# %firstboot of the kickstart, run by busybox ash: let people in, configure the host, remove payload and secrets.
#
# Without an argument both halves are done. "configure" and "finish" are the halves by themselves, for kickstarts
# with sections of their own between them; "clean" removes what a failed first boot kept.
root="${ESXIIMG_ROOT:-}"

python=python3
command -v "$python" >/dev/null 2>&1 || python=python

export PYTHONDONTWRITEBYTECODE=1
PYTHONPATH="$root/esxiimg" exec "$python" -m hostconf "${1:-firstboot}"
