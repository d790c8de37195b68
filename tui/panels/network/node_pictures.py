"""Pictures in the nodes of the network panel: maps, curves, or mean outputs per class."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import evenly_spaced
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row
from tui.drawing.palette import (
    BACKGROUND,
    BRIGHT,
    DIM,
    DIVERGING,
    TEXT,
    UNCERTAIN,
    class_fields,
    class_marker,
    class_point,
    ink,
)
from tui.panels.colour_scales import FittedScale, NumberScale, OutputScale
from tui.panels.network.drawing import MOST_SAMPLES, largest_inputs, predicted
from tui.panels.network.layout import NodeShape
from tui.panels.unit_maps.pictures import UnitGrid, draw_values, has_curves

if TYPE_CHECKING:
    from core.analysis.planes import PlaneChoice
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.drawing.cells import Cells
    from tui.panels.network.layout import NetworkLayout, NodeColumn
    from tui.run_model import RunModel

PARTS: Final = 5
"""Groups of the samples of a regression, by their targets."""
WIDEST_STRIP: Final = 26
BLANK: Final = -1
"""Level of pixels that are not painted."""


class PictureKind(Enum):
    """Content of the pictures."""

    MAP = "output over the plane"
    CURVE = "output over the feature"
    MEANS = "mean output per class"

    @classmethod
    def of(cls, data: DataSplit, plane: PlaneChoice) -> PictureKind:
        """Return the kind of pictures for these data.

        Principal components of many features say little about a unit, unlike its means.
        """
        if has_curves(data):
            return cls.CURVE
        chosen = len(data.feature_names) == 2 or plane.across is not None
        return cls.MAP if chosen and data.preparation.text is None else cls.MEANS


class GroupMeans:
    """Mean output of each unit for each class, or for each fifth of the values of a target.

    Attributes:
        count: number of groups.
    """

    def __init__(self, network: Network, data: DataSplit, target: int) -> None:
        self._key = network, data, target
        groups = _samples_of_groups(data, target)
        self.count = len(groups)
        order = np.concatenate(groups)
        sizes = [len(group) for group in groups]
        of_sample = np.repeat(np.arange(self.count), sizes)
        with np.errstate(invalid="ignore"):  # a group without samples has no mean
            shares = (of_sample[:, None] == np.arange(self.count)) / np.array(sizes, np.float64)
        self._shares: Array = shares
        x = data.x_train[order]
        self._inputs = x.T @ self._shares
        self._loss = network.loss
        self._passes = ForwardPasses(network, len(x))
        self._calls = [*network.fold_calls, *self._passes.calls(with_bias_row(x, network.dtype))]

    def shows(self, network: Network, data: DataSplit, target: int) -> bool:
        """Return whether the means were computed for these arguments."""
        return self._key[0] is network and self._key[1] is data and self._key[2] == target

    def refresh(self) -> list[Array]:
        """Return (units, groups) means per layer, inputs first, probabilities last.

        The mean of a group without samples is NaN.
        """
        with np.errstate(all="ignore"):
            run(self._calls)
            last = predicted(self._loss, self._passes.logits)
            hidden = [each.values @ self._shares for each in self._passes.layers[:-1]]
            return [self._inputs, *hidden, last @ self._shares]


def _samples_of_groups(data: DataSplit, target: int) -> list[Labels]:
    """Return the training samples of each group: a rare class would have none among all samples."""
    if data.has_classes:
        labels = range(max(1, len(data.class_names)))
        groups = [np.flatnonzero(data.y_train == label) for label in labels]
    else:
        order = np.argsort(data.y_train[:, target], kind="stable")
        parts = np.arange(len(order)) * PARTS // max(1, len(order))
        groups = [order[parts == part] for part in range(PARTS)]
    most = max(1, MOST_SAMPLES // len(groups))
    return [group[evenly_spaced(len(group), most)] for group in groups]


class NodePictures:
    """Computes and draws the pictures of all nodes."""

    def __init__(self, run: RunModel) -> None:
        self._run = run
        self._grid: UnitGrid | None = None
        self._means: GroupMeans | None = None
        self._fitted: dict[int, FittedScale] = {}
        self._largest: tuple[DataSplit | None, Array] = None, np.empty(0)

    def draw(
        self,
        cells: Cells,
        layout: NetworkLayout,
        kind: PictureKind,
        plane: PlaneChoice,
        target: int,
        cursor: tuple[int, int] | None,
    ) -> None:
        """Draw the pictures, and the numbers of hidden units.

        Args:
            cells: target of the drawing.
            layout: positions of the nodes.
            kind: what the pictures show.
            plane: plane of maps.
            target: target that divides the samples of a regression into groups.
            cursor: layer, 0 for the first hidden one, and selected unit, or None.
        """
        network, data, shape = self._run.network, self._run.data, layout.shape
        if network is None or data is None or shape is None:
            return
        values = self._values(network, data, kind, plane, target, shape)
        if kind is PictureKind.MEANS:
            self._draw_header(cells, layout, data)
        for layer, column in enumerate(layout.columns):
            selected = cursor[1] if cursor is not None and cursor[0] == layer - 1 else None
            pictures = self._pictures(network, data, layer, values[layer], column.units)
            if kind is PictureKind.CURVE:
                rows = shape.height // 2
                for (numbers, scale, _), top in zip(pictures, column.tops, strict=True):
                    picture = draw_values(numbers, shape.width, rows, scale)
                    cells.place(top // 2, column.left, picture)
            else:
                paint_pixels(
                    cells,
                    column,
                    [
                        (_pixels(np.where(np.isnan(numbers), BLANK, levels), shape), scale.colours)
                        if kind is PictureKind.MEANS
                        else (_pixels(levels, shape), scale.colours)
                        for numbers, scale, levels in pictures
                    ],
                    None if shape.aligned or not shape.gap else selected,
                )
            if selected is not None and (shape.aligned or not shape.gap):
                _draw_sides(cells, column, selected)
            if 0 < layer < len(layout.columns) - 1:
                _draw_numbers(cells, column, selected)

    # --- values and colours

    def _values(
        self,
        network: Network,
        data: DataSplit,
        kind: PictureKind,
        plane: PlaneChoice,
        target: int,
        shape: NodeShape,
    ) -> list[Array]:
        """Return the (units, points) values of each layer, the inputs first."""
        if kind is PictureKind.MEANS:
            if self._means is None or not self._means.shows(network, data, target):
                self._means = GroupMeans(network, data, target)
            return self._means.refresh()
        extent = shape.width, shape.height // 2
        if self._grid is None or not self._grid.shows(network, data, plane, *extent):
            self._grid = UnitGrid(network, data, plane, *extent)
        grid = self._grid
        grid.refresh()
        with np.errstate(all="ignore"):
            return [grid.inputs, *grid.outputs[:-1], predicted(network.loss, grid.outputs[-1])]

    def _pictures(
        self, network: Network, data: DataSplit, layer: int, values: Array, units: tuple[int, ...]
    ) -> list[tuple[Array, OutputScale, Labels]]:
        """Return the values, the scale and the levels of the pictures of some units."""
        if layer == 0:
            scales = self._input_scales(data)
            return [
                (values[unit], scales[unit], scales[unit].levels(values[unit])) for unit in units
            ]
        if layer < len(network.sizes) - 1:
            fitted = self._fitted.setdefault(layer, FittedScale(self._run))
            scale = fitted.fit(network.layers[layer - 1].activation, values)
            levels = scale.levels(values)
            return [(values[unit], scale, levels[unit]) for unit in units]
        pictures = []
        for unit in units:
            scale = _output_scale(data, unit, len(values))
            levels = scale.levels(values[unit])
            pictures.append((values[unit], scale, levels))
        return pictures

    def _input_scales(self, data: DataSplit) -> list[OutputScale]:
        if self._largest[0] is not data:
            self._largest = data, largest_inputs(data)
        return [OutputScale(DIVERGING, -each, each) for each in self._largest[1].tolist()]

    # --- drawing

    def _draw_header(self, cells: Cells, layout: NetworkLayout, data: DataSplit) -> None:
        """Write the markers of the classes above the strips of each layer."""
        for column in layout.columns:
            if not data.has_classes:
                words = "low → high" if column.width >= 10 else "lo→hi"
                cells.write(0, column.left, words, ink(DIM))
                continue
            count = max(1, len(data.class_names))
            wide = column.width // count
            for label in range(count):
                cells.write(0, column.left + label * wide + (wide - 1) // 2, *class_marker(label))


def strip_shapes(data: DataSplit, *, halves: bool) -> list[NodeShape]:
    """Return the possible shapes of strips, with one to three columns per class, largest first."""
    count = len(data.class_names) if data.has_classes else PARTS
    widths = [count * wide for wide in (3, 2, 1) if count * wide <= WIDEST_STRIP]
    sizes = ((4, 1), (2, 1), (2, 0)) if halves else ((4, 0), (2, 0))
    return [
        NodeShape(wide, tall, gap, 1, aligned=not halves) for tall, gap in sizes for wide in widths
    ]


def _output_scale(data: DataSplit, unit: int, outputs: int) -> OutputScale:
    if not data.has_classes:
        own, (shift, factor) = NumberScale.of(data, unit), data.preparation.target_units(unit)
        return OutputScale(own.colours, (own.low - shift) / factor, (own.high - shift) / factor)
    label = unit if outputs > 1 else 1
    return OutputScale((UNCERTAIN, *class_fields(label)), 0.0, 1.0, class_point(label))


def _pixels(levels: Labels, shape: NodeShape) -> Labels:
    if len(levels) == shape.width * shape.height:
        return levels.reshape(shape.height, shape.width)
    wide = shape.width // len(levels)
    return levels.repeat(wide)[None, :].repeat(shape.height, axis=0)


def paint_pixels(
    cells: Cells,
    column: NodeColumn,
    pictures: list[tuple[Labels, tuple[str, ...]]],
    framed: int | None,
) -> None:
    """Draw pictures, which may start in the middle of a row, and a frame around one of them."""
    roles = {BACKGROUND: 0, BRIGHT: 1}
    # a row and a column more on each side for the frame
    field = np.zeros((2 * cells.height + 2, column.width + 2), np.int64)
    for unit, top, (levels, colours) in zip(column.units, column.tops, pictures, strict=True):
        bottom, right = top + 1 + column.height, 1 + column.width
        if unit == framed:
            field[top : bottom + 1, :] = roles[BRIGHT]
        known = np.array([roles.setdefault(each, len(roles)) for each in (*colours, BACKGROUND)])
        part = field[top + 1 : bottom, 1:right]
        part[:] = known[levels][: len(part)]
    first = 0 if column.before else 1
    part = field[1:-1, first : 1 + column.width + column.after]
    left = column.left - 1 + first
    part = part[:, : max(0, cells.width - left)]
    upper, lower = part[::2], part[1::2]
    drawn = (upper > 0) | (lower > 0)
    area = slice(0, cells.height), slice(left, left + part.shape[1])
    # a frame above a picture is the background: as foreground, its colour would be adapted for contrast
    below = (upper == roles[BRIGHT]) & (lower > roles[BRIGHT])
    over, under = np.where(below, lower, upper), np.where(below, upper, lower)
    names = list(roles)
    pairs, which = np.unique(over * len(names) + under, return_inverse=True)
    inks = np.array([ink(names[pair // len(names)], names[pair % len(names)]) for pair in pairs])
    glyphs = np.where(upper == lower, " ", np.where(below, "▄", "▀"))
    cells.inks[area][drawn] = inks[which.reshape(upper.shape)][drawn]
    cells.glyphs[area][drawn] = glyphs[drawn]


def _draw_sides(cells: Cells, column: NodeColumn, unit: int) -> None:
    """Draw bars on both sides of a node that has no room for a frame."""
    if unit not in column.units:
        return
    top = column.top_of(unit) // 2
    for row in range(top, top + max(1, column.height // 2)):
        cells.write(row, column.left - 1, "▐", ink(BRIGHT, bold=True))
        cells.write(row, column.left + column.width, "▌", ink(BRIGHT, bold=True))


def _draw_numbers(cells: Cells, column: NodeColumn, selected: int | None) -> None:
    """Write the number of each unit at the upper left of its picture."""
    for unit, top, middle in zip(column.units, column.tops, column.rows, strict=True):
        # the bias is in the middle row
        end = column.end if top // 2 == middle else column.left - 1
        number = ink(BRIGHT, bold=True) if unit == selected else ink(TEXT)
        cells.write_right(top // 2, end, str(unit + 1), number)
