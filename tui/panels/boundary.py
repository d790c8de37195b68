"""The decision boundary: the predicted class everywhere in the plane, and the samples on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.inspection import Window, classify, quantize
from tui import numbers
from tui.cells import Cells
from tui.palette import (
    BRIGHT,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIM,
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


class BoundaryPanel(Panel):
    """A map of half-block cells, two pixels each, over the data's range plus a margin."""

    number, label = 3, "boundary"
    about = (
        "predicted class and its certainty over the plane, with the samples; t shows test samples"
    )

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._shown_data: TrainTest | None = None
        self._shown_size = (0, 0)
        self._shown_window: Window | None = None

    def corner(self) -> Words:
        metrics = self.session.metrics
        if metrics is None:
            return []
        return [(f" {numbers.percent(metrics.train_accuracy)} % train ", ink(TEXT))]

    def body(self, width: int, height: int) -> Cells:
        network, data = self.session.network, self.session.data
        if network is None or data is None or not len(self.session.timeline):
            return message(width, height, "What the network predicts at each place of the plane.")
        cells = Cells(width, height)
        rows = height - (2 if height >= 8 else 1)
        columns = width - GUTTER
        if rows < 1 or columns < 2:
            return cells
        window = self._window(data, columns, 2 * rows)
        colours = map_colours(network.classes)
        pixels = class_map(network, window)
        cells.place(0, GUTTER, half_blocks(pixels, colours))
        if self.options.show_test and not data.shared:
            test = data.x_test, data.y_test, TEST_MARKERS, WRONG_TEST
            self._points(cells, window, pixels, network, *test)
        train = data.x_train, data.y_train, TRAIN_MARKERS, WRONG_TRAIN
        self._points(cells, window, pixels, network, *train)
        self._axes(cells, rows, window, data)
        if height > rows + 1:
            self._legend(cells, height - 1, data)
        return cells

    def _window(self, data: TrainTest, columns: int, rows: int) -> Window:
        """Return the part of the plane that is shown; it stays while the data and the size do."""
        size = columns, rows
        if self._shown_data is not data or self._shown_size != size or self._shown_window is None:
            everything = np.concatenate([data.x_train, data.x_test])
            self._shown_window = Window.around(everything, columns, rows)
            self._shown_data, self._shown_size = data, size
        return self._shown_window

    def _points(
        self,
        cells: Cells,
        window: Window,
        pixels: Labels,
        network: Network,
        x: Array,
        y: Labels,
        markers: str,
        wrong: str,
    ) -> None:
        if len(y) > MOST_POINTS:
            chosen = np.linspace(0, len(y) - 1, MOST_POINTS).astype(np.int64)
            x, y = x[chosen], y[chosen]
        right = classify(network, x)[0] == y
        rows, columns = window.pixels(x)
        colours = map_colours(network.classes)
        # those that are wrong come last, so that nothing covers them
        for index in np.argsort(~right, kind="stable").tolist():
            row, column, label = int(rows[index]), int(columns[index]), int(y[index])
            point = CLASS_POINTS[label % len(CLASS_POINTS)]
            if right[index]:
                glyph = markers[label % len(markers)]
                number = ink(point, colours[pixels[row, column]])
            else:
                glyph, number = wrong, ink(point, "#000000", bold=True)
            cells.glyphs[row // 2, GUTTER + column] = glyph
            cells.inks[row // 2, GUTTER + column] = number

    def _axes(self, cells: Cells, rows: int, window: Window, data: TrainTest) -> None:
        dim, text = ink(DIM), ink(TEXT)
        across, up = data.feature_names[:2]
        cells.write_right(0, GUTTER - 1, f"{window.top:.1f}", dim)
        cells.write_right(rows - 1, GUTTER - 1, f"{window.bottom:.1f}", dim)
        if rows > 2:
            cells.write_right(rows // 2, GUTTER - 1, up, text)
        cells.write(rows, GUTTER, f"{window.left:.1f}", dim)
        cells.write_right(rows, cells.width, f"{window.right:.1f}", dim)
        cells.write(rows, GUTTER + (cells.width - GUTTER - len(across)) // 2, across, text)

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


def class_map(network: Network, window: Window) -> Labels:
    """Return (rows, columns) numbers into `map_colours`."""
    labels, certainty = classify(network, window.points())
    levels = quantize(certainty, LEVELS, 0, 1)
    colours = np.where(levels == 0, 0, 1 + labels * (LEVELS - 1) + levels - 1)
    return colours.reshape(window.rows, window.columns)


def half_blocks(pixels: Labels, colours: tuple[str, ...]) -> Cells:
    """Return a picture of two pixels a cell, from numbers into the colours."""
    upper, lower = pixels[::2], pixels[1::2]
    cells = Cells(pixels.shape[1], len(lower))
    # a blank where both are alike: fewer bytes than a half block, and longer runs
    cells.glyphs = np.where(upper == lower, " ", "▀")
    cells.inks = inks_of_pairs(colours)[upper, lower]
    return cells
