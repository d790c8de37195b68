"""Files of run folders: written atomically, and read as untrusted input.

A run folder may have been received from another user. Its files are opened relative to the open folder,
and only if they are ordinary files, since a link could lead to any file of this user.
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
"""Maximum number of characters of external text in an error message."""

PRIVATE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

SPARSE: Final = 2**26
"""Size from which a file is checked for holes: a sparse file of a few kilobytes can have a size of
terabytes, all of them zero."""

SPARSENESS: Final = 8
"""Maximum ratio of a file's size to its disk usage, since some file systems compress."""

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
    """A run cannot be found, read or saved; the message is shown to the user."""


class Extent(NamedTuple):
    """Valid part of an append-only file: its length in bytes and its CRC-32.

    Bytes after it are left over from an interrupted write, and are discarded.
    """

    length: int = 0
    checksum: int = 0


NOTHING: Final = Extent()


class Directory:
    """An open folder of a run.

    Attributes:
        path: under which it was opened; it may have been moved since.
    """

    def __init__(self, path: Path) -> None:
        """Open a folder.

        Raises:
            OSError: when it does not exist, or is a symbolic link.
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
        """Close the folder; no effect if it is closed."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def is_there(self) -> bool:
        """Whether it still exists under its path."""
        try:
            return os.path.samestat(self.path.lstat(), self._status)
        except OSError:
            return False

    def check_there(self) -> None:
        """Raise OSError if it no longer exists under its path."""
        if not self.is_there:
            raise FileNotFoundError(ENOENT, f"{self.path.name} was moved or removed")

    def names(self) -> list[str]:
        """Return the names of its files, sorted; raises OSError."""
        return sorted(os.listdir(self._descriptor))  # noqa: PTH208 (a descriptor has no path)

    def check(self, name: str) -> None:
        """Raise RunError unless a name is an ordinary file; raises OSError if it does not exist."""
        self._check(name, os.stat(name, dir_fd=self._descriptor, follow_symlinks=False))

    def open(self, name: str) -> IO[bytes]:
        """Open a file for reading.

        Raises:
            RunError: when it does not exist, or is not an ordinary file.
        """
        try:
            descriptor = self._open(name, os.O_RDONLY)
        except OSError as error:
            raise self.refusal(name, error.strerror or "it cannot be opened") from None
        if _is_sparse(descriptor):
            os.close(descriptor)
            raise self.refusal(name, "most of it is a hole, expected a file without holes")
        return os.fdopen(descriptor, "rb")

    def open_lock(self, name: str) -> int:
        """Open or create a lock file, and return its descriptor; raises OSError, RunError."""
        return self._open(name, os.O_RDWR, create=True)

    def read_extent(self, name: str, extent: Extent) -> bytes:
        """Return the valid part of a file.

        Raises:
            RunError: when it is truncated or its checksum differs.
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
            raise self.refusal(name, "its checksum differs")
        return data

    def write_whole(self, name: str, write: Callable[[IO[bytes]], object]) -> None:
        """Replace a file atomically.

        Args:
            name: of the file.
            write: writes the content to a temporary file.

        Raises:
            OSError: when it cannot be written; the previous file remains.
        """
        temporary, folder = f".{name}.new", self._descriptor
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)
        try:
            with os.fdopen(self._create(temporary, os.O_WRONLY), "wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
        with suppress(OSError):
            os.fsync(folder)

    def append(self, name: str, extent: Extent, data: bytes) -> Extent:
        """Append to the valid part of a file, and return the new extent.

        Raises:
            OSError, RunError: when it cannot be written; the previous extent remains valid.
        """
        if not data:
            return extent
        descriptor = self._open(name, os.O_RDWR, create=True)
        with os.fdopen(descriptor, "r+b") as file:
            if os.fstat(descriptor).st_size < extent.length:
                raise OSError(0, f"{name} is truncated")
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
        """Return the error for one of its files."""
        return refusal(self.path / name, reason)

    def _open(self, name: str, flags: int, *, create: bool = False) -> int:
        """Open an ordinary file, and return its descriptor.

        The type is checked before opening, since opening a device may have side effects, and after,
        since the file may have been replaced in between.
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
            os.fchmod(descriptor, PRIVATE)  # regardless of the umask
        return descriptor

    def _check(self, name: str, status: os.stat_result) -> None:
        kind = stat.S_IFMT(status.st_mode)
        if kind != stat.S_IFREG:
            what = _KINDS.get(kind, "something else")
            raise self.refusal(name, f"it is {what}, expected an ordinary file")
        if status.st_nlink > 1:
            # appending truncates the file, and its other name may be any file of the user
            raise self.refusal(
                name, "it is a hard link, expected a file with one name; cp -r makes a usable copy"
            )


def make_folder(path: Path) -> None:
    """Create a folder that only its owner can access, and missing parents.

    Raises:
        OSError: when it cannot be created, or exists.
    """
    with suppress(FileNotFoundError):
        path.lstat()  # fails for a name that is too long, before any parent is created
        raise FileExistsError(EEXIST, os.strerror(EEXIST))
    for parent in reversed(path.parents):
        if not parent.exists():
            with suppress(FileExistsError):  # another process has created it
                _make(parent)
    _make(path)


def _make(path: Path) -> None:
    path.mkdir(PRIVATE_FOLDER)
    if stat.S_IMODE(path.lstat().st_mode) != PRIVATE_FOLDER:
        with suppress(OSError):  # some file systems have no modes
            path.chmod(PRIVATE_FOLDER)  # regardless of the umask


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, if the file system supports it."""
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
    try:  # some file systems report no blocks at all
        os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError as error:
        return error.errno == ENXIO
    os.lseek(descriptor, 0, os.SEEK_SET)
    return False


def refusal(path: Path, reason: object) -> RunError:
    """Return the error for a file of a run folder."""
    return RunError(f"{shown(path.parent.name)}/{shown(path.name)}: {shown(str(reason))}")


def shown(text: str) -> str:
    """Return external text truncated, with non-printable characters escaped."""
    if len(text) <= LONGEST and text.isprintable():
        return text
    cut = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)
