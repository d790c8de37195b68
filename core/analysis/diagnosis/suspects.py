"""Suspected causes of a run that is stuck, in the order in which they are examined.

Each suspect has changes that would remove the cause. The order matters, since more than one change may
help: extreme settings of the user come first, then properties of the data and of the network, and last
what can only be excluded by trying, such as other initial weights.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.analysis.diagnosis.result import Cause
from core.dataclass import dataclass
from core.datasets import DATASETS
from core.nn.activations import ACTIVATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.training.diagnostics import LayerDiagnostics

RATES: Final = {
    "sgd": (1e-3, 2.0),
    "momentum": (1e-4, 0.5),
    "nesterov": (1e-4, 0.5),
    "adagrad": (1e-3, 1.0),
    "rmsprop": (1e-4, 0.1),
    "adam": (1e-4, 0.1),
    "adamw": (1e-4, 0.1),
}
"""Range of usual learning rates of each optimiser; a rate outside is suspected first."""

VANISHING: Final = 5e-3
"""Ratio of the smallest gradient norm of a layer to the largest: at least 7e-3 in every preset, 4e-3 in
eight sigmoid layers that are stuck, 1e-4 or less in six that learn."""

EXPLODING: Final = 100.0
"""Gradient norm. The maximum of all presets is 35, for losses near 1 and standardised inputs."""

DEAD: Final = 0.5
"""Share of the units of a layer: at most 0.38 in the digits preset, above 0.75 in failing runs."""

SATURATED: Final = 0.75
"""Share of the units of a layer."""

UNSCALED: Final = 8.0
"""Largest magnitude or spread of an input or a target, in a data set that is not scaled; standardised
data have a spread of 1."""

TINY: Final = 0.05
"""Largest spread of all inputs, below which data count as not scaled."""

IMBALANCED: Final = 0.8
"""Share of the most frequent class."""

DEEP: Final = 4
"""Number of hidden layers from which vanishing gradients are suspected without being measured."""

LITTLE: Final = 0.1
"""Learning rate relative to the highest so far, from which a schedule is suspected."""

FEW_EPOCHS: Final = 50
"""Number of epochs below which a run may only be too short."""

MORE_EPOCHS: Final = 300
"""Number of epochs with which a short run is tried."""

SEEDS: Final = 3
"""Number of other initial weights to try."""


@dataclass(frozen=True)
class Suspect:
    """A cause, and a change that would remove it.

    Attributes:
        cause: the problem.
        changes: values by name of the setting.
        needs_reset: whether training has to start with new weights.
    """

    cause: Cause
    changes: dict[str, Any]
    needs_reset: bool = False


@dataclass(frozen=True)
class Evidence:
    """Measurements of a run that is stuck.

    Attributes:
        layers: diagnostics of each layer, the outputs last.
        rate_share: current learning rate relative to the setting.
        majority: share of the most frequent class; 0 for regression.
        majority_only: whether only this class is predicted.
        grew: whether the loss is well above that of guessing.
    """

    layers: tuple[LayerDiagnostics, ...] = ()
    rate_share: float = 1.0
    majority: float = 0.0
    majority_only: bool = False
    grew: bool = False


def suspects(config: RunConfig, data: DataSplit, evidence: Evidence) -> Iterator[Suspect]:
    """Yield suspects in the order in which they should be examined."""
    yield from plain_suspects(config, data, evidence)
    yield from _extreme_rate(config)
    if config.epochs < FEW_EPOCHS:
        yield Suspect(Cause.TOO_SHORT, {"epochs": MORE_EPOCHS})
    yield from _layers(config, evidence)
    yield from _rates(config, data, evidence)
    if not evidence.majority_only:
        yield from imbalance(config, evidence)
    yield from _weights(config)
    if len(config.hidden) >= DEEP:
        yield from _shallower(config)
    yield from noise(config)


def plain_suspects(config: RunConfig, data: DataSplit, evidence: Evidence) -> Iterator[Suspect]:
    """Yield what the settings and the data show without a trial."""
    if evidence.majority_only:
        yield from imbalance(config, evidence)
    yield from _settings(config, evidence)
    yield from _data(config, data)
    yield from _structure(config)


def _settings(config: RunConfig, evidence: Evidence) -> Iterator[Suspect]:
    """Yield the user's settings that can prevent learning."""
    if config.freeze:
        yield from _both(Cause.FROZEN, {"freeze": ()})
    if config.initializer == "zeros" and config.hidden:
        yield Suspect(Cause.ZERO_WEIGHTS, {"initializer": "glorot"}, needs_reset=True)
    if config.warmup and evidence.rate_share < 0.5:
        yield from _both(Cause.WARMUP, {"warmup": 0})
    if config.schedule != "constant" and evidence.rate_share < LITTLE:
        steps = {} if config.decay is None or config.decay <= 1 else {"decay": None}
        yield from _both(Cause.DECAY, {"schedule": "constant", **steps})
    penalties = {name: 0.0 for name in ("l1", "l2") if getattr(config, name)}
    if config.optimizer == "adamw" and config.weight_decay >= LITTLE:
        penalties["weight_decay"] = 0.01
    if penalties:
        yield from _both(Cause.PENALTY, penalties)
    clips = {name: None for name in ("clip_norm", "clip_value") if getattr(config, name)}
    if clips:
        yield from _both(Cause.CLIPPING, clips)
    if any(rate >= 0.3 for rate in config.dropouts):
        yield from _both(Cause.DROPOUT, {"dropout": 0.0})
    if config.momentum is not None and config.momentum >= 0.95 and "momentum" not in config.idle:
        yield from _both(Cause.MOMENTUM, {"momentum": None})


def _data(config: RunConfig, data: DataSplit) -> Iterator[Suspect]:
    if not data.edits:
        scaled = {"preprocess": "standard"}
        if targets_unscaled(config, data):
            yield Suspect(Cause.TARGETS, scaled, needs_reset=True)
        elif inputs_unscaled(config, data):
            yield Suspect(Cause.INPUTS, scaled, needs_reset=True)


def imbalance(config: RunConfig, evidence: Evidence) -> Iterator[Suspect]:
    """Yield remedies if one class is far more frequent than the others."""
    if evidence.majority >= IMBALANCED and getattr(config, "class_weight", None) == "none":
        yield from _both(Cause.IMBALANCE, {"class_weight": "balanced"})


def _extreme_rate(config: RunConfig) -> Iterator[Suspect]:
    low, high = RATES[config.optimizer]
    if config.learning_rate < low:
        yield from _higher_rates(config)
    if config.learning_rate > high:
        yield from _lower_rates(config)


def _structure(config: RunConfig) -> Iterator[Suspect]:
    if not config.hidden:
        for hidden in ((16,), (32, 32)):
            yield Suspect(Cause.NO_HIDDEN_LAYER, {"hidden": hidden}, needs_reset=True)
    elif set(config.activations) == {"linear"}:
        yield from _both(Cause.LINEAR_ACTIVATION, {"activation": "tanh"})
        changes = {"activation": "tanh", "hidden": wider(config)}
        yield Suspect(Cause.LINEAR_ACTIVATION, changes, needs_reset=True)


def _layers(config: RunConfig, evidence: Evidence) -> Iterator[Suspect]:
    """Yield the problems that the measured layers show."""
    layers = evidence.layers
    hidden = list(zip(layers, config.activations, strict=False))
    norms = [each.gradient_norm for each in layers if np.isfinite(each.gradient_norm)]
    if norms and max(norms) > EXPLODING and not (config.clip_norm or config.clip_value):
        yield from _both(Cause.EXPLODING, {"clip_norm": 1.0})
        yield from _lower_rates(config, Cause.EXPLODING)
    if vanishes(config, layers):
        yield from _shallower(config)
    dead = [each.dead for each, name in hidden if not ACTIVATIONS[name].saturates]
    if dead and max(dead) >= DEAD:
        yield Suspect(Cause.DEAD, {"initializer": "he"}, needs_reset=True)
        yield Suspect(Cause.DEAD, {"activation": "leaky_relu", "initializer": "he"}, True)
        yield from _lower_rates(config, Cause.DEAD)
        yield Suspect(Cause.TOO_FEW_UNITS, {"hidden": wider(config)}, needs_reset=True)
    bounded = [
        max(each.saturated, each.dead) for each, name in hidden if ACTIVATIONS[name].saturates
    ]
    if bounded and max(bounded) >= SATURATED:
        yield from _lower_rates(config, Cause.SATURATED)
        if not config.batch_norm:
            yield Suspect(Cause.SATURATED, {"batch_norm": True}, needs_reset=True)


def _rates(config: RunConfig, data: DataSplit, evidence: Evidence) -> Iterator[Suspect]:
    if evidence.grew:
        yield from _lower_rates(config)
    yield from _higher_rates(config)
    if config.optimizer != "adam":
        is_high = config.learning_rate > RATES[config.optimizer][1]
        cause = Cause.RATE_HIGH if is_high else Cause.RATE_LOW
        for rate in (0.01, 0.1):
            yield from _both(cause, {"optimizer": "adam", "learning_rate": rate})
    samples = len(data.y_train)
    full = isinstance(config.batch_size, str) or config.batch_size > samples / 2
    if full and samples >= 100:
        yield from _both(Cause.BATCH_SIZE, {"batch_size": 32})
    if not evidence.grew:
        yield from _lower_rates(config)


def _higher_rates(config: RunConfig) -> Iterator[Suspect]:
    _, high = RATES[config.optimizer]
    for factor in (10, 100, 1000, 10_000):
        rate = float(f"{config.learning_rate * factor:.6g}")
        if rate <= high:
            yield Suspect(Cause.RATE_LOW, {"learning_rate": rate})
    if config.learning_rate * 1000 < high / 1000:
        yield Suspect(Cause.RATE_LOW, {"learning_rate": _usual_rate(config)})


def _lower_rates(config: RunConfig, cause: Cause = Cause.RATE_HIGH) -> Iterator[Suspect]:
    low, high = RATES[config.optimizer]
    if config.learning_rate > 1000 * high:
        yield Suspect(cause, {"learning_rate": _usual_rate(config)}, needs_reset=True)
        return
    for divisor in (10, 100, 1000):
        rate = float(f"{config.learning_rate / divisor:.6g}")
        if rate < low:
            return
        if divisor == 10:
            yield Suspect(cause, {"learning_rate": rate})
        yield Suspect(cause, {"learning_rate": rate}, needs_reset=True)


def _usual_rate(config: RunConfig) -> float:
    return {"sgd": 0.1, "adagrad": 0.1}.get(config.optimizer, 0.01)


def _weights(config: RunConfig) -> Iterator[Suspect]:
    if not config.hidden:
        return
    for number in range(1, SEEDS + 1):
        # the same data: only the initial weights and the shuffles differ
        changes = {"seed": config.seed + number, "data_seed": config.draw_seed}
        yield Suspect(Cause.LOCAL_MINIMUM, changes, needs_reset=True)
    yield Suspect(Cause.TOO_FEW_UNITS, {"hidden": wider(config)}, needs_reset=True)
    widest = tuple(max(32, units) for units in config.hidden)
    if len(widest) == 1 and isinstance(config.activation, str) and not config.dropout:
        widest = (*widest, 32)
    if widest != wider(config):
        yield Suspect(Cause.TOO_FEW_UNITS, {"hidden": widest}, needs_reset=True)


def _shallower(config: RunConfig) -> Iterator[Suspect]:
    """Yield remedies of vanishing gradients."""
    steep = {"activation": "relu", "initializer": "he"}
    adaptive = {"optimizer": "adam", "learning_rate": 0.01}
    remedies: list[dict[str, Any]] = []
    if not set(config.activations) & {"relu", "leaky_relu", "gelu", "elu", "selu"}:
        remedies.append(steep)
    if len(config.hidden) > 2:
        remedies.append(_first_layers(config, 2))
    if not config.batch_norm:
        remedies.append({"batch_norm": True})
    if config.optimizer != "adam":
        remedies += [{**each, **adaptive} for each in remedies]
    for changes in remedies:
        yield Suspect(Cause.VANISHING, changes, needs_reset=True)


def noise(config: RunConfig) -> Iterator[Suspect]:
    """Yield remedies if the user has chosen much noise."""
    usual = DATASETS[config.dataset].noise
    if config.data is None and config.noise is not None and config.noise > 2 * usual:
        yield Suspect(Cause.NOISE, {"noise": None}, needs_reset=True)
        if len(config.hidden) > 2:
            yield Suspect(Cause.NOISE, {"noise": None, **_first_layers(config, 2)}, True)


def _first_layers(config: RunConfig, layers: int) -> dict[str, Any]:
    """Return the changes that leave only the first hidden layers."""
    changes: dict[str, Any] = {"hidden": config.hidden[:layers]}
    for name in ("activation", "dropout"):
        value = getattr(config, name)
        if isinstance(value, tuple):
            changes[name] = value[:layers]
    return changes


def _both(cause: Cause, changes: dict[str, Any]) -> Iterator[Suspect]:
    """Yield the change during the run, and with new weights."""
    yield Suspect(cause, changes)
    yield Suspect(cause, changes, needs_reset=True)


PARTS: Final[tuple[tuple[Cause, tuple[str, ...]], ...]] = (
    (Cause.FROZEN, ("freeze",)),
    (Cause.ZERO_WEIGHTS, ("initializer",)),
    (Cause.WARMUP, ("warmup",)),
    (Cause.DECAY, ("schedule",)),
    (Cause.PENALTY, ("l1", "l2")),
    (Cause.CLIPPING, ("clip_norm", "clip_value")),
    (Cause.DROPOUT, ("dropout",)),
    (Cause.INPUTS, ("preprocess",)),
    (Cause.RATE_LOW, ("optimizer", "learning_rate")),
    (Cause.VANISHING, ("activation",)),
    (Cause.TOO_FEW_UNITS, ("hidden",)),
    (Cause.BATCH_SIZE, ("batch_size",)),
    (Cause.BATCH_NORM, ("batch_norm",)),
)
"""Settings in which a run may differ from the wider network, and the cause that a difference is; the
most likely cause first."""


def wider(config: RunConfig) -> tuple[int, ...]:
    """Return four times the units in each hidden layer, at least 8."""
    return tuple(max(8, 4 * units) for units in config.hidden)


def vanishes(config: RunConfig, layers: tuple[LayerDiagnostics, ...]) -> bool:
    """Return whether the gradient of a layer is far smaller than that of another one."""
    norms = [
        each.gradient_norm
        for number, each in enumerate(layers, 1)
        if number not in config.freeze and np.isfinite(each.gradient_norm)
    ]
    return len(norms) >= 3 and max(norms) > 0 and min(norms) < VANISHING * max(norms)


def inputs_unscaled(config: RunConfig, data: DataSplit) -> bool:
    """Return whether the inputs are not scaled, and differ from standardised ones by far."""
    if not _is_raw(config, data):
        return False
    spread = np.abs(data.x_train).max(initial=0.0)
    return bool(spread > UNSCALED or data.x_train.std(axis=0).max(initial=0.0) < TINY)


def targets_unscaled(config: RunConfig, data: DataSplit) -> bool:
    """Return whether regression targets are not scaled, and differ from standardised ones by far."""
    if data.has_classes or not _is_raw(config, data):
        return False
    y: Array = np.asarray(data.y_train)
    return bool(np.abs(y).max(initial=0.0) > UNSCALED or y.std(axis=0).max(initial=0.0) < TINY)


def _is_raw(config: RunConfig, data: DataSplit) -> bool:
    if data.preparation.text is not None:
        return False
    scaling = config.preprocess
    if scaling is None:
        scaling = "standard" if config.data is not None else DATASETS[config.dataset].preprocess
    return scaling == "none"
