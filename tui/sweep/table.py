"""Table of the combinations of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.drawing.cells import Cells, cell_width
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, RAISED, TEXT, ink
from tui.panels.explanation import Explanation
from tui.sweep.columns import heading, number_text, option
from tui.sweep.order import DIVERGED, EPOCHS, RUNS, descends
from tui.sweep.panel import SweepPanel

if TYPE_CHECKING:
    from textual import events

    from tui.panels.panel import StyledText
    from tui.panels.view_options import ViewOptions
    from tui.sweep.model import SweepModel

PAGE: Final = 10


class TablePanel(SweepPanel):
    """Table of the combinations."""

    label = "combinations"
    summary = "all combinations with mean ± standard deviation over the seeds, the best first"
    footer = (("↑ ↓", "select"), ("s", "sort"), ("S", "reverse"))
    hints: ClassVar[dict[str, str]] = {"s": "sort by the next column; S reverses the order"}
    least_size = 30, 5
    redraw_interval = 0.5

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", f"move(-{PAGE})", show=False),
        Binding("pagedown", f"move({PAGE})", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
    ]

    @dataclass
    class Sorted(Message):
        """A click on the heading of a column."""

        column: str

    def __init__(self, sweep: SweepModel, options: ViewOptions) -> None:
        super().__init__(sweep, options)
        self._top = 0
        self._visible: list[int] = []
        self._ends: list[tuple[int, str]] = []  # of the columns, with their names

    def explanation(self) -> Explanation:
        return Explanation(
            "A row for each combination of settings: mean ± standard deviation over its seeds, and how "
            "many of its runs have finished. ★ marks the best combination so far.",
            "a difference between two rows that is smaller than their deviations may be due to the "
            "seeds. A high training accuracy with a lower one on test or fresh samples is overfitting.",
            "standard deviation of a sample, with n − 1; best epoch: of the lowest monitored loss",
            "↑ ↓ select · enter opens · s or a click on a heading sorts · S reverses",
        )

    def preferred_height(self) -> int:
        return len(self.sweep.cells) + 3

    def view_state(self) -> tuple[object, ...]:
        sweep = self.sweep
        return sweep.selected, sweep.column, sweep.is_reversed, sweep.run.state

    def title(self) -> StyledText:
        count = len(self.sweep.cells)
        return [(f"{count:,} ", ink(DIM))]

    def title_right(self) -> StyledText:
        hidden = len(self.sweep.cells) - len(self._visible)
        return [(f" ↑ ↓ {hidden:,} more ", ink(DIM))] if hidden > 0 else []

    def draw_content(self, width: int, height: int) -> Cells:
        cells, sweep = Cells(width, height), self.sweep
        order = sweep.order()
        rows = max(0, height - 1)
        at = order.index(sweep.selected)
        self._top = min(max(self._top, at - rows + 1, 0), at)
        self._top = max(0, min(self._top, len(order) - rows))
        self._visible = order[self._top : self._top + rows]
        texts = {name: self._texts(name) for name in sweep.columns()}
        widths = {name: max(map(cell_width, each)) for name, each in texts.items()}
        names = self._fitting(widths, width - 3)
        if sum(widths[name] + 2 for name in names) > width - 1:
            for name in names:
                texts[name][0] = texts[name][0].replace(" accuracy", "")
                widths[name] = max(map(cell_width, texts[name]))
        ends = [*accumulate((widths[name] + 2 for name in names), initial=1)][1:]
        self._ends = list(zip(ends, names, strict=True))
        for row, cell in enumerate(self._visible, 1):
            self._write_marks(cells, row, cell)
        for end, name in self._ends:
            for row, text in enumerate(texts[name][: rows + 1]):
                number = self._ink(row, name)
                if name in sweep.varied:
                    cells.write(row, end - widths[name], text, number)
                else:
                    cells.write_right(row, end, text, number)
        return cells

    def _texts(self, name: str) -> list[str]:
        """Return the heading of a column and its texts in the visible rows."""
        sweep, known = self.sweep, self.sweep.known
        arrow = ""
        if name == sweep.sorted_column:
            arrow = "▴" if self._is_ascending(name) else "▾"
        summaries = [sweep.summary(cell) for cell in self._visible]
        if name in sweep.varied:
            return [
                f"{option(name)}{arrow}",
                *(each.cell.texts.get(name, "") for each in summaries),
            ]
        if name == RUNS:
            return [f"runs{arrow}", *map(self._runs, self._visible)]
        if name == EPOCHS:
            return [f"epochs{arrow}", *(f"{each.epochs:,}" for each in summaries)]
        if name == DIVERGED:
            return [f"diverged{arrow}", *(str(each.diverged or "") for each in summaries)]
        assert known is not None
        numbers = [
            number_text(name, each.of(name), each) if each.outcomes else "" for each in summaries
        ]
        return [f"{heading(name, known)}{arrow}", *numbers]

    def _runs(self, cell: int) -> str:
        """Return the number of finished runs, and how far the first one is while it trains."""
        summary, report = self.sweep.summary(cell), self.sweep.reports.get(cell)
        finished, count = len(summary.outcomes), len(summary.cell.runs)
        if finished == count:
            return f"{finished:,}"
        if not finished and report is not None and not report.has_ended:
            return f"{100 * report.epoch / summary.epochs:.0f} % of {count:,}"
        return f"{finished:,} of {count:,}"

    def _is_ascending(self, name: str) -> bool:
        return descends(name) == self.sweep.is_reversed

    def _fitting(self, widths: dict[str, int], room: int) -> list[str]:
        """Return the columns that fit: the settings, the counts, then numbers from the left."""
        names = [*widths]
        others = [*self.sweep.varied, RUNS, DIVERGED, EPOCHS]
        numbers = [name for name in names if name not in others]
        while sum(widths[name] + 2 for name in names) > room + 2 and len(numbers) > 1:
            names.remove(numbers.pop())
        for name in (EPOCHS, DIVERGED, RUNS):
            if sum(widths[each] + 2 for each in names) > room + 2 and name in names:
                names.remove(name)
        return names

    def _write_marks(self, cells: Cells, row: int, cell: int) -> None:
        sweep = self.sweep
        if cell == sweep.selected:
            cells.inks[row] = ink(TEXT, RAISED)
            cells.write(row, 0, "▸", ink(ACCENT, RAISED, bold=True))
        if cell == sweep.best:
            paper = (RAISED,) if cell == sweep.selected else ()
            cells.write(row, 1, "★", ink(ACCENT, *paper, bold=True))

    def _ink(self, row: int, name: str) -> int:
        sweep = self.sweep
        if not row:
            is_sorted = name == sweep.sorted_column
            return ink(ACCENT if is_sorted else DIM, bold=is_sorted)
        cell = self._visible[row - 1]
        paper = (RAISED,) if cell == sweep.selected else ()
        summary = sweep.summary(cell)
        if name == DIVERGED:
            return ink(ALARM, *paper)
        if cell == sweep.best:
            return ink(BRIGHT, *paper, bold=True)
        is_whole = len(summary.outcomes) == len(summary.cell.runs)
        return ink(TEXT if is_whole else DIM, *paper)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer, or sort by the column of a heading."""
        row, column = event.y - 1, event.x - 1
        if row == 0:
            name = next((name for end, name in self._ends if column < end + 1), None)
            if name is not None:
                self.post_message(self.Sorted(name))
        elif 1 <= row <= len(self._visible):
            self.choose(self._visible[row - 1])
