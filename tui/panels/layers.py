"""The layers panel: how each layer fares, in numbers, for a person who wants to know why it stalls."""

from __future__ import annotations

from math import isfinite
from time import monotonic
from typing import TYPE_CHECKING, Final

from tui import numbers
from tui.cells import Cells
from tui.palette import DIM, TEXT, WARNING, ink
from tui.panels.panel import Panel, ViewOptions, message

if TYPE_CHECKING:
    from core.diagnostics import LayerDiagnostics
    from tui.session import Session

HEADINGS: Final = ("layer", "‖grad‖", "Δw/w", "dead", "satur.")
WIDTHS: Final = (13, 9, 9, 6, 7)
SECONDS_BETWEEN: Final = 0.5
"""Digits that change in every frame are hard to read, and many bytes."""
HEALTHY: Final = (1e-5, 1e-1)
"""Updates by weights outside of this are worth a look: about 1e-3 is usual."""


class LayersPanel(Panel):
    """A row for each layer: its gradient, its updates, and its units that learn no more."""

    number, label = 5, "layers"
    about = (
        "each layer's gradient norm, update-to-weight ratio, dead and saturated units (diagnostics)"
    )

    def __init__(self, session: Session, options: ViewOptions) -> None:
        super().__init__(session, options)
        self._drawn = Cells(0, 0)
        self._drawn_at = 0.0

    def body(self, width: int, height: int) -> Cells:
        layers = self.session.layers
        fresh = monotonic() - self._drawn_at < SECONDS_BETWEEN and not self.session.at_rest
        if fresh and (self._drawn.width, self._drawn.height) == (width, height):
            return self._drawn
        self._drawn_at = monotonic()
        self._drawn = self._draw_table(layers, width, height)
        return self._drawn

    def _draw_table(self, layers: tuple[LayerDiagnostics, ...], width: int, height: int) -> Cells:
        if not layers:
            return message(width, height, "How each layer fares, once an epoch is trained.")
        cells = Cells(width, height)
        self._row(cells, 0, HEADINGS, [DIM] * len(HEADINGS))
        activations = (*self.session.config.activations, "output")
        rows = height - 1
        hidden_rows = rows if len(layers) <= rows else rows - 1
        for number, (layer, name) in enumerate(zip(layers, activations, strict=False), 1):
            if number <= hidden_rows:
                self._row(cells, number, *_told(f"{number} {name}", layer))
        if hidden_rows < len(layers):
            more = f"… {len(layers) - hidden_rows} more (z enlarges)"
            cells.write(height - 1, 1, more[: width - 1], ink(DIM))
        return cells

    @staticmethod
    def _row(cells: Cells, row: int, values: tuple[str, ...], colours: list[str]) -> None:
        column = 1
        for at, (value, size, colour) in enumerate(zip(values, WIDTHS, colours, strict=True)):
            if column + size > cells.width:
                return
            text = value.ljust(size) if at == 0 else value.rjust(size)
            cells.write(row, column, text[:size], ink(colour))
            column += size


def _told(name: str, layer: LayerDiagnostics) -> tuple[tuple[str, ...], list[str]]:
    """Return the texts of a row, and their colours."""
    low, high = HEALTHY
    ratio = layer.update_ratio
    unusual = isfinite(ratio) and ratio != 0 and not low <= ratio <= high
    texts = (
        name,
        numbers.brief(layer.gradient_norm),
        numbers.brief(ratio),
        f"{layer.dead:.0%}",
        f"{layer.saturated:.0%}",
    )
    return texts, [
        TEXT,
        TEXT,
        WARNING if unusual else TEXT,
        WARNING if layer.dead else TEXT,
        WARNING if layer.saturated > 0.5 else TEXT,
    ]
