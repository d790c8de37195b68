"""Help: all keys, from the same table as the footer, and the panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.drawing.palette import ACCENT, BRIGHT, TEXT, ink
from tui.drawing.rendering import renderer_for
from tui.drawing.terminal_text import key_name, terminal_text
from tui.keymap import keymap_for
from tui.keys import GROUPS, help_rows
from tui.panels.registry import PANELS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.panels.panel import Panel

    Section: TypeAlias = tuple[str, Sequence[tuple[str, str]]]
    """Title, and rows of keys and what they do."""


class HelpScreen(ModalScreen[None]):
    """Closes with escape or ?; q quits the program, as everywhere.

    Args:
        marked: labels of panels that show a problem.
        sections: of the keys, each with (keys, sentence) rows; those of the training screen if None.
        panels: of the screen.
        ending: last paragraph.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,question_mark", "dismiss", "close"),
        ("q", "app.quit", "quit"),
    ]

    def __init__(
        self,
        marked: Collection[str] = (),
        sections: Sequence[Section] | None = None,
        panels: Sequence[type[Panel]] = PANELS,
        ending: str = "",
    ) -> None:
        super().__init__()
        self._marked, self._sections, self._panels = marked, sections, panels
        self._ending = ending

    def compose(self) -> ComposeResult:
        """Show the keys by group, and the panels."""
        form = renderer_for(self.app)
        style = form.style
        table = Table.grid(padding=(0, 2))
        table.add_column(style=style(ink(ACCENT)), justify="right", no_wrap=True)
        table.add_column(style=style(ink(TEXT)))
        heading = style(ink(BRIGHT, bold=True))
        renamed = keymap_for(self.app).shown
        sections = self._sections
        if sections is None:
            sections = [(group, help_rows(group, renamed)) for group in GROUPS]
        for group, rows in sections:
            table.add_row("", Text(group, heading))
            for keys, sentence in rows:
                table.add_row(key_name(keys, form.look), sentence)
            table.add_row("", "")
        if self._panels:
            table.add_row("", Text("what the panels show", heading))
        for panel in self._panels:
            mark = " !" if panel.label in self._marked else ""
            table.add_row(
                f"{panel.key} {panel.label}{mark}".strip(), terminal_text(panel.summary, form.look)
            )
        if self._ending:
            table.add_row("", "")
            table.add_row("", terminal_text(self._ending, form.look))
        with VerticalScroll() as scroll:
            scroll.can_focus = True
            scroll.border_title = "keys and panels"
            scroll.border_subtitle = "↑ ↓ scroll · esc or ? closes · q quits"
            yield Static(table)
