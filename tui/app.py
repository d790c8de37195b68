"""The Textual application: the training screen, the command palette, and an orderly exit."""

from __future__ import annotations

from operator import is_not
from typing import TYPE_CHECKING, Any, Final, cast

from textual.app import SystemCommand
from textual.command import CommandPalette
from textual.widgets import Input

from core.dataclass import dataclass
from core.process.client import SEEDS_WORKER, TrainingProcess
from core.process.messages import StartFrom
from tui.announcer import RunAnnouncer
from tui.drawing.terminal_text import key_name
from tui.keymap import Keymap, actions_of
from tui.process_link import ProcessLink
from tui.screens.training import TrainingScreen
from tui.terminal_app import TerminalApp, announcer_of, restore_terminal, send_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from textual.screen import Screen

    from core.config.run_config import RunConfig
    from core.process.messages import LaneOpened
    from core.runs.autosaver import SaveOptions
    from tui.announcer import AnnounceOptions
    from tui.controller import EventLog
    from tui.drawing.rendering import TerminalLook
    from tui.screens.panel_screen import PanelScreen
    from tui.seeds.announcer import SeedsAnnouncer
    from tui.seeds.screen import SeedsScreen
    from tui.sweep.announcer import SweepAnnouncer
    from tui.terminal.recording import Recording
    from tui.terminal.screen_buffer import Area

SEEDS: Final = 32
"""Number of seeds, unless the user has chosen one."""


@dataclass(frozen=True)
class SeedsOptions:
    """Options of the screen of many seeds.

    Attributes:
        count: number of runs.
        process: a process of `SEEDS_WORKER` that is already waiting, or None.
        paused: whether they wait for a key.
        resume: folder of the saved runs to continue, or None for new ones.
    """

    count: int = SEEDS
    process: TrainingProcess | None = None
    paused: bool = False
    resume: Path | None = None


class Palette(CommandPalette):
    """Textual's command palette, with a cursor that does not blink: a run at rest writes nothing."""

    def on_mount(self) -> None:
        """Stop the cursor, and name the keys."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.placeholder = "find a command · ↓ selects · enter runs · esc closes"


class NnfsApp(TerminalApp):
    """Shows one run; its training process ends with the application.

    Without a process, one is started when the run is first shown.

    Attributes:
        training: screen of the run.
        seeds: that of many seeds, or None.
        further: other screens of runs, by their names.
    """

    def __init__(
        self,
        config: RunConfig,
        process: TrainingProcess | None,
        *,
        speed: float | None = 30.0,
        frames_per_second: float = 10.0,
        max_rate: float | None = None,
        paused: bool = False,
        run_log: EventLog | None = None,
        look: TerminalLook | None = None,
        save_options: SaveOptions | None = None,
        resume: Path | None = None,
        shown_as: str = "",
        view: str = "",
        keymap: Keymap | None = None,
        notes: Sequence[str] = (),
        recording: Recording | None = None,
        announce: AnnounceOptions | None = None,
        seeds: SeedsOptions | None = None,
    ) -> None:
        super().__init__(look, max_rate=max_rate, recording=recording)
        self.keymap = keymap or Keymap()
        self.link = ProcessLink(process, self._when_line_is_clear)
        self.main_screen = self.training = TrainingScreen(
            config,
            self.link,
            speed=speed,
            frames_per_second=frames_per_second,
            paused=paused,
            run_log=run_log,
            save_options=save_options,
            resume=resume,
            shown_as=shown_as,
            view=view,
            flow_control=self.flow_control,
            redraw=self.action_redraw,
            show_seeds=self.show_seeds,
            when_shown=lambda: self._announced.update(),
        )
        self._announcer = announcer_of(self, lambda: self._announced.title(), announce)
        self._announced_run = RunAnnouncer(self.training.run, self._announcer)
        self._announced_seeds: SeedsAnnouncer | None = None
        self._seeds_options = SeedsOptions(paused=paused) if seeds is None else seeds
        self._frames_per_second = frames_per_second
        self._save_options = save_options
        self._ordered: list[Area] = []
        self._ordered_of: tuple[object, ...] = None, None, None
        self.seeds: SeedsScreen | None = None
        self.further: dict[str, PanelScreen] = {}
        if seeds is not None:
            self.main_screen = self._create_seeds(config)
        self.training.options.halves = self.renderer.has_halves
        self.training.run.start_note = "; ".join(notes)
        self.set_keymap(self.keymap.for_textual())
        if process is not None and seeds is None:
            self.training.controller.launch(self.training.first_command, is_early=True)

    def _create_seeds(self, config: RunConfig) -> SeedsScreen:
        """Return the screen of many seeds of a run, which is imported only now.

        Raises:
            OSError: when their process cannot be started.
        """
        from tui.seeds.announcer import SeedsAnnouncer
        from tui.seeds.screen import SeedsScreen

        options = self._seeds_options
        process = options.process or TrainingProcess(SEEDS_WORKER)
        self.seeds = SeedsScreen(
            config.changed(diagnostics=False),
            options.count,
            ProcessLink(process, self._when_line_is_clear),
            speed=self.training.controller.speed,
            frames_per_second=self._frames_per_second,
            paused=options.paused,
            flow_control=self.flow_control,
            redraw=self.action_redraw,
            save_options=self._save_options,
            resume=options.resume,
            when_shown=lambda: self._announced.update(),
            open_run=self._open_lane,
            leave=self._leave_seeds,
        )
        self._announced_seeds = SeedsAnnouncer(self.seeds.model, self._announcer)
        self.seeds.options.halves = self.renderer.has_halves
        return self.seeds

    def show_seeds(self) -> None:
        """Pause the run, and show many seeds of it: those that are there, if they share its settings."""
        from core.lockstep.sharing import sharing_key

        controller = self.training.controller
        if self.training.run.shown_as:
            self.show_note("many seeds are trained only of a run that is trained here")
            return
        config = controller.settings.as_planned(diagnostics=False)
        if self.seeds is None:
            try:
                self._create_seeds(config)
            except OSError as error:
                self.show_note(f"many seeds cannot be trained ({error.strerror})")
                return
        elif sharing_key(self.seeds.controller.requested) != sharing_key(config):
            self.seeds.controller.start(config, self._seeds_options.count)
        if controller.is_training:
            controller.toggle_pause()
        if self.seeds is not None:
            self._bring_to_front(self.seeds)

    def _open_lane(self, opened: LaneOpened) -> None:
        """Show one of many runs on its own, as a run that continues it."""
        if self._front is not self.seeds:
            return  # the user has left them before the reply
        config, epoch = opened.config, opened.state.epoch
        training, note = (
            self.training,
            f"seed {config.seed}, continued from epoch {epoch:,}; M returns",
        )
        replaces = "; backspace restores the previous run" if training.run.head_epoch else ""
        command = StartFrom(config, opened.state, opened.table, note + replaces)
        if training.is_attached:
            training.controller.start_over(config, note, paused=True, command=command)
        else:
            training.first_command = command
            training.controller.settings.requested = config
        training.controller.settings.plan(config)
        self._bring_to_front(self.training)

    def _leave_seeds(self) -> bool:
        """Show the single run again; return False if there is none."""
        if not self.training.is_attached:
            return False
        self._bring_to_front(self.training)
        return True

    def _bring_to_front(self, screen: Screen[None]) -> None:
        """Show one of the screens of runs; none is removed by another one."""
        named: dict[str, Screen[None] | None] = {
            "training": self.training,
            "seeds": self.seeds,
            **self.further,
        }
        for name, each in named.items():
            if each is not None and not self.is_screen_installed(each):
                self.install_screen(each, name)
        if screen not in self.screen_stack:
            self.push_screen(screen)
        while self.screen is not screen:
            super().pop_screen()
        self._announced.update()

    @property
    def _front(self) -> TrainingScreen | PanelScreen:
        """The screen below the dialogs."""
        for shown in reversed([self.main_screen, *self.screen_stack]):
            if shown is self.training:
                break
            if shown is self.seeds or shown in self.further.values():
                return cast("PanelScreen", shown)
        return self.training

    @property
    def _announced(self) -> RunAnnouncer | SeedsAnnouncer | SweepAnnouncer:
        """The announcer of the runs in front."""
        if self._announced_seeds is not None and self._front is self.seeds:
            return self._announced_seeds
        return self._announced_run

    def show_note(self, note: str) -> None:
        self._front.show_note(note)

    def clear_note(self) -> None:
        self._front.clear_note()

    def when_stopped(self) -> None:
        if self.training.is_attached:  # else it has no run yet
            self.training.controller.pause_for_suspend()
        if self.seeds is not None:
            self.seeds.controller.pause_for_suspend()

    def when_continued(self) -> None:
        if self.training.is_attached:
            self.training.controller.resume_after_suspend()
        if self.seeds is not None:
            self.seeds.controller.resume_after_suspend()

    def on_unmount(self) -> None:
        """End the processes."""
        restore_terminal(self)  # first: a long batch may outlast the deadline of a signal
        self._end_processes()

    def _end_processes(self) -> None:
        for event in self.link.close():
            self.training.controller.record(event)  # of the last epochs, which are saved
        if self.seeds is not None:
            self.seeds.close()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer the commands of all keys in the command palette."""
        # Textual's other commands duplicate keys, or change the layout or some of the colours
        for command in super().get_system_commands(screen):
            if command.title == "Screenshot":
                yield command
        front, seen = self._front, set()
        actions = actions_of(front.keys)
        for row, key in enumerate(front.keys):
            if key.handler is not None and key.help not in seen and not key.shown.isdigit():
                seen.add(key.help)

                def press(row: int = row) -> None:
                    front.action_press(row)

                yield SystemCommand(
                    key.help.capitalize(),
                    f"key: {key_name(self.keymap.shown(key.shown, actions), self.look)}",
                    press,
                )

    def action_command_palette(self) -> None:
        """Open the command palette."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def send_order(self) -> list[Area]:
        """Return the areas of the screen in the order in which they are sent."""
        stack = self.screen_stack
        if not stack:
            return []  # the program is ending
        screen, front = stack[-1], self._front
        key = screen, screen.focused, self.cell_output.layout(screen)
        if screen is front and not any(map(is_not, key, self._ordered_of)):
            return self._ordered
        self._ordered = send_order(screen, front.lines, front.panels)
        self._ordered_of = key
        return self._ordered
