"""Names of Rock Ridge (IEEE P1282) in the system use areas of ISO 9660's directory records (IEEE P1281, SUSP)."""

from hostconf.media.structure import MediaError, Structure

MAX_CONTINUATIONS = 4096
MAX_NAME_BYTES = 1024

# SUSP, section 4: every field begins so.
_FIELD = Structure(4, signature=(0, "2s"), length=(2, "B"))
# SUSP, sections 5.3 (SP) and 5.1 (CE); Rock Ridge, section 4.1.4 (NM).
_SP = Structure(7, check=(4, "2s"), skip=(6, "B"))
_CE = Structure(28, block=(4, "<I"), offset=(12, "<I"), length=(20, "<I"))
_NM = Structure(5, flags=(4, "B"))
_SP_CHECK = b"\xbe\xef"
_NM_SPECIAL = 0x02 | 0x04  # "." and ".."
_XA_BYTES = 14  # what CD-ROM XA puts before


def skip_bytes(area):
    """How many bytes come before the fields of each system use area; None: there is no Rock Ridge.

    @param area: the system use area of the root directory's first record
    """
    for at in (0, _XA_BYTES):
        if area[at:at + 2] == b"SP" and len(area) >= at + _SP.length:
            field = _SP.read(area, at)
            if field.check == _SP_CHECK:
                return field.skip
    return None


class Names:
    """Reads names. All of a volume together may continue elsewhere MAX_CONTINUATIONS times.

    @param skip: as skip_bytes found it
    """

    def __init__(self, device, sector_bytes, skip):
        self._device = device
        self._sector_bytes = sector_bytes
        self._skip = skip
        self._continuations = 0

    def name(self, area):
        """The name that a system use area and its continuations hold, or None.

        @raise MediaError: a continuation lies outside the device, or there are too many
        """
        found, continuation = _fields(area[self._skip:])
        while continuation is not None and len(found) <= MAX_NAME_BYTES:
            self._continuations += 1
            if self._continuations > MAX_CONTINUATIONS or continuation.length > self._sector_bytes:
                raise MediaError("the continuation areas of names are damaged")
            at = continuation.block * self._sector_bytes + continuation.offset
            part, continuation = _fields(self._device.read(at, continuation.length))
            found += part
        return found.decode("utf-8", "replace") or None


def _fields(area):
    """(part of the name, where the area continues or None)"""
    found, continuation, at = b"", None, 0
    while at + _FIELD.length <= len(area):
        field = _FIELD.read(area, at)
        end = at + field.length
        if field.length < _FIELD.length or end > len(area) or field.signature == b"ST":
            break
        if field.signature == b"NM" and field.length >= _NM.length and not _NM.read(area, at).flags & _NM_SPECIAL:
            found += area[at + _NM.length:end]
        elif field.signature == b"CE" and field.length >= _CE.length:
            continuation = _CE.read(area, at)
        at = end
    return found, continuation
