"""The layers panel: diagnostics of each layer, and advice on problems of the run."""

from __future__ import annotations

from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.binding import Binding, BindingType

from core.analysis.advice import advise
from core.arrays import evenly_spaced
from core.process.messages import State
from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import DIM, TEXT, WARNING, ink
from tui.panels.explanation import Explanation
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.analysis.advice import Advice
    from core.training.diagnostics import LayerDiagnostics
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel

HEADINGS: Final = ("layer", "‖grad‖", "Δθ/θ", "dead", "satur.")
WIDTHS: Final = (13, 9, 9, 6, 7)
MEASURES: Final = ("‖grad‖ (log)", "Δθ/θ (log)", "dead", "saturated")
"""Measures that can be plotted over time, in the order of the diagnostics."""
BLOCKS: Final = "▁▂▃▄▅▆▇█"
SHORTEST_LINE: Final = 12
SHORT_LINE: Final = 22
"""Columns per plot over time from which there is more than one."""
LONGEST_LINE: Final = 60
GAP: Final = 2
HEALTHY: Final = (1e-5, 1e-1)
"""Usual range of the update-to-weight ratio; about 1e-3 is typical."""

NOTHING_FOUND: Final = "Nothing looks wrong with this run."
ADVICE_MARGIN: Final = 1
"""Blank columns on both sides, as in the table above."""


class LayersPanel(Panel):
    """A row per layer: gradient norm, update-to-weight ratio, dead and saturated units."""

    key, label, redraw_interval = "5", "layers", 0.5
    summary = (
        "diagnostics: gradient norm, update-to-weight ratio, dead and saturated units of each layer; "
        "problems and remedies; c plots the next column over time"
    )
    hints: ClassVar = {"c": "next column"}

    DEFAULT_CSS = "LayersPanel { width: 70; max-width: 60%; }"

    BINDINGS: ClassVar[list[BindingType]] = [Binding("c", "next_measure", show=False)]

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._measure = 0
        self._has_lines = False

    def explanation(self) -> Explanation:
        return Explanation(
            "Diagnostics of each layer, measured in the last step of the epoch; below them, problems "
            "of the run and remedies.",
            "‖grad‖ should be similar in all layers: 1,000 times less in the first ones is a "
            "vanishing gradient, hundreds of times more an exploding one. Δθ/θ is usually about "
            "0.001. Dead units have a slope below 0.001 for every sample and no longer learn; "
            "saturated ones are within 2.5 % of a bound for more than half of the samples and learn "
            "slowly.",
            "‖grad‖ = √Σg²; Δθ/θ = length of the step / length of θ before it; θ: the layer's "
            "weights, biases, γ and β",
            "z enlarges the panel · c plots the next column over time",
        )

    def is_requested(self) -> bool:
        # diagnostics are measured only while the panel is shown
        return self.run.config.diagnostics

    def preferred_height(self) -> int:
        return len(self.run.config.hidden) + 8  # includes some lines of advice

    def title_right(self) -> StyledText:
        return [(" c over time ", ink(DIM))] if self._has_lines else []

    def view_state(self) -> tuple[object, ...]:
        return (self._measure,)

    def draw_content(self, width: int, height: int) -> Cells:
        layers = self.run.layers
        self._has_lines = False
        if not layers:
            return centred_text(width, height, self._why_empty())
        cells = Cells(width, height)
        self._row(cells, 0, HEADINGS, [DIM] * len(HEADINGS))
        activations = (*self.run.config.activations, "output")
        rows = height - 1
        hidden_rows = rows if len(layers) <= rows else rows - 1
        for number, (layer, name) in enumerate(zip(layers, activations, strict=False), 1):
            if number <= hidden_rows:
                self._row(cells, number, *_row_texts(f"{number} {name}", layer))
        self._over_time(cells, min(len(layers), hidden_rows))
        used = 2 + min(len(layers), hidden_rows)
        if height - used >= 1:
            found = self._advice()
            cells.place(used, 1, advice_lines(found, width - 2, height - used))
        if hidden_rows < len(layers):
            more = f"… {len(layers) - hidden_rows} more (z enlarges)"
            cells.write(height - 1, 1, more[: width - 1], ink(DIM))
        return cells

    def _why_empty(self) -> str:
        run = self.run
        if run.restored is not None:
            return (
                f"The weights of epoch {run.restored:,} are restored; gradients are measured "
                "again when training resumes."
            )
        if run.state is State.DIVERGED:
            return "The epoch that diverged was undone; ← shows the one before it."
        if run.past_epoch is not None and not run.config.diagnostics:
            return "Diagnostics were off in this epoch."
        return "The diagnostics of each layer, after the first trained epoch."

    def _advice(self) -> list[Advice]:
        run = self.run
        has_classes = run.data is None or run.data.has_classes
        return advise(
            run.config,
            run.timeline,
            run.layers,
            has_classes,
            since=run.comparable_from,
        )

    def action_next_measure(self) -> None:
        """Plot the next measure over time."""
        self._measure = (self._measure + 1) % len(MEASURES)
        self.redraw()

    def _over_time(self, cells: Cells, layers: int) -> None:
        """Plot the selected measure of each layer over the epochs, and more measures if they fit."""
        start = 1 + sum(WIDTHS) + 2
        room = cells.width - start - 1
        known = self.run.layers_over_time
        self._has_lines = room >= SHORTEST_LINE and len(known) > 1 and known.shape[1] >= layers
        if not self._has_lines:
            return
        count = max(1, min(len(MEASURES), (room + GAP) // (SHORT_LINE + GAP)))
        each = min(LONGEST_LINE, (room + GAP) // count - GAP)
        for place in range(count):
            measure = (self._measure + place) % len(MEASURES)
            column = start + place * (each + GAP)
            heading = MEASURES[measure]
            cells.write(0, column, heading, ink(DIM))
            self._lines(cells, column, each, known[:, :layers, measure], logarithmic=measure < 2)

    @staticmethod
    def _lines(
        cells: Cells, start: int, room: int, values: NDArray[np.float64], *, logarithmic: bool
    ) -> None:
        """Draw one row per layer on a common scale: 0 to 1, or the range of a logarithmic measure."""
        low, high = 0.0, 1.0
        if logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log10(values)
        shown = values[evenly_spaced(len(values), room)]
        shown = np.where(np.isfinite(shown), shown, np.nan)
        if np.isnan(shown).all():
            return
        if logarithmic:
            low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
        levels = np.nan_to_num((shown - low) / max(high - low, 1e-9) * (len(BLOCKS) - 1), nan=-1)
        for layer, line in enumerate(levels.T.round().astype(np.int64).tolist()):
            for at, level in enumerate(line):
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


def _row_texts(name: str, layer: LayerDiagnostics) -> tuple[tuple[str, ...], list[str]]:
    """Return the texts and the colours of a row."""
    low, high = HEALTHY
    ratio = layer.update_ratio
    unusual = isfinite(ratio) and ratio != 0 and not low <= ratio <= high
    texts = (
        name,
        number_format.brief(layer.gradient_norm),
        number_format.brief(ratio),
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


def advice_lines(advice: Sequence[Advice], width: int, height: int | None = None) -> Cells:
    """Return each sentence in the warning colour, and below it the remedy, dim.

    Args:
        advice: problems, the most urgent first.
        width: columns of the block.
        height: rows that are available, or None for no limit. A sentence has priority over the
            remedy of the previous one: if not all fit, the sentences come first, and "…" ends
            text that is cut off.
    """
    room = max(1, width - 2 * ADVICE_MARGIN)
    pieces = [(each.sentence, each.remedy) for each in advice]
    lines: list[tuple[str, int]] = []
    if not pieces:
        lines = [(line, ink(DIM)) for line in wrap(NOTHING_FOUND, room)]
    for sentence, remedy in pieces:
        lines += [(line, ink(WARNING)) for line in wrap(sentence, room)]
        lines += [(line, ink(DIM)) for line in wrap(remedy, room)]
    if height is not None and len(lines) > height:
        lines = _most_pressing(pieces, room, height) if pieces else lines[:height]
    cells = Cells(width, len(lines))
    for row, (line, number) in enumerate(lines):
        cells.write(row, ADVICE_MARGIN, line, number)
    return cells


def _most_pressing(pieces: list[tuple[str, str]], room: int, height: int) -> list[tuple[str, int]]:
    """Return as many lines as fit: all sentences, then remedies in order."""
    sentences = [wrap(sentence, room) for sentence, _ in pieces]
    left = height - sum(map(len, sentences))
    lines: list[tuple[str, int]] = []
    for wrapped, (_, remedy) in zip(sentences, pieces, strict=True):
        lines += [(line, ink(WARNING)) for line in wrapped]
        tried = wrap(remedy, room)
        if len(tried) <= left:
            lines += [(line, ink(DIM)) for line in tried]
            left -= len(tried)
    if len(lines) > height:
        lines = lines[: max(0, height)]
        if lines:
            last, number = lines[-1]
            lines[-1] = f"{last[: room - 1]}…", number
    return lines
