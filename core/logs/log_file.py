"""One log file that is read while another program writes it: the newest part first, then the rest."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

from core.input_file import InputFileError, open_input, unreadable
from core.logs.event_file import EventReader, is_header
from core.logs.series import MetricTable
from core.logs.text import CsvReader, JsonReader, LineReader

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from core.input_file import InputFile

Reader: TypeAlias = CsvReader | JsonReader | EventReader

NEWEST: Final = 2**21
"""Bytes at the end of a large file that are read first."""

PIECE: Final = 2**16
"""Bytes that are read at once, between two looks at the clock."""

BLOCK: Final = 2**17
MOST_BLOCKS: Final = 256
"""Blocks of the older part of a file that are read. If it has more, they are evenly spaced."""

COMPARED: Final = 256
"""Bytes at the start, and before the end of what was read, by which a replaced file is noticed:
Lightning writes its whole file again for a new column."""


class LogFile:
    """Metrics in a file, as far as they were read.

    Attributes:
        path: of the file.
        table: its metrics.
        modified: time of its last change, in seconds since the Unix epoch.
        problem: why it cannot be read now, or "".
        share_read: share of the blocks before the newest part that is or will be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.modified = 0.0
        self.problem = ""
        self.revision = 0
        self._restart()

    def _restart(self) -> None:
        self.table = MetricTable()
        self.share_read = 1.0
        self.revision += 1
        self._reader: Reader | None = None
        self._position = 0
        self._size, self._seen = -1, 0
        self._head = self._end = b""
        self._older: list[tuple[int, int]] = []  # the newest last

    @property
    def is_behind(self) -> bool:
        """Whether a part of the file is still to be read."""
        return self._position < self._size or bool(self._older)

    @property
    def format(self) -> str:
        """Name of the format, or "" if it is not known yet."""
        names = {CsvReader: "CSV", JsonReader: "JSON lines", EventReader: "TensorBoard events"}
        return "" if self._reader is None else names[type(self._reader)]

    @property
    def lacks_steps(self) -> bool:
        """Whether what was read is a table without a column that counts steps."""
        return isinstance(self._reader, CsvReader) and not self._reader.has_header

    def read(self, seconds: float) -> bool:
        """Read what is new, then older parts, for about this time; return whether anything changed."""
        before = self.revision, self.problem
        try:
            with open_input(self.path) as file:
                self.problem = ""
                self._read(file, monotonic() + seconds)
        except InputFileError as error:
            self.problem = str(error)
        except OSError as error:
            self.problem = str(unreadable(error))
        return (self.revision, self.problem) != before

    def _read(self, file: InputFile, deadline: float) -> None:
        stream = file.stream
        self.modified = file.modified / 1e9
        if (file.size, file.modified) != (self._size, self._seen):
            if self._is_replaced(stream, file.size):
                self._restart()
            self._size, self._seen = file.size, file.modified
        if self._reader is None and not self._begin(stream, file.size):
            return
        while self._position < self._size:
            stream.seek(self._position)
            data = stream.read(min(PIECE, self._size - self._position))
            if not data:
                self._size = self._position  # it was truncated just now
                break
            self._position += len(data)
            self._end = (self._end + data)[-COMPARED:]
            self._feed(data)
            if monotonic() > deadline:
                return
        while self._older and monotonic() < deadline:
            self._read_older(stream, *self._older.pop())

    def _feed(self, data: bytes) -> None:
        assert self._reader is not None
        self._reader.feed(data)
        self.revision += 1

    def _is_replaced(self, stream: BinaryIO, size: int) -> bool:
        """Return whether the file is not the one that was read, with more at its end."""
        if size < self._position:
            return True
        stream.seek(0)
        if stream.read(len(self._head)) != self._head:
            return True
        stream.seek(self._position - len(self._end))
        return stream.read(len(self._end)) != self._end

    def _begin(self, stream: BinaryIO, size: int) -> bool:
        """Choose the reader, and the part to read first; return False if the file is still empty."""
        stream.seek(0)
        first = stream.read(PIECE)
        reader = reader_for(first, self.path.name, self.table)
        if reader is None:
            return False
        self._head, self._reader = first[:COMPARED], reader
        if size <= 2 * NEWEST:
            return True
        start = size - NEWEST
        read = 0
        if isinstance(reader, CsvReader):
            for line in first.splitlines(keepends=True):
                if not reader.has_header:
                    reader.feed(line)
                    read += len(line)
        elif isinstance(reader, JsonReader) and b'"start"' in (line := first.partition(b"\n")[0]):
            reader.feed(line + b"\n")
            read = len(line) + 1
        if isinstance(reader, LineReader):
            start = _next_line(stream, start)
        else:
            self._reader = reader.for_older(self.table)
        self._position = start
        stream.seek(max(0, start - COMPARED))
        self._end = stream.read(min(COMPARED, start))
        blocks = [(at, min(at + BLOCK, start)) for at in range(read, start, BLOCK)]
        if len(blocks) > MOST_BLOCKS:
            step = len(blocks) / MOST_BLOCKS
            self.share_read = MOST_BLOCKS / len(blocks)
            blocks = [blocks[int(at * step)] for at in range(MOST_BLOCKS)]
        self._older = blocks
        return True

    def _read_older(self, stream: BinaryIO, start: int, end: int) -> None:
        """Read a block of the older part, before all that was read so far."""
        assert self._reader is not None
        table = MetricTable()
        reader = self._reader.for_older(table)
        if reader is None:
            self._older, self.share_read = [], 0.0
            return
        if isinstance(reader, LineReader) and start:
            start = _next_line(stream, start)
            end = _next_line(stream, end)
        stream.seek(start)
        # a record that ends after the block is read with it, as far as it is short
        more = 0 if isinstance(reader, LineReader) else COMPARED
        reader.feed(stream.read(max(0, end + more - start)))
        self.table.prepend(table)
        self.revision += 1


def _next_line(stream: BinaryIO, position: int) -> int:
    """Return the position of the first line that begins at or after a position."""
    stream.seek(position - 1)
    return position - 1 + len(stream.readline(2**20))


def reader_for(first: bytes, name: str, table: MetricTable) -> Reader | None:
    """Return the reader for a file by its first bytes, or None if they are too few."""
    if is_header(first) or (first and "tfevents" in name):
        return EventReader(table)
    text = first.lstrip(b"\xef\xbb\xbf \r\n\t")
    if not text:
        return None
    return JsonReader(table) if text[:1] == b"{" else CsvReader(table)
