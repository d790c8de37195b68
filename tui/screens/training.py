"""The training screen: its panels, the frame clock, and what the keys of the view do."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Horizontal, Vertical

from core.planes import PlaneChoice, ranked_features
from core.process import BaselineFound, Branched, Loading, Moved, Progress, Run
from tui.keys import bindings
from tui.lines import FooterLine, HeaderLine, LogLine, Notice, StatusLine
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
from tui.screens.run import RunScreen
from tui.steps import RECENT

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.config import RunConfig
    from core.datasets import TrainTest
    from core.process import Event
    from tui.canvas import Canvas
    from tui.link import Link
    from tui.runlog import RunLog


PAIRED: Final = 4
"""Features, those that tell most of the target, whose pairs key p goes through."""


class TrainingScreen(RunScreen):
    """Shows one session in panels, as often as frames are due."""

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
        super().__init__(config, link, speed=speed, run_log=run_log)
        self.options = ViewOptions(layer=max(0, len(config.hidden) - 1))
        self._frame = 1 / frames_per_second
        self._paused = paused
        self._settling = False
        self.refused = ""
        self._state = self.session.state
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
        loss, accuracy, boundary, hidden, layers, errors = self.panels
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
                yield errors
        yield status
        yield log
        yield footer
        yield self._notice

    def on_mount(self) -> None:
        """Start the run: the process has been waiting for it."""
        self._arrangement.apply()
        self.begin(self.session.config, paused=self._paused)

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self._arrangement.apply()

    def on_screen_resume(self) -> None:
        """Catch up with what happened behind another screen."""
        self._paint_all()
        self._pull_if_moving()

    def follow(self, event: Event) -> None:
        state, self._state = self._state, self.session.state
        if isinstance(event, Run | BaselineFound | Moved | Branched):
            for panel in self.panels:
                if isinstance(panel, CurvePanel):
                    panel.redraw()
        if isinstance(event, Run):
            self._arrangement.apply()
            self.options.follow(event)
        if isinstance(event, Progress):
            if self.is_current:
                self._paint()
                self._pull_if_moving()
        elif isinstance(event, Loading):
            for line in self._lines:
                line.repaint()
        else:
            self._paint_all()
            if state is not self.session.state and not self.session.at_rest:
                self.call_after_refresh(self._pull_if_moving)

    def pull(self) -> None:
        self._link.pull(self._frame)

    def show_speed(self, speed: float | None) -> None:
        self._header.speed = speed

    def refuse(self, reason: str) -> None:
        if self.session.data is not None:
            self.say(reason)  # there is a run to look at, though its process is gone
            return
        self.refused = reason
        self.app.exit()

    def _pull_if_moving(self) -> None:
        if not self.session.at_rest:
            self.pull()

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

    def say(self, note: str) -> None:
        self.session.note = note
        self._paint_all()

    # --- what keys do to the view

    def action_help(self) -> None:
        """Show the keys."""
        from tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen())

    def action_quit(self) -> None:
        """End the program."""
        self.app.exit()

    def on_curve_panel_travel_requested(self, event: CurvePanel.TravelRequested) -> None:
        """Go to the epoch that a person reads on a curve."""
        self.seek(event.epoch)

    def action_layer(self, by: int) -> None:
        """Show another hidden layer."""
        layers = len(self.session.config.hidden)
        if not layers:
            self.say("there is no hidden layer")
        self.options.layer = min(max(self.options.layer + by, 0), max(layers - 1, 0))
        self._repaint_panels(ActivationsPanel)

    def action_log_loss(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        self.options.log_loss = not self.options.log_loss
        self._repaint_panels(LossPanel)

    def action_show_test(self) -> None:
        """Show or hide the test samples."""
        if self.session.data is not None and self.session.data.shared:
            self.say("the training samples are the test samples")
            return
        self.options.show_test = not self.options.show_test
        self._repaint_panels(BoundaryPanel)

    def action_plane(self) -> None:
        """Show the next plane: the principal components, then pairs of the features that tell most."""
        data = self.session.data
        if data is None or not self._has_planes(data):
            return
        best = ranked_features(data)[:PAIRED]
        planes = [PlaneChoice(), *(PlaneChoice(*pair) for pair in combinations(best, 2))]
        current = PlaneChoice(self.options.plane.across, self.options.plane.up)
        at = planes.index(current) if current in planes else -1
        self._show_plane(planes[(at + 1) % len(planes)])

    def action_choose_plane(self) -> None:
        """Open the dialog with the features of the map."""
        from tui.screens.plane import PlaneScreen

        data = self.session.data
        if data is not None and self._has_planes(data):
            self.app.push_screen(PlaneScreen(data, self.options.plane), self._show_plane)

    def _has_planes(self, data: TrainTest) -> bool:
        if data.preparation.text is not None:
            self.say("texts have no features to choose; the map is of their principal components")
        elif len(data.feature_names) < 3:
            count = len(data.feature_names)
            self.say(f"the map shows all there is of {count} feature{'s' * (count > 1)}")
        else:
            return True
        return False

    def _show_plane(self, plane: PlaneChoice | None) -> None:
        if plane is not None:
            self.options.plane = plane
            self._repaint_panels(BoundaryPanel)

    def action_target(self) -> None:
        """Show the next of several numbers to predict."""
        data = self.session.data
        names = data.target_names if data is not None else ()
        if len(names) < 2:
            self.say("there is one thing to predict")
            return
        self.options.target = (self.options.target + 1) % len(names)
        self.say(f"showing {names[self.options.target]}")
        self._repaint_panels(Panel)

    def action_data(self) -> None:
        """Open the data screen."""
        from tui.screens.data import DataScreen

        data = self.session.data
        if data is not None and data.summary is not None:
            self.app.push_screen(DataScreen(data.summary))

    def action_ask(self) -> None:
        """Open the dialog in which the network answers."""
        from tui.screens.ask import AskScreen

        if self.session.network is not None:
            self.app.push_screen(AskScreen(self.session))

    def action_zoom(self) -> None:
        """Give the focused panel all the room, or give it back."""
        self._arrangement.zoom()

    def action_recent(self) -> None:
        """Show all epochs on the curves, or the last ones alone, on an axis close around them."""
        views = (None, *RECENT)
        self.options.recent = views[(views.index(self.options.recent) + 1) % len(views)]
        self._repaint_panels(CurvePanel)
        recent = self.options.recent
        self.say(f"curves: {'all epochs' if recent is None else f'the last {recent:,} epochs'}")

    def action_toggle_panel(self, number: int) -> None:
        """Show or hide a panel; the last one stays."""
        for panel in self.panels:
            if panel.number == number and isinstance(panel, LayersPanel):
                # what it shows is measured only while it is
                self.apply(self._wanted.changed(diagnostics=not self._wanted.diagnostics))
                return
            if panel.number == number and not self._arrangement.toggle(panel):
                self.say(f"{panel.label} is the only panel left")
            elif panel.number == number and panel.display:
                panel.focus()  # its own keys are at hand
        if number > len(self.panels):
            self.say(f"there is no panel {number}; they are 1 to {len(self.panels)}")

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
