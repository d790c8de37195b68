"""Input files named by the user, which are untrusted: only regular files of bounded size are read.

A pipe, a device or a socket can block or never end, and a file can grow or change while it is read. All
readers of such files open them here.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class InputFileError(Exception):
    """Error for a file that cannot be read; the message follows the file's name."""


@dataclass(frozen=True)
class InputFile:
    """An open regular file.

    Attributes:
        stream: the content; readers stop at `size` even if the file has grown.
        size: size in bytes at the time of opening.
        modified: time of the last change in nanoseconds, at the time of opening.
    """

    stream: BinaryIO
    size: int
    modified: int

    def read_whole(self, most: int) -> bytes:
        """Return all bytes; raise InputFileError if there are more than `most`, or on an error."""
        if self.size > most:
            raise InputFileError(f"it has {self.size:,} bytes: expected at most {most:,}")
        try:
            content = self.stream.read(self.size + 1)
        except OSError as error:
            raise unreadable(error) from None
        if len(content) != self.size:
            raise _changed()
        self.check_unchanged()
        return content

    def check_unchanged(self) -> None:
        """Raise InputFileError if the file has been written to since it was opened."""
        now = os.fstat(self.stream.fileno())
        if (now.st_size, now.st_mtime_ns) != (self.size, self.modified):
            raise _changed()


@contextmanager
def open_input(path: Path) -> Iterator[InputFile]:
    """Open a file named by the user for reading.

    Raises:
        InputFileError: if it is not a regular file, or cannot be opened.
    """
    descriptor = -1
    try:
        # opening a device can have side effects, so the file type is checked before and after
        _check_kind(path.stat().st_mode)
        descriptor = os.open(path, _FLAGS)
        found = os.fstat(descriptor)
        _check_kind(found.st_mode)
    except (OSError, ValueError, InputFileError) as error:
        if descriptor >= 0:
            os.close(descriptor)
        raise error if isinstance(error, InputFileError) else _not_opened(error, path) from None
    with os.fdopen(descriptor, "rb") as stream:
        yield InputFile(stream, found.st_size, found.st_mtime_ns)


def _check_kind(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise InputFileError("it is a folder; name a file in it")
    if not stat.S_ISREG(mode):
        raise InputFileError(
            "it is a pipe or a device, not a file; save its output to a file first"
        )


def _not_opened(error: OSError | ValueError, path: Path) -> InputFileError:
    if not isinstance(error, OSError):  # a NUL character, or a lone surrogate
        return InputFileError("it is not a valid file name; check the path")
    if isinstance(error, FileNotFoundError):
        folder = f"the folder '{path.parent.name}'" if path.parent.name else "this folder"
        return InputFileError(f"there is no such file in {folder}; check its path")
    if isinstance(error, PermissionError):
        return InputFileError("permission denied; change the permissions, or copy it")
    return unreadable(error)


def unreadable(error: OSError) -> InputFileError:
    """Return the error for a file that the system cannot read."""
    reason = error.strerror or "unknown reason"
    return InputFileError(f"the file cannot be read ({reason}); check the path and the disk")


def _changed() -> InputFileError:
    return InputFileError("it was modified while it was read; copy it and read the copy")
