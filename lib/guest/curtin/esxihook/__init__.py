"""What curtin's hooks need, from the folder they lie in: standard library only, no network."""

import os
import sys

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# `common` lies beside this package on an image; in a source tree a level higher, beside curtin/.
if not os.path.isdir(os.path.join(_FOLDER, "common")):
    sys.path.insert(0, os.path.dirname(_FOLDER))


class HookError(Exception):
    """The deployment cannot go on; the message goes into curtin's log. It never holds a credential."""
