# %pre of the kickstart, run by busybox ash: find the metadata and write what the kickstart includes.
#
# An exit status of %pre is not known to stop the installer, so a refused installation stays here for ever:
# the kickstart cannot go on while %pre runs. The include files are removed besides; without them the kickstart
# names neither disk nor password.
root="${ESXIIMG_ROOT:-}"
console="$root/dev/console"

say() {
    echo "esxi-img: $*" >&2
    if [ -w "$console" ]; then
        echo "esxi-img: $*" >>"$console"
    fi
}

python=python3
command -v "$python" >/dev/null 2>&1 || python=python

export PYTHONDONTWRITEBYTECODE=1
if PYTHONPATH="$root/esxiimg" "$python" -m hostconf pre; then
    exit 0
fi

rm -f "$root/tmp/esxiimg/rootpw" "$root/tmp/esxiimg/disk" "$root/tmp/esxiimg/network"
while :; do
    say "INSTALLATION STOPPED. No disk was written to. The reason stands above and in /var/log/esxi-img.log"
    tail -n 20 "$root/var/log/esxi-img.log" 2>/dev/null | grep ' error: ' | while read -r line; do
        say "$line"
    done
    say "Switch the machine off or reset it when the cause is gone."
    sleep 60
done
