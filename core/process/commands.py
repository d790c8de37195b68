"""Commands that change the current run: settings, edits, time travel, and resuming after its end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from core.config.errors import ConfigError
from core.config.run_config import MOST_EPOCHS
from core.config.settings import IN_PLACE
from core.datasets import edits
from core.datasets.dataset import DataError
from core.datasets.prepare import prepare
from core.process.command_queue import Cancelled
from core.process.messages import State
from core.process.status_text import describe_change
from core.training.batches import oversized
from core.training.stopping import Stop

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.datasets.edits import Edit
    from core.process.command_queue import CommandQueue
    from core.process.training_run import TrainingRun

REFUSALS: Final = (ConfigError, DataError, MemoryError, Cancelled)
"""Errors that reject a change; the current run continues."""

CONTINUES: Final = "; space continues the run"
"""How a change, such as a remedy, takes effect after the end of a run."""


def configure(run: TrainingRun, queue: CommandQueue, changes: dict[str, Any]) -> None:
    """Change settings, or report why not."""
    trainer = run.trainer
    before, data = trainer.config, trainer.data
    try:
        config = before.changed(**changes)
    except ConfigError as error:
        # the screen checked each change alone, but two of them may conflict
        run.send_run(None, fresh=False, note=str(error))
        return
    run.report(force=True)  # the last epochs, with the parameters that belong to them
    share, restored = trainer.share_of_epoch, trainer.restored
    final = run.autosave.final_snapshot(run)
    try:
        fresh = _reconfigure(run, queue, config)
    except REFUSALS as error:
        run.send_run(None, fresh=False, note=why_refused(error))
        return
    if fresh:
        run.autosave.save_final(final)
        run.start()
    if config.epochs != before.epochs:
        run.extension = config.epochs
    notes = [describe_change(before, config, fresh=fresh)]
    if config.batch_size != before.batch_size or trainer.data is not data:
        notes.append(oversized(config.batch_size, len(trainer.data.y_train)))
    if fresh and run.autosave.can_restore:
        notes.append("backspace restores the previous one")
    only_measures = {each.name for each in config.differences(before)} <= {"diagnostics"}
    if share and not trainer.share_of_epoch and not fresh:
        notes.append(f"epoch {trainer.epoch + 1:,} is restarted")
    note = "; ".join(filter(None, notes))
    run.send_run(trainer.data if trainer.data is not data else None, fresh=fresh, note=note)
    if run.state is State.DIVERGED and only_measures:
        return  # a row would replace that of the epoch that diverged
    other_numbers = restored is not None or not before.effects(config) <= {*IN_PLACE, "step"}
    if not run.active and not run.rows:
        # what the network computes may have changed with the data or the activation
        run.newest = trainer.measure() if other_numbers else run.newest
        run.rows = [run.newest]
    over = trainer.epoch >= config.epochs
    if run.state is State.FINISHED and only_measures:
        run.report(force=True)  # a new status would replace the note on why the run has ended
    elif run.state in {State.FINISHED, State.DIVERGED}:
        rest = State.FINISHED if over else State.PAUSED
        if over and not fresh:
            note += CONTINUES
        run.set_state(State.TRAINING if fresh else rest, note)
    elif run.state is State.TRAINING and over:
        trainer.stopped = Stop.EPOCHS
        run.set_state(State.FINISHED, note)
    elif not run.active:
        run.report(force=True)


def _reconfigure(run: TrainingRun, queue: CommandQueue, config: RunConfig) -> bool:
    """Record and apply a config; return whether the run restarted with new weights."""
    trainer, fresh = run.trainer, False
    draws = trainer.config.data_key != config.data_key
    data = prepare(config, queue.send_loading) if draws else trainer.data

    def apply() -> None:
        nonlocal fresh
        fresh = trainer.configure(config, queue.send_loading, data=data)

    epoch, was_past = trainer.epoch, run.time_travel.is_past
    run.change(apply)  # if it raises, nothing has changed
    if was_past:
        run.send_branched(epoch)
    return fresh


def edit_parameter(run: TrainingRun, index: int, value: float) -> None:
    """Set one value of the flat parameter vector."""
    trainer = run.trainer
    if not 0 <= index < trainer.network.parameters.size:
        return
    run.report(force=True)
    run.branch_from_past()
    run.change(lambda: trainer.set_parameter(index, value), is_edit=True)
    measured = run.send_moved(index)
    if trainer.batches.next:
        return  # a row must belong to a complete epoch
    run.newest = measured
    if not run.active:
        run.rows = [run.newest]
        run.report(force=True)


def edit_data(run: TrainingRun, edit: Edit) -> None:
    """Add, move or remove a training sample, or report why not."""
    trainer = run.trainer
    before = trainer.data
    try:
        data = edits.apply(before, edit)
    except ValueError as error:
        run.send_run(None, fresh=False, note=str(error))
        return

    def change() -> None:
        trainer.restart_patience()
        trainer.set_data(data)

    run.report(force=True)
    share = trainer.share_of_epoch
    run.branch_from_past()
    run.change(change)
    note = f"{edits.describe(before, edit)}; the data are edited"
    if share:
        note += f"; epoch {trainer.epoch + 1:,} is restarted"
    run.send_run(data, fresh=False, note=note)
    if run.active:
        return
    run.newest = trainer.measure()
    run.rows = [run.newest]
    if run.state in {State.FINISHED, State.DIVERGED}:
        over = trainer.epoch >= trainer.config.epochs
        run.set_state(State.FINISHED if over else State.PAUSED, note + CONTINUES * over)
    else:
        run.report(force=True)


def seek(run: TrainingRun, queue: CommandQueue, epoch: int) -> None:
    """Pause, go to the end of an epoch or to the newest position, and report it."""
    trainer = run.trainer
    run.steps_left = 0
    if run.state is not State.PAUSED:
        run.set_state(State.PAUSED)
    run.report(force=True)
    run.autosave.save_newest(run)
    before = trainer.config, trainer.data
    if not run.time_travel.is_past:
        run.newest_of_head = run.newest
    run.time_travel.travel(epoch, partial(queue.send_seeking, epoch))
    run.stepped = None  # checkpoints have no gradients
    other_data = trainer.data is not before[1]
    if trainer.config is not before[0] or other_data:
        data = trainer.data if other_data else None
        run.send_run(data, fresh=False, note="", travelled=True)
    measured = run.send_moved()
    run.newest = measured if run.time_travel.is_past else run.newest_of_head


def resume(run: TrainingRun, end: int) -> str:
    """Change the settings that would end the run before an epoch; return a note about them."""
    trainer = run.trainer
    changes: dict[str, Any] = {}
    notes = []
    stopped, run.ended = run.ended, None
    if stopped in {Stop.TARGET_LOSS, Stop.TARGET_ACCURACY}:
        if getattr(trainer.config, stopped.value) is not None:
            changes[stopped.value] = None
        notes.append(f"training resumed without the {stopped.value.replace('_', ' ')}")
    if stopped is Stop.PATIENCE:
        run.change(trainer.restart_patience)
        notes.append("training resumed, patience restarted")
    end = min(end, MOST_EPOCHS)  # beyond it, the run would end after each epoch
    if end > trainer.config.epochs:
        changes["epochs"] = end
        notes.append(f"training resumed up to epoch {end:,}")
    note = "; ".join(notes)
    if changes:
        config = trainer.config.changed(**changes)
        run.change(lambda: trainer.configure(config))
        run.send_run(None, fresh=False, note=note)
    return note


def why_refused(error: BaseException) -> str:
    """Return the message for one of `REFUSALS`."""
    if isinstance(error, MemoryError):
        return str(error) or "there is not enough memory; choose a smaller network or less data"
    return str(error) or "loading was cancelled"
