"""Small map of each combination of a sweep."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.planes import Plane, PlaneChoice, has_plane
from core.analysis.prediction_map import PredictionMap
from core.sweeps.statistics import value_of
from core.training.components import build_network
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, FAINT, LEGIBLE, STEPS, TEXT, ink
from tui.panels.boundary.map_drawing import half_blocks, map_colours
from tui.panels.boundary.map_view import MapView
from tui.panels.colour_scales import NumberScale
from tui.panels.explanation import Explanation
from tui.panels.panel import StyledText, centred_text
from tui.panels.tiles import DETAILED, Tiles
from tui.seeds.panels import PIXEL_LEVEL
from tui.sweep.columns import heading, option, score_form
from tui.sweep.panel import SweepPanel

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Labels
    from core.sweeps.reports import RunReport
    from tui.panels.view_options import ViewOptions
    from tui.sweep.model import SweepModel

HIGHEST: Final = 26
"""Rows of a small map, at most."""

MOST_MEASURED: Final = 64
"""Combinations whose values determine the width of a label."""


class CellPicture:
    """Small map of the first run of a combination; with enough room, with axes and samples."""

    def __init__(self, report: RunReport, columns: int, rows: int) -> None:
        """Prepare a map of so many cells; the report has samples."""
        data = report.data
        assert data is not None
        self._shape = 2 * rows, columns
        self.network = build_network(report.config, data)
        self._detailed: MapView | None = None
        if columns >= DETAILED[0] and rows >= DETAILED[1]:
            self._detailed = MapView(self.network, data, 0, columns, rows, PlaneChoice())
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
            levels, colours = self._scale.levels(found.values), self._scale.colours
        return half_blocks(levels.reshape(self._shape), colours)


class MapsPanel(SweepPanel):
    """A small map for each combination, of its first seed."""

    label = "maps"
    summary = "the decision map of the first run of each combination, while it trains"
    footer = (("← ↑ ↓ →", "select"),)
    least_size = 24, 4
    redraw_interval, keeps_similar = 0.5, True

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
        self._has_values = self._has_unit = True
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
        count = len(sweep.cells)
        parts = [] if shown == count else [f"{shown} of {count:,}"]
        if len(sweep.cells[0].runs) > 1:
            parts.append(f"seed {first}")
        return [(f"{' · '.join(parts)} ", ink(DIM))] if parts else []

    def title_right(self) -> StyledText:
        sweep, known = self.sweep, self.sweep.known
        names = ", ".join(map(option, sweep.varied))
        if not self._has_values and known is not None:
            names = heading(f"{known.part}_score", known)
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
        unit = len(" %") if sweep.known is not None and sweep.known.outcomes[0].has_classes else 0
        beside = needed if tiles.label_rows == 1 else 0
        self._has_values = tiles.label_rows > 1 or needed > 0
        # in all labels or in none
        self._has_unit = unit > 0 and tiles.columns >= max(beside, len("100.0")) + unit
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
            known = self._pictures[cell] = key, CellPicture(report, *size)
        return known[1].draw(report)

    def _write_label(self, cells: Cells, row: int, column: int, cell: int) -> None:
        sweep, width = self.sweep, self._tiles.columns
        summary, report = sweep.summary(cell), sweep.reports.get(cell)
        first = summary.first
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
            lines = [text if self._has_values else score or values]
        if score and self._has_unit:
            lines[-1] += " %"
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
