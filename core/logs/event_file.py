"""Scalars in TensorBoard event files.

A file is a sequence of records (TensorFlow, `core/lib/io/record_writer.cc`):

    uint64  length of the data, little-endian
    uint32  masked CRC-32C of the length
    byte    data[length]
    uint32  masked CRC-32C of the data

The data are a protocol buffer `Event` (`tensorflow/core/util/event.proto`), of which these fields are
read:

    Event        1 double wall_time   2 int64 step   5 Summary summary
    Summary      1 repeated Value value
    Value        1 string tag   2 float simple_value   8 TensorProto tensor
    TensorProto  1 enum dtype (1 float, 2 double)   4 bytes tensor_content
                 5 repeated float float_val   6 repeated double double_val
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from core.logs.series import LARGEST_STEP, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.logs.series import MetricTable

HEADER: Final = 12
CHECKSUM: Final = 4

LONGEST_RECORD: Final = 2**20
"""Bytes of a record with scalars; longer ones contain pictures or a graph, and are skipped."""

MOST_VALUES: Final = 1_000
"""Values of one record."""

MASK: Final = 0xA282EAD8
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Types of fields of a protocol buffer."""

_LENGTH, _UINT32 = Struct("<Q"), Struct("<I")
_FLOAT, _DOUBLE = Struct("<f"), Struct("<d")


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return tuple(table)


_TABLE: Final = _crc_table()


def masked_crc(data: bytes) -> int:
    """Return the CRC-32C of data as it is stored: rotated, plus a constant."""
    crc, table = 0xFFFFFFFF, _TABLE
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return (crc >> 15 | crc << 17) + MASK & 0xFFFFFFFF


def is_header(data: bytes, at: int = 0) -> bool:
    """Return whether a record begins at a position."""
    if len(data) < at + HEADER or data[at + 6] or data[at + 7]:  # no record has 2**48 bytes
        return False
    return bool(_UINT32.unpack_from(data, at + 8)[0] == masked_crc(data[at : at + 8]))


class EventReader:
    """Reads the scalars of complete records; damaged ones are skipped."""

    def __init__(self, table: MetricTable, *, is_aligned: bool = True) -> None:
        """Prepare to read.

        Args:
            table: gets the scalars.
            is_aligned: whether the data start with a record; otherwise the first one is searched.
        """
        self.table = table
        self._rest = b""
        self._skipped = 0  # bytes of a long record that are still to come
        self._is_lost = not is_aligned

    def for_older(self, table: MetricTable) -> EventReader:
        """Return a reader for an earlier part of the file, which may start within a record."""
        return EventReader(table, is_aligned=False)

    def feed(self, data: bytes) -> None:
        """Read data that follow those before; an incomplete last record waits for its end."""
        skipped = min(self._skipped, len(data))
        self._skipped -= skipped
        data, at = self._rest + data[skipped:], 0
        while len(data) - at >= HEADER:
            if not is_header(data, at):
                self.table.damaged += not self._is_lost
                self._is_lost = True
                at += 1
                continue
            self._is_lost = False
            length: int = _LENGTH.unpack_from(data, at)[0]
            end = at + HEADER + length + CHECKSUM
            if length > LONGEST_RECORD:
                self._skipped = max(0, end - len(data))
                at = min(end, len(data))
            elif end > len(data):
                break
            else:
                self._read_record(data[at + HEADER : end - CHECKSUM], data[end - CHECKSUM : end])
                at = end
        self._rest = data[at:]

    def _read_record(self, data: bytes, checksum: bytes) -> None:
        if _UINT32.unpack(checksum)[0] != masked_crc(data):
            self.table.damaged += 1
            return
        try:
            self._read_event(data)
        except (ValueError, IndexError):  # the checksum is right, but the content is no event
            self.table.damaged += 1

    def _read_event(self, data: bytes) -> None:
        step, values = 0, []
        for number, kind, value in _fields(data):
            if (number, kind) == (2, VARINT) and isinstance(value, int):
                step = value - (value >> 63 << 64)  # two's complement
            elif (number, kind) == (5, BYTES) and isinstance(value, bytes):
                values += [each for at, _, each in _fields(value) if at == 1][:MOST_VALUES]
        if not -LARGEST_STEP < step < LARGEST_STEP:
            return
        found = False
        for each in values:
            tag, scalar = _tag_and_scalar(each) if isinstance(each, bytes) else ("", None)
            if scalar is not None:
                self.table.add(printable(tag), step, scalar)
                found = True
        if found:
            self.table.finish_row(step)


def _tag_and_scalar(data: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, kind, value in _fields(data):
        if not isinstance(value, bytes):
            continue
        if (number, kind) == (1, BYTES):
            tag = value.decode("utf-8", "replace")
        elif (number, kind) == (2, FIXED32):
            scalar = _FLOAT.unpack(value)[0]
        elif (number, kind) == (8, BYTES):
            scalar = _scalar_of(value)
    return tag, scalar


def _scalar_of(tensor: bytes) -> float | None:
    """Return the number of a tensor of one number, or None."""
    dtype, content, listed = 0, b"", b""
    for number, _, value in _fields(tensor):
        if number == 1 and isinstance(value, int):
            dtype = value
        elif number == 4 and isinstance(value, bytes):
            content = value
        elif number == 4 + dtype and isinstance(value, bytes):
            listed += value
    form = {1: _FLOAT, 2: _DOUBLE}.get(dtype)
    raw = content or listed
    if form is None or len(raw) != form.size:
        return None
    number_found: float = form.unpack(raw)[0]
    return number_found


def _fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Return the number, the type and the value of each field of a protocol buffer.

    Raises:
        ValueError, IndexError: when the data are no protocol buffer.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(data, at)
            yield key >> 3, kind, value
            continue
        if kind == BYTES:
            length, at = _varint(data, at)
        elif kind in {FIXED32, FIXED64}:
            length = 4 if kind == FIXED32 else 8
        else:
            raise ValueError
        if length > len(data) - at:
            raise ValueError
        yield key >> 3, kind, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of seven bits per byte, and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise ValueError
