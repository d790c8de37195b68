"""List of the saved runs, in which those to compare are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.screen import Screen

from core.runs.atomic_files import shown
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, BACKGROUND, BRIGHT, DIM, FOCUSED_FRAME, RAISED, TEXT, ink
from tui.drawing.terminal_text import key_name
from tui.run_rows import HEADINGS, NUMBERS, WITHOUT_TIME, row_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from textual import events
    from textual.app import ComposeResult

    from core.runs.catalogue import RunListing

MOST: Final = 64
"""Runs that are compared at once, at most: small maps of more would be illegible."""

KEYS: Final = (
    ("space", "mark", "mark the selected run, or remove its mark"),
    ("enter", "compare", "compare the marked runs"),
    ("↑ ↓", "select", "select another run; home, end and the page keys, too"),
    ("?", "help", "list these keys"),
    ("q", "quit", "leave"),
    ("a", "all with the same data", "mark all runs on the data of the selected one, or none"),
)
"""Keys, words in the footer, and sentences in the help; the most important ones first."""


class RunListCanvas(Canvas):
    """The whole screen: the runs, marked ones with a sign, and the keys."""

    def __init__(self, runs: Sequence[RunListing], parent: Path) -> None:
        super().__init__(id="follow")
        self._runs, self._parent_name = runs, shown(str(parent))
        self._cells = [row_of(each) for each in runs]
        self.marked: list[int] = []
        self.selected = 0
        self.note = ""
        self._top = 0

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        if width < 4 or height < 5:
            return cells
        cells.write(0, 1, cut("compare saved runs", width - 2), ink(BRIGHT, bold=True))
        count = len(self.marked)
        right = f"{count} marked" if count else f"{len(self._runs):,} runs"
        if width > len(right) + 24:
            cells.write_right(0, width - 1, right, ink(ACCENT if count else DIM, bold=bool(count)))
        self._draw_frame(cells, height)
        rows = height - 5
        self._top = min(max(self._top, self.selected - rows + 1, 0), self.selected)
        columns = range(len(HEADINGS)) if width >= 120 else WITHOUT_TIME
        shown_rows = range(self._top, min(len(self._runs), self._top + max(0, rows)))
        sizes = [
            max(map(cell_width, (HEADINGS[at], *(self._cells[row][at] for row in shown_rows))))
            for at in columns
        ]
        self._write_row(cells, 2, [HEADINGS[at] for at in columns], sizes, ink(DIM))
        for row in shown_rows:
            place = 3 + row - self._top
            is_selected = row == self.selected
            paper = RAISED if is_selected else BACKGROUND
            if is_selected:
                cells.inks[place, 1:-1] = ink(TEXT, RAISED)
                cells.write(place, 1, "▸", ink(ACCENT, RAISED, bold=True))
            if row in self.marked:
                cells.write(place, 2, "◆", ink(ACCENT, paper, bold=True))
            number = ink(BRIGHT, paper, bold=True) if is_selected else ink(TEXT, paper)
            texts = [self._cells[row][at] for at in columns]
            self._write_row(cells, place, texts, sizes, number)
        self._draw_footer(cells)
        return cells

    @staticmethod
    def _draw_frame(cells: Cells, height: int) -> None:
        cells.glyphs[[1, height - 2], 1:-1] = "─"
        cells.glyphs[2 : height - 2, [0, -1]] = "│"
        cells.glyphs[[1, 1, height - 2, height - 2], [0, -1, 0, -1]] = ["╭", "╮", "╰", "╯"]
        cells.inks[[1, height - 2], :] = ink(FOCUSED_FRAME)
        cells.inks[2 : height - 2, [0, -1]] = ink(FOCUSED_FRAME)

    @staticmethod
    def _write_row(
        cells: Cells, row: int, texts: Sequence[str], sizes: Sequence[int], number: int
    ) -> None:
        column = 4
        for at, (text, size) in enumerate(zip(texts, sizes, strict=True)):
            room = cells.width - 2 - column
            if room <= 2:
                return
            text = text.rjust(size) if at in NUMBERS else text
            cells.write(row, column, cut(text, min(size, room)), number)
            column += size + 2

    def _draw_footer(self, cells: Cells) -> None:
        row, column = cells.height - 1, 1
        if self.note:
            cells.write(row, 1, cut(self.note, cells.width - 2), ink(TEXT))
            return
        for key, word, _ in KEYS:
            name = key_name(key, self._renderer.look)
            if column + len(name) + len(word) + 3 > cells.width:
                break
            column = cells.write(row, column, name, ink(BRIGHT, bold=True)) + 1
            column = cells.write(row, column, word, ink(DIM)) + 2

    def on_click(self, event: events.Click) -> None:
        """Select the run under the pointer, or mark it if it is selected."""
        row = self._top + event.y - 3
        if event.y >= 3 and event.y < self.size.height - 2 and 0 <= row < len(self._runs):
            self.note = ""
            if row == self.selected:
                self.mark()
            self.selected = row
            self.repaint()

    def mark_paths(self, paths: Collection[object]) -> None:
        """Mark the runs in some folders."""
        self.marked = [at for at, each in enumerate(self._runs) if each.path in paths]

    def mark(self) -> None:
        """Mark the selected run, or remove its mark."""
        summary = self._runs[self.selected].summary
        if summary is None:
            self.note = "this run cannot be read"
        elif summary.seeds is not None:
            self.note = "many seeds are compared on a screen of their own: nnfs-tui resume NAME"
        elif self.selected in self.marked:
            self.marked.remove(self.selected)
        elif len(self.marked) >= MOST:
            self.note = f"at most {MOST} runs are compared at once"
        else:
            self.marked.append(self.selected)


class RunListScreen(Screen[None]):
    """Marks saved runs, and opens their comparison."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,escape", "app.quit", show=False),
        Binding("up,k", "select(-1)", show=False),
        Binding("down,j", "select(1)", show=False),
        Binding("pageup", "select(-10)", show=False),
        Binding("pagedown", "select(10)", show=False),
        Binding("home", "select(-100000)", show=False),
        Binding("end", "select(100000)", show=False),
        Binding("space,m", "mark", show=False),
        Binding("a", "mark_alike", show=False),
        Binding("enter", "compare", show=False),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(
        self, runs: Sequence[RunListing], parent: Path, compare: Callable[[list[Path]], None]
    ) -> None:
        """List some runs; `compare` opens the comparison of their folders."""
        super().__init__()
        self._runs, self._compare = runs, compare
        self.canvas = RunListCanvas(runs, parent)

    def compose(self) -> ComposeResult:
        """Place the canvas."""
        yield self.canvas

    def on_mount(self) -> None:
        """Draw the list."""
        self.canvas.repaint()

    def on_screen_resume(self) -> None:
        """Draw the list again, after a comparison."""
        self.canvas.repaint()

    def action_select(self, by: int) -> None:
        """Select another run."""
        last = len(self._runs) - 1
        self.canvas.note = ""
        self.canvas.selected = min(max(self.canvas.selected + by, 0), last)
        self.canvas.repaint()

    def action_mark(self) -> None:
        """Mark the selected run, and select the next one."""
        self.canvas.note = ""
        self.canvas.mark()
        note = self.canvas.note
        self.action_select(1)
        self.canvas.note = note
        self.canvas.repaint()

    def action_mark_alike(self) -> None:
        """Mark the runs on the data of the selected one, or remove all marks."""
        canvas = self.canvas
        canvas.note = ""
        if canvas.marked:
            canvas.marked = []
        else:
            source = getattr(self._runs[canvas.selected].summary, "source", None)
            alike = [
                at
                for at, each in enumerate(self._runs)
                if each.summary is not None
                and each.summary.seeds is None
                and each.summary.source == source
            ]
            canvas.marked = alike[:MOST]
        canvas.repaint()

    def action_help(self) -> None:
        """List the keys."""
        from tui.screens.help import HelpScreen

        rows = [(key, sentence) for key, _, sentence in KEYS]
        self.app.push_screen(HelpScreen((), [("saved runs", rows)], ()))

    def action_compare(self) -> None:
        """Open the comparison of the marked runs."""
        canvas = self.canvas
        if len(canvas.marked) < 2:
            canvas.note = "mark two or more runs with space"
            canvas.repaint()
            return
        canvas.note = ""
        self._compare([self._runs[at].path for at in canvas.marked])
