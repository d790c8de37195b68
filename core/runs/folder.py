"""A run folder: where it is, what it is called, which files it has, and who uses it."""

from __future__ import annotations

import errno
import fcntl
import os
import re
from time import localtime, monotonic, sleep, strftime
from typing import TYPE_CHECKING, Final, Self

from core.runs.files import RunError, settle, shown

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

LOCK: Final = "lock"
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


class RunFolder:
    """A folder that is locked as long as this object, or the process, is there.

    Attributes:
        path: of the folder.
    """

    def __init__(self, path: Path, lock: int | None) -> None:
        self.path = path
        self._lock = lock

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
        parent.mkdir(parents=True, exist_ok=True)
        name = first = name_for(source, seconds)
        number = 1
        while True:
            try:
                (parent / name).mkdir()
            except FileExistsError:
                number += 1
                name = f"{first}-{number}"
                continue
            settle(parent)
            return cls(parent / name, _locked(parent / name))

    @classmethod
    def open(cls, path: Path, patience: float = 0.0) -> Self:
        """Take an existing folder for oneself.

        Args:
            path: of the folder.
            patience: seconds to wait for somebody who uses it: a program that ends saves first.

        Raises:
            RunError: when another program uses it, or it cannot be written to.
        """
        until = monotonic() + patience
        while True:
            try:
                return cls(path, _locked(path))
            except BlockingIOError:
                if monotonic() >= until:
                    raise RunError(
                        f"{shown(path.name)} is in use by another nnfs-tui; it can go on in one only"
                    ) from None
                sleep(0.02)
            except OSError as error:
                reason = error.strerror or "it cannot be opened"
                raise RunError(f"{shown(path.name)} cannot be gone on with: {reason}") from None

    def close(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def in_use(path: Path) -> bool:
    """Tell whether a program uses the run in that folder now."""
    try:
        descriptor = os.open(
            path / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def _locked(path: Path) -> int | None:
    """Return the descriptor that holds the lock; it goes with the process, however that ends."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path / LOCK, flags, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _NO_LOCKS:  # a file system without locks
            return None
        raise
    return descriptor
