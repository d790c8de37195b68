"""Division of the runs of a sweep into tasks, of which each is trained by one worker."""

from __future__ import annotations

import threading
from time import monotonic
from typing import TYPE_CHECKING, Final

from core.lockstep.sharing import sharing_key
from core.lockstep.trainer import LEAST_RUNS, STACK_NUMBERS
from core.training.components import sizes_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.sweeps.outcome import Outcome

    Run = tuple[RunConfig, str]

TASK_SECONDS: Final = 0.5
"""Intended duration of a task: hundreds of times its overhead, and short for a steady progress."""

LOCKSTEP_SECONDS: Final = 2.0
"""The same for runs in lockstep, of which as many as possible share each call of NumPy."""

LONGEST: Final = 30.0
"""Seconds of a task from which runs are trained one after another rather than in lockstep."""

LEAST_LANES: Final = 8
MOST_LANES: Final = 64
"""Fewest and most runs in lockstep: more gain little."""

MOST_PER_TASK: Final = 256

TASKS_PER_WORKER: Final = 2
"""Tasks that are sent in advance, so that no worker waits for the next one."""

LOCKSTEP_GAIN: Final = 4.0
"""Estimated quotient of the durations of a run alone and in lockstep, until one has been measured."""

MEASURED_SECONDS: Final = 2.0
"""Seconds between the first and the last task that has ended before the remaining time is estimated."""

MOST_ROWS: Final = 2_000_000
"""Maximum epochs of all runs in lockstep together: the metrics of each are in memory."""


def gains_from_lockstep(config: RunConfig, data: DataSplit) -> bool:
    """Return whether runs like this one take less time in lockstep.

    The outputs of a step of a large network leave the processor's cache in lockstep, and its calls of
    NumPy take longer than their overhead, which lockstep saves.
    """
    samples = len(data.y_train)
    batch = samples if isinstance(config.batch_size, str) else min(config.batch_size, samples)
    return batch * sum(sizes_of(config, data)) * LEAST_RUNS <= STACK_NUMBERS


def lanes_of(config: RunConfig) -> Hashable:
    """Return a key that is equal for runs that can be trained in lockstep."""
    return sharing_key(config.changed(diagnostics=False) if config.diagnostics else config)


class Tasks:
    """Iterates over groups of runs, sized by the durations of those that have finished.

    Runs of a group differ in no shape, so that a task can be trained in lockstep.

    Attributes:
        remaining: runs that are in no task yet.
    """

    def __init__(self, runs: Sequence[Run], workers: int, gains: dict[Hashable, bool]) -> None:
        """Group the runs.

        Args:
            runs: config and key of each run.
            workers: number of processes that train them.
            gains: by the key of `lanes_of`, whether lockstep takes less time.
        """
        self.workers = max(1, workers)
        self._gains = gains
        groups: dict[Hashable, list[Run]] = {}
        for run in runs:
            groups.setdefault(lanes_of(run[0]), []).append(run)
        self._groups = groups
        self.remaining = len(runs)
        self._seconds = {False: 0.0, True: 0.0}  # alone, and in lockstep
        self._finished = {False: 0, True: 0}
        self._sent = {False: 0, True: 0}
        self._first: tuple[float, float] | None = None
        self._last = 0.0
        self._lock = threading.Lock()  # joblib asks for the next task in a thread

    def __iter__(self) -> Iterator[Sequence[Run]]:
        while True:
            with self._lock:
                task = self._next()
            if not task:
                return
            yield task

    def record(self, outcomes: Sequence[Outcome]) -> None:
        """Record the durations of the runs of a task, when it has ended."""
        if not outcomes:
            return
        with self._lock:
            for each in outcomes:
                self._seconds[each.lanes > 1] += each.seconds
                self._finished[each.lanes > 1] += 1
            self._last = monotonic()
            if self._first is None:
                self._first = self._last, self._trained

    @property
    def missing(self) -> int:
        """Number of runs that have not finished."""
        return self.remaining + sum(self._sent.values()) - sum(self._finished.values())

    @property
    def _trained(self) -> float:
        """Seconds in which the runs were trained that have finished, of all processes together."""
        return sum(self._seconds.values())

    def seconds_left(self) -> float | None:
        """Return the estimated seconds until all runs have finished; None if it is unknown.

        The durations of the remaining runs, divided by the number of processes that have trained at the
        same time since the first task ended: before, they connect, and load the program and the data.
        """
        with self._lock:
            if self._first is None or self._last - self._first[0] < MEASURED_SECONDS:
                return None
            waiting = {False: 0, True: 0}
            for key, runs in self._groups.items():
                waiting[self._gains.get(key, False)] += len(runs)
            if waiting[True] and not self._finished[True]:
                return None  # the first tasks are single runs, which say little about lockstep
            start, before = self._first
            busy = (self._trained - before) / (self._last - start)
            left = sum(
                (count + self._sent[lockstep] - self._finished[lockstep])
                * (self._per_run(lockstep=lockstep) or 0.0)
                for lockstep, count in waiting.items()
            )
            return max(0.0, left / busy - (monotonic() - self._last)) if busy else None

    def expected_seconds(self) -> float:
        """Return the expected duration of the remaining runs in one process; 0 if it is unknown."""
        return sum(
            len(runs) * (self._per_run(lockstep=self._gains.get(key, False)) or 0.0)
            for key, runs in self._groups.items()
        )

    def _next(self) -> Sequence[Run]:
        for key, runs in self._groups.items():
            gains = self._gains.get(key, False)
            size = self._size(runs, gains=gains)
            task = runs[:size]
            self._sent[gains and len(task) > 1] += len(task)
            del runs[:size]
            if not runs:
                del self._groups[key]
            self.remaining -= len(task)
            return task
        return ()

    def _size(self, runs: Sequence[Run], *, gains: bool) -> int:
        if not sum(self._finished.values()):
            return 1
        # the last tasks are smaller, so that all workers end at about the same time
        share = self.remaining // (TASKS_PER_WORKER * self.workers) + 1
        seconds = self._per_run(lockstep=gains) or 1e-6
        if gains and LEAST_LANES * seconds < LONGEST:
            lanes = min(MOST_LANES, max(1, MOST_ROWS // runs[0][0].epochs))
            return min(max(LEAST_LANES, min(share, round(LOCKSTEP_SECONDS / seconds))), lanes)
        return max(1, min(share, MOST_PER_TASK, round(TASK_SECONDS / seconds)))

    def _per_run(self, *, lockstep: bool) -> float | None:
        """Return the mean duration of a run, or None if none has finished."""
        if self._finished[lockstep]:
            return self._seconds[lockstep] / self._finished[lockstep]
        if self._finished[not lockstep]:
            seconds = self._seconds[not lockstep] / self._finished[not lockstep]
            return seconds / LOCKSTEP_GAIN if lockstep else seconds * LOCKSTEP_GAIN
        return None
