"""Small dialogs: a yes-or-no question, and prompts for an epoch, a number and a file name."""

from __future__ import annotations

import os
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Generic, Protocol, TypeVar

from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.config.errors import quoted
from core.datasets.prepare import MAX_DIGITS
from tui.drawing.cells import cut, printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.training.state import EpochMetrics

Value = TypeVar("Value")

FINITE_NUMBER: Final = "a finite number, such as 0.5, −2 or 1e-3"
PICTURE: Final = ".svg"
"""Ending of a picture of the screen."""
EXPORT_FILE: Final = (
    "a file: a report ({0}.html), a script ({0}.py for NumPy, {0}.torch.py, {0}.keras.py, "
    "{0}.sklearn.py), {0}.onnx, a table ({0}.csv), weights ({0}.json, {0}.npz), or a picture of the "
    "screen ({0}.svg)"
)
CSV_FILE: Final = "a CSV file, such as edited.csv, in an existing folder"


class ConfirmScreen(ModalScreen[bool]):
    """Asks a yes-or-no question and returns the answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("y,enter", "dismiss(True)", "yes"),
        ("n,escape,q", "dismiss(False)", "no"),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Show the question."""
        with Vertical() as dialog:
            dialog.border_subtitle = "y or enter: yes · n or esc: no"
            yield Static(self._question, markup=False)


class PromptScreen(ModalScreen[Value | None], Generic[Value]):
    """One field and the values it accepts; returns the value, or None when cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "cancel")]
    heading: ClassVar[str]
    enter: ClassVar[str]
    """What the enter key does, in a word."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text

    @property
    def about(self) -> str:
        """Sentence below the field before anything is rejected."""
        raise NotImplementedError

    def read(self, text: str) -> Value:
        """Return the value of a text.

        Raises:
            ValueError: with a sentence for the user.
        """
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Show the field, and the accepted values below it."""
        with Vertical() as dialog:
            dialog.border_title = self.heading
            dialog.border_subtitle = f"enter {self.enter} · esc cancels"
            field = Input(self._text, compact=True)
            field.cursor_blink = False
            yield field
            yield Static(self.about, id="about", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Return the value, or show why it is rejected."""
        event.stop()
        try:
            value = self.read(event.value)
        except ValueError as error:
            about = self.query_one("#about", Static)
            about.update(str(error))
            about.add_class("-wrong")
        else:
            self.dismiss(value)


class Trained(Protocol):
    """A run with epochs, or several; a `RunModel`, except on the screen of many seeds."""

    @property
    def head_epoch(self) -> int:
        """The newest epoch."""

    @property
    def best(self) -> EpochMetrics | None:
        """The best epoch, if there is one."""


class EpochScreen(PromptScreen[int]):
    """Prompt for an epoch to go to."""

    heading = "go to epoch"
    enter = "goes there"

    def __init__(self, run: Trained) -> None:
        super().__init__()
        self._run = run

    @property
    def about(self) -> str:
        best = self._run.best
        if not self._run.head_epoch:
            return "0, the untrained network: no epoch is complete yet"
        or_best = "" if best is None else f", or best (epoch {best.epoch:,})"
        return f"a whole number from 0 to {self._run.head_epoch}{or_best}"

    def read(self, text: str) -> int:
        word, best = text.strip().lower().replace(",", ""), self._run.best
        if word == "best" and best is not None:
            return best.epoch
        if word.isdecimal() and len(word) < MAX_DIGITS and int(word) <= self._run.head_epoch:
            return int(word)
        raise ValueError(f"invalid value {quoted(printable(text))}: expected {self.about}")


class NumberScreen(PromptScreen[float]):
    """Prompt for a new value of a weight or a bias."""

    heading = "new value"
    enter = "sets"

    def __init__(self, name: str, value: float) -> None:
        super().__init__(f"{value:.6g}")
        self._number_name = printable(cut(name, 60))

    @property
    def about(self) -> str:
        return f"{self._number_name}: {FINITE_NUMBER}"

    def read(self, text: str) -> float:
        value = number_of(text)
        if value is None:
            given = quoted(printable(text))
            raise ValueError(f"invalid value {given}: expected {FINITE_NUMBER}")
        return value


class FileScreen(PromptScreen[Path]):
    """Prompt for a file to write; an existing file needs a second enter."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._to_overwrite: Path | None = None

    def on_input_changed(self, _: Input.Changed) -> None:
        """Ask again before another file is overwritten."""
        self._to_overwrite = None

    def read(self, text: str) -> Path:
        try:
            path = Path(text.strip()).expanduser()
            problem = write_problem(path)
            exists = not problem and path.exists()
        except (
            ValueError,
            OSError,
            RuntimeError,
        ):  # a NUL, too long a name, an unknown user's home
            path, exists = Path(), False
            problem = f"{quoted(printable(text))} is not a valid file name"
        if problem:
            raise ValueError(f"{problem}: expected {self.about}")
        if exists and self._to_overwrite != path:
            self._to_overwrite = path
            raise ValueError(
                f"{quoted(printable(str(path)))} exists; enter once more overwrites it"
            )
        return path


class SaveScreen(FileScreen):
    """Prompt for a file to save the data to."""

    heading = "save the data"
    enter = "saves"

    def __init__(self, name: str = "edited.csv") -> None:
        super().__init__(name)

    @property
    def about(self) -> str:
        return CSV_FILE


class ExportScreen(FileScreen):
    """Prompt for a file to export the run to; its ending is the format."""

    heading = "export the run"
    enter = "writes the file"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}.html")
        self._run_name = cut(printable(name), 20)

    @property
    def about(self) -> str:
        return EXPORT_FILE.format(self._run_name)

    def read(self, text: str) -> Path:
        from core.export.formats import format_of_file

        path = super().read(text)
        if path.suffix != PICTURE:
            format_of_file(path.name)
        return path


def number_of(text: str) -> float | None:
    """Return the finite number of a text, which may have a Unicode minus sign, or None."""
    try:
        value = float(text.strip().replace("−", "-"))
    except ValueError:
        return None
    return value if isfinite(value) else None


def write_problem(path: Path) -> str:
    """Return why a file cannot be written, or an empty string.

    Raises:
        ValueError, OSError: for a name that no file can have.
    """
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        path.lstat()
    shown, folder = quoted(printable(str(path))), quoted(printable(str(path.parent)))
    if not path.name:
        return "the name is missing"
    if path.is_dir():
        return f"{shown} is a folder"
    if not path.parent.is_dir():
        return f"the folder {folder} does not exist"
    if path.exists():
        if not path.is_file():
            return f"{shown} is not a regular file"
        if not os.access(path, os.W_OK):
            return f"{shown} is not writable"
        folder, path = quoted(printable(str(path.resolve().parent))), path.resolve()
    return "" if os.access(path.parent, os.W_OK) else f"the folder {folder} is not writable"
