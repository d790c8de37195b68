"""Advice: problems of a run, each described in a sentence with a remedy.

The layers panel calls `advise` with the epochs and, if the run measures them, the last diagnostics.
Advice is only useful if a healthy run never gets any: the thresholds lie between the values of twenty
seeds of every preset at any epoch and those of failing runs (`python -m benchmarks.advice`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from core.nn.activations import ACTIVATIONS
from core.training.trainer import DIVERGENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.config.run_config import RunConfig
    from core.training.diagnostics import LayerDiagnostics
    from core.training.epoch_log import EpochLog

Problem = Literal[
    "diverged",
    "zero_init",
    "exploding",
    "dead",
    "saturated",
    "vanishing",
    "rate_high",
    "rate_low",
    "no_progress",
    "overfitting",
]
"""Problems that are detected, the most urgent first."""

WINDOW: Final = 50
"""Number of last epochs that are examined for noise: earlier problems may be solved."""

THINNED: Final = 200
"""Number of epochs sampled from a whole run, so that 100,000 epochs cost no more than 200."""

FEWEST: Final = 10
"""Epochs before curves and dead units are examined: Adam's first steps are noisy in healthy runs too,
and with unscaled inputs up to two thirds of a relu layer start dead (iris-keras)."""

DEAD: Final = 0.5
"""Share of the units of a layer: at most 0.38 in the digits preset, above 0.75 in failing runs."""

SATURATED: Final = 0.75
"""Share of the units of a layer."""

LEARNT: Final = {True: 0.85, False: 0.5}
"""Training accuracy, or R², from which saturated units and small gradients are harmless: units that
separate classes saturate, in healthy runs from an accuracy of 0.95 or an R² of 0.6."""

VANISHING: Final = 1e-3
"""Ratio of the smallest gradient norm of a layer to the largest: at least 7e-3 in every preset, 1e-4
or less in six sigmoid layers."""

EXPLODING: Final = 100.0
"""Gradient norm. The maximum of all presets is 35, for losses near 1 and standardised inputs."""

RISE: Final = 0.1
"""Increase of the loss in one epoch, relative to the untrained network's, that is not due to noise."""

RISES: Final = 0.25
"""Share of the last epochs with such an increase. At most 0.14 in presets over 50 epochs."""

WORSE: Final = 1.2
"""Mean loss of the last five epochs, relative to the untrained network's: guessing gives 1."""

FULL_RISE: Final = 0.05
"""Increase in one epoch relative to the mean of the last ones, if an epoch is one step: along an exact
gradient the loss decreases unless the step is too long."""

LITTLE: Final = 0.1
"""Decrease of the loss, relative to the untrained network's, below which a run is slow."""

STEADY: Final = 0.9
"""Share of epochs with a decrease, in a run that is slow but not stuck."""

PACE: Final = 0.4
"""Ratio of the decrease in the second half to that in the first, from which a run is slow: close to 1
in a slow run, far below in a converged one."""

ENOUGH: Final = 0.5
"""Decrease expected at the end of the run, at the current pace, from which no advice is given."""

STUCK: Final = 0.05
"""Decrease to the lowest loss so far, relative to the untrained network's, that counts as none."""

STUCK_AFTER: Final = 0.3
"""Share of the run after which advice is given; checkerboard makes no progress in the first quarter."""

UNMOVED: Final = 1e-6
"""Ratio of the norm of an update to that of the weights, close to the resolution of float32."""

OVERFIT_RISE: Final = {True: 1.0, False: 0.25}
"""Relative increase of the held-out loss over its minimum, for classification and for regression: a
cross-entropy has no upper bound, a squared error grows as R² decreases."""

OVERFIT_AGE: Final = 0.3
"""Share of the epochs so far since that minimum: a loss can also increase temporarily."""

OVERFIT_FALL: Final = 0.9
"""Training loss relative to that at the minimum: if both losses increase, the run does not overfit."""

OVERFIT_GAP: Final = {True: 0.1, False: 0.2}
"""Difference in accuracy, or R², between training and held-out samples. The loss alone is not enough:
in moons, one confident mistake among fifty samples triples it at the same accuracy."""

OVERFIT_DROP: Final = {True: 0.04, False: 0.1}
"""Decrease of the held-out accuracy, or R², since the minimum of its loss: two of fifty samples."""


@dataclass(frozen=True)
class Advice:
    """A problem of a run.

    Attributes:
        kind: the problem.
        sentence: its description, with the measured numbers.
        remedy: changes to try.
    """

    kind: Problem
    sentence: str
    remedy: str


def advise(
    config: RunConfig,
    epoch_log: EpochLog,
    layers: Sequence[LayerDiagnostics],
    has_classes: bool,
    since: int = 0,
) -> list[Advice]:
    """Return the problems of a run, the most urgent first; empty for a healthy run.

    Args:
        config: configuration of the run.
        epoch_log: its epochs, including one that diverged.
        layers: the last diagnostics, the output layer last; empty if the run does not measure them.
        has_classes: whether the task is classification.
        since: first epoch whose loss is comparable with the last one. Problems that are defined
            relative to the untrained network's loss are only detected if it is 0.
    """
    if len(epoch_log) <= since + 1:
        return []
    curves = _Curves(epoch_log, since, has_classes)
    if curves.diverged:
        return [_diverged(config, curves)]
    zero = _zero_init(config, layers)
    if zero:
        return zero
    found = [
        *_exploding(config, layers),
        *_dead(config, layers, curves),
        *_saturated(config, layers, curves, has_classes),
    ]
    found += _vanishing(config, layers, curves, has_classes)
    if since == 0:
        # dead units and vanishing gradients explain slow progress, and no learning rate solves them
        found += _rate_high(config, curves) or ([] if found else _slow(config, curves, layers))
    return found + _overfitting(curves, has_classes)


class _Curves:
    """The sampled epochs of a run that the detectors examine."""

    def __init__(self, epoch_log: EpochLog, since: int, has_classes: bool) -> None:
        self.count = len(epoch_log) - since
        """Number of epochs, including epoch 0 before the first step."""
        self.score_name = "accuracy" if has_classes else "R²"
        loss = epoch_log.column("train_loss")[since:]
        self.first, self.last = float(loss[0]), float(loss[-1])
        self.recent = loss[-WINDOW - 1 :]
        self.middle = float(loss[(self.count - 1) // 2])
        self.score = float(epoch_log.column("train_score")[since:][-5:].mean())
        newest = epoch_log.at(len(epoch_log) - 1)
        losses = [newest.train_loss + newest.penalty, newest.test_loss]
        limit = DIVERGENCE * max(1.0, self.first)
        self.diverged = not all(map(isfinite, losses)) or losses[0] >= limit
        self.held = "validation" if isfinite(newest.validation_loss) else "test"
        chosen = np.linspace(0, self.count - 1, min(self.count, THINNED)).astype(np.int64)
        self.epochs = chosen + since
        self.train = loss[chosen]
        self._epoch_log = epoch_log

    def thinned(self, name: str) -> NDArray[np.float64]:
        """Return a column at the sampled epochs."""
        return self._epoch_log.column(name)[self.epochs]

    @property
    def fall(self) -> float:
        """Decrease of the loss, relative to the untrained network's."""
        return (self.first - self.last) / self.first if self.first > 0 else inf


def _diverged(config: RunConfig, curves: _Curves) -> Advice:
    grown = f"grew to {curves.last:.1e}" if isfinite(curves.last) else "is no longer a number"
    return Advice(
        "diverged",
        f"The loss {grown}: the steps were too long, and each made the next one longer.",
        f"Use a learning rate of {config.learning_rate / 10:g} or less{_scaled(config)}, "
        "or clip the gradient (clip_norm 1).",
    )


def _zero_init(config: RunConfig, layers: Sequence[LayerDiagnostics]) -> list[Advice]:
    if config.initializer != "zeros" or not config.hidden or 1 in config.freeze:
        return []
    passes_zero = set(config.activations) <= ACTIVATIONS.keys() - {"sigmoid", "softplus"}
    if passes_zero:
        # a nonzero gradient means that the user has edited a weight
        if layers and layers[0].gradient_norm > 0:
            return []
        learns = "only the outputs' biases learn" if config.bias else "nothing learns"
        detail = f"no gradient reaches a weight, and {learns}"
    elif any(config.dropouts):
        return []  # dropout differs between units
    else:
        detail = (
            "all units of a layer get the same gradient, and the layer learns like a single unit"
        )
    return [
        Advice(
            "zero_init",
            f"All weights started at zero, so {detail}.",
            "Use a random initialisation: glorot, or he for relu.",
        )
    ]


def _exploding(config: RunConfig, layers: Sequence[LayerDiagnostics]) -> list[Advice]:
    if config.clip_norm is not None or config.clip_value is not None:
        return []  # the remedy is already applied
    norms = [each.gradient_norm for each in layers]
    if not norms or not max(norms) > EXPLODING:
        return []
    at = norms.index(max(norms))
    return [
        Advice(
            "exploding",
            f"The gradient of {_layer(config, at)} has a norm of {norms[at]:,.0f}: it is exploding.",
            f"Clip it (clip_norm 1), or lower the learning rate{_scaled(config)}; "
            "in a deep network, start from smaller weights (lecun) or turn on batch_norm.",
        )
    ]


def _dead(config: RunConfig, layers: Sequence[LayerDiagnostics], curves: _Curves) -> list[Advice]:
    if curves.count - 1 <= FEWEST:
        return []
    shares = [
        0.0 if ACTIVATIONS[name].saturates else layer.dead
        for layer, name in zip(layers, config.activations, strict=False)
    ]
    if not shares or max(shares) < DEAD:
        return []
    at = shares.index(max(shares))
    return [
        Advice(
            "dead",
            f"{_units(config, at, shares[at])} are dead: their derivative is zero for every sample, "
            "so they no longer learn.",
            f"Lower the learning rate{_scaled(config)}, start over with initializer he, or use "
            "leaky_relu, whose units cannot die.",
        )
    ]


def _saturated(
    config: RunConfig, layers: Sequence[LayerDiagnostics], curves: _Curves, has_classes: bool
) -> list[Advice]:
    shares = [
        max(layer.saturated, layer.dead) if ACTIVATIONS[name].saturates else 0.0
        for layer, name in zip(layers, config.activations, strict=False)
    ]
    if not shares or max(shares) < SATURATED or not curves.score < LEARNT[has_classes]:
        return []
    at = shares.index(max(shares))
    return [
        Advice(
            "saturated",
            f"{_units(config, at, shares[at])} are saturated: near a bound, where the derivative is "
            f"almost 0. Training {curves.score_name} is only {curves.score:.2f}.",
            f"Start over with a lower learning rate{_scaled(config)}, turn on batch_norm, or "
            "use relu or gelu.",
        )
    ]


def _vanishing(
    config: RunConfig, layers: Sequence[LayerDiagnostics], curves: _Curves, has_classes: bool
) -> list[Advice]:
    norms = [
        inf if number in config.freeze else layer.gradient_norm
        for number, layer in enumerate(layers, 1)
    ]
    moving = [norm for norm in norms if isfinite(norm)]
    if not curves.score < LEARNT[has_classes]:
        return []  # in a trained network, the gradient of a single batch can be zero in a layer
    if any(max(each.saturated, each.dead) >= DEAD for each in layers):
        return []  # these units block the gradient: the number of layers is not the cause
    if len(moving) < 2 or max(moving) == 0 or min(moving) >= VANISHING * max(moving):
        return []
    at, least = norms.index(min(moving)), min(moving)
    there = _layer(config, norms.index(max(moving)))
    detail = f"{max(moving) / least:,.0f} times smaller than in {there}" if least else "zero"
    return [
        Advice(
            "vanishing",
            f"The gradient vanishes in backpropagation: in {_layer(config, at)} it is {detail}.",
            "Use fewer layers, an activation with derivatives near 1 (tanh, relu, gelu), or "
            "batch_norm.",
        )
    ]


def _rate_high(config: RunConfig, curves: _Curves) -> list[Advice]:
    remedy = (
        f"Lower the learning rate (−), for example to {config.learning_rate / 10:g}, or use a "
        "schedule (cosine)."
    )
    if curves.count <= FEWEST or curves.first <= 0:
        return []
    ending = float(curves.recent[-5:].mean())
    if ending > WORSE * curves.first:
        detail = f"The loss is {ending / curves.first:,.1f} times that of the untrained network"
        return [Advice("rate_high", f"{detail}: the learning rate is too high.", remedy)]
    steps, level = np.diff(curves.recent), float(curves.recent.mean())
    least = RISE * curves.first
    if config.batch_size == "full" and level > LITTLE * curves.first:
        least = min(least, FULL_RISE * level)
    rises = int(np.count_nonzero(steps > least))
    if rises < RISES * len(steps):
        return []
    detail = f"The loss jumps up in {rises} of the last {len(steps)} epochs"
    return [Advice("rate_high", f"{detail}: the learning rate is too high.", remedy)]


def _slow(config: RunConfig, curves: _Curves, layers: Sequence[LayerDiagnostics]) -> list[Advice]:
    epochs = curves.count - 1
    if epochs < max(2 * FEWEST, 2 * config.warmup) or curves.fall >= LITTLE:
        return []
    remedy = f"Raise the learning rate (+), for example to {config.learning_rate * 10:g}"
    remedy += ", or use adam." if config.optimizer == "sgd" else "."
    fell = f"In {epochs:,} epochs the loss fell by {max(0.0, curves.fall):.1%}"
    earlier, later = curves.first - curves.middle, curves.middle - curves.last
    left = max(0, config.epochs - epochs)
    reach = curves.fall + later / curves.first * left / (epochs / 2)
    falling = float(np.mean(np.diff(curves.train) < 0)) >= STEADY
    if falling and later >= PACE * earlier and reach < ENOUGH:
        detail = f"{fell}, steadily: the learning rate is too low"
        return [Advice("rate_low", f"{detail}.", remedy)]
    ratios = [each.update_ratio for each in layers]
    if ratios and max(ratios) < UNMOVED and max(each.gradient_norm for each in layers) > UNMOVED:
        detail = f"{fell}: each step changes the weights by less than a millionth"
        return [Advice("rate_low", f"{detail}.", remedy)]
    lowest = float(curves.train.min())
    if epochs < STUCK_AFTER * config.epochs or curves.first - lowest >= STUCK * curves.first:
        return []
    more = "" if layers else "; turn on diagnostics for details"
    return [
        Advice(
            "no_progress",
            f"{fell}: the run makes no progress.",
            f"Try a learning rate ten times higher (+) or lower (−), or another seed (R){more}.",
        )
    ]


def _overfitting(curves: _Curves, has_classes: bool) -> list[Advice]:
    if curves.count <= 2 * FEWEST:
        return []
    losses = curves.thinned(f"{curves.held}_loss")
    if not np.isfinite(losses).all() or np.array_equal(losses, curves.train):
        return []  # not measured in every epoch, or identical to the training samples
    width = max(3, len(losses) // 20)
    held, train, score, train_score = (
        np.convolve(each, np.full(width, 1 / width), "valid")
        for each in (
            losses,
            curves.train,
            curves.thinned(f"{curves.held}_score"),
            curves.thinned("train_score"),
        )
    )
    low = int(held.argmin())
    rising = (
        held[-1] > (1 + OVERFIT_RISE[has_classes]) * held[low]
        and len(held) - 1 - low >= OVERFIT_AGE * len(losses)
        and train[-1] < OVERFIT_FALL * train[low]
    )
    apart = (
        train_score[-1] - score[-1] >= OVERFIT_GAP[has_classes]
        and score[low] - score[-1] >= OVERFIT_DROP[has_classes]
    )
    if not (rising and apart):
        return []
    at = int(curves.epochs[low + width // 2])
    return [
        Advice(
            "overfitting",
            f"Overfitting: since about epoch {at:,} the {curves.held} loss has risen from "
            f"{held[low]:.3g} to {held[-1]:.3g}, while the training loss fell.",
            "Use more samples, fewer units, l2 (0.001 to 0.1) or dropout, or let patience stop the "
            "run at the best epoch.",
        )
    ]


def _layer(config: RunConfig, at: int) -> str:
    if at == len(config.hidden):
        return "the output layer"
    return f"layer {at + 1} ({config.activations[at]})"


def _units(config: RunConfig, at: int, share: float) -> str:
    units = config.hidden[at]
    count = round(share * units)
    many = f"All {units}" if count == units else f"{count} of {units}"
    return f"{many} units of {_layer(config, at)}"


def _scaled(config: RunConfig) -> str:
    """Return the advice to standardise the inputs, unless they already are."""
    return ", standardise the inputs (preprocess)" if config.preprocess == "none" else ""
