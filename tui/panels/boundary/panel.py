"""The boundary panel: prediction at each point of a plane, with the samples."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from core.datasets.edits import AddPoint, MovePoint, RemovePoint, place_of
from tui.drawing import number_format
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import (
    ACCENT,
    BRIGHT,
    DEEP,
    DIM,
    TEXT,
    ink,
)
from tui.panels.boundary.fitted_curve import GUTTER as CURVE_GUTTER
from tui.panels.boundary.fitted_curve import FittedCurve
from tui.panels.boundary.map_cursor import (
    CellPosition,
    PickedSample,
    Reading,
    draw_cursor,
    draw_picked,
    draw_reading,
    marker,
    nearest,
    row_in_training,
)
from tui.panels.boundary.map_drawing import (
    GUTTER,
    class_levels,
    draw_axes,
    draw_labels,
    draw_legend,
    draw_number_legend,
    draw_numbers,
    half_blocks,
    map_colours,
)
from tui.panels.boundary.map_view import MapView
from tui.panels.colour_scales import NumberScale
from tui.panels.explanation import Explanation
from tui.panels.hysteresis import LevelHysteresis
from tui.panels.panel import Panel, Placement, StyledText, centred_text

if TYPE_CHECKING:
    from textual import events

    from core.datasets import DataSplit
    from core.datasets.edits import Edit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

NO_SAMPLE_NEAR: Final = "no training point near the cursor"

CURSOR_ACTIONS: Final = frozenset(
    {"point", "look", "add_point", "next_class", "remove_point", "move_point"}
)
"""Actions that are available only while the cursor is on the map."""


class BoundaryPanel(Panel):
    """Map of half-block cells, two pixels each, over the range of the data plus a margin."""

    key, label = "3", "boundary"
    summary = (
        "predicted class and its certainty, or predicted value, on a plane, with the samples; "
        "t shows the test samples, p and P choose the plane, y the target, m sets a cursor"
    )
    hints: ClassVar = {"m": "cursor (see e)"}
    placement, default_from = Placement.RIGHT, (0, 0)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "map_cursor", show=False),
        Binding("left", "point(-1, 0)", show=False),
        Binding("right", "point(1, 0)", show=False),
        Binding("up", "point(0, -1)", show=False),
        Binding("down", "point(0, 1)", show=False),
        Binding("ctrl+left", "point(-5, 0)", show=False),
        Binding("ctrl+right", "point(5, 0)", show=False),
        Binding("ctrl+up", "point(0, -5)", show=False),
        Binding("ctrl+down", "point(0, 5)", show=False),
        Binding("enter", "look", show=False),
        Binding("A", "add_point", show=False),
        Binding("k", "next_class", show=False),
        Binding("delete,backspace", "remove_point", show=False),
        Binding("M", "move_point", show=False),
    ]

    class DataEdited(Message):
        """The user adds, moves or removes a training point."""

        def __init__(self, edit: Edit) -> None:
            self.edit = edit
            super().__init__()

    class NotePosted(Message):
        """A message for the log line, such as why a key has no effect."""

        def __init__(self, note: str) -> None:
            self.note = note
            super().__init__()

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._view: MapView | None = None
        self._hysteresis = LevelHysteresis(run)
        self._curve: FittedCurve | None = None
        self.position: CellPosition | None = None
        """Position of the cursor, or None while it is off."""
        self._new_class = 0
        self._picked: PickedSample | None = None

    def explanation(self) -> Explanation:
        keys = (
            "t test samples · p P other planes · m a cursor that shows the prediction at any point; "
            "when paused it also edits: A adds a point, k changes its class, M moves a point, "
            "delete removes one"
        )
        if not self.has_classes:
            return Explanation(
                "Predicted value at each point of the plane, as a colour, and the samples, coloured "
                "by their true values.",
                "a sample whose colour differs from its surroundings is predicted badly. With more "
                "than two features the map is one plane through them; with a single one it is a "
                "curve.",
                "ŷ = W·h + b, h the outputs of the last hidden layer",
                keys + " · y next target",
            )
        return Explanation(
            "Predicted class at each point of the plane, as a colour that is purer where the network "
            "is more certain, and the samples: filled for train, hollow for test, ✗ and × "
            "misclassified.",
            "the decision boundary is where colours meet. Without hidden layers it is straight; "
            "where it bends around single samples, it overfits. With more than two features, the "
            "map is one plane.",
            "certainty = (p − 1/K) / (1 − 1/K), p of the most probable of K classes",
            keys,
        )

    @property
    def border_name(self) -> str:
        return self.label if self.has_classes else "prediction"

    def title(self) -> StyledText:
        view, data = self._view, self.run.data
        if view is None or data is None or len(data.feature_names) < 2:
            return []
        words = [(f"{text} ", ink(DIM)) for text in view.plane.caption if text]
        several = len(data.target_names) > 1
        return [(f"{data.target_names[view.target]} ", ink(TEXT)), *words] if several else words

    def title_right(self) -> StyledText:
        metrics, data = self.run.metrics, self.run.data
        if metrics is None or data is None:
            return []
        if data.has_classes:
            return [(f" {number_format.percent(metrics.train_score)} % train ", ink(TEXT))]
        score = f"{metrics.train_score:.3f}".replace("-", "−")
        return [(f" R² {score} train ", ink(TEXT))]

    def draw_content(self, width: int, height: int) -> Cells:
        network, data = self.run.network, self.run.data
        if network is None or data is None or not len(self.run.timeline):
            return centred_text(
                width, height, "The prediction of the network at each point of the plane."
            )
        target = min(self.options.target, max(0, len(data.target_names) - 1))
        if len(data.feature_names) == 1 and data.preparation.text is None:
            return self._draw_curve(network, data, target, width, height)
        self._curve = None
        cells = Cells(width, height)
        rows = height - (2 if height >= 8 else 1)
        columns = width - GUTTER
        if rows < 1 or columns < 2:
            return cells
        view = self._current_view(network, data, columns, 2 * rows, target)
        if network.classes:
            colours = map_colours(network.classes)
            levels = class_levels(view.grid.refresh(), self._hysteresis.quantize)
        else:
            scale = NumberScale.of(data, target)
            colours = scale.colours
            levels = scale.levels(view.grid.refresh().values, self._hysteresis.quantize)
        pixels = levels.reshape(2 * rows, columns)
        cells.place(0, GUTTER, half_blocks(pixels, colours))
        parts = [view.train]
        if self.options.show_test and view.test is not None:
            parts.insert(0, view.test)
        for part in parts:
            if network.classes:
                draw_labels(cells, part, pixels, colours)
            else:
                draw_numbers(cells, part, NumberScale.of(data, target), pixels)
        draw_axes(cells, rows, view)
        if height > rows + 1:
            if data.has_classes:
                draw_legend(cells, height - 1, data, show_test=self.options.show_test)
            else:
                draw_number_legend(cells, height - 1, data, target)
        if self.options.inspecting:
            self._mark_sample(cells, view)
        if self.position is not None:
            self._draw_cursor(cells, network, view, self.position.within(columns, rows))
        return cells

    def _draw_curve(
        self, network: Network, data: DataSplit, target: int, width: int, height: int
    ) -> Cells:
        """Draw the fitted curve of a single feature, and the reading at the cursor."""
        self._view = None
        curve = self._curve = FittedCurve(network, data, target, width, height)
        sample = self.options.cursor.sample if self.options.inspecting else None
        cells = curve.draw(show_test=self.options.show_test and not data.shared, sample=sample)
        if self.position is None or not curve.has_room:
            return cells
        column = self._clamped_position.column
        curve.mark(cells, column)
        reading = curve.read(column, self.options.layer)
        extent = curve.columns, curve.rows
        draw_reading(cells, reading, CellPosition(column, curve.rows), extent, [], CURVE_GUTTER)
        return cells

    def _mark_sample(self, cells: Cells, view: MapView) -> None:
        """Mark the selected sample."""
        at = np.flatnonzero(view.train.chosen == self.options.cursor.sample)
        if at.size:
            row, column = int(view.train.rows[at[0]]) // 2, GUTTER + int(view.train.columns[at[0]])
            cells.write(row, column, "◉", ink(BRIGHT, DEEP, bold=True))

    def _draw_cursor(
        self, cells: Cells, network: Network, view: MapView, place: CellPosition
    ) -> None:
        """Draw the cursor, and the prediction there in the corner farthest from it."""
        columns, rows = view.window.columns, view.window.rows // 2
        if self._picked is not None:
            if self._picked.data is view.data:
                index, part = self._picked.index, view.train
                row, column = int(part.rows[index]) // 2, GUTTER + int(part.columns[index])
                draw_picked(cells, row, column)
            else:
                self._picked = None
        draw_cursor(cells, place.row, GUTTER + place.column)
        reading = Reading.of(network, view, place.point(view.window), self.options.layer)
        draw_reading(cells, reading, place, (columns, rows), self._hint(view.data))

    def _hint(self, data: DataSplit) -> StyledText:
        if self._picked is not None:
            return [("M moves the point here", ink(ACCENT))]
        if not data.has_classes or _edit_problem(data):
            return []
        self._new_class %= len(data.class_names)
        name = data.class_names[self._new_class]
        return [
            ("A adds ", ink(DIM)),
            marker(self._new_class),
            (f" {cut(name, 12)}", ink(TEXT)),
            (" (k)", ink(DIM)),
        ]

    # --- cursor and edits of the data

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the cursor to the screen while it is off."""
        if action in CURSOR_ACTIONS:
            return self.position is not None and self._extent is not None
        return super().check_action(action, parameters)

    def action_map_cursor(self) -> None:
        """Show or hide the cursor."""
        if self._extent is None:
            self._post_note("the map is not drawn yet")
        elif self.position is None:
            columns, rows = self._extent
            self.point_at(columns // 2, rows // 2)
        else:
            self.position = self._picked = None
            self.redraw()

    def point_at(self, column: int, row: int) -> None:
        """Move the cursor to a cell of the map."""
        if self._extent is not None:
            self.position = CellPosition(column, row).within(*self._extent)
            self.redraw()

    def action_point(self, across: int, down: int) -> None:
        """Move the cursor by a number of cells."""
        if self.position is not None:
            here = self._clamped_position
            self.point_at(here.column + across, here.row + down)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked cell and, while inspecting, select the sample there."""
        gutter = GUTTER if self._curve is None else CURVE_GUTTER
        column, row = event.x - 1 - gutter, event.y - 1
        if self._extent is None:
            return
        columns, rows = self._extent
        if 0 <= column < columns and 0 <= row < rows:
            self.focus()
            self.point_at(column, row)
            sample = self._sample_at_cursor() if self.options.inspecting else None
            if sample is not None:
                self.post_message(self.CursorMoved(replace(self.options.cursor, sample=sample)))

    def action_look(self) -> None:
        """Select the nearest training sample."""
        sample = self._sample_at_cursor()
        if sample is None:
            self._post_note(NO_SAMPLE_NEAR)
        else:
            self.post_message(self.CursorMoved(replace(self.options.cursor, sample=sample)))

    def _sample_at_cursor(self) -> int | None:
        """Return the training sample near the cursor, or None."""
        if self._curve is not None:
            return self._curve.nearest(self._clamped_position.column)
        view = self._view
        if view is None:
            return None
        index = nearest(view, self._clamped_position.point(view.window))
        return None if index is None else int(view.train.chosen[index])

    def action_next_class(self) -> None:
        """Choose the next class for added points."""
        view = self._editable()
        if view is None:
            return
        if not view.data.has_classes:
            self._post_note("points can be added for classification only")
            return
        self._new_class = (self._new_class + 1) % len(view.data.class_names)
        self.redraw()

    def action_add_point(self) -> None:
        """Request a training point of the chosen class at the cursor."""
        view = self._editable()
        if view is None:
            return
        if not view.data.has_classes:
            self._post_note("points can be added for classification only")
            return
        self._new_class %= len(view.data.class_names)
        self._edit(AddPoint(self._features(view), self._new_class))

    def action_remove_point(self) -> None:
        """Request the removal of the nearest training point."""
        view = self._editable()
        index = self._nearest(view) if view is not None else None
        if view is not None and index is not None:
            shown, row = row_in_training(view.data, view.train, index)
            self._edit(RemovePoint(row, place_of(view.data, shown)))

    def action_move_point(self) -> None:
        """Pick up the nearest training point, or request to move the picked one here."""
        view = self._editable()
        if view is None:
            return
        picked, self._picked = self._picked, None
        if picked is not None and picked.data is view.data:
            shown, row = row_in_training(view.data, view.train, picked.index)
            self._edit(MovePoint(row, self._features(view), place_of(view.data, shown)))
            return
        index = self._nearest(view)
        if index is not None:
            self._picked = PickedSample(view.data, index)
            self.redraw()

    @property
    def _clamped_position(self) -> CellPosition:
        """Position of the cursor, clamped to the map, which may have become smaller."""
        assert self.position is not None
        assert self._extent is not None
        return self.position.within(*self._extent)

    @property
    def _extent(self) -> tuple[int, int] | None:
        """Columns and rows of the map or the curve; None before the first drawing."""
        if self._curve is not None and self._curve.has_room:
            return self._curve.columns, self._curve.rows
        if self._view is not None:
            return self._view.window.columns, self._view.window.rows // 2
        return None

    def _editable(self) -> MapView | None:
        """Return the map if its points can be edited; otherwise show the reason."""
        data, view = self.run.data, self._view
        if data is None or self.position is None:
            return None
        why = _edit_problem(data)
        if why:
            self._post_note(why)
            return None
        return view

    def _nearest(self, view: MapView) -> int | None:
        index = nearest(view, self._clamped_position.point(view.window))
        if index is None:
            self._post_note(NO_SAMPLE_NEAR)
        return index

    def _features(self, view: MapView) -> tuple[float, ...]:
        features = view.plane.features(self._clamped_position.point(view.window))[0]
        return tuple(float(each) for each in features)

    def _edit(self, edit: Edit) -> None:
        self.post_message(self.DataEdited(edit))

    def _post_note(self, note: str) -> None:
        self.post_message(self.NotePosted(note))

    def _current_view(
        self, network: Network, data: DataSplit, columns: int, rows: int, target: int
    ) -> MapView:
        plane = self.options.plane
        if self._view is None or not self._view.shows(network, data, columns, rows, plane, target):
            self._view = MapView(network, data, columns, rows, plane, target)
        return self._view


def _edit_problem(data: DataSplit) -> str:
    """Return the reason why points cannot be edited, or an empty string."""
    if data.preparation.text is not None:
        return "points of a text data set cannot be edited"
    count = len(data.feature_names)
    if count != 2:
        return f"points can be edited only with two features; these data have {count:,}"
    return ""
