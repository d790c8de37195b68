"""The training screen: its panels, the frame clock, and what each key does."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from core.config import RunConfig, setting
from core.kinds import ConfigError, words_of
from core.process import (
    Configure,
    Failed,
    Pause,
    Progress,
    Resume,
    Run,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)
from tui.keys import bindings
from tui.lines import FooterLine, HeaderLine, LogLine, Notice, StatusLine
from tui.numbers import speed as speed_words
from tui.panels import (
    PANELS,
    ActivationsPanel,
    BoundaryPanel,
    CurvePanel,
    LayersPanel,
    LossPanel,
    Panel,
    ViewOptions,
)
from tui.screens.arrangement import Arrangement
from tui.session import Session
from tui.steps import BATCH_SIZES, RECENT, next_of_125, next_speed

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.process import Command, Event
    from tui.canvas import Canvas
    from tui.link import Link
    from tui.runlog import RunLog


class TrainingScreen(Screen[None]):
    """Shows one session and sends the training process what the keys ask for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = "#loss"

    def __init__(
        self,
        config: RunConfig,
        link: Link,
        *,
        speed: float | None = 30.0,
        frames_per_second: float = 10.0,
        paused: bool = False,
        run_log: RunLog | None = None,
    ) -> None:
        super().__init__()
        self.session = Session(config)
        self.options = ViewOptions(layer=max(0, len(config.hidden) - 1))
        self._link = link
        self._wanted = config
        self._planned = _ends_of(config)
        self._sent = 0
        self._meant: State | None = None
        self._speed = speed
        self._frame = 1 / frames_per_second
        self._paused = paused
        self._run_log = run_log
        self._settling = False
        self.panels = [kind(self.session, self.options) for kind in PANELS]
        self._arrangement = Arrangement(self, self.panels)
        self._header = HeaderLine(self.session)
        self._header.speed = speed
        self._notice = Notice(self.session)
        self._lines: list[Canvas] = [
            self._header,
            StatusLine(self.session),
            LogLine(self.session),
            FooterLine(self.session),
        ]

    def compose(self) -> ComposeResult:
        """Lay the panels out; the style sheet says how much room each gets."""
        header, status, log, footer = self._lines
        loss, accuracy, boundary, hidden, layers = self.panels
        yield header
        with Vertical(id="panels"):
            with Horizontal(id="top"):
                with Vertical(id="left"):
                    yield loss
                    yield accuracy
                yield boundary
            with Horizontal(id="bottom"):
                yield hidden
                yield layers
        yield status
        yield log
        yield footer
        yield self._notice

    def on_mount(self) -> None:
        """Start the run: the process has been waiting for it."""
        self._arrangement.apply()
        self._begin(self.session.config, paused=self._paused)

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self._arrangement.apply()

    def on_screen_resume(self) -> None:
        """Catch up with what happened behind another screen."""
        self._paint_all()
        self._pull()

    # --- the run, as the process tells it

    @work(exclusive=True, group="training")
    async def _listen(self) -> None:
        await self._link.listen(self._hear)

    def _begin(self, config: RunConfig, *, paused: bool = False) -> None:
        if self._link.process.ended:
            try:
                self._link.restart()
            except OSError as error:
                self._say(f"no training process could be started ({error.strerror}); r tries again")
                return
            self._sent = 0
        self._listen()
        self._link.send(SetSpeed(self._speed))
        self._link.send(Start(config, paused))
        self._sent += 1
        self._link.pull(self._frame)

    def _hear(self, event: Event) -> None:
        state = self.session.state
        self.session.apply(event)
        if self._run_log is not None:
            try:
                self._run_log.write(event, self.session)
            except OSError as error:
                self._run_log = None
                self._say(f"the log ends here: it cannot be written ({error.strerror})")
        if isinstance(event, Run):
            for panel in self.panels:
                if isinstance(panel, CurvePanel):
                    panel.redraw()
            if event.answered >= self._sent:
                self._wanted = event.config
            self._arrangement.apply()
            self.options.layer = min(self.options.layer, max(0, len(event.config.hidden) - 1))
            if event.fresh:
                self.options.layer = max(0, len(event.config.hidden) - 1)
        if isinstance(event, StateChanged | Failed):
            self._meant = None
        if isinstance(event, Progress):
            if self.is_current:
                self._paint()
                self._pull()
        else:
            self._paint_all()
            if state is not self.session.state and not self.session.at_rest:
                self.call_after_refresh(self._pull)

    def _pull(self) -> None:
        if not self.session.at_rest:
            self._link.pull(self._frame)

    def _paint(self) -> None:
        """Draw a frame of a run that goes on."""
        with self.app.batch_update():
            for panel in self.panels:
                if panel.display:
                    panel.repaint()
            for line in self._lines:
                line.repaint()

    def _paint_all(self) -> None:
        """Draw everything as it is now: the lines first and alone, since they answer a key."""
        for line in self._lines:
            line.repaint()
        if not self._settling:
            self._settling = True
            self.call_after_refresh(self._paint_panels)

    def _paint_panels(self) -> None:
        self._settling = False
        with self.app.batch_update():
            for panel in self.panels:
                if panel.display:
                    panel.repaint()
            self._notice.repaint()

    def _say(self, note: str) -> None:
        self.session.note = note
        self._paint_all()

    # --- what keys do to the run

    def action_toggle_pause(self) -> None:
        """Pause or go on."""
        # from what is meant: the answer to an earlier press may still be on its way
        pause = (self._meant or self.session.state) is State.TRAINING
        if self._tell(Pause() if pause else Resume()):
            self._meant = State.PAUSED if pause else State.TRAINING

    def action_step(self, epochs: int) -> None:
        """Train a few epochs and stand still."""
        self._tell(Step(epochs))

    def action_reset(self) -> None:
        """Begin again with the same seed, in a new process if the old one is gone."""
        # a run that went on past its end, or a target, begins again with those that it first had
        config = self._wanted.changed(**self._planned)
        self._restart(config, f"reset: the same weights as before (seed {config.seed})")

    def action_reseed(self) -> None:
        """Begin again with the next seed."""
        seed = (self._wanted.seed + 1) % 2**63
        config = self._wanted.changed(**self._planned, seed=seed)
        self._restart(config, f"reset with seed {config.seed}: other data and weights")

    def _restart(self, config: RunConfig, note: str) -> None:
        self._wanted = config
        if self._link.process.ended:
            self._begin(config)
        else:
            self._link.send(Start(config))
            self._sent += 1
        self._say(note)

    def action_learning_rate(self, direction: int) -> None:
        """Go to the next 1, 2 or 5 times a power of ten."""
        rate = next_of_125(self._wanted.learning_rate, direction)
        with suppress(ConfigError):  # at the end of what a number can be
            self._apply(self._wanted.changed(learning_rate=rate))

    def action_cycle(self, name: str) -> None:
        """Take the next of a setting's values."""
        if name == "batch_size":
            values: tuple[Any, ...] = BATCH_SIZES
        else:
            values = words_of(setting(name).kind)
        current = getattr(self._wanted, name)
        at = values.index(current) if current in values else -1
        for step in range(1, len(values) + 1):
            changes = {name: values[(at + step) % len(values)]}
            if name == "dataset":
                changes |= {"samples": None, "noise": None, "classes": None}
            # a value that the other settings rule out is passed over
            with suppress(ConfigError):
                self._apply(self._wanted.changed(**changes))
                return

    def _apply(self, config: RunConfig) -> None:
        changes = {
            each.name: getattr(config, each.name) for each in config.differences(self._wanted)
        }
        if changes:
            self._wanted = config
            self._sent += self._tell(Configure(changes))

    def _tell(self, command: Command) -> bool:
        """Send a command, or say why it can do nothing now."""
        if self._link.process.ended:
            self._say("the training process has ended; r starts a new one, with these settings")
            return False
        if self.session.state is State.DIVERGED and isinstance(command, Pause | Resume | Step):
            self._say("the run has diverged: lower the learning rate (−), or begin again (r)")
            return False
        self._link.send(command)
        return True

    def action_speed(self, direction: int) -> None:
        """Go to the next slower or faster pace."""
        self._speed = next_speed(self._speed, direction)
        self._header.speed = self._speed
        self._link.send(SetSpeed(self._speed))
        self._say(f"speed: {speed_words(self._speed)}")

    def action_settings(self) -> None:
        """Open the dialog with every setting of the run."""
        from tui.screens.settings import SettingsScreen

        def apply(config: RunConfig | None) -> None:
            if config is not None and config != self._wanted:
                self._planned = _ends_of(config)
                self._apply(config)

        self.app.push_screen(SettingsScreen(self._wanted), apply)

    # --- what keys do to the view

    def action_help(self) -> None:
        """Show the keys."""
        from tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_quit(self) -> None:
        """End the program."""
        self.app.exit()

    def action_layer(self, by: int) -> None:
        """Show another hidden layer."""
        layers = len(self.session.config.hidden)
        if not layers:
            self._say("there is no hidden layer")
        self.options.layer = min(max(self.options.layer + by, 0), max(layers - 1, 0))
        self._repaint_panels(ActivationsPanel)

    def action_log_loss(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        self.options.log_loss = not self.options.log_loss
        self._repaint_panels(LossPanel)

    def action_show_test(self) -> None:
        """Show or hide the test samples."""
        if self.session.data is not None and self.session.data.shared:
            self._say("the training samples are the test samples")
            return
        self.options.show_test = not self.options.show_test
        self._repaint_panels(BoundaryPanel)

    def action_zoom(self) -> None:
        """Give the focused panel all the room, or give it back."""
        self._arrangement.zoom()

    def action_recent(self) -> None:
        """Show all epochs on the curves, or the last ones alone, on an axis close around them."""
        views = (None, *RECENT)
        self.options.recent = views[(views.index(self.options.recent) + 1) % len(views)]
        self._repaint_panels(CurvePanel)
        recent = self.options.recent
        self._say(f"curves: {'all epochs' if recent is None else f'the last {recent:,} epochs'}")

    def action_toggle_panel(self, number: int) -> None:
        """Show or hide a panel; the last one stays."""
        for panel in self.panels:
            if panel.number == number and isinstance(panel, LayersPanel):
                # what it shows is measured only while it is
                self._apply(self._wanted.changed(diagnostics=not self._wanted.diagnostics))
                return
            if panel.number == number and not self._arrangement.toggle(panel):
                self._say(f"{panel.label} is the only panel left")
        if number > len(self.panels):
            self._say(f"there is no panel {number}; they are 1 to {len(self.panels)}")

    def action_next_panel(self) -> None:
        """Move the focus on; what is enlarged follows it."""
        self._arrangement.move_focus(1)

    def action_previous_panel(self) -> None:
        """Move the focus back."""
        self._arrangement.move_focus(-1)

    def _repaint_panels(self, kind: type[Panel]) -> None:
        for panel in self.panels:
            if isinstance(panel, kind) and panel.display:
                if isinstance(panel, CurvePanel):
                    panel.redraw()
                panel.repaint()


def _ends_of(config: RunConfig) -> dict[str, Any]:
    """Return the settings that a run which goes on past its end lifts."""
    return {name: getattr(config, name) for name in ("epochs", "target_loss", "target_accuracy")}
