"""Output files named by the user: either replaced completely, or unchanged."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """Open a new text file that replaces `path`; see `replacing_bytes`.

    Raises:
        OSError: if it cannot be written.
    """
    with replacing_bytes(path) as file:
        text = TextIOWrapper(file, "utf-8", newline="")
        try:
            yield text
            text.flush()
        finally:
            text.detach()  # the file is closed by its own block


@contextmanager
def replacing_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a new file that replaces `path` when the block ends without an exception.

    It is written in the same folder, so that a full disk or a kill does not change the old file, and has
    the mode of the old file. A symbolic link is followed, since the user named it.

    Raises:
        OSError: if it cannot be written.
    """
    target = Path(os.path.realpath(path))
    scratch = target.with_name(f".nnfs-tui-{os.getpid()}.new")
    with suppress(FileNotFoundError):
        scratch.unlink()
    try:
        with os.fdopen(os.open(scratch, _FLAGS, 0o666), "wb") as file:
            with suppress(FileNotFoundError, PermissionError):  # some file systems have no modes
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(target)
    except BaseException:
        with suppress(OSError):
            scratch.unlink()
        raise
