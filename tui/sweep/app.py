"""The application of a sweep: its screen, and the screens of the runs that are opened from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.process.messages import Start
from tui.app import NnfsApp, SeedsOptions
from tui.process_link import ProcessLink
from tui.sweep.screen import SweepScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from core.config.run_config import RunConfig
    from core.process.messages import LaneOpened
    from core.sweeps.client import SweepProcess
    from core.sweeps.messages import StartSweep
    from tui.sweep.model import SweepModel

MOST_OPENED: Final = 1000
"""Runs of a combination that are shown at once, at most."""


class SweepApp(NnfsApp):
    """Shows a sweep; its process, and all that it has started, end with the application."""

    def __init__(
        self, model: SweepModel, start: StartSweep, process: SweepProcess, **options: Any
    ) -> None:
        """Create the application.

        Args:
            model: the sweep, without outcomes.
            start: the command that trains it.
            process: which is already waiting for it.
            options: those of `NnfsApp`, for the runs that are opened.
        """
        super().__init__(model.run.config, None, **options)
        self._model = model
        self.sweep = self.main_screen = SweepScreen(
            model,
            start,
            ProcessLink(process, self._when_line_is_clear),
            flow_control=self.flow_control,
            redraw=self.action_redraw,
            open_cell=self.open_cell,
        )
        self.sweep.options.halves = self.renderer.has_halves
        self._opened_from: Screen[None] = self.sweep

    def open_cell(self, number: int) -> None:
        """Show the runs of a combination: they are trained again, as settings and seed repeat them."""
        runs = self._model.cells[number].runs
        seeds = [each.seed for each in runs]
        if len(runs) == 1:
            self._open_run(runs[0])
        elif seeds != [*range(seeds[0], seeds[0] + len(seeds))] or len(seeds) > MOST_OPENED:
            self._open_run(runs[0])
            self.show_note(f"seed {seeds[0]}: only up to 1,000 consecutive seeds open together")
        else:
            self._open_seeds(runs[0], len(runs))

    def _open_run(self, config: RunConfig) -> None:
        """Train a run of its own, with its screen."""
        training, note = self.training, f"seed {config.seed}, trained again; M returns to the sweep"
        self._opened_from = self._sweep_screen
        if training.is_attached:
            training.controller.start_over(config, note, paused=False)
        else:
            training.first_command = Start(config)
            training.controller.settings.requested = config
            training.run.start_note = note
        training.controller.settings.plan(config)
        self._bring_to_front(training)

    def _open_seeds(self, config: RunConfig, count: int) -> None:
        """Train many seeds at once, with their screen."""
        if self.seeds is None:
            self._seeds_options = SeedsOptions(count)
            try:
                self._create_seeds(config)
            except OSError as error:
                self.show_note(f"the runs cannot be opened ({error.strerror})")
                return
        else:
            self.seeds.controller.start(config.changed(diagnostics=False), count)
        if self.seeds is not None:
            self._bring_to_front(self.seeds)

    @property
    def _sweep_screen(self) -> SweepScreen:
        assert self.sweep is not None
        return self.sweep

    def show_seeds(self) -> None:
        """Pause the run, and show from where it was opened."""
        if self.training.controller.is_training:
            self.training.controller.toggle_pause()
        self._bring_to_front(self._opened_from)

    def _open_lane(self, opened: LaneOpened) -> None:
        self._opened_from = self._sweep_screen if self.seeds is None else self.seeds
        super()._open_lane(opened)

    def _leave_seeds(self) -> bool:
        self._bring_to_front(self._sweep_screen)
        return True

    def on_unmount(self) -> None:
        """End the processes of the sweep; Textual calls the method of the base class, too."""
        self._sweep_screen.controller.close()
