"""Drawing of the boundary panel: samples, axes, legends, and pictures of two pixels per cell."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing import number_format
from tui.drawing.cells import Cells, cell_width, cut, split_cells
from tui.drawing.palette import (
    BRIGHT,
    CLASS_POINTS,
    DEEP,
    DIM,
    STEPS,
    TEXT,
    TRAIN_MARKERS,
    UNCERTAIN,
    WARNING,
    WRONG_TEST,
    WRONG_TRAIN,
    class_fields,
    class_marker,
    class_point,
    ink,
    inks_of_pairs,
    sample_of,
    train_marker,
)
from tui.panels.colour_scales import HIGHER, LOWER, NumberScale

if TYPE_CHECKING:
    from core.analysis.prediction_map import Predictions
    from core.arrays import Labels
    from core.datasets import DataSplit
    from tui.panels.boundary.map_view import MapSamples, MapView
    from tui.panels.panel import StyledText

GUTTER: Final = 6
NEAR: Final = 8
"""Part of a scale by which a prediction may differ from a sample that counts as near it."""
SCALE_WIDTH: Final = 9
"""Columns of a colour scale."""


def draw_labels(cells: Cells, part: MapSamples, pixels: Labels, colours: tuple[str, ...]) -> None:
    """Draw the samples of a part with the markers of their classes, misclassified ones as crosses."""
    markers, wrong = part.markers
    right = part.map.refresh().labels == part.y
    # misclassified samples are drawn last, on top of the others
    order = np.argsort(~right, kind="stable")
    right, rows, columns = right[order], part.rows[order], part.columns[order]
    labels = np.asarray(part.y, np.int64)[order]
    points = labels % len(CLASS_POINTS)
    pairs = inks_of_pairs((*CLASS_POINTS, *colours))
    on_map = pairs[points, len(CLASS_POINTS) + pixels[rows, columns]]
    at = rows // 2, GUTTER + columns
    cells.glyphs[at] = np.where(right, np.array(list(markers))[labels % len(markers)], wrong)
    cells.inks[at] = np.where(right, on_map, _inks_of_wrong()[points])


@cache
def _inks_of_wrong() -> Labels:
    return np.array([ink(point, DEEP, bold=True) for point in CLASS_POINTS], np.int64)


def draw_numbers(cells: Cells, part: MapSamples, scale: NumberScale, pixels: Labels) -> None:
    """Draw samples near the prediction dimly, and the others with the direction of their residual."""
    true = np.asarray(part.y, np.float64)[:, part.map.target]
    given = np.asarray(part.map.refresh().values, np.float64)
    off = scale.levels(true) - scale.levels(given)
    near = len(scale.colours) // NEAR
    quiet = np.array([ink(BRIGHT, colour) for colour in scale.colours])
    above, below = (ink(colour, DEEP, bold=True) for colour in (WARNING, CLASS_POINTS[0]))
    shown = pixels[part.rows, part.columns]
    inks = np.where(np.abs(off) <= near, quiet[shown], np.where(off > 0, above, below))
    filled = int(part.markers[0] != TRAIN_MARKERS)
    met = part.markers[0][0]
    glyphs = np.where(off > near, HIGHER[filled], np.where(off < -near, LOWER[filled], met))
    # the largest residuals are drawn last, on top of the others
    order = np.argsort(np.abs(off), kind="stable")
    rows, columns = part.rows[order] // 2, GUTTER + part.columns[order]
    cells.glyphs[rows, columns] = glyphs[order]
    cells.inks[rows, columns] = inks[order]


def draw_axes(cells: Cells, rows: int, view: MapView) -> None:
    """Write the limits and the names of both axes."""
    dim, text, window = ink(DIM), ink(TEXT), view.window
    across, up = view.plane.names
    left, right = number_format.ends(window.left, window.right)
    bottom, top = number_format.ends(window.bottom, window.top)
    cells.write_right(0, GUTTER - 1, top, dim)
    cells.write_right(rows - 1, GUTTER - 1, bottom, dim)
    if rows > 2 and cell_width(up) < GUTTER:
        cells.write_right(rows // 2, GUTTER - 1, up, text)
    elif rows > 4:
        # a long name is vertical, between the two numbers
        room = rows - 2
        glyphs = [glyph for glyph in split_cells(up) if glyph]
        name = glyphs if len(glyphs) <= room else [*glyphs[: room - 1], "…"]
        for offset, glyph in enumerate(name):
            cells.write(1 + (room - len(name)) // 2 + offset, GUTTER - 3, glyph, text)
    cells.write(rows, GUTTER, left, dim)
    cells.write_right(rows, cells.width, right, dim)
    room = max(0, cells.width - GUTTER - 2 * GUTTER)
    across = cut(across, room)
    cells.write(rows, GUTTER + (cells.width - GUTTER - cell_width(across)) // 2, across, text)


def draw_number_legend(cells: Cells, row: int, data: DataSplit, target: int) -> None:
    """Draw the legend of a regression: colour scale and markers."""
    scale = NumberScale.of(data, target)
    text, dim = ink(TEXT), ink(DIM)
    low, high = f" {number_format.short(scale.low)} ", f" {number_format.short(scale.high)}  "
    legend = f"{HIGHER[0]} above {LOWER[0]} below the map  "
    room = cells.width - GUTTER - len(low) - len(high) - SCALE_WIDTH
    shown = 2 * SCALE_WIDTH if room >= 12 + SCALE_WIDTH else SCALE_WIDTH
    column = cells.write(row, GUTTER, cut(data.target_names[target], max(3, min(20, room))), text)
    column = cells.write(row, column, low, dim)
    for colour in sample_of(scale.colours, shown):
        column = cells.write(row, column, " ", ink(background=colour))
    column = cells.write(row, column, high, dim)
    for words in (legend, "" if data.shared else "filled train, open test"):
        if column + len(words.rstrip()) <= cells.width:
            column = cells.write(row, column, words, dim)


def draw_legend(cells: Cells, row: int, data: DataSplit, *, show_test: bool) -> bool:
    """Draw the legend of a classification: classes first, as many as fit.

    Returns:
        Whether the scale of certainty is part of it.
    """
    with_test = show_test and not data.shared
    crosses = f"{WRONG_TRAIN} {WRONG_TEST}" if with_test else WRONG_TRAIN
    parts = "" if data.shared else "filled train, open test  " if with_test else "t test  "
    room, text, dim = cells.width - GUTTER, ink(TEXT), ink(DIM)
    wrong = f"{crosses} wrong  "
    names, gap, left = _shortened(data.class_names, room)
    column = GUTTER
    for label, name in enumerate(names):
        # the map colour of the class; without colours its glyph replaces the blank
        field = class_fields(label)[-1]
        point = ink(class_point(label), field)
        column = cells.write(row, column, train_marker(label), point)
        column = cells.write(row, column, " ", ink(background=field))
        column = cells.write(row, column, f"{name}{' ' * gap}", text)
    if left:
        column = cells.write(row, column, f"… {left} more  " if names else f"{left} classes  ", dim)
    if column + len(parts) + len(wrong) - 2 <= cells.width:
        column = cells.write(row, column, parts, dim)
    if column + len(wrong) - 2 <= cells.width:
        column = cells.write(row, column, crosses, ink(BRIGHT, DEEP, bold=True))
        column = cells.write(row, column, " wrong  ", text)
    scale = certainty_scale(len(data.class_names))
    if column + sum(len(text) for text, _ in scale) <= cells.width:
        for words, number in scale:
            column = cells.write(row, column, words, number)
        return True
    return False


def certainty_scale(classes: int) -> StyledText:
    """Return the legend of a map's colours: probabilities of the second of two classes, or certainty."""
    dim, (uncertain, *certain) = ink(DIM), map_colours(1)
    first = [
        (" ", ink(background=each)) for each in sample_of((uncertain, *certain), SCALE_WIDTH // 2)
    ]
    if classes != 2:
        return [("guess ", dim), *first, (" certain", dim)]
    other = sample_of((uncertain, *class_fields(1)), SCALE_WIDTH // 2)
    second = [(" ", ink(background=each)) for each in other]
    return [
        ("p(", dim),
        class_marker(1),
        (") 0 ", dim),
        *reversed(first),
        (" 0.5 ", dim),
        *second,
        (" 1", dim),
    ]


def _shortened(names: tuple[str, ...], room: int) -> tuple[list[str], int, int]:
    """Return the names for a legend, the gap after each, and the number of those left out.

    Names are shortened so that all fit, provided that they remain distinct.
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
    """Return the backgrounds of a map: uncertain, then each class with increasing certainty."""
    fields = (class_fields(label) for label in range(classes))
    return (UNCERTAIN, *(colour for field in fields for colour in field))


def class_levels(shown: Predictions) -> Labels:
    """Return the index into `map_colours` for each point of a map."""
    # the uncertain level is shared by both directions, and as wide as any other
    levels = quantize(shown.values, 1 + STEPS, -1 / (2 * STEPS + 1), 1)
    return np.asarray(np.where(levels == 0, 0, 1 + shown.labels * STEPS + levels - 1), np.int64)


def half_blocks(pixels: Labels, colours: tuple[str, ...]) -> Cells:
    """Return a picture with two pixels per cell, from indices into the colours."""
    upper, lower = pixels[::2], pixels[1::2]
    cells = Cells(pixels.shape[1], len(lower))
    # a blank if both are equal: fewer bytes than a half block, and longer runs
    cells.glyphs = np.where(upper == lower, " ", "▀")
    cells.inks = inks_of_pairs(colours)[upper, lower]
    return cells
