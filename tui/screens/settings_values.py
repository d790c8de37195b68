"""Values of the settings dialog, as the user writes them, and the remarks on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.config.auto_values import auto_values
from core.config.presets import closest_preset
from core.config.run_config import settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.config.errors import ConfigError
    from core.config.run_config import RunConfig
    from core.config.settings import Setting

AUTO: Final = "auto"


class SettingValues:
    """The values under edit, compared with those before and with those of the preset.

    Attributes:
        texts: the value of every setting, by name.
        errors: errors of values, by name.
        idle: why a setting has no effect, by name.
        preset: the preset with which the values are compared.
    """

    def __init__(self, config: RunConfig) -> None:
        self.preset = closest_preset(config)
        self._before, self._of_preset = _texts_of(config), _texts_of(self.preset.config())
        self.texts = dict(self._before)
        self.errors: dict[str, ConfigError] = {}
        self.update(config)

    def update(self, config: RunConfig) -> None:
        """Note what `auto` stands for in a configuration, and which settings have an effect."""
        self.idle: Mapping[str, str] = config.idle
        self._auto = auto_values(config)

    def is_changed(self, setting: Setting) -> bool:
        """Return whether the value was changed in the dialog."""
        return self.texts[setting.name] != self._before[setting.name]

    def shown(self, setting: Setting) -> str:
        """Return the value, with what `auto` stands for."""
        text, meant = self.texts[setting.name], self.auto(setting)
        return f"{text} ({meant})" if meant else text

    def auto(self, setting: Setting) -> str:
        """Return what `auto` stands for, if it is the value and that is known."""
        return self._auto.get(setting.name, "") if self.texts[setting.name] == AUTO else ""

    def preset_value(self, setting: Setting) -> str | None:
        """Return the preset's value, or None if the value is the same."""
        value = self._of_preset[setting.name]
        return None if value == self.texts[setting.name] else value

    def remark(self, setting: Setting) -> tuple[str, bool]:
        """Return the remark next to a value, and whether it is an error."""
        error = self.errors.get(setting.name)
        if error is not None:
            return f"expected {error.expected}", True
        why, usual = self.idle.get(setting.name), self.preset_value(setting)
        if why is not None:
            return f"no effect with {why}", False
        return (setting.help if usual is None else f"preset: {usual} · {setting.help}"), False


def _texts_of(config: RunConfig) -> dict[str, str]:
    return {each.name: each.write(getattr(config, each.name)) for each in settings()}
