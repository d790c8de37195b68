"""Lines of a text file in blocks: decoded, of bounded length, and counted."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Final

from core.datasets.files.names import clean, unusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.datasets.dataset import DataError, ProgressCallback
    from core.datasets.files.byte_stream import ByteStream

BLOCK: Final = 1 << 21
"""Bytes read at once, about 50 ms of work."""

_NOT_FOR_FILES: Final = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")

LONGEST_LINE: Final = 1_000_000


class Lines:
    """Blocks of whole lines.

    Attributes:
        first: number, from 1, of the first line of the last block.
        share: fraction of the file that was read.
        rewrite: brings a line with its number into the form of a CSV file; None leaves all as they are.
    """

    def __init__(
        self, stream: ByteStream, file: str, encoding: str | None, progress: ProgressCallback
    ) -> None:
        self.first = 1
        self.share = 0.0
        self.rewrite: Callable[[str, int], str] | None = None
        self._stream = stream
        self._file = file
        self._encoding = encoding
        self._progress = progress
        self._next = 1
        self._rest = ""
        self._blocks = self._read()

    def block(self) -> list[str]:
        """Return the next lines without line ends; an empty list at the end of the file."""
        block = next(self._blocks, [])
        if self.rewrite is None:
            return block
        return [self.rewrite(line, number) for number, line in enumerate(block, self.first)]

    @property
    def is_at_end(self) -> bool:
        """Whether the last block contains the last line of the file."""
        return self.share >= 1.0 and not self._rest

    def _read(self) -> Iterator[list[str]]:
        read = 0
        self._stream.rewind()
        chunk = self._stream.read(BLOCK)
        decoder = io.IncrementalNewlineDecoder(self._codec(chunk), translate=True)
        while True:
            read += len(chunk)
            text = self._decode(decoder, chunk)
            if read == len(chunk):
                text = text.removeprefix("\ufeff")  # byte order mark, which Windows writes
            if "\0" in text:
                line = self._next + text[: text.index("\0")].count("\n")
                raise self._binary(line)
            lines = (self._rest + text).split("\n")
            self._rest = lines.pop() if chunk else ""
            if not chunk and lines[-1] == "":
                lines.pop()
            self._check_length(lines)
            self.share = self._stream.share if chunk else 1.0
            self._progress(f"reading {self._file}", self.share)
            self.first, self._next = self._next, self._next + len(lines)
            if lines:
                yield lines
            if not chunk:
                return
            chunk = self._stream.read(BLOCK)

    def _check_length(self, lines: list[str]) -> None:
        for at, line in enumerate((*lines, self._rest)):
            if len(line) > LONGEST_LINE:
                raise unusable(
                    self._file,
                    f"line {self._next + at} is longer than {LONGEST_LINE:,} characters; "
                    "expected one row per line",
                )

    def _codec(self, head: bytes) -> codecs.IncrementalDecoder:
        if self._encoding is None:
            wide = _wide_encoding(head)
            if wide and _decodes(head, wide):
                raise unusable(
                    self._file, f"this seems to be {wide.upper()}; use --encoding {wide}"
                )
            return codecs.getincrementaldecoder("utf-8")()
        try:
            info = codecs.lookup(self._encoding)
            is_text = getattr(info, "_is_text_encoding", True)  # false for rot13 and base64
            if not is_text or info.name in _NOT_FOR_FILES:
                raise LookupError
            return codecs.getincrementaldecoder(self._encoding)()
        except (LookupError, ValueError, ImportError):
            raise unusable(
                self._file,
                f"unknown encoding '{clean(self._encoding)}': expected a name that Python knows, "
                "such as utf-8, latin-1 or utf-16",
            ) from None

    def _decode(self, decoder: io.IncrementalNewlineDecoder, chunk: bytes) -> str:
        try:
            return decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            held = "\r" if decoder.getstate()[1] & 1 else ""  # possibly the first half of \r\n
            raise self._undecodable(error, held) from None
        except (ValueError, LookupError):
            raise unusable(
                self._file,
                f"line {self._next} and the following cannot be decoded as "
                f"{clean(self._encoding or 'utf-8')}; set the right --encoding",
            ) from None

    def _binary(self, line: int) -> DataError:
        return unusable(
            self._file,
            f"line {line} contains a NUL byte, so this is a binary file; expected a text file",
        )

    def _undecodable(self, error: UnicodeDecodeError, held: str) -> DataError:
        if self._encoding is None and b"\0" in error.object:
            return self._binary(self._next + error.object[: error.object.index(b"\0")].count(b"\n"))
        before = held + error.object[: error.start].decode(self._encoding or "utf-8", "replace")
        line = self._next + before.count("\n") + before.replace("\r\n", "").count("\r")
        byte = error.object[error.start]
        given = "UTF-8" if self._encoding is None else clean(self._encoding)
        say = f"is not {given}; {_other_encoding(error.object, self._encoding)}"
        return unusable(self._file, f"line {line} contains the byte 0x{byte:02x}, which {say}")


def _other_encoding(content: bytes, given: str | None) -> str:
    """Return advice on an encoding that does decode the content."""
    # bytes from 0x80 to 0x9f are control characters in Latin-1, quotes and dashes in Windows-1252
    for name, encoding in (
        ("UTF-8", "utf-8"),
        ("Windows-1252", "cp1252"),
        ("Latin-1", "latin-1"),
    ):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == given or (name == "Windows-1252" and text == content.decode("latin-1")):
            continue
        return f"if the file is in {name}, use --encoding {encoding}"
    return "set the right --encoding"


def _decodes(head: bytes, encoding: str) -> bool:
    """Return whether the beginning of a file can be decoded."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(head: bytes) -> str:
    """Return the likely encoding of a file with two or four bytes per character, or an empty string."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    first = head[:64]
    if len(first) < 4 or not any(first):
        return ""
    # without a byte order mark, Python assumes the order of this machine, so the order is explicit
    if any(first[::2]) and not any(first[1::2]):
        return "utf-16-le"
    return "utf-16-be" if any(first[1::2]) and not any(first[::2]) else ""
