"""Base of the screens of several runs: notes, and the help and explanations of their panels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tui.faults import ReportsFaults
from tui.keymap import keymap_for
from tui.panels.panel import Panel
from tui.screens.live import LiveScreen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events

    from tui.keys import Key


class PanelScreen(LiveScreen):
    """A live screen of which all panels are in one view.

    Attributes:
        keys: the table of keys.
    """

    keys: ClassVar[Sequence[Key[Any]]]

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self.arrangement.apply()

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""
        self.run.note = note
        if self.is_mounted:
            self.frames.paint_all()

    def clear_note(self) -> None:
        """Remove the sentence, unless it describes the state of the runs."""
        if self.run.clear_note():
            for line in self.lines[2:]:
                line.repaint()

    def explain_panel(self) -> None:
        """Explain the focused panel."""
        from tui.screens.explain import ExplainScreen

        panel = self.focused
        faults = self.app.faults if isinstance(self.app, ReportsFaults) else ()
        if isinstance(panel, Panel):
            title = panel.label if panel.fault else panel.border_name
            self.app.push_screen(ExplainScreen(panel.explanation(), title, [*faults]))

    def show_help(
        self,
        groups: Sequence[str],
        panels: Sequence[type[Panel]],
        ending: str,
    ) -> None:
        """Show the keys of these groups, as the user has chosen them, and the panels."""
        from tui.screens.help import HelpScreen

        renamed = keymap_for(self.app).shown
        sections = [
            (group, [(renamed(key.shown), key.help) for key in self.keys if key.group == group])
            for group in groups
        ]
        self.app.push_screen(HelpScreen((), sections, panels, ending))
