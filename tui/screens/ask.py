"""The dialog in which the network answers to what a person types: a sentence, or a row of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import work
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui import numbers
from tui.canvas import Canvas
from tui.cells import Cells, printable
from tui.palette import BRIGHT, CLASS_POINTS, TEXT, TRAIN_MARKERS, ink

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.arrays import Array
    from core.datasets import TrainTest
    from tui.session import Session

MOST_FEATURES = 200
NAME_WIDTH = 24


class Answer(Canvas):
    """The probability of each class, the highest first, or the predicted numbers."""

    def __init__(self, data: TrainTest) -> None:
        super().__init__(id="answer")
        self._data = data
        self.outputs: Array | None = None

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        outputs, data = self.outputs, self._data
        if outputs is None:
            return cells
        if not data.has_classes:
            for row, name in enumerate(data.target_names[:height]):
                column = cells.write(row, 0, name[:NAME_WIDTH].ljust(NAME_WIDTH + 1), ink(TEXT))
                cells.write(row, column, f"{outputs[row]:.5g}".replace("-", "−"), ink(BRIGHT))
            return cells
        order = np.argsort(-np.nan_to_num(outputs), kind="stable")
        room = max(4, width - NAME_WIDTH - 12)
        for row, label in enumerate(order[:height].tolist()):
            point = ink(CLASS_POINTS[label % len(CLASS_POINTS)])
            cells.write(row, 0, TRAIN_MARKERS[label % len(TRAIN_MARKERS)], point)
            name = data.class_names[label][:NAME_WIDTH]
            cells.write(row, 2, name, ink(BRIGHT if row == 0 else TEXT))
            share = float(outputs[label])
            cells.write_right(row, NAME_WIDTH + 10, f"{numbers.percent(share)} %", ink(TEXT))
            filled = round(share * room) if np.isfinite(share) else 0
            cells.write(row, NAME_WIDTH + 12, "█" * filled, point)
        return cells


class AskScreen(ModalScreen[None]):
    """Answers with the network as it is at each key press."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "close")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        assert session.data is not None
        self._data = session.data
        self._ready = self._data.preparation.text is None
        self._answer = Answer(self._data)

    def compose(self) -> ComposeResult:
        """Show a field, what it takes, and the answer."""
        with Vertical() as dialog:
            dialog.border_title = "ask the network"
            dialog.border_subtitle = "type · escape closes"
            field = Input(self._start(), compact=True, id="question", select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static(self._what(), id="about", markup=False)
            yield self._answer

    def on_mount(self) -> None:
        """Answer to what stands there, or get ready to."""
        if self._ready:
            self._reply()
        else:
            self.query_one("#about", Static).update("loading scikit-learn's text features …")
            self._get_ready()

    def on_input_changed(self) -> None:
        """Answer to what stands there now."""
        self._reply()

    @work(thread=True)
    def _get_ready(self) -> None:
        # importing scikit-learn takes a second, in which the run goes on
        self._data.preparation.inputs_of_texts(["a"])

        def ready() -> None:
            self._ready = True
            self._reply()

        self.app.call_from_thread(ready)

    def _what(self) -> str:
        if self._data.preparation.text is not None:
            return "a sentence"
        names = [printable(name) for name in self._data.feature_names]
        more = f" … {len(names)} numbers" if len(names) > 12 else ""
        return (
            f"by commas, in their own units, or nothing for the mean: {', '.join(names[:12])}{more}"
        )

    def _start(self) -> str:
        """Return the means, for a row of numbers is hard to think of."""
        if self._data.preparation.text is not None:
            return ""
        means = self._data.preparation.features(self._data.x_train).mean(axis=0)
        return ", ".join(f"{mean:.4g}" for mean in means[:MOST_FEATURES].tolist())

    def _reply(self) -> None:
        if not self._ready:
            return
        about = self.query_one("#about", Static)
        try:
            inputs = self._inputs(self.query_one("#question", Input).value)
        except ValueError as error:
            about.update(str(error))
            about.add_class("-wrong")
            return
        about.update(self._what())
        about.remove_class("-wrong")
        network = self._session.network
        if network is None or inputs.shape[1] != network.sizes[0]:
            about.update("the run has other data now: close this and ask anew")
            return
        outputs = network.predict(inputs)
        if not self._data.has_classes:
            outputs = self._data.preparation.in_units(outputs)
        self._answer.outputs = outputs[0]
        self._answer.repaint()

    def _inputs(self, text: str) -> Array:
        """Return the (1, inputs) of what was typed; raises ValueError with a sentence."""
        preparation, names = self._data.preparation, self._data.feature_names
        if preparation.text is not None:
            return preparation.inputs_of_texts([text])
        parts = [part.strip() for part in text.split(",")]
        values = np.full((1, len(names)), np.nan)
        for at, part in enumerate(parts):
            if at >= len(names):
                raise ValueError(
                    f"{len(parts)} numbers were given; there are {len(names)} features"
                )
            try:
                values[0, at] = float(part) if part else np.nan
            except ValueError:
                name = printable(names[at])
                raise ValueError(
                    f"{name}: {printable(part)!r} was given; accepted is a number"
                ) from None
        if np.isinf(values).any():
            raise ValueError("infinity was given; accepted are finite numbers")
        return preparation.inputs(self._filled(values))

    def _filled(self, values: Array) -> Array:
        """Return the values with means where nothing was typed."""
        means = self._data.preparation.features(self._data.x_train).mean(axis=0)
        return np.where(np.isnan(values), means, values)
