"""Run folders: location, names and files."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from time import localtime, monotonic, sleep, strftime
from typing import TYPE_CHECKING, Final, Self

from core.runs.atomic_files import Directory, RunError, make_folder, shown, sync_folder
from core.runs.lock import LOCK, acquire, in_use_error

if TYPE_CHECKING:
    from pathlib import Path

STATE: Final = "state.npz"
"""The newest snapshot. Its header says how much of the append-only files is valid."""

CONFIG: Final = "config.toml"
"""The same config in a readable form, which `--config` accepts."""

ROWS: Final = "epochs.f64"
"""The metrics of every epoch: rows of float64, little-endian, in the order of `epoch_log.COLUMNS`."""

EVENTS: Final = "events.jsonl"
HISTORY: Final = "past.npz"
"""Earlier checkpoints. Without them a run can be resumed, but time travel is limited."""

FILES: Final = frozenset({STATE, CONFIG, ROWS, EVENTS, HISTORY, LOCK})

TEMPORARY: Final = re.compile(r"\.[a-z.0-9]+\.new")
"""Names of files that an interrupted write leaves behind."""

_LONGEST_NAME: Final = 24
_POLL_INTERVAL: Final = 0.02


def default_folder() -> Path | None:
    """Return the folder of all runs, or None if there is no home folder."""
    from platformdirs import user_state_path

    path = user_state_path("nnfs-tui", appauthor=False) / "runs"
    return path if path.is_absolute() else None


def name_for(source: str, seconds: float) -> str:
    """Return the name of a run, such as moons-20260714-153012, from its data and start time."""
    word = re.sub(r"[^a-z0-9]+", "-", source.lower().rpartition(".")[0] or source.lower())
    word = word.strip("-")[:_LONGEST_NAME].strip("-") or "run"
    return f"{word}-{strftime('%Y%m%d-%H%M%S', localtime(seconds))}"


def is_run_file(name: str) -> bool:
    """Return whether a file of that name can be part of a run folder."""
    return name in FILES or bool(TEMPORARY.fullmatch(name))


def open_directory(path: Path) -> Directory:
    """Open a run folder and check that its files are ordinary files.

    Raises:
        RunError: when it is not a folder, or one of the names is not an ordinary file.
    """
    try:
        directory = Directory(path)
    except OSError as error:
        raise RunError(
            f"{shown(path.name)} cannot be opened as a run folder: {error.strerror}"
        ) from None
    try:
        for name in filter(is_run_file, directory.names()):
            with suppress(FileNotFoundError):  # the run is in use and being saved
                directory.check(name)
    except OSError as error:
        directory.close()
        raise RunError(f"{shown(path.name)} cannot be read: {error.strerror}") from None
    except RunError:
        directory.close()
        raise
    return directory


class RunFolder:
    """A run folder that this process has locked until it is closed, or the process exits.

    Attributes:
        directory: the open folder.
    """

    def __init__(self, directory: Directory, lock: int | None) -> None:
        self.directory = directory
        self._lock = lock

    @property
    def path(self) -> Path:
        """Path under which it was opened."""
        return self.directory.path

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.path.name

    @classmethod
    def create(cls, parent: Path, source: str, seconds: float) -> Self:
        """Create the folder of a new run; a second run in the same second gets the suffix -2.

        Raises:
            OSError: when it cannot be created.
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
                folder = cls(directory, acquire(directory))
            except BaseException:
                _remove(directory)
                raise
            sync_folder(parent)
            return folder

    @classmethod
    def open(cls, path: Path, patience: float = 0.0) -> Self:
        """Open and lock an existing folder.

        Args:
            path: of the folder.
            patience: seconds to wait for a process that uses it: it may be exiting, and saves first.

        Raises:
            RunError: when another process uses it, it cannot be written to, or one of its files is not
                an ordinary file.
        """
        until = monotonic() + patience
        directory = open_directory(path)
        while True:
            try:
                return cls(directory, acquire(directory))
            except BlockingIOError:
                if monotonic() < until:
                    sleep(_POLL_INTERVAL)
                    continue
                directory.close()
                raise RunError(in_use_error(path)) from None
            except OSError as error:
                directory.close()
                reason = error.strerror or "it cannot be opened"
                raise RunError(f"{shown(path.name)} cannot be resumed: {reason}") from None
            except RunError:
                directory.close()
                raise

    def discard(self) -> None:
        """Remove the folder of a run that was never saved, as far as possible."""
        self._unlock()
        _remove(self.directory)

    def close(self) -> None:
        """Release the lock and close the folder."""
        self._unlock()
        self.directory.close()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _remove(directory: Directory) -> None:
    with suppress(OSError):
        if directory.is_there:
            for name in filter(is_run_file, directory.names()):
                directory.unlink(name)
            directory.path.rmdir()
    directory.close()
