"""Controllers of the training screen: commands to the training process, and its replies.

The screen owns a `RunController` and shows what it reports through `View`. Replies can be late or
never come, so keys act on what was requested, and every wait ends when the process does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import suppress
from math import floor, log10
from typing import TYPE_CHECKING, Any, Final, Protocol

from core.config.errors import ConfigError
from core.config.presets import closest_preset, preset_for
from core.config.run_config import RunConfig, setting
from core.config.value_types import NONE, hyphenated, words_of
from core.datasets import DATASETS
from core.process.messages import (
    AdoptReplaced,
    BaselineFound,
    Cancel,
    Configure,
    ConfigureAutosave,
    Failed,
    MeasureBaseline,
    MeasureReferences,
    Moved,
    Pause,
    Refused,
    RememberView,
    Reopen,
    Reopened,
    Restore,
    Resume,
    Run,
    Seek,
    SetSpeed,
    ShowNextStep,
    Start,
    StartFrom,
    State,
    StateChanged,
    StateCommand,
    Step,
    StepBatch,
    WatchScreen,
)
from core.process.status_text import describe_change
from core.runs.autosaver import ReplacedRun
from tui.drawing import number_format
from tui.run_model import RunModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.analysis.diagnosis.result import Remedy
    from core.process.messages import Command, Event
    from core.runs.autosaver import SaveOptions


SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0, None)
"""Epochs per second; None is as fast as possible."""
LADDERS: Final[dict[str, tuple[Any, ...]]] = {
    "batch_size": (1, 5, 10, 16, 32, 64, 128, "full"),
    "noise": (0.0, 0.05, 0.1, 0.2, 0.3, 0.5),
    "samples": (50, 100, 200, 500, 1000, 2000, 5000),
}
"""Values that a key selects, in order."""


class Restarts(Protocol):
    """Part of a link that starts another process."""

    def restart(self) -> None:
        """Start another process.

        Raises:
            OSError: when the system cannot start one.
        """


class Link(Restarts, Protocol):
    """Connection to the training process; `ProcessLink`, except in tests."""

    when_stopped: Callable[[int], None]

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""

    def send(self, command: Command) -> None:
        """Send a command."""


class EventLog(Protocol):
    """Log file of a run; `RunLog`, except in tests."""

    def write(self, event: Event, run: RunModel, /) -> None:
        """Write an event that the run model already includes.

        Raises:
            OSError: when the file cannot be written.
        """


class View(Protocol):
    """Callbacks of the controller to the screen."""

    def listen(self) -> object:
        """Pass every event of the process to `RunController.on_event`, until the process ends."""

    def pull(self) -> None:
        """Request the next frame."""

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the run model already includes."""

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""

    def show_speed(self, speed: float | None) -> None:
        """Show the requested speed."""

    def show_refusal(self, refused: Refused) -> None:
        """Show why there is no run."""

    def confirm(self, question: str, act: Callable[[], object]) -> None:
        """Ask a yes-or-no question, and act on yes."""


class RunController:
    """Sends the commands that keys ask for, and follows the run through the events.

    Attributes:
        run: the state of the run, as last reported.
        speed: requested epochs per second; None is as fast as possible.
        settings: the requested configuration.
        travel: the requested epoch.
        diagnosis: requests trials, and applies remedies.
    """

    def __init__(
        self,
        config: RunConfig,
        link: Link,
        view: View,
        *,
        speed: float | None = None,
        log: EventLog | None = None,
        save_options: SaveOptions | None = None,
    ) -> None:
        self.run = RunModel(config)
        self.speed = speed
        self.settings = ConfigController(self, config)
        self.travel = TravelController(self, self.run)
        self.diagnosis = DiagnosisController(self)
        self.view = view
        self._link = link
        self._log = log
        self._save_options = save_options
        self._sent = 0  # commands that a `Run` answers
        self._state_commands = 0
        self._requested_state: State | None = None
        self._paused_by_suspend = self._resumes = self._is_refused = False
        self._shown_view = ""
        self._shows_next_step = False
        self._launched: Command | None = None

    # --- the process

    def launch(self, command: Start | StartFrom | Reopen, *, is_early: bool = False) -> bool:
        """Start or reopen a run, in a new process if the old one has ended.

        Args:
            command: starts it.
            is_early: whether the screen does not exist yet: the process prepares the first run in the
                meantime, and a second call with the same command only shows it.

        Returns:
            Whether there is a process.
        """
        replaced: tuple[ReplacedRun, ...] = ()
        if self._link.ended:
            self._launched = None
            if is_early:
                return False
            if not restarted(self._link, self.view):
                return False
            self._sent = self._state_commands = 0
            self.travel.clear()
            replaced = self._restorable(command)
        self._is_refused = False
        self._link.when_stopped = lambda pid: self.view.show_note(
            f"the training process is stopped: kill -CONT {pid} resumes it"
        )
        if not is_early:
            self.view.listen()
        if self._launched is not command:
            self._link.send(SetSpeed(self.speed))
            if self._save_options is not None:
                self._link.send(ConfigureAutosave(self._save_options))
            if replaced:
                self._link.send(AdoptReplaced(replaced))
            if self._shown_view:
                self._link.send(RememberView(self._shown_view))
            if self._shows_next_step:
                self._link.send(ShowNextStep(is_shown=True))
            self._post(command)
        self._launched = command if is_early else None
        if not is_early:
            self.view.pull()
        return True

    def _restorable(self, command: Start | StartFrom | Reopen) -> tuple[ReplacedRun, ...]:
        """Return the runs that an ended process leaves to restore, with its own if that is replaced."""
        options, name = self._save_options, self.run.saved_as
        if (
            isinstance(command, Start | StartFrom)
            and name
            and options is not None
            and options.parent
        ):
            return (*self.run.replaced, ReplacedRun(options.parent / name))
        return self.run.replaced

    @property
    def _has_no_run(self) -> bool:
        return self._link.ended or self._is_refused

    def _post(self, command: Command) -> None:
        self._sent += isinstance(command, Start | StartFrom | Reopen | Restore | Configure)
        if isinstance(command, StateCommand):
            self._state_commands += 1
            starts = isinstance(command, Start | Reopen) and not command.paused
            is_training = starts or isinstance(command, Resume)
            self._requested_state = State.TRAINING if is_training else State.PAUSED
        self._link.send(command)

    def send(self, command: Command) -> bool:
        """Send a command, or show why it has no effect now; return whether it was sent."""
        if self._has_no_run:
            saved = "space resumes the saved run, " if self.run.saved_as else ""
            self.view.show_note(
                f"the training process has ended; {saved}r starts a new one with these settings"
            )
            return False
        is_training_command = isinstance(command, Pause | Resume | Step | StepBatch)
        if self.run.state is State.DIVERGED and is_training_command and not self.run.shown_as:
            self.view.show_note(
                "the run has diverged: lower the learning rate (−), or start over (r)"
            )
            return False
        self._post(command)
        if self.run.loading is not None and isinstance(command, Pause | Resume | Step):
            self.view.show_note("wait until the data are loaded")
        return True

    def on_event(self, event: Event) -> None:
        """Handle an event of the process."""
        if isinstance(event, Refused):
            # the process is alive, but has no run that could answer
            self._is_refused, self._requested_state, self.run.loading = True, None, None
            self.view.show_refusal(event)
            return
        self.record(event)
        if isinstance(event, Run) and event.answered >= self._sent:
            self.settings.requested = event.config
            if not (event.fresh or event.travelled):
                self.travel.has_left = False  # the last command may have been rejected
        if isinstance(event, Reopened) and event.restored:
            self.settings.plan(self.run.config)
        if self._is_newest_state(event):
            self._requested_state = None
        if isinstance(event, StateChanged | Failed):
            self._resume_after_pause()
        self.view.show_event(event)
        if isinstance(event, Moved) and event.edited is None:
            self.travel.finish(event.epoch)

    def _is_newest_state(self, event: Event) -> bool:
        """Return whether no command that was sent can still change the state that is reported."""
        if isinstance(event, Run | StateChanged):
            return event.handled >= self._state_commands
        return isinstance(event, Failed)

    def record(self, event: Event) -> None:
        """Update the run model and the log, without showing the event."""
        self.run.apply(event)
        if self._log is not None:
            try:
                self._log.write(event, self.run)
            except OSError as error:
                self._log = None
                self.view.show_note(
                    f"logging stopped: the file cannot be written ({error.strerror})"
                )

    # --- pausing and stepping

    @property
    def is_training(self) -> bool:
        """Whether the run trains, or will before the next command is handled."""
        # the reply to an earlier key may still be on its way
        return (self._requested_state or self.run.state) is State.TRAINING

    @property
    def can_travel(self) -> bool:
        """Whether the run is at rest, or will be before the next command is carried out."""
        return self.run.is_at_rest or self._requested_state is State.PAUSED

    def toggle_pause(self) -> None:
        """Pause or resume; if the process has ended, resume the saved run."""
        self._resumes = False
        if self._has_no_run and self._save_options is not None and self.run.saved_as:
            if self._save_options.parent is not None:
                self.launch(Reopen(self._save_options.parent / self.run.saved_as))
        elif not self.is_training:
            self.train(Resume())
        else:
            self.send(Pause())

    def train(self, command: Resume | Step | StepBatch) -> None:
        """Resume or step; a past epoch becomes the start of a new branch, after a confirmation."""
        self.confirm_branch("Continue from", lambda: self.send(command))

    def confirm_branch(self, what: str, act: Callable[[], object]) -> None:
        """Do what starts a new branch; at a past epoch, ask first, since later epochs are lost."""

        def branch() -> None:
            self.travel.leave()
            act()

        past = self.travel.past_epoch
        if past is None or self.run.shown_as:
            branch()
            return
        question = branch_question(what, past, self.run.head_epoch)
        self.view.confirm(f"{question}: a new branch begins. The old curves stay, dimmed.", branch)

    def pause_for_suspend(self) -> None:
        """Pause the training while the whole program is stopped."""
        self._paused_by_suspend = self.is_training
        if self._paused_by_suspend:
            self._post(Pause())
        self._link.send(WatchScreen(is_stopped=True))

    def resume_after_suspend(self) -> None:
        """Resume the training, if it was paused only because the program was stopped."""
        self._link.send(WatchScreen(is_stopped=False))
        # after the reply to the pause: the run may have finished just before
        self._resumes, self._paused_by_suspend = self._paused_by_suspend, False
        if self._resumes:
            self._requested_state = None  # that pause was no request of the user

    def _resume_after_pause(self) -> None:
        """Resume a run that has paused for the stop of the program; a finished run stays finished."""
        if self._resumes and self.run.state is not State.TRAINING:
            self._resumes = False
            if self.run.state is State.PAUSED:
                self._post(Resume())

    # --- starting over, and the rest

    def reset(self) -> None:
        """Start over with the same seed."""
        # a run that continued past its end or its target starts with the original ones
        config = self.settings.as_planned()
        seeds = f"seed {config.seed}"
        if config.data_seed is not None:
            seeds += f", data seed {config.data_seed}"
        self.start_over(config, f"reset: the same weights and data as before ({seeds})")

    def reseed(self) -> None:
        """Start over with other weights: the next seed, and the same data."""
        requested = self.settings.requested
        config = self.settings.as_planned(
            seed=(requested.seed + 1) % 2**63, data_seed=requested.draw_seed
        )
        note = f"reset: other weights (seed {config.seed}), the same data"
        self.start_over(config, f"{note} (data seed {config.data_seed})")

    def start_over(
        self,
        config: RunConfig,
        note: str,
        *,
        paused: bool | None = None,
        command: StartFrom | None = None,
    ) -> None:
        """Start a new run, and show a note on it.

        Args:
            config: of the run.
            note: shown.
            paused: whether it is paused; None if it is as the run that it replaces.
            command: that starts it, if it continues another run.
        """
        if paused is None:
            paused = (self._requested_state or self.run.state) is State.PAUSED
        self.settings.requested = config
        self.travel.leave()
        if self._link.ended:
            if not self.launch(command or Start(config, paused)):
                return
        else:
            if self.run.head_epoch or self.run.share_of_epoch:
                note += "; backspace restores the previous run"
            self._post(command or Start(config, paused))
        self.view.show_note(note)

    def restore(self) -> None:
        """Restore the run that was replaced last."""
        if self.send(Restore()):
            self.travel.leave()

    def toggle_baseline(self) -> None:
        """Show or hide the score of a linear model on the same split."""
        if self.run.baseline is not None:
            self.run.baseline = None
            self.view.show_event(BaselineFound(None, ""))
            self.view.show_note("the linear baseline is hidden; B shows it again")
        elif self.send(MeasureBaseline()):
            self.view.show_note("fitting a linear model to the same split …")

    def cancel(self) -> None:
        """Cancel loading, or a long seek."""
        if self.run.loading is not None:
            self.send(Cancel())

    def report_view(self, name: str, *, shows_next_step: bool) -> None:
        """Report the name of the view, to be saved with the run, and whether it shows the next step."""
        before = self._shown_view, self._shows_next_step
        self._shown_view, self._shows_next_step = name, shows_next_step
        if self._link.ended:
            return
        if name != before[0]:
            self._link.send(RememberView(name))
        if shows_next_step != before[1]:
            self._link.send(ShowNextStep(shows_next_step))

    def change_speed(self, direction: int) -> None:
        """Select the next slower or faster speed."""
        self.speed = next_speed(self.speed, direction)
        self.view.show_speed(self.speed)
        self._link.send(SetSpeed(self.speed))
        self.view.show_note(f"speed: {number_format.speed(self.speed)}")


def restarted(link: Restarts, view: ShowsNotes) -> bool:
    """Start another process; return whether there is one, and show why if not."""
    try:
        link.restart()
    except OSError as error:
        view.show_note(f"the process could not be started ({error.strerror}); r tries again")
        return False
    return True


def branch_question(what: str, past: int, head: int) -> str:
    """Return the question whether the epochs after a past one may be discarded."""
    later = head - past
    lost = "What is trained" if later < 1 else "The epoch"
    lost = f"The {later:,} epochs" if later > 1 else lost
    return f"{what} epoch {past:,}? {lost} after it will be discarded"


class ShowsNotes(Protocol):
    """Callback of `TravelController` to a screen."""

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""


class EpochPosition(Protocol):
    """Position of a run, or of several; a `RunModel`, except on the screen of many seeds."""

    @property
    def past_epoch(self) -> int | None:
        """The epoch shown, if not the newest."""

    @property
    def head_epoch(self) -> int:
        """The newest epoch."""

    @property
    def share_of_epoch(self) -> float:
        """Share of the current epoch that is trained."""


class TravelOwner(Protocol):
    """Controller of what travels; a `RunController`, except on the screen of many seeds."""

    @property
    def view(self) -> ShowsNotes:
        """The screen."""

    @property
    def can_travel(self) -> bool:
        """Whether it is at rest, or will be before the next command is carried out."""

    def send(self, command: Command, /) -> bool:
        """Send a command, or show why it has no effect now; return whether it was sent."""


class TravelController:
    """Time travel: the requested epoch, ahead of the replies.

    Attributes:
        target: the epoch of the last `Seek`, until the process has answered all of them.
        has_left: whether a command since the last `Seek` ends at the newest position: it begins a
            branch or another run.
    """

    def __init__(
        self,
        controller: TravelOwner,
        run: EpochPosition,
        while_training: str = "the run is training: pause it (space) to go back in time",
    ) -> None:
        """Begin at the newest epoch.

        Args:
            controller: sends the commands.
            run: the position, as last reported.
            while_training: note that it has to be paused first.
        """
        self._controller, self._run = controller, run
        self._while_training = while_training
        self.target: int | None = None
        self.has_left = False
        self._pending = 0  # unanswered `Seek` commands

    @property
    def past_epoch(self) -> int | None:
        """The past epoch where the run is, or soon will be; None at the newest."""
        run = self._run
        if self.has_left:
            return None
        if self.target is None:
            return run.past_epoch
        return self.target if self.target < run.head_epoch else None

    def move(self, epochs: int) -> None:
        """Move a number of epochs forward, or backward if negative."""
        run = self._run
        start = self.past_epoch if self.target is None else self.target
        if start is None:
            # within an epoch, the newest position is one after the last epoch
            start = run.head_epoch + (run.share_of_epoch > 0)
        self.seek(start + epochs)

    def seek_newest(self) -> None:
        """Go to the newest position, which may be within an epoch."""
        self.seek(self._run.head_epoch + 1)

    def seek(self, epoch: int) -> None:
        """Go to the end of an epoch, if the run is at rest."""
        if not self._controller.can_travel:
            self._controller.view.show_note(self._while_training)
            return
        target = min(max(epoch, 0), self._run.head_epoch + 1)
        if self._controller.send(Seek(target)):
            self.target, self.has_left = target, False
            self._pending += 1

    def finish(self, epoch: int) -> None:
        """Record that one seek is over, which ended at an epoch."""
        self._pending -= 1
        if self._pending > 0:
            return
        if self.target is not None and epoch > self.target:
            self._controller.view.show_note(
                f"the history starts at epoch {epoch:,}: older epochs are not saved"
            )
        self.clear()

    def clear(self) -> None:
        """Drop the target, which an ended process no longer reaches."""
        self.target, self._pending = None, 0

    def leave(self) -> None:
        """Forget the past, because a command is sent that leaves it."""
        self.target, self.has_left = None, True


class ConfigController:
    """The requested configuration, which may be ahead of the one that runs.

    Attributes:
        requested: the configuration with all changes requested so far.
    """

    def __init__(self, controller: RunController, config: RunConfig) -> None:
        self._controller = controller
        self.requested = config
        self._file = config if config.data is not None else None
        self.plan(config)

    def plan(self, config: RunConfig) -> None:
        """Remember when the run is to stop, which continuing past the end lifts."""
        names = ("epochs", "target_loss", "target_accuracy")
        self._planned = {name: getattr(config, name) for name in names}

    def as_planned(self, **changes: Any) -> RunConfig:
        """Return the requested configuration with the stopping conditions first set by the user."""
        return self.requested.changed(**{**self._planned, **changes})

    def apply(self, config: RunConfig) -> None:
        """Send the differences from the requested configuration."""
        self._file = self._file if config.data is None else config
        changes = {
            each.name: getattr(config, each.name) for each in config.differences(self.requested)
        }

        def change() -> None:
            self.requested = config
            self._controller.send(Configure(changes))

        if changes:
            self._controller.confirm_branch("Change the run at", change)

    def apply_from_dialog(self, config: RunConfig | None) -> None:
        """Apply a configuration of the settings dialog, with its stopping conditions."""
        if config is not None and config != self.requested:
            self.plan(config)
            self.apply(config)

    def toggle_column(self, column: str, excluded: Mapping[str, str]) -> None:
        """Exclude a column from the features, or include it again.

        Args:
            column: name of the column.
            excluded: columns that are excluded now, with the reason if the user did not do so.
        """
        old, features = self.requested.exclude, self.requested.features
        # one entry for each column: the old ones may be ranges or numbers
        entries = [name for name, reason in excluded.items() if not reason and name != column]
        entries += [each for each in old or () if each[:1] == "-" and each not in excluded]
        entries = [each for each in entries if each != f"-{column}"]
        if old == () or NONE in (old or ()):
            entries.insert(0, NONE)
        if column not in excluded:
            entries.append(column)
        elif excluded[column]:
            entries.append(f"-{column}")
        if features is not None and all(each[:1] == "-" for each in features):
            features = None  # these columns are now in the other setting
        changes = {"exclude": tuple(entries) or None, "features": features}
        try:
            self.apply(self.requested.changed(**changes))
        except ConfigError as error:
            self._controller.view.show_note(str(error))

    def draw_data(self) -> None:
        """Draw or split the data with the next data seed; trained weights are kept."""
        self.apply(self.requested.changed(data_seed=(self.requested.draw_seed + 1) % 2**63))

    def change_learning_rate(self, direction: int) -> None:
        """Select the next 1, 2 or 5 times a power of ten."""
        rate = next_of_125(self.requested.learning_rate, direction)
        with suppress(ConfigError):  # beyond the range of a float
            self.apply(self.requested.changed(learning_rate=rate))

    def next_value(self, name: str) -> None:
        """Select the next value of a setting; values that other settings rule out are skipped."""
        values = LADDERS.get(name) or words_of(setting(name).value_type)
        current = getattr(self.requested, name)
        if current is None:
            current = getattr(DATASETS[self.requested.dataset], name)
        at = values.index(current) if current in values else -1
        if at < 0 and name in {"noise", "samples"}:
            at = bisect_left(values, current) - 1
        if self.requested.data is not None and name in {"noise", "samples"}:
            self._controller.view.show_note(
                f"the data are from a file: there is no {name} to change"
            )
            return
        reason = ""
        for step in range(1, len(values) + 1):
            try:
                config = self.requested.changed(**{name: values[(at + step) % len(values)]})
            except ConfigError as error:
                reason = reason or str(error)
            else:
                self.apply(config)
                return
        self._controller.view.show_note(reason)

    def next_dataset(self) -> None:
        """Start over with the preset of the next data set; a file follows the last data set."""
        before, names = self.requested, tuple(DATASETS)
        at = -1 if before.data is not None else names.index(before.dataset)
        if self._file is not None and at + 1 == len(names):
            config, sentence = self._file, self._file.source_name
        else:
            name = names[(at + 1) % len(names)]
            preset = preset_for(name)
            config = RunConfig(dataset=name) if preset is None else preset.config()
            words = DATASETS[name].description if preset is None else preset.introduction
            sentence = f"{hyphenated(name)}: {words}"
        # seeds are chosen by the user; so are epochs other than those of a preset
        kept = {name: getattr(before, name) for name in ("seed", "data_seed", "diagnostics")}
        planned = self.as_planned()
        if before.data is None and planned.epochs != closest_preset(planned).config().epochs:
            kept["epochs"] = self._planned["epochs"]
        config = config.changed(**kept)
        self.plan(config)
        self._controller.start_over(config, sentence)

    def change_units(self, layer: int, by: int) -> None:
        """Add units to a hidden layer, or remove some."""
        hidden = list(self.requested.hidden)
        if not hidden:
            self._controller.view.show_note("there is no hidden layer; ) adds one")
            return
        hidden[min(layer, len(hidden) - 1)] += by
        self._reshape(hidden)

    def change_layers(self, by: int) -> None:
        """Add a hidden layer after the last, or remove the last."""
        hidden = list(self.requested.hidden)
        if by > 0:
            hidden.append(hidden[-1] if hidden else 4)
        elif hidden:
            hidden.pop()
        else:
            self._controller.view.show_note("there is no hidden layer to remove")
            return
        self._reshape(hidden)

    def _reshape(self, hidden: list[int]) -> None:
        try:
            self.apply(self.requested.changed(hidden=tuple(hidden)))
        except ConfigError as error:
            self._controller.view.show_note(str(error))


class DiagnosisController:
    """Requests the trials of a diagnosis, announces problems, and applies remedies."""

    def __init__(self, controller: RunController) -> None:
        self._controller = controller

    def update(self) -> bool:
        """Diagnose the run after an event; return whether it begins or ceases to look wrong."""
        controller = self._controller
        diagnosis = controller.run.diagnosis
        was_alarming = diagnosis.is_alarming
        if not diagnosis.update():
            return False
        if diagnosis.wants_trials and controller.send(MeasureReferences(diagnosis.requests + 1)):
            diagnosis.start_check()
        if not controller.run.config.diagnostics and (line := diagnosis.announcement()):
            controller.view.show_note(line)
        return diagnosis.is_alarming != was_alarming

    def apply(self, remedy: Remedy) -> None:
        """Apply a remedy: to the current run, or to a new one where that is necessary."""
        controller = self._controller
        settings = controller.settings
        try:
            config = settings.requested.changed(**remedy.changes)
            planned = settings.as_planned(**remedy.changes)
        except ConfigError as error:
            controller.view.show_note(str(error))
            return
        if config == settings.requested:
            controller.view.show_note(f"already in use: {remedy.options}")
        elif remedy.needs_reset:
            note = describe_change(settings.as_planned(), planned, fresh=True)
            controller.start_over(planned, note, paused=False)
        else:
            settings.apply(config)


def next_speed(current: float | None, direction: int) -> float | None:
    """Return the next slower or faster speed, or the same at the end."""
    speeds = [speed or float("inf") for speed in SPEEDS]
    speed = current or float("inf")
    at = bisect_right(speeds, speed) if direction > 0 else bisect_left(speeds, speed) - 1
    return SPEEDS[at] if 0 <= at < len(SPEEDS) else current


def next_of_125(value: float, direction: int) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten, up or down."""
    power = floor(log10(value))
    steps = [
        float(f"{digit}e{exponent}")
        for exponent in range(power - 1, power + 3)
        for digit in (1, 2, 5)
    ]
    if direction > 0:
        return next(step for step in steps if step > value * (1 + 1e-9))
    return next(step for step in reversed(steps) if step < value * (1 - 1e-9))
