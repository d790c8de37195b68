"""How files of a run folder are written, whole or not at all, and read, without trusting them."""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGEST: Final = 200
"""Characters of a sentence about a file that are taken over from elsewhere."""


class RunError(ValueError):
    """A run that cannot be read, found or kept; the message is one sentence for a person."""


class Extent(NamedTuple):
    """The part of an append-only file that counts: so many bytes, and their checksum (CRC-32).

    What stands behind it was written by somebody who could not finish, and is dropped.
    """

    length: int = 0
    checksum: int = 0


NOTHING: Final = Extent()


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Put a file in the place of the one there is, or leave that as it is.

    Raises:
        OSError: when it cannot be written; nothing has changed then.
    """
    scratch = path.with_name(f".{path.name}.new")
    try:
        with scratch.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise
    settle(path.parent)


def append(path: Path, extent: Extent, data: bytes) -> Extent:
    """Write behind the part of a file that counts, and return the part that counts then.

    Raises:
        OSError: when it cannot be written; the part that counted is as it was.
    """
    if not data:
        return extent
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "r+b") as file:
        if os.fstat(descriptor).st_size < extent.length:
            raise OSError(0, f"{path.name} has become shorter")
        file.truncate(extent.length)
        file.seek(extent.length)
        file.write(data)
        file.flush()
        os.fsync(descriptor)
    return Extent(extent.length + len(data), zlib.crc32(data, extent.checksum))


def settle(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, too; some file systems cannot."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def open_regular(path: Path) -> IO[bytes]:
    """Open a file to read it; no link, and nothing that could keep us waiting.

    Raises:
        RunError: when there is no such file, or it is something else.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags)
    except OSError as error:
        raise refusal(path, error.strerror or "it cannot be opened") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise refusal(path, "it is no file")
    return os.fdopen(descriptor, "rb")


def read_extent(path: Path, extent: Extent) -> bytes:
    """Return the part of a file that counts.

    Raises:
        RunError: when it is not what was written.
    """
    if not extent.length:
        return b""
    with open_regular(path) as file:
        if os.fstat(file.fileno()).st_size < extent.length:
            raise refusal(path, "its end is missing")
        try:
            data = file.read(extent.length)
        except OSError as error:
            raise refusal(path, error.strerror or "it cannot be read") from None
    if len(data) < extent.length or zlib.crc32(data) != extent.checksum:
        raise refusal(path, "it is not what was written (its checksum differs)")
    return data


def refusal(path: Path, reason: object) -> RunError:
    """Return the sentence on a file of a run folder."""
    return RunError(f"{shown(path.parent.name)}/{shown(path.name)}: {shown(str(reason))}")


def shown(text: str) -> str:
    """Return a text of printable characters, cut to a length: files may hold anything."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)
