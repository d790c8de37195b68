"""Table of the settings in which runs differ, and of their outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from tui.compare.columns import outcome_heading, outcome_text, setting_heading
from tui.compare.panels import MARKED, BoardPanel
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, BACKGROUND, BRIGHT, DIM, RAISED, TEXT, ink
from tui.panels.explanation import Explanation

if TYPE_CHECKING:
    from textual import events

    from tui.compare.model import Board, ShownRun
    from tui.panels.panel import StyledText
    from tui.panels.view_options import ViewOptions

GAP: Final = 2
TABLE_FRAME: Final = 4
"""Rows of the frame and the headings."""
WIDEST_SETTING: Final = 16
NAME: Final = "name"
"""Key of the column of names, by which the table is not sorted."""


@dataclass(frozen=True)
class _Column:
    """A column of the table.

    Attributes:
        key: the outcome or the setting; empty for the number of the run.
        heading: two rows.
        texts: of each run.
        right: whether it is aligned to the right.
    """

    key: str
    heading: tuple[str, str]
    texts: list[str]
    right: bool

    @property
    def size(self) -> int:
        return max(map(cell_width, (*self.heading, *self.texts)))


class SettingsPanel(BoardPanel):
    """Settings that differ and outcomes, one row per run."""

    label = "runs"
    summary = (
        "the settings in which the runs differ, and their outcomes; s sorts by the next column"
    )
    placeholder = "The settings in which the runs differ."
    footer = (("s", "sort"), ("S", "reverse"), ("m", "mark"))
    least_size = 30, 5
    redraw_interval = 0.5

    def __init__(self, board: Board, options: ViewOptions) -> None:
        super().__init__(board, options)
        self._top = 0
        self._first = 0  # of the columns after the number of the run
        self._spans: list[tuple[int, int, str]] = []
        self._hidden = self._rows = 0

    def explanation(self) -> Explanation:
        return Explanation(
            "One row per run: the settings in which the runs differ, the epochs it was trained, its "
            "final losses and scores, its lowest loss on validation or test samples, and the epoch of "
            "that.",
            "sort by a setting, and see whether an outcome follows it. Outcomes that differ by less "
            "than runs with other seeds say nothing: nnfs-tui sweep --seeds measures how far those "
            "differ.",
            "the planned number of epochs is left out",
            "↑ ↓ or a click selects · m or a second click marks · s or a click on a heading sorts · S "
            "reverses · enter opens",
        )

    @property
    def border_name(self) -> str:
        return "settings that differ, outcomes" if self.board.varied else "outcomes"

    def title_right(self) -> StyledText:
        rows = len(self.board.runs) - self._rows
        parts = [f"↑ ↓ {rows} more"] if rows > 0 else []
        if self._hidden:
            plural = "s" * (self._hidden > 1)
            parts.append(f"{self._hidden}{'' if parts else ' more'} column{plural}")
        return [(f" {', '.join(parts)} ", ink(DIM))] if parts else []

    def draw_board(self, width: int, height: int) -> Cells:
        board, cells = self.board, Cells(width, height)
        number, *others = self._columns()
        room = width - number.size - 2 - GAP
        if sum(each.size + GAP for each in others) > room + GAP:
            # what is compared comes before the settings
            first = [f"{board.part}_score", f"{board.part}_loss"]
            others.sort(key=lambda each: first.index(each.key) if each.key in first else 2)
        self._first = self._first_column(others, room)
        rows = height - 2
        at = board.runs.index(board.selected) if board.selected in board.runs else 0
        self._top = min(max(self._top, at - rows + 1, 0), at)
        self._top = max(0, min(self._top, len(board.runs) - rows))
        shown = board.runs[self._top : self._top + max(0, rows)]
        self._rows = len(shown)
        for row, run in enumerate(shown, 2):
            if run is board.selected:
                cells.inks[row, :] = ink(TEXT, RAISED)
        self._spans = []
        end = self._draw_column(cells, number, 2, width, shown)
        used = 0
        for column in others[self._first :]:
            if end + min(column.size, 6) > width:
                break
            end = self._draw_column(cells, column, end, width, shown)
            used += 1
        self._hidden = len(others) - used
        for row, run in enumerate(shown, 2):
            is_selected = run is board.selected
            paper = RAISED if is_selected else BACKGROUND
            cells.write(row, 0, "▸" if is_selected else " ", ink(ACCENT, paper, bold=True))
            cells.write(row, 1, "─", ink(run.colour, paper))
        return cells

    def _draw_column(
        self, cells: Cells, column: _Column, start: int, width: int, shown: list[ShownRun]
    ) -> int:
        """Draw a column, cut at the edge of the panel; return where the next one begins."""
        board = self.board
        size = min(column.size, width - start)
        is_sorted = column.key == board.sort
        for row, text in enumerate(column.heading):
            place = start + size - cell_width(text) if column.right else start
            number = ink(ACCENT, bold=True) if is_sorted else ink(DIM)
            cells.write(row, max(start, place), cut(text, size), number)
        for row, run in enumerate(shown, 2):
            text = cut(column.texts[board.runs.index(run)], size)
            place = start + size - cell_width(text) if column.right else start
            is_selected = run is board.selected
            colour = ink(BRIGHT, RAISED, bold=True) if is_selected else ink(TEXT)
            cells.write(row, place, text, colour)
        self._spans.append((start, start + size, column.key))
        return start + size + GAP

    def _columns(self) -> list[_Column]:
        """Return all columns: the number of the run, settings, outcomes, and the name."""
        board, runs = self.board, self.board.runs
        numbers = [f"{MARKED if each in board.marked else ' '}{each.number}" for each in runs]
        columns = [_Column("", ("", f" #{self._arrow('')}"), numbers, right=False)]
        for name in board.varied:
            texts = [cut(board.setting_text(each, name), WIDEST_SETTING) for each in runs]
            heading = "", f"{setting_heading(name)}{self._arrow(name)}"
            columns.append(_Column(name, heading, texts, right=False))
        for name in board.columns()[len(board.varied) :]:
            first, _, second = outcome_heading(name, runs).rpartition(" ")
            if second == "%":
                first, _, second = first.partition(" ")
                second = f"{second} %"
            heading = first, f"{second}{self._arrow(name)}"
            texts = [outcome_text(each, name) for each in runs]
            columns.append(_Column(name, heading, texts, right=True))
        if any(each.path is not None for each in runs):
            columns.append(_Column(NAME, ("", "run"), [each.name for each in runs], right=False))
        return columns

    def _arrow(self, name: str) -> str:
        board = self.board
        if name != board.sort or not (name or board.is_reversed):
            return ""
        descends = name.endswith("_score") is not board.is_reversed
        return "▾" if descends else "▴"

    def _first_column(self, columns: list[_Column], room: int) -> int:
        """Return the number of the first column, so that the one that is sorted by is visible."""
        keys = [each.key for each in columns]
        wanted = keys.index(self.board.sort) if self.board.sort in keys else 0
        first = 0
        while first < wanted:
            needed = sum(each.size + GAP for each in columns[first : wanted + 1])
            if needed <= room + GAP:
                break
            first += 1
        return first

    def on_click(self, event: events.Click) -> None:
        """Sort by the column under the pointer, or select the run."""
        row, column = event.y - 1, event.x - 1
        if row < 2:
            for start, end, key in self._spans:
                if start <= column < end + GAP and key != NAME:
                    self.board.sort_by(key)
                    self.post_message(self.Changed())
            return
        at = self._top + row - 2
        if row - 2 >= 0 and at < len(self.board.runs):
            self.click(self.board.runs[at])
