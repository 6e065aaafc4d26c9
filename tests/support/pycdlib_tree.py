"""Prints SHA-256 by path of what pycdlib finds in one tree of an ISO, as JSON. Status 2: there is none.

pycdlib_tree.py iso|joliet|rr ISO
"""

import hashlib
import io
import json
import sys

import pycdlib

kind, path = sys.argv[1:]
iso = pycdlib.PyCdlib()
iso.open(path)
if (kind == "joliet" and not iso.has_joliet()) or (kind == "rr" and not iso.has_rock_ridge()):
    sys.exit(2)
argument = kind + "_path"
tree = {}
for folder, _, files in iso.walk(**{argument: "/"}):
    for name in files:
        full = folder.rstrip("/") + "/" + name
        data = io.BytesIO()
        iso.get_file_from_iso_fp(data, **{argument: full})
        tree[full[1:]] = hashlib.sha256(data.getvalue()).hexdigest()
json.dump(tree, sys.stdout)
