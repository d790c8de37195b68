"""Loads a saved run into the training process, and reports all of it to the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.process.messages import Branched, Progress, Reopened, State
from core.process.training_run import TrainingRun
from core.runs.cpu_kernels import changed_kernels
from core.runs.folder import RunFolder
from core.runs.reader import read_run
from core.training.epoch_log import in_order

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from core.process.autosave import TrainingAutosave
    from core.process.command_queue import CommandQueue
    from core.process.speed import EpochTimer
    from core.runs.reader import SavedRun

PATIENCE: Final = 3.0
"""Seconds to wait for a training process whose screen has exited, and which saves before it exits."""

BRANCH: Final = 2
"""Minimum number of epochs by which rows jump back at a branch: by 1 after an epoch that diverged."""


def reopen(
    path: Path,
    queue: CommandQueue,
    timer: EpochTimer,
    autosave: TrainingAutosave,
    *,
    paused: bool,
    restored: bool = False,
) -> TrainingRun:
    """Return the run that is saved in a folder, and report it to the screen.

    Args:
        path: of the folder.
        queue: to the screen.
        timer: keeps the speed.
        autosave: continues to save it.
        paused: whether to pause it, even if it was training.
        restored: whether another run had replaced it in this session.

    Raises:
        RunError: when another process uses it, it is damaged, or its data have changed.
        Cancelled: when loading the data was cancelled.
    """
    folder = RunFolder.open(path, PATIENCE)
    try:
        saved = read_run(path)
        run = TrainingRun(saved.trainer(queue.send_loading), queue, timer, autosave)
    except BaseException:
        folder.close()
        raise
    header = saved.header
    run.state = header.state
    run.resume_from(saved, folder)
    run.send_run(run.trainer.data, fresh=True, note="")
    _send_rows(run, queue, saved)
    run.report(force=True)  # the fraction of the current epoch
    first = run.time_travel.first
    name = folder.name if autosave.is_on else ""
    queue.post(Reopened(name, header.edited, header.loss_starts, restored))
    note = f"{folder.name} resumed at epoch {header.epoch:,}"
    if restored:
        note = f"{header.config.source_name} of epoch {header.epoch:,} restored"
        note += "; space resumes it" * (run.state is State.TRAINING)
    if first.epoch or first.batch:
        note += f"; time travel goes back to epoch {first.epoch:,}"
    moved = changed_kernels(header.kernels)
    if moved:
        note += f"; {moved}"
        autosave.add_event(run, "moved", moved)
    if run.state is State.TRAINING:
        run.set_state(State.PAUSED if paused else State.TRAINING, note)
    else:
        run.send_state(note)
    return run


def _send_rows(run: TrainingRun, queue: CommandQueue, saved: SavedRun) -> None:
    """Send all epochs, including those that the last branch discarded, which stay visible."""
    rows, last = saved.rows, saved.header.epoch + (saved.header.state is State.DIVERGED)
    jumps = np.flatnonzero(np.diff(rows[:, 0]) <= -BRANCH) + 1
    if len(jumps):
        at = int(jumps[-1])
        _send(run, queue, in_order(rows[:at]))
        queue.post(Branched(max(0, int(rows[at, 0]) - 1)))
        rows = rows[at:]
    rows = in_order(rows)
    _send(run, queue, rows)
    if len(rows) and rows[-1, 0] > last:
        queue.post(Branched(last))  # no epoch was trained after the branch


def _send(run: TrainingRun, queue: CommandQueue, rows: NDArray[np.float64]) -> None:
    network = run.trainer.network
    parameters, statistics = network.parameters.copy(), network.statistics.copy()
    queue.post(Progress(rows, parameters, statistics, 0.0))
