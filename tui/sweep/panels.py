"""Panels of a sweep: the table of its combinations, a heat map, and a small map of each combination."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import isfinite
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType
from textual.message import Message

from core.analysis.planes import Plane, PlaneChoice, has_plane
from core.analysis.prediction_map import PredictionMap, quantize
from core.config.run_config import setting
from core.sweeps.statistics import heat_map, value_of
from core.training.components import build_network
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import (
    ACCENT,
    ALARM,
    BRIGHT,
    DIM,
    FAINT,
    LEGIBLE,
    RAISED,
    SEQUENTIAL,
    STEPS,
    TEXT,
    ink,
    sample_of,
)
from tui.panels.boundary.map_drawing import half_blocks, map_colours
from tui.panels.boundary.map_view import MapView
from tui.panels.colour_scales import NumberScale
from tui.panels.explanation import Explanation
from tui.panels.hysteresis import LevelHysteresis
from tui.panels.panel import Panel, StyledText, centred_text
from tui.panels.tiles import DETAILED, Tiles
from tui.seeds.panels import PIXEL_LEVEL
from tui.sweep.columns import heading, number_text, option, score_form
from tui.sweep.order import DIVERGED, EPOCHS, RUNS, descends

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Labels
    from core.sweeps.reports import RunReport
    from core.sweeps.statistics import CellSummary, HeatMap
    from tui.panels.hysteresis import Quantize
    from tui.panels.view_options import ViewOptions
    from tui.sweep.model import SweepModel

PAGE: Final = 10

HIGHEST: Final = 26
"""Rows of a small map, at most."""

MOST_MEASURED: Final = 64
"""Combinations whose values determine the width of a label."""


class SweepPanel(Panel):
    """A panel of a sweep."""

    key = ""
    needs_run = False

    @dataclass
    class Selected(Message):
        """A combination was chosen with the mouse."""

        cell: int

    @dataclass
    class Moved(Message):
        """A key moves the selection by some rows of the table."""

        by: int

    def __init__(self, sweep: SweepModel, options: ViewOptions) -> None:
        super().__init__(sweep.run, options)
        self.sweep = sweep

    def action_move(self, by: int) -> None:
        """Select another combination."""
        self.post_message(self.Moved(by))

    def choose(self, cell: int | None) -> None:
        """Select a combination, if there is one."""
        if cell is not None:
            self.post_message(self.Selected(cell))


class TablePanel(SweepPanel):
    """Table of the combinations."""

    label = "combinations"
    summary = "all combinations with mean ± standard deviation over the seeds, the best first"
    footer = (("↑ ↓", "select"), ("s", "sort"), ("S", "reverse"))
    hints: ClassVar[dict[str, str]] = {"s": "sort by the next column; S reverses the order"}
    least_size = 30, 5
    redraw_interval = 0.5

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", f"move(-{PAGE})", show=False),
        Binding("pagedown", f"move({PAGE})", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
    ]

    @dataclass
    class Sorted(Message):
        """A click on the heading of a column."""

        column: str

    def __init__(self, sweep: SweepModel, options: ViewOptions) -> None:
        super().__init__(sweep, options)
        self._top = 0
        self._visible: list[int] = []
        self._ends: list[tuple[int, str]] = []  # of the columns, with their names

    def explanation(self) -> Explanation:
        return Explanation(
            "A row for each combination of settings: mean ± standard deviation over its seeds, and how "
            "many of its runs have finished. ★ marks the best combination so far.",
            "a difference between two rows that is smaller than their deviations may be due to the "
            "seeds. A high training accuracy with a lower one on test or fresh samples is overfitting.",
            "standard deviation of a sample, with n − 1; best epoch: of the lowest monitored loss",
            "↑ ↓ select · enter opens · s or a click on a heading sorts · S reverses",
        )

    def preferred_height(self) -> int:
        return len(self.sweep.cells) + 3

    def view_state(self) -> tuple[object, ...]:
        sweep = self.sweep
        return sweep.selected, sweep.column, sweep.is_reversed, sweep.run.state

    def title(self) -> StyledText:
        count = len(self.sweep.cells)
        return [(f"{count:,} ", ink(DIM))]

    def title_right(self) -> StyledText:
        hidden = len(self.sweep.cells) - len(self._visible)
        return [(f" ↑ ↓ {hidden:,} more ", ink(DIM))] if hidden > 0 else []

    def draw_content(self, width: int, height: int) -> Cells:
        cells, sweep = Cells(width, height), self.sweep
        order = sweep.order()
        rows = max(0, height - 1)
        at = order.index(sweep.selected)
        self._top = min(max(self._top, at - rows + 1, 0), at)
        self._top = max(0, min(self._top, len(order) - rows))
        self._visible = order[self._top : self._top + rows]
        texts = {name: self._texts(name) for name in sweep.columns()}
        widths = {name: max(map(cell_width, each)) for name, each in texts.items()}
        names = self._fitting(widths, width - 3)
        if sum(widths[name] + 2 for name in names) > width - 1:
            for name in names:
                texts[name][0] = texts[name][0].replace(" accuracy", "")
                widths[name] = max(map(cell_width, texts[name]))
        ends = [*accumulate((widths[name] + 2 for name in names), initial=1)][1:]
        self._ends = list(zip(ends, names, strict=True))
        for row, cell in enumerate(self._visible, 1):
            self._write_marks(cells, row, cell)
        for end, name in self._ends:
            for row, text in enumerate(texts[name][: rows + 1]):
                number = self._ink(row, name)
                if name in sweep.varied:
                    cells.write(row, end - widths[name], text, number)
                else:
                    cells.write_right(row, end, text, number)
        return cells

    def _texts(self, name: str) -> list[str]:
        """Return the heading of a column and its texts in the visible rows."""
        sweep, known = self.sweep, self.sweep.known
        arrow = ""
        if name == sweep.sorted_column:
            arrow = "▴" if self._is_ascending(name) else "▾"
        summaries = [sweep.summary(cell) for cell in self._visible]
        if name in sweep.varied:
            return [
                f"{option(name)}{arrow}",
                *(each.cell.texts.get(name, "") for each in summaries),
            ]
        if name == RUNS:
            return [f"runs{arrow}", *map(self._runs, self._visible)]
        if name == EPOCHS:
            return [f"epochs{arrow}", *(f"{each.epochs:,}" for each in summaries)]
        if name == DIVERGED:
            return [f"diverged{arrow}", *(str(each.diverged or "") for each in summaries)]
        assert known is not None
        numbers = [
            number_text(name, each.of(name), each) if each.outcomes else "" for each in summaries
        ]
        return [f"{heading(name, known)}{arrow}", *numbers]

    def _runs(self, cell: int) -> str:
        """Return the number of finished runs, and how far the first one is while it trains."""
        summary, report = self.sweep.summary(cell), self.sweep.reports.get(cell)
        finished, count = len(summary.outcomes), len(summary.cell.runs)
        if finished == count:
            return f"{finished:,}"
        if not finished and report is not None and not report.has_ended:
            return f"{report.epoch / summary.epochs:.0%} of {count:,}"
        return f"{finished:,} of {count:,}"

    def _is_ascending(self, name: str) -> bool:
        return descends(name) == self.sweep.is_reversed

    def _fitting(self, widths: dict[str, int], room: int) -> list[str]:
        """Return the columns that fit: the settings, the counts, then numbers from the left."""
        names = [*widths]
        others = [*self.sweep.varied, RUNS, DIVERGED, EPOCHS]
        numbers = [name for name in names if name not in others]
        while sum(widths[name] + 2 for name in names) > room + 2 and len(numbers) > 1:
            names.remove(numbers.pop())
        for name in (EPOCHS, DIVERGED, RUNS):
            if sum(widths[each] + 2 for each in names) > room + 2 and name in names:
                names.remove(name)
        return names

    def _write_marks(self, cells: Cells, row: int, cell: int) -> None:
        sweep = self.sweep
        if cell == sweep.selected:
            cells.inks[row] = ink(TEXT, RAISED)
            cells.write(row, 0, "▸", ink(ACCENT, RAISED, bold=True))
        if cell == sweep.best:
            paper = (RAISED,) if cell == sweep.selected else ()
            cells.write(row, 1, "★", ink(ACCENT, *paper, bold=True))

    def _ink(self, row: int, name: str) -> int:
        sweep = self.sweep
        if not row:
            is_sorted = name == sweep.sorted_column
            return ink(ACCENT if is_sorted else DIM, bold=is_sorted)
        cell = self._visible[row - 1]
        paper = (RAISED,) if cell == sweep.selected else ()
        summary = sweep.summary(cell)
        if name == DIVERGED:
            return ink(ALARM, *paper)
        if cell == sweep.best:
            return ink(BRIGHT, *paper, bold=True)
        is_whole = len(summary.outcomes) == len(summary.cell.runs)
        return ink(TEXT if is_whole else DIM, *paper)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer, or sort by the column of a heading."""
        row, column = event.y - 1, event.x - 1
        if row == 0:
            name = next((name for end, name in self._ends if column < end + 1), None)
            if name is not None:
                self.post_message(self.Sorted(name))
        elif 1 <= row <= len(self._visible):
            self.choose(self._visible[row - 1])


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
        wide = max(wide, min((width - left) // len(columns), 3 * wide))
        high = max(1, min(3, (height - 2) // len(rows)))
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
        self._write_legend(cells, height - 1, (low, best), known)
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
        self, cells: Cells, row: int, ends: tuple[float, float], known: CellSummary
    ) -> None:
        form = score_form(known)
        column = cells.write(row, 0, f"{form(ends[0])} ", ink(DIM))
        for colour in sample_of(SEQUENTIAL, min(len(SEQUENTIAL), max(3, cells.width // 4))):
            column = cells.write(row, column, " ", ink(background=colour))
        column = cells.write(row, column, f" {form(ends[1])}  ", ink(DIM))
        name = heading(f"{known.part}_score", known)
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


class CellPicture:
    """Small map of the first run of a combination; with enough room, with axes and samples."""

    def __init__(self, report: RunReport, columns: int, rows: int, by: Quantize) -> None:
        """Prepare a map of so many cells; the report has samples."""
        data = report.data
        assert data is not None
        self._shape = 2 * rows, columns
        self.network = build_network(report.config, data)
        self._detailed: MapView | None = None
        if columns >= DETAILED[0] and rows >= DETAILED[1]:
            self._detailed = MapView(self.network, data, 0, columns, rows, PlaneChoice(), by)
        plane, around = Plane.with_window(data, PlaneChoice(), columns, 2 * rows)
        points = data.preparation.inputs(plane.features(around.points()))
        self._map = PredictionMap(self.network, points)
        self._scale = None if data.has_classes else NumberScale.of(data, 0)
        self._drawn: RunReport | None = None
        self._cells = Cells(0, 0)

    def draw(self, report: RunReport) -> Cells:
        """Return the map for the weights of a report."""
        if report is not self._drawn:
            self._drawn = report
            self.network.parameters[:] = report.parameters
            self.network.statistics[:] = report.statistics
            with np.errstate(all="ignore"):
                self._cells = self._draw(exact=report.has_ended)
        return self._cells

    def _draw(self, *, exact: bool) -> Cells:
        if self._detailed is not None:
            return self._detailed.draw(show_test=False, exact=exact)
        found = self._map.refresh()
        levels: Labels
        if self._scale is None:
            levels = 1 + found.labels * STEPS + PIXEL_LEVEL
            colours = map_colours(self.network.classes)
        else:
            levels, colours = self._scale.levels(found.values, quantize), self._scale.colours
        return half_blocks(levels.reshape(self._shape), colours)


class MapsPanel(SweepPanel):
    """A small map for each combination, of its first seed."""

    label = "maps"
    summary = "the decision map of the first run of each combination, while it trains"
    footer = (("← ↑ ↓ →", "select"),)
    least_size = 24, 4
    redraw_interval = 0.5

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1, 0)", show=False),
        Binding("right,l", "step(1, 0)", show=False),
        Binding("up,k", "step(0, -1)", show=False),
        Binding("down,j", "step(0, 1)", show=False),
    ]

    def __init__(self, sweep: SweepModel, options: ViewOptions) -> None:
        super().__init__(sweep, options)
        self._tiles = Tiles(5, 0, 1, 1)
        self._visible: list[int] = []
        self._pictures: dict[int, tuple[tuple[object, ...], CellPicture]] = {}

    def explanation(self) -> Explanation:
        return Explanation(
            "The class that the network predicts at each point, for the first seed of each combination, "
            "in the order of the grid; below it the values and the score. Maps change while the runs "
            "train, twice a second.",
            "a boundary that is too simple misses the shape of the data, which is underfitting; one "
            "with bays around single samples is overfitting: its training accuracy is higher than that "
            "on fresh samples.",
            "while a run trains, the score is measured on 2,000 fresh samples if the data set can draw "
            "some, and at its end on 20,000; else on the test samples",
            "arrows select · enter opens · m trains again what was trained before, for its map",
        )

    def view_state(self) -> tuple[object, ...]:
        return self.sweep.selected, self.sweep.run.state

    def title(self) -> StyledText:
        sweep, shown = self.sweep, len(self._visible)
        if not shown:
            return []
        first = sweep.cells[0].runs[0].seed
        words = f"seed {first} " if len(sweep.cells[0].runs) > 1 else ""
        count = len(sweep.cells)
        return [(f"{'' if shown == count else f'{shown} of {count:,} '}{words}", ink(DIM))]

    def title_right(self) -> StyledText:
        sweep = self.sweep
        names = ", ".join(map(option, sweep.varied))
        return [(f" {names} ", ink(DIM))] if names else []

    def draw_content(self, width: int, height: int) -> Cells:
        sweep, cells = self.sweep, Cells(width, height)
        if not sweep.reports and sweep.run.is_at_rest:
            return centred_text(width, height, "m trains these runs again, for their maps.")
        count = len(sweep.cells)
        longest = max(len(self._values(cell)) for cell in range(min(count, MOST_MEASURED)))
        # in a row, in two rows or, without room for the values, the score alone
        for label_rows, needed in ((1, longest + len(": 100.0")), (2, longest), (1, 0)):
            tiles = Tiles.fitting(
                count, width, height, has_maps=True, label_rows=label_rows, highest=HIGHEST
            )
            if tiles.columns >= needed:
                break
        self._tiles, start = tiles, tiles.first_shown(sweep.selected, count)
        self._visible = [*range(start, min(count, start + tiles.capacity))]
        for at, cell in enumerate(self._visible):
            top, left = tiles.place(at)
            if cell == sweep.selected:
                for beside in range(top, top + tiles.rows + tiles.label_rows):
                    cells.write(beside, left - 1, "▐", ink(ACCENT))
                    cells.write(beside, left + tiles.columns, "▌", ink(ACCENT))
            picture = self._picture(cell) if tiles.rows else None
            if picture is not None:
                cells.place(top, left, picture)
            elif tiles.rows:
                cells.write(top + tiles.rows // 2, left, "·".center(tiles.columns), ink(FAINT))
            self._write_label(cells, top + tiles.rows, left, cell)
        return cells

    def _picture(self, cell: int) -> Cells | None:
        report = self.sweep.reports.get(cell)
        if report is None or not has_map(report):
            return None
        size = self._tiles.columns, self._tiles.rows
        key = size, report.key
        known = self._pictures.get(cell)
        if known is None or known[0] != key:
            by = LevelHysteresis(self.run).quantize
            known = self._pictures[cell] = key, CellPicture(report, *size, by)
        return known[1].draw(report)

    def _write_label(self, cells: Cells, row: int, column: int, cell: int) -> None:
        sweep, width = self.sweep, self._tiles.columns
        summary, report = sweep.summary(cell), sweep.reports.get(cell)
        first = next(iter(summary.outcomes), None)
        score, is_final = "", first is not None and (report is None or report.has_ended)
        if is_final and first is not None:
            score = score_form(summary)(value_of(first, f"{summary.part}_score"))
        elif report is not None and report.data is not None:
            score = (
                f"{100 * report.score:.1f}" if report.data.has_classes else f"{report.score:.2f}"
            )
        values = self._values(cell)
        lines = [values, score]
        if self._tiles.label_rows == 1:
            text = f"{values}: {score}" if score else values
            lines = [text if cell_width(text) <= width else score or values]
        unit = " %" if summary.outcomes and summary.outcomes[0].has_classes else ""
        if score and cell_width(lines[-1]) + len(unit) <= width:
            lines[-1] += unit
        is_diverged = first is not None and first.diverged
        number = ink(ALARM if is_diverged else TEXT if is_final else DIM)
        if cell == sweep.best:
            number = ink(BRIGHT, bold=True)
            lines[0] = f"★ {lines[0]}" if cell_width(lines[0]) + 2 <= width else lines[0]
        if cell == sweep.selected:
            number = ink(LEGIBLE, ACCENT)
        for at, text in enumerate(lines):
            cells.write(row + at, column, cut(text, width).center(width), number)

    def _values(self, cell: int) -> str:
        """Return the values of the settings that vary."""
        texts = self.sweep.cells[cell].texts
        return " ".join(texts[name] for name in self.sweep.varied)

    def action_step(self, across: int, down: int) -> None:
        """Select another map."""
        cell = self.sweep.selected + across + down * self._tiles.across
        if 0 <= cell < len(self.sweep.cells):
            self.choose(cell)

    def on_click(self, event: events.Click) -> None:
        """Select the map under the pointer."""
        at = self._tiles.at(event.y - 1, event.x - 1)
        if at is not None and 0 <= at < len(self._visible):
            self.choose(self._visible[at])


def has_map(report: RunReport) -> bool:
    """Return whether a map through the features is drawn."""
    data = report.data
    return data is not None and has_plane(data) and len(data.feature_names) > 1
