"""The bytes of a device, or of a part of one."""

from hostconf.media.structure import MediaError

# Read at once, at multiples of itself: raw devices take whole sectors only, and no sector is larger than 4096 bytes.
BLOCK_BYTES = 16 * 1024
# The end of a device may lie within a block, and some systems then refuse the block: sectors of a CD.
SMALL_BYTES = 2048
CACHED_BLOCKS = 64


class Device:
    """A device that is read in whole blocks, a few of which are kept.

    @param file: has seek(offset, whence) and read(count) → bytes, as a file that was opened without buffer
    """

    def __init__(self, file):
        self._file = file
        self._blocks = {}

    def read(self, at, count):
        """Exactly `count` bytes at an offset. @raise MediaError: the device ends before; OSError: it cannot be read"""
        if at < 0 or count < 0:
            raise MediaError("a place before the device's begin is named")
        pieces = []
        while count > 0:
            block = self._block(at // BLOCK_BYTES)
            piece = block[at % BLOCK_BYTES:at % BLOCK_BYTES + count]
            if not piece:
                raise MediaError("the device ends at byte %d or before" % at)
            pieces.append(piece)
            at += len(piece)
            count -= len(piece)
        return b"".join(pieces)

    def size(self):
        """Where the device ends, in bytes, or None where that cannot be asked."""
        try:
            return self._file.seek(0, 2) or None
        except (OSError, ValueError):
            return None

    def _block(self, number):
        if number not in self._blocks:
            if len(self._blocks) >= CACHED_BLOCKS:
                self._blocks.clear()
            self._blocks[number] = self._fetch(number * BLOCK_BYTES)
        return self._blocks[number]

    def _fetch(self, at):
        try:
            return self._exactly(at, BLOCK_BYTES)
        except OSError:
            data = b""
            while len(data) < BLOCK_BYTES:
                try:
                    piece = self._exactly(at + len(data), SMALL_BYTES)
                except OSError:
                    if not data:
                        raise
                    break
                data += piece
                if len(piece) < SMALL_BYTES:
                    break
            return data

    def _exactly(self, at, count):
        """The bytes up to the device's end, however many a single read gives."""
        try:
            self._file.seek(at)
        except (ValueError, OverflowError):
            raise MediaError("the device has no byte %d" % at)
        data = b""
        while len(data) < count:
            piece = self._file.read(count - len(data))
            if not piece:
                break
            data += piece
        return data


class Part:
    """A range of a device, such as a partition. Nothing outside it can be read.

    @param device: a Device
    @param start, length: in bytes
    """

    def __init__(self, device, start, length):
        self._device = device
        self._start = start
        self._length = length

    def read(self, at, count):
        """As Device.read, within the range."""
        if at < 0 or count < 0 or at + count > self._length:
            raise MediaError("a place outside the partition is named")
        return self._device.read(self._start + at, count)
