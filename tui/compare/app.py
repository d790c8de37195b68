"""Application that compares runs: a list in which they are marked, and their comparison."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.process.client import COMPARE_WORKER, TrainingProcess
from tui.compare.run_list import RunListScreen
from tui.compare.screen import CompareScreen
from tui.keymap import Keymap
from tui.process_link import ProcessLink
from tui.terminal.screen_buffer import Area
from tui.terminal_app import TerminalApp, restore_terminal, send_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.config.run_config import RunConfig
    from core.runs.catalogue import RunListing
    from tui.compare.model import BoardView, ShownRun
    from tui.drawing.rendering import TerminalLook


class CompareApp(TerminalApp):
    """Compares runs until the user leaves.

    Attributes:
        chosen: the run that the user has opened, or None.
        comparing: the comparison that is shown, or None.
        sources: what is compared.
    """

    def __init__(
        self,
        sources: tuple[Path | RunConfig, ...],
        config: RunConfig,
        look: TerminalLook | None = None,
        *,
        runs: Sequence[RunListing] = (),
        parent: Path | None = None,
        process: TrainingProcess | None = None,
        max_rate: float | None = None,
        frames_per_second: float = 10.0,
        speed: float | None = 30.0,
        paused: bool = False,
        sort: str = "",
        keymap: Keymap | None = None,
        note: str = "",
        view: BoardView | None = None,
    ) -> None:
        """Create the application.

        Args:
            sources: folders of saved runs, and configs of runs that are trained; may be empty if there
                is a list.
            config: of any run.
            look: colours and glyphs of the terminal.
            runs: for the list below the comparison; empty if there is none.
            parent: folder of these.
            process: of `COMPARE_WORKER` that is already waiting.
            max_rate: bytes per second to the terminal, at most.
            frames_per_second: at most.
            speed: epochs per second, or None for no limit.
            paused: whether runs that are trained wait for a key.
            sort: column by which the runs are sorted.
            keymap: keys that the user has chosen.
            note: a sentence to begin with.
            view: what the user has chosen in the comparison before.
        """
        super().__init__(look, max_rate=max_rate)
        self.keymap = keymap or Keymap()
        self.sources = sources
        self.chosen: ShownRun | None = None
        self._config, self._process = config, process
        self._frames_per_second, self._speed, self._paused = frames_per_second, speed, paused
        self._sort, self._note, self._view = sort, note, view
        self.comparing: CompareScreen | None = None
        self.run_list: RunListScreen | None = None
        if not runs or parent is None:
            self.main_screen = self._create(sources)
        else:
            self.main_screen = self.run_list = RunListScreen(runs, parent, self._compare)
            self.run_list.canvas.mark_paths(sources)
        self.set_keymap(self.keymap.for_textual())

    @property
    def saved(self) -> bool:
        """Whether saved runs are compared."""
        return bool(self.sources) and all(isinstance(each, Path) for each in self.sources)

    def on_mount(self) -> None:
        """Open the comparison above the list, if something is compared already."""
        if self.run_list is not None and self.saved:
            # after the list, which the base class shows
            self.call_later(self._compare, [*self.sources])

    def _create(self, sources: tuple[Path | RunConfig, ...]) -> CompareScreen:
        process, self._process = self._process or TrainingProcess(COMPARE_WORKER), None
        self.comparing = CompareScreen(
            sources,
            self._config,
            ProcessLink(process, self._when_line_is_clear),
            frames_per_second=self._frames_per_second,
            flow_control=self.flow_control,
            redraw=self.action_redraw,
            open_run=self._open,
            leave=self._leave,
            speed=self._speed,
            paused=self._paused,
            sort=self._sort,
        )
        self.comparing.options.halves = self.renderer.has_halves
        self.comparing.run.note, self._note = self._note, ""
        if self._view is not None:
            self.comparing.board.restore(self._view)
            self._view = None
        return self.comparing

    def _compare(self, paths: list[Path]) -> None:
        """Open the comparison of saved runs, above the list."""
        self.sources = tuple(paths)
        try:
            screen = self._create(self.sources)
        except OSError as error:
            self.show_note(f"the runs cannot be compared ({error.strerror})")
            return
        self.push_screen(screen)

    def _open(self, run: ShownRun) -> None:
        """Leave, to show a run on its own."""
        self.chosen = run
        self.exit()

    def _leave(self) -> None:
        """Return to the list, if there is one, or quit."""
        screen, self.comparing = self.comparing, None
        if screen is None or self.run_list is None:
            self.comparing = screen
            self.exit()
            return
        self.run_worker(self._close_above_list(screen))

    async def _close_above_list(self, screen: CompareScreen) -> None:
        await super().pop_screen()
        screen.close()

    def show_note(self, note: str) -> None:
        if self.comparing is not None:
            self.comparing.show_note(note)
        elif self.run_list is not None:
            self.run_list.canvas.note = note
            self.run_list.canvas.repaint()

    def clear_note(self) -> None:
        if self.comparing is not None:
            self.comparing.clear_note()

    def when_stopped(self) -> None:
        if self.comparing is not None:
            self.comparing.controller.pause_for_suspend()

    def when_continued(self) -> None:
        if self.comparing is not None:
            self.comparing.controller.resume_after_suspend()

    def on_unmount(self) -> None:
        """End the process of the runs."""
        restore_terminal(self)  # first: a long batch may outlast the deadline of a signal
        if self.comparing is not None:
            self.comparing.close()

    def action_command_palette(self) -> None:
        """Open nothing: ? lists the keys."""

    def send_order(self) -> list[Area]:
        """Return the areas of the screen in the order in which they are sent."""
        if not self.screen_stack:
            return []  # the program is ending
        if self.comparing is None or self.comparing not in self.screen_stack:
            return [Area(0, 0, *self.size, 0)]
        return send_order(self.screen, self.comparing.lines, self.comparing.panels)
