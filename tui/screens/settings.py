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
from core.config.value_types import MultiChoice, line_of
from tui.drawing.terminal_text import hints_that_fit
from tui.screens.settings_list import DIFFERS, SettingsList
from tui.screens.settings_search import takes_any_text

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.config.settings import Setting

PAGE: Final = 10
FOLD: Final = (
    "settings that change nothing in this run, such as those of another optimiser or of a file"
)


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

    def __init__(self, config: RunConfig, shown_as: str = "") -> None:
        """Create the dialog.

        Args:
            config: the settings.
            shown_as: `followed` or `replay` for a run that cannot be changed.
        """
        super().__init__()
        self._enter = f"{shown_as}: read-only" if shown_as else "enter applies all"
        self.rows = SettingsList(config, id="rows")
        self._field = Input(id="value", compact=True, select_on_focus=True)
        self._find = Input(id="find", compact=True, placeholder="find a setting")
        for field in (self._field, self._find):
            field.cursor_blink = False  # at rest, nothing may be written
        self._about = Static(id="about", markup=False)

    def compose(self) -> ComposeResult:
        """Show a row per setting, a field over the value that is typed, and an explanation."""
        with Vertical() as dialog:
            preset = self.rows.values.preset.name
            dialog.border_title = f"settings of the run · {DIFFERS} differs from preset {preset}"
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
        """Go to another row; from the search field, to the setting found."""
        if self.focused is self._find:
            self.rows.found_value = ""
            self.set_focus(self.rows)
        else:
            self.rows.move(by)
        self._follow()  # immediately: the next key is for that row

    @on(SettingsList.Moved)
    def _follow(self) -> None:
        """Place the field over the current value, if it is typed, and explain the setting."""
        rows, field = self.rows, self._field
        field.display = rows.takes_text
        if rows.takes_text and rows.current is not None:
            self._place_field()
            text = rows.texts[rows.current.name]
            if field.value != text:
                with field.prevent(Input.Changed):
                    field.value = text
            field.action_select_all()
        if self.focused is not self._find:
            self.set_focus(field if rows.takes_text else rows)
        self._explain()

    def _place_field(self) -> None:
        column, row, width = self.rows.place
        self._field.styles.offset = (column, row)
        self._field.styles.width = width

    # --- finding

    def check_action(self, action: str, _: tuple[object, ...]) -> bool | None:
        """Pass `/` to a field that accepts it."""
        setting = self.rows.current
        takes_any = setting is not None and takes_any_text(setting)
        return action != "find" or not (self.focused is self._find or takes_any)

    def action_find(self) -> None:
        """Open the search field."""
        self._find.display = True
        self._find.focus()
        self._explain()

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
        self.rows.choose(event.value)
        if self.rows.problem:
            self._explain()

    @on(Input.Submitted, "#find")
    def _found(self) -> None:
        """Edit the setting found; a value that follows its name is its value."""
        if self._write_found():
            self.set_focus(self.rows)
            self._follow()

    def _write_found(self) -> bool:
        """Change the setting found to the value after its name; return False if none is found."""
        if self.rows.found_value:
            self.rows.write(self.rows.found_value)
            self.rows.found_value = ""
        return not self.rows.problem

    # --- the values

    @on(Input.Changed, "#value")
    def _written(self, event: Input.Changed) -> None:
        setting = self.rows.current
        if self.rows.takes_text and setting and event.value != self.rows.texts[setting.name]:
            self.rows.write(event.value)

    @on(SettingsList.Changed)
    def _check(self) -> None:
        """Show the error of the changed value, and remove errors that no longer apply."""
        config, wrong = self._read()
        errors = {error.name: error for error in wrong}
        rows, values = self.rows, self.rows.values
        shown = {*values.errors, *((rows.current.name,) if rows.current else ())}
        values.errors = {name: error for name, error in errors.items() if name in shown}
        if config is not None:
            rows.use(config)
            self._place_field()
        rows.repaint()
        self._explain()

    @on(Input.Submitted, "#value")
    def _submitted(self) -> None:
        self.action_apply()

    def action_apply(self) -> None:
        """Return the configuration, or show the errors."""
        if self.focused is self._find and not self._write_found():
            return  # what was typed would be lost
        config, wrong = self._read()
        if config is not None:
            self.dismiss(config)
            return
        self.rows.values.errors = {error.name: error for error in wrong}
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
        """Explain the current setting, and name the keys that work in its row."""
        current, values = self.rows.current, self.rows.values
        dialog = self.query_one(Vertical)
        width = dialog.size.width + 4 or self.app.size.width  # with border and padding
        dialog.border_subtitle = hints_that_fit(self._keys(), width)
        error = None if current is None else values.errors.get(current.name)
        self._about.set_class(error is not None or bool(self.rows.problem), "-wrong")
        if self.rows.problem:
            self._about.update(self.rows.problem)
        elif current is None:
            self._about.update(FOLD)
        elif error is not None:
            self._about.update(f"expected {error.expected}")
        else:
            word = values.texts[current.name]
            meaning = values.auto(current) or line_of(current.value_type, word)
            about = _explanation(current)
            usual = values.preset_value(current)
            if usual is not None:
                about = f"preset: {usual}. {about}"
            self._about.update(f"{word}: {meaning}. {about}" if meaning else about)

    def _keys(self) -> str:
        """Return the keys of the current row, or of the search field."""
        setting = self.rows.current
        if self.focused is self._find and setting is not None and self.rows.found_value:
            change = f"{setting.name.replace('_', ' ')} to {self.rows.found_value}"
            return f"enter changes {change} · esc shows all"
        if self.focused is self._find:
            return "enter edits the setting found · esc shows all"
        leave = "esc shows all" if self._find.display else "esc cancels"
        if setting is None:
            return f"space opens or closes · ↑ ↓ setting · {self._enter} · {leave}"
        if isinstance(setting.value_type, MultiChoice):
            return f"← → selects, space switches · ↑ ↓ setting · {self._enter} · {leave}"
        find = "" if takes_any_text(setting) else "/ finds · "
        change = "type a value" if self.rows.takes_text else "← → changes"
        return f"{change} · ↑ ↓ setting · {find}{self._enter} · {leave}"


def _explanation(row: Setting) -> str:
    consequence = {
        "data": "a change draws the data again and keeps the trained weights where they fit",
        "network": "a change starts a new run",
    }.get(row.effect, "a change takes effect in the next epoch")
    return f"{row.help}: {row.value_type.accepts}; {consequence}"
