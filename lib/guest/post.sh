# %post of the kickstart, run by busybox ash: keep payload and host description in the boot banks.
root="${ESXIIMG_ROOT:-}"

python=python3
command -v "$python" >/dev/null 2>&1 || python=python

export PYTHONDONTWRITEBYTECODE=1
PYTHONPATH="$root/esxiimg" exec "$python" -m hostconf post
