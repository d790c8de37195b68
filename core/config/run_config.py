"""RunConfig: everything that defines a run, validated, read from and written to TOML.

Its fields declare the settings table, from which the command line, the settings dialog, the help and
the TOML reader take names, types, defaults and help texts.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.config.data_config import OF_TABLES, DataConfig
from core.config.errors import ConfigError, quoted, suggestion
from core.config.settings import Setting, declare, table_of
from core.config.value_types import (
    BatchSize,
    Float,
    Integer,
    LayerNumbers,
    OneOf,
    PerLayer,
    Sizes,
    Switch,
    as_text,
    auto,
    choice,
    hyphenated,
    or_off,
)
from core.dataclass import dataclass
from core.datasets import DATASETS
from core.input_file import InputFileError, open_input
from core.nn.activations import ACTIVATIONS
from core.nn.initializers import INITIALIZERS
from core.nn.losses import LOSSES, balanced_class_weights
from core.nn.optimizers import OPTIMIZERS, Hyperparameters
from core.nn.schedules import SCHEDULES, Schedule
from core.training.stopping import StopRule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.config.settings import Effect
    from core.nn.losses import Loss

MOST_TOML: Final = 32_768
"""Maximum bytes of a settings file, ten times the size of all settings: the parser can be quadratic."""


MOST_EPOCHS: Final = 100_000_000


_POSITIVE: Final = Float(0, open_low=True)

# a row of the settings table: default, type, help, effect of a change
_network = partial(declare, "network")
_loss = partial(declare, "loss")
_optimiser = partial(declare, "optimiser")
_schedule = partial(declare, "schedule")
_regularisation = partial(declare, "regularisation")
_stopping = partial(declare, "stopping")
_run = partial(declare, "run")


def _formulas(registry: Mapping[str, Any]) -> OneOf:
    return choice({name: entry.formula for name, entry in registry.items()})


@dataclass(frozen=True, kw_only=True)
class RunConfig(DataConfig):
    """Everything that defines a run: the same config gives the same numbers, bit for bit.

    Raises:
        ConfigError: if a value is invalid, or two values contradict each other.
    """

    hidden: tuple[int, ...] = _network((8, 8), Sizes(), "sizes of the hidden layers", "network")
    activation: str | tuple[str, ...] = _network(
        "tanh", PerLayer(_formulas(ACTIVATIONS)), "activation function of the hidden layers", "loss"
    )
    initializer: str = _network(
        "glorot",
        _formulas(INITIALIZERS),
        "distribution of the initial weights",
        "network",
        option="init",
    )
    batch_norm: bool = _network(
        False,
        Switch(),
        "batch normalisation of each hidden layer, before its activation",
        "network",
    )
    bias: bool = _network(
        True,
        Switch(),
        "whether units have biases (--no-bias: off); batch normalisation keeps its β",
        "network",
    )
    dropout: float | tuple[float, ...] = _network(
        0.0, PerLayer(Float(0, 1)), "dropout rate of the hidden layers", "step"
    )
    loss: str | None = _loss(
        None,
        auto(_formulas(LOSSES)),
        "loss function to minimise (auto: softmax_cross_entropy for classes, "
        "mean_squared_error for numbers)",
        "loss",
    )
    label_smoothing: float = _loss(
        0.0,
        Float(0, 1),
        "fraction of each cross-entropy target that is spread over all classes",
        "loss",
    )
    class_weight: str = _loss(
        "none",
        choice(
            {
                "none": "all samples have the same weight",
                "balanced": "n / (k · samples of the class), for n samples of k classes",
            }
        ),
        "weight of each class in the loss, which is then Σ w·L / Σ w over the samples",
        "loss",
    )
    huber_delta: float = _loss(1.0, _POSITIVE, "error above which the huber loss is linear", "loss")
    optimizer: str = _optimiser("adam", _formulas(OPTIMIZERS), "optimisation algorithm", "step")
    learning_rate: float = _optimiser(0.01, _POSITIVE, "learning rate", "rates", option="lr")
    momentum: float | None = _optimiser(
        None,
        auto(Float(0, 1)),
        "momentum of sgd, momentum, nesterov and rmsprop (auto: 0.9 for momentum and nesterov, "
        "else 0)",
        "step",
    )
    weight_decay: float = _optimiser(
        0.01,
        Float(0),
        "decoupled weight decay of adamw, per step and times the learning rate",
        "in_place",
    )
    batch_size: int | str = _optimiser(
        32, BatchSize(), "samples per training step, or full for all of them at once", "step"
    )
    clip_norm: float | None = _optimiser(
        None, or_off(_POSITIVE), "maximum norm of the gradient, taken as one vector", "step"
    )
    clip_value: float | None = _optimiser(
        None,
        or_off(_POSITIVE),
        "maximum size of each element of the gradient, applied before clip_norm",
        "step",
    )
    freeze: tuple[int, ...] = _optimiser(
        (), LayerNumbers(), "layers whose parameters are not trained", "step"
    )
    schedule: str = _schedule(
        "constant", _formulas(SCHEDULES), "learning-rate schedule, per epoch", "rates"
    )
    decay: float | None = _schedule(
        None,
        auto(Float(0)),
        "factor γ of step (auto: 0.1), exponential (0.99), plateau (0.1), k of inverse_time (0.01)",
        "rates",
    )
    decay_epochs: int | None = _schedule(
        None,
        auto(Integer(1, 100_000_000)),
        "T of step (auto: 100), cosine and linear (all epochs), and the patience of plateau (10)",
        "rates",
    )
    warmup: int = _schedule(
        0, Integer(0, 100_000_000), "epochs of linear warm-up to the learning rate", "rates"
    )
    min_learning_rate: float = _schedule(
        0.0, Float(0), "lower bound of the scheduled learning rate", "rates", option="min-lr"
    )
    l1: float = _regularisation(
        0.0, Float(0), "L1 penalty l1 · Σ|w| (gradient l1 · sign w)", "penalty"
    )
    l2: float = _regularisation(0.0, Float(0), "L2 penalty l2/2 · Σw² (gradient l2 · w)", "penalty")
    penalize_biases: bool = _regularisation(
        False, Switch(), "whether l1 and l2 also apply to biases", "penalty"
    )
    # T of cosine and linear, unless decay_epochs is given
    epochs: int = _stopping(
        600, Integer(1, MOST_EPOCHS), "passes over the training data until the run ends", "rates"
    )
    target_loss: float | None = _stopping(
        None, or_off(Float(0)), "stop when the monitored loss is at most this", "in_place"
    )
    target_accuracy: float | None = _stopping(
        None,
        or_off(Float(0, 1, open_high=False)),
        "stop when the monitored accuracy, or R², is at least this",
        "in_place",
    )
    patience: int | None = _stopping(
        None,
        or_off(Integer(1, 100_000_000)),
        "stop after this number of epochs without a lower monitored loss",
        "best",
    )
    restore_best: bool = _stopping(
        True, Switch(), "whether the best weights are restored when patience ends the run", "best"
    )
    monitor: str | None = _stopping(
        None,
        auto(
            choice(
                {
                    "test": "the test samples",
                    "train": "the training samples",
                    "validation": "the validation samples",
                }
            )
        ),
        "samples whose loss is monitored for stopping, a plateau and the best epoch "
        "(auto: validation if there are any, else test)",
        "monitor",
    )
    diagnostics: bool = _run(
        False,
        Switch(),
        "gradient norm, update ratio, dead and saturated units of each layer (panel 5, --json)",
        "measure",
    )
    seed: int = _run(
        0,
        Integer(0, 2**63 - 1),
        "random seed of data, split, initial weights, shuffling and dropout",
        "network",
    )
    dtype: str = _run(
        "float32", OneOf(("float32", "float64")), "floating-point precision of training", "network"
    )

    def __post_init__(self) -> None:
        for setting in settings():
            object.__setattr__(self, setting.name, setting.check(getattr(self, setting.name)))
        self.check_data()
        if self.data is None:
            self.loss_for(self.drawn_classes, DATASETS[self.dataset].targets)
        self._check_layers()
        if self.decay is not None and self.decay > 1 and self.schedule != "inverse_time":
            raise ConfigError(
                "decay", self.decay, f"a factor from 0 to 1, or auto, for schedule {self.schedule}"
            )
        if self.monitor == "validation" and not self.validation_size:
            raise ConfigError(
                "monitor", self.monitor, "auto, test or train, as validation size is 0"
            )

    def _check_layers(self) -> None:
        layers = len(self.hidden)
        for name in ("activation", "dropout"):
            values = getattr(self, name)
            if isinstance(values, tuple) and len(values) != layers:
                raise ConfigError(
                    name, values, f"one value, or {layers}, as hidden is {as_text(self.hidden)}"
                )
        if self.freeze and self.freeze[-1] > layers + 1:
            raise ConfigError(
                "freeze", self.freeze, f"layer numbers from 1 to {layers + 1}, or none"
            )

    @property
    def draw_seed(self) -> int:
        """Random seed of the data and the split."""
        return self.seed if self.data_seed is None else self.data_seed

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer."""
        return _for_each(self.activation, self.hidden)

    @property
    def dropouts(self) -> tuple[float, ...]:
        """The dropout rate of each hidden layer."""
        return _for_each(self.dropout, self.hidden)

    @property
    def penalized(self) -> bool:
        """Whether l1 or l2 adds a penalty to the loss."""
        return self.l1 > 0 or self.l2 > 0

    def loss_for(self, classes: int, targets: int, counts: Sequence[int] = ()) -> Loss:
        """Return the loss for data with this number of classes, or of regression targets.

        Args:
            classes: number of classes; 0 for regression.
            targets: number of target values; 0 for classification.
            counts: training samples of each class, from which class weights are computed; without
                them, the loss is unweighted.

        Raises:
            ConfigError: if the chosen loss, or class weights, do not fit.
        """
        weighted = self.class_weight == "balanced"
        if weighted and targets:
            raise ConfigError(
                "class_weight", self.class_weight, "none, as the targets of the data are numbers"
            )
        name = self.loss or ("mean_squared_error" if targets else "softmax_cross_entropy")
        try:
            return LOSSES[name](
                classes,
                targets,
                label_smoothing=self.label_smoothing,
                huber_delta=self.huber_delta,
                class_weights=balanced_class_weights(counts) if weighted else (),
            )
        except ValueError as error:
            fitting = ", ".join(_losses_for(classes, targets))
            raise ConfigError("loss", self.loss, f"auto or one of {fitting} ({error})") from None

    def hyperparameters(self) -> Hyperparameters:
        """Return the hyperparameters of the optimiser."""
        return Hyperparameters(self.learning_rate, self.momentum, self.weight_decay)

    def make_schedule(self) -> Schedule:
        """Return the learning-rate schedule of the run."""
        return Schedule.create(
            self.schedule,
            self.learning_rate,
            run_epochs=self.epochs,
            decay=self.decay,
            epochs=self.decay_epochs,
            min_learning_rate=self.min_learning_rate,
            warmup=self.warmup,
        )

    @cached_property
    def stop_rule(self) -> StopRule:
        """The conditions that end the run."""
        return StopRule(self.epochs, self.target_loss, self.target_accuracy, self.patience)

    def without_effect(self) -> dict[str, str]:
        """Return the settings that were changed but have no effect in this run, each with the reason."""
        return {
            name: why
            for name, why in self.idle.items()
            if getattr(self, name) != setting(name).default
        }

    @cached_property
    def data_key(self) -> tuple[Any, ...]:
        """The values that determine the samples: equal keys mean equal samples."""
        names = (
            each.name
            for each in settings()
            if each.effect == "data" and each.name not in self.idle and each.name != "data_seed"
        )
        return (self.draw_seed, *((name, getattr(self, name)) for name in names))

    @cached_property
    def idle(self) -> dict[str, str]:
        """The settings that have no effect in this run, each with the reason."""
        loss = self.loss or ""
        info, drawn = DATASETS[self.dataset], self.data is None
        number_loss = not loss and drawn and info.targets > 0
        texts = self.text is not None if self.data is not None else info.texts
        arrays = self.data is not None and Path(self.data).suffix.lower() in {
            ".npz",
            ".parquet",
            ".pq",
        }
        unsmoothed = (
            loss not in {"", "softmax_cross_entropy", "binary_cross_entropy"} or number_loss
        )
        optimizer, schedule = f"optimizer {self.optimizer}", f"schedule {self.schedule}"
        idle = {
            "momentum": (self.optimizer in {"adagrad", "adam", "adamw"}, optimizer),
            "weight_decay": (self.optimizer != "adamw", optimizer),
            "decay": (self.schedule in {"constant", "cosine", "linear"}, schedule),
            "decay_epochs": (
                self.schedule in {"constant", "exponential", "inverse_time"},
                schedule,
            ),
            "min_learning_rate": (self.schedule == "constant", schedule),
            "label_smoothing": (unsmoothed, "this loss"),
            "huber_delta": (loss != "huber", "this loss"),
            "penalize_biases": (
                not (self.penalized and self.bias),
                "neither l1 nor l2" if self.bias else "bias off",
            ),
            "restore_best": (self.patience is None, "no patience"),
            **dict.fromkeys(("batch_norm", "dropout"), (not self.hidden, "no hidden layer")),
            **dict.fromkeys(("samples", "noise", "classes"), (not drawn, "a file of data")),
            **dict.fromkeys(("features", "exclude"), (texts, "texts")),
            **dict.fromkeys(OF_TABLES, (drawn or arrays, f"{self.source_name}")),
            "missing": (drawn or texts, "texts" if texts else f"dataset {self.source_name}"),
            **dict.fromkeys(
                ("target", "task", "text", "na"), (drawn, f"dataset {self.source_name}")
            ),
            "dataset": (not drawn, "a file of data"),
            **dict.fromkeys(("ngrams", "vocabulary"), (not texts, "no texts")),
        }
        return {name: why for name, (is_idle, why) in idle.items() if is_idle}

    def changed(self, **changes: Any) -> RunConfig:
        """Return a copy with these values changed; raises ConfigError."""
        return replace(self, **changes)

    def effects(self, other: RunConfig) -> frozenset[Effect]:
        """Return what changing to another config affects."""
        return frozenset(each.effect for each in self.differences(other))

    def differences(self, other: RunConfig) -> list[Setting]:
        """Return the settings in which two configs differ."""
        return [
            each for each in settings() if getattr(self, each.name) != getattr(other, each.name)
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return values that JSON can represent; those left to the data set are omitted."""
        values = {each.name: getattr(self, each.name) for each in settings()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }

    def to_toml(self) -> str:
        """Return the config as TOML, one setting per line."""
        # a JSON string, number or list of numbers is the same in TOML
        lines = (
            f"{name} = {json.dumps(value, ensure_ascii=False)}\n"
            for name, value in self.as_dict().items()
        )
        return "".join(lines).replace("\x7f", "\\u007f")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> RunConfig:
        """Return the config with the given values, such as those of a TOML file; raises ConfigError."""
        return cls(**checked(values))

    def describe(self, sizes: Sequence[int] = ()) -> str:
        """Return the run in one line, such as `moons · 2-8-8-2 tanh · adam 0.01 · batch 32 · seed 0`.

        Args:
            sizes: units per layer, inputs first; without them, unknown sizes are shown as `?`.
        """
        shape = "-".join(map(str, sizes or self._known_sizes()))
        if self.hidden:
            shape += f" {as_text(self.activation)}"
        if self.hidden and self.batch_norm:
            shape += " normed"
        if not self.bias:
            shape += " without biases"
        if self.freeze:
            shape += f" freeze {as_text(self.freeze)}"
        rate = f"{self.optimizer} {self.learning_rate:g}"
        if self.schedule != "constant":
            rate += f" {self.schedule}"
        parts = [
            self.source_name,
            shape,
            *([self.loss.replace("_", " ")] if self.loss else []),
            *([f"{self.class_weight} classes"] if self.class_weight != "none" else []),
            rate,
            "full batch" if self.batch_size == "full" else f"batch {self.batch_size}",
        ]
        if self.dropout:
            parts.append(f"dropout {as_text(self.dropout)}")
        # with the formula: conventions differ in the factor 1/2 and in dividing by the number of samples
        parts += [f"L1 {self.l1:g}·Σ|w|"] if self.l1 else []
        parts += [f"L2 {self.l2:g}·Σw²/2"] if self.l2 else []
        if self.data_seed is not None:
            parts.append(f"data {self.data_seed}")
        return " · ".join([*parts, f"seed {self.seed}"])

    @property
    def source_name(self) -> str:
        """Name of the data set or of the file."""
        return hyphenated(self.dataset) if self.data is None else Path(self.data).name

    def _known_sizes(self) -> tuple[int | str, ...]:
        info = DATASETS[self.dataset]
        if self.data is not None or self.features is not None or info.texts:
            return ("?", *self.hidden, "?")
        outputs = self.loss_for(self.drawn_classes, info.targets).outputs
        return (info.features + len(self.features_extra), *self.hidden, outputs)


def _for_each(value: Any, hidden: tuple[int, ...]) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,) * len(hidden)


def _losses_for(classes: int, targets: int) -> list[str]:
    fitting = []
    for name, loss in LOSSES.items():
        try:
            loss(classes, targets)
        except ValueError:
            continue
        fitting.append(name)
    return fitting


@cache
def settings() -> tuple[Setting, ...]:
    """Return the table of settings, in the order of RunConfig's fields."""
    return table_of(RunConfig)


def setting(name: str) -> Setting:
    """Return one row of the table."""
    return next(each for each in settings() if each.name == name)


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in their canonical types; raises ConfigError, also for unknown names."""
    names: Final = [each.name for each in settings()]
    options: Final = {each.option: each.name for each in settings()}
    for name in values:
        if name not in names:
            meant = options.get(name.replace("_", "-"))
            hint = f"; did you mean {meant}?" if meant else suggestion(name, names)
            raise ConfigError("setting", name, f"one of {', '.join(names)}{hint}")
    return {name: setting(name).check(value) for name, value in values.items()}


def read_toml(path: Path) -> dict[str, Any]:
    """Return the checked settings of a TOML file.

    Raises:
        ConfigError: if the file cannot be read, or a setting in it is invalid.
    """
    values = read_toml_table(path)
    try:
        return checked(values)
    except ConfigError as error:
        name = f"{error.name} in {quoted(str(path))}"
        raise ConfigError(name, error.value, error.expected) from None


def read_toml_table(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file, unchecked.

    Raises:
        ConfigError: if the file cannot be read.
    """
    try:
        with open_input(path) as opened:
            content = opened.read_whole(MOST_TOML)
        # a byte order mark, which Windows writes, is not valid TOML
        import tomllib

        return tomllib.loads(content.decode("utf-8-sig"))
    except InputFileError as error:
        raise ConfigError("config", str(path), f"a readable TOML file ({error})") from None
    except RecursionError:
        raise ConfigError("config", str(path), "a TOML file (nested too deeply)") from None
    except ValueError as error:  # from decoding, or from numbers with thousands of digits
        raise ConfigError("config", str(path), f"a TOML file ({error})") from None
