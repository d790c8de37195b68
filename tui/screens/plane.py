"""Dialog for the plane of the map: two features, and the values of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Select, Static

from core.analysis.planes import PlaneChoice, ranked_features
from core.config.errors import quoted
from core.datasets.prepare import MAX_DIGITS
from tui.drawing.cells import printable

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.datasets import DataSplit

COMPONENTS = -1


class PlaneScreen(ModalScreen[PlaneChoice | None]):
    """Returns the choice, or None when cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss", "cancel"),
        ("ctrl+s", "apply", "apply"),
        ("up", "app.focus_previous", "previous"),
        ("down", "app.focus_next", "next"),
        ("q", "dismiss", "cancel"),
    ]

    def __init__(self, data: DataSplit, plane: PlaneChoice, selected: int) -> None:
        super().__init__()
        self._data = data
        self._plane = plane
        self._selected = min(selected, len(data.y_train) - 1)
        """Index of the inspected training sample, from 0."""

    def compose(self) -> ComposeResult:
        """Show the two features and the sample."""
        names = [printable(name) for name in self._data.feature_names]
        first, second = ranked_features(self._data)[:2]
        across = COMPONENTS if self._plane.across is None else self._plane.across
        up = second if self._plane.up is None else self._plane.up
        if across == COMPONENTS and up == first:
            up = second
        # Content, because a string would be parsed as markup
        features = [(Content(name), number) for number, name in enumerate(names)]
        both = (Content("the first two principal components"), COMPONENTS)
        held = "mean" if self._plane.held is None else str(self._plane.held + 1)
        with Vertical() as dialog:
            dialog.border_title = "plane of the map"
            dialog.border_subtitle = "tab next · enter opens a list · ctrl+s applies · esc cancels"
            with Horizontal(classes="row"):
                yield Static("across", classes="name", markup=False)
                yield Select(
                    [both, *features], value=across, allow_blank=False, compact=True, id="across"
                )
            with Horizontal(classes="row"):
                yield Static("up", classes="name", markup=False)
                yield Select(features, value=up, allow_blank=False, compact=True, id="up")
            with Horizontal(classes="row"):
                yield Static("others at", classes="name", markup=False)
                field = Input(held, compact=True, id="held", select_on_focus=True)
                field.cursor_blink = False
                yield field
            yield Static(self._accepted, id="about", markup=False)

    @property
    def _accepted(self) -> str:
        selected, last = self._selected + 1, len(self._data.y_train)
        return f"mean, selected (now sample {selected:,}), or a training sample from 1 to {last}"

    def on_select_changed(self, event: Select.Changed) -> None:
        """Replace the components when the user selects a feature."""
        across = self.query_one("#across", Select)
        if event.select.id == "up" and event.select.has_focus_within and across.value == COMPONENTS:
            ranked = ranked_features(self._data)
            across.value = next(number for number in ranked if number != event.value)

    def on_input_submitted(self) -> None:
        """Apply the choice."""
        self.action_apply()

    def action_apply(self) -> None:
        """Return the choice, or show why it is invalid."""
        across = self.query_one("#across", Select).value
        up = self.query_one("#up", Select).value
        if not isinstance(across, int) or across == COMPONENTS:
            self.dismiss(PlaneChoice())
            return
        if not isinstance(up, int) or across == up:
            self._complain("a plane needs two different features")
            return
        text = self.query_one("#held", Input).value.strip()
        if text == "mean":
            self.dismiss(PlaneChoice(across, up))
        elif text == "selected":
            self.dismiss(PlaneChoice(across, up, self._selected))
        elif self._is_sample(text):
            self.dismiss(PlaneChoice(across, up, int(text) - 1))
        else:
            self._complain(f"invalid value {quoted(printable(text))}: expected {self._accepted}")

    def _is_sample(self, text: str) -> bool:
        is_number = text.isdecimal() and len(text) < MAX_DIGITS
        return is_number and 1 <= int(text) <= len(self._data.y_train)

    def _complain(self, sentence: str) -> None:
        about = self.query_one("#about", Static)
        about.update(sentence)
        about.add_class("-wrong")
