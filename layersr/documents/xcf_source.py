"""A file of pointers that may be malicious: read anywhere, but no more in all than there is.

In a sound XCF file no byte belongs to two things. So whoever reads it counts what he takes; where that is more than the
file has, pointers lead to the same place again and again, and a small file would make a large picture.
"""

import struct
from collections.abc import Iterator
from mmap import mmap

from layersr.documents.xcf_spelling import Property


class Source:
    """The bytes of a file.

    Args:
        data: all of them.
        wide: whether pointers have 64 bits.
    """

    def __init__(self, data: bytes | mmap, wide: bool = False) -> None:
        self._data, self.wide, self._taken = data, wide, 0

    def __len__(self) -> int:
        return len(self._data)

    def ahead(self, place: int, size: int) -> bytes:
        """At most so many bytes, not counted yet: `taken` says how many they were."""
        return self._data[place : place + size]

    def taken(self, size: int) -> None:
        """Count bytes.

        Raises:
            ValueError: more were taken than there are.
        """
        self._taken += size
        if self._taken > len(self._data):
            raise ValueError("its parts lie in one another")


class Cursor:
    """A place in a `Source` that moves on as it is read.

    Raises:
        ValueError: in every method, where the file ends too early or was taken already.
    """

    def __init__(self, source: Source, place: int) -> None:
        self._source, self.place = source, place
        if not 0 <= place < len(source):
            raise ValueError("a pointer leads out of the file")

    def raw(self, size: int) -> bytes:
        """The next bytes."""
        found = self._source.ahead(self.place, size)
        if len(found) != size:
            raise ValueError("it is cut short")
        self._source.taken(size)
        self.place += size
        return found

    def take(self, form: str) -> tuple:
        """The next numbers, in the words of `struct`, big-endian."""
        return struct.unpack(f">{form}", self.raw(struct.calcsize(f">{form}")))

    def integer(self) -> int:
        """The next 32 bits."""
        return self.take("I")[0]

    def pointer(self) -> int:
        """The next pointer; 0 leads nowhere."""
        return self.take("Q" if self._source.wide else "I")[0]

    def pointers(self) -> Iterator[int]:
        """Pointers up to the 0 that ends them."""
        while place := self.pointer():
            yield place

    def string(self) -> str:
        """The next text; what is no UTF-8 in it becomes the replacement character."""
        return self.raw(self.integer()).partition(b"\0")[0].decode("utf-8", "replace")

    def properties(self, version: int) -> dict[int, bytes]:
        """A list of properties, by number; of one that comes twice the last, but all lists of parasites."""
        found: dict[int, bytes] = {}
        while True:
            kind, size = self.take("2I")
            if kind == Property.END:
                return found
            if kind == Property.COLORMAP:  # some versions of GIMP wrote a wrong length
                count = self.integer()
                data = self.raw(3 * count if version else count)
            else:
                data = self.raw(size)
            found[kind] = found.get(kind, b"") + data if kind == Property.PARASITES else data


def parasites(block: bytes) -> dict[str, bytes]:
    """The parasites in a property, by name.

    Raises:
        ValueError: they are damaged.
    """
    found = {}
    if block:
        cursor, end = Cursor(Source(block), 0), len(block)
        while cursor.place < end:
            name = cursor.string()
            cursor.integer()  # flags
            found[name] = cursor.raw(cursor.integer())
    return found
