"""Controller of the screen of many seeds: commands to their process, and its replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from core.config.errors import ConfigError
from core.process.messages import (
    Cancel,
    Configure,
    ConfigureAutosave,
    Failed,
    LaneOpened,
    OpenLane,
    Pause,
    Refused,
    Reopen,
    Resume,
    SeedsProgress,
    SeedsRun,
    SelectLane,
    SetSpeed,
    StartSeeds,
    State,
    StateChanged,
    StateCommand,
    Step,
)
from tui.controller import TravelController, branch_question, next_of_125, restarted
from tui.seeds.model import SeedsModel
from tui.several_runs import SeveralRunsController

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.process.messages import Command, Event
    from core.runs.autosaver import SaveOptions
    from tui.controller import Link


class SeedsView(Protocol):
    """Callbacks of the controller to the screen."""

    def listen(self) -> object:
        """Pass every event of the process to `SeedsController.on_event`, until it ends."""

    def pull(self) -> None:
        """Request the next frame."""

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the model already includes."""

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""

    def show_refusal(self, refused: Refused) -> None:
        """Show why there are no runs."""

    def confirm(self, question: str, act: Callable[[], object]) -> None:
        """Ask a yes-or-no question, and act on yes."""

    def open_run(self, opened: LaneOpened) -> None:
        """Show a run on its own."""


class SeedsController(SeveralRunsController):
    """Sends the commands that keys ask for, and follows the runs through the events.

    Attributes:
        model: the state of the runs, as last reported.
        requested: config of the first run, with all changes requested so far.
        travel: the requested epoch.
    """

    view: SeedsView

    def __init__(
        self,
        config: RunConfig,
        count: int,
        link: Link,
        view: SeedsView,
        *,
        speed: float | None = None,
        save_options: SaveOptions | None = None,
    ) -> None:
        self.model = SeedsModel(config, count)
        super().__init__(self.model.run, link, view, speed)
        self.requested, self._count = config, count
        self._save_options = save_options
        self.travel = TravelController(
            self,
            self.model,
            "the runs are training: pause them (space) to go back in time",
        )
        self._sent = self._state_commands = self._requested_lane = 0
        self._is_refused = False

    # --- the process

    def start(self, config: RunConfig, count: int, *, paused: bool = False, note: str = "") -> None:
        """Start runs, in a new process if the old one has ended, and show a note on them."""
        self.requested, self._count = config, count
        if self._begin(StartSeeds(config, count, paused)) and note:
            self.view.show_note(note)

    def _begin(self, command: StartSeeds | Reopen) -> bool:
        """Send the command that starts runs; return False if there is no process."""
        self._requested_lane, self._is_refused = 0, False
        self.travel.leave()
        if self._link.ended:
            if not restarted(self._link, self.view):
                return False
            self._sent = self._state_commands = 0
            self.travel.clear()
            self._listen()
        self._post(command)
        self.view.pull()
        return True

    def launch(self, *, paused: bool, resume: Path | None = None) -> None:
        """Start the first runs in a process that is already waiting, or resume those of a folder."""
        self._listen()
        start = StartSeeds(self.requested, self._count, paused)
        self._post(start if resume is None else Reopen(resume, paused))
        self.view.pull()

    def _listen(self) -> None:
        self._link.when_stopped = lambda pid: self.view.show_note(
            f"the training process is stopped: kill -CONT {pid} resumes it"
        )
        self.view.listen()
        self._link.send(SetSpeed(self.speed))
        if self._save_options is not None:
            self._link.send(ConfigureAutosave(self._save_options))

    def _post(self, command: Command) -> None:
        self._sent += isinstance(command, StartSeeds | Reopen | Configure)
        if isinstance(command, StateCommand):
            self._state_commands += 1
            starts = isinstance(command, StartSeeds | Reopen) and not command.paused
            is_training = starts or isinstance(command, Resume)
            self._requested_state = State.TRAINING if is_training else State.PAUSED
        self._link.send(command)

    def send(self, command: Command) -> bool:
        """Send a command, or show why it has no effect now; return whether it was sent."""
        if self._link.ended or self._is_refused:
            self.view.show_note("the training process has ended; r starts these runs again")
            return False
        self._post(command)
        return True

    def on_event(self, event: Event) -> None:
        """Handle an event of the process."""
        if isinstance(event, Refused):
            self._is_refused, self._requested_state = True, None
            self.travel.clear()
            self.model.run.loading, self.model.run.state = None, State.STOPPED
            self.view.show_refusal(event)
            return
        if isinstance(event, LaneOpened):
            self.view.open_run(event)
            return
        self.model.apply(event)
        if isinstance(event, SeedsRun) and event.answered >= self._sent:
            self.requested = event.config
            self.travel.has_left = False  # the last command may have been rejected
        if isinstance(event, SeedsProgress) and event.moved:
            self.travel.finish(event.epoch)
        if isinstance(event, SeedsRun | StateChanged) and event.handled >= self._state_commands:
            self._requested_state = None
            self._resume_after_pause()
        if isinstance(event, Failed):
            self._requested_state = None
            folder = _folder_of(self.model, self._save_options)
            saved = "" if folder is None else "space resumes the saved runs, "
            self.model.run.note = f"{event.reason}; {saved}r starts these runs again"
        self.view.show_event(event)

    # --- what keys ask for

    @property
    def can_travel(self) -> bool:
        """Whether the runs are at rest, or will be before the next command is carried out."""
        return not self.is_training

    def _confirm_branch(self, what: str, act: Callable[[], object]) -> None:
        """Do what discards later epochs; at a past epoch, ask first."""

        def branch() -> None:
            self.travel.leave()
            act()

        past = self.travel.past_epoch
        if past is None:
            branch()
            return
        question = branch_question(what, past, self.model.head_epoch)
        self.view.confirm(f"{question}: all runs continue from there.", branch)

    def _has_ended(self) -> bool:
        """Return whether there is nothing left to train, and say so."""
        has_ended = self.model.run.state in {State.FINISHED, State.DIVERGED}
        if not has_ended or self.is_training or self.travel.past_epoch is not None:
            return False
        self.view.show_note(
            "all runs have ended: r starts over, enter opens the selected one, which can continue"
        )
        return True

    def toggle_pause(self) -> None:
        """Pause or resume all runs; if their process has ended, resume the saved ones."""
        folder = _folder_of(self.model, self._save_options) if self._link.ended else None
        if folder is not None:
            self._begin(Reopen(folder))
        elif self.is_training:
            self.send(Pause())
        elif not self._has_ended():
            self._confirm_branch("Continue from", lambda: self.send(Resume()))

    def step(self, epochs: int) -> None:
        """Train some epochs, then pause."""
        if not self._has_ended():
            self._confirm_branch("Continue from", lambda: self.send(Step(epochs)))

    def reset(self) -> None:
        """Start over with the same seeds."""
        paused = self.model.run.state is State.PAUSED and not self.is_training
        note = "reset: the same seeds, weights and data as before"
        self.start(self.requested, self._count, paused=paused, note=note)

    def reseed(self) -> None:
        """Start over with the next seeds."""
        config = self.requested.changed(seed=(self.requested.seed + self._count) % 2**63)
        last = (config.seed + self._count - 1) % 2**63
        note = f"reset: other runs, seeds {config.seed} to {last}"
        self.start(config, self._count, note=note)

    def change_learning_rate(self, direction: int) -> None:
        """Select the next learning rate, for all runs."""
        rate = next_of_125(self.requested.learning_rate, direction)
        try:
            config = self.requested.changed(learning_rate=rate)
        except ConfigError as error:
            self.view.show_note(str(error))
            return

        def change() -> None:
            if self.send(Configure({"learning_rate": rate})):
                self.requested = config

        self._confirm_branch("Change the runs at", change)

    def select(self, lane: int) -> None:
        """Select a run."""
        if 0 <= lane < self.model.shown and self.send(SelectLane(lane)):
            self._requested_lane = lane

    def select_next(self, by: int) -> None:
        """Select the run before or after the selected one, in the order of their losses."""
        order = self.model.order()
        if self._requested_lane in order:
            self.select(order[(order.index(self._requested_lane) + by) % len(order)])

    def open(self) -> None:
        """Open the selected run on its own."""
        if self.model.is_known:
            self.send(OpenLane(self._requested_lane))

    def cancel(self) -> bool:
        """Cancel loading; return whether something is being loaded."""
        is_loading = self.model.run.loading is not None
        if is_loading:
            self.send(Cancel())
        return is_loading


def _folder_of(seeds: SeedsModel, options: SaveOptions | None) -> Path | None:
    """Return the folder of the runs, if they are saved."""
    name = seeds.run.saved_as
    return options.parent / name if options and options.parent and name else None
