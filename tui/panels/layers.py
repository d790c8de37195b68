"""The layers panel: diagnostics of each layer, and the diagnosis of the run with remedies."""

from __future__ import annotations

from math import isfinite, isnan
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message

from core.analysis.diagnosis.result import Cause, RunState
from core.arrays import evenly_spaced
from core.dataclass import dataclass
from core.process.messages import State
from core.training.diagnostics import NEAR_BOUND
from tui.drawing import number_format
from tui.drawing.cells import Cells
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, TEXT, WARNING, ink
from tui.panels.explanation import Explanation
from tui.panels.panel import Panel, StyledText, centred_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.analysis.diagnosis.result import Diagnosis, Remedy
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

MARGIN: Final = 1
"""Blank columns on both sides of a sentence, as in the table."""

MOST_SATURATED: Final = 0.5
"""Share of saturated units of a layer from which it is coloured, or explained if the run is healthy."""

SATURATED: Final = (
    f"satur.: units with outputs within {100 * NEAR_BOUND:.1f} % of a bound for most samples; harmless "
    "while the loss falls."
)
"""Explanation of the last column of the table."""

DEAD: Final = "dead: units without a slope for any sample, which cannot learn; others do."
UNMEASURED: Final = "–: gradients are measured while the run trains and this panel is open."

HEALTHY_STATES: Final = frozenset({RunState.TOO_EARLY, RunState.LEARNING, RunState.LEARNT})
"""States whose sentence is placed below the table."""

CHECKING: Final = "checking why …"
CHECKING_MORE: Final = "checking whether more can be learnt …"
FEWEST_ROWS: Final = 3
"""Rows from which the table is shown in addition to a problem."""

MARKER: Final = "▸ "
"""Marker of the selected remedy."""


class LayersPanel(Panel):
    """A row per layer: gradient norm, update-to-weight ratio, dead and saturated units."""

    key, label, redraw_interval = "5", "layers", 0.5
    summary = (
        "diagnostics: gradient norm, update-to-weight ratio, dead and saturated units of each layer; "
        "state of the run, problems and remedies; c plots the next column over time"
    )
    hints: ClassVar = {"c": "next column", "enter": "apply the selected remedy"}

    least_size = 60, 9

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "next_measure", show=False),
        Binding("up", "select(-1)", show=False),
        Binding("down", "select(1)", show=False),
        Binding("enter", "apply", show=False),
    ]

    @dataclass
    class RemedyChosen(Message):
        """The user wants to apply a remedy."""

        remedy: Remedy

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(run, options)
        self._measure = 0
        self._selected = 0
        self._has_lines = False

    def explanation(self) -> Explanation:
        return Explanation(
            "State of the run, compared with guessing, a linear model and a wider network; problems, "
            "and remedies that helped in a short trial; diagnostics of each layer in the last step.",
            "‖grad‖ should be similar in all layers: 1,000 times less in the first ones is a "
            "vanishing gradient, hundreds of times more an exploding one. Dead units have no slope "
            "for any sample; saturated ones are near a bound for most samples and learn slowly.",
            "‖grad‖ = √Σg²; Δθ/θ = length of the step / length of θ, usually about 0.001",
            "↑ ↓ select a remedy · enter applies it; time travel, or backspace, undoes it · "
            "c plots the next column over time",
        )

    def preferred_height(self) -> int:
        # includes some lines of the diagnosis
        return len(self.run.config.hidden) + 12 if self.run.diagnosis.is_alarming else 0

    def title(self) -> StyledText:
        return [("! ", ink(WARNING, bold=True))] if self.run.diagnosis.is_alarming else []

    def title_right(self) -> StyledText:
        if self.run.diagnosis.remedies:
            return [(" ↑ ↓ enter applies ", ink(DIM))]
        return [(" c over time ", ink(DIM))] if self._has_lines else []

    def view_state(self) -> tuple[object, ...]:
        diagnosis = self.run.diagnosis
        return self._measure, self._selected, diagnosis.current, diagnosis.is_checking

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        return (("↑ ↓", "remedy"), ("enter", "apply")) if self.run.diagnosis.remedies else ()

    def draw_content(self, width: int, height: int) -> Cells:
        diagnosis = self.run.diagnosis
        self._has_lines = False
        if diagnosis.current is None:
            return self._draw_table(width, height)
        self._selected = min(self._selected, max(0, len(diagnosis.remedies) - 1))
        lines = self._diagnosis_lines(diagnosis.current, width - 2)
        cells = Cells(width, height)
        healthy = diagnosis.current.state in HEALTHY_STATES
        if diagnosis.is_alarming or not healthy:
            block = shortened(lines, self._selected, width - 2, height)
            cells.place(0, 1, block)
            rest = height - block.height - 1
            if rest >= FEWEST_ROWS:
                cells.place(block.height + 1, 0, self._draw_table(width, rest))
            return cells
        layers = len(self.run.layers)
        room = height - layers - 2
        block = shortened(lines, 0, width - 2, room if room > 0 else height)
        rest = height - block.height - 1
        if rest > 1 and layers:
            table = self._draw_table(width, min(rest, layers + 1))
            cells.place(0, 0, table)
            cells.place(table.height + 1, 1, block)
        else:
            cells.place(0, 1, block)
            if rest >= FEWEST_ROWS:
                cells.place(block.height + 1, 0, self._draw_table(width, rest))
        return cells

    def _draw_table(self, width: int, height: int) -> Cells:
        """Return a row per layer, as many as fit, or why there are none."""
        layers = self.run.layers
        if not layers:
            return centred_text(width, height, self._why_empty())
        cells = Cells(width, height)
        self._row(cells, 0, HEADINGS, [DIM] * len(HEADINGS))
        activations = (*self.run.config.activations, "output")
        rows = height - 1
        shown = rows if len(layers) <= rows else rows - 1
        for number, (layer, name) in enumerate(zip(layers, activations, strict=False), 1):
            if number <= shown:
                self._row(cells, number, *_row_texts(f"{number} {name}", layer))
        self._over_time(cells, min(len(layers), shown))
        if shown < len(layers):
            more = f"… {len(layers) - shown} more (z enlarges)"
            cells.write(height - 1, 1, more[: width - 1], ink(DIM))
        return cells

    def _diagnosis_lines(self, diagnosis: Diagnosis, width: int) -> list[DiagnosisLine]:
        """Return the sentences of a diagnosis, wrapped."""
        room = max(1, width - 2 * MARGIN)
        colour = ALARM if diagnosis.state is RunState.DIVERGED else TEXT
        lines = [
            DiagnosisLine(text, ink(colour if diagnosis.findings else DIM))
            for text in wrap(diagnosis.sentence, room)
        ]
        if checking := self._checking(diagnosis):
            lines.append(DiagnosisLine(checking[:room], ink(DIM)))
        notes = [] if diagnosis.findings else [self._why_harmless(diagnosis), *self._notes()]
        lines += [DiagnosisLine(text, ink(DIM)) for note in notes for text in wrap(note, room)]
        at = 0
        for finding in diagnosis.findings:
            lines += [DiagnosisLine(text, ink(WARNING)) for text in wrap(finding.sentence, room)]
            for remedy in finding.remedies:
                lines += self._remedy_lines(remedy, at, room)
                at += 1
        return lines

    def _checking(self, diagnosis: Diagnosis) -> str:
        """Return what trials may show, unless it is known or they are of another epoch."""
        is_known = any(finding.cause is not Cause.NOT_FOUND for finding in diagnosis.findings)
        if not self.run.diagnosis.is_checking or is_known or self.run.past_epoch is not None:
            return ""
        if diagnosis.state in {RunState.TOO_EARLY, RunState.LEARNT}:
            return ""
        return CHECKING_MORE if diagnosis.state is RunState.LEARNING else CHECKING

    def _remedy_lines(self, remedy: Remedy, at: int, room: int) -> list[DiagnosisLine]:
        is_selected = at == self._selected
        marker = MARKER if is_selected else " " * len(MARKER)
        wrapped = wrap(remedy.sentence, max(1, room - len(MARKER)))
        number = ink(BRIGHT if is_selected else DIM, bold=is_selected)
        return [
            DiagnosisLine(f"{marker if not row else ' ' * len(MARKER)}{text}"[:room], number, at)
            for row, text in enumerate(wrapped)
        ]

    def _why_harmless(self, diagnosis: Diagnosis) -> str:
        """Return what saturated units are and why they need no remedy, if there are some."""
        saturated = max((each.saturated for each in self.run.layers), default=0.0)
        if round(100 * saturated) == 0:
            return ""
        if saturated <= MOST_SATURATED or diagnosis.state is RunState.TOO_EARLY:
            return SATURATED
        if diagnosis.state is RunState.LEARNT:
            return (
                f"{100 * saturated:.0f} % of a layer's units are saturated, which is usual here: "
                "outputs far from a boundary no longer need to change."
            )
        return (
            f"{100 * saturated:.0f} % of a layer's units are saturated; they do not stop this run."
        )

    def _notes(self) -> list[str]:
        """Return what dead units are, if there are some, and why there are no gradients."""
        layers = self.run.layers
        notes = [DEAD] if any(each.dead for each in layers) else []
        return [*notes, UNMEASURED] if any(isnan(each.gradient_norm) for each in layers) else notes

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
        return "The diagnostics of each layer, after the next trained epoch."

    def action_select(self, by: int) -> None:
        """Select the next remedy; without any, the key is for the screen."""
        count = len(self.run.diagnosis.remedies)
        if not count:
            raise SkipAction
        self._selected = min(max(self._selected + by, 0), count - 1)
        self.redraw()

    def action_apply(self) -> None:
        """Request the selected remedy; without any, the key is for the screen."""
        remedies = self.run.diagnosis.remedies
        if not remedies:
            raise SkipAction
        remedy = remedies[min(self._selected, len(remedies) - 1)]
        self._selected = 0
        self.post_message(self.RemedyChosen(remedy))

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
        f"{100 * layer.dead:.0f} %",
        f"{100 * layer.saturated:.0f} %",
    )
    return texts, [
        TEXT,
        TEXT,
        WARNING if unusual else TEXT,
        WARNING if layer.dead else TEXT,
        WARNING if layer.saturated > MOST_SATURATED else TEXT,
    ]


@dataclass(frozen=True)
class DiagnosisLine:
    """One line of a diagnosis.

    Attributes:
        text: wrapped to the width of the panel.
        ink: colour and weight.
        remedy: index of the remedy that it belongs to, or None.
    """

    text: str
    ink: int
    remedy: int | None = None


def shortened(lines: list[DiagnosisLine], selected: int, width: int, height: int) -> Cells:
    """Return as many lines as fit, always with those of the selected remedy.

    Args:
        lines: state, problems and remedies, in this order.
        selected: index of the remedy.
        width: columns of the block.
        height: rows that are available; if not all lines fit, "…" ends the last one.
    """
    end = max((at + 1 for at, line in enumerate(lines) if line.remedy == selected), default=0)
    top = max(0, end - height)
    shown = lines[top : top + max(0, height)]
    cells = Cells(width, len(shown))
    for row, line in enumerate(shown):
        text = line.text
        if row == len(shown) - 1 and top + len(shown) < len(lines):
            text = f"{text[: max(0, width - 2 * MARGIN - 1)]}…"
        cells.write(row, MARGIN, text, line.ink)
        if text.startswith(MARKER):
            cells.write(row, MARGIN, MARKER.rstrip(), ink(ACCENT, bold=True))
    return cells
