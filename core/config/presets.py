"""Named runs: a config that is worth watching, and a line that says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from core.config.errors import ConfigError, suggestion
from core.config.run_config import RunConfig


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
            "checkerboard",
            "sixteen squares of two classes; two layers of sixteen cut them out",
            {
                "dataset": "checkerboard",
                "hidden": (16, 16),
                "activation": "gelu",
                "epochs": 300,
            },
        ),
        Preset(
            "gaussian-quantiles",
            "a core and two rings around it; the boundary closes twice",
            {
                "dataset": "gaussian_quantiles",
                "hidden": (8, 8),
                "activation": "gelu",
                "learning_rate": 0.02,
                "epochs": 200,
            },
        ),
        Preset(
            "two-lines",
            "two lines that a straight one separates: no hidden layer is needed",
            {"dataset": "two_lines", "hidden": (), "learning_rate": 0.03, "epochs": 60},
        ),
        Preset(
            "iris",
            "three species of iris from four measures, one told at once, two of them not",
            {"dataset": "iris", "hidden": (8,), "l2": 0.001, "epochs": 100},
        ),
        Preset(
            "iris-keras",
            "the much copied Keras example, 2,499 parameters and 10 epochs: too few to learn it",
            {
                "dataset": "iris",
                "preprocess": "none",
                "hidden": (64, 32),
                "activation": "relu",
                "learning_rate": 0.001,
                "test_size": 0.2,
                "epochs": 10,
            },
        ),
        Preset(
            "wine",
            "three growers of wine from thirteen measures of the chemistry",
            {"dataset": "wine", "hidden": (8,), "l2": 0.01, "epochs": 40},
        ),
        Preset(
            "breast-cancer",
            "malignant or benign, from thirty measures of cell nuclei",
            {"dataset": "breast_cancer", "hidden": (8,), "l2": 0.01, "epochs": 40},
        ),
        Preset(
            "digits",
            "handwritten digits of 8×8 pixels, ten classes",
            {
                "dataset": "digits",
                "hidden": (32,),
                "activation": "relu",
                "l2": 0.001,
                "epochs": 40,
            },
        ),
        Preset(
            "languages",
            "short sentences in six languages, told apart by their letters",
            {"dataset": "languages", "hidden": (16,), "l2": 0.001, "epochs": 30},
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
        Preset(
            "sine",
            "two waves to follow: the curve bends itself onto the points",
            {"dataset": "sine", "hidden": (8, 8), "activation": "gelu", "epochs": 300},
        ),
        Preset(
            "step",
            "three levels with two jumps, which smooth units can only approach",
            {
                "dataset": "step",
                "hidden": (8, 8),
                "learning_rate": 0.03,
                "schedule": "cosine",
                "batch_size": 16,
                "epochs": 300,
            },
        ),
        Preset(
            "two-gaussians",
            "a hill and a hollow; the network predicts the height",
            {"dataset": "two_gaussians", "hidden": (8, 8), "activation": "gelu", "epochs": 200},
        ),
        Preset(
            "diabetes",
            "how far diabetes went in a year, from ten measures; hardly half of it can be told",
            {"dataset": "diabetes", "hidden": (8,), "l2": 0.1, "epochs": 60},
        ),
        Preset(
            "linnerud",
            "three numbers from three, for twenty men: a fit, for so few cannot be tested with",
            {
                "dataset": "linnerud",
                "test_size": 0,
                "hidden": (4,),
                "batch_size": "full",
                "epochs": 400,
            },
        ),
    )
}


def preset(name: str) -> Preset:
    """Return the preset of that name; raises ConfigError that suggests what may have been meant."""
    name = name.replace("_", "-")  # data sets have that in their names
    if name not in PRESETS:
        accepted = f"one of {', '.join(PRESETS)}{suggestion(name, PRESETS)}"
        raise ConfigError("preset", name, accepted)
    return PRESETS[name]
