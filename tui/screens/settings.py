"""The hyperparameter dialog: every setting of the run, validated beside its field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Select, Static

from core.config import RunConfig, settings
from core.kinds import ConfigError, Several, is_closed, line_of, words_of
from tui.toggles import Toggles

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.settings import Setting


class SettingsScreen(ModalScreen[RunConfig | None]):
    """Returns the new config, or None when it was closed without one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape", "dismiss", "cancel"),
        ("ctrl+s,enter", "apply", "apply"),
        ("up", "app.focus_previous", "previous"),
        ("down", "app.focus_next", "next"),
        ("q", "dismiss", "cancel"),
    ]

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self._config = config

    def compose(self) -> ComposeResult:
        """Show a row for each setting: name, field, and what it is or what is wrong."""
        with Vertical() as dialog:
            dialog.border_title = "settings of the run"
            dialog.border_subtitle = (
                "ctrl+s, or enter in a field, applies · escape cancels · ↑ ↓ tab"
            )
            with VerticalScroll(id="fields", can_focus=False):
                group = ""
                for setting in settings():
                    if setting.group != group:
                        group = setting.group
                        yield Static(group, classes="group", markup=False)
                    with Horizontal(classes="row"):
                        yield Static(setting.name.replace("_", " "), classes="name", markup=False)
                        yield self._field(setting)
                        yield Static(
                            self._remark(setting),
                            id=f"remark-{setting.name}",
                            classes="remark",
                            markup=False,
                        )
            yield Static(id="about", markup=False)

    def _remark(self, setting: Setting) -> str:
        why = self._config.idle.get(setting.name)
        return setting.help if why is None else f"no effect with {why}"

    def _field(self, setting: Setting) -> Input | Select[str] | Toggles:
        value = setting.write(getattr(self._config, setting.name))
        if isinstance(setting.kind, Several):
            chosen = setting.kind.read(value)
            toggles = Toggles(setting.kind, chosen, id=f"field-{setting.name}")
            toggles.add_class("value", "-toggles")
            return toggles
        if is_closed(setting.kind):
            return Select(
                [(word, word) for word in words_of(setting.kind)],
                value=value,
                allow_blank=False,
                compact=True,
                id=f"field-{setting.name}",
                classes="value",
            )
        field = Input(
            value, compact=True, id=f"field-{setting.name}", classes="value", select_on_focus=True
        )
        field.cursor_blink = False  # a run at rest writes nothing
        return field

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Toggles.Changed)
    def _check_field(self, event: Input.Changed | Select.Changed | Toggles.Changed) -> None:
        """Say what is wrong with the field that was changed; forget what no longer is, elsewhere too."""
        _, wrong = self._read()
        errors = {error.name: error for error in wrong}
        for setting in settings():
            if setting.name not in errors:
                self._clear(setting)
            elif event.control.id == f"field-{setting.name}":
                self._show(errors[setting.name])

    @on(events.DescendantFocus)
    def _explain_field(self, event: events.DescendantFocus) -> None:
        for setting in settings():
            if event.widget.id == f"field-{setting.name}":
                self._explain(setting)

    @on(Select.Changed)
    def _explain_choice(self, event: Select.Changed) -> None:
        for setting in settings():
            if event.select.id == f"field-{setting.name}" and event.select.has_focus:
                self._explain(setting)

    def _explain(self, setting: Setting) -> None:
        word = self._text(setting)
        line = line_of(setting.kind, word)
        about = f"{word}: {line}. {_explanation(setting)}" if line else _explanation(setting)
        self.query_one("#about", Static).update(about)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_apply()

    def action_apply(self) -> None:
        """Return the config, or show what is wrong with it."""
        config, wrong = self._read()
        if config is not None:
            self.dismiss(config)
        for each in wrong:
            self._show(each)
        if wrong:
            self.query_one(f"#field-{wrong[0].name}").focus()

    def _read(self) -> tuple[RunConfig | None, list[ConfigError]]:
        """Return the config that the fields make, or what is wrong with them."""
        values: dict[str, Any] = {}
        wrong: list[ConfigError] = []
        for setting in settings():
            try:
                values[setting.name] = setting.read(self._text(setting))
            except ConfigError as error:
                wrong.append(error)
        if wrong:
            return None, wrong
        try:
            return RunConfig(**values), []
        except ConfigError as error:
            return None, [error]

    def _text(self, setting: Setting) -> str:
        field = self.query_one(f"#field-{setting.name}")
        return str(field.value) if isinstance(field, Input | Select | Toggles) else ""

    def _show(self, error: ConfigError) -> None:
        remark = self.query_one(f"#remark-{error.name}", Static)
        remark.update(f"accepted is {error.accepted}")
        remark.add_class("-wrong")
        self.query_one("#about", Static).update(f"accepted is {error.accepted}")

    def _clear(self, setting: Setting) -> None:
        remark = self.query_one(f"#remark-{setting.name}", Static)
        if remark.has_class("-wrong"):
            remark.update(self._remark(setting))
            remark.remove_class("-wrong")


def _explanation(setting: Setting) -> str:
    consequence = {
        "live": "a change takes effect in the next epoch",
        "data": "a change draws the data anew, and keeps trained weights where they fit",
        "network": "a change begins a new run",
    }
    return f"{setting.help}: {setting.kind.accepts}; {consequence[setting.effect]}"
