"""The lines around the panels: which runs, the epoch that is shown, the selected run, the keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual.message import Message

from core.analysis.planes import has_plane
from core.process.messages import State
from tui.drawing import number_format
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, BRIGHT, DIM, TEXT, WARNING, ink
from tui.drawing.terminal_text import key_name
from tui.screens.status_bars import StatusLine, wrapped_notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events

    from tui.compare.model import Board
    from tui.terminal.flow_control import FlowControl

LONGEST_BAR: Final = 40
SHORTEST_BAR: Final = 8

STATES: Final = {
    State.TRAINING: ("PLAYING", ACCENT),
    State.PAUSED: ("PAUSED", WARNING),
    State.FINISHED: ("AT END", BRIGHT),
    State.STOPPED: ("STOPPED", WARNING),
}


class CompareHeader(Canvas):
    """Number of runs, what they have in common, and the requested speed."""

    def __init__(self, board: Board, speed: Callable[[], float | None]) -> None:
        super().__init__(id="header")
        self._board, self._speed = board, speed

    def draw(self, width: int, height: int) -> Cells:
        cells, board = Cells(width, height), self._board
        count = len(board.runs)
        parts = [f"{count:,} run{'s' * (count != 1)}" if count else "comparison of runs"]
        if board.runs:
            config = board.runs[0].config
            varied = set(board.varied)
            if not varied & {"data", "dataset"}:
                parts.append(config.source_name)
            same = {
                "hidden": ",".join(map(str, config.hidden)) or "no hidden layer",
                "activation": "-".join(dict.fromkeys(config.activations)),
                "optimizer": config.optimizer,
                "learning_rate": f"lr {config.learning_rate:g}",
                "seed": f"seed {config.seed}",
            }
            parts += [text for name, text in same.items() if name not in varied and text]
        right = f"{number_format.speed(self._speed())} ▸ (< >)"
        text = " · ".join(parts)
        if len(text) + len(right) + 4 > width:
            right = ""
        cells.write(0, 1, cut(text, width - len(right) - 3), ink(BRIGHT, bold=True))
        cells.write_right(0, width - 1, right, ink(DIM))
        return cells


class CompareStatus(StatusLine):
    """The epoch that is shown, and where it is in the runs."""

    @dataclass
    class EpochChosen(Message):
        """A click on the bar of epochs."""

        epoch: int

    def __init__(self, board: Board, flow_control: FlowControl | None = None) -> None:
        super().__init__(board.run, flow_control)
        self._board = board
        self._place = 0, 0

    def draw(self, width: int, height: int) -> Cells:
        board, run = self._board, self.run
        self._place = 0, 0
        if run.loading is not None:
            cells = Cells(width, height)
            column = cells.write(0, 1, "LOADING", ink(ACCENT, bold=True)) + 2
            share = f" {100 * run.loading.share:3.0f} %" if run.loading.share else ""
            cells.write(0, column, f"{run.loading.what}{share}   esc cancels", ink(TEXT))
            return cells
        cells = Cells(width, height)
        word, colour = STATES.get(run.state, ("", TEXT))
        if run.state is State.TRAINING and any(each.is_training for each in board.runs):
            word = "TRAINING"
        column = max(cells.write(0, 1, word, ink(colour, bold=True)), 9)
        end = self.write_rates(cells, width)
        last = board.planned
        epoch = board.last if board.epoch is None else board.epoch
        column = cells.write(0, column + 1, "epoch", ink(DIM)) + 1
        size = len(f"{last:,}")
        column = cells.write(0, column, f"{epoch:>{size},} of {last:,}", ink(TEXT))
        if run.state is State.TRAINING and run.epochs_per_second:
            rate = run.epochs_per_second
            text = f"  {rate:,.1f} epochs/s" if rate < 100 else f"  {rate:,.0f} epochs/s"
            if column + len(text) < end:
                column = cells.write(0, column, text, ink(DIM))
        keys = key_name("  ← → one epoch, ⇧ ten", self._renderer.look)
        room = end - column - 6
        if room - len(keys) >= SHORTEST_BAR:
            room -= len(keys)
        else:
            keys = ""
        length = min(LONGEST_BAR, room)
        if length >= SHORTEST_BAR and last:
            at = round(epoch / last * (length - 1))
            column = cells.write(0, column + 2, "◂", ink(DIM))
            self._place = column, length
            cells.write(0, column, "─" * length, ink(DIM))
            cells.write(0, column + at, "●", ink(ACCENT, bold=True))
            column = cells.write(0, column + length, "▸", ink(DIM))
            cells.write(0, column, keys, ink(DIM))
        return cells

    def on_click(self, event: events.Click) -> None:
        """Request the epoch under the pointer."""
        start, length = self._place
        if length and start <= event.x < start + length:
            epoch = round((event.x - start) / (length - 1) * self._board.planned)
            self.post_message(self.EpochChosen(epoch))


class CompareLog(Canvas):
    """The last event or, without one, what is shown at this epoch, and the selected run."""

    def __init__(self, board: Board) -> None:
        super().__init__(id="log")
        self._board = board

    def draw(self, width: int, height: int) -> Cells:
        cells, board = Cells(width, height), self._board
        rows = wrapped_notes(board.run.note, width)
        if rows:
            cells.write(0, 1, rows[0], ink(DIM))
            return cells
        column, sentence = 1, self._sentence()
        if sentence:
            cells.write(0, 1, cut(sentence, width - 2), ink(TEXT))
            return cells
        run = board.selected
        if run is not None:
            label = board.label(run)
            column = cells.write(0, 1, f"{run.number} {label}", ink(ACCENT, bold=True))
            texts = [run.name] if run.path is not None and run.name != label else []
            texts += [
                f"{board.part} loss {run.text_of('loss', board.part)}",
                run.text_of("score", board.part),
            ]
            for text in texts:
                if column + len(text) + 2 < width:
                    column = cells.write(0, column + 2, text, ink(DIM))
        return cells

    def _sentence(self) -> str:
        """Return what cannot be shown of this epoch, or an empty string."""
        board = self._board
        parts = []
        missing = [each for each in board.runs if each.problem]
        known = [each.data for each in board.runs if each.data is not None]
        if known and not any(map(has_plane, known)):
            parts.append("there are no maps: the data are texts, or have more than 100 features")
        if missing:
            parts.append(
                f"{_runs([each.number for each in missing])} without maps: {missing[0].problem}"
            )
        if board.epoch is not None:
            early = [each.number for each in board.runs if each.epoch < board.epoch]
            late = [each for each in board.runs if each.current and each.first > board.epoch]
            if early:
                verb = "has" if len(early) == 1 else "have"
                parts.append(f"{_runs(early)} {verb} ended before: the last network is shown")
            if late:
                first = max(each.first for each in late)
                numbers = _runs([each.number for each in late])
                parts.append(f"{numbers} from epoch {first:,}: no earlier checkpoint is saved")
        return "; ".join(parts)


def _runs(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"run {numbers[0]}"
    if len(numbers) > 5:
        return f"{len(numbers)} runs"
    return f"runs {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
