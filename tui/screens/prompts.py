"""The prompt for a file in which edited data are kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.drawing.cells import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

NAME: Final = "edited.csv"
"""What is proposed."""

ACCEPTED: Final = "a CSV file, such as edited.csv, in a folder that is there"


class SaveScreen(ModalScreen[Path | None]):
    """Returns a path that can be written, or None when it was closed without one.

    A file that is there is returned only after a second enter.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "cancel")]

    def __init__(self, name: str = NAME) -> None:
        super().__init__()
        self._proposed = name
        self._asked: Path | None = None

    def compose(self) -> ComposeResult:
        """Show a field, and what it takes."""
        with Vertical() as dialog:
            dialog.border_title = "save the data"
            dialog.border_subtitle = "enter saves · esc cancels"
            field = Input(self._proposed, compact=True)
            field.cursor_blink = False
            yield field
            yield Static(ACCEPTED, id="about", markup=False)

    def on_input_changed(self, _: Input.Changed) -> None:
        """Forget what was asked of another name."""
        self._asked = None

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the path, ask once more, or say what is wrong with it."""
        try:
            path = Path(event.value.strip()).expanduser()
            why = why_not(path)
            there = not why and path.exists()
        except (ValueError, OSError, RuntimeError):  # a NUL, too long a name, nobody's home
            why, there = f"no file can be called {printable(event.value)!r}", False
        if why:
            self._say(f"{why}; accepted is {ACCEPTED}")
        elif there and self._asked != path:
            self._asked = path
            self._say(f"{printable(str(path))} is there; enter once more writes over it")
        else:
            self.dismiss(path)

    def _say(self, text: str) -> None:
        about = self.query_one("#about", Static)
        about.update(text)
        about.add_class("-wrong")


def why_not(path: Path) -> str:
    """Return why nothing can be written to a path, or nothing.

    Raises:
        ValueError, OSError: when no file can have such a name.
    """
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        path.lstat()
    shown, folder = printable(str(path)), printable(str(path.parent))
    if not path.name:
        return "a name was not given"
    if path.is_dir():
        return f"{shown} is a folder"
    if not path.parent.is_dir():
        return f"there is no folder {folder}"
    if path.exists():
        if not path.is_file():
            return f"{shown} is no ordinary file"
        if not os.access(path, os.W_OK):
            return f"{shown} may not be written"
        folder, path = printable(str(path.resolve().parent)), path.resolve()
    return "" if os.access(path.parent, os.W_OK) else f"nothing may be written to {folder}"
