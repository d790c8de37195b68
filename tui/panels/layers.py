"""The layers panel: how each layer fares, in numbers, for a person who wants to know why it stalls."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from core.advice import advise
from core.arrays import evenly
from tui import numbers
from tui.cells import Cells
from tui.palette import DIM, TEXT, WARNING, ink
from tui.panels.advice_view import advice_lines
from tui.panels.panel import Panel, message

if TYPE_CHECKING:
    from core.advice import Advice
    from core.diagnostics import LayerDiagnostics

HEADINGS: Final = ("layer", "‖grad‖", "Δw/w", "dead", "satur.")
WIDTHS: Final = (13, 9, 9, 6, 7)
BLOCKS: Final = "▁▂▃▄▅▆▇█"
SHORTEST_LINE: Final = 12
HEALTHY: Final = (1e-5, 1e-1)
"""Updates by weights outside of this are worth a look: about 1e-3 is usual."""


class LayersPanel(Panel):
    """A row for each layer: its gradient, its updates, and its units that learn no more."""

    number, label, pace = 5, "layers", 0.5
    about = (
        "each layer's gradient norm, updates by weights, dead and saturated units; what looks wrong, "
        "and what to try (diagnostics)"
    )

    def body(self, width: int, height: int) -> Cells:
        layers = self.session.layers
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
        self._over_time(cells, min(len(layers), hidden_rows))
        used = 2 + min(len(layers), hidden_rows)
        if height - used >= 1:
            found = self._advice()
            cells.place(used, 1, advice_lines(found, width - 2, height - used))
        if hidden_rows < len(layers):
            more = f"… {len(layers) - hidden_rows} more (z enlarges)"
            cells.write(height - 1, 1, more[: width - 1], ink(DIM))
        return cells

    def _advice(self) -> list[Advice]:
        session = self.session
        has_classes = session.data is None or session.data.has_classes
        return advise(
            session.config,
            session.timeline,
            session.layers,
            has_classes,
            since=session.comparable_from,
        )

    def _over_time(self, cells: Cells, layers: int) -> None:
        """Draw the gradient norm of each layer over the epochs, on one logarithmic scale."""
        start = 1 + sum(WIDTHS) + 2
        room = cells.width - start - 1
        known = self.session.layers_over_time
        if room < SHORTEST_LINE or len(known) < 2 or known.shape[1] < layers:
            return
        cells.write(0, start, "‖grad‖ over time, log"[:room], ink(DIM))
        with np.errstate(divide="ignore", invalid="ignore"):
            norms = np.log10(known[:, :layers, 0])
        norms[~np.isfinite(norms)] = np.nan
        shown = norms[evenly(len(norms), room)]
        if np.isnan(shown).all():
            return
        low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
        levels = np.nan_to_num((shown - low) / max(high - low, 1e-9) * (len(BLOCKS) - 1), nan=-1)
        for layer in range(layers):
            for at, level in enumerate(levels[:, layer].round().astype(np.int64).tolist()):
                if level >= 0:
                    cells.write(1 + layer, start + at, BLOCKS[level], ink(TEXT))

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
