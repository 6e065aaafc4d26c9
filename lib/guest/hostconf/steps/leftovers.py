"""What a first boot leaves behind: nothing, or what running the step again by hand needs."""

import os

from common import bootmodule, description as schema, erase
from hostconf.host import bootbank, drivers
from hostconf.host.places import HOST_FOLDER, INCLUDES, MAAS_DESCRIPTION, PAYLOAD, write_private

# A copy of the log where it lasts even if /var/log is still in memory.
KEPT_LOG = "/bootbank/esxi-img.log"
# What `configure` leaves for `finish`.
OUTCOME = HOST_FOLDER + "/outcome.json"

# The fields of a description that each area that can be repeated reads; login's are kept always.
_FIELDS = {"network": ("network", "refusal"), "network options": ("network", "refusal", "vm_network"),
           "vm networks": ("network", "refusal"),
           "name": ("hostname",), "dns": ("dns",), "ntp": ("ntp",), "syslog": ("syslog",),
           "settings": ("advanced", "kernel"), "licence": ("licence_key",), "storage": ("storage",), "login": ()}


def remove_everything(host, log):
    """Remove payload, description and secrets."""
    for bank in bootbank.find(host):
        bootbank.remove_modules(bank)
    if os.path.exists(host.path(KEPT_LOG)):
        os.remove(host.path(KEPT_LOG))
    for folder in (HOST_FOLDER, INCLUDES, drivers.FOLDER, PAYLOAD):
        erase.remove_tree(host.path(folder))
    _forget_loaded(host, log, bootbank.MODULES)


def _forget_loaded(host, log, names):
    for name in bootbank.forget_loaded(host, names):
        log.warn("%s/%s stays in memory until the next start, for root to read" % (bootbank.LOADED, name))


def keep_for_repetition(host, log, description, again):
    """Keep the payload and the parts of the description whose areas failed.

    @param again: names of areas
    """
    # Before the file below is written: it comes from this module.
    _forget_loaded(host, log, (bootbank.DESCRIPTION_MODULE,))
    text = schema.dumps(_only(description, again))
    for bank in bootbank.find(host):
        bootbank.replace_description(bank, bootmodule.pack_description(text))
    write_private(host.path(MAAS_DESCRIPTION), text)
    if os.path.exists(host.path(OUTCOME)):
        erase.remove(host.path(OUTCOME))
    erase.remove_tree(host.path(INCLUDES))


def _only(description, names):
    """The description with the fields of these areas alone."""
    fields = ["format", "source", "ssh_keys", "services"]
    for name in names:
        fields += _FIELDS[name]
    return schema.validate(dict((field, description[field]) for field in fields))
