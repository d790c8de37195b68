"""The lines around the panels of many seeds: what runs, how it goes, the selected run, the keys."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from core.process.messages import State
from core.training.stopping import Stop
from tui.drawing import number_format
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, BRIGHT, DIM, TEXT, ink
from tui.screens.description import BATCH, SHAPE, description
from tui.screens.status_bars import (
    STATE_COLOURS,
    StatusLine,
    note_ink,
    wrapped_notes,
)
from tui.seeds.model import LOSS, SCORE, TEST_LOSS, TEST_SCORE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui.seeds.model import SeedsModel
    from tui.terminal.flow_control import FlowControl


class SeedsHeader(Canvas):
    """Number of runs, description of them, and the requested speed."""

    def __init__(self, seeds: SeedsModel, speed: Callable[[], float | None]) -> None:
        super().__init__(id="header")
        self._seeds, self._speed = seeds, speed

    def draw(self, width: int, height: int) -> Cells:
        cells, seeds = Cells(width, height), self._seeds
        first, last = seeds.seed_of(0), seeds.seed_of(seeds.count - 1)
        speed = number_format.speed(self._speed())
        left = f"{seeds.count:,} run{'s' * (seeds.count > 1)} · "
        named = f" · seeds {first} to {last}" if seeds.count > 1 else f" · seed {first}"
        room = width - 2 - len(left)
        right = next((each for each in (f"{speed} ▸ (< >)", speed) if len(each) < width // 3), "")
        text = description(seeds.run, room - len(named) - len(right) - 2, BATCH) + named
        if len(text) > room - len(right) - 2:
            text = description(seeds.run, max(1, room - len(right) - 2), SHAPE)
        cells.write(0, 1, left + text, ink(BRIGHT, bold=True))
        cells.write_right(0, width - 1, right, ink(DIM))
        return cells


class SeedsStatus(StatusLine):
    """State of all runs, the epoch, and the sentence on how many have learnt."""

    def __init__(self, seeds: SeedsModel, flow_control: FlowControl | None = None) -> None:
        super().__init__(seeds.run, flow_control)
        self._seeds = seeds

    @property
    def head_epoch(self) -> int:
        return self._seeds.head_epoch

    def draw(self, width: int, height: int) -> Cells:
        seeds, run = self._seeds, self.run
        if run.loading is not None or not seeds.is_known:
            return super().draw(width, height)
        cells, self._bar = Cells(width, height), (0, 0)
        column = max(
            cells.write(0, 1, run.state.value, ink(STATE_COLOURS[run.state], bold=True)), 9
        )
        end = self.write_rates(cells, width)
        gap = 3 if width >= 110 else 2
        epoch = f"{seeds.epoch:,}"
        if seeds.past_epoch is not None:
            epoch += f" of {seeds.head_epoch:,}"
        pairs = [("epoch" if width >= 72 else "", epoch), ("", seeds.verdict)]
        pairs.append(("lr", f"{seeds.config.learning_rate:g}"))
        rate = run.epochs_per_second
        if rate and run.state is State.TRAINING:
            pairs.append(("", f"{rate:,.1f} epochs/s" if rate < 100 else f"{rate:,.0f} epochs/s"))
        for name, value in pairs:
            room = end - column - gap - len(name) - bool(name)
            is_verdict = value == seeds.verdict
            if room < (12 if is_verdict else len(value)):
                break
            column = cells.write(0, column + gap - 1 + bool(name), name, ink(DIM))
            colour = ink(BRIGHT, bold=True) if is_verdict else ink(TEXT)
            text = _fitted(value, room) if is_verdict else value
            column = cells.write(0, column + 1, text, colour)
        if run.is_at_rest and seeds.head_epoch:
            self._scrub_bar(cells, column + gap, end, seeds.epoch / seeds.head_epoch)
        return cells


def _fitted(verdict: str, room: int) -> str:
    """Return as many of the parts of a verdict as fit, the most important first; … for other runs."""
    parts = verdict.split(", ")
    for count in range(len(parts) - 1, 0, -1):
        if len(verdict) <= room:
            break
        # the median is a detail of runs that are counted already
        others = "" if parts[count].startswith("with ") else ", …"
        verdict = ", ".join(parts[:count]) + others
    return cut(verdict, room)


class SelectedLine(Canvas):
    """The last event or, without one, the selected run."""

    def __init__(self, seeds: SeedsModel) -> None:
        super().__init__(id="log")
        self._seeds = seeds

    def draw(self, width: int, height: int) -> Cells:
        cells, seeds = Cells(width, height), self._seeds
        rows = wrapped_notes(seeds.run.note, width)
        column = 1
        is_of_state = bool(rows) and seeds.run.note == seeds.state_note
        if rows:
            column = cells.write(0, 1, rows[0], note_ink(seeds.run)) + 2
        if seeds.is_known and (not rows or is_of_state):
            name, *parts = self._parts()
            if column + len(name) < width:
                column = cells.write(0, column, name, ink(ACCENT, bold=True))
                for text in parts:
                    if column + len(text) + 2 > width - 1:
                        break
                    column = cells.write(0, column + 2, text, ink(DIM))
        return cells

    def _parts(self) -> list[str]:
        """Return what is known of the selected run, the most important first."""
        seeds, data = self._seeds, self._seeds.run.data
        values = seeds.rows[:, seeds.lane]
        shared = data is None or data.shared
        losses = values[[LOSS] if shared else [LOSS, TEST_LOSS]].tolist()
        scores = values[[SCORE] if shared else [SCORE, TEST_SCORE]].tolist()
        loss = " / ".join(map(number_format.loss, losses))
        if data is None or data.has_classes:
            score = f"accuracy {' / '.join(map(number_format.percent, scores))} %"
        else:
            score = "R² " + " / ".join(
                number_format.score(each, has_classes=False) if isfinite(each) else "–"
                for each in scores
            )
        stopped = seeds.stopped[seeds.lane]
        ending = "" if stopped in {None, Stop.EPOCHS} else str(stopped).replace("_", " ")
        rank = seeds.order().index(seeds.lane) + 1
        place = f"rank {rank} of {seeds.shown}, by training loss"
        name = f"seed {seeds.seed_of(seeds.lane)}"
        return [name, f"loss {loss}", score, *([ending] if ending else []), "enter opens it", place]
