"""Controller of the comparison: commands to its process, and its replies."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from core.process.messages import (
    Cancel,
    ComparedRunOpened,
    ComparedRunsMoved,
    ComparePair,
    CompareRuns,
    Failed,
    Loading,
    Pause,
    Refused,
    Resume,
    Seek,
    SetSpeed,
    State,
    StateChanged,
    StateCommand,
)
from core.runs.atomic_files import shown
from core.training.epoch_log import EpochLog
from tui.compare.model import ShownRun
from tui.several_runs import SeveralRunsController

if TYPE_CHECKING:
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.process.messages import Command, Event
    from tui.compare.model import Board
    from tui.controller import Link

SORT_INTERVAL: Final = 3.0
"""Seconds for which the order of the runs stays while they train: pictures that move cannot be read."""

GRACE: Final = 0.5
"""Seconds after the end of loading in which the key that cancels it was meant for it."""


class CompareView(Protocol):
    """Callbacks of the controller to the screen."""

    def listen(self) -> object:
        """Pass every event of the process to `CompareController.on_event`, until it ends."""

    def pull(self) -> None:
        """Request the next frame."""

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the board already includes."""

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""

    def show_refusal(self, refused: Refused) -> None:
        """Show why there are no runs."""


class CompareController(SeveralRunsController):
    """Sends the commands that keys ask for, and updates the board by the events.

    Attributes:
        board: the runs as they are shown.
        sources: folders of saved runs, and configs of those that are trained here.
        is_opened: whether all runs are loaded.
    """

    view: CompareView

    def __init__(
        self,
        sources: tuple[Path | RunConfig, ...],
        board: Board,
        link: Link,
        view: CompareView,
        *,
        speed: float | None = 30.0,
        paused: bool = False,
    ) -> None:
        super().__init__(board.run, link, view, speed)
        self.board, self.sources, self.is_opened = board, sources, False
        self._paused = paused
        self._state_commands = 0
        self._wanted: int | None = None
        self._pair: tuple[int, int] | None = None
        self._by_number: dict[int, ShownRun] = {}
        self._state_note = ""
        self._refused: Refused | None = None
        self._sorted_at = 0.0
        self._loading_seen = -GRACE

    # --- the process

    def launch(self) -> None:
        """Load the runs, in a process that is already waiting."""
        self._link.when_stopped = lambda pid: self.view.show_note(
            f"the process is stopped: kill -CONT {pid} resumes it"
        )
        self.view.listen()
        self._link.send(SetSpeed(self.speed))
        self._post(CompareRuns(self.sources, self._paused))
        self.view.pull()

    def _post(self, command: Command) -> None:
        if self._link.ended:
            self.view.show_note("the process has ended: the runs stay as they are")
            return
        if isinstance(command, StateCommand):
            self._state_commands += 1
            self._requested_state = State.TRAINING if isinstance(command, Resume) else State.PAUSED
        self._link.send(command)

    def on_event(self, event: Event) -> None:
        """Handle an event of the process."""
        board = self.board
        if board.run.loading is not None:
            self._loading_seen = monotonic()
        match event:
            case ComparedRunOpened():
                self._add(event)
            case ComparedRunsMoved():
                self._move(event)
            case Refused():
                board.run.note, self._refused = event.reason, event
            case Failed():
                self._requested_state = board.run.loading = None
                board.run.apply(StateChanged(State.STOPPED, event.reason))
            case StateChanged():
                self._change_state(event)
                self._resume_after_pause()
            case Loading():
                # while an epoch is computed, too, the key that interrupts is escape
                board.run.loading = event
        self.view.show_event(event)

    def _add(self, event: ComparedRunOpened) -> None:
        log = EpochLog()
        log.extend(event.table)
        run = ShownRun(
            shown(event.name) if event.name else event.config.source_name,
            event.config,
            log,
            event.epoch,
            event.metrics,
            event.has_classes,
            path=self._path_of(event.number),
            at=event.epoch,
            first=event.first,
            problem=event.problem,
        )
        if event.data is not None:
            run.set_data(event.data)
        self._by_number[event.number] = run
        self.board.add(run)

    def _path_of(self, number: int) -> Path | None:
        from core.config.run_config import RunConfig

        source = self.sources[number]
        return None if isinstance(source, RunConfig) else source

    def _move(self, event: ComparedRunsMoved) -> None:
        board = self.board
        for each in event.positions:
            run = self._by_number[each.number]
            run.show(each.at, each.parameters, each.statistics)
            if len(each.table):
                run.log.extend(each.table)
            run.epoch, run.metrics = each.epoch, each.metrics
            run.is_training = each.is_training
        board.run.epochs_per_second = event.epochs_per_second
        board.run.loading = None
        board.epoch = None if event.epoch >= board.last else event.epoch
        if self._wanted is not None and event.epoch == self._wanted:
            self._wanted = None
        if event.disagreement is not None and event.pair == self._pair:
            board.disagreement = event.disagreement
            count = len(event.disagreement.samples)
            board.chosen = min(board.chosen, max(0, count - 1))
        if board.run.is_at_rest or monotonic() - self._sorted_at > SORT_INTERVAL:
            self._sorted_at = monotonic()
            board.arrange()
        self.follow_pair()

    def _change_state(self, event: StateChanged) -> None:
        if event.handled >= self._state_commands:
            self._requested_state = None
        if not self.is_opened:
            self.is_opened = True
            if self.board.sort not in {"", *self.board.columns()}:
                # there are no test samples
                self.board.sort = self.board.sort.replace("test", "train")
            self.board.run.loading = None
            if self._refused is not None and not self.board.runs:
                self.view.show_refusal(self._refused)
        run = self.board.run
        if self._state_note == run.note:
            run.note = ""  # it was about the previous state
        run.apply(event)
        self._state_note = event.note
        if run.is_at_rest:
            self.board.arrange()
        self.board.changed()
        if event.state is State.TRAINING:
            self.view.pull()

    # --- what keys ask for

    def toggle_play(self) -> None:
        """Pause or play all runs."""
        self._wanted = None
        self._post(Pause() if self.is_training else Resume())

    def seek(self, epoch: int) -> None:
        """Show the networks of an epoch; of runs that have ended before, the last one."""
        epoch = min(max(epoch, 0), self.board.last)
        if epoch != self._wanted:
            self._wanted = epoch
            self._requested_state = State.PAUSED if self.is_training else self._requested_state
            self._post(Seek(epoch))

    def move(self, by: int) -> None:
        """Go back or forward by some epochs."""
        at = self._wanted
        if at is None:
            at = self.board.last if self.board.epoch is None else self.board.epoch
        self.seek(at + by)

    def cancel(self) -> bool:
        """Cancel loading; return whether the key was meant for it."""
        is_loading = self.board.run.loading is not None
        is_late = not is_loading and monotonic() - self._loading_seen < GRACE
        self._loading_seen = -GRACE
        if is_loading:
            self._post(Pause() if self.is_opened else Cancel())
            self._wanted = self.board.run.loading = None
        elif is_late:
            self.view.show_note("loading has just ended; esc leaves the comparison")
        return is_loading or is_late

    def follow_pair(self) -> None:
        """Request the samples on which the marked runs disagree, if other runs are marked."""
        pair = self.board.pair
        numbers = None
        if pair is not None and all(each.network is not None for each in pair):
            by_run = {id(run): number for number, run in self._by_number.items()}
            numbers = by_run[id(pair[0])], by_run[id(pair[1])]
        if numbers != self._pair:
            self._pair = numbers
            self.board.disagreement, self.board.chosen = None, 0
            self._post(ComparePair(numbers))
