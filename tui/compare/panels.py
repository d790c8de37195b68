"""Base of the panels that show several runs, and small pictures of what each of them predicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from textual.message import Message

from core.analysis.planes import Plane, has_plane
from core.analysis.prediction_map import PredictionMap
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, BRIGHT, DIM, LEGIBLE, TEXT, ink
from tui.panels.boundary.fitted_curve import FittedCurve
from tui.panels.boundary.map_drawing import class_levels, half_blocks, map_colours
from tui.panels.boundary.map_view import MapView
from tui.panels.colour_scales import NumberScale
from tui.panels.explanation import Explanation
from tui.panels.panel import Panel, StyledText, centred_text
from tui.panels.tiles import DETAILED, LABEL, Tiles

if TYPE_CHECKING:
    from textual import events

    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.compare.model import Board, ShownRun
    from tui.panels.view_options import ViewOptions

MARKED: Final = "◆"

HIGHEST: Final = 26
"""Rows of a map, at most."""

TWO_ROWS: Final = 16
"""Columns from which a map has two rows of words."""


class BoardPanel(Panel):
    """A panel that shows several runs."""

    key = ""
    needs_run = False

    @dataclass
    class Changed(Message):
        """The user has changed with the mouse, or a panel's own keys, what the board shows.

        Attributes:
            note: a sentence on it, or an empty string.
        """

        note: str = ""

    @dataclass
    class EpochChosen(Message):
        """A click on an epoch."""

        epoch: int

    def __init__(self, board: Board, options: ViewOptions) -> None:
        super().__init__(board.run, options)
        self.board = board

    def view_state(self) -> tuple[object, ...]:
        return (self.board.version, self.options.plane, self.options.show_test)

    def draw_content(self, width: int, height: int) -> Cells:
        if not self.board.runs:
            return centred_text(width, height, self.placeholder)
        return self.draw_board(width, height)

    def draw_board(self, width: int, height: int) -> Cells:
        """Return the cells inside the frame, once there is a run."""
        raise NotImplementedError

    def click(self, run: ShownRun) -> None:
        """Select a run; mark it if it is already selected."""
        if run is self.board.selected:
            self.board.mark(run)
        else:
            self.board.select(run)
        self.post_message(self.Changed())


def frame_of(board: Board, data: DataSplit) -> DataSplit:
    """Return the samples that define the plane of a run: those of the first run with its features."""
    same = (
        each
        for each in board.runs
        if each.data is not None and each.data.feature_names == data.feature_names
    )
    first = min(same, key=lambda each: each.number, default=None)
    return data if first is None or first.data is None else first.data


class SmallMap:
    """Map of one network without axes, in colours of certainty."""

    def __init__(
        self,
        network: Network,
        data: DataSplit,
        target: int,
        frame: DataSplit,
        options: ViewOptions,
        columns: int,
        rows: int,
    ) -> None:
        plane, window = Plane.with_window(frame, options.plane, columns, 2 * rows)
        points = plane.features(window.points())
        self._map = PredictionMap(network, data.preparation.inputs(points), target)
        self._scale = None if data.has_classes else NumberScale.of(data, target)
        self._shape, self._classes = (2 * rows, columns), network.classes

    def draw(self) -> Cells:
        """Return the map for the current parameters."""
        found = self._map.refresh()
        if self._scale is None:
            levels, colours = class_levels(found), map_colours(self._classes)
        else:
            levels, colours = self._scale.levels(found.values), self._scale.colours
        return half_blocks(levels.reshape(self._shape), colours)


class RunPicture:
    """Picture of what a run predicts: a map, or the curve of a single feature."""

    def __init__(self, run: ShownRun, board: Board, options: ViewOptions) -> None:
        self._run, self._board, self._options = run, board, options
        self._picture: SmallMap | MapView | FittedCurve | None = None
        self._key: tuple[object, ...] = ()

    def draw(self, columns: int, rows: int) -> Cells:
        """Return the picture in this size, or a sentence on why there is none."""
        current = self._run.current
        if current is None:
            return centred_text(columns, rows, self._run.problem or "loading …")
        network, data = current
        if not has_plane(data):
            return centred_text(columns, rows, "no map")
        frame, options = frame_of(self._board, data), self._options
        key = network, data, frame, options.plane, options.target, columns, rows
        if key != self._key:
            self._picture, self._key = self._create(network, data, frame, columns, rows), key
        picture = self._picture
        with np.errstate(all="ignore"):
            if isinstance(picture, MapView):
                exact = self._board.run.is_at_rest
                return picture.draw(show_test=options.show_test, exact=exact)
            if isinstance(picture, FittedCurve):
                return picture.draw(show_test=options.show_test)
            return Cells(columns, rows) if picture is None else picture.draw()

    def _create(
        self, network: Network, data: DataSplit, frame: DataSplit, columns: int, rows: int
    ) -> SmallMap | MapView | FittedCurve:
        options = self._options
        target = min(options.target, max(0, len(data.target_names) - 1))
        if len(data.feature_names) == 1:
            return FittedCurve(network, data, target, columns, rows)
        if columns >= DETAILED[0] and rows >= DETAILED[1]:
            plane = options.plane
            return MapView(network, data, target, columns, rows, plane, around=frame)
        return SmallMap(network, data, target, frame, options, columns, rows)


class MapsPanel(BoardPanel):
    """Maps of what each run predicts, with its loss and score."""

    label = "maps"
    summary = "what each run predicts, with its loss and accuracy or R²"
    placeholder = "A map of each run."
    least_size = 24, 7
    redraw_interval, keeps_similar = 0.5, True

    def __init__(self, board: Board, options: ViewOptions) -> None:
        super().__init__(board, options)
        self._tiles = Tiles(LABEL, 0, 1, 1)
        self._tiled: list[ShownRun] = []
        self._pictures: dict[int, RunPicture] = {}

    def explanation(self) -> Explanation:
        return Explanation(
            "What each run predicts at each point, with the settings in which it differs from the "
            "others, its loss and its accuracy or R² on the test samples, all of the epoch that is "
            "shown. With enough room a map has axes and samples. The colour before a number is that of "
            f"its curve, and {MARKED} marks two runs whose difference is shown.",
            "all maps show the same part of the plane. A boundary that is too simple misses the shape "
            "of the data; one that bends around single samples fits their noise.",
            "runs that ended before this epoch show their last network",
            "↑ ↓ or a click selects · m or a second click marks · v only the marked runs · enter opens "
            "· ← → epoch · t test samples · p plane",
        )

    def title(self) -> StyledText:
        shown, count = len(self._tiled), len(self.board.visible)
        if shown < count:
            return [(f"{shown} of {count} runs ", ink(DIM))]
        marked = self.board.only_marked and bool(self.board.marked)
        return [("the marked runs " if marked else f"{count} run{'s' * (count > 1)} ", ink(DIM))]

    def title_right(self) -> StyledText:
        board = self.board
        return [] if board.epoch is None else [(f" epoch {board.epoch:,} ", ink(ACCENT))]

    def draw_board(self, width: int, height: int) -> Cells:
        board, runs = self.board, self.board.visible
        cells = Cells(width, height)
        for rows in (2, 1):
            tiles = Tiles.fitting(
                len(runs), width, height, has_maps=True, label_rows=rows, highest=HIGHEST
            )
            if tiles.columns >= TWO_ROWS:
                break
        self._tiles = tiles
        selected = runs.index(board.selected) if board.selected in runs else 0
        first = tiles.first_shown(selected, len(runs))
        self._tiled = runs[first : first + tiles.capacity]
        for at, run in enumerate(self._tiled):
            row, column = tiles.place(at)
            if tiles.rows:
                picture = self._pictures.get(run.number)
                if picture is None:
                    picture = self._pictures[run.number] = RunPicture(run, board, self.options)
                cells.place(row, column, picture.draw(tiles.columns, tiles.rows))
            if run is board.selected:
                for beside in range(row, row + tiles.rows + tiles.label_rows):
                    cells.write(beside, column - 1, "▐", ink(ACCENT))
                    cells.write(beside, column + tiles.columns, "▌", ink(ACCENT))
            self._write_label(cells, row + tiles.rows, column, run)
        return cells

    def _write_label(self, cells: Cells, row: int, column: int, run: ShownRun) -> None:
        board, width = self.board, self._tiles.columns
        end = column + width
        is_selected = run is board.selected
        number = ink(LEGIBLE, ACCENT) if is_selected else ink(BRIGHT, bold=True)
        loss, score = (run.text_of(each, board.part) for each in ("loss", "score"))
        mark = MARKED if run in board.marked else ""
        if self._tiles.label_rows == 1:
            text = f"{mark}{run.number}"
            column = cells.write(row, column, text, number)
            for each in (f" {score}", f"  {loss}"):
                if column + len(each) <= end:
                    column = cells.write(row, column, each, ink(TEXT))
            return
        at = cells.write(row, column, "─", ink(run.colour))
        at = cells.write(row, at, f"{mark}{run.number}", number) + 1
        cells.write(row, at, cut(board.label(run), end - at), ink(TEXT))
        words = [loss, score]
        if run.at != (board.last if board.epoch is None else board.epoch) or run.is_training:
            words.append(f"epoch {run.at:,}")
        text = ""
        for word in words:
            longer = f"{text}  {word}" if text else word
            text = longer if len(longer) <= width else text
        cells.write(row + 1, column, text, ink(BRIGHT if is_selected else DIM))

    def on_click(self, event: events.Click) -> None:
        """Select the run under the pointer, or mark it."""
        at = self._tiles.at(event.y - 1, event.x - 1)
        if at is not None and 0 <= at < len(self._tiled):
            self.click(self._tiled[at])
