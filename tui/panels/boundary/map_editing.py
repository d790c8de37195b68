"""Edits of the training points on the map of the boundary panel: add, move and remove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.arrays import evenly_spaced
from core.datasets.edits import AddPoint, Edit, MovePoint, RemovePoint, place_of
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, DIM, LEGIBLE, TEXT, class_marker, ink
from tui.panels.boundary.map_view import MapView

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.datasets import DataSplit
    from tui.panels.boundary.fitted_curve import FittedCurve
    from tui.panels.boundary.map_cursor import CellPosition
    from tui.panels.panel import StyledText

NO_SAMPLE_NEAR: Final = "no training point near the cursor"


class EditError(Exception):
    """A reason why a point cannot be edited, as a sentence."""


class PointEditor:
    """Class of the points to add, and the point that is being moved."""

    def __init__(self) -> None:
        self._class = 0
        self._picked: tuple[DataSplit, int] | None = None
        """Point that is being moved: its data set, and its index among the points of the map."""

    def clear(self) -> None:
        """Put the picked point back."""
        self._picked = None

    def hint(self, data: DataSplit) -> StyledText:
        """Return the keys that apply at the cursor."""
        if self._picked is not None:
            return [("M moves the point here", ink(ACCENT))]
        if not data.has_classes or edit_problem(data):
            return []
        self._class %= len(data.class_names)
        name = cut(data.class_names[self._class], 12)
        return [
            ("A adds ", ink(DIM)),
            class_marker(self._class),
            (f" {name}", ink(TEXT)),
            (" (k)", ink(DIM)),
        ]

    def draw_picked(self, cells: Cells, view: MapView) -> None:
        """Highlight the picked point, unless the data have changed."""
        if self._picked is None:
            return
        data, index = self._picked
        if data is view.data:
            cells.inks[view.train.cell(index)] = ink(LEGIBLE, ACCENT, bold=True)
        else:
            self._picked = None

    def edit(
        self, command: str, picture: MapView | FittedCurve, position: CellPosition
    ) -> Edit | None:
        """Return the edit that a key requests, or None if it only prepares one.

        Args:
            command: `add`, `remove`, `move` or `next_class`.
            picture: what the panel shows.
            position: cell of the cursor.

        Raises:
            EditError: if the points cannot be edited, or there is none near the cursor.
        """
        problem = edit_problem(picture.data)
        if problem or not isinstance(picture, MapView):
            raise EditError(problem)
        commands: dict[str, Callable[[MapView, CellPosition], Edit | None]] = {
            "add": self._add,
            "remove": self._remove,
            "move": self._move,
            "next_class": self._next_class,
        }
        return commands[command](picture, position)

    def _next_class(self, view: MapView, position: CellPosition) -> None:
        """Choose the next class for added points."""
        del position
        self._class = (self._class + 1) % _class_count(view.data)

    def _add(self, view: MapView, position: CellPosition) -> AddPoint:
        """Return the addition of a training point of the chosen class."""
        self._class %= _class_count(view.data)
        return AddPoint(view.features_at(position), self._class)

    @staticmethod
    def _remove(view: MapView, position: CellPosition) -> RemovePoint:
        """Return the removal of the nearest training point."""
        return RemovePoint(*_row_and_place(view, _nearest(view, position)))

    def _move(self, view: MapView, position: CellPosition) -> MovePoint | None:
        """Pick up the nearest training point, or return the move of the picked one."""
        picked, self._picked = self._picked, None
        if picked is None or picked[0] is not view.data:
            self._picked = (view.data, _nearest(view, position))
            return None
        row, place = _row_and_place(view, picked[1])
        return MovePoint(row, view.features_at(position), place)


def edit_problem(data: DataSplit) -> str:
    """Return the reason why points cannot be edited, or an empty string."""
    if data.preparation.text is not None:
        return "points of a text data set cannot be edited"
    count = len(data.feature_names)
    if count != 2:
        return f"points can be edited only with two features; these data have {count:,}"
    return ""


def _class_count(data: DataSplit) -> int:
    if not data.has_classes:
        raise EditError("points can be added for classification only")
    return len(data.class_names)


def _nearest(view: MapView, position: CellPosition) -> int:
    index = view.nearest(position)
    if index is None:
        raise EditError(NO_SAMPLE_NEAR)
    return index


def _row_and_place(view: MapView, index: int) -> tuple[int, tuple[float, ...]]:
    """Return the row of a point in the whole training data, and its features."""
    shown, data = int(view.train.chosen[index]), view.data
    row = int(evenly_spaced(data.all_samples[0], len(data.y_train))[shown])
    return row, place_of(data, shown)
