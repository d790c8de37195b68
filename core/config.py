"""RunConfig: everything that defines a run, validated, read from and written to TOML.

Its fields carry the one table of settings: the command line, the hyperparameter dialog, the help and
the TOML reader all take name, kind, default and help from there.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal

from core.activations import ACTIVATIONS
from core.datasets import DATASETS
from core.initializers import INITIALIZERS
from core.kinds import (
    BatchSize,
    Choice,
    ConfigError,
    Kind,
    OrDefault,
    Real,
    Sizes,
    Whole,
    as_text,
    suggestion,
)
from core.losses import LOSSES
from core.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Effect = Literal["live", "data", "network"]
"""What a change needs during a run: nothing, data drawn anew, or a new network."""


@dataclass(frozen=True)
class Setting:
    """One row of the table of settings."""

    name: str
    kind: Kind
    help: str
    effect: Effect
    default: Any
    option: str

    @property
    def flag(self) -> str:
        """The command-line option."""
        return f"--{self.option}"

    def read(self, text: str) -> Any:
        """Return the value that a person wrote.

        Raises:
            ConfigError: when it is none that this setting takes.
        """
        return self._tried(self.kind.read, text)

    def check(self, value: Any) -> Any:
        """Return the value in its canonical type; raises ConfigError."""
        return self._tried(self.kind.check, value)

    def write(self, value: Any) -> str:
        """Return the text that `read` takes back."""
        return as_text(value)

    def _tried(self, how: Any, value: Any) -> Any:
        try:
            return how(value)
        except (TypeError, ValueError, OverflowError):
            raise ConfigError(self.name, value, self.kind.accepts + self._hint(value)) from None

    def _hint(self, value: Any) -> str:
        kind = self.kind
        return suggestion(str(value), kind.words) if isinstance(kind, Choice) else ""


def _setting(
    default: Any, kind: Kind, effect: Effect, help_: str, option: str | None = None
) -> Any:
    metadata = {"kind": kind, "effect": effect, "help": help_, "option": option}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """Everything that defines a run: the same config gives the same numbers, bit for bit.

    Raises:
        ConfigError: when a value, or what two of them mean together, is not accepted.
    """

    dataset: str = _setting("moons", Choice(tuple(DATASETS)), "data", "what to learn from")
    samples: int | None = _setting(
        None,
        OrDefault(Whole(4, 1_000_000)),
        "data",
        "how many samples to draw (auto: the set's own)",
    )
    noise: float | None = _setting(
        None,
        OrDefault(Real(0, 10, open_high=False)),
        "data",
        "deviation of the noise in the samples",
    )
    classes: int | None = _setting(
        None, OrDefault(Whole(2, 20)), "data", "number of classes of blobs, of arms of the spiral"
    )
    test_size: float = _setting(
        0.25, Real(0, 1, open_low=True), "data", "share of the samples kept for testing"
    )
    hidden: tuple[int, ...] = _setting((8, 8), Sizes(), "network", "sizes of the hidden layers")
    activation: str = _setting(
        "tanh", Choice(tuple(ACTIVATIONS)), "live", "activation of the hidden layers"
    )
    initializer: str = _setting(
        "glorot", Choice(tuple(INITIALIZERS)), "network", "how initial weights are drawn", "init"
    )
    loss: str = _setting(
        "softmax_cross_entropy", Choice(tuple(LOSSES)), "live", "what training makes small"
    )
    optimizer: str = _setting(
        "adam", Choice(tuple(OPTIMIZERS)), "live", "how a step follows from the gradient"
    )
    learning_rate: float = _setting(
        0.01, Real(0, open_low=True), "live", "length of a step along the gradient", "lr"
    )
    momentum: float = _setting(
        0.0, Real(0, 1), "live", "share of the last step that SGD keeps (Adam has its own)"
    )
    batch_size: int | str = _setting(
        32, BatchSize(), "live", "samples per step, or full for all of them at once"
    )
    l2: float = _setting(
        0.0, Real(0), "live", "penalty l2/2 · Σw² on the weights (gradient l2 · w), biases left out"
    )
    epochs: int = _setting(
        600,
        Whole(1, 100_000_000),
        "live",
        "passes over the training data until the run is finished",
    )
    seed: int = _setting(
        0, Whole(0, 2**63 - 1), "network", "decides data, split, initial weights and shuffles"
    )
    dtype: str = _setting(
        "float32",
        Choice(("float32", "float64")),
        "network",
        "precision of every number in training",
    )

    def __post_init__(self) -> None:
        for setting in settings():
            object.__setattr__(self, setting.name, setting.check(getattr(self, setting.name)))
        info = DATASETS[self.dataset]
        if self.classes is not None and not info.any_classes and self.classes != info.classes:
            raise ConfigError("classes", self.classes, f"{info.classes} or auto for {self.dataset}")
        if info.fixed_points is not None and self.samples is None and self.noise is not None:
            points = "the points stay where they are, unless samples asks for a cloud"
            raise ConfigError("noise", self.noise, f"auto for {self.dataset}: {points}")
        if self.samples is not None and self.samples < 2 * self.number_of_classes:
            raise ConfigError(
                "samples",
                self.samples,
                f"at least {2 * self.number_of_classes} for {self.number_of_classes} classes",
            )
        try:
            LOSSES[self.loss].outputs(self.number_of_classes)
        except ValueError as error:
            others = " or ".join(name for name, loss in LOSSES.items() if not loss.single_output)
            raise ConfigError("loss", self.loss, f"{others} here, for {error}") from None

    @property
    def number_of_classes(self) -> int:
        """How many classes the data has."""
        return DATASETS[self.dataset].classes if self.classes is None else self.classes

    def changed(self, **changes: Any) -> RunConfig:
        """Return a copy with other values; raises ConfigError."""
        return replace(self, **changes)

    def differences(self, other: RunConfig) -> list[Setting]:
        """Return the settings in which two configs differ."""
        return [
            each for each in settings() if getattr(self, each.name) != getattr(other, each.name)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON takes them; what is left to the data set is left out."""
        values = {each.name: getattr(self, each.name) for each in settings()}
        values["hidden"] = list(self.hidden)
        return {name: value for name, value in values.items() if value is not None}

    def to_toml(self) -> str:
        """Return the config as TOML, one setting a line."""
        # a JSON string, number or list of numbers is the same in TOML
        return "".join(f"{name} = {json.dumps(value)}\n" for name, value in self.as_dict().items())

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> RunConfig:
        """Return the config with the given values, such as a TOML file's; raises ConfigError."""
        return cls(**checked(values))

    def describe(self) -> str:
        """Return the run in one line, such as `moons · 2-8-8-2 tanh · adam 0.01 · batch 32 · seed 0`."""
        outputs = LOSSES[self.loss].outputs(self.number_of_classes)
        shape = "-".join(map(str, (2, *self.hidden, outputs)))
        parts = [
            self.dataset,
            f"{shape} {self.activation}" if self.hidden else shape,
            f"{self.optimizer} {self.learning_rate:g}",
            "full batch" if self.batch_size == "full" else f"batch {self.batch_size}",
            f"seed {self.seed}",
        ]
        if self.l2:
            parts.insert(-1, f"L2 {self.l2:g}")
        return " · ".join(parts)


@cache
def settings() -> tuple[Setting, ...]:
    """Return the table of settings, in the order of RunConfig's fields."""
    return tuple(
        Setting(
            name=each.name,
            kind=each.metadata["kind"],
            help=each.metadata["help"],
            effect=each.metadata["effect"],
            default=each.default,
            option=each.metadata["option"] or each.name.replace("_", "-"),
        )
        for each in fields(RunConfig)
    )


def setting(name: str) -> Setting:
    """Return one row of the table."""
    return next(each for each in settings() if each.name == name)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in their canonical types; raises ConfigError, also for an unknown name."""
    names: Final = [each.name for each in settings()]
    options: Final = {each.option: each.name for each in settings()}
    for name in values:
        if name not in names:
            meant = options.get(name.replace("_", "-"))
            hint = f"; did you mean {meant}?" if meant else suggestion(name, names)
            raise ConfigError("setting", name, f"a setting: {', '.join(names)}{hint}")
    return {name: setting(name).check(value) for name, value in values.items()}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the checked settings of a TOML file.

    Raises:
        ConfigError: when there is no such file, or what stands in it is not accepted.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError("config", str(path), f"a TOML file that can be read ({reason})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError("config", str(path), f"a TOML file ({error})") from None
    try:
        return checked(values)
    except ConfigError as error:
        raise ConfigError(f"{error.name} in {path}", error.given, error.accepted) from None
