"""A run folder: where it is, what it is called, which files it has, and who uses it."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from contextlib import suppress
from time import localtime, monotonic, sleep, strftime
from typing import TYPE_CHECKING, Final, Self

from core.runs.atomic_files import Directory, RunError, make_folder, settle, shown
from core.runs.lock import LOCK as LOCK
from core.runs.lock import in_use_by, write_holder

if TYPE_CHECKING:
    from pathlib import Path

STATE: Final = "state.npz"
"""The newest moment. What it says of the other files is what counts of them."""

CONFIG: Final = "config.toml"
"""The same config, for people, and for `--config`."""

ROWS: Final = "epochs.f64"
"""Every epoch's metrics: rows of float64, little-endian, in the order of `timeline.COLUMNS`."""

EVENTS: Final = "events.jsonl"
PAST: Final = "past.npz"
"""Some earlier moments. A run goes on without it, but not back."""

FILES: Final = frozenset({STATE, CONFIG, ROWS, EVENTS, PAST, LOCK})

SCRATCH: Final = re.compile(r"\.[a-z.0-9]+\.new")
"""What a write that was cut short leaves."""

_LONGEST_NAME: Final = 24
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}


def default_folder() -> Path | None:
    """Return the folder of all runs, or None where there is no home that it could be in."""
    from platformdirs import user_state_path

    path = user_state_path("nnfs-tui", appauthor=False) / "runs"
    return path if path.is_absolute() else None


def name_for(source: str, seconds: float) -> str:
    """Return the name of a run on that data, begun at that time, such as moons-20260714-153012."""
    word = re.sub(r"[^a-z0-9]+", "-", source.lower().rpartition(".")[0] or source.lower())
    word = word.strip("-")[:_LONGEST_NAME].strip("-") or "run"
    return f"{word}-{strftime('%Y%m%d-%H%M%S', localtime(seconds))}"


def is_ours(name: str) -> bool:
    """Tell whether a file of that name in a run folder is one of a run."""
    return name in FILES or bool(SCRATCH.fullmatch(name))


def open_directory(path: Path) -> Directory:
    """Open a run folder, each file of which is an ordinary one.

    Raises:
        RunError: when it is no folder, or a name of a run's files is that of something else.
    """
    try:
        directory = Directory(path)
    except OSError as error:
        raise RunError(
            f"{shown(path.name)} cannot be opened as a run folder: {error.strerror}"
        ) from None
    try:
        for name in filter(is_ours, directory.names()):
            with suppress(FileNotFoundError):  # a run in use is being saved
                directory.check(name)
    except OSError as error:
        directory.close()
        raise RunError(f"{shown(path.name)} cannot be read: {error.strerror}") from None
    except RunError:
        directory.close()
        raise
    return directory


class RunFolder:
    """A folder that is locked as long as this object, or the process, is there.

    Attributes:
        directory: its files.
    """

    def __init__(self, directory: Directory, lock: int | None) -> None:
        self.directory = directory
        self._lock = lock

    @property
    def path(self) -> Path:
        """Where it was opened."""
        return self.directory.path

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.path.name

    @classmethod
    def create(cls, parent: Path, source: str, seconds: float) -> Self:
        """Make the folder of a new run; of two that are begun in the same second, one ends in -2.

        Raises:
            OSError: when it cannot be made.
        """
        name = first = name_for(source, seconds)
        number = 1
        while True:
            try:
                make_folder(parent / name)
            except FileExistsError:
                number += 1
                name = f"{first}-{number}"
                continue
            directory = Directory(parent / name)
            try:
                folder = cls(directory, _locked(directory))
            except BaseException:
                _discard(directory)
                raise
            settle(parent)
            return folder

    @classmethod
    def open(cls, path: Path, patience: float = 0.0) -> Self:
        """Take an existing folder for oneself.

        Args:
            path: of the folder.
            patience: seconds to wait for a program that uses it: one that ends saves first.

        Raises:
            RunError: when another program uses it, it cannot be written to, or a name in it is that of
                something else than an ordinary file.
        """
        until = monotonic() + patience
        directory = open_directory(path)
        while True:
            try:
                return cls(directory, _locked(directory))
            except BlockingIOError:
                if monotonic() < until:
                    sleep(0.02)
                    continue
                directory.close()
                raise RunError(in_use_by(path)) from None
            except OSError as error:
                directory.close()
                reason = error.strerror or "it cannot be opened"
                raise RunError(f"{shown(path.name)} cannot be resumed: {reason}") from None
            except RunError:
                directory.close()
                raise

    def discard(self) -> None:
        """Remove the folder of a run that was never saved; what cannot be removed stays."""
        self._unlock()
        _discard(self.directory)

    def close(self) -> None:
        """Let others have it."""
        self._unlock()
        self.directory.close()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def in_use(path: Path) -> bool:
    """Tell whether a program uses the run in that folder now."""
    try:
        with Directory(path) as directory, directory.open(LOCK) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (OSError, RunError):
        return False
    return False


def _locked(directory: Directory) -> int | None:
    """Return the descriptor that holds the lock; it goes with the process, however that ends."""
    descriptor = directory.open_lock(LOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _NO_LOCKS:  # a file system without locks
            return None
        raise
    write_holder(descriptor)
    return descriptor


def _discard(directory: Directory) -> None:
    with suppress(OSError):
        if directory.is_there:
            for name in filter(is_ours, directory.names()):
                directory.unlink(name)
            directory.path.rmdir()
    directory.close()
