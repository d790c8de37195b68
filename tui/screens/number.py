"""The prompt for one number: another value for a weight or a bias."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.drawing.cells import cut, printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

ACCEPTED = "a finite number, such as 0.5, −2 or 1e-3"


class NumberScreen(ModalScreen[float | None]):
    """Returns the number, or None when it was closed without one."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "cancel")]

    def __init__(self, what: str, value: float) -> None:
        """Take what the number is, in a few words, and the one it has."""
        super().__init__()
        self._what = printable(cut(what, 60))
        self._value = value

    def compose(self) -> ComposeResult:
        """Show a field with the old number, and what it takes."""
        with Vertical() as dialog:
            dialog.border_title = "another value"
            dialog.border_subtitle = "enter sets · esc cancels"
            field = Input(f"{self._value:.6g}", compact=True, select_on_focus=True)
            field.cursor_blink = False
            yield field
            yield Static(f"{self._what}: {ACCEPTED}", id="about", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the number, or say what is wrong with it."""
        event.stop()
        value = number_of(event.value)
        if value is not None:
            self.dismiss(value)
            return
        about = self.query_one("#about", Static)
        given = cut(printable(event.value), 40)
        about.update(f"{given!r} was given; accepted is {ACCEPTED}")
        about.add_class("-wrong")


def number_of(text: str) -> float | None:
    """Return the finite number that a text writes, with a true minus sign too, or None."""
    try:
        value = float(text.strip().replace("−", "-"))
    except ValueError:
        return None
    return value if isfinite(value) else None
