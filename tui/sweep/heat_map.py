"""Heat map of a sweep: the score for two of its settings."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType

from core.config.run_config import setting
from core.sweeps.statistics import heat_map
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, DIM, FAINT, LEGIBLE, SEQUENTIAL, TEXT, ink, sample_of
from tui.panels.explanation import Explanation
from tui.panels.panel import StyledText, centred_text
from tui.sweep.columns import heading, option, score_form
from tui.sweep.panel import SweepPanel

if TYPE_CHECKING:
    from textual import events

    from core.sweeps.statistics import CellSummary, HeatMap
    from tui.panels.view_options import ViewOptions
    from tui.sweep.model import SweepModel


WIDEST: Final = 6
"""Columns of a block, at most, as a multiple of those that its number needs."""

HIGHEST: Final = 3
COLUMNS_PER_ROW: Final = 5
"""Rows of a block, at most: three, or more if it is at least so many columns wide for each row."""

LEAST_COLOURS: Final = 3
"""Colours of the legend."""


class HeatMapPanel(SweepPanel):
    """Heat map of two settings."""

    label = "heat-map"
    summary = "the score for two of the settings that vary; of several combinations, the best"
    footer = (("← ↑ ↓ →", "select"), ("a", "other settings"))
    hints: ClassVar[dict[str, str]] = {"a": "show the next two settings"}
    least_size = 24, 6
    redraw_interval = 0.5

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move_to(-1, 0)", show=False),
        Binding("down,j", "move_to(1, 0)", show=False),
        Binding("left", "move_to(0, -1)", show=False),
        Binding("right", "move_to(0, 1)", show=False),
    ]

    def __init__(self, sweep: SweepModel, options: ViewOptions) -> None:
        super().__init__(sweep, options)
        self._places: list[tuple[int, int, int, int]] = []  # row, column, numbers of both values
        self._block = 1, 1
        self._found: HeatMap | None = None
        self._tops = 0, 0

    def explanation(self) -> Explanation:
        return Explanation(
            "The score that decides, for two of the settings that vary; brighter, or darker on a light "
            "background, is better. Of several combinations with these values, the best one counts.",
            "a broad bright area means that the settings hardly matter there. A best combination at "
            "an edge means that values beyond it may be better still: widen the grid.",
            "the colours reach from the lowest to the highest score so far, as the legend says",
            "arrows select · enter opens · a other settings",
        )

    def view_state(self) -> tuple[object, ...]:
        return self.sweep.selected, self.sweep.axes, self.sweep.run.state

    @property
    def border_name(self) -> str:
        return "heat map"

    def title(self) -> StyledText:
        if len(self.sweep.axes) < 2:
            return []
        rows, columns = map(option, self.sweep.pair)
        return [(f"{rows} × {columns} ", ink(TEXT))]

    def title_right(self) -> StyledText:
        others = [name for name in self.sweep.varied if name not in self.sweep.axes]
        if not others:
            return []
        return [(f" best over {', '.join(map(option, others))} ", ink(DIM))]

    def draw_content(self, width: int, height: int) -> Cells:
        sweep, known = self.sweep, self.sweep.known
        self._places = []
        if len(sweep.axes) < 2:
            text = "A heat map needs two settings with several values."
            return centred_text(width, height, text)
        found = self._found = heat_map(sweep.summaries(), *sweep.pair)
        finite = [score for row in found.scores for score in row if isfinite(score)]
        if known is None or not finite:
            return centred_text(width, height, "The scores for two settings, as runs finish.")
        cells, form = Cells(width, height), score_form(known)
        rows = [setting(found.rows).write(each) for each in found.row_values]
        columns = [setting(found.columns).write(each) for each in found.column_values]
        left = min(max(map(cell_width, [*rows, option(found.rows)])), width // 3) + 1
        wide = max(cell_width(each) for each in [*columns, *map(form, finite)]) + 2
        wide = max(wide, min((width - left) // len(columns), WIDEST * wide))
        high = max(1, min((height - 2) // len(rows), max(HIGHEST, wide // COLUMNS_PER_ROW)))
        row_at, column_at = self._cursor(found)
        across = max(1, min(len(columns), (width - left) // wide))
        down = max(1, min(len(rows), (height - 2) // high))
        first_row = _first(self._tops[0], row_at, down, len(rows))
        first_column = _first(self._tops[1], column_at, across, len(columns))
        self._tops, self._block = (first_row, first_column), (high, wide)
        cells.write(0, 0, cut(option(found.rows), left - 1), ink(DIM))
        low, best = min(finite), max(finite)
        for at in range(first_column, first_column + across):
            name = cut(columns[at], wide - 1).center(wide)
            is_at = at == column_at
            cells.write(0, left + (at - first_column) * wide, name, _name_ink(is_at=is_at))
        for at in range(first_row, first_row + down):
            top = 1 + (at - first_row) * high
            name = cut(rows[at], left - 1)
            cells.write(top + high // 2, 0, name, _name_ink(is_at=at == row_at))
            for other in range(first_column, first_column + across):
                column = left + (other - first_column) * wide
                self._places.append((top, column, at, other))
                score = found.scores[at][other]
                is_at = (at, other) == (row_at, column_at)
                self._write_block(cells, top, column, score, (low, best), form(score), is_at=is_at)
        self._write_legend(cells, height - 1, (low, best), known, len(rows) * len(columns))
        return cells

    def _write_block(
        self,
        cells: Cells,
        top: int,
        column: int,
        score: float,
        ends: tuple[float, float],
        text: str,
        *,
        is_at: bool,
    ) -> None:
        high, wide = self._block
        blank, number = ink(), ink(FAINT)
        if isfinite(score):
            colour = _colour(score, *ends)
            blank, number = ink(background=colour), ink(LEGIBLE, colour, bold=is_at)
        for row in range(top, top + high):
            cells.write(row, column, " " * wide, blank)
            if is_at:
                # the rest of the block keeps its colour
                cells.write(row, column, "▐", ink(ACCENT))
                cells.write(row, column + wide - 1, "▌", ink(ACCENT))
        words = text if isfinite(score) else "·"
        cells.write(top + high // 2, column + (wide - len(words)) // 2, words, number)

    def _write_legend(
        self, cells: Cells, row: int, ends: tuple[float, float], known: CellSummary, blocks: int
    ) -> None:
        form = score_form(known)
        low, high = f"{form(ends[0])} ", f" {form(ends[1])}  "
        room = cells.width - len(low) - len(high)
        name = heading(f"{known.part}_score", known)
        if len(self._places) < blocks:
            name = f"{len(self._places)} of {blocks}"
        elif len(name) + LEAST_COLOURS > room:
            name = name.replace(" accuracy", "")
        count = max(LEAST_COLOURS, min(len(SEQUENTIAL), cells.width // 4, room - len(name)))
        column = cells.write(row, 0, low, ink(DIM))
        for colour in sample_of(SEQUENTIAL, count):
            column = cells.write(row, column, " ", ink(background=colour))
        column = cells.write(row, column, high, ink(DIM))
        cells.write(row, column, cut(name, max(0, cells.width - column)), ink(TEXT))

    def _cursor(self, found: HeatMap) -> tuple[int, int]:
        changes = self.sweep.cells[self.sweep.selected].changes
        return (
            found.row_values.index(changes[found.rows]),
            found.column_values.index(changes[found.columns]),
        )

    def action_move_to(self, down: int, across: int) -> None:
        """Move the cursor."""
        found = self._found
        if found is None or len(self.sweep.axes) < 2:
            return
        row, column = self._cursor(found)
        row = min(max(row + down, 0), len(found.row_values) - 1)
        column = min(max(column + across, 0), len(found.column_values) - 1)
        self.choose(self.sweep.at(found.row_values[row], found.column_values[column]))

    def on_click(self, event: events.Click) -> None:
        """Select the values under the pointer."""
        (high, wide), found = self._block, self._found
        for top, left, row, column in self._places:
            is_within = 0 <= event.y - 1 - top < high and 0 <= event.x - 1 - left < wide
            if is_within and found is not None:
                self.choose(self.sweep.at(found.row_values[row], found.column_values[column]))


def _name_ink(*, is_at: bool) -> int:
    return ink(ACCENT, bold=True) if is_at else ink(TEXT)


def _colour(score: float, low: float, high: float) -> str:
    level = 1.0 if high <= low else (score - low) / (high - low)
    return SEQUENTIAL[round(level * (len(SEQUENTIAL) - 1))]


def _first(before: int, at: int, shown: int, count: int) -> int:
    """Return the first of some visible entries, of which one has to be visible."""
    first = min(max(before, at - shown + 1, 0), at)
    return max(0, min(first, count - shown))
