"""VIBs as their makers publish them, and the module that carries them, made for a test."""
import gzip
import hashlib
import json

from fake_esxi.tests import archives

_FOLDERS = ("usr", "usr/lib", "usr/lib/vmware", "usr/lib/vmware/vmkmod")


def tar(files, folders=()):
    """An archive that is not compressed."""
    return archives.module(files, folders=folders, compress="")


def make_module(name):
    """The payload of a driver: a program for the kernel."""
    content = tar({"usr/lib/vmware/vmkmod/" + name: b"\x7fELF" + name.encode()}, _FOLDERS)
    return gzip.compress(content, mtime=0)


def make_vib(name, version="1.0-1OEM.800.1.0.20613240", level="partner", signature=b"signature", unpacked_sum=True):
    """A VIB as bytes."""
    module = make_module(name)
    sums = ['<checksum checksum-type="sha-256">%s</checksum>' % hashlib.sha256(module).hexdigest()]
    if unpacked_sum:
        sums.append('<checksum checksum-type="sha-256" verify-process="gunzip">%s</checksum>'
                    % hashlib.sha256(gzip.decompress(module)).hexdigest())
    descriptor = ('<vib version="5.0"><type>bootbank</type><name>%s</name><version>%s</version><vendor>ACME</vendor>'
                  "<file-list><file>usr/lib/vmware/vmkmod/%s</file></file-list>"
                  "<acceptance-level>%s</acceptance-level>"
                  '<payloads><payload name="%s" type="vgz" size="%d">%s</payload></payloads></vib>'
                  % (name, version, name, level, name, len(module), "".join(sums))).encode()
    parts = [b"!<arch>\n"]
    for part, data in (("descriptor.xml", descriptor), ("sig.pkcs7", signature), (name, module)):
        parts += [("%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (part, 0, 0, 0, "100644", len(data))).encode(), data,
                  b"\n" * (len(data) % 2)]
    return b"".join(parts)


def make_carrier(vibs, modules, acceptance=None):
    """The bytes of esxidrvs.tar.

    @param vibs: (name, version, acceptance level, bytes) of each
    @param modules: (name of the module, id of its VIB or None) of each
    """
    listed = {"format": 1, "acceptance": acceptance,
              "modules": [{"name": name, "vib": vib} for name, vib in modules],
              "vibs": [{"id": "ACME_bootbank_%s_%s" % (name, version), "name": name, "version": version,
                        "vendor": "ACME", "acceptance_level": level, "file": "%d-%s.vib" % (at, name)}
                       for at, (name, version, level, _) in enumerate(vibs)]}
    files = {"esxiimg-drivers/drivers.json": json.dumps(listed).encode()}
    files.update(("esxiimg-drivers/%d-%s.vib" % (at, vib[0]), vib[3]) for at, vib in enumerate(vibs))
    return tar(files, ["esxiimg-drivers"])
