"""Makes the live run of a kept one, and tells all of it to a screen that knows nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.process.messages import Branched, Progress, Reopened, State
from core.process.training_run import TrainingRun
from core.runs.cpu_kernels import changed_kernels
from core.runs.folder import RunFolder
from core.runs.reader import read_run
from core.runs.snapshot import Doing
from core.training.epoch_log import in_order

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from core.process.autosave import RunAutosave
    from core.process.command_queue import CommandQueue
    from core.process.speed import EpochTimer
    from core.runs.reader import SavedRun

PATIENCE: Final = 3.0
"""Seconds to wait for a training process that has lost its screen, and saves before it ends."""

BRANCH: Final = 2
"""Epochs that the rows jump back, at least, where the run went on from its past: one that diverged
makes them jump back by one."""

STATES: Final = {
    Doing.TRAINING: State.TRAINING,
    Doing.PAUSED: State.PAUSED,
    Doing.FINISHED: State.FINISHED,
    Doing.DIVERGED: State.DIVERGED,
}


def reopen(
    path: Path,
    exchange: CommandQueue,
    clock: EpochTimer,
    record: RunAutosave,
    *,
    paused: bool,
    restored: bool = False,
) -> TrainingRun:
    """Return the run that is kept in a folder, where it was saved, and tell it to the screen.

    Args:
        path: of the folder.
        exchange: with the screen.
        clock: the pace.
        record: keeps it on.
        paused: whether it stands still, even if it was training.
        restored: whether another run had taken its place in this session.

    Raises:
        RunError: when somebody else uses it, it is damaged, or its data are not what they were.
        Cancelled: when loading its data was ended.
    """
    folder = RunFolder.open(path, PATIENCE)
    try:
        kept = read_run(path)
        run = TrainingRun(kept.trainer(exchange.send_loading), exchange, clock, record)
    except BaseException:
        folder.close()
        raise
    header = kept.header
    run.state = STATES[header.doing]
    run.resume_from(kept, folder)
    run.send_run(run.trainer.data, fresh=True, note="")
    _send_rows(run, exchange, kept)
    run.report(force=True)  # how much of the epoch under way is trained
    first = run.time_travel.first
    name = folder.name if record.keeps else ""
    exchange.post(Reopened(name, header.edited, header.comparable_parts, restored))
    note = f"{folder.name} goes on at epoch {header.epoch:,}"
    if restored:
        note = f"{header.config.source_name} of epoch {header.epoch:,} restored"
        note += "; space resumes it" * (run.state is State.TRAINING)
    if first.epoch or first.batch:
        note += ", and not back before it"
    moved = changed_kernels(header.kernels)
    if moved:
        note += f"; {moved}"
        record.add_event(run, "moved", moved)
    if run.state is State.TRAINING:
        run.set_state(State.PAUSED if paused else State.TRAINING, note)
    else:
        run.send_state(note)
    return run


def _send_rows(run: TrainingRun, exchange: CommandQueue, kept: SavedRun) -> None:
    """Tell every epoch, and the future that was given up last, which stays in sight."""
    rows, last = kept.rows, kept.header.epoch + (kept.header.doing is Doing.DIVERGED)
    jumps = np.flatnonzero(np.diff(rows[:, 0]) <= -BRANCH) + 1
    if len(jumps):
        at = int(jumps[-1])
        _send(run, exchange, in_order(rows[:at]))
        exchange.post(Branched(max(0, int(rows[at, 0]) - 1)))
        rows = rows[at:]
    rows = in_order(rows)
    _send(run, exchange, rows)
    if len(rows) and rows[-1, 0] > last:
        exchange.post(Branched(last))  # nothing was trained since then


def _send(run: TrainingRun, exchange: CommandQueue, rows: NDArray[np.float64]) -> None:
    network = run.trainer.network
    parameters, statistics = network.parameters.copy(), network.statistics.copy()
    exchange.post(Progress(rows, parameters, statistics, 0.0))
