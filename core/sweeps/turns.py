"""Training of a few runs by turns, so that a screen shows all of them at the same time."""

from __future__ import annotations

from collections import deque
from math import inf
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.sweeps.training import group_steps

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from core.config.run_config import RunConfig
    from core.sweeps.outcome import Outcome
    from core.sweeps.reports import Reporter
    from core.sweeps.training import FileData, Steps

    Run = tuple[RunConfig, str]

TURN_SECONDS: Final = 0.02
"""Duration of a turn: hundreds of epochs of a small network, and short compared with a frame."""

TRIAL_SECONDS: Final = 0.5
"""Seconds after which the duration of all runs is estimated."""


class _Turn:
    """A run that is trained by turns."""

    def __init__(self, run: Run, steps: Steps) -> None:
        self.run = run
        self._steps = steps
        self._epoch, self._seconds = 0, 0.0

    def take(self) -> list[Outcome]:
        """Train for a turn; return the outcome if the run has ended."""
        started = perf_counter()
        try:
            with np.errstate(all="ignore"):  # a divergence is detected by the loss
                while True:
                    self._epoch = next(self._steps)
                    now = perf_counter()
                    if now - started >= TURN_SECONDS:
                        break
        except StopIteration as end:
            outcomes: list[Outcome] = end.value
            return outcomes
        self._seconds += now - started
        return []

    @property
    def expected_seconds(self) -> float | None:
        """Expected seconds to the end of the run; None before its first turn."""
        left = self.run[0].epochs - self._epoch
        return self._seconds / self._epoch * left if self._epoch else None


class Left(NamedTuple):
    """A run that was not trained to its end, and the expected seconds for the rest of it."""

    run: Run
    seconds: float


def train_by_turns(
    runs: Sequence[Run], file: FileData | None, reporter: Reporter, most_seconds: float = inf
) -> Generator[Outcome, None, list[Left]]:
    """Train runs to their end; yield the outcome of each as it ends.

    Args:
        runs: config and key of each run.
        file: the file with their samples, or None for a built-in data set.
        reporter: sends their state.
        most_seconds: training stops after a trial if it is expected to take longer.

    Returns:
        The runs that were not trained to their end.
    """
    reporter.begin(key for _, key in runs)
    turns = deque(_Turn(run, group_steps([run], file, reporter)) for run in runs)
    started = perf_counter()
    is_trial = most_seconds < inf
    while turns:
        turn = turns.popleft()
        outcomes = turn.take()
        if outcomes:
            yield from outcomes
        else:
            turns.append(turn)
        if is_trial and perf_counter() - started > TRIAL_SECONDS:
            expected = [each.expected_seconds for each in turns]
            known = [each for each in expected if each is not None]
            if not known:
                continue
            is_trial, mean = False, sum(known) / len(known)
            if mean * len(turns) > most_seconds:
                return [
                    Left(each.run, mean if seconds is None else seconds)
                    for each, seconds in zip(turns, expected, strict=True)
                ]
    return []


def shares(left: Sequence[Left], count: int) -> list[list[Run]]:
    """Divide runs among workers, so that all of them need about the same time."""
    parts: list[tuple[float, list[Run]]] = [(0.0, []) for _ in range(min(count, len(left)))]
    for each in sorted(left, key=lambda each: -each.seconds):
        at = min(range(len(parts)), key=lambda at: parts[at][0])
        parts[at] = parts[at][0] + each.seconds, [*parts[at][1], each.run]
    return [runs for _, runs in parts]
