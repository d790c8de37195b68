"""Dialog with all settings of the run, validated while they are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from core.config.errors import ConfigError
from core.config.run_config import RunConfig, settings
from core.config.value_types import ColumnNames, Delimiter, OptionalValue, Text, line_of
from tui.screens.settings_list import SettingsList

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.config.settings import Setting

PAGE: Final = 10


class SettingsScreen(ModalScreen[RunConfig | None]):
    """Returns the new configuration, or None when cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "leave", "cancel"),
        ("ctrl+s,enter", "apply", "apply"),
        ("up,shift+tab", "move(-1)", "previous"),
        ("down,tab", "move(1)", "next"),
        ("pageup", f"move(-{PAGE})", "back"),
        ("pagedown", f"move({PAGE})", "on"),
        # before the field receives it: no number contains a slash
        Binding("slash", "find", "find", priority=True),
        ("q", "dismiss", "cancel"),
    ]
    AUTO_FOCUS = ""

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self.rows = SettingsList(config, id="rows")
        self._field = Input(id="value", compact=True, select_on_focus=True)
        self._find = Input(id="find", compact=True, placeholder="find a setting")
        for field in (self._field, self._find):
            field.cursor_blink = False  # at rest, nothing may be written
        self._about = Static(id="about", markup=False)

    def compose(self) -> ComposeResult:
        """Show a row per setting, a field over the value that is typed, and an explanation."""
        with Vertical() as dialog:
            dialog.border_title = "settings of the run"
            dialog.border_subtitle = "enter applies · esc cancels · ↑ ↓ ← → · / finds"
            yield self._find
            with Container(id="fields"):
                yield self.rows
                yield self._field
            yield self._about

    def on_mount(self) -> None:
        """Start in the first row."""
        self._find.display = False
        self._follow()

    # --- moving

    def go_to(self, name: str) -> None:
        """Make a setting the current one."""
        self.rows.go_to(name)
        self._follow()

    def action_move(self, by: int) -> None:
        """Go to another row."""
        if self.focused is self._find:
            self._follow()
        else:
            self.rows.move(by)
            self._follow()  # immediately: the next key is for that row

    @on(SettingsList.Moved)
    def _follow(self) -> None:
        """Place the field over the current value, if it is typed, and explain the setting."""
        rows, field = self.rows, self._field
        field.display = rows.takes_text
        if rows.takes_text:
            column, row, width = rows.place
            field.styles.offset = (column, row)
            field.styles.width = width
            text = rows.texts[rows.current.name]
            if field.value != text:
                with field.prevent(Input.Changed):
                    field.value = text
            field.action_select_all()
        if self.focused is not self._find:
            self.set_focus(field if rows.takes_text else rows)
        self._explain()

    # --- finding

    def check_action(self, action: str, _: tuple[object, ...]) -> bool | None:
        """Pass `/` to a field that accepts it."""
        return action != "find" or not (self.focused is self._find or _takes_any(self.rows.current))

    def action_find(self) -> None:
        """Open the search field."""
        self._find.display = True
        self._find.focus()

    def action_leave(self) -> None:
        """Show all settings again, or close the dialog."""
        if self._find.display:
            self._find.display = False
            with self._find.prevent(Input.Changed):
                self._find.value = ""
            self.rows.choose("")
            self._follow()
        else:
            self.dismiss()

    @on(Input.Changed, "#find")
    def _show_found(self, event: Input.Changed) -> None:
        if not self.rows.choose(event.value):
            self._about.update("no setting has that in its name or its description")

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        self.set_focus(self.rows)
        self._follow()

    # --- the values

    @on(Input.Changed, "#value")
    def _written(self, event: Input.Changed) -> None:
        if self.rows.takes_text and event.value != self.rows.texts[self.rows.current.name]:
            self.rows.write(event.value)

    @on(SettingsList.Changed)
    def _check(self) -> None:
        """Show the error of the changed value, and remove errors that no longer apply."""
        config, wrong = self._read()
        errors = {error.name: error for error in wrong}
        rows = self.rows
        shown = {*rows.errors, rows.current.name}
        rows.errors = {name: error for name, error in errors.items() if name in shown}
        if config is not None:
            rows.idle = config.idle
        rows.repaint()
        self._explain()

    @on(Input.Submitted, "#value")
    def _submitted(self) -> None:
        self.action_apply()

    def action_apply(self) -> None:
        """Return the configuration, or show the errors."""
        config, wrong = self._read()
        if config is not None:
            self.dismiss(config)
            return
        self.rows.errors = {error.name: error for error in wrong}
        self.go_to(wrong[0].name)

    def _read(self) -> tuple[RunConfig | None, list[ConfigError]]:
        """Return the configuration of all rows, or their errors."""
        values: dict[str, Any] = {}
        wrong: list[ConfigError] = []
        for each in settings():
            try:
                values[each.name] = each.read(self.rows.texts[each.name])
            except ConfigError as error:
                wrong.append(error)
        if wrong:
            return None, wrong
        try:
            return RunConfig(**values), []
        except ConfigError as error:
            return None, [error]

    def _explain(self) -> None:
        current = self.rows.current
        error = self.rows.errors.get(current.name)
        self._about.set_class(error is not None, "-wrong")
        if error is not None:
            self._about.update(f"expected {error.expected}")
            return
        word = self.rows.texts[current.name]
        line = line_of(current.value_type, word)
        about = _explanation(current)
        self._about.update(f"{word}: {line}. {about}" if line else about)


def _takes_any(row: Setting) -> bool:
    """Return whether a value may contain any character, such as a file name."""
    kind = row.value_type
    while isinstance(kind, OptionalValue):
        kind = kind.kind
    return isinstance(kind, Text | ColumnNames | Delimiter)


def _explanation(row: Setting) -> str:
    consequence = {
        "data": "a change draws the data again and keeps the trained weights where they fit",
        "network": "a change starts a new run",
    }.get(row.effect, "a change takes effect in the next epoch")
    return f"{row.help}: {row.value_type.accepts}; {consequence}"
