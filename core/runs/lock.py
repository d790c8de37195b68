"""Which process uses a run, since when, and how it is asked to save and end."""

from __future__ import annotations

import fcntl
import json
import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep, time
from typing import TYPE_CHECKING, Any, Final

from core.runs.atomic_files import Directory, RunError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

LOCK: Final = "lock"
PATIENCE: Final = 3.0
"""Seconds to wait for a process that uses the run: one that ends saves first."""

ENDING: Final = 20.0
"""Seconds that a process may take to save and end after it was asked to."""

_LONGEST: Final = 200
_LOOKING: Final = 0.05

screen: int | None = None
"""The process that is asked to end when another wants a run of this one, if not this one itself."""


@dataclass(frozen=True)
class Holder:
    """A process that has the lock of a run.

    Attributes:
        pid: its number.
        since: when it took the lock, in seconds of the epoch.
        end: the process that is to be asked to end: its own, or that of its screen.
        is_certain: whether it was found to have that very lock, and to be the user's own.
    """

    pid: int
    since: float
    end: int
    is_certain: bool

    def told(self) -> str:
        """Return which process it is, and for how long."""
        if not self.pid:
            return "a process that cannot be named"
        return f"process {self.end}, for {_duration(max(0.0, time() - self.since))}"


def write_holder(descriptor: int) -> None:
    """Write into a lock that was taken who has it."""
    text = json.dumps({"pid": os.getpid(), "since": round(time(), 3), "end": screen or os.getpid()})
    with suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)


def holder_of(path: Path) -> Holder | None:
    """Return the process that uses the run in that folder, or None if none does."""
    try:
        with Directory(path) as directory, directory.open(LOCK) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                status = os.fstat(file.fileno())
                text = file.read(_LONGEST)
    except OSError:
        return None
    try:
        values = json.loads(text)
        pid, since, end = int(values["pid"]), float(values["since"]), int(values["end"])
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return Holder(0, 0.0, 0, is_certain=False)  # by a version that did not name itself
    return Holder(pid, since, end, _is_holder(pid, end, status))


def in_use_by(path: Path) -> str:
    """Return a sentence on the process that uses the run in that folder."""
    holder = holder_of(path)
    told = "" if holder is None else f" ({holder.told()})"
    return f"{shown(path.name)} is in use by another nnfs-tui{told}"


def refuse_if_used(path: Path, patience: float = PATIENCE) -> None:
    """Wait for a process that is about to end, and refuse the run if it is still in use.

    Raises:
        RunError: which names the process, and the way out.
    """
    until = monotonic() + patience
    while holder_of(path) is not None:
        if monotonic() >= until:
            raise RunError(f"{in_use_by(path)}: --take-over has it save and end")
        sleep(_LOOKING)


def take_over(path: Path, progress: Callable[[str], object]) -> None:
    """Have the process that uses a run save and end, and wait for it.

    Args:
        path: of the run's folder.
        progress: called with a sentence when it has to be waited for.

    Raises:
        RunError: when it is not certain which process that is, or it does not end.
    """
    holder = holder_of(path)
    if holder is None:
        return
    name = shown(path.name)
    if not holder.is_certain:
        raise RunError(
            f"{name} is in use ({holder.told()}), and it cannot be verified that this process is "
            f"yours and has the run: end it yourself{f', with kill {holder.end}' * bool(holder.pid)}"
        )
    progress(f"{name} is in use ({holder.told()}): waiting until it is saved")
    _end(path, holder)
    until = monotonic() + ENDING
    while (left := holder_of(path)) is not None and left.pid == holder.pid:
        if monotonic() >= until:
            raise RunError(
                f"{holder.told()} has not ended within {ENDING:g} s: kill -KILL {holder.end} ends it "
                "without saving what it trained since its last save"
            )
        sleep(_LOOKING)


def _end(path: Path, holder: Holder) -> None:
    """Ask a process to end; while its descriptor is open, its number is that of no other."""
    try:
        process = os.pidfd_open(holder.end) if hasattr(os, "pidfd_open") else None
    except ProcessLookupError:
        return
    except OSError:
        process = None
    try:
        if holder_of(path) != holder:
            return  # it has ended meanwhile
        for number in (signal.SIGTERM, signal.SIGCONT):  # a stopped one has to act on it, too
            with suppress(ProcessLookupError):
                if process is None:
                    os.kill(holder.end, number)
                else:
                    signal.pidfd_send_signal(process, number)
    finally:
        if process is not None:
            os.close(process)


def _is_holder(pid: int, end: int, lock: os.stat_result) -> bool:
    """Return whether that process has the lock open, and the one to be ended is it or its parent.

    Both have to be this user's. Without /proc nothing is certain.
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


def _is_same(link: Path, lock: Any) -> bool:
    try:
        found = link.stat()
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == (lock.st_dev, lock.st_ino)


def _duration(seconds: float) -> str:
    minutes, whole = int(seconds) // 60, int(seconds)
    if whole < 120:
        return f"{whole} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"
