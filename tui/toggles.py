"""A line of switches, for a setting that takes any number of a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.canvas import Canvas
from tui.cells import Cells
from tui.palette import ACCENT, BRIGHT, DIM, TEXT, ink

if TYPE_CHECKING:
    from textual import events

    from core.kinds import Several


class Toggles(Canvas, can_focus=True):
    """← and → move between the words, space switches one; so does a click."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", show=False),
        Binding("right", "move(1)", show=False),
        Binding("space", "switch", show=False),
    ]

    class Changed(Message):
        """A word was switched."""

        def __init__(self, toggles: Toggles) -> None:
            self.toggles = toggles
            super().__init__()

        @property
        def control(self) -> Toggles:
            """The switches."""
            return self.toggles

    def __init__(self, kind: Several, chosen: tuple[str, ...], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._kind = kind
        self._chosen = set(chosen)
        self._at = 0
        self._spans: list[tuple[int, int]] = []

    @property
    def value(self) -> str:
        """The words that are on, as the setting reads them."""
        return ",".join(word for word in self._kind.words if word in self._chosen) or "none"

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        self._spans = []
        column = 0
        for at, word in enumerate(self._kind.words):
            on = word in self._chosen
            here = self.has_focus and at == self._at
            start = column
            column = cells.write(0, column, "■" if on else "□", ink(ACCENT if on else DIM))
            line = self._kind.lines[at] if self._kind.lines else word
            column = cells.write(0, column, line, ink(BRIGHT if here else TEXT, bold=here))
            self._spans.append((start, column))
            column += 1
        return cells

    def action_move(self, by: int) -> None:
        """Go to another word."""
        self._at = (self._at + by) % len(self._kind.words)
        self.repaint()

    def action_switch(self) -> None:
        """Switch the word."""
        self._chosen ^= {self._kind.words[self._at]}
        self.repaint()
        self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """Switch the word under the pointer."""
        for at, (start, end) in enumerate(self._spans):
            if start <= event.x < end:
                self._at = at
                self.action_switch()

    def on_focus(self) -> None:
        """Show where one is."""
        self.repaint()

    def on_blur(self) -> None:
        """Show it no more."""
        self.repaint()
