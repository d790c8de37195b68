"""Named runs: a config that is worth watching, and a line that says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from core.config import RunConfig
from core.kinds import ConfigError, suggestion


@dataclass(frozen=True)
class Preset:
    """One entry of the registry."""

    name: str
    description: str
    settings: dict[str, Any]

    def config(self, **changes: Any) -> RunConfig:
        """Return the run, with other values where they are given; raises ConfigError."""
        return RunConfig(**{**self.settings, **changes})


DEFAULT: Final = "moons"

PRESETS: Final = {
    preset.name: preset
    for preset in (
        Preset(
            "xor",
            "four points that no straight line separates; four hidden units do",
            {
                "dataset": "xor",
                "hidden": (4,),
                "learning_rate": 0.1,
                "batch_size": "full",
                "epochs": 500,
            },
        ),
        Preset("moons", "two half circles; two hidden layers bend a line between them", {}),
        Preset(
            "circles",
            "a circle inside another; six hidden units close the line",
            {"dataset": "circles", "hidden": (6,), "learning_rate": 0.02},
        ),
        Preset(
            "blobs",
            "four clouds and four classes; a first look at softmax",
            {"dataset": "blobs", "hidden": (8,), "epochs": 400},
        ),
        Preset(
            "spiral",
            "three winding arms; see the boundary roll itself up",
            {"dataset": "spiral", "hidden": (16, 16), "epochs": 600},
        ),
    )
}


def preset(name: str) -> Preset:
    """Return the preset of that name; raises ConfigError that suggests what may have been meant."""
    if name not in PRESETS:
        accepted = f"one of {', '.join(PRESETS)}{suggestion(name, PRESETS)}"
        raise ConfigError("preset", name, accepted)
    return PRESETS[name]
