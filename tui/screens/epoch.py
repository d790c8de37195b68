"""The prompt for an epoch to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.drawing.cells import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.run_model import RunModel


class EpochScreen(ModalScreen[int | None]):
    """Returns the epoch, or None when it was closed without one."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "cancel")]

    def __init__(self, session: RunModel) -> None:
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        """Show a field, and what it takes."""
        with Vertical() as dialog:
            dialog.border_title = "go to epoch"
            dialog.border_subtitle = "enter goes · esc cancels"
            field = Input(compact=True)
            field.cursor_blink = False
            yield field
            yield Static(self._accepted, id="about", markup=False)

    @property
    def _accepted(self) -> str:
        best = self._session.best
        told = "" if best is None else f", or best, which is {best.epoch:,}"
        return f"a whole number from 0 to {self._session.head_epoch}{told}"

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the epoch, or say what is wrong with it."""
        text, best = event.value.strip().lower().replace(",", ""), self._session.best
        if text == "best" and best is not None:
            self.dismiss(best.epoch)
        elif text.isdecimal() and int(text) <= self._session.head_epoch:
            self.dismiss(int(text))
        else:
            about = self.query_one("#about", Static)
            about.update(f"{printable(event.value)!r} was given; accepted is {self._accepted}")
            about.add_class("-wrong")
