"""The boundary panel: prediction at each point of a plane, with the samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import BRIGHT, DIM, TEXT, ink
from tui.panels.boundary.fitted_curve import FittedCurve
from tui.panels.boundary.map_cursor import CellPosition, draw_reading
from tui.panels.boundary.map_drawing import certainty_scale
from tui.panels.boundary.map_editing import NO_SAMPLE_NEAR, EditError, PointEditor
from tui.panels.boundary.map_view import MapView
from tui.panels.explanation import Explanation
from tui.panels.panel import Panel, StyledText

if TYPE_CHECKING:
    from textual import events

    from core.datasets import DataSplit
    from core.datasets.edits import Edit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

LEAST_BORDER: Final = 24
"""Columns of the upper border for the key, the accuracy and the corners."""
CURSOR_ACTIONS: Final = frozenset({"point", "look", "edit"})
"""Actions that are available only while the cursor is on the map."""


class BoundaryPanel(Panel):
    """Map of half-block cells, two pixels each, over the range of the data plus a margin."""

    key, label, keeps_similar = "3", "boundary", True
    summary = (
        "predicted class and its certainty, or predicted value, on a plane, with the samples; "
        "t shows the test samples, p and P choose the plane, y the target, m sets a cursor"
    )
    placeholder = "The prediction of the network at each point of the plane."
    hints: ClassVar = {"m": "cursor (see e)"}
    footer = (("m", "cursor"), ("t", "test samples"))
    least_size = 24, 8

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
        Binding("A", "edit('add')", show=False),
        Binding("k", "edit('next_class')", show=False),
        Binding("delete,backspace", "edit('remove')", show=False),
        Binding("M", "edit('move')", show=False),
    ]

    @dataclass
    class DataEdited(Message):
        """The user adds, moves or removes a training point."""

        edit: Edit

    @dataclass
    class NotePosted(Message):
        """A message for the log line, such as why a key has no effect."""

        note: str

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._picture: MapView | FittedCurve | None = None
        self.position: CellPosition | None = None
        """Position of the cursor, or None while it is off."""
        self._editor = PointEditor()

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
            "the decision boundary, a dotted line, is where colours meet. Without hidden layers it is "
            "straight; where it bends around single samples, it overfits. With more than two "
            "features, the map is one plane.",
            "certainty = (p − 1/K) / (1 − 1/K), p of the most probable of K classes",
            keys,
        )

    @property
    def border_name(self) -> str:
        return self.label if self.has_classes else "prediction"

    def title(self) -> StyledText:
        view = self._picture
        line = None if view is None or not view.has_room else view.unit_line
        if line is not None:
            name = f"unit {line.layer + 1}.{line.unit + 1}"
            return [(f"{name}: {line.words} ", ink(BRIGHT))]
        if not isinstance(view, MapView) or len(view.data.feature_names) < 2:
            return []
        data = view.data
        words = [(f"{text} ", ink(DIM)) for text in view.plane.caption if text]
        several = len(data.target_names) > 1
        return [(f"{data.target_names[view.target]} ", ink(TEXT)), *words] if several else words

    def title_right(self) -> StyledText:
        metrics, data = self.run.metrics, self.run.data
        if metrics is None or data is None:
            return []
        if data.has_classes:
            accuracy = (f" {number_format.percent(metrics.train_score)} % train ", ink(TEXT))
            return [*self._scale(), accuracy]
        score = f"{metrics.train_score:.3f}".replace("-", "−")
        return [(f" R² {score} train ", ink(TEXT))]

    def _scale(self) -> StyledText:
        """Return the scale of certainty if the legend has no room for it, but the border has."""
        view = self._picture
        if not isinstance(view, MapView) or view.explains_colours or not view.has_room:
            return []
        scale: StyledText = [
            (" ", ink(TEXT)),
            *certainty_scale(len(view.data.class_names)),
            (" ", ink(TEXT)),
        ]
        used = len(self.border_name) + sum(len(text) for text, _ in [*self.title(), *scale])
        return scale if used + LEAST_BORDER <= view.columns + view.gutter + 2 else []

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        picture = self._picture = self._picture_of(network, data, width, height)
        if not picture.has_room:
            return Cells(width, height)
        options = self.options
        sample = options.cursor.sample if options.inspecting else None
        cells = self._drawing_of(picture, sample)
        if self.position is None:
            return cells
        position = picture.clamp(self.position)
        if isinstance(picture, MapView):
            self._editor.draw_picked(cells, picture)
        picture.mark(cells, position)
        reading, extent = picture.read(position, options.layer), (picture.columns, picture.rows)
        hint = self._editor.hint(picture.data)
        draw_reading(cells, reading, position, extent, hint, picture.gutter)
        return cells

    def _drawing_of(self, picture: MapView | FittedCurve, sample: int | None) -> Cells:
        unit, show_test = self._pointed_unit(picture.network), self.options.show_test
        if isinstance(picture, MapView):
            exact = self.run.is_at_rest
            return picture.draw(show_test=show_test, sample=sample, unit=unit, exact=exact)
        return picture.draw(show_test=show_test, sample=sample, unit=unit)

    def _pointed_unit(self, network: Network) -> tuple[int, int] | None:
        """Return the layer and the number of the selected hidden unit, or None."""
        cursor = self.options.cursor.within(network.sizes, 1)
        is_hidden = cursor.layer < len(network.sizes) - 2
        return (cursor.layer, cursor.unit) if self.options.points_at_unit and is_hidden else None

    def view_state(self) -> tuple[object, ...]:
        options = self.options
        return (options.cursor if options.points_at_unit else None,)

    def _picture_of(
        self, network: Network, data: DataSplit, width: int, height: int
    ) -> MapView | FittedCurve:
        """Return the curve of a single feature, or the map, which is computed only if it is new."""
        target = min(self.options.target, max(0, len(data.target_names) - 1))
        if len(data.feature_names) == 1 and data.preparation.text is None:
            size = target, width, height
            if isinstance(self._picture, FittedCurve) and self._picture.shows(network, data, *size):
                return self._picture
            return FittedCurve(network, data, *size)
        key = network, data, target, width, height, self.options.plane
        if isinstance(self._picture, MapView) and self._picture.shows(*key):
            return self._picture
        return MapView(*key)

    # --- cursor and edits of the data

    @property
    def _drawn(self) -> MapView | FittedCurve | None:
        """Map or curve of the last drawing, or None if there was no room."""
        return self._picture if self._picture is not None and self._picture.has_room else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of the cursor to the screen while it is off."""
        if action in CURSOR_ACTIONS:
            return self.position is not None and self._drawn is not None
        return super().check_action(action, parameters)

    def action_map_cursor(self) -> None:
        """Show or hide the cursor."""
        picture = self._drawn
        if picture is None:
            self.post_message(self.NotePosted("the map is not drawn yet"))
        elif self.position is None:
            self.point_at(picture.columns // 2, picture.rows // 2)
        else:
            self.position = None
            self._editor.clear()
            self.redraw()

    def leave_cursor(self) -> bool:
        was_on = self.position is not None
        if was_on:
            self.position = None
            self._editor.clear()
            self.redraw()
        return was_on

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        if self.position is None:
            return self.footer
        edits = (("A", "add sample"), ("M", "move it"), ("del", "remove it"))
        return (("← ↑ ↓ →", "move"), *(edits if self.run.is_at_rest else ()), ("esc", "end cursor"))

    def point_at(self, column: int, row: int) -> None:
        """Move the cursor to a cell of the map."""
        if self._drawn is not None:
            self.position = self._drawn.clamp(CellPosition(column, row))
            self.redraw()

    def action_point(self, across: int, down: int) -> None:
        """Move the cursor by a number of cells."""
        if self.position is not None and self._drawn is not None:
            here = self._drawn.clamp(self.position)
            self.point_at(here.column + across, here.row + down)

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to the clicked cell and, while inspecting, select the sample there."""
        picture = self._drawn
        if picture is None:
            return
        column, row = event.x - 1 - picture.gutter, event.y - 1
        if 0 <= column < picture.columns and 0 <= row < picture.rows:
            self.focus()
            self.point_at(column, row)
            if self.options.inspecting:
                self._select_sample()

    def action_look(self) -> None:
        """Select the nearest training sample."""
        if not self._select_sample():
            self.post_message(self.NotePosted(NO_SAMPLE_NEAR))

    def _select_sample(self) -> bool:
        """Select the training sample near the cursor; return whether there is one."""
        if self._drawn is None or self.position is None:
            return False
        sample = self._drawn.sample_at(self._drawn.clamp(self.position))
        if sample is None:
            return False
        self.post_message(self.CursorMoved(replace(self.options.cursor, sample=sample)))
        return True

    def action_edit(self, command: str) -> None:
        """Request an edit of the training points at the cursor, or show why there is none."""
        picture = self._drawn
        if picture is None or self.position is None:
            return
        try:
            edit = self._editor.edit(command, picture, picture.clamp(self.position))
        except EditError as error:
            self.post_message(self.NotePosted(str(error)))
            return
        if edit is None:
            self.redraw()
        else:
            self.post_message(self.DataEdited(edit))
