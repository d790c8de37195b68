"""The maps panel: a small map of each hidden unit over the plane of the boundary panel."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.drawing import number_format
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import (
    ACCENT,
    DIM,
    TEXT,
    UNCERTAIN,
    class_fields,
    class_marker,
    class_point,
    ink,
    sample_of,
)
from tui.panels.colour_scales import NumberScale, OutputScale
from tui.panels.explanation import Explanation, activation_formulas
from tui.panels.panel import Panel, StyledText, centred_text
from tui.panels.pixels import draw_signed
from tui.panels.unit_maps.pictures import (
    MapsLayout,
    UnitGrid,
    draw_values,
    has_curves,
)

if TYPE_CHECKING:
    from textual import events

    from core.arrays import Array
    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel


SCALE_WIDTH = 9
"""Columns of the colour scale in the title."""


class UnitMapsPanel(Panel):
    """Picture of each unit's output over the plane, layer by layer."""

    key, label = "U", "maps"
    title_has_priority, redraw_interval = True, 0.2
    summary = (
        "output of each hidden unit on the plane of the boundary panel; ↑ ↓ scroll, w shows the "
        "weights of the pixels of images"
    )
    placeholder = "The output of each hidden unit at each point of the plane."
    hints: ClassVar = {"w": "pixel weights"}

    footer = (("w", "weights"), ("↑ ↓", "scroll"))

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_maps(-1)", show=False),
        Binding("down", "scroll_maps(1)", show=False),
        Binding("w", "switch_weights", show=False),
    ]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._grid: UnitGrid | None = None
        self._layout: MapsLayout | None = None
        self._first = 0
        self._weights = False
        self._followed: tuple[int, int] | None = None
        self._visible = ""
        self._scale_words: StyledText = []

    def explanation(self) -> Explanation:
        return Explanation(
            "Small map of each hidden unit: its output at each point of the plane of the boundary "
            "panel, layer by layer.",
            "units of the first layer see one straight edge each; later layers combine edges into "
            "corners, stripes and islands, and the outputs combine these into classes. A map of one "
            "colour is a unit that contributes nothing here; of two similar ones, one is redundant.",
            f"a = f(w·x + b) at each pixel x, {activation_formulas(self.run, most=1)}",
            "↑ ↓ scroll · click to inspect a unit · w for images: weights of pixels · p P planes",
        )

    def action_scroll_maps(self, by: int) -> None:
        """Scroll through the rows of pictures if not all fit."""
        self._first = max(0, self._first + by)
        self.redraw()

    def action_switch_weights(self) -> None:
        """Switch the first layer between maps and weights of pixels, for images."""
        if self._image is not None:
            self._weights = not self._weights
            self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Select the unit whose picture was clicked."""
        if self._layout is None or self.run.current is None:
            return
        found = self._layout.unit_at(event.y - 1, event.x - 1, self._first)
        if found is not None:
            layer, unit = found
            self.post_message(
                self.CursorMoved(replace(self.options.cursor, layer=layer, unit=unit))
            )

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.action_scroll_maps(1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.action_scroll_maps(-1)

    def title(self) -> StyledText:
        if not self._visible:
            return []
        words = [(f"{self._visible} ", ink(TEXT))]
        if self._image is not None:
            words.append((f"· w {'maps' if self._weights else 'weights'} ", ink(DIM)))
        return words

    def title_right(self) -> StyledText:
        return self._scale_words

    def view_state(self) -> tuple[object, ...]:
        return (self.options.plane, self.options.target, self._cursor)

    @property
    def _cursor(self) -> tuple[int, int] | None:
        options = self.options
        return (options.cursor.layer, options.cursor.unit) if options.inspecting else None

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        if not self.run.config.hidden:
            self._visible, self._scale_words, self._layout = "", [], None
            return centred_text(
                width, height, "This network has no hidden layer, and therefore no unit maps."
            )
        return self._draw_maps(network, data, self._cursor, width, height)

    @property
    def _image(self) -> tuple[int, int] | None:
        """Rows and columns of the image whose pixels are the inputs, or None."""
        data, network = self.run.data, self.run.network
        if data is None or network is None or data.preparation.image is None:
            return None
        rows, across = data.preparation.image
        return (rows, across) if 0 < rows * across <= network.sizes[0] else None

    def _draw_maps(
        self,
        network: Network,
        data: DataSplit,
        cursor: tuple[int, int] | None,
        width: int,
        height: int,
    ) -> Cells:
        hidden = network.sizes[1:-1]
        layout = self._layout = MapsLayout.of(hidden, _output_pictures(network), width, height)
        self._scroll(layout, cursor)
        grid, plane = self._grid, self.options.plane
        if grid is None or not grid.shows(network, data, plane, layout.width, layout.height):
            grid = self._grid = UnitGrid(network, data, plane, layout.width, layout.height)
        grid.refresh()
        cells = Cells(width, height)
        scales: dict[int, OutputScale] = {}
        probabilities: Array | None = None
        visible = layout.rows[self._first : self._first + layout.down]
        for row, (layer, units) in enumerate(visible):
            top = row * (layout.height + 1)
            of_outputs = layer == len(hidden)
            if of_outputs and probabilities is None:
                probabilities = network.loss.probabilities(grid.outputs[-1])
            if not of_outputs and layer not in scales:
                scales[layer] = OutputScale.of(
                    network.layers[layer].activation, grid.outputs[layer]
                )
            for place, unit in enumerate(units):
                left = place * (layout.width + 1)
                label = f"{layer + 1}.{unit + 1}"
                if of_outputs and probabilities is not None:
                    at = unit if len(probabilities) == _output_pictures(network) else 1
                    is_cursor = (layer, unit) == cursor
                    self._output(cells, top, left, layout, data, probabilities[at], at, is_cursor)
                    continue
                if layer == 0 and self._weights and self._image is not None:
                    weights = network.weights[0][: prod(self._image), unit]
                    picture = draw_signed(weights, self._image, layout.width, layout.height)
                else:
                    picture = draw_values(
                        grid.outputs[layer][unit], layout.width, layout.height, scales[layer]
                    )
                cells.place(top + 1, left, picture)
                _write_label(cells, top, left, layout.width, label, (layer, unit) == cursor)
        self._update_border(visible, hidden, scales)
        return cells

    def _scroll(self, layout: MapsLayout, cursor: tuple[int, int] | None) -> None:
        """Clamp the scroll position, and scroll to the cursor when it moved."""
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
        layout: MapsLayout,
        data: DataSplit,
        values: Array,
        unit: int,
        is_cursor: bool,
    ) -> None:
        """Draw the probability of a class, or a predicted value, and its name."""
        named = ink(ACCENT, bold=True) if is_cursor else ink(TEXT)
        if data.has_classes:
            scale = OutputScale((UNCERTAIN, *class_fields(unit)), 0.0, 1.0, class_point(unit))
            cells.write(top, left, *class_marker(unit))
            cells.write(top, left + 2, cut(data.class_names[unit], layout.width - 2), named)
        else:
            own, (shift, factor) = NumberScale.of(data, unit), data.preparation.target_units(unit)
            low, high = (own.low - shift) / factor, (own.high - shift) / factor
            scale = OutputScale(own.colours, low, high)
            cells.write(top, left, cut(data.target_names[unit], layout.width), named)
        cells.place(top + 1, left, draw_values(values, layout.width, layout.height, scale))

    def _update_border(
        self,
        visible: tuple[tuple[int, range], ...],
        hidden: tuple[int, ...],
        scales: dict[int, OutputScale],
    ) -> None:
        shown = sum(len(units) for layer, units in visible if layer < len(hidden))
        count = sum(hidden)
        units = f"{count} unit{'s' * (count > 1)}"
        self._visible = units if shown == count else f"{shown} of {units} (↑ ↓)"
        self._scale_words = []
        if scales and self.run.data is not None and not has_curves(self.run.data):
            first = next(iter(scales.values()))
            alike = len({(each.colours, each.low, each.high) for each in scales.values()}) == 1
            ends = (
                (number_format.short(first.low), number_format.short(first.high))
                if alike
                else ("−", "+")
            )
            blocks: StyledText = [
                (" ", ink(background=colour)) for colour in sample_of(first.colours, SCALE_WIDTH)
            ]
            self._scale_words = [(f" {ends[0]} ", ink(TEXT)), *blocks, (f" {ends[1]} ", ink(TEXT))]


def _output_pictures(network: Network) -> int:
    """Return the number of pictures of outputs; a single output for two classes shows the second."""
    return network.sizes[-1]


def _write_label(
    cells: Cells, row: int, column: int, width: int, label: str, is_cursor: bool
) -> None:
    if is_cursor:
        text = f"▐{label}▌".ljust(width, "─")
        cells.write(row, column, text[:width], ink(ACCENT, bold=True))
    else:
        cells.write(row, column, cut(label, width), ink(DIM))
