# %firstboot of the kickstart, run by busybox ash: configure the host, then remove payload and secrets.
root="${ESXIIMG_ROOT:-}"

python=python3
command -v "$python" >/dev/null 2>&1 || python=python

export PYTHONDONTWRITEBYTECODE=1
PYTHONPATH="$root/esxiimg" exec "$python" -m hostconf firstboot
