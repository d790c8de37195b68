"""Presets: named configurations that are worth watching, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from core.config.errors import ConfigError, suggestion
from core.config.run_config import RunConfig
from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Preset:
    """One entry of the registry.

    Attributes:
        name: as on the command line.
        description: what it shows, for lists.
        introduction: a sentence that begins a run on the screen; parts after ` · ` may be dropped.
        settings: those that differ from the defaults.
    """

    name: str
    description: str
    introduction: str
    settings: dict[str, Any]

    @property
    def dataset(self) -> str:
        """The data set, without building the config: at start-up, that of all presets takes 3 ms."""
        name: str = self.settings.get("dataset", RunConfig.dataset)
        return name

    def config(self, **changes: Any) -> RunConfig:
        """Return the config with some values changed; raises ConfigError."""
        return RunConfig(**{**self.settings, **changes})


DEFAULT: Final = "moons"

PRESETS: Final = {
    preset.name: preset
    for preset in (
        Preset(
            "xor",
            "four points that no straight line separates, but four hidden units do",
            "four points that no straight line separates",
            {
                "dataset": "xor",
                "hidden": (4,),
                "learning_rate": 0.1,
                "batch_size": "full",
                "epochs": 500,
            },
        ),
        Preset(
            "moons",
            "two half circles; two hidden layers bend a boundary between them",
            "two half circles that no straight line separates",
            {},
        ),
        Preset(
            "circles",
            "a circle inside another; six hidden units close the boundary",
            "a circle inside another: the boundary has to close around it",
            {"dataset": "circles", "hidden": (6,), "learning_rate": 0.02},
        ),
        Preset(
            "blobs",
            "four clusters and four classes; a first look at softmax",
            "four clusters, which are four classes",
            {"dataset": "blobs", "hidden": (8,), "epochs": 400},
        ),
        Preset(
            "spiral",
            "three spiral arms; the boundary winds itself up",
            "three spiral arms, wound around one another",
            {"dataset": "spiral", "hidden": (16, 16), "epochs": 600},
        ),
        Preset(
            "checkerboard",
            "sixteen squares of two classes; two layers of sixteen units separate them",
            "sixteen squares of two classes, like a chessboard",
            {"dataset": "checkerboard", "hidden": (16, 16), "activation": "gelu", "epochs": 300},
        ),
        Preset(
            "gaussian-quantiles",
            "a core inside two rings; two closed boundaries",
            "a core inside two rings: three classes, two closed boundaries",
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
            "two lines that a straight boundary separates: no hidden layer is needed",
            "two lines of points that one straight boundary separates",
            {"dataset": "two_lines", "hidden": (), "learning_rate": 0.03, "epochs": 60},
        ),
        Preset(
            "iris",
            "three species of iris from four measurements: one is easy to separate, two are not",
            "three species of iris, told apart by four measurements of a flower",
            {"dataset": "iris", "hidden": (8,), "l2": 0.001, "epochs": 100},
        ),
        Preset(
            "iris-keras",
            "the much-copied Keras example: 2,499 parameters, and 10 epochs, too few to learn it",
            "the much-copied Keras example: 10 epochs are too few for it",
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
            "three wine growers from thirteen chemical measurements",
            "three wine growers, told apart by thirteen chemical measurements",
            {"dataset": "wine", "hidden": (8,), "l2": 0.01, "epochs": 40},
        ),
        Preset(
            "breast-cancer",
            "malignant or benign, from thirty measurements of cell nuclei",
            "malignant or benign, by thirty measurements of cell nuclei",
            {"dataset": "breast_cancer", "hidden": (8,), "l2": 0.01, "epochs": 40},
        ),
        Preset(
            "digits",
            "handwritten digits of 8×8 pixels, ten classes",
            "handwritten digits of 8×8 pixels",
            {"dataset": "digits", "hidden": (32,), "activation": "relu", "l2": 0.001, "epochs": 40},
        ),
        Preset(
            "languages",
            "short sentences in six languages, classified by their letters",
            "six languages, told apart by the letters of short sentences",
            {"dataset": "languages", "hidden": (16,), "l2": 0.001, "epochs": 30},
        ),
        Preset(
            "wildml",
            "a tutorial at the edge of stability: chaos from epoch 1,180 to 2,500, then a loss that "
            "alternates between two values",
            "WildML's neural network from scratch: 3 tanh units, batch gradient descent "
            "· 200 moons with noise 0.20",
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
            "a landscape of hills and valleys; the network predicts the height",
            "hills and valleys, whose height the network predicts",
            {"dataset": "bumps", "hidden": (16, 16), "epochs": 400},
        ),
        Preset(
            "sine",
            "two periods of a sine: a curve fitted to points",
            "two periods of a sine, which the network fits by a curve",
            {"dataset": "sine", "hidden": (8, 8), "activation": "gelu", "epochs": 300},
        ),
        Preset(
            "step",
            "three levels with two jumps, which smooth units can only approximate",
            "three levels with two jumps, which smooth units only approximate",
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
            "a hill and a valley; the network predicts the height",
            "a hill and a valley, whose height the network predicts",
            {"dataset": "two_gaussians", "hidden": (8, 8), "activation": "gelu", "epochs": 200},
        ),
        Preset(
            "diabetes",
            "progression of diabetes after a year, from ten measurements: less than half is predictable",
            "progression of diabetes within a year, from ten measurements",
            {"dataset": "diabetes", "hidden": (8,), "l2": 0.1, "epochs": 60},
        ),
        Preset(
            "linnerud",
            "three numbers from three, for twenty men: a fit only, as there are too few samples to test"
            " with",
            "three measurements of twenty men, predicted from three others",
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
    """Return the preset of that name; a ConfigError suggests similar names."""
    name = name.replace("_", "-")  # as in the names of data sets
    if name not in PRESETS:
        accepted = f"one of {', '.join(PRESETS)}{suggestion(name, PRESETS)}"
        raise ConfigError("preset", name, accepted)
    return PRESETS[name]


def preset_for(dataset: str) -> Preset | None:
    """Return the first preset of a data set, or None if it has none."""
    return next(_of_dataset(dataset), None)


def introduction(config: RunConfig) -> str:
    """Return the sentence on the preset that a config is, with any seed and number of epochs.

    Another number of epochs than the preset's follows.
    """
    ignored = {"seed", "data_seed", "epochs", "diagnostics"}
    for each in _of_dataset(config.dataset):
        names = {setting.name for setting in each.config().differences(config)}
        if names <= ignored:
            return each.introduction + f" · {config.epochs:,} epochs" * ("epochs" in names)
    return ""


def closest_preset(config: RunConfig) -> Preset:
    """Return the preset of the same data set with the fewest other settings; the default for a file."""
    if config.data is not None:
        return PRESETS[DEFAULT]
    return min(
        _of_dataset(config.dataset),
        key=lambda each: len(each.config().differences(config)),
        default=PRESETS[DEFAULT],
    )


def _of_dataset(name: str) -> Iterator[Preset]:
    return (each for each in PRESETS.values() if each.dataset == name)
