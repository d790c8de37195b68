"""The training screen: its panels, the frame clock, and what each key does."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from contextlib import suppress
from math import floor, log10
from textwrap import wrap
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import work
from textual.containers import Horizontal, Vertical
from textual.screen import Screen

from core.config import ConfigError, RunConfig, setting
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
from tui.canvas import Canvas
from tui.cells import Cells
from tui.keys import bindings
from tui.lines import FooterLine, HeaderLine, LogLine, StatusLine
from tui.numbers import speed as speed_words
from tui.palette import TEXT, ink
from tui.panels import (
    PANELS,
    ActivationsPanel,
    BoundaryPanel,
    CurvePanel,
    LossPanel,
    Panel,
    ViewOptions,
)
from tui.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.process import Command, Event
    from tui.link import Link
    from tui.runlog import RunLog

SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0, None)
BATCH_SIZES: Final = (1, 5, 10, 16, 32, 64, 128, "full")
SMALLEST: Final = (60, 16)
NARROW_BELOW: Final = (100, 30)


class Notice(Canvas):
    """Stands alone where the terminal is too small for anything else."""

    def __init__(self, session: Session) -> None:
        super().__init__(id="notice")
        self.session = session

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        size, state = self.app.size, self.session.state
        goes_on = state is State.TRAINING
        text = "nnfs-tui needs {}×{}, here are {}×{}; {}".format(
            *SMALLEST,
            size.width,
            size.height,
            "training goes on" if goes_on else f"the run is {state.lower()}",
        )
        for row, line in enumerate(wrap(text, width)):
            cells.write(row, 0, line, ink(TEXT))
        return cells


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
        self._planned_epochs = config.epochs
        self._sent = 0
        self._meant: State | None = None
        self._speed = speed
        self._frame = 1 / frames_per_second
        self._paused = paused
        self._run_log = run_log
        self._chosen: dict[int, bool] = {}
        self._zoomed: Panel | None = None
        self._settling = False
        self.panels = [kind(self.session, self.options) for kind in PANELS]
        self._header = HeaderLine(self.session)
        self._header.speed = speed
        self._lines: list[Canvas] = [
            self._header,
            StatusLine(self.session),
            LogLine(self.session),
            FooterLine(self.session),
        ]

    def compose(self) -> ComposeResult:
        """Lay the panels out; the style sheet says how much room each gets."""
        header, status, log, footer = self._lines
        loss, accuracy, boundary, hidden = self.panels
        yield header
        with Vertical(id="panels"):
            with Horizontal(id="top"):
                with Vertical(id="left"):
                    yield loss
                    yield accuracy
                yield boundary
            yield hidden
        yield status
        yield log
        yield footer
        yield Notice(self.session)

    def on_mount(self) -> None:
        """Start the run: the process has been waiting for it."""
        self._arrange()
        self._begin(self.session.config, paused=self._paused)

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self._arrange()

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
            self._run_log.write(event, self.session)
        if isinstance(event, Run):
            for panel in self.panels:
                if isinstance(panel, CurvePanel):
                    panel.redraw()
            if event.answered >= self._sent:
                self._wanted = event.config
            self._fit_hidden()
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
            if self.has_class("-too-small"):
                self.query_one(Notice).repaint()

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
        # a run that went on past its end begins again with the end that it first had
        config = self._wanted.changed(epochs=self._planned_epochs)
        self._restart(config, f"reset: the same weights as before (seed {config.seed})")

    def action_reseed(self) -> None:
        """Begin again with the next seed."""
        seed = (self._wanted.seed + 1) % 2**63
        config = self._wanted.changed(epochs=self._planned_epochs, seed=seed)
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
        self._apply(self._wanted.changed(learning_rate=rate))

    def action_cycle(self, name: str) -> None:
        """Take the next of a setting's values."""
        if name == "batch_size":
            values: tuple[Any, ...] = BATCH_SIZES
        else:
            values = setting(name).kind.words  # type: ignore[attr-defined]
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
        paces = [pace or float("inf") for pace in SPEEDS]
        current = self._speed or float("inf")
        at = bisect_right(paces, current) if direction > 0 else bisect_left(paces, current) - 1
        if 0 <= at < len(SPEEDS):
            self._speed = SPEEDS[at]
            self._header.speed = self._speed
            self._link.send(SetSpeed(self._speed))
        self._say(f"speed: {speed_words(self._speed)}")

    def action_settings(self) -> None:
        """Open the dialog with every setting of the run."""
        from tui.screens.settings import SettingsScreen

        def apply(config: RunConfig | None) -> None:
            if config is not None and config != self._wanted:
                self._planned_epochs = config.epochs
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
        focused = self.focused
        self._zoomed = focused if self._zoomed is None and isinstance(focused, Panel) else None
        self._arrange()

    def action_toggle_panel(self, number: int) -> None:
        """Show or hide a panel; the last one stays."""
        panel = next((panel for panel in self.panels if panel.number == number), None)
        if panel is None:
            return
        visible = [each for each in self.panels if self._is_wanted(each)]
        if self._zoomed is None and visible == [panel]:
            self._say(f"{panel.label} is the only panel left")
            return
        self._chosen[number] = not self._is_wanted(panel) or self._zoomed is not None
        self._zoomed = None
        self._arrange()

    def action_next_panel(self) -> None:
        """Move the focus on; what is enlarged follows it."""
        self._focus_panel(1)

    def action_previous_panel(self) -> None:
        """Move the focus back."""
        self._focus_panel(-1)

    def _focus_panel(self, by: int) -> None:
        panels = [panel for panel in self.panels if self._is_wanted(panel) or panel is self._zoomed]
        at = panels.index(self.focused) if self.focused in panels else -1
        panel = panels[(at + by) % len(panels)]
        if self._zoomed is not None:
            self._zoomed = panel
            self._arrange()
        panel.focus()

    def _repaint_panels(self, kind: type[Panel]) -> None:
        for panel in self.panels:
            if isinstance(panel, kind) and panel.display:
                if isinstance(panel, CurvePanel):
                    panel.redraw()
                panel.repaint()

    @property
    def _narrow(self) -> bool:
        width, height = self.app.size
        return width < NARROW_BELOW[0] or height < NARROW_BELOW[1]

    def _is_wanted(self, panel: Panel) -> bool:
        default = panel.label != "accuracy" or not self._narrow
        return self._chosen.get(panel.number, default)

    def _fit_hidden(self) -> None:
        """Give the hidden panel the rows that its units need, if there is room."""
        hidden = self.panels[-1]
        if not self.query_one("#top").display:
            hidden.styles.height = "1fr"
            return
        units = max(self.session.config.hidden, default=4)
        wanted = 3 + units * (2 if units < 5 else 1)
        most = (self.app.size.height - len(self._lines)) * 2 // 5
        hidden.styles.height = max(5, min(wanted, most))

    def _arrange(self) -> None:
        width, height = self.app.size
        self.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        self.set_class(self._narrow, "-narrow")
        for panel in self.panels:
            zoomed_away = self._zoomed not in {None, panel}
            panel.display = (self._is_wanted(panel) and not zoomed_away) or panel is self._zoomed
        loss, accuracy, boundary, _ = self.panels
        left = self.query_one("#left")
        left.display = loss.display or accuracy.display
        self.query_one("#top").display = left.display or boundary.display
        self._fit_hidden()
        if isinstance(self.focused, Panel) and not self.focused.display:
            _focus_first(self.panels)
        if self.has_class("-too-small"):
            self.query_one(Notice).repaint()


def _focus_first(panels: Iterable[Panel]) -> None:
    for panel in panels:
        if panel.display:
            panel.focus()
            return


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
