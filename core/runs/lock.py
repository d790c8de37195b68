"""Lock of a run folder: which process uses the run, and how to make that process save and exit."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.runs.atomic_files import Directory, RunError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK: Final = "lock"
PATIENCE: Final = 3.0
"""Seconds to wait for the process that uses a run: it may be exiting, and saves first."""

ENDING: Final = 20.0
"""Seconds that a process has to save and exit after SIGTERM."""

_MOST_BYTES: Final = 200
_POLL_INTERVAL: Final = 0.05
_READING: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NO_LOCKS: Final = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}

screen: int | None = None
"""Process id of the screen, which is to be terminated instead of this process; None without one."""


@dataclass(frozen=True)
class LockOwner:
    """The process that holds the lock of a run.

    Attributes:
        pid: its process id; 0 if unknown.
        since: when it took the lock, in seconds since the Unix epoch.
        end: the process to terminate: itself, or its screen.
        is_certain: whether it was verified to hold this lock and to belong to the user.
    """

    pid: int
    since: float
    end: int
    is_certain: bool

    def describe(self) -> str:
        """Return the process and how long it has held the lock."""
        if not self.pid:
            return "an unknown process"
        return f"process {self.end}, for {_duration(max(0.0, time() - self.since))}"


def acquire(directory: Directory) -> int | None:
    """Lock a run folder.

    Returns:
        The descriptor that holds the lock until it is closed or the process exits; None if the file
        system has no locks.

    Raises:
        BlockingIOError: when another process holds the lock.
        OSError, RunError: when the lock file cannot be opened.
    """
    descriptor = directory.open_lock(LOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _NO_LOCKS:
            return None
        raise
    text = json.dumps({"pid": os.getpid(), "since": round(time(), 3), "end": screen or os.getpid()})
    with suppress(OSError):  # if the disk is full, the lock still holds
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)
    return descriptor


def owner_of(path: Path) -> LockOwner | None:
    """Return the process that uses the run in that folder, or None."""
    try:
        with Directory(path) as directory, directory.open(LOCK) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                status = os.fstat(file.fileno())
                text = file.read(_MOST_BYTES)
    except (OSError, RunError):
        return None
    try:
        values = json.loads(text)
        pid, since, end = int(values["pid"]), float(values["since"]), int(values["end"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return LockOwner(0, 0.0, 0, is_certain=False)  # early versions wrote no process id
    return LockOwner(pid, since, end, _is_owner(pid, end, status))


def is_locked(parent: int, name: str) -> bool:
    """Return whether a process uses a run, as `in_use`, for lists of thousands of runs.

    Args:
        parent: descriptor of the folder of all runs.
        name: of the run, whose folder is not a symbolic link.
    """
    try:
        descriptor = os.open(f"{name}/{LOCK}", _READING, dir_fd=parent)
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


def in_use(path: Path) -> bool:
    """Return whether a process uses the run in that folder."""
    return owner_of(path) is not None


def in_use_error(path: Path) -> str:
    """Return the error message for a run that another process uses."""
    owner = owner_of(path)
    who = "" if owner is None else f" ({owner.describe()})"
    return f"{shown(path.name)} is in use by another nnfs-tui{who}"


def check_unused(path: Path, patience: float = PATIENCE) -> None:
    """Wait until no other process uses a run.

    Raises:
        RunError: when it is still in use after `patience` seconds.
    """
    until = monotonic() + patience
    while in_use(path):
        if monotonic() >= until:
            raise RunError(f"{in_use_error(path)}: --take-over makes it save and exit")
        sleep(_POLL_INTERVAL)


def take_over(path: Path, progress: Callable[[str], object]) -> None:
    """Make the process that uses a run save and exit, and wait for it.

    Args:
        path: of the run's folder.
        progress: called with a message before waiting.

    Raises:
        RunError: when the process cannot be verified, or does not exit.
    """
    owner = owner_of(path)
    if owner is None:
        return
    name = shown(path.name)
    if not owner.is_certain:
        raise RunError(
            f"{name} is in use ({owner.describe()}), and it cannot be verified that this process is "
            f"yours and uses the run: end it yourself{f', with kill {owner.end}' * bool(owner.pid)}"
        )
    progress(f"{name} is in use ({owner.describe()}): waiting until it is saved")
    _terminate(path, owner)
    until = monotonic() + ENDING
    while (left := owner_of(path)) is not None and left.pid == owner.pid:
        if monotonic() >= until:
            raise RunError(
                f"{owner.describe()} has not exited within {ENDING:g} s: kill -KILL {owner.end} ends "
                "it without saving what it has trained since its last save"
            )
        sleep(_POLL_INTERVAL)


def _terminate(path: Path, owner: LockOwner) -> None:
    """Send SIGTERM to a process; an open pidfd prevents that its id is reused in between."""
    try:
        process = os.pidfd_open(owner.end) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        return
    except OSError:
        process = None
    try:
        if owner_of(path) != owner:
            return  # it has exited meanwhile
        for number in (signal.SIGTERM, signal.SIGCONT):  # a stopped process handles no SIGTERM
            with suppress(ProcessLookupError):
                if process is None:
                    os.kill(owner.end, number)
                else:
                    signal.pidfd_send_signal(process, number)
    finally:
        if process is not None:
            os.close(process)


def _is_owner(pid: int, end: int, lock: os.stat_result) -> bool:
    """Return whether the process has the lock open, and `end` is the process itself or its parent.

    Both must belong to this user. Always False without /proc.
    """
    try:
        if any(Path(f"/proc/{each}").stat().st_uid != os.getuid() for each in (pid, end)):
            return False
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return end in {pid, int(fields[1])} and any(
            _is_same(each, lock) for each in Path(f"/proc/{pid}/fd").iterdir()
        )
    except (OSError, ValueError, IndexError):
        return False


def _is_same(link: Path, lock: os.stat_result) -> bool:
    try:
        return os.path.samestat(link.stat(), lock)
    except OSError:
        return False


def _duration(seconds: float) -> str:
    minutes, whole = int(seconds) // 60, int(seconds)
    if whole < 120:
        return f"{whole} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
