"""The application of a sweep: its screen, and the screens of the runs that are opened from it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, Final

from core.process.client import COMPARE_WORKER, TrainingProcess
from core.process.messages import Start
from tui.app import NnfsApp, SeedsOptions
from tui.process_link import ProcessLink
from tui.sweep.announcer import SweepAnnouncer
from tui.sweep.screen import SweepScreen

if TYPE_CHECKING:
    from textual.screen import Screen

    from core.config.run_config import RunConfig
    from core.process.messages import LaneOpened
    from core.sweeps.client import SweepProcess
    from core.sweeps.grid import Cell
    from core.sweeps.messages import StartSweep
    from tui.compare.model import ShownRun
    from tui.compare.screen import CompareScreen
    from tui.sweep.model import SweepModel

MOST_COMPARED: Final = 16
"""Runs of a combination up to which each has a curve and a row; more are shown by their spread."""

MOST_OPENED: Final = 1000
"""Runs of a combination that are shown at once, at most."""

INTERRUPTED: Final = 128 + signal.SIGINT
"""Exit status after ctrl+c while runs are missing."""

COMPARED: Final = "compare"
"""Name of the screen of the runs of a combination."""


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
        self._announced_sweep = SweepAnnouncer(model, self._announcer)
        self.sweep = self.main_screen = SweepScreen(
            model,
            start,
            ProcessLink(process, self._when_line_is_clear),
            flow_control=self.flow_control,
            redraw=self.action_redraw,
            open_cell=self.open_cell,
            when_shown=lambda: self._announced.update(),
        )
        self.further["sweep"] = self.sweep
        self.sweep.options.halves = self.renderer.has_halves
        self._opened_from: Screen[None] = self.sweep
        self.comparing: CompareScreen | None = None

    @property
    def _announced(self) -> SweepAnnouncer:
        """The announcer of the sweep, which trains while another screen is in front."""
        return self._announced_sweep

    async def action_quit(self) -> None:
        """Exit after ctrl+c: as without a screen, an interrupted sweep is no success."""
        self.exit(return_code=INTERRUPTED if self._model.missing else 0)

    # --- the runs of a combination, which are trained again: settings and seed repeat them

    def open_cell(self, number: int) -> None:
        """Show the runs of a combination."""
        cell = self._model.cells[number]
        seeds = [each.seed for each in cell.runs]
        are_consecutive = seeds == [*range(seeds[0], seeds[0] + len(seeds))]
        try:
            if len(seeds) == 1:
                self._open_run(cell.runs[0])
            elif len(seeds) <= MOST_COMPARED:
                self._open_compared(cell)
            elif are_consecutive and len(seeds) <= MOST_OPENED:
                self._open_seeds(cell.runs[0], len(seeds))
            else:
                self._open_run(cell.runs[0])
        except OSError as error:  # a process cannot be started
            self.show_note(f"the runs cannot be opened ({error.strerror})")

    def _open_run(self, config: RunConfig) -> None:
        """Train a run of its own, with its screen.

        Raises:
            OSError: when its process cannot be started.
        """
        self.link.start()
        back = "the sweep" if self._front is self.sweep else "its combination"
        training, note = self.training, f"seed {config.seed}, trained again; M returns to {back}"
        self._opened_from = self._front
        if training.is_attached:
            training.controller.start_over(config, note, paused=False)
        else:
            training.first_command = Start(config)
            training.controller.settings.requested = config
            training.run.start_note = note
        training.controller.settings.plan(config)
        self._bring_to_front(training)

    def _open_compared(self, cell: Cell) -> None:
        """Train the runs side by side: with a curve, a map and a row of each."""
        from tui.compare.screen import CompareScreen

        self.comparing = screen = CompareScreen(
            cell.runs,
            cell.runs[0],
            ProcessLink(TrainingProcess(COMPARE_WORKER), self._when_line_is_clear),
            frames_per_second=self._frames_per_second,
            flow_control=self.flow_control,
            redraw=self.action_redraw,
            open_run=self._open_shown,
            leave=self._leave_compared,
            speed=self.training.controller.speed,
        )
        screen.options.halves = self.renderer.has_halves
        screen.run.note = (
            f"{cell.label}: trained again; enter opens a run, esc returns to the sweep"
        )
        self.further[COMPARED] = screen
        self.push_screen(screen)

    def _open_shown(self, run: ShownRun) -> None:
        if self.comparing is not None:
            self.comparing.controller.pause()
        self._open_run(run.config)

    def _leave_compared(self) -> None:
        """Show the sweep again, and end the process of the comparison."""
        screen, self.comparing = self.comparing, None
        if screen is not None:
            self.further.pop(COMPARED, None)
            self.run_worker(self._close_compared(screen))

    async def _close_compared(self, screen: CompareScreen) -> None:
        await super().pop_screen()
        if self.is_screen_installed(screen):  # a run was opened from it
            self.uninstall_screen(screen)
            await screen.remove()
        screen.close()

    def _open_seeds(self, config: RunConfig, count: int) -> None:
        """Train many seeds at once, with their screen."""
        if self.seeds is None:
            self._seeds_options = SeedsOptions(count)
            self._create_seeds(config)
        else:
            self.seeds.controller.start(config.changed(diagnostics=False), count)
        if self.seeds is not None:
            self._bring_to_front(self.seeds)

    # --- back to the sweep

    def show_seeds(self) -> None:
        """Pause the run, and show from where it was opened."""
        if self.training.controller.is_training:
            self.training.controller.toggle_pause()
        self._bring_to_front(self._opened_from)

    def _open_lane(self, opened: LaneOpened) -> None:
        self.link.start()
        if self._front is self.seeds:
            self._opened_from = self._front
        super()._open_lane(opened)

    def _leave_seeds(self) -> bool:
        self._bring_to_front(self.sweep)
        return True

    def when_stopped(self) -> None:
        super().when_stopped()
        if self.comparing is not None:
            self.comparing.controller.pause_for_suspend()

    def when_continued(self) -> None:
        super().when_continued()
        if self.comparing is not None:
            self.comparing.controller.resume_after_suspend()

    def _end_processes(self) -> None:
        self.sweep.controller.close()
        if self.comparing is not None:
            self.comparing.close()
        super()._end_processes()
