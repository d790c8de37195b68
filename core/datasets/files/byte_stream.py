"""Bytes of a data file in order, decompressed if it is a gzip, bzip2, xz or zip file.

Compressed files are untrusted: the decompressed size and the memory of the decompressor are limited.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shutil
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from core.datasets.files.names import clean, listed, unusable
from core.datasets.files.npz_file import ShortReads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.datasets.dataset import DataError, ProgressCallback
    from core.input_file import InputFile

HEAD: Final = 1 << 16
"""Bytes at the beginning by which a format is recognised."""

MOST_BYTES: Final = 1 << 33
SMALL: Final = 1 << 26
"""Decompressed bytes that any file may have."""

MOST_RATIO: Final = 100
"""Maximum ratio of sizes for larger files. Tables compress to a twentieth, bombs to a thousandth."""

LEAST_FREE: Final = 1 << 26
"""Bytes of disk space that a temporary copy leaves free."""

_DECODER_MEMORY: Final = 1 << 28
"""Bytes for the dictionary of xz, which needs 1 << 26 at its highest level."""

_PIECE: Final = 1 << 18

_MAGIC: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"\xfd7zXZ\0", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)
_UNSUPPORTED: Final = (
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"\x1f\x9d", "compress"),
)
_SUFFIXES: Final = (".gz", ".gzip", ".bz2", ".xz", ".zip")
_IGNORED: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
"""Members that systems add to archives."""

_DESCRIPTION: Final = re.compile(
    r"(index|(readme|license|licence|about)(\..*)?|.*\.(names|md|html?|pdf|docx?|names\.txt))",
    re.IGNORECASE,
)
"""Names of members that describe the data in others."""

_BROKEN: Final = (
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    ValueError,
    NotImplementedError,
    RuntimeError,  # a password is needed
)


class ByteStream(Protocol):
    """Bytes in order, which can be read again from the start."""

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; none at the end."""

    def rewind(self) -> None:
        """Return to the first byte."""

    @property
    def share(self) -> float:
        """Fraction of the file that has been read."""


class PlainStream:
    """The bytes of a file, up to the size that it had when it was opened.

    A file that grows while it is read might never end.
    """

    def __init__(self, raw: BinaryIO, size: int) -> None:
        self._raw = raw
        self._size = size
        self._done = 0

    def read(self, size: int) -> bytes:
        chunk = self._raw.read(min(size, self._size - self._done))
        self._done += len(chunk)
        return chunk

    def rewind(self) -> None:
        self._raw.seek(0)
        self._done = 0

    @property
    def share(self) -> float:
        return min(1.0, self._done / self._size) if self._size else 1.0


class DecompressedStream:
    """The decompressed bytes of a file, of limited number.

    Args:
        raw: the compressed file, from its start to `size`.
        begin: opens the decompressor for a rewound file.
        size: compressed size in bytes.
        kind: name of the compression in messages.
        file: name of the file in messages.
    """

    def __init__(
        self, raw: BinaryIO, begin: Callable[[], Any], size: int, kind: str, file: str
    ) -> None:
        self._raw = raw
        self._begin = begin
        self._size = size
        self._kind = kind
        self._file = file
        self._most = min(MOST_BYTES, max(SMALL, MOST_RATIO * size))
        self._done = 0
        self._reader: Any = None

    def read(self, size: int) -> bytes:
        try:
            if self._reader is None:
                self._raw.seek(0)
                self._reader = self._begin()
            chunk: bytes = self._reader.read(size)
        except OSError as error:
            if error.errno is not None:
                raise
            raise self._damaged() from None
        except _BROKEN:
            raise self._damaged() from None
        self._done += len(chunk)
        if self._done > self._most:
            raise unusable(
                self._file,
                f"the {self._kind} file of {self._size:,} bytes expands to more than "
                f"{self._most:,} bytes; if that is right, decompress it first",
            )
        return chunk

    def rewind(self) -> None:
        self._reader = None
        self._done = 0

    @property
    def share(self) -> float:
        return min(1.0, self._raw.tell() / self._size) if self._size else 1.0

    def _damaged(self) -> DataError:
        return unusable(
            self._file,
            f"the {self._kind} file is damaged, cut short or encrypted; copy or compress it again",
        )


class Content:
    """The content of a data file once it is decompressed.

    Attributes:
        name: name of the file, or of the member of a zip file, without a suffix for the compression.
        stream: the bytes.
        head: the first bytes.
        notes: a sentence on the decompression, if there was any.
    """

    def __init__(
        self, opened: InputFile, stream: ByteStream, name: str, notes: tuple[str, ...]
    ) -> None:
        self.name = name
        self.stream = stream
        self.notes = notes
        stream.rewind()
        self.head = b""
        while len(self.head) < HEAD and (chunk := stream.read(HEAD - len(self.head))):
            self.head += chunk
        self._raw = opened.stream
        self._is_plain = isinstance(stream, PlainStream)

    @property
    def suffix(self) -> str:
        """Suffix of the name in lower case."""
        return PurePath(self.name).suffix.lower()

    @contextmanager
    def seekable(self, file: str, progress: ProgressCallback) -> Iterator[BinaryIO]:
        """Return a file that can be read in any order: a decompressed one is a temporary copy."""
        self.stream.rewind()
        if self._is_plain:
            yield self._raw
            return
        with tempfile.TemporaryFile() as copy:
            while chunk := self.stream.read(_PIECE):
                if shutil.disk_usage(tempfile.gettempdir()).free < LEAST_FREE:
                    raise unusable(
                        file, "too little disk space to decompress it; decompress it first"
                    )
                copy.write(chunk)
                progress(f"decompressing {file}", self.stream.share)
            copy.seek(0)
            yield copy


def open_content(opened: InputFile, name: str, file: str) -> Content:
    """Return the content of a file, decompressed if its first bytes are those of a compressed file.

    Args:
        opened: the file.
        name: its name, by which formats are recognised.
        file: its name in messages.
    """
    plain = PlainStream(opened.stream, opened.size)
    kind, unsupported = _kind(opened.stream.read(HEAD))
    opened.stream.seek(0)
    if unsupported:
        raise unusable(
            file, f"{unsupported} files are not read; unpack it, or compress it with gzip or zip"
        )
    inner = name[: -len(PurePath(name).suffix)] if name.lower().endswith(_SUFFIXES) else name
    if kind == "zip":
        content = _of_zip(opened, plain, name, file)
    elif kind:
        begin = _openers(opened.stream)[kind]
        stream = DecompressedStream(opened.stream, begin, opened.size, kind, file)
        content = Content(opened, stream, inner, (f"Decompressed with {kind}.",))
    else:
        return Content(opened, plain, inner, ())
    if any(_kind(content.head)) and not (content.suffix == ".npz" or is_zip_of_tables(content)):
        what = "a tar archive" if "tar" in _kind(content.head) else "another compressed file"
        raise unusable(file, f"it contains {what}; unpack it first")
    return content


def is_zip_of_tables(content: Content) -> bool:
    """Return whether the content is a zip file of a format that consists of several files."""
    return content.head.startswith(b"PK\x03\x04") and content.suffix in _ZIP_FORMATS


_ZIP_FORMATS: Final = (".npz", ".xlsx", ".xlsm", ".xlsb", ".ods")


def _kind(head: bytes) -> tuple[str, str]:
    """Return the name of a compression that is read, and of one that is not."""
    if head[:3] == b"BZh" and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2", ""
    if head[257:262] == b"ustar":
        return "", "tar"
    return (
        next((kind for magic, kind in _MAGIC if head.startswith(magic)), ""),
        next((kind for magic, kind in _UNSUPPORTED if head.startswith(magic)), ""),
    )


def _openers(raw: BinaryIO) -> dict[str, Callable[[], Any]]:
    return {
        "gzip": lambda: gzip.GzipFile(fileobj=raw),
        "bzip2": lambda: bz2.BZ2File(raw),
        "xz": lambda: _XzReader(raw),
    }


class _XzReader:
    """Reader of an xz file, which unlike that of `lzma` limits the memory of the dictionary."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._decoder = self._new()

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_DECODER_MEMORY)

    def read(self, size: int) -> bytes:
        held = b""
        while True:
            if self._decoder.eof:
                held = (self._decoder.unused_data or self._raw.read(_PIECE)).lstrip(b"\0")
                if not held:
                    return b""
                self._decoder = self._new()  # another stream follows
            elif self._decoder.needs_input:
                held = self._raw.read(_PIECE)
                if not held:
                    raise EOFError
            chunk = self._decoder.decompress(held, size)
            held = b""
            if chunk:
                return chunk


def _of_zip(opened: InputFile, plain: PlainStream, name: str, file: str) -> Content:
    """Return the content of the only member of a zip file, or the file itself if that is its format."""
    try:
        archive = zipfile.ZipFile(ShortReads(opened.stream))
    except (*_BROKEN, UnicodeError):
        raise unusable(file, "the zip file is damaged or cut short; copy it again") from None
    found = [each for each in archive.infolist() if not each.filename.endswith("/")]
    names = {each.filename for each in found}
    if "[Content_Types].xml" in names or "mimetype" in names:
        return Content(opened, plain, f"{name}.xlsx", ())
    if names and all(each.endswith(".npy") for each in names):
        return Content(opened, plain, f"{name}.npz", ())
    members = [each for each in found if not any(part in each.filename for part in _IGNORED)]
    tables = [each for each in members if not _DESCRIPTION.fullmatch(PurePath(each.filename).name)]
    others = [each.filename for each in members if each not in tables]
    if len(tables) == 1:
        members = tables
    if len(members) != 1:
        what = listed([each.filename for each in members]) if members else "no files"
        raise unusable(file, f"the zip file contains {what}: expected one; unpack it first")
    only = members[0]
    # the other methods are not decompressed in parts of bounded size
    if only.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise unusable(file, "the zip file has an unusual compression; unpack it first")
    stream = DecompressedStream(opened.stream, lambda: archive.open(only), opened.size, "zip", file)
    note = f"Unpacked '{clean(PurePath(only.filename).name)}' from the zip file."
    if members is tables and others:
        note = f"{note[:-1]}; left out: {listed(others)}."
    return Content(opened, stream, only.filename, (note,))
