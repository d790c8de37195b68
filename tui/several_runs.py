"""Base of the controllers of several runs: their speed, and pauses while the screen is not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.process.messages import Pause, Resume, SetSpeed, State, WatchScreen
from tui.controller import next_speed
from tui.drawing import number_format

if TYPE_CHECKING:
    from core.process.messages import Command
    from tui.controller import Link, ShowsNotes
    from tui.run_model import RunModel


class SeveralRunsController:
    """Sends the commands that all screens of several runs have in common.

    Attributes:
        speed: requested epochs per second; None is as fast as possible.
        view: the screen.
    """

    def __init__(self, run: RunModel, link: Link, view: ShowsNotes, speed: float | None) -> None:
        """Create the controller.

        Args:
            run: a run model whose state is that of all runs.
            link: to their process.
            view: the screen.
            speed: epochs per second, or None for no limit.
        """
        self.speed, self.view = speed, view
        self._run, self._link = run, link
        self._requested_state: State | None = None
        self._paused_by_suspend = self._resumes = False

    def _post(self, command: Command) -> None:
        """Send a command to a process that has not ended."""
        raise NotImplementedError

    @property
    def is_training(self) -> bool:
        """Whether the runs train, or will before the next command is handled."""
        # the reply to an earlier key may still be on its way
        return (self._requested_state or self._run.state) is State.TRAINING

    def pause(self) -> None:
        """Pause all runs, because the screen is left."""
        if self.is_training and not self._link.ended:
            self._post(Pause())

    def change_speed(self, direction: int) -> None:
        """Select the next slower or faster speed."""
        self.speed = next_speed(self.speed, direction)
        self._link.send(SetSpeed(self.speed))
        self.view.show_note(f"speed: {number_format.speed(self.speed)}")

    def pause_for_suspend(self) -> None:
        """Pause all runs while the whole program is stopped."""
        self._paused_by_suspend = self.is_training
        self.pause()
        self._link.send(WatchScreen(is_stopped=True))

    def resume_after_suspend(self) -> None:
        """Resume them, if they were paused only because the program was stopped."""
        self._link.send(WatchScreen(is_stopped=False))
        self._resumes, self._paused_by_suspend = self._paused_by_suspend, False
        self._resume_after_pause()

    def _resume_after_pause(self) -> None:
        """Resume runs that have paused for the stop of the program; finished ones stay finished."""
        # after the reply to the pause: the runs may have finished just before
        if self._resumes and self._requested_state is None:
            self._resumes = False
            if self._run.state is State.PAUSED and not self._link.ended:
                self._post(Resume())
