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
        Preset(
            "iris",
            "three species of iris from four measures, one told at once, two of them not",
            {"dataset": "iris", "hidden": (16,), "l2": 0.001, "epochs": 200, "test_size": 0.2},
        ),
        Preset(
            "iris-keras",
            "the much copied Keras example, 2,499 parameters and 10 epochs: too few to learn it",
            {
                "dataset": "iris",
                "hidden": (64, 32),
                "activation": "relu",
                "learning_rate": 0.001,
                "test_size": 0.2,
                "epochs": 10,
            },
        ),
        Preset(
            "wildml",
            "a tutorial at the edge of stability: chaos from epoch 1,180 to 2,500, then two losses in "
            "turn, for ever",
            {
                "dataset": "moons_legacy",
                "test_size": 0,
                "hidden": (3,),
                "initializer": "lecun_legacy",
                "optimizer": "sgd",
                "learning_rate": 2.0,
                "batch_size": "full",
                "l2": 5e-5,
                "epochs": 5000,
                "dtype": "float64",
            },
        ),
        Preset(
            "bumps",
            "a landscape of hills and hollows; the network predicts its height",
            {"dataset": "bumps", "hidden": (16, 16), "epochs": 400},
        ),
    )
}


def preset(name: str) -> Preset:
    """Return the preset of that name; raises ConfigError that suggests what may have been meant."""
    if name not in PRESETS:
        accepted = f"one of {', '.join(PRESETS)}{suggestion(name, PRESETS)}"
        raise ConfigError("preset", name, accepted)
    return PRESETS[name]
