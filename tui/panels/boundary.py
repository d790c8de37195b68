"""The decision boundary: the predicted class everywhere in the plane, and the samples on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.inspection import Map, Plane, Window, quantize
from tui import numbers
from tui.cells import Cells
from tui.palette import (
    BRIGHT,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIM,
    DIVERGING,
    SEQUENTIAL,
    TEST_MARKERS,
    TEXT,
    TRAIN_MARKERS,
    UNCERTAIN,
    WRONG_TEST,
    WRONG_TRAIN,
    ink,
    inks_of_pairs,
)
from tui.panels.panel import Panel, ViewOptions, Words, message

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import TrainTest
    from core.network import Network
    from tui.session import Session

GUTTER = 6
LEVELS = 1 + len(CLASS_FIELDS[0])
MOST_POINTS = 2000


class Samples:
    """One part of the data on a map: where its samples are drawn, and what is predicted there."""

    def __init__(
        self, network: Network, view: View, x: Array, y: Array | Labels, markers: tuple[str, str]
    ) -> None:
        if len(y) > MOST_POINTS:
            chosen = np.linspace(0, len(y) - 1, MOST_POINTS).astype(np.int64)
            x, y = x[chosen], y[chosen]
        self.y = y
        self.rows, self.columns = view.window.pixels(view.plane.coordinates(x))
        self.map = Map(network, x)
        self.markers = markers


class View:
    """What is laid out once for a network, its data and a size: the plane, the grid, the samples."""

    def __init__(self, network: Network, data: TrainTest, columns: int, rows: int) -> None:
        self._key = network, data, columns, rows
        self.plane = Plane.through(data.x_train, data.feature_names)
        everything = self.plane.coordinates(np.concatenate([data.x_train, data.x_test]))
        self.window = Window.around(everything, columns, rows)
        self.grid = Map(network, self.plane.inputs(self.window.points()))
        train = TRAIN_MARKERS, WRONG_TRAIN
        self.train = Samples(network, self, data.x_train, data.y_train, train)
        self.test: Samples | None = None
        if not data.shared:
            test = TEST_MARKERS, WRONG_TEST
            self.test = Samples(network, self, data.x_test, data.y_test, test)

    def shows(self, network: Network, data: TrainTest, columns: int, rows: int) -> bool:
        """Whether this is the view of these."""
        mine = self._key
        return mine[0] is network and mine[1] is data and mine[2:] == (columns, rows)


class BoundaryPanel(Panel):
    """A map of half-block cells, two pixels each, over the data's range plus a margin."""

    number, label = 3, "boundary"
    about = (
        "predicted class and its certainty, or predicted number, over the plane, with the samples; "
        "t shows test samples"
    )

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._view: View | None = None

    @property
    def name_shown(self) -> str:
        data = self.session.data
        return self.label if data is None or data.has_classes else "prediction"

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
        cells = Cells(width, height)
        rows = height - (2 if height >= 8 else 1)
        columns = width - GUTTER
        if rows < 1 or columns < 2:
            return cells
        view = self._view
        if view is None or not view.shows(network, data, columns, 2 * rows):
            view = self._view = View(network, data, columns, 2 * rows)
        if network.classes:
            colours = map_colours(network.classes)
            pixels = class_levels(view.grid.refresh()).reshape(2 * rows, columns)
        else:
            colours, low, high = number_scale(data)
            levels = quantize(view.grid.refresh().values, len(colours), low, high)
            pixels = levels.reshape(2 * rows, columns)
        cells.place(0, GUTTER, half_blocks(pixels, colours))
        parts = [view.train]
        if self.options.show_test and view.test is not None:
            parts.insert(0, view.test)
        for part in parts:
            if network.classes:
                self._draw_labels(cells, part, pixels, colours)
            else:
                self._draw_numbers(cells, part, data, pixels)
        self._axes(cells, rows, view)
        if height > rows + 1:
            if data.has_classes:
                self._legend(cells, height - 1, data)
            else:
                self._number_legend(cells, height - 1, data)
        return cells

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

    def _draw_numbers(self, cells: Cells, part: Samples, data: TrainTest, pixels: Labels) -> None:
        """Draw quietly the samples that the map meets, and others in their own colour on black."""
        colours, low, high = number_scale(data)
        levels = quantize(np.asarray(part.y[:, 0], np.float64), len(colours), low, high)
        quiet = np.array([ink(TEXT, colour) for colour in colours])
        loud = np.array([ink(colour, "#000000", bold=True) for colour in colours])
        shown = pixels[part.rows, part.columns]
        inks = np.where(np.abs(levels - shown) <= 1, quiet[shown], loud[levels])
        # the misses come last, so that nothing covers them
        order = np.argsort(np.abs(levels - shown), kind="stable")
        rows, columns = part.rows[order] // 2, GUTTER + part.columns[order]
        cells.glyphs[rows, columns] = part.markers[0][0]
        cells.inks[rows, columns] = inks[order]

    def _axes(self, cells: Cells, rows: int, view: View) -> None:
        dim, text, window = ink(DIM), ink(TEXT), view.window
        across, up = view.plane.names
        cells.write_right(0, GUTTER - 1, f"{window.top:.1f}", dim)
        cells.write_right(rows - 1, GUTTER - 1, f"{window.bottom:.1f}", dim)
        if rows > 2:
            cells.write_right(rows // 2, GUTTER - 1, up[: GUTTER - 1], text)
        cells.write(rows, GUTTER, f"{window.left:.1f}", dim)
        cells.write_right(rows, cells.width, f"{window.right:.1f}", dim)
        cells.write(rows, GUTTER + (cells.width - GUTTER - len(across)) // 2, across, text)

    def _number_legend(self, cells: Cells, row: int, data: TrainTest) -> None:
        colours, low, high = number_scale(data)
        text, dim = ink(TEXT), ink(DIM)
        column = cells.write(row, GUTTER, f"{data.target_names[0]} ", text)
        column = cells.write(row, column, f"{low:.2g} ".replace("-", "−"), dim)
        for colour in colours:
            column = cells.write(row, column, "  ", ink(background=colour))
        column = cells.write(row, column, f" {high:.2g}  ", dim)
        markers = f"{TRAIN_MARKERS[0]} train  {TEST_MARKERS[0]} test  "
        if not data.shared and column + len(markers) <= cells.width:
            column = cells.write(row, column, markers, dim)
        if column + 9 <= cells.width:
            cells.write(row, column, TRAIN_MARKERS[0], ink(colours[-1], "#000000", bold=True))
            cells.write(row, column + 2, "misses", dim)

    def _legend(self, cells: Cells, row: int, data: TrainTest) -> None:
        """Say what the markers mean: the classes before all else, as many as there is room for."""
        with_test = self.options.show_test and not data.shared
        wrong = f"{WRONG_TRAIN} {WRONG_TEST} wrong  " if with_test else f"{WRONG_TRAIN} wrong  "
        parts = "" if data.shared else "filled train, open test  " if with_test else "t test  "
        sure = "sure " + " " * LEVELS
        names = [f"{name}  " for name in data.class_names]
        room = cells.width - GUTTER - len(wrong) - sum(2 + len(name) for name in names)
        if room < len(parts):
            parts = ""
        if room < len(parts) + len(sure):
            sure = ""
        column, text, dim = GUTTER, ink(TEXT), ink(DIM)
        last = cells.width - len(wrong)
        for label, name in enumerate(names):
            if column + 2 + len(name) > last:
                column = cells.write(row, min(column, last - 2), "… ", dim)
                break
            point = ink(CLASS_POINTS[label % len(CLASS_POINTS)])
            column = cells.write(row, column, TRAIN_MARKERS[label % len(TRAIN_MARKERS)], point)
            column = cells.write(row, column, f" {name}", text)
        column = cells.write(row, column, parts, dim)
        crosses = wrong.removesuffix("wrong  ")
        column = cells.write(row, column, crosses.rstrip(), ink(BRIGHT, "#000000", bold=True))
        column = cells.write(row, column, " wrong  ", text)
        if sure:
            column = cells.write(row, column, "sure ", dim)
            for colour in map_colours(1):
                column = cells.write(row, column, " ", ink(background=colour))


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


def number_scale(data: TrainTest) -> tuple[tuple[str, ...], float, float]:
    """Return the colours of a predicted number, and the numbers at the two ends.

    They follow from the training samples alone, and so stay while the network learns.
    """
    low, high = float(np.min(data.y_train[:, 0])), float(np.max(data.y_train[:, 0]))
    if low < 0 < high:
        largest = max(-low, high)
        return DIVERGING, -largest, largest
    return SEQUENTIAL, low, max(high, low + 1e-9)


def half_blocks(pixels: Labels, colours: tuple[str, ...]) -> Cells:
    """Return a picture of two pixels a cell, from numbers into the colours."""
    upper, lower = pixels[::2], pixels[1::2]
    cells = Cells(pixels.shape[1], len(lower))
    # a blank where both are alike: fewer bytes than a half block, and longer runs
    cells.glyphs = np.where(upper == lower, " ", "▀")
    cells.inks = inks_of_pairs(colours)[upper, lower]
    return cells
