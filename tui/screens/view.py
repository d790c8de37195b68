"""Controllers of the view: shown panels, axes and planes, and the cursor on units and samples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import next_plane
from core.process.messages import State
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.curve import CurvePanel, LossPanel
from tui.panels.panel import Panel
from tui.panels.pinned_curves import PinnedCurves
from tui.screens.views import INSPECT, VIEWS

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.datasets import DataSplit
    from tui.panels.view_options import Cursor
    from tui.screens.training import TrainingScreen

RECENT: Final = (None, 1000, 100)
"""Numbers of epochs that the curves can show; None is all."""
SMOOTHINGS: Final = (None, 0.6, 0.9, 0.97)
"""Weights of the moving average of the curves; None is without one."""


class ViewController:
    """Changes which panels are shown, and of what."""

    def __init__(self, screen: TrainingScreen) -> None:
        self._screen = screen
        self._run, self._options = screen.run, screen.options
        # diagnostics that were requested for the layers panel, and whether it has turned them on
        self._asked: bool | None = None
        self._measures = False

    def show(self, name: str) -> None:
        """Show a view."""
        screen, arrangement = self._screen, self._screen.arrangement
        if name == INSPECT and not self._options.inspecting:
            screen.cursor.toggle()
            return
        arrangement.show_view(name)  # before the view changes: only the current one is reset
        self._options.inspecting = name == INSPECT
        self.update()
        self.repaint()
        screen.frames.paint_lines()

    def next(self) -> None:
        """Show the next view."""
        at = VIEWS.index(self._screen.arrangement.view) + 1
        if VIEWS[at % len(VIEWS)] == INSPECT and self._run.network is None:
            at += 1  # there is nothing to inspect yet
        self.show(VIEWS[at % len(VIEWS)])

    def update(self) -> None:
        """Arrange the panels after a change, request what they show, and remember the view."""
        self._screen.arrangement.apply()
        self._report()

    def _report(self) -> None:
        """Request what only the shown panels need, and remember the view."""
        arrangement, controller = self._screen.arrangement, self._screen.controller
        self.measure_layers()
        shows_next_step = arrangement.shows("inspector")
        controller.report_view(arrangement.view, shows_next_step=shows_next_step)

    def show_layers(self, *, shown: bool) -> None:
        """Show or hide the layers panel, since the user has turned diagnostics on or off."""
        self._measures = False
        if shown is not self._screen.arrangement.wants("layers"):
            self._screen.arrangement.choose("layers", shown=shown)

    def measure_layers(self, *, again: bool = False) -> None:
        """Request diagnostics while the layers panel is shown, unless the user has turned them on.

        Args:
            again: whether a request that had no effect is repeated, for another run.
        """
        settings = self._screen.controller.settings
        is_shown = self._screen.arrangement.shows("layers")
        if again or is_shown == settings.requested.diagnostics:
            self._asked = None
        if is_shown in {settings.requested.diagnostics, self._asked}:
            return
        if not is_shown and not self._measures:
            return  # they were not turned on for the panel
        # a change in the past would begin a branch, and the epochs there come with diagnostics
        is_past = self._screen.controller.travel.past_epoch is not None
        if not is_past and self._run.data is not None and self._run.state is not State.STOPPED:
            self._asked = self._measures = is_shown
            settings.apply(settings.requested.changed(diagnostics=is_shown))

    def go_back(self) -> None:
        """Cancel loading or an export, or leave an enlarged panel, a cursor, or the inspector."""
        screen, arrangement = self._screen, self._screen.arrangement
        focused = screen.focused
        if self._run.loading is not None:
            screen.controller.cancel()
        elif screen.exporter.cancel():
            return
        elif arrangement.is_zoomed:
            arrangement.end_zoom()
            self.update()
        elif isinstance(focused, Panel) and focused.leave_cursor():
            return
        elif self._options.inspecting:
            self._options.inspecting = False
            arrangement.end_zoom()
            self.update()
            self.repaint()
            screen.frames.paint_lines()
        else:
            any(panel.leave_cursor() for panel in screen.panels if panel.display)

    def move_focus(self, by: int) -> None:
        """Focus another panel, which may take the place of the only one that has room."""
        self._screen.arrangement.move_focus(by)
        self._report()

    def repaint(self, kind: type[Panel] = Panel) -> None:
        """Draw the visible panels of a kind again."""
        for panel in self._screen.panels:
            if isinstance(panel, kind) and panel.display:
                panel.redraw()

    def toggle_panel(self, label: str) -> None:
        """Show or hide a panel; the last one stays."""
        screen = self._screen
        panel = next(panel for panel in screen.panels if panel.label == label)
        if label == "inspector":
            screen.cursor.toggle()
            return
        if not screen.arrangement.toggle(panel):
            screen.show_note(f"{panel.label} is the only panel left")
            return
        self.update()
        if panel.display:
            panel.focus()  # the next keys are for this panel

    def toggle_log_loss(self) -> None:
        """Switch the loss between a linear and a logarithmic axis, from the one that is shown."""
        panel = next(each for each in self._screen.panels if isinstance(each, LossPanel))
        is_log = self._options.log_loss = not panel.has_log_axis
        self.repaint(LossPanel)
        # a narrow title has no room for it
        self._screen.show_note(f"loss axis: {'logarithmic' if is_log else 'linear'}")

    def next_range(self) -> None:
        """Show all epochs on the curves, or only the last ones."""
        at = RECENT.index(self._options.recent) + 1
        recent = self._options.recent = RECENT[at % len(RECENT)]
        self.repaint(CurvePanel)
        shown = "all epochs" if recent is None else f"the last {recent:,} epochs"
        self._screen.show_note(f"curves: {shown}")

    def next_smoothing(self) -> None:
        """Add a smoothed line to the curves: slightly, more, strongly, none."""
        at = SMOOTHINGS.index(self._options.smoothing) + 1
        weight = self._options.smoothing = SMOOTHINGS[at % len(SMOOTHINGS)]
        self.repaint(CurvePanel)
        shown = "not smoothed" if weight is None else f"smoothed, weight {weight:g}"
        self._screen.show_note(f"curves: {shown}")

    def toggle_pinned(self) -> None:
        """Pin the curves for comparison with the next run, or remove the pinned ones."""
        was_pinned = self._options.pinned is not None
        self._options.pinned = None if was_pinned else PinnedCurves.of(self._run)
        self.repaint(CurvePanel)
        if was_pinned:
            note = "the pinned curves are removed"
        elif self._options.pinned is None:
            note = "there are no curves to pin yet"
        else:
            note = "these curves are pinned: the next run is drawn over them; O removes them"
        self._screen.show_note(note)

    def toggle_test(self) -> None:
        """Show or hide the test samples."""
        if self._run.data is not None and self._run.data.shared:
            self._screen.show_note("train and test samples are the same here")
            return
        self._options.show_test = not self._options.show_test
        self.repaint(BoundaryPanel)

    def next_plane(self) -> None:
        """Show the next plane: principal components, then pairs of the most informative features."""
        data = self._run.data
        if data is None or not self.has_planes(data):
            return
        self.show_plane(next_plane(data, self._options.plane))

    def has_planes(self, data: DataSplit) -> bool:
        """Return whether there are features to choose from; if not, show why."""
        if data.preparation.text is not None:
            self._screen.show_note(
                "texts have no features to choose; the map is of their components"
            )
        elif len(data.feature_names) < 3:
            count = len(data.feature_names)
            features = f"{count} feature{'s' * (count > 1)}"
            self._screen.show_note(f"the map already shows all of the data: {features}")
        else:
            return True
        return False

    def show_plane(self, plane: PlaneChoice | None) -> None:
        """Show a plane on the map, unless it is None."""
        data = self._run.data
        if plane is not None and data is not None:
            self._options.plane = plane
            self.repaint(BoundaryPanel)
            # a small map has room for only the beginning of a name
            self._screen.show_note(f"map: {plane.describe(data.feature_names)}")

    def next_target(self) -> None:
        """Show the next of several targets."""
        data = self._run.data
        names = data.target_names if data is not None else ()
        if len(names) < 2:
            self._screen.show_note("there is only one target")
            return
        self._options.target = (self._options.target + 1) % len(names)
        self._screen.show_note(f"showing {names[self._options.target]}")
        self.repaint()


class CursorController:
    """Moves the cursor on a unit and a sample, which all panels follow."""

    def __init__(self, screen: TrainingScreen) -> None:
        self._screen = screen
        self._run, self._options = screen.run, screen.options

    def toggle(self) -> None:
        """Open or close the inspector."""
        screen, options = self._screen, self._options
        if self._run.network is None:
            return
        if options.inspecting and not screen.arrangement.shows("inspector"):
            screen.arrangement.bring_to_front("inspector")  # another panel is in its place
            screen.view.update()
            return
        options.inspecting = not options.inspecting
        screen.arrangement.end_zoom()
        if options.inspecting:
            screen.arrangement.bring_to_front("inspector")
        screen.view.update()
        if options.inspecting:
            options.layer = min(options.layer, max(0, len(self._run.config.hidden) - 1))
            self.set(replace(options.cursor, layer=options.layer))
            screen.arrangement.focus("inspector")
        screen.view.repaint()
        screen.frames.paint_lines()

    def set(self, cursor: Cursor | None, *, inspects: bool = True) -> None:
        """Set the cursor, within the network and the data, and open the inspector if it inspects.

        Without a cursor, only draw the panels again.
        """
        network, data = self._run.network, self._run.data
        if network is None or data is None:
            return
        if cursor is None:
            self._screen.view.repaint()
            return
        options = self._options
        options.cursor = cursor.within(network.sizes, len(data.y_train))
        hidden = len(self._run.config.hidden)
        if hidden and options.cursor.layer < hidden:
            options.layer = options.cursor.layer
        if inspects and not options.inspecting:
            options.inspecting = True
            self._screen.arrangement.bring_to_front("inspector")
            self._screen.view.update()
            self._screen.frames.paint_lines()
        self._screen.view.repaint()

    def move_layer(self, by: int) -> None:
        """Show another hidden layer; in the inspector, also the output layer."""
        layers = len(self._run.config.hidden)
        if not layers:
            self._screen.show_note("there is no hidden layer")
        if self._options.inspecting:
            self.set(self._options.cursor.moved(layers=by))
            return
        self._options.layer = min(max(self._options.layer + by, 0), max(layers - 1, 0))
        self._screen.view.repaint(ActivationsPanel)

    def move_unit(self, by: int) -> None:
        """Inspect another unit."""
        if self._options.inspecting:
            self.set(self._options.cursor.moved(units=by))
        else:
            self._screen.show_note("↑ ↓ choose a unit in the inspector (i)")

    def move_sample(self, by: int) -> None:
        """Inspect another training sample."""
        self.set(self._options.cursor.moved(samples=by))

    def move_misclassified(self, direction: int) -> None:
        """Inspect the next training sample that is misclassified."""
        network, data = self._run.network, self._run.data
        if network is None or data is None:
            return
        if not data.has_classes:
            self._screen.show_note(
                "predicted numbers are neither right nor wrong: panel 6 shows their errors"
            )
            return
        wrong = np.flatnonzero(network.predict(data.x_train).argmax(axis=1) != data.y_train)
        if not wrong.size:
            self._screen.show_note("every training sample is classified correctly")
            return
        sample = self._options.cursor.sample
        beyond = wrong[wrong > sample] if direction > 0 else wrong[wrong < sample][::-1]
        found = beyond if beyond.size else (wrong if direction > 0 else wrong[::-1])
        self.set(replace(self._options.cursor, sample=int(found[0])))
        self._screen.show_note(
            f"training sample {found[0] + 1:,}, one of {wrong.size:,} misclassified"
        )
