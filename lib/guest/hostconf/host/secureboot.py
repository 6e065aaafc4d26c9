"""UEFI Secure Boot, with which ESXi runs no %firstboot and takes no boot module that VMware did not sign."""

import re

TOOL = "/usr/lib/vmware/secureboot/bin/secureBoot.py"


def is_on(host):
    """Whether it is on, as far as the host can tell.

    @param host: has run(argv) → (status, output) and path(name)
    """
    status, output = host.run(["python3", host.path(TOOL), "-s"])
    return status == 0 and re.search(r"\benabled\b", output, re.IGNORECASE) is not None
