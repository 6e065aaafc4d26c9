"""Turn any deployer's metadata into a configured ESXi host.

Runs on the host's own Python (3.5 and later) with the standard library only, and on any laptop
that has Python 3 (``python3 -m hostconf plan``).
"""

import os
import sys

# `common` lies beside this package. Found there first, whatever the folder this was started in holds.
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
