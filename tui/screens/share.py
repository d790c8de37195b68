"""Dialog with the command line that repeats the run; it is also copied to the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from core.config.command_line import command_of
from tui.drawing.cells import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui.run_model import RunModel


class ShareScreen(ModalScreen[None]):
    """Shows the command line, what it does not repeat, and the saved run that does.

    Copying begins when the dialog opens. The terminal does not say whether it accepts that, so that the
    text is always shown, too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,L", "dismiss", "close"),
        ("enter,c", "copy", "copy again"),
    ]

    def __init__(self, run: RunModel) -> None:
        super().__init__()
        self._command = command_of(run.config)
        self._sentences = sentences_on(run)

    def compose(self) -> ComposeResult:
        """Show the command line, and sentences on it."""
        with VerticalScroll() as dialog:
            dialog.can_focus = True
            dialog.border_title = "the command of this run"
            dialog.border_subtitle = "enter copies again · esc closes"
            yield Static(printable(self._command), id="command", markup=False)
            yield Static("\n\n".join(self._sentences), markup=False)

    def on_mount(self) -> None:
        """Copy the command."""
        self.action_copy()

    def action_copy(self) -> None:
        """Send the command to the clipboard of the terminal."""
        self.app.copy_to_clipboard(self._command)


def sentences_on(run: RunModel) -> list[str]:
    """Return what a user has to know about the command of a run."""
    kept = f"nnfs-tui resume {run.saved_as}" if run.saved_as else ""
    found = ["It is copied to the clipboard, if the terminal allows that."]
    changes = [
        f"{run.changes.words_at(epoch)} after epoch {epoch:,}" for epoch in run.changes.epochs
    ]
    if changes:
        shown = "; ".join(changes[-6:])
        sentence = f"The run was changed on the way, which the command does not repeat: {shown}."
        found.append(sentence)
        if kept:
            found.append(f"With these changes, the saved run continues: {kept}")
    else:
        found.append(
            "It trains the same network again: on one type of processor, all numbers are the same."
        )
        if kept:
            found.append(f"The saved run: {kept}")
    return [printable(each) for each in found]
