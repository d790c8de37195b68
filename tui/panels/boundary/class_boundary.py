"""Line of a map where the predicted class changes: for two classes, where the probability is 0.5."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.braille import bits_of_dots, cells_of_dots
from tui.drawing.palette import BOUNDARY, STEPS, ink

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from tui.drawing.cells import Cells

PARTS: Final = np.linspace(0.0, 1.0, 5)
"""Points of half a segment; a segment is at most three dots long."""


def boundary_dots(labels: Labels, logits: Array) -> np.ndarray:
    """Return which dots of a map are on the line, two rows and two columns of dots per pixel.

    Between neighbouring pixels of different classes the logits of both are interpolated linearly; the
    line joins the places where they are equal.

    Args:
        labels: (rows, columns) predicted classes.
        logits: (outputs, rows, columns); a single output is positive for the second class.
    """
    # the outermost pixels are repeated, so that the line reaches the edges
    labels, logits = _padded(labels), _padded(logits)
    rows, columns = labels.shape
    dots = np.zeros((2 * rows, 2 * columns), bool)
    # coordinates in dots; the centre of the first pixel is at (1, 1)
    across_at, across = _crossings(labels, logits)
    down_at, down = _crossings(labels.T, logits.transpose(0, 2, 1))
    down_at = down_at[:, ::-1]
    places = np.concatenate([1 + 2 * across_at, 1 + 2 * down_at]).astype(np.float64)
    places[: len(across), 1] += 2 * across
    places[len(across) :, 0] += 2 * down
    if not len(places):
        return dots[2:-2, 2:-2]
    # each place is on the edge of two squares between four pixels; in each, it is joined to the middle
    beside = np.concatenate([across_at - (1, 0), down_at - (0, 1)])
    squares = np.concatenate([np.concatenate([across_at, down_at]), beside])
    ends = np.concatenate([places, places])
    inside = ((squares >= 0) & (squares < (rows - 1, columns - 1))).all(axis=1)
    ends, squares = ends[inside], squares[inside]
    number = squares[:, 0] * (columns - 1) + squares[:, 1]
    count = np.bincount(number)
    middles = np.stack([np.bincount(number, ends[:, axis]) for axis in (0, 1)], axis=1)[number]
    middles = middles / count[number, None]
    points = ends[:, None] + (middles - ends)[:, None] * PARTS[:, None]
    found = np.concatenate([places, points.reshape(-1, 2)]).astype(np.int64)
    dots[found[:, 0].clip(0, 2 * rows - 1), found[:, 1].clip(0, 2 * columns - 1)] = True
    return dots[2:-2, 2:-2]


def _padded(pixels: np.ndarray) -> np.ndarray:
    """Return the pixels with the outermost ones repeated; `numpy.pad` takes ten times as long."""
    rows, columns = pixels.shape[-2:]
    wide = np.empty((*pixels.shape[:-2], rows + 2, columns + 2), pixels.dtype)
    wide[..., 1:-1, 1:-1] = pixels
    wide[..., [0, -1], 1:-1] = pixels[..., [0, -1], :]
    wide[..., [0, -1]] = wide[..., [1, -2]]
    return wide


def _crossings(labels: Labels, logits: Array) -> tuple[Labels, Array]:
    """Return (places, 2) pixels left of the line, and its distance from them, from 0 to 1."""
    at = np.argwhere(labels[:, :-1] != labels[:, 1:])
    left, right = (at[:, 0], at[:, 1]), (at[:, 0], at[:, 1] + 1)
    if len(logits) == 1:
        here, there = (np.abs(logits[0][each]).astype(np.float64) for each in (left, right))
    else:
        one, other = labels[left], labels[right]
        here = (logits[one, *left] - logits[other, *left]).astype(np.float64)
        there = (logits[other, *right] - logits[one, *right]).astype(np.float64)
    with np.errstate(all="ignore"):
        share = here / (here + there)
    return at, np.where(np.isfinite(share), share, 0.5).clip(0, 1)


class BoundaryLine:
    """The line of a map; while the network learns it follows only changes that are visible.

    It is computed when a pixel changes its class, and each cell stays as it is until the line has moved
    there by more than a dot: to follow noise would cost bytes and time. At rest it is exact.
    """

    def __init__(self) -> None:
        self._labels: Labels = np.zeros((0, 0), np.int64)
        self.dots: np.ndarray = np.zeros((0, 0), bool)
        self._rows: Labels = np.zeros(0, np.int64)
        self._columns = self._rows
        self._glyphs: np.ndarray = np.zeros(0, "<U1")

    def update(self, labels: Labels, logits: Array, *, exact: bool) -> None:
        """Compute the line if needed; the arguments are those of `boundary_dots`."""
        if not exact and np.array_equal(labels, self._labels):
            return
        self._labels = labels.copy()
        self.move(boundary_dots(labels, logits), exact=exact)

    def move(self, dots: np.ndarray, *, exact: bool) -> None:
        """Show these dots, except in cells where they hardly differ from those before."""
        held = self.dots
        if not exact and held.shape == dots.shape:
            moved = bits_of_dots((dots & ~_widened(held)) | (held & ~_widened(dots))) > 0
            dots = np.where(moved.repeat(4, axis=0).repeat(2, axis=1), dots, held)
        self.dots = dots
        self._rows, self._columns, self._glyphs = cells_of_dots(dots)

    def draw(self, cells: Cells, left: int, levels: Labels, colours: tuple[str, ...]) -> None:
        """Draw the line over a map.

        Args:
            cells: panel with the map in its first rows.
            left: first column of the map.
            levels: (rows, columns) of pixels, indices into the colours.
            colours: as `map_colours` returns them.
        """
        rows, columns = self._rows, self._columns
        cells.glyphs[rows, left + columns] = self._glyphs
        # a cell with dots has one background: the mean of both pixels
        papers = _mean_levels(levels[2 * rows, columns], levels[2 * rows + 1, columns])
        cells.inks[rows, left + columns] = inks_on(BOUNDARY, colours)[papers]


@cache
def inks_on(line: str, colours: tuple[str, ...]) -> Labels:
    """Return the ink of a line on each background."""
    return np.array([ink(line, colour) for colour in colours], np.int64)


def _widened(dots: np.ndarray) -> np.ndarray:
    wide = dots.copy()
    wide[1:] |= dots[:-1]
    wide[:-1] |= dots[1:]
    wider = wide.copy()
    wider[:, 1:] |= wide[:, :-1]
    wider[:, :-1] |= wide[:, 1:]
    return wider


def _mean_levels(upper: Labels, lower: Labels) -> Labels:
    """Return the level between two of a map, and less certain where their classes differ."""
    steps = [np.where(each > 0, (each - 1) % STEPS + 1, 0) for each in (upper, lower)]
    of_class = [(each - 1) // STEPS for each in (upper, lower)]
    same = (of_class[0] == of_class[1]) | (steps[0] == 0) | (steps[1] == 0)
    mean = np.where(same, steps[0] + steps[1], np.minimum(*steps)) // 2
    label = np.where(steps[0] >= steps[1], *of_class)
    return np.asarray(np.where(mean > 0, 1 + label * STEPS + mean - 1, 0), np.int64)
