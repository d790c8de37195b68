"""Reports of runs that are trained: from the processes of a sweep to the one that collects outcomes.

Outcomes contain no weights. For the maps of a sweep, the first run of each combination sends its weights
twice a second and at its end. A worker never waits: a report is left out while an earlier one is on its
way.
"""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Condition, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from core.dataclass import dataclass
from core.process.channel import Channel
from core.sweeps.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit

REPORT_SECONDS: Final = 0.5
"""Seconds between two reports of a process."""

MOST_WATCHED: Final = 64
"""Combinations whose first run is reported: small maps of more would be illegible."""

MOST_PARAMETERS: Final = 100_000
"""Parameters of a network up to which it is reported."""

MOST_SAMPLES: Final = 500
"""Samples in a report: they determine which part of the plane a map shows."""

LAST_REPORT_SECONDS: Final = 1.0
"""Seconds to wait at the end of a task until its reports are sent."""

SETTLING_SECONDS: Final = 1.0
"""Seconds to wait for the end of the tasks: a worker that could not connect sends none."""


@dataclass(frozen=True)
class RunReport:
    """A run while it trains, or at its end.

    Attributes:
        key: of its outcome.
        config: its settings.
        epoch: number of epochs trained.
        score: accuracy or R² on fresh samples, or on the test samples if there are some.
        parameters, statistics: of its network.
        data: a part of its samples; in the first report of a process only, as they do not change.
        has_ended: whether this is the last report.
    """

    key: str
    config: RunConfig
    epoch: int
    score: float
    parameters: Array
    statistics: Array
    data: DataSplit | None
    has_ended: bool


class Begun(NamedTuple):
    """Runs whose training begins."""

    keys: tuple[str, ...]


class TaskEnded(NamedTuple):
    """The last message of a task of a worker."""

    task: int


Message: TypeAlias = "RunReport | Begun | Outcome | TaskEnded"


class Target(NamedTuple):
    """Address for the reports of a worker, and the runs that it reports.

    Attributes:
        address: of a socket.
        watched: keys of the runs.
        task: number of the task.
        takes_turns: whether runs of a task are trained by turns, and each outcome is reported.
    """

    address: str
    watched: frozenset[str]
    task: int
    takes_turns: bool = False


class Reporter:
    """Sends reports of some runs at intervals."""

    def __init__(self, send: Callable[[Message], None], is_watched: Callable[[str], bool]) -> None:
        """Create a reporter.

        Args:
            send: passes a message on.
            is_watched: whether the run with a key is reported.
        """
        self._send, self._is_watched = send, is_watched
        self._last: dict[str, float] = {}
        self._described: set[str] = set()

    def begin(self, keys: Iterable[str]) -> None:
        """Report that the training of runs begins."""
        self._send(Begun(tuple(keys)))

    def shows(self, key: str, parameters: int) -> bool:
        """Return whether a run with so many parameters is reported, so that its score is measured."""
        return parameters <= MOST_PARAMETERS and self._is_watched(key)

    def is_due(self, key: str) -> bool:
        """Return whether the interval of a run is over, and begin the next one."""
        now = perf_counter()
        if now - self._last.get(key, 0.0) < REPORT_SECONDS:
            return False
        self._last[key] = now
        return True

    def end(self, task: int) -> None:
        """Report that a task has ended, after all that it had to report."""
        self._send(TaskEnded(task))

    def finish(self, outcome: Outcome) -> None:
        """Report the outcome of a run before its task has ended."""
        self._send(outcome)

    def report(
        self,
        key: str,
        config: RunConfig,
        data: DataSplit,
        *,
        epoch: int,
        score: float,
        parameters: Array,
        statistics: Array,
        has_ended: bool = False,
    ) -> None:
        """Report a run, with a copy of its weights."""
        part = None
        if key not in self._described:
            self._described.add(key)
            part = data.thinned(MOST_SAMPLES)
        copies = parameters.copy(), statistics.copy()
        self._send(RunReport(key, config, epoch, score, *copies, part, has_ended))


class Reports:
    """Collects the reports of all processes of a sweep on this machine."""

    def __init__(self) -> None:
        self._lock = Condition()
        self._tasks = 0
        self._open: set[int] = set()  # tasks of workers that have not ended
        self._cells: dict[str, int] = {}
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._new: dict[str, RunReport] = {}
        self._outcomes: list[Outcome] = []
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._listener: socket.socket | None = None

    def watch(self, key: str, cell: int) -> None:
        """Report a run, the first one of a combination."""
        if cell < MOST_WATCHED:
            self._cells[key] = cell

    def is_watched(self, key: str) -> bool:
        """Return whether a run is reported."""
        return key in self._cells

    def reporter(self) -> Reporter:
        """Return a reporter for this process."""
        return Reporter(self.receive, self.is_watched)

    def target(self, keys: Sequence[str], *, takes_turns: bool = False) -> Target | None:
        """Return where the worker of a task sends its reports; None if that is impossible."""
        address = self._address()
        watched = frozenset(filter(self.is_watched, keys))
        if not address:
            return None
        with self._lock:
            self._tasks += 1
            self._open.add(self._tasks)
            return Target(address, watched, self._tasks, takes_turns)

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes that were reported since the last call."""
        with self._lock:
            found, self._outcomes = self._outcomes, []
        return found

    def receive(self, message: Message) -> None:
        """Record a message of a process."""
        with self._lock:
            if isinstance(message, Begun):
                self._begun.update(message.keys)
                self._ended.difference_update(message.keys)
                return
            if isinstance(message, TaskEnded):
                self._open.discard(message.task)
                self._lock.notify_all()
                return
            if isinstance(message, Outcome):
                self._outcomes.append(message)
                return
            before = self._new.get(message.key)
            if message.data is None and before is not None and before.data is not None:
                message = replace(message, data=before.data)
            self._new[message.key] = message

    def begin_sweep(self) -> None:
        """Forget which runs of an earlier sweep were trained when it ended."""
        with self._lock:
            self._begun.clear()
            self._ended.clear()
            self._open.clear()

    def end(self, key: str) -> None:
        """Record that a run has ended."""
        with self._lock:
            self._ended.add(key)

    @property
    def running(self) -> int:
        """Number of runs that are trained now."""
        with self._lock:
            return len(self._begun - self._ended)

    def take(self) -> tuple[tuple[int, RunReport], ...]:
        """Return the newest report of each run since the last call, with its combination."""
        with self._lock:
            found = tuple((self._cells[key], each) for key, each in self._new.items())
            self._new.clear()
        return found

    def settle(self) -> None:
        """Wait until everything is received that workers have sent in tasks that have ended."""
        with self._lock:
            self._lock.wait_for(lambda: not self._open, SETTLING_SECONDS)
            self._open.clear()

    def close(self) -> None:
        """Accept no further reports."""
        if self._listener is not None:
            self._listener.close()
        if self._folder is not None:
            with suppress(OSError):
                self._folder.cleanup()

    def _address(self) -> str:
        """Return the address of a socket for the workers; empty if there is none."""
        if self._folder is None:
            try:
                # only this user can enter the folder, so that the messages are trusted
                self._folder = tempfile.TemporaryDirectory(prefix="nnfs-tui-")
                self._listener = _listening(str(Path(self._folder.name, "reports")))
            except OSError:  # such as a name that is too long: the maps show only what has ended
                return ""
            Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return "" if self._listener is None else str(Path(self._folder.name, "reports"))

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                end, _ = listener.accept()
                Thread(target=self._serve, args=(Channel(end),), daemon=True).start()

    def _serve(self, channel: Channel) -> None:
        try:
            while not channel.closed:
                for message in channel.receive(None):
                    self.receive(message)
        finally:
            channel.close()


_channels: dict[str, Channel | None] = {}
"""Of a worker: the connection to each address."""


def flush_reports() -> None:
    """Send what the socket has not accepted yet; called at the end of a task of a worker."""
    for channel in _channels.values():
        if channel is not None:
            channel.flush(LAST_REPORT_SECONDS)


def reporter_to(target: Target | None) -> Reporter | None:
    """Return a reporter for a worker; None if nothing is to be reported, or no one listens."""
    if target is None:
        return None
    if target.address not in _channels:
        _channels[target.address] = _connected(target.address)
    channel = _channels[target.address]
    if channel is None:
        return None

    def send(message: Message) -> None:
        # an intermediate report is left out while an earlier one is on its way
        is_needed = (
            not isinstance(message, RunReport) or message.has_ended or message.data is not None
        )
        if is_needed or not channel.backlog:
            channel.post(message)

    return Reporter(send, target.watched.__contains__)


def _listening(address: str) -> socket.socket:
    end = socket.socket(socket.AF_UNIX)
    try:
        end.bind(address)
        end.listen()
    except OSError:
        end.close()
        raise
    return end


def _connected(address: str) -> Channel | None:
    end = socket.socket(socket.AF_UNIX)
    try:
        end.connect(address)
    except OSError:
        end.close()
        return None
    return Channel(end)
