"""Base of the panels of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from tui.panels.panel import Panel

if TYPE_CHECKING:
    from tui.panels.view_options import ViewOptions
    from tui.sweep.model import SweepModel


class SweepPanel(Panel):
    """A panel of a sweep."""

    key = ""
    needs_run = False

    @dataclass
    class Selected(Message):
        """A combination was chosen with the mouse."""

        cell: int

    @dataclass
    class Moved(Message):
        """A key moves the selection by some rows of the table."""

        by: int

    def __init__(self, sweep: SweepModel, options: ViewOptions) -> None:
        super().__init__(sweep.run, options)
        self.sweep = sweep

    def action_move(self, by: int) -> None:
        """Select another combination."""
        self.post_message(self.Moved(by))

    def choose(self, cell: int | None) -> None:
        """Select a combination, if there is one."""
        if cell is not None:
            self.post_message(self.Selected(cell))
