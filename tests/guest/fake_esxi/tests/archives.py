"""Archives as boot modules are, made for a test."""
import io
import tarfile


def module(files, kind=tarfile.GNU_FORMAT, folders=("sample",), compress="gz", uid=0):
    """A boot module as bytes: parents first."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode=f"w:{compress}" if compress else "w", format=kind) as archive:
        for name in folders:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(entry)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode, entry.uid = len(data), 0o644, uid
            archive.addfile(entry, io.BytesIO(data))
    return raw.getvalue()
