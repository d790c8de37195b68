"""The maps panel: what every hidden unit gives over the plane of the boundary, in small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.calls import run
from core.inspection import quantize
from core.network import ForwardPasses, columns
from core.planes import Plane, Window
from tui import numbers
from tui.braille import draw_line
from tui.cells import Cells, cut
from tui.curves import nice_ceiling
from tui.palette import (
    ACCENT,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIM,
    DIVERGING,
    FAINT,
    SEQUENTIAL,
    TEXT,
    TRAIN_MARKERS,
    UNCERTAIN,
    ink,
)
from tui.panels.map_drawing import half_blocks
from tui.panels.number_scale import NumberScale
from tui.panels.panel import Panel, ViewOptions, Words, message

if TYPE_CHECKING:
    from core.activations import Activation
    from core.arrays import Array, Labels
    from core.datasets import TrainTest
    from core.network import Network
    from core.planes import PlaneChoice
    from tui.session import Session

SECONDS_BETWEEN: Final = 0.2
SHARE_OF_TIME: Final = 0.1
"""How much of the time it draws at most, however many units there are."""
LEAST_WIDTH, LEAST_HEIGHT = 8, 4
"""Cells of the smallest picture."""
MARGIN: Final = 0.08
"""Of a curve: how much of the range is shown beside the samples."""


@dataclass(frozen=True)
class Layout:
    """Where the pictures stand.

    Attributes:
        width, height: cells of a picture; a line with its label stands above it.
        across: pictures in a row.
        down: rows for which there is room.
        rows: per row the layer and the units; the last layer is that of the outputs.
    """

    width: int
    height: int
    across: int
    down: int
    rows: tuple[tuple[int, range], ...]

    @classmethod
    def of(cls, hidden: tuple[int, ...], outputs: int, width: int, height: int) -> Layout:
        """Return the layout with the largest pictures that shows all units, or else the smallest.

        Args:
            hidden: units of each hidden layer.
            outputs: pictures of outputs, shown where there is room for them too.
            width: of the block.
            height: of the block.
        """
        for layers in ((*hidden, outputs), hidden):
            best: Layout | None = None
            for across in range(1, max(1, (width + 1) // (LEAST_WIDTH + 1)) + 1):
                rows = _rows(layers, across)
                wide, high = (width + 1) // across - 1, height // len(rows) - 1
                # a picture is not far from square; a cell is twice as high as it is wide
                wide, high = min(wide, 3 * high), min(high, 3 * wide // 4)
                if wide < LEAST_WIDTH or high < LEAST_HEIGHT:
                    continue
                if best is None or wide * high > best.width * best.height:
                    best = cls(wide, high, across, len(rows), rows)
            if best is not None:
                return best
        across = max(1, (width + 1) // (LEAST_WIDTH + 1))
        down = max(1, height // (LEAST_HEIGHT + 1))
        wide, high = max(1, (width + 1) // across - 1), max(1, height // down - 1)
        wide, high = min(wide, 3 * high), min(high, max(1, 3 * wide // 4))
        return cls(wide, high, across, down, _rows(hidden, across))


def _rows(layers: tuple[int, ...], across: int) -> tuple[tuple[int, range], ...]:
    """Return the rows of pictures; each layer begins a new one."""
    return tuple(
        (layer, range(first, min(units, first + across)))
        for layer, units in enumerate(layers)
        for first in range(0, units, across)
    )


class Grid:
    """The network over the points of one small picture, every unit's output at once.

    Attributes:
        outputs: per layer (units, points), row by row from the top left; the last are logits.
    """

    def __init__(
        self, network: Network, data: TrainTest, plane: PlaneChoice, width: int, height: int
    ) -> None:
        self._key = network, data, plane, width, height
        features = data.preparation.features
        if has_curves(data):
            x = features(data.x_train)[:, 0]
            low, high = float(x.min()), float(x.max())
            margin = MARGIN * (high - low) or 1.0
            points: Array = np.linspace(low - margin, high + margin, 2 * width)[:, None]
        else:
            through = Plane.through(data, plane)
            both = [data.x_train] if data.shared else [data.x_train, data.x_test]
            everything = np.concatenate([through.coordinates(features(x)) for x in both])
            points = through.features(Window.around(everything, width, 2 * height).points())
        inputs = data.preparation.inputs(points)
        self._passes = ForwardPasses(network, len(points))
        self._calls = [*network.fold_calls, *self._passes.calls(columns(inputs, network.dtype))]
        self.outputs = [each.values for each in self._passes.layers]

    def shows(
        self, network: Network, data: TrainTest, plane: PlaneChoice, width: int, height: int
    ) -> bool:
        """Whether this is the grid of these."""
        mine = self._key
        return mine[0] is network and mine[1] is data and mine[2:] == (plane, width, height)

    def refresh(self) -> None:
        """Compute everything with the network's parameters as they are."""
        with np.errstate(all="ignore"):
            run(self._calls)


class MapsPanel(Panel):
    """A picture of each unit's output over the plane of the map, layer by layer."""

    number, label, key = 11, "maps", "U"
    title_first = True
    about = (
        "what each hidden unit gives over the plane of the map; "
        "↑ ↓ scroll, w the weights of a picture's pixels"
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_maps(-1)", show=False),
        Binding("down", "scroll_maps(1)", show=False),
        Binding("w", "switch_weights", show=False),
    ]

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._grid: Grid | None = None
        self._first = 0
        self._weights = False
        self._followed: tuple[int, int] | None = None
        self._visible = ""
        self._scale_words: Words = []
        self._drawn = Cells(0, 0)
        self._drawn_at = 0.0
        self._drawn_key: tuple[object, ...] = ()
        self._pace = SECONDS_BETWEEN

    def action_scroll_maps(self, by: int) -> None:
        """Show other rows of pictures, where there are more than fit."""
        self._first = max(0, self._first + by)
        self.redraw()

    def action_switch_weights(self) -> None:
        """Switch the first layer between its maps and its weights, for pictures."""
        if self._image is not None:
            self._weights = not self._weights
            self.redraw()

    def redraw(self) -> None:
        """Draw anew at once, however lately that was done."""
        self._drawn_at = 0.0
        self.repaint()

    def title(self) -> Words:
        if not self._visible:
            return []
        words = [(f"{self._visible} ", ink(TEXT))]
        if self._image is not None:
            words.append((f"· w {'maps' if self._weights else 'weights'} ", ink(DIM)))
        return words

    def corner(self) -> Words:
        return self._scale_words

    def body(self, width: int, height: int) -> Cells:
        network, data = self.session.network, self.session.data
        if not self.session.config.hidden:
            self._forget()
            return message(width, height, "There is no hidden layer: no unit has a map of its own.")
        if network is None or data is None or not len(self.session.timeline):
            self._forget()
            return message(width, height, "What each hidden unit gives at each place of the plane.")
        options = self.options
        begun = monotonic()
        cursor = (options.cursor.layer, options.cursor.unit) if options.inspecting else None
        key = (network, data, options.plane, options.target, cursor, width, height)
        fresh = begun - self._drawn_at < self._pace and not self.session.at_rest
        if fresh and key == self._drawn_key:
            return self._drawn
        self._drawn = self._draw_maps(network, data, cursor, width, height)
        self._drawn_at, self._drawn_key = monotonic(), key
        self._pace = max(SECONDS_BETWEEN, (self._drawn_at - begun) / SHARE_OF_TIME)
        return self._drawn

    @property
    def _image(self) -> tuple[int, int] | None:
        """The rows and columns of pixels of which the first layer's inputs are, if they are."""
        data, network = self.session.data, self.session.network
        if data is None or network is None or data.preparation.image is None:
            return None
        rows, across = data.preparation.image
        return (rows, across) if 0 < rows * across <= network.sizes[0] else None

    def _forget(self) -> None:
        self._visible, self._scale_words, self._drawn_key = "", [], ()

    def _draw_maps(
        self,
        network: Network,
        data: TrainTest,
        cursor: tuple[int, int] | None,
        width: int,
        height: int,
    ) -> Cells:
        hidden = network.sizes[1:-1]
        layout = Layout.of(hidden, _output_pictures(network), width, height)
        self._scroll(layout, cursor)
        grid, plane = self._grid, self.options.plane
        if grid is None or not grid.shows(network, data, plane, layout.width, layout.height):
            grid = self._grid = Grid(network, data, plane, layout.width, layout.height)
        grid.refresh()
        cells = Cells(width, height)
        scales: dict[int, Scale] = {}
        probabilities: Array | None = None
        visible = layout.rows[self._first : self._first + layout.down]
        for row, (layer, units) in enumerate(visible):
            top = row * (layout.height + 1)
            of_outputs = layer == len(hidden)
            if of_outputs and probabilities is None:
                probabilities = network.loss.probabilities(grid.outputs[-1])
            if not of_outputs and layer not in scales:
                scales[layer] = Scale.of(network.layers[layer].activation, grid.outputs[layer])
            for place, unit in enumerate(units):
                left = place * (layout.width + 1)
                label = f"{layer + 1}.{unit + 1}"
                if of_outputs and probabilities is not None:
                    at = unit if len(probabilities) == _output_pictures(network) else 1
                    is_cursor = (layer, unit) == cursor
                    self._output(cells, top, left, layout, data, probabilities[at], at, is_cursor)
                    continue
                if layer == 0 and self._weights and self._image is not None:
                    weights = network.weights[0][:, unit]
                    picture = weights_picture(weights, self._image, layout.width, layout.height)
                else:
                    picture = draw_values(grid.outputs[layer][unit], layout, scales[layer])
                cells.place(top + 1, left, picture)
                _write_label(cells, top, left, layout.width, label, (layer, unit) == cursor)
        self._tell(visible, hidden, scales)
        return cells

    def _scroll(self, layout: Layout, cursor: tuple[int, int] | None) -> None:
        """Keep the rows that are shown within what there is, and the cursor's among them."""
        if cursor is not None and cursor != self._followed:
            for row, (layer, units) in enumerate(layout.rows):
                if layer == cursor[0] and cursor[1] in units:
                    self._first = min(self._first, row)
                    self._first = max(self._first, row - layout.down + 1)
        self._followed = cursor
        self._first = max(0, min(self._first, len(layout.rows) - layout.down))

    def _output(
        self,
        cells: Cells,
        top: int,
        left: int,
        layout: Layout,
        data: TrainTest,
        values: Array,
        unit: int,
        is_cursor: bool,
    ) -> None:
        """Draw the probability of a class, or a predicted number, and its name."""
        named = ink(ACCENT, bold=True) if is_cursor else ink(TEXT)
        if data.has_classes:
            field = CLASS_FIELDS[unit % len(CLASS_FIELDS)]
            scale = Scale((UNCERTAIN, *field), 0.0, 1.0, CLASS_POINTS[unit % len(CLASS_POINTS)])
            marker, name = TRAIN_MARKERS[unit % len(TRAIN_MARKERS)], data.class_names[unit]
            cells.write(top, left, marker, ink(scale.line))
            cells.write(top, left + 2, cut(name, layout.width - 2), named)
        else:
            own, (shift, factor) = NumberScale.of(data, unit), data.preparation.target_units(unit)
            low, high = (own.low - shift) / factor, (own.high - shift) / factor
            scale = Scale(own.colours, low, high)
            cells.write(top, left, cut(data.target_names[unit], layout.width), named)
        cells.place(top + 1, left, draw_values(values, layout, scale))

    def _tell(
        self,
        visible: tuple[tuple[int, range], ...],
        hidden: tuple[int, ...],
        scales: dict[int, Scale],
    ) -> None:
        shown = sum(len(units) for layer, units in visible if layer < len(hidden))
        count = sum(hidden)
        units = f"{count} unit{'s' * (count > 1)}"
        self._visible = units if shown == count else f"{shown} of {units} (↑ ↓)"
        self._scale_words = []
        if scales and self.session.data is not None and not has_curves(self.session.data):
            first = next(iter(scales.values()))
            alike = len({(each.colours, each.low, each.high) for each in scales.values()}) == 1
            ends = (numbers.short(first.low), numbers.short(first.high)) if alike else ("−", "+")
            blocks: Words = [(" ", ink(background=colour)) for colour in first.colours]
            self._scale_words = [(f" {ends[0]} ", ink(TEXT)), *blocks, (f" {ends[1]} ", ink(TEXT))]


@dataclass(frozen=True)
class Scale:
    """Colours from the lowest to the highest value of a layer's units.

    Attributes:
        line: the colour of a curve.
    """

    colours: tuple[str, ...]
    low: float
    high: float
    line: str = ACCENT

    @classmethod
    def of(cls, activation: Activation, values: Array) -> Scale:
        """Return the scale of an activation that gives these values: by steps, so that it stays."""
        high = 1.0
        if not activation.saturates:
            sizes = np.abs(values)
            largest = float(sizes.max(initial=0.1, where=np.isfinite(sizes)))
            high = nice_ceiling(min(largest, 1e30))
        if activation.scale in {"diverging", "unbounded"}:
            return cls(DIVERGING, -high, high)
        return cls(SEQUENTIAL, 0.0, high)

    def levels(self, values: Array) -> Labels:
        """Return the number of the colour of each value."""
        return quantize(values, len(self.colours), self.low, self.high)


def has_curves(data: TrainTest) -> bool:
    """Whether there is one feature, along which a curve says it all."""
    return len(data.feature_names) == 1 and data.preparation.text is None


def draw_values(values: Array, layout: Layout, scale: Scale) -> Cells:
    """Return a unit's picture: of (points,) of a grid, or the curve of them along one feature."""
    width, height = layout.width, layout.height
    if len(values) == 2 * width * height and height > 0:
        return half_blocks(scale.levels(values).reshape(2 * height, width), scale.colours)
    cells = Cells(width, height)
    # the zero line, and a little room so that a saturated unit is seen
    span = (scale.high - scale.low) or 1.0
    heights = 0.04 + 0.92 * (np.asarray(values, np.float64) - scale.low) / span
    cells.inks[:, :] = ink(TEXT, "#1c1c1c")
    if scale.low < 0 < scale.high:
        zero = min(height - 1, int((1 - (0.04 + 0.92 * -scale.low / span)) * height))
        cells.glyphs[zero, :] = "─"
        cells.inks[zero, :] = ink(FAINT, "#1c1c1c")
    draw_line(cells, 0, 0, heights, height, ink(scale.line, "#1c1c1c", bold=True))
    return cells


def weights_picture(weights: Array, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return the (inputs,) weights of a unit as the picture of pixels to which they belong."""
    rows, across = image
    values = np.asarray(weights[: rows * across], np.float64).reshape(image)
    largest = float(np.abs(values).max(initial=0.0, where=np.isfinite(values))) or 1.0
    levels = quantize(values, len(DIVERGING), -largest, largest)
    # all pixels of one size where that fits
    size = min(2 * height // rows, width // across)
    whole = size > 0 and size * rows % 2 == 0
    tall, wide = (size * rows, size * across) if whole else (2 * height, width)
    down, right = np.arange(tall) * rows // tall, np.arange(wide) * across // wide
    return half_blocks(levels[down][:, right], DIVERGING)


def _output_pictures(network: Network) -> int:
    """Return how many outputs have a picture: of two classes told by one output, the second."""
    return network.sizes[-1]


def _write_label(
    cells: Cells, row: int, column: int, width: int, label: str, is_cursor: bool
) -> None:
    if is_cursor:
        text = f"▐{label}▌".ljust(width, "─")
        cells.write(row, column, text[:width], ink(ACCENT, bold=True))
    else:
        cells.write(row, column, cut(label, width), ink(DIM))
