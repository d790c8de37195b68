"""Ways through the time of a run: to a past epoch and back, and on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.process.command_queue import Cancelled
from core.process.messages import Pull, Seek, SetSpeed, State

if TYPE_CHECKING:
    from core.process.command_queue import CommandQueue
    from core.process.training_run import TrainingRun


def seek(run: TrainingRun, exchange: CommandQueue, epoch: int) -> None:
    """Pause, go to the end of that epoch, or to the newest moment, and tell where the run stands."""
    trainer = run.trainer
    run.steps_left = 0
    if run.state is not State.PAUSED:
        run.set_state(State.PAUSED)
    run.report(force=True)
    run.autosave.save_newest(run)
    before = trainer.config, trainer.data
    if not run.time_travel.is_past:
        run.newest_of_head = run.newest

    def go_on(share: float) -> bool:
        try:
            exchange.send_loading(f"training again to epoch {epoch:,}", share)
        except Cancelled:
            return False
        # another way that is asked for next makes this one needless
        following = (one for one in exchange.waiting if not isinstance(one, Pull | SetSpeed))
        return not isinstance(next(following, None), Seek)

    run.time_travel.travel(epoch, go_on)
    run.stepped = None  # the gradients of checkpoints are not kept
    other_data = trainer.data is not before[1]
    if trainer.config is not before[0] or other_data:
        data = trainer.data if other_data else None
        run.send_run(data, fresh=False, note="", travelled=True)
    measured = run.send_moved()
    run.newest = measured if run.time_travel.is_past else run.newest_of_head


def leave_past(run: TrainingRun) -> None:
    """Let the run go on from where it stands; what was trained beyond is no longer of it."""
    if run.time_travel.is_past:
        run.time_travel.branch()
        run.send_branched(run.trainer.epoch)
