"""Messages between the screen of a sweep and the process that trains it; the requests are `Pull`s."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.dataclass import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from core.sweeps.execution import Workers
    from core.sweeps.grid import Grid
    from core.sweeps.outcome import Outcome
    from core.sweeps.reports import RunReport
    from core.sweeps.results import FinishedRun


@dataclass(frozen=True)
class StartSweep:
    """Train the missing runs of a grid; sent once, before the first `Pull`.

    Attributes:
        grid: the settings that vary, from which both sides make the same combinations.
        number: of combinations that are chosen at random; None for all.
        workers: where runs are trained.
        folder: of all saved runs, where outcomes are stored; None to store nothing.
        halving: whether only the best combinations are trained for all epochs.
        send_files: whether workers receive the samples of a file.
        known: outcomes that are not in the folder.
    """

    grid: Grid
    number: int | None
    workers: Workers
    folder: Path | None
    halving: bool = False
    send_files: bool = True
    known: tuple[Outcome, ...] = ()


@dataclass(frozen=True)
class RepeatRuns:
    """Train the first run of some combinations again, for their maps; after the end of the sweep."""

    cells: tuple[int, ...]


@dataclass(frozen=True)
class SweepProgress:
    """Events since the last `SweepProgress`.

    Attributes:
        finished: runs that have finished.
        running: number of runs that are trained now.
        reports: combinations with the newest state of their first run.
        problem: why outcomes are not stored, or an empty string.
        has_ended: whether nothing is left to train.
        failure: why the sweep ended early; empty if it did not.
        notes: sentences on the workers of a cluster.
        seconds_left: estimated time until the end on a cluster; None if it is unknown.
    """

    finished: tuple[FinishedRun, ...]
    running: int
    reports: tuple[tuple[int, RunReport], ...] = ()
    problem: str = ""
    has_ended: bool = False
    failure: str = ""
    notes: tuple[str, ...] = ()
    seconds_left: float | None = None
