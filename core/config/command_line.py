"""The command line of a configuration: the shortest one that gives the same settings."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from core.config.presets import DEFAULT, closest_preset

if TYPE_CHECKING:
    from core.config.presets import Preset
    from core.config.run_config import RunConfig

PROGRAM = "nnfs-tui"


def command_of(config: RunConfig, command: str = "") -> str:
    """Return the command line that reproduces a configuration, quoted for a shell.

    It names only the settings that differ from those of the closest preset.

    Args:
        config: the configuration.
        command: the command of the program, such as `train`; without one, the run is watched.
    """
    preset = closest_preset(config)
    name = [] if preset.name == DEFAULT and config.data is not None else [preset.name]
    words = [PROGRAM, *([command] if command else []), *name, *options_of(config, preset)]
    return " ".join(words)


def options_of(config: RunConfig, preset: Preset) -> list[str]:
    """Return the options, each with its quoted value, in which a configuration differs from a preset."""
    options = []
    for setting in config.differences(preset.config()):
        if setting.name == "dataset" and config.data is not None:
            continue  # a file takes its place
        text = setting.write(getattr(config, setting.name))
        # a value such as -id would be read as an option
        joint = "=" if text.startswith("-") else " "
        options.append(f"{setting.flag}{joint}{shlex.quote(text)}")
    return options
