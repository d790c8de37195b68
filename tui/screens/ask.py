"""Dialog that predicts an input: a row of numbers, or a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import work
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.config.errors import quoted
from core.dataclass import dataclass
from tui.drawing import number_format
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cut, printable
from tui.drawing.palette import BRIGHT, TEXT, class_marker, class_point, ink
from tui.panels.pixels import draw_pixels

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.arrays import Array
    from core.datasets import DataSplit
    from tui.run_model import RunModel

MOST_FEATURES = 200
NAME_WIDTH = 24
LEAST_ROOM = 24
"""Columns for the percentages and their bars, next to the picture of an image."""


@dataclass(frozen=True)
class Field:
    """A feature as the user types it: a number, or the word of a category.

    Attributes:
        first, last: range of its columns, without `last`.
        words: the category of each column; empty for a number.
    """

    name: str
    first: int
    last: int
    words: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: DataSplit) -> list[Field]:
        """Return the fields of all features."""
        groups = dict(data.preparation.one_hot)
        fields, at = [], 0
        names = data.feature_names
        while at < len(names):
            last = groups.get(at, at + 1)
            if at in groups:
                name = names[at].partition("=")[0]
                words = tuple(each.removeprefix(f"{name}=") for each in names[at:last])
                fields.append(cls(name, at, last, words))
            else:
                fields.append(cls(names[at], at, last))
            at = last
        return fields

    def write(self, values: Array) -> str:
        """Return the text of this field for a sample, given all its values."""
        own = values[self.first : self.last]
        return self.words[int(own.argmax())] if self.words else f"{float(own[0]):.6g}"

    def read(self, text: str) -> Array:
        """Return the values of the field's columns.

        Raises:
            ValueError: with a sentence, if the text is not a number or not a category.
        """
        prefix = f"invalid value {quoted(printable(text))} for {printable(self.name)}: expected"
        if self.words:
            if text not in self.words:
                raise ValueError(f"{prefix} one of {', '.join(map(printable, self.words))}")
            return np.array([float(word == text) for word in self.words])
        try:
            value = float(text)
        except ValueError:
            raise ValueError(f"{prefix} a number") from None
        if not np.isfinite(value):
            raise ValueError(f"{prefix} a finite number")
        return np.array([value])


class Answer(Canvas):
    """The probability of each class, the highest first, or the predicted numbers."""

    def __init__(self, data: DataSplit) -> None:
        super().__init__(id="answer")
        self._data = data
        self.outputs: Array | None = None
        self.features: Array | None = None
        """The input in original units."""

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        outputs, data = self.outputs, self._data
        if outputs is None:
            return cells
        if not data.has_classes:
            for row, name in enumerate(data.target_names[:height]):
                cells.write(row, 0, cut(name, NAME_WIDTH), ink(TEXT))
                column = NAME_WIDTH + 1
                cells.write(row, column, f"{outputs[row]:,.6g}".replace("-", "−"), ink(BRIGHT))
            return cells
        if data.preparation.image is not None and self.features is not None:
            most = width - NAME_WIDTH - LEAST_ROOM
            picture = draw_pixels(self.features, data.preparation.image, most, height)
            cells.place(0, width - picture.width, picture)
            width -= picture.width + 2
        order = np.argsort(-np.nan_to_num(outputs), kind="stable")
        room = max(4, width - NAME_WIDTH - 12)
        for row, label in enumerate(order[:height].tolist()):
            cells.write(row, 0, *class_marker(label))
            name = cut(data.class_names[label], NAME_WIDTH)
            cells.write(row, 2, name, ink(BRIGHT if row == 0 else TEXT))
            share = float(outputs[label])
            cells.write_right(row, NAME_WIDTH + 10, f"{number_format.percent(share)} %", ink(TEXT))
            filled = round(share * room) if np.isfinite(share) else 0
            cells.write(row, NAME_WIDTH + 12, "█" * filled, ink(class_point(label)))
        return cells


class AskScreen(ModalScreen[None]):
    """Shows the current network's prediction after each key."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "close")]

    def __init__(self, run: RunModel) -> None:
        super().__init__()
        self._run = run
        assert run.data is not None
        self._data = run.data
        self._fields = Field.of(self._data)
        self._ready = self._data.preparation.text is None
        self._answer = Answer(self._data)

    def compose(self) -> ComposeResult:
        """Show a field, the accepted values, and the prediction."""
        with Vertical() as dialog:
            dialog.border_title = "ask the network"
            dialog.border_subtitle = "the answer follows each key · esc closes"
            field = Input(self._start(), compact=True, id="question", select_on_focus=True)
            field.cursor_blink = False
            yield field
            yield Static(self._what(), id="about", markup=False)
            lines = len(self._data.class_names or self._data.target_names)
            self._answer.styles.height = min(10, lines)
            yield self._answer

    def on_mount(self) -> None:
        """Predict the initial text, or load the text features first."""
        if self._ready:
            self._reply()
        else:
            self.query_one("#about", Static).update("loading scikit-learn's text features …")
            self._get_ready()

    def on_input_changed(self) -> None:
        """Predict the new text."""
        self._reply()

    @work(thread=True)
    def _get_ready(self) -> None:
        # in a thread, because importing scikit-learn takes a second
        self._data.preparation.inputs_of_texts(["a"])

        def ready() -> None:
            self._ready = True
            self._reply()

        self.app.call_from_thread(ready)

    def _what(self) -> str:
        if self._data.preparation.text is not None:
            return "a sentence"
        names = ", ".join(printable(field.name) for field in self._fields[:12])
        more = f" … {len(self._fields):,} values" if len(self._fields) > 12 else ""
        return f"separated by commas, in the original units; empty for the mean: {names}{more}"

    def _start(self) -> str:
        """Return a training sample, whose values can be changed."""
        if self._data.preparation.text is not None or not len(self._data.x_train):
            return ""
        values = self._data.preparation.features(self._data.x_train[:1])[0]
        return ", ".join(field.write(values) for field in self._fields[:MOST_FEATURES])

    def _reply(self) -> None:
        if not self._ready:
            return
        about = self.query_one("#about", Static)
        try:
            inputs = self._inputs(self.query_one("#question", Input).value)
        except ValueError as error:
            about.update(str(error))
            about.add_class("-wrong")
            self._answer.outputs = None
            self._answer.repaint()
            return
        about.update(self._what())
        about.remove_class("-wrong")
        network = self._run.network
        if network is None or inputs.shape[1] != network.sizes[0]:
            about.update("the run has other data now: close this dialog and open it again")
            return
        outputs = network.predict(inputs)
        if not self._data.has_classes:
            outputs = self._data.preparation.in_units(outputs)
        self._answer.outputs = outputs[0]
        self._answer.features = self._data.preparation.features(inputs)[0]
        self._answer.repaint()

    def _inputs(self, text: str) -> Array:
        """Return the inputs, (1, inputs), of a text; raises ValueError with a sentence."""
        preparation, fields = self._data.preparation, self._fields
        if preparation.text is not None:
            return preparation.inputs_of_texts([text])
        parts = [part.strip() for part in text.split(",")]
        if len(parts) > len(fields):
            raise ValueError(f"{len(parts)} values for {len(fields)} features")
        values = np.full((1, len(self._data.feature_names)), np.nan)
        for field, part in zip(fields, parts, strict=False):
            if part:
                values[0, field.first : field.last] = field.read(part)
        return preparation.inputs(self._filled(values))

    def _filled(self, values: Array) -> Array:
        """Return the values, with the mean of each feature that was left empty."""
        means = self._data.preparation.features(self._data.x_train).mean(axis=0)
        return np.where(np.isnan(values), means, values)
