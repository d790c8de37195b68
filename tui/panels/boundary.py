"""The decision boundary: the predicted class everywhere in the plane, and the samples on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.inspection import quantize
from tui import numbers
from tui.cells import Cells, cell_width, cut, glyphs_of
from tui.palette import (
    BRIGHT,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIM,
    TEXT,
    TRAIN_MARKERS,
    UNCERTAIN,
    WARNING,
    WRONG_TEST,
    WRONG_TRAIN,
    ink,
    inks_of_pairs,
)
from tui.panels.fitted_curve import draw_fitted
from tui.panels.map_view import Samples, View
from tui.panels.number_scale import HIGHER, LOWER, NumberScale
from tui.panels.panel import Panel, ViewOptions, Words, message

if TYPE_CHECKING:
    from core.arrays import Labels
    from core.datasets import TrainTest
    from core.inspection import Map
    from core.network import Network
    from tui.session import Session

GUTTER = 6
LEVELS = 1 + len(CLASS_FIELDS[0])


class BoundaryPanel(Panel):
    """A map of half-block cells, two pixels each, over the data's range plus a margin."""

    number, label = 3, "boundary"
    about = (
        "predicted class and its certainty, or predicted number, over a plane, with the samples; "
        "t shows test samples, p and P choose the plane, y the number to predict"
    )

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._view: View | None = None

    @property
    def name_shown(self) -> str:
        data = self.session.data
        return self.label if data is None or data.has_classes else "prediction"

    def title(self) -> Words:
        view, data = self._view, self.session.data
        if view is None or data is None or len(data.feature_names) < 2:
            return []
        words = [(f"{told} ", ink(DIM)) for told in view.plane.told if told]
        several = len(data.target_names) > 1
        return [(f"{data.target_names[view.target]} ", ink(TEXT)), *words] if several else words

    def corner(self) -> Words:
        metrics, data = self.session.metrics, self.session.data
        if metrics is None or data is None:
            return []
        if data.has_classes:
            return [(f" {numbers.percent(metrics.train_score)} % train ", ink(TEXT))]
        score = f"{metrics.train_score:.3f}".replace("-", "−")
        return [(f" R² {score} train ", ink(TEXT))]

    def body(self, width: int, height: int) -> Cells:
        network, data = self.session.network, self.session.data
        if network is None or data is None or not len(self.session.timeline):
            return message(width, height, "What the network predicts at each place of the plane.")
        target = min(self.options.target, max(0, len(data.target_names) - 1))
        if len(data.feature_names) == 1 and data.preparation.text is None:
            show_test = self.options.show_test and not data.shared
            return draw_fitted(network, data, target, width, height, show_test=show_test)
        cells = Cells(width, height)
        rows = height - (2 if height >= 8 else 1)
        columns = width - GUTTER
        if rows < 1 or columns < 2:
            return cells
        view = self._laid_out(network, data, columns, 2 * rows, target)
        if network.classes:
            colours = map_colours(network.classes)
            pixels = class_levels(view.grid.refresh()).reshape(2 * rows, columns)
        else:
            scale = NumberScale.of(data, target)
            colours = scale.colours
            pixels = scale.levels(view.grid.refresh().values).reshape(2 * rows, columns)
        cells.place(0, GUTTER, half_blocks(pixels, colours))
        parts = [view.train]
        if self.options.show_test and view.test is not None:
            parts.insert(0, view.test)
        for part in parts:
            if network.classes:
                self._draw_labels(cells, part, pixels, colours)
            else:
                self._draw_numbers(cells, part, NumberScale.of(data, target), pixels)
        self._axes(cells, rows, view)
        if height > rows + 1:
            if data.has_classes:
                self._legend(cells, height - 1, data)
            else:
                self._number_legend(cells, height - 1, data, target)
        return cells

    def _laid_out(
        self, network: Network, data: TrainTest, columns: int, rows: int, target: int
    ) -> View:
        plane = self.options.plane
        if self._view is None or not self._view.shows(network, data, columns, rows, plane, target):
            self._view = View(network, data, columns, rows, plane, target)
        return self._view

    def _draw_labels(
        self, cells: Cells, part: Samples, pixels: Labels, colours: tuple[str, ...]
    ) -> None:
        markers, wrong = part.markers
        right = part.map.refresh().labels == part.y
        # those that are wrong come last, so that nothing covers them
        for index in np.argsort(~right, kind="stable").tolist():
            row, column, label = int(part.rows[index]), int(part.columns[index]), int(part.y[index])
            point = CLASS_POINTS[label % len(CLASS_POINTS)]
            if right[index]:
                glyph = markers[label % len(markers)]
                number = ink(point, colours[pixels[row, column]])
            else:
                glyph, number = wrong, ink(point, "#000000", bold=True)
            cells.glyphs[row // 2, GUTTER + column] = glyph
            cells.inks[row // 2, GUTTER + column] = number

    def _draw_numbers(
        self, cells: Cells, part: Samples, scale: NumberScale, pixels: Labels
    ) -> None:
        """Draw quietly the samples that the network meets; others tell on which side they lie."""
        true = np.asarray(part.y, np.float64)[:, part.map.target]
        given = np.asarray(part.map.refresh().values, np.float64)
        off = scale.levels(true) - scale.levels(given)
        quiet = np.array([ink(TEXT, colour) for colour in scale.colours])
        above, below = (ink(colour, "#000000", bold=True) for colour in (WARNING, CLASS_POINTS[0]))
        shown = pixels[part.rows, part.columns]
        inks = np.where(np.abs(off) <= 1, quiet[shown], np.where(off > 0, above, below))
        filled = int(part.markers[0] != TRAIN_MARKERS)
        met = part.markers[0][0]
        glyphs = np.where(off > 1, HIGHER[filled], np.where(off < -1, LOWER[filled], met))
        # the largest residuals come last, so that nothing covers them
        order = np.argsort(np.abs(off), kind="stable")
        rows, columns = part.rows[order] // 2, GUTTER + part.columns[order]
        cells.glyphs[rows, columns] = glyphs[order]
        cells.inks[rows, columns] = inks[order]

    def _axes(self, cells: Cells, rows: int, view: View) -> None:
        dim, text, window = ink(DIM), ink(TEXT), view.window
        across, up = view.plane.names
        left, right = numbers.ends(window.left, window.right)
        bottom, top = numbers.ends(window.bottom, window.top)
        cells.write_right(0, GUTTER - 1, top, dim)
        cells.write_right(rows - 1, GUTTER - 1, bottom, dim)
        if rows > 2 and cell_width(up) < GUTTER:
            cells.write_right(rows // 2, GUTTER - 1, up, text)
        elif rows > 4:
            # a long name stands on end, between the two numbers
            room = rows - 2
            glyphs = [glyph for glyph in glyphs_of(up) if glyph]
            name = glyphs if len(glyphs) <= room else [*glyphs[: room - 1], "…"]
            for offset, glyph in enumerate(name):
                cells.write(1 + (room - len(name)) // 2 + offset, GUTTER - 3, glyph, text)
        cells.write(rows, GUTTER, left, dim)
        cells.write_right(rows, cells.width, right, dim)
        room = max(0, cells.width - GUTTER - 2 * GUTTER)
        across = cut(across, room)
        cells.write(rows, GUTTER + (cells.width - GUTTER - cell_width(across)) // 2, across, text)

    def _number_legend(self, cells: Cells, row: int, data: TrainTest, target: int) -> None:
        scale = NumberScale.of(data, target)
        text, dim = ink(TEXT), ink(DIM)
        low, high = f" {numbers.short(scale.low)} ", f" {numbers.short(scale.high)}  "
        told = f"{HIGHER[0]} above {LOWER[0]} below the map  "
        room = cells.width - GUTTER - len(low) - len(high) - len(scale.colours)
        block = "  " if room >= 12 + len(scale.colours) else " "
        column = cells.write(
            row, GUTTER, cut(data.target_names[target], max(3, min(20, room))), text
        )
        column = cells.write(row, column, low, dim)
        for colour in scale.colours:
            column = cells.write(row, column, block, ink(background=colour))
        column = cells.write(row, column, high, dim)
        for words in (told, "" if data.shared else "filled train, open test"):
            if column + len(words.rstrip()) <= cells.width:
                column = cells.write(row, column, words, dim)

    def _legend(self, cells: Cells, row: int, data: TrainTest) -> None:
        """Say what the markers mean: the classes before all else, as many as there is room for."""
        with_test = self.options.show_test and not data.shared
        crosses = f"{WRONG_TRAIN} {WRONG_TEST}" if with_test else WRONG_TRAIN
        parts = "" if data.shared else "filled train, open test  " if with_test else "t test  "
        room, text, dim = cells.width - GUTTER, ink(TEXT), ink(DIM)
        names, gap, left = _shortened(data.class_names, room)
        column = GUTTER
        for label, name in enumerate(names):
            point = ink(CLASS_POINTS[label % len(CLASS_POINTS)])
            column = cells.write(row, column, TRAIN_MARKERS[label % len(TRAIN_MARKERS)], point)
            column = cells.write(row, column, f" {name}{' ' * gap}", text)
        if left:
            column = cells.write(row, column, f"… {left} more", dim)
        wrong = f"{crosses} wrong  "
        if column + len(parts) + len(wrong) - 2 <= cells.width:
            column = cells.write(row, column, parts, dim)
        if column + len(wrong) - 2 <= cells.width:
            column = cells.write(row, column, crosses, ink(BRIGHT, "#000000", bold=True))
            column = cells.write(row, column, " wrong  ", text)
        if column + 5 + LEVELS <= cells.width:
            column = cells.write(row, column, "sure ", dim)
            for colour in map_colours(1):
                column = cells.write(row, column, " ", ink(background=colour))


def _shortened(names: tuple[str, ...], room: int) -> tuple[list[str], int, int]:
    """Return names for a legend, the gap behind each, and how many have no room.

    They are cut so that all fit, if they can still be told apart then.
    """
    for length in range(max(map(cell_width, names)), 0, -1):
        short = [cut(name, length).removesuffix("…") for name in names]
        for gap in (2, 1):
            whole = sum(2 + cell_width(name) + gap for name in short) - gap
            if whole <= room and len(set(short)) == len(short):
                return short, gap, 0
    shown: list[str] = []
    for name in names:
        room -= 2 + cell_width(name) + 2
        if room < len("… 99 more"):
            break
        shown.append(name)
    return shown, 2, len(names) - len(shown)


def map_colours(classes: int) -> tuple[str, ...]:
    """Return the backgrounds of a map: unsure, then each class from a guess to certainty."""
    fields = (CLASS_FIELDS[label % len(CLASS_FIELDS)] for label in range(classes))
    return (UNCERTAIN, *(colour for field in fields for colour in field))


def class_levels(shown: Map) -> Labels:
    """Return a number into `map_colours` for each point of a map."""
    levels = quantize(shown.values, LEVELS, 0, 1)
    return np.asarray(
        np.where(levels == 0, 0, 1 + shown.labels * (LEVELS - 1) + levels - 1), np.int64
    )


def half_blocks(pixels: Labels, colours: tuple[str, ...]) -> Cells:
    """Return a picture of two pixels a cell, from numbers into the colours."""
    upper, lower = pixels[::2], pixels[1::2]
    cells = Cells(pixels.shape[1], len(lower))
    # a blank where both are alike: fewer bytes than a half block, and longer runs
    cells.glyphs = np.where(upper == lower, " ", "▀")
    cells.inks = inks_of_pairs(colours)[upper, lower]
    return cells
