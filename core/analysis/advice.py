"""What is wrong with a run, in plain sentences, each with what to try.

The screen asks when it draws the layers, with the curves and with the last diagnostics, if a run
measures them. A sentence is worth its line only if a healthy run never hears it: the thresholds lie
between what twenty seeds of every preset do at any moment and what sick runs do
(`python -m benchmarks.advice`).
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
"""What can be wrong, the most pressing first."""

WINDOW: Final = 50
"""Epochs that the pace and the noise of a loss are judged by: what went before may be mended."""

THINNED: Final = 200
"""Epochs of a whole run that are looked at, so that 100,000 cost what 200 do."""

FEWEST: Final = 10
"""Epochs before curves are judged, and units called dead: Adam's first steps are rough in healthy
runs too, and with raw inputs up to two thirds of a relu layer begin flat, in iris-keras for all of
its ten epochs."""

DEAD: Final = 0.5
"""Share of a layer's units. The digits preset lives well with up to 0.38; sick runs pass 0.75."""

SATURATED: Final = 0.75
"""Share of a layer's units."""

LEARNT: Final = {True: 0.85, False: 0.5}
"""Training accuracy, or R², from which saturated units and small gradients are no harm: units that
separate classes stand near their bounds, in healthy runs from 0.95, or an R² of 0.6, on."""

VANISHING: Final = 1e-3
"""The smallest gradient norm of a layer by the largest: never below 7e-3 in a preset, 1e-4 and less
in six layers of sigmoid."""

EXPLODING: Final = 100.0
"""A gradient norm. In presets 35 is the most, for losses near 1 and standardised inputs."""

RISE: Final = 0.1
"""Rise of the loss in one epoch, by the untrained network's, that no small batch explains."""

RISES: Final = 0.25
"""Share of the last epochs that rise so. At most 0.14 in presets over 50 epochs."""

WORSE: Final = 1.2
"""Mean loss of the last five epochs, by the untrained network's: 1 is what guessing reaches."""

FULL_RISE: Final = 0.05
"""Rise in one epoch by the mean of the last ones, where an epoch is one step: an exact gradient
leads down, unless the step is too long."""

LITTLE: Final = 0.1
"""Fall of the loss, by the untrained network's, below which a run has got nowhere."""

STEADY: Final = 0.9
"""Share of epochs that fall, in a run that is slow and not stuck."""

PACE: Final = 0.4
"""Fall of the second half by that of the first, from which a run would go on for long; what has
converged is far below, what is slow is near 1."""

ENOUGH: Final = 0.5
"""Fall by the end of the run, at the pace of now, that spares it a word about a slow one."""

STUCK: Final = 0.05
"""Fall of the loss to its lowest so far, by the untrained network's, that is none at all."""

STUCK_AFTER: Final = 0.3
"""Share of the run after which that is worth a word; the checkerboard needs a quarter to get going."""

UNMOVED: Final = 1e-6
"""Length of an update by that of the weights, at which float32 hardly tells them apart."""

OVERFIT_RISE: Final = {True: 1.0, False: 0.25}
"""Rise of the held-out loss over its lowest, for classes and for numbers: a cross-entropy has no
upper bound, a squared error grows as R² falls."""

OVERFIT_AGE: Final = 0.3
"""Share of the epochs so far since then, for a loss also rises for a while."""

OVERFIT_FALL: Final = 0.9
"""Training loss by that of the same time: a run that gets worse altogether does not overfit."""

OVERFIT_GAP: Final = {True: 0.1, False: 0.2}
"""Accuracy, or R², between training and held-out samples. A loss alone alarms for moons, where one
confident mistake among fifty samples triples it and the accuracy stays."""

OVERFIT_DROP: Final = {True: 0.04, False: 0.1}
"""Accuracy, or R², below that of the lowest held-out loss: two of fifty samples."""


@dataclass(frozen=True)
class Advice:
    """One thing that is wrong.

    Attributes:
        kind: what it is.
        sentence: the same for a reader, with the numbers that tell.
        remedy: what to try.
    """

    kind: Problem
    sentence: str
    remedy: str


def advise(
    config: RunConfig,
    timeline: EpochLog,
    layers: Sequence[LayerDiagnostics],
    has_classes: bool,
    since: int = 0,
) -> list[Advice]:
    """Return what is wrong with a run, the most pressing first; nothing where all is well.

    Args:
        config: the run.
        timeline: its epochs, one that diverged included.
        layers: the last diagnostics, the outputs last; empty when the run does not measure them.
        has_classes: whether classes are told apart, and not numbers predicted.
        since: the first epoch whose loss compares with the last one's. From any but 0 on, nothing
            is said that rests on what the untrained network's loss was.
    """
    if len(timeline) <= since + 1:
        return []
    curves = _Curves(timeline, since, has_classes)
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
        # what is dead or vanishes is why there is no progress, and no rate mends it
        found += _rate_high(config, curves) or ([] if found else _slow(config, curves, layers))
    return found + _overfitting(curves, has_classes)


class _Curves:
    """The few epochs of a timeline that are looked at."""

    def __init__(self, timeline: EpochLog, since: int, has_classes: bool) -> None:
        self.count = len(timeline) - since
        """Epochs, the one before the first step included."""
        self.score_name = "accuracy" if has_classes else "R²"
        loss = timeline.column("train_loss")[since:]
        self.first, self.last = float(loss[0]), float(loss[-1])
        self.recent = loss[-WINDOW - 1 :]
        self.middle = float(loss[(self.count - 1) // 2])
        self.score = float(timeline.column("train_score")[since:][-5:].mean())
        newest = timeline.at(len(timeline) - 1)
        losses = [newest.train_loss + newest.penalty, newest.test_loss]
        limit = DIVERGENCE * max(1.0, self.first)
        self.diverged = not all(map(isfinite, losses)) or losses[0] >= limit
        self.held = "validation" if isfinite(newest.validation_loss) else "test"
        chosen = np.linspace(0, self.count - 1, min(self.count, THINNED)).astype(np.int64)
        self.epochs = chosen + since
        self.train = loss[chosen]
        self._timeline = timeline

    def thinned(self, name: str) -> NDArray[np.float64]:
        """Return the epochs of a column that stand for all."""
        return self._timeline.column(name)[self.epochs]

    @property
    def fall(self) -> float:
        """How far the loss has come down, by the untrained network's."""
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
        # a gradient says that somebody gave a weight another value
        if layers and layers[0].gradient_norm > 0:
            return []
        told = "no gradient reaches a weight, and only the outputs' biases learn"
    elif any(config.dropouts):
        return []  # which differs from unit to unit
    else:
        told = "all units of a layer get the same gradient, and the layer learns like a single unit"
    return [
        Advice(
            "zero_init",
            f"All weights started at zero, so {told}.",
            "Use a random initializer: glorot, or he for relu.",
        )
    ]


def _exploding(config: RunConfig, layers: Sequence[LayerDiagnostics]) -> list[Advice]:
    if config.clip_norm is not None or config.clip_value is not None:
        return []  # which is the remedy
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
            f"{_units(config, at, shares[at])} are dead: their slope is zero for every sample, "
            "so they no longer learn.",
            f"Lower the learning rate{_scaled(config)}, start over with initializer he, or use "
            "leaky_relu, whose units do not die.",
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
            f"{_units(config, at, shares[at])} are saturated: near a bound, where the slope is "
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
        return []  # what has learnt may have a batch of which a layer learns nothing
    if any(max(each.saturated, each.dead) >= DEAD for each in layers):
        return []  # they pass no gradient on: that is the cause, and not how many layers there are
    if len(moving) < 2 or max(moving) == 0 or min(moving) >= VANISHING * max(moving):
        return []
    at, least = norms.index(min(moving)), min(moving)
    there = _layer(config, norms.index(max(moving)))
    told = f"{max(moving) / least:,.0f} times smaller than in {there}" if least else "zero"
    return [
        Advice(
            "vanishing",
            f"The gradient vanishes on its way back: in {_layer(config, at)} it is {told}.",
            "Use fewer layers, an activation with slopes near 1 (tanh, relu, gelu), or batch_norm.",
        )
    ]


def _rate_high(config: RunConfig, curves: _Curves) -> list[Advice]:
    remedy = (
        f"Lower the learning rate (−), say to {config.learning_rate / 10:g}, or let it decay "
        "(schedule cosine)."
    )
    if curves.count <= FEWEST or curves.first <= 0:
        return []
    ending = float(curves.recent[-5:].mean())
    if ending > WORSE * curves.first:
        told = f"The loss is {ending / curves.first:,.1f} times that of the untrained network"
        return [Advice("rate_high", f"{told}: the learning rate is too high.", remedy)]
    steps, level = np.diff(curves.recent), float(curves.recent.mean())
    least = RISE * curves.first
    if config.batch_size == "full" and level > LITTLE * curves.first:
        least = min(least, FULL_RISE * level)
    rises = int(np.count_nonzero(steps > least))
    if rises < RISES * len(steps):
        return []
    told = f"The loss jumps up in {rises} of the last {len(steps)} epochs"
    return [Advice("rate_high", f"{told}: the learning rate is too high.", remedy)]


def _slow(config: RunConfig, curves: _Curves, layers: Sequence[LayerDiagnostics]) -> list[Advice]:
    epochs = curves.count - 1
    if epochs < max(2 * FEWEST, 2 * config.warmup) or curves.fall >= LITTLE:
        return []
    remedy = f"Raise the learning rate (+), say to {config.learning_rate * 10:g}"
    remedy += ", or use adam." if config.optimizer == "sgd" else "."
    fell = f"In {epochs:,} epochs the loss fell by {max(0.0, curves.fall):.1%}"
    earlier, later = curves.first - curves.middle, curves.middle - curves.last
    left = max(0, config.epochs - epochs)
    reach = curves.fall + later / curves.first * left / (epochs / 2)
    falling = float(np.mean(np.diff(curves.train) < 0)) >= STEADY
    if falling and later >= PACE * earlier and reach < ENOUGH:
        told = f"{fell}, steadily: the learning rate is too low"
        return [Advice("rate_low", f"{told}.", remedy)]
    ratios = [each.update_ratio for each in layers]
    if ratios and max(ratios) < UNMOVED and max(each.gradient_norm for each in layers) > UNMOVED:
        told = f"{fell}: each step changes the weights by less than a millionth"
        return [Advice("rate_low", f"{told}.", remedy)]
    lowest = float(curves.train.min())
    if epochs < STUCK_AFTER * config.epochs or curves.first - lowest >= STUCK * curves.first:
        return []
    more = "" if layers else "; turn on diagnostics to see more"
    return [
        Advice(
            "no_progress",
            f"{fell}: it makes no progress.",
            f"Try a learning rate ten times higher (+) or lower (−), or the next seed (R){more}.",
        )
    ]


def _overfitting(curves: _Curves, has_classes: bool) -> list[Advice]:
    if curves.count <= 2 * FEWEST:
        return []
    losses = curves.thinned(f"{curves.held}_loss")
    if not np.isfinite(losses).all() or np.array_equal(losses, curves.train):
        return []  # never measured at some epochs, or the same samples
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
    """Return the remedy of remedies, where it is not taken yet."""
    return ", standardise the inputs (preprocess)" if config.preprocess == "none" else ""
