"""Files of a run folder: written whole or not at all, and read as untrusted input.

A folder may come from someone else. Its files are reached by their names relative to the open folder,
and nothing but ordinary files is opened: a link could lead to any file of the user's.
"""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import suppress
from errno import EEXIST, ENOENT, ENXIO
from typing import IO, TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGEST: Final = 200
"""Characters of a sentence about a file that are taken over from elsewhere."""

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

SPARSE: Final = 2**26
"""Bytes from which on a file has to take up space on the disk: one of a few kilobytes can claim to have
terabytes, all of them zero."""

SPARSENESS: Final = 8
"""A file may be longer by this factor than what it takes up: some file systems compress."""

_KINDS: Final = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_SAFELY: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RunError(ValueError):
    """A run that cannot be read, found or saved; the message is one sentence for the user."""


class Extent(NamedTuple):
    """The part of an append-only file that counts: its length in bytes, and its checksum (CRC-32).

    What follows it was left by a write that did not finish, and is dropped.
    """

    length: int = 0
    checksum: int = 0


NOTHING: Final = Extent()


class Directory:
    """An open folder of a run.

    Attributes:
        path: where it was opened; it may have been moved since then.
    """

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            OSError: when there is no such folder, or its last name is a link.
        """
        self.path = path
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(path, flags)
        self._status = os.fstat(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close it; once more does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def is_there(self) -> bool:
        """Whether its path still leads to it."""
        try:
            return os.path.samestat(self.path.lstat(), self._status)
        except OSError:
            return False

    def check_there(self) -> None:
        """Raise OSError when what is written would not be found under its path."""
        if not self.is_there:
            raise FileNotFoundError(ENOENT, f"{self.path.name} was moved or removed")

    def names(self) -> list[str]:
        """Return the names in it, sorted; raises OSError."""
        return sorted(os.listdir(self._descriptor))  # noqa: PTH208 (a descriptor has no path)

    def check(self, name: str) -> None:
        """Check that a name is that of an ordinary file; raises OSError, RunError."""
        self._check(name, os.stat(name, dir_fd=self._descriptor, follow_symlinks=False))

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read it.

        Raises:
            RunError: when there is no such file, or it is something else.
        """
        try:
            descriptor = self._open(name, os.O_RDONLY)
        except OSError as error:
            raise self.refusal(name, error.strerror or "it cannot be opened") from None
        if _is_sparse(descriptor):
            os.close(descriptor)
            raise self.refusal(name, "most of it is a hole, expected a file that was written")
        return os.fdopen(descriptor, "rb")

    def open_lock(self, name: str) -> int:
        """Return the descriptor of a file that is created if need be; raises OSError, RunError."""
        return self._open(name, os.O_RDWR, create=True)

    def read_extent(self, name: str, extent: Extent) -> bytes:
        """Return the part of a file that counts.

        Raises:
            RunError: when it is not what was written.
        """
        if not extent.length:
            return b""
        with self.open(name) as file:
            if os.fstat(file.fileno()).st_size < extent.length:
                raise self.refusal(name, "its end is missing")
            try:
                data = file.read(extent.length)
            except (OSError, MemoryError) as error:
                reason = getattr(error, "strerror", "") or "it cannot be read"
                raise self.refusal(name, reason) from None
        if len(data) < extent.length or zlib.crc32(data) != extent.checksum:
            raise self.refusal(name, "it is not what was written (its checksum differs)")
        return data

    def write_whole(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        """Put a file in the place of the one there is, or leave that as it is.

        Raises:
            OSError: when it cannot be written; nothing has changed then.
        """
        scratch, folder = f".{name}.new", self._descriptor
        with suppress(FileNotFoundError):
            os.unlink(scratch, dir_fd=folder)
        try:
            with os.fdopen(self._create(scratch, os.O_WRONLY), "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(scratch, dir_fd=folder)
            raise
        with suppress(OSError):
            os.fsync(folder)

    def append(self, name: str, extent: Extent, data: bytes) -> Extent:
        """Write behind the part of a file that counts, and return the part that counts then.

        Raises:
            OSError, RunError: when it cannot be written; the part that counted is as it was.
        """
        if not data:
            return extent
        descriptor = self._open(name, os.O_RDWR, create=True)
        with os.fdopen(descriptor, "r+b") as file:
            if os.fstat(descriptor).st_size < extent.length:
                raise OSError(0, f"{name} has become shorter")
            file.truncate(extent.length)
            file.seek(extent.length)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        return Extent(extent.length + len(data), zlib.crc32(data, extent.checksum))

    def unlink(self, name: str) -> None:
        """Remove a file; raises OSError."""
        os.unlink(name, dir_fd=self._descriptor)

    def refusal(self, name: str, reason: object) -> RunError:
        """Return the sentence on one of its files."""
        return refusal(self.path / name, reason)

    def _open(self, name: str, flags: int, *, create: bool = False) -> int:
        """Return the descriptor of an ordinary file.

        It is checked before it is opened, since opening a device may have an effect, and after, since
        another file may have taken its place.
        """
        try:
            self.check(name)
        except FileNotFoundError:
            if not create:
                raise
            with suppress(FileExistsError):
                return self._create(name, flags)
        descriptor = os.open(name, flags | _SAFELY, dir_fd=self._descriptor)
        try:
            self._check(name, os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _create(self, name: str, flags: int) -> int:
        flags |= os.O_CREAT | os.O_EXCL | _SAFELY
        descriptor = os.open(name, flags, PRIVATE, dir_fd=self._descriptor)
        with suppress(OSError):  # some file systems have no modes
            os.fchmod(descriptor, PRIVATE)  # whatever the umask takes away
        return descriptor

    def _check(self, name: str, status: os.stat_result) -> None:
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG:
            what = _KINDS.get(kind, "something else")
            raise self.refusal(name, f"it is {what}, expected an ordinary file")
        if status.st_nlink > 1:
            # one of which is cut off and written to, and the other may be any file of the user's
            raise self.refusal(
                name, "it is a hard link, expected a file with one name; cp -r makes a copy to use"
            )


def make_folder(path: Path) -> None:
    """Make a folder that is there for its user alone, and those above it that are missing.

    Raises:
        OSError: when it cannot be made, also when it is there.
    """
    with suppress(FileNotFoundError):
        path.lstat()  # too long a name is refused before anything is made
        raise FileExistsError(EEXIST, os.strerror(EEXIST))
    for parent in reversed(path.parents):
        if not parent.exists():
            with suppress(FileExistsError):  # another program was faster
                _make(parent)
    _make(path)


def _make(path: Path) -> None:
    path.mkdir(PRIVATE_FOLDER)
    if stat.S_IMODE(path.lstat().st_mode) != PRIVATE_FOLDER:
        with suppress(OSError):  # some file systems have no modes
            path.chmod(PRIVATE_FOLDER)  # whatever the umask takes away


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, too; some file systems cannot."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _is_sparse(descriptor: int) -> bool:
    status = os.fstat(descriptor)
    used = status.st_blocks * 512
    if status.st_size < SPARSE or used * SPARSENESS >= status.st_size:
        return False
    if used:
        return True
    try:  # some file systems count no blocks at all
        os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError as error:
        return error.errno == ENXIO
    os.lseek(descriptor, 0, os.SEEK_SET)
    return False


def refusal(path: Path, reason: object) -> RunError:
    """Return the sentence on a file of a run folder."""
    return RunError(f"{shown(path.parent.name)}/{shown(path.name)}: {shown(str(reason))}")


def shown(text: str) -> str:
    """Return a text of printable characters, cut to a length: files may hold anything."""
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)
