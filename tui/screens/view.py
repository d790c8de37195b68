"""What the keys of the view do: which panels are shown, of what, and where a person looks."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.planes import PlaneChoice, ranked_features
from core.config.errors import ConfigError
from core.process import EditData, EditParameter
from tui.controller import RunScreen
from tui.faults import ReportsFaults
from tui.panels.activations import ActivationsPanel
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.curve import CurvePanel, LossPanel
from tui.panels.layers import LayersPanel
from tui.panels.panel import Panel
from tui.screens.steps import RECENT

if TYPE_CHECKING:
    from pathlib import Path

    from core.datasets import DataSplit
    from tui.panels.network.panel import NetworkPanel
    from tui.panels.view_options import Cursor, ViewOptions
    from tui.screens.arrangement import Arrangement
    from tui.screens.status_bars import StatusLine

PAIRED: Final = 4
"""Features, those that tell most of the target, whose pairs key p goes through."""


class ViewScreen(RunScreen):
    """Has panels and options of how they show the run; `TrainingScreen` says where they stand."""

    options: ViewOptions
    panels: list[Panel]
    arrangement: Arrangement

    def repaint_lines(self) -> None:
        """Draw the lines around the panels."""
        raise NotImplementedError

    def panel_named(self, label: str) -> Panel:
        """Return a panel by its label."""
        return next(panel for panel in self.panels if panel.label == label)

    def repaint_panels(self, kind: type[Panel]) -> None:
        """Draw the shown panels of a kind."""
        for panel in self.panels:
            if isinstance(panel, kind) and panel.display:
                panel.redraw()

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

    def on_status_line_travel_requested(self, event: StatusLine.TravelRequested) -> None:
        """Go to the epoch at the place of the bar that was clicked."""
        self.seek(event.epoch)

    def action_layer(self, by: int) -> None:
        """Show another hidden layer."""
        layers = len(self.session.config.hidden)
        if not layers:
            self.show_note("there is no hidden layer")
        if self.options.inspecting:
            # the layer of the outputs can be looked at, too
            self._look(self.options.cursor.moved(layers=by))
            return
        self.options.layer = min(max(self.options.layer + by, 0), max(layers - 1, 0))
        self.repaint_panels(ActivationsPanel)

    def action_log_loss(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        self.options.log_loss = not self.options.log_loss
        self.repaint_panels(LossPanel)

    def action_show_test(self) -> None:
        """Show or hide the test samples."""
        if self.session.data is not None and self.session.data.shared:
            self.show_note("train and test samples are the same here")
            return
        self.options.show_test = not self.options.show_test
        self.repaint_panels(BoundaryPanel)

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
            dialog = PlaneScreen(data, self.options.plane, self.options.cursor.sample)
            self.app.push_screen(dialog, self._show_plane)

    def _has_planes(self, data: DataSplit) -> bool:
        if data.preparation.text is not None:
            self.show_note(
                "texts have no features to choose; the map is of their principal components"
            )
        elif len(data.feature_names) < 3:
            count = len(data.feature_names)
            self.show_note(
                f"the map already shows all there is: {count} feature{'s' * (count > 1)}"
            )
        else:
            return True
        return False

    def _show_plane(self, plane: PlaneChoice | None) -> None:
        data = self.session.data
        if plane is not None and data is not None:
            self.options.plane = plane
            self.repaint_panels(BoundaryPanel)
            # a small map has room for the beginning of a name alone
            self.show_note(f"map: {plane.describe(data.feature_names)}")

    def action_target(self) -> None:
        """Show the next of several numbers to predict."""
        data = self.session.data
        names = data.target_names if data is not None else ()
        if len(names) < 2:
            self.show_note("there is only one target")
            return
        self.options.target = (self.options.target + 1) % len(names)
        self.show_note(f"showing {names[self.options.target]}")
        self.repaint_panels(Panel)

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
        self.arrangement.zoom()

    def action_recent(self) -> None:
        """Show all epochs on the curves, or the last ones alone, on an axis close around them."""
        views = (None, *RECENT)
        self.options.recent = views[(views.index(self.options.recent) + 1) % len(views)]
        self.repaint_panels(CurvePanel)
        recent = self.options.recent
        self.show_note(
            f"curves: {'all epochs' if recent is None else f'the last {recent:,} epochs'}"
        )

    def action_toggle_panel(self, label: str) -> None:
        """Show or hide a panel; the last one stays."""
        panel = self.panel_named(label)
        if label == "inspector":
            self.action_inspect()
            return
        crowded, hides = self.arrangement.crowded, panel.display
        if isinstance(panel, LayersPanel):
            # what it shows is measured only while it is
            self.apply(self._requested.changed(diagnostics=not hides))
        if crowded:
            # on a small screen one takes the place of another; the cursor stays
            self.arrangement.bring(None if hides else panel)
        elif isinstance(panel, LayersPanel):
            if not hides:
                self.arrangement.bring(None, alone=panel)  # nothing else has all the room
        elif not self.arrangement.toggle(panel):
            room = "there is room for" if self.arrangement.tight else "left"
            self.show_note(f"{panel.label} is the only panel {room}")
        elif panel.display:
            panel.focus()  # its own keys are at hand

    def action_next_panel(self) -> None:
        """Move the focus on; what is enlarged follows it."""
        self.arrangement.move_focus(1)

    def action_previous_panel(self) -> None:
        """Move the focus back."""
        self.arrangement.move_focus(-1)

    # --- the cursor

    def action_inspect(self) -> None:
        """Show, or leave, the unit and the sample under the cursor; all panels follow them."""
        if self.session.network is None:
            return
        if self.options.inspecting and not self.panel_named("inspector").display:
            self.arrangement.bring(None)  # another panel has its place
            return
        self.options.inspecting = not self.options.inspecting
        self.arrangement.apply()
        if self.options.inspecting:
            self.options.layer = min(
                self.options.layer, max(0, len(self.session.config.hidden) - 1)
            )
            self._look(replace(self.options.cursor, layer=self.options.layer))
            self.arrangement.focus("inspector")
        self.repaint_panels(Panel)
        self.repaint_lines()

    def action_unit(self, by: int) -> None:
        """Look at another unit."""
        if self.options.inspecting:
            self._look(self.options.cursor.moved(units=by))

    def action_sample(self, by: int) -> None:
        """Look at another training sample."""
        self._look(self.options.cursor.moved(samples=by))

    def action_wrong_sample(self, direction: int) -> None:
        """Look at the next training sample that is classified wrongly."""
        network, data = self.session.network, self.session.data
        if network is None or data is None:
            return
        if not data.has_classes:
            self.show_note(
                "a number is not right or wrong: panel 6 shows how far off the predictions are"
            )
            return
        wrong = np.flatnonzero(network.predict(data.x_train).argmax(axis=1) != data.y_train)
        if not wrong.size:
            self.show_note("every training sample is classified correctly")
            return
        sample = self.options.cursor.sample
        beyond = wrong[wrong > sample] if direction > 0 else wrong[wrong < sample][::-1]
        found = beyond if beyond.size else (wrong if direction > 0 else wrong[::-1])
        self._look(replace(self.options.cursor, sample=int(found[0])))
        self.show_note(f"training sample {found[0] + 1:,}, one of {wrong.size:,} misclassified")

    def _look(self, cursor: Cursor) -> None:
        network, data = self.session.network, self.session.data
        if network is None or data is None:
            return
        self.options.cursor = cursor.within(network.sizes, len(data.y_train))
        hidden = len(self.session.config.hidden)
        if hidden and self.options.cursor.layer < hidden:
            self.options.layer = self.options.cursor.layer
        if not self.options.inspecting:
            self.options.inspecting = True
            self.arrangement.apply()
            self.repaint_lines()
        self.repaint_panels(Panel)

    def on_panel_cursor_moved(self, event: Panel.CursorMoved) -> None:
        """Follow a click on a unit or a sample."""
        self._look(event.cursor)

    def on_network_panel_edit_requested(self, event: NetworkPanel.EditRequested) -> None:
        """Ask for another value of a weight or a bias."""
        from tui.screens.prompts import NumberScreen

        def edit(value: float) -> None:
            if self._send(EditParameter(event.index, value)):
                self.show_note(
                    f"{event.description}: {event.value:.4g} → {value:.4g}; the run is edited".replace(
                        "-", "−"
                    )
                )

        def edit_if_wanted(value: float | None) -> None:
            if value is not None:
                self.confirm_branch("Change the run at", lambda: edit(value))

        self.app.push_screen(NumberScreen(event.description, event.value), edit_if_wanted)

    def on_boundary_panel_data_edited(self, event: BoundaryPanel.DataEdited) -> None:
        """Let the process train on the data as they were edited on the map."""
        self.confirm_branch("Change the data at", lambda: self._send(EditData(event.edit)))

    def on_boundary_panel_said(self, event: BoundaryPanel.Said) -> None:
        """Show a sentence of the map's."""
        self.show_note(event.note)

    def action_save_data(self) -> None:
        """Write the data, as they are now, to a file."""
        from core.datasets.edits import write_csv
        from tui.screens.prompts import SaveScreen

        def save(path: Path | None) -> None:
            if path is None or self.session.data is None:
                return
            try:
                self.show_note(write_csv(self.session.data, path))
            except (OSError, ValueError) as error:
                self.show_note(f"not saved: {getattr(error, 'strerror', None) or error}")

        self.app.push_screen(SaveScreen(), save)

    def action_explain(self) -> None:
        """Say what the focused panel shows, and how to read it."""
        from tui.screens.explain import ExplainScreen

        panel, faults = self.focused, self.app.faults if isinstance(self.app, ReportsFaults) else ()
        if isinstance(panel, Panel):
            # the name in the border may be what fails
            title = panel.label if panel.fault else panel.border_name
            self.app.push_screen(ExplainScreen(panel.explanation(), title, [*faults]))

    # --- the shape of the network

    def action_units(self, by: int) -> None:
        """Add a unit to the shown hidden layer, or take one away."""
        hidden = list(self._requested.hidden)
        if not hidden:
            self.show_note("there is no hidden layer; ) adds one")
            return
        layer = min(self.options.layer, len(hidden) - 1)
        hidden[layer] += by
        self._reshape(hidden)

    def action_layers(self, by: int) -> None:
        """Add a hidden layer behind the last, or take the last away."""
        hidden = list(self._requested.hidden)
        if by > 0:
            hidden.append(hidden[-1] if hidden else 4)
        elif hidden:
            hidden.pop()
        else:
            self.show_note("there is no hidden layer to remove")
            return
        self._reshape(hidden)

    def _reshape(self, hidden: list[int]) -> None:
        try:
            self.apply(self._requested.changed(hidden=tuple(hidden)))
        except ConfigError as error:
            self.show_note(str(error))
