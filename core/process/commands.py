"""What somebody changes in a run while it is there: settings, a parameter, a sample, its end."""

from __future__ import annotations

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
from core.process.travel import leave_past
from core.training.stopping import Stop

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.datasets.edits import Edit
    from core.process.command_queue import CommandQueue
    from core.process.training_run import TrainingRun

REFUSALS: Final = (ConfigError, DataError, MemoryError, Cancelled)
"""What may come of loading data; the run that there is goes on."""


def configure(run: TrainingRun, exchange: CommandQueue, changes: dict[str, Any]) -> None:
    """Go on with other values of some settings, or say why not."""
    trainer = run.trainer
    before, data = trainer.config, trainer.data
    try:
        config = before.changed(**changes)
    except ConfigError as error:
        # each side checked what it knew: two changes may rule each other out
        run.send_run(None, fresh=False, note=str(error))
        return
    run.report(force=True)  # the last epochs, with the parameters that belong to them
    share, restored = trainer.share_of_epoch, trainer.restored
    parting = run.autosave.final_snapshot(run)
    try:
        fresh = _reconfigure(run, exchange, config)
    except REFUSALS as error:
        run.send_run(None, fresh=False, note=why_refused(error))
        return
    if fresh:
        run.autosave.save_final(parting)
        run.start()
    if config.epochs != before.epochs:
        run.span = config.epochs
    note = describe_change(before, config, fresh=fresh)
    if fresh and run.autosave.can_restore:
        note += "; backspace restores the one before"
    if share and not trainer.share_of_epoch and not fresh:
        note += f"; epoch {trainer.epoch + 1:,} begins again"
    run.send_run(trainer.data if trainer.data is not data else None, fresh=fresh, note=note)
    other_numbers = restored is not None or not before.effects(config) <= {*IN_PLACE, "step"}
    if not run.active and not run.rows:
        # what the network computes may have changed with the data or the activation
        run.newest = trainer.measure() if other_numbers else run.newest
        run.rows = [run.newest]
    over = trainer.epoch >= config.epochs
    if run.state in {State.FINISHED, State.DIVERGED}:
        rest = State.FINISHED if over else State.PAUSED
        run.set_state(State.TRAINING if fresh else rest, note)
    elif run.state is State.TRAINING and over:
        trainer.stopped = Stop.EPOCHS
        run.set_state(State.FINISHED, note)
    elif not run.active:
        run.report(force=True)


def _reconfigure(run: TrainingRun, exchange: CommandQueue, config: RunConfig) -> bool:
    """Take another config, which the history remembers; tell whether the run began anew."""
    trainer, fresh = run.trainer, False
    draws = trainer.config.data_key != config.data_key
    data = prepare(config, exchange.send_loading) if draws else trainer.data

    def apply() -> None:
        nonlocal fresh
        fresh = trainer.configure(config, data=data)

    epoch, was_past = trainer.epoch, run.time_travel.is_past
    run.change(apply)  # may be refused, and then nothing has happened
    if was_past:
        run.send_branched(epoch)
    return fresh


def edit_parameter(run: TrainingRun, index: int, value: float) -> None:
    """Give one number of the flat parameter vector another value."""
    trainer = run.trainer
    if not 0 <= index < trainer.network.parameters.size:
        return
    run.report(force=True)
    leave_past(run)
    run.change(lambda: trainer.set_parameter(index, value), is_edit=True)
    measured = run.send_moved(index)
    if trainer.batches.next:
        return  # a row would be of no epoch's end
    run.newest = measured
    if not run.active:
        run.rows = [run.newest]
        run.report(force=True)


def edit_data(run: TrainingRun, edit: Edit) -> None:
    """Add, move or remove a training sample, or say why not."""
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
    leave_past(run)
    run.change(change)
    note = f"{edits.describe(before, edit)}; the data are edited"
    if share:
        note += f"; epoch {trainer.epoch + 1:,} begins again"
    run.send_run(data, fresh=False, note=note)
    if run.active:
        return
    run.newest = trainer.measure()
    run.rows = [run.newest]
    if run.state in {State.FINISHED, State.DIVERGED}:
        over = trainer.epoch >= trainer.config.epochs
        run.set_state(State.FINISHED if over else State.PAUSED, note)
    else:
        run.report(force=True)


def resume(run: TrainingRun, end: int) -> str:
    """Lift what would end the run at once or before that epoch, and say so."""
    trainer = run.trainer
    changes: dict[str, Any] = {}
    notes = []
    stopped, run.ended = run.ended, None
    if stopped in {Stop.TARGET_LOSS, Stop.TARGET_ACCURACY}:
        if getattr(trainer.config, stopped.value) is not None:
            changes[stopped.value] = None
        notes.append(f"the run goes on without its {stopped.value.replace('_', ' ')}")
    if stopped is Stop.PATIENCE:
        run.change(trainer.restart_patience)
        notes.append("the run goes on, and patience begins anew")
    end = min(end, MOST_EPOCHS)  # beyond which a run is over again after each epoch
    if end > trainer.config.epochs:
        changes["epochs"] = end
        notes.append(f"the run goes on to epoch {end:,}")
    note = "; ".join(notes)
    if changes:
        config = trainer.config.changed(**changes)
        run.change(lambda: trainer.configure(config))
        run.send_run(None, fresh=False, note=note)
    return note


def why_refused(error: BaseException) -> str:
    """Return the sentence that a refusal is told by."""
    if isinstance(error, MemoryError):
        return str(error) or "there is not enough memory; choose a smaller network or less data"
    return str(error) or "loading was cancelled"
