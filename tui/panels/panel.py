"""What all panels share: a frame with a title, the focus, and a pace of drawing of their own."""

from __future__ import annotations

from textwrap import wrap
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from textual.message import Message

from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells
from tui.drawing.palette import ALARM, BRIGHT, DIM, FOCUSED_FRAME, FRAME, TEXT, ink

if TYPE_CHECKING:
    from textual import events

    from tui.faults import Fault
    from tui.panels.view_options import Cursor, ViewOptions
    from tui.run_model import RunModel

Words: TypeAlias = list[tuple[str, int]]
"""Pieces of text, each with its ink."""

SHARE_OF_TIME: Final = 0.1
"""How much of the time a panel with a pace of its own draws at most, however much it shows."""
CELLS_PER_SECOND: Final = 1800
"""How many cells of a panel change at most, unless it would stand still for LONGEST_PACE seconds.

A picture that noise changes everywhere is drawn less often: more would be no easier to follow.
"""
LONGEST_PACE: Final = 0.5


class Panel(Canvas, can_focus=True):
    """One framed view of the run."""

    number: ClassVar[int]
    key: ClassVar[str] = ""
    """The key that shows it, where that is not its number."""
    label: ClassVar[str]
    title_has_priority: ClassVar[bool] = False
    """Whether all of the title goes before the corner, where there is no room for both."""
    about: ClassVar[str]
    """One line for the help."""
    pace: ClassVar[float] = 0.0
    """Seconds between two drawings while the run goes on, at the least; without any, a frame.

    Digits that change in every frame are hard to read, and fine lines are many bytes.
    """

    @property
    def name_shown(self) -> str:
        """What the border calls it."""
        return self.label

    class LookedAt(Message):
        """Somebody points at a unit, or at a sample."""

        def __init__(self, cursor: Cursor) -> None:
            self.cursor = cursor
            super().__init__()

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(id=self.label)
        self.run = run
        self.options = options
        self._inside = Cells(0, 0)
        self._inside_of: tuple[object, ...] = ()
        self._due = 0.0

    def title(self) -> Words:
        """Return what stands after the panel's name, at the left of the upper border."""
        return []

    def corner(self) -> Words:
        """Return what stands at the right of the upper border."""
        return []

    def body(self, width: int, height: int) -> Cells:
        """Return the inside of the frame."""
        raise NotImplementedError

    def looks_at(self) -> tuple[object, ...]:
        """Return what else than the parameters it shows: when that changes it is drawn at once."""
        return ()

    def is_fixed_at_rest(self) -> bool:
        """Whether its last drawing still holds, though the run stands still."""
        return False

    def invalidate(self) -> None:
        """Draw anew in the next frame, however lately that was done."""
        self._due = 0.0

    def redraw(self) -> None:
        """Draw anew at once, however lately that was done."""
        self.invalidate()
        self.repaint()

    def inside(self, width: int, height: int) -> Cells:
        """Return the inside, drawn anew only if that is due or if it shows something else."""
        begun = monotonic()
        holds = self.is_fixed_at_rest() if self.run.is_at_rest else begun < self._due
        is_same = bool(self._due) and self._inside_of == self._key(width, height)
        if holds and is_same:
            return self._inside
        before, self._inside = self._inside, self.body(width, height)
        ended = monotonic()
        learnt = self._inside.count_changes(before) if is_same else 0
        # a drawing may bring what it shows into bounds
        self._inside_of = self._key(width, height)
        pace = max(self.pace, (ended - begun) / SHARE_OF_TIME) if self.pace else 0.0
        self._due = ended + max(pace, min(LONGEST_PACE, learnt / CELLS_PER_SECOND))
        return self._inside

    def _key(self, width: int, height: int) -> tuple[object, ...]:
        run = self.run
        begun = len(run.timeline) > 0
        return (width, height, run.network, run.data, begun, *self.looks_at())

    def draw(self, width: int, height: int) -> Cells:
        """Return the frame with the body in it."""
        cells = self._frame(width, height)
        if width >= 4 and height >= 3:
            cells.place(1, 1, self.inside(width - 2, height - 2))
            self._write_border(cells, self.name_shown, self.title(), self.corner())
        return cells

    def draw_fault(self, width: int, height: int, fault: Fault) -> Cells:
        cells = self._frame(width, height)
        if width >= 4 and height >= 3:
            cells.place(1, 1, message(width - 2, height - 2, fault.sentence, ALARM))
            self._write_border(cells, self.label, [], [])
        return cells

    def _frame(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        if width >= 4 and height >= 3:
            line = ink(FOCUSED_FRAME if self.has_focus else FRAME)
            cells.glyphs[[0, -1], 1:-1] = "─"
            cells.glyphs[1:-1, [0, -1]] = "│"
            cells.glyphs[[0, 0, -1, -1], [0, -1, 0, -1]] = ["╭", "╮", "╰", "╯"]
            cells.inks[[0, -1], :] = line
            cells.inks[:, [0, -1]] = line
        return cells

    def on_focus(self, _: events.Focus) -> None:
        """Show the brighter frame."""
        self.call_next(self.repaint)  # not before Textual has noted it, in its own handler

    def on_blur(self, _: events.Blur) -> None:
        """Show the quieter frame."""
        self.call_next(self.repaint)

    def _write_border(self, cells: Cells, called: str, title: Words, corner: Words) -> None:
        name = ink(BRIGHT if self.has_focus else TEXT, bold=self.has_focus)
        width, column = cells.width, 1
        key = self.key or str(self.number)
        for text, number in ((f" {key} ", ink(DIM)), (f"{called} ", name)):
            if column + len(text) < width:
                column = cells.write(0, column, text, number)
        # what explains the colours goes before the last words of the title, if not before the first
        needed = column + _length(title if self.title_has_priority else title[:1])
        while corner and width - 2 - _length(corner) <= needed:
            corner = corner[:-1] if self.title_has_priority else []
        start = width - 2 - _length(corner) if corner else width - 1
        for text, number in title:
            if column + len(text) > start:
                break
            column = cells.write(0, column, text, number)
        for text, number in corner:
            start = cells.write(0, start, text, number)


def _length(words: Words) -> int:
    return sum(len(text) for text, _ in words)


def message(width: int, height: int, text: str, colour: str = DIM) -> Cells:
    """Return a body that says in words what will be there."""
    cells = Cells(width, height)
    lines = wrap(text, max(1, width - 2))
    top = max(0, (height - len(lines)) // 2)
    for offset, line in enumerate(lines):
        cells.write(top + offset, max(0, (width - len(line)) // 2), line, ink(colour))
    return cells
