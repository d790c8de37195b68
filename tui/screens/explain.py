"""Explanation of the focused panel, opened by `e`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.drawing.cells import printable
from tui.drawing.rendering import renderer_for
from tui.drawing.terminal_text import terminal_text
from tui.panels.explanation import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.faults import Fault
    from tui.panels.explanation import Explanation


FRAME: Final = 4
SCROLLBAR: Final = 2


class ExplainScreen(ModalScreen[None]):
    """Closes with escape or e; q quits the program, as everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,e", "dismiss", "close"),
        ("q", "app.quit", "quit"),
    ]
    DEFAULT_CSS = """
    ExplainScreen {
        align: center middle;
    }
    ExplainScreen > VerticalScroll {
        width: 80;
        max-width: 100%;
        height: auto;
        max-height: 100%;
        padding: 0 1;
        border: round #767676;
        background: #121212;
        color: #bcbcbc;
    }
    ExplainScreen Static {
        height: auto;
    }
    """

    def __init__(self, explanation: Explanation, title: str, faults: Sequence[Fault] = ()) -> None:
        """Explain a panel.

        Args:
            explanation: of the panel.
            title: name of the panel in its border.
            faults: errors of the interface, the newest last.
        """
        super().__init__()
        self._explanation, self._title = explanation, printable(title)
        self._faults = [*faults]

    def compose(self) -> ComposeResult:
        """Show the lines without markup, which names may contain."""
        columns = self.app.size.width
        room = WIDTH if columns >= WIDTH + FRAME else columns - FRAME - SCROLLBAR
        wording = partial(terminal_text, look=renderer_for(self.app).look)
        lines = self._explanation.lines(room, wording)
        for fault in reversed(self._faults):
            lines += ["", f"{fault.what}: {fault.reason}", *fault.trace]
        with VerticalScroll() as dialog:
            dialog.can_focus = True
            dialog.border_title = Content(f"{self._title}: what it shows")
            dialog.border_subtitle = "↑ ↓ scroll · esc or e closes · q quits"
            yield Static(Content("\n".join(map(printable, lines))))
