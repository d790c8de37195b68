"""What a screen of a run does with the training process: hears its events, and sends what keys ask for.

`TrainingScreen` draws what is known of the run; nothing here draws.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from textual import work
from textual.screen import Screen

from core.config.errors import ConfigError
from core.config.run_config import RunConfig, setting
from core.config.value_types import words_of
from core.process import (
    BaselineFound,
    Cancel,
    Configure,
    ConfigureAutosave,
    Failed,
    MeasureBaseline,
    Moved,
    Pause,
    Refused,
    Reopen,
    Reopened,
    Restore,
    Resume,
    Run,
    Seek,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
    StepBatch,
    WatchScreen,
)
from tui.drawing.number_format import speed as speed_words
from tui.run_model import RunModel
from tui.screens.steps import BATCH_SIZES, next_of_125, next_speed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.process import Command, Event
    from core.runs.autosaver import SaveOptions
    from tui.cli.run_log import RunLog
    from tui.process_link import ProcessLink


class RunScreen(Screen[None]):
    """Owns one session, and the config that the keys have asked for so far."""

    def __init__(
        self,
        config: RunConfig,
        link: ProcessLink,
        *,
        speed: float | None,
        run_log: RunLog | None,
        keeping: SaveOptions | None = None,
    ) -> None:
        super().__init__()
        self.session = RunModel(config)
        self._link = link
        self._requested = config
        self._planned = _ends_of(config)
        self._file = _file_of(config)
        self._sent = 0
        self._requested_state: State | None = None
        self._paused_by_suspend = self._resumes = self._is_refused = False
        self._seek_target: int | None = None
        self._pending_seeks = 0  # how many were asked for and are not told to be over
        self._speed = speed
        self._run_log = run_log
        self._save_options = keeping

    def show_event(self, event: Event) -> None:
        """Show what an event, already applied to the session, changed."""
        raise NotImplementedError

    def pull(self) -> None:
        """Ask for the next frame."""
        raise NotImplementedError

    def show_speed(self, speed: float | None) -> None:
        """Show the chosen pace."""
        raise NotImplementedError

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""
        raise NotImplementedError

    # --- the run, as the process tells it

    @work(exclusive=True, group="training")
    async def _listen(self) -> None:
        await self._link.listen(self._on_training_event)

    def begin(self, config: RunConfig, *, paused: bool = False) -> None:
        """Start a run, in a new process if the old one is gone."""
        self._launch(Start(config, paused))

    def resume(self, path: Path, *, paused: bool = False) -> None:
        """Go on with a kept run, in a process that has none."""
        self._launch(Reopen(path, paused))

    def _launch(self, command: Start | Reopen) -> None:
        if self._link.process.ended:
            try:
                self._link.restart()
            except OSError as error:
                self.show_note(
                    f"no training process could be started ({error.strerror}); r tries again"
                )
                return
            self._sent = self._pending_seeks = 0
            self._seek_target = self._requested_state = None
        self._is_refused = False
        self._link.when_stopped = self._say_stopped
        self._listen()
        self._link.send(SetSpeed(self._speed))
        if self._save_options is not None:
            self._link.send(ConfigureAutosave(self._save_options))
        self._link.send(command)
        self._sent += 1
        self.pull()

    def _on_training_event(self, event: Event) -> None:
        if isinstance(event, Refused):
            # the process is there, but has no run that could answer
            self._is_refused, self._requested_state, self.session.loading = True, None, None
            self.refuse(event)
            return
        self.record(event)
        if isinstance(event, Run) and event.answered >= self._sent:
            self._requested = event.config
        if isinstance(event, Reopened) and event.restored:
            self._planned = _ends_of(self.session.config)
        if isinstance(event, StateChanged | Failed):
            self._requested_state = None
            self._resume_held()
        self.show_event(event)
        if isinstance(event, Moved) and event.edited is None:
            self._finish_seek(event)

    def record(self, event: Event) -> None:
        """Take an event in that says what became of the run, without showing it."""
        self.session.apply(event)
        self._log(event)

    def _finish_seek(self, moved: Moved) -> None:
        """Take note that a way through time is over."""
        self._pending_seeks -= 1
        if self._pending_seeks > 0:
            return
        if self._seek_target is not None and moved.epoch > self._seek_target:
            self.show_note(f"the past begins at epoch {moved.epoch:,}: older epochs are not kept")
        self._seek_target, self._pending_seeks = None, 0

    def _say_stopped(self, pid: int) -> None:
        self.show_note(f"the training process is stopped: kill -CONT {pid} resumes it")

    def refuse(self, refused: Refused) -> None:
        """End the program, for there is nothing to show, and say why."""
        raise NotImplementedError

    def _log(self, event: Event) -> None:
        if self._run_log is not None:
            try:
                self._run_log.write(event, self.session)
            except OSError as error:
                self._run_log = None
                self.show_note(f"the log ends here: it cannot be written ({error.strerror})")

    # --- what keys do to the run

    def action_toggle_pause(self) -> None:
        """Pause or go on; where the process is gone, with what it has kept."""
        self._resumes = False
        if self._has_no_run and self._save_options is not None and self.session.saved_as:
            parent = self._save_options.parent
            if parent is not None:
                self.resume(parent / self.session.saved_as)
            return
        # from what is meant: the answer to an earlier press may still be on its way
        if (self._requested_state or self.session.state) is not State.TRAINING:
            self._from_here(Resume())
        elif self._send(Pause()):
            self._requested_state = State.PAUSED

    def pause_for_suspend(self) -> None:
        """Pause the training while the whole program is stopped."""
        self._paused_by_suspend = (self._requested_state or self.session.state) is State.TRAINING
        if self._paused_by_suspend:
            self._link.send(Pause())
        self._link.send(WatchScreen(is_stopped=True))

    def resume_after_suspend(self) -> None:
        """Resume the training, if it was paused only because the program was stopped."""
        self._link.send(WatchScreen(is_stopped=False))
        # not before the pause is answered: the run may have finished just before
        self._resumes, self._paused_by_suspend = self._paused_by_suspend, False

    def _resume_held(self) -> None:
        """Resume the run once it has paused for the stop; one that has ended stays as it is."""
        if self._resumes and self.session.state is not State.TRAINING:
            self._resumes = False
            if self.session.state is State.PAUSED:
                self._link.send(Resume())

    @property
    def _has_no_run(self) -> bool:
        """Whether no process is there that could do what a key asks for."""
        return self._link.process.ended or self._is_refused

    def action_step(self, epochs: int) -> None:
        """Train a few epochs and stand still."""
        self._from_here(Step(epochs))

    def action_step_batch(self) -> None:
        """Train one batch and stand still."""
        self._from_here(StepBatch())

    def _from_here(self, command: Command) -> None:
        """Send what lets the run go on; from the past, only if somebody wants another future."""
        self.confirm_branch("Continue from", lambda: self._resume(command))

    def confirm_branch(self, what: str, act: Callable[[], object]) -> None:
        """Do what gives the run another future; in the past, ask before, for it had one."""
        from tui.screens.prompts import ConfirmScreen

        past, head = self.session.past_epoch, self.session.head_epoch
        if self._seek_target is not None:
            past = self._seek_target if self._seek_target < head else None  # it is on its way there
        if past is None:
            act()
            return

        def decide(sure: bool | None) -> None:
            if sure:
                act()

        after = self.session.head_epoch - past
        lost = (
            "What is trained"
            if after < 1
            else "The epoch"
            if after == 1
            else f"The {after:,} epochs"
        )
        question = (
            f"{what} epoch {past:,}? {lost} after it will be discarded: a new branch begins. "
            "The old curves stay, dimmed."
        )
        self.app.push_screen(ConfirmScreen(question), decide)

    def _resume(self, command: Command) -> None:
        self._seek_target = None
        if self._send(command) and isinstance(command, Resume):
            self._requested_state = State.TRAINING

    def action_travel(self, by: int) -> None:
        """Go some epochs back or on."""
        self.seek(self._aimed + by)

    def action_travel_to(self, end: str) -> None:
        """Go to the first or the newest epoch."""
        self.seek(0 if end == "first" else self.session.head_epoch + 1)

    def action_choose_epoch(self) -> None:
        """Ask for an epoch to go to."""
        from tui.screens.prompts import EpochScreen

        def go(epoch: int | None) -> None:
            if epoch is not None:
                self.seek(epoch)

        self.app.push_screen(EpochScreen(self.session), go)

    @property
    def _aimed(self) -> int:
        """The epoch that the keys have asked for so far, which may not be there yet."""
        if self._seek_target is not None:
            return self._seek_target
        past = self.session.past_epoch
        if past is None:
            # within an epoch, one is beyond the end of the last
            return self.session.head_epoch + (self.session.share_of_epoch > 0)
        return past

    def seek(self, epoch: int) -> None:
        """Go to the end of an epoch, if the run stands still."""
        if not self.session.is_at_rest and self._requested_state is not State.PAUSED:
            self.show_note("the run is training: pause it (space) to go back in time")
            return
        # one beyond is the newest moment, which may be within an epoch
        aim = min(max(epoch, 0), self.session.head_epoch + 1)
        if self._send(Seek(aim)):
            self._seek_target = aim
            self._pending_seeks += 1

    def action_reset(self) -> None:
        """Begin again with the same seed, in a new process if the old one is gone."""
        # a run that went on past its end, or a target, begins again with those that it first had
        config = self._requested.changed(**self._planned)
        self._restart(config, f"reset: the same weights as before (seed {config.seed})")

    def action_reseed(self) -> None:
        """Begin again with the next seed."""
        seed = (self._requested.seed + 1) % 2**63
        config = self._requested.changed(**self._planned, seed=seed, data_seed=None)
        self._restart(config, f"reset with seed {config.seed}: other data and weights")

    def _restart(self, config: RunConfig, note: str) -> None:
        self._requested = config
        if self._link.process.ended:
            self.begin(config)
        else:
            if self.session.head_epoch or self.session.share_of_epoch:
                note += "; backspace restores the run before"
            self._link.send(Start(config))
            self._sent += 1
        self.show_note(note)

    def action_restore(self) -> None:
        """Go back to the run whose place another took, as it was then."""
        if self._send(Restore()):
            self._seek_target = None
            self._sent += 1

    def action_new_data(self) -> None:
        """Draw the data anew from the next seed of their own, or part them anew; keep the weights."""
        seed = (self._requested.draw_seed + 1) % 2**63
        self.apply(self._requested.changed(data_seed=seed))

    def action_baseline(self) -> None:
        """Show, or hide, what a linear model reaches on the same split."""
        if self.session.baseline is not None:
            self.session.baseline = None
            self.show_event(BaselineFound(None, ""))
            self.show_note("the linear model's line is hidden; B shows it again")
        elif self._send(MeasureBaseline()):
            self.show_note("fitting a linear model to the same split …")

    def action_cancel(self) -> None:
        """End the loading of data, or the way through time, that is under way."""
        if self.session.loading is not None:
            self._send(Cancel())

    def action_learning_rate(self, direction: int) -> None:
        """Go to the next 1, 2 or 5 times a power of ten."""
        rate = next_of_125(self._requested.learning_rate, direction)
        with suppress(ConfigError):  # at the end of what a number can be
            self.apply(self._requested.changed(learning_rate=rate))

    def action_cycle(self, name: str) -> None:
        """Take the next of a setting's values."""
        if name == "batch_size":
            values: tuple[Any, ...] = BATCH_SIZES
        else:
            values = words_of(setting(name).value_type)
        current = getattr(self._requested, name)
        at = values.index(current) if current in values else -1
        if name == "dataset" and self._requested.data is not None:
            at = -1
        for step in range(1, len(values) + 1):
            changes = {name: values[(at + step) % len(values)]}
            if name == "dataset":
                changes |= OF_ONE_SET
                if self._file and self._requested.data is None and at + step == len(values):
                    changes = dict(self._file)  # it comes after the last of the sets
            # a value that the other settings rule out is passed over
            with suppress(ConfigError):
                self.apply(self._requested.changed(**changes))
                return

    def apply(self, config: RunConfig) -> None:
        """Ask the process for another config."""
        self._file = _file_of(config) or self._file
        changes = {
            each.name: getattr(config, each.name) for each in config.differences(self._requested)
        }

        def change() -> None:
            self._seek_target, self._requested = None, config
            self._sent += self._send(Configure(changes))

        if changes:
            self.confirm_branch("Change the run at", change)

    def _send(self, command: Command) -> bool:
        """Send a command, or say why it can do nothing now."""
        if self._has_no_run:
            kept = "space resumes the run as it was saved, " if self.session.saved_as else ""
            self.show_note(
                f"the training process has ended; {kept}r starts a new one, with these settings"
            )
            return False
        if self.session.state is State.DIVERGED and isinstance(
            command, Pause | Resume | Step | StepBatch
        ):
            self.show_note("the run has diverged: lower the learning rate (−), or start over (r)")
            return False
        self._link.send(command)
        if self.session.loading is not None and isinstance(command, Pause | Resume | Step):
            self.show_note("wait until the data are loaded")
        return True

    def action_speed(self, direction: int) -> None:
        """Go to the next slower or faster pace."""
        self._speed = next_speed(self._speed, direction)
        self.show_speed(self._speed)
        self._link.send(SetSpeed(self._speed))
        self.show_note(f"speed: {speed_words(self._speed)}")

    def action_settings(self) -> None:
        """Open the dialog with every setting of the run."""
        from tui.screens.settings import SettingsScreen

        def apply(config: RunConfig | None) -> None:
            if config is not None and config != self._requested:
                self._planned = _ends_of(config)
                self.apply(config)

        self.app.push_screen(SettingsScreen(self._requested), apply)


OF_ONE_SET: Final[dict[str, Any]] = {
    **dict.fromkeys(("data", "samples", "noise", "classes", "features"), None),
    "features_extra": (),
}
"""What stays behind with a data set when another is taken."""


def _file_of(config: RunConfig) -> dict[str, Any]:
    """Return the settings with which key d comes back to a file, if the run has one."""
    names = ("data", "features", "features_extra")
    return {name: getattr(config, name) for name in names} if config.data is not None else {}


def _ends_of(config: RunConfig) -> dict[str, Any]:
    """Return the settings that a run which goes on past its end lifts."""
    return {name: getattr(config, name) for name in ("epochs", "target_loss", "target_accuracy")}
