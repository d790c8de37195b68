"""Difference of two runs: where their predictions differ, and for which samples the classes do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.planes import has_plane
from core.analysis.prediction_map import PredictionMap, quantize
from tui.compare.panels import BoardPanel, frame_of
from tui.drawing.braille import cells_of_dots
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import (
    ACCENT,
    BACKGROUND,
    BRIGHT,
    DEEP,
    DIM,
    DIVERGING,
    RAISED,
    SEQUENTIAL,
    TEXT,
    class_marker,
    class_point,
    ink,
    sample_of,
)
from tui.panels.boundary.class_boundary import boundary_dots, inks_on
from tui.panels.boundary.map_drawing import GUTTER, half_blocks
from tui.panels.boundary.map_view import MapView
from tui.panels.colour_scales import NumberScale
from tui.panels.explanation import Explanation
from tui.panels.panel import StyledText, centred_text

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.arrays import Labels
    from core.runs.comparison import Disagreement, Sample
    from tui.compare.model import Board, ShownRun
    from tui.panels.view_options import ViewOptions

SCALE: Final = 9
"""Columns of the colour scale."""

LIST_WIDTH: Final = 40
"""Columns of the list of samples next to the map."""

LIST_FROM: Final = 80
"""Columns from which the list is next to the map."""

LEAST_MAP: Final = 6
"""Rows that a list below leaves to the map."""

WRONG: Final = "✗"
CHOSEN: Final = "◉"


class DifferenceView(MapView):
    """Map of the difference between the predictions of two networks."""

    def __init__(
        self,
        first: ShownRun,
        second: ShownRun,
        board: Board,
        target: int,
        width: int,
        height: int,
        plane: PlaneChoice,
    ) -> None:
        assert first.current is not None
        assert second.current is not None
        (network, data), (other, other_data) = first.current, second.current
        super().__init__(network, data, target, width, height, plane, around=frame_of(board, data))
        points = self.plane.features(self.window.points())
        self._other = PredictionMap(other, other_data.preparation.inputs(points), target)
        self._other_network = other
        self._runs = first, second
        self._units = other_data.preparation.target_units(target) if not data.has_classes else None

    def draw_difference(self, found: Disagreement | None, chosen: int) -> Cells:
        """Return the map with both boundaries, and the samples on which the runs disagree."""
        cells, network = Cells(self._width, self._height), self.network
        cells.place(0, 0, self._axes_and_legend(show_test=False))
        own, other = self.own.refresh(), self._other.refresh()
        levels, colours = self._levels(own, other)
        pixels = levels.reshape(2 * self.rows, self.columns)
        cells.place(0, GUTTER, half_blocks(pixels, colours))
        if network.classes:
            for run, shown in zip(self._runs, (own, other), strict=True):
                labels = shown.labels.reshape(pixels.shape)
                logits = shown.logits.reshape(-1, *pixels.shape)
                rows, columns, glyphs = cells_of_dots(boundary_dots(labels, logits))
                at = rows, GUTTER + columns
                cells.glyphs[at] = glyphs
                papers = (pixels[2 * rows, columns] + pixels[2 * rows + 1, columns]) // 2
                cells.inks[at] = inks_on(run.colour, colours)[papers]
        if found is not None and found.features is not None and len(found.features):
            self._mark(cells, found, chosen)
        return cells

    def _levels(self, own: PredictionMap, other: PredictionMap) -> tuple[Labels, tuple[str, ...]]:
        """Return the colour of each pixel as an index, and the colours."""
        if not self.network.classes:
            scale = NumberScale.of(self.data, self.target)
            shift, factor = self.data.preparation.target_units(self.target)
            assert self._units is not None
            values = (other.values * self._units[1] + self._units[0]) - (
                own.values * factor + shift
            )
            reach = max(scale.high - scale.low, 1e-12)
            return quantize(values, len(DIVERGING), -reach, reach), DIVERGING
        first = self.network.loss.probabilities(own.logits)
        second = self._other_network.loss.probabilities(other.logits)
        if self.network.classes == 2:
            return quantize(second[1] - first[1], len(DIVERGING), -1, 1), DIVERGING
        apart = 1 - np.minimum(first, second).sum(axis=0)
        return quantize(apart, len(SEQUENTIAL), 0, 1), SEQUENTIAL

    def _mark(self, cells: Cells, found: Disagreement, chosen: int) -> None:
        assert found.features is not None
        rows, columns = self.window.pixels(self.plane.coordinates(found.features))
        names = self.data.class_names
        for at, sample in enumerate(found.samples[: len(rows)]):
            label = names.index(sample.target) if sample.target in names else 0
            number = ink(class_point(label), DEEP, bold=True)
            cells.write(int(rows[at]) // 2, GUTTER + int(columns[at]), WRONG, number)
        if chosen < len(rows):
            place = int(rows[chosen]) // 2, GUTTER + int(columns[chosen])
            cells.write(*place, CHOSEN, ink(BRIGHT, DEEP, bold=True))

    def draw_legend(self, cells: Cells, row: int, *, show_test: bool) -> bool:
        """Draw what the colours mean."""
        del show_test
        dim, second = ink(DIM), self._runs[1].number
        words: StyledText
        colours, names = DIVERGING, self.data.class_names
        if self.network.classes == 2:
            words = [(f"run {second} more often ", dim), class_marker(0), (f" {names[0]} ", dim)]
            end: StyledText = [(" ", dim), class_marker(1), (f" {names[1]}", dim)]
        elif self.network.classes:
            colours, words, end = SEQUENTIAL, [("alike ", dim)], [(" different", dim)]
        else:
            words, end = [(f"run {second} lower ", dim)], [(" higher", dim)]
        scale: StyledText = [(" ", ink(background=each)) for each in sample_of(colours, SCALE)]
        column = GUTTER
        for text, number in (*words, *scale, *end):
            if column + cell_width(text) > cells.width:
                return False
            column = cells.write(row, column, text, number)
        return True


class DifferencePanel(BoardPanel):
    """Difference of the marked runs, and the samples on which they disagree."""

    label = "difference"
    summary = "where the predictions of the two marked runs differ, and for which samples"
    placeholder = "The difference of two marked runs."
    footer = (("↑ ↓", "sample"), ("m", "mark"))
    least_size = 24, 7
    redraw_interval = 0.5

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "choose(-1)", show=False),
        Binding("down", "choose(1)", show=False),
        Binding("pageup", "choose(-10)", show=False),
        Binding("pagedown", "choose(10)", show=False),
    ]

    def __init__(self, board: Board, options: ViewOptions) -> None:
        super().__init__(board, options)
        self._view: DifferenceView | None = None
        self._key: tuple[object, ...] = ()

    def explanation(self) -> Explanation:
        return Explanation(
            "Difference of the predictions of two marked runs: for two classes, the probability of the "
            "second class that the second run adds to that of the first; for more classes, the share "
            "of the probability that differs; for regression, the difference of the values. Lines are "
            f"where the predicted class of each run changes, and {WRONG} the samples that they "
            "predict differently.",
            "between the two lines the runs predict different classes. If no samples are there, the "
            "data do not say which of them is right.",
            "two classes: p₂(b) − p₁(b); more: 1 − Σ min(p₁, p₂)",
            "m marks a run · ↑ ↓ choose a sample · ← → epoch",
        )

    def action_choose(self, by: int) -> None:
        """Choose another sample of the list."""
        board = self.board
        if board.disagreement is not None and board.disagreement.samples:
            count = len(board.disagreement.samples)
            board.chosen = min(max(board.chosen + by, 0), count - 1)
            board.changed()
            self.redraw()

    def title(self) -> StyledText:
        pair = self.board.pair
        if pair is None:
            return []
        first, second = pair
        return [
            (f"{first.number}", ink(first.colour, bold=True)),
            (" and ", ink(DIM)),
            (f"{second.number} ", ink(second.colour, bold=True)),
        ]

    def title_right(self) -> StyledText:
        found = self.board.disagreement
        if self.board.pair is None or found is None or found.reason:
            return []
        text = f" disagree on {len(found.samples):,} of {found.total:,} samples "
        return [(text, ink(TEXT))]

    def draw_board(self, width: int, height: int) -> Cells:
        board, pair = self.board, self.board.pair
        if pair is None:
            text = "m marks the selected run: here is how two marked runs differ."
            return centred_text(width, height, text)
        found = board.disagreement
        samples = () if found is None else found.samples
        reason = _incomparable(*pair)
        cells = Cells(width, height)
        beside = width >= LIST_FROM
        rows = 0
        if found is not None and not beside:
            rows = max(0, min(len(samples) + 1, 6, height - LEAST_MAP))
        map_width = width - LIST_WIDTH - 2 if beside else width
        map_height = height - rows
        if reason:
            cells.place(0, 0, centred_text(map_width, map_height, reason))
        else:
            view = self._view_of(pair, map_width, map_height)
            if view.has_room:
                with np.errstate(all="ignore"):
                    cells.place(0, 0, view.draw_difference(found, board.chosen))
        if found is not None and (beside or rows):
            place = (0, map_width + 2) if beside else (map_height, 0)
            size = (LIST_WIDTH, height) if beside else (width, rows)
            cells.place(*place, self._list(found, pair, *size))
        return cells

    def _view_of(self, pair: tuple[ShownRun, ShownRun], width: int, height: int) -> DifferenceView:
        options = self.options
        targets = 0 if pair[0].data is None else len(pair[0].data.target_names)
        target = min(options.target, max(0, targets - 1))
        key = (*pair, *(each.network for each in pair), options.plane, target, width, height)
        if self._view is None or self._key != key:
            self._view = DifferenceView(*pair, self.board, target, width, height, options.plane)
            self._key = key
        return self._view

    def _list(
        self, found: Disagreement, pair: tuple[ShownRun, ShownRun], width: int, height: int
    ) -> Cells:
        """Return the list of the samples, around the chosen one."""
        cells = Cells(width, height)
        if found.reason:
            text = f"predictions are not compared: {found.reason}"
            return centred_text(width, height, text)
        if not found.samples:
            text = f"both runs predict the same class for all {found.total:,} samples"
            return centred_text(width, height, text)
        names = () if pair[0].data is None else pair[0].data.class_names
        cells.write(0, 0, "sample", ink(DIM))
        at = 17
        size = max(4, (width - at) // 3)
        headings = ("class", f"run {pair[0].number}", f"run {pair[1].number}")
        for number, text in enumerate(headings):
            cells.write(0, at + number * size, cut(text, size - 1), ink(DIM))
        rows = height - 1
        top = min(max(0, self.board.chosen - rows // 2), max(0, len(found.samples) - rows))
        for row, sample in enumerate(found.samples[top : top + rows], 1):
            is_chosen = top + row - 1 == self.board.chosen
            if is_chosen:
                cells.inks[row, :] = ink(TEXT, RAISED)
            self._write_sample(cells, row, sample, names, at, size, is_chosen=is_chosen)
        return cells

    @staticmethod
    def _write_sample(
        cells: Cells,
        row: int,
        sample: Sample,
        names: tuple[str, ...],
        at: int,
        size: int,
        *,
        is_chosen: bool,
    ) -> None:
        paper = RAISED if is_chosen else BACKGROUND
        cells.write(row, 0, "▸" if is_chosen else " ", ink(ACCENT, paper, bold=True))
        cells.write(row, 1, f"{sample.part} {sample.number:,}", ink(TEXT, paper))
        for number, name in enumerate((sample.target, *sample.predicted)):
            column = at + number * size
            label = names.index(name) if name in names else 0
            cells.write(row, column, class_marker(label)[0], ink(class_point(label), paper))
            is_right = number and name == sample.target
            colour = ink(BRIGHT if is_right else TEXT, paper, bold=bool(is_right))
            cells.write(row, column + 2, cut(name, size - 3), colour)


def _incomparable(first: ShownRun, second: ShownRun) -> str:
    """Return why there is no map of the difference of two runs, or an empty string."""
    if first.data is None or second.data is None:
        missing = first if first.data is None else second
        return missing.problem or "loading …"
    one, other = first.data, second.data
    if one.feature_names != other.feature_names:
        return "There is no map: the runs have different features."
    if (one.class_names, one.target_names) != (other.class_names, other.target_names):
        return "There is no map: the runs predict different things."
    if not has_plane(one) or len(one.feature_names) < 2:
        return "There is no map of these data."
    return ""
