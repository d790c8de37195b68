"""Loss functions of the logits: value, gradient, and the predictions that belong to the loss.

Blocks are feature-major, (outputs, samples): z are the logits, t the encoded targets. A loss is the
mean over the samples, and numerically stable for every finite logit. Formulas and names are those of
PyTorch's `cross_entropy`, `binary_cross_entropy_with_logits`, `multi_margin_loss`, `mse_loss`,
`l1_loss` and `huber_loss`. Blocks may have a leading axis of runs, which the shapes below omit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from core.dataclass import dataclass
from core.nn.calls import Calls, broadcast, call, constant, matmul, vecmat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Array, Labels

WEIGHT_ROWS: Final = 3
"""Rows of encoded targets that class weights add: factor, weight and class of each sample."""


@dataclass(frozen=True)
class Gradient:
    """The calls that write dL/dz, (outputs, samples), in three parts.

    Only the second part reads the targets, so all batches of one size share the other two.

    Attributes:
        before: the calls that do not depend on the targets, run first.
        against: maps the (rows, samples) targets of a batch to the calls that read them.
        after: the calls that complete the gradient.
        scale: factor by which the caller multiplies the targets beforehand.
    """

    before: Calls
    against: Any
    after: Calls
    scale: float = 1.0


class Value:
    """The calls that compute the loss of each sample, and their sum.

    Attributes:
        calls: write the (samples,) losses.
        samples: number of samples.
        weights: divisor of the mean: the number of samples, or the sum of their class weights; an array
            without axes, or (runs,) for several runs with class weights.
    """

    def __init__(self, calls: Calls, losses: Array, factor: float = 1.0) -> None:
        self.calls = calls
        self.samples: int = losses.shape[-1]
        self.weights = np.array(self.samples, np.float64)
        self._losses = losses
        self._factors = np.full(self.samples, factor, losses.dtype)
        self._dot = self._factors.dot

    def weighted(self, factors: Array, weights: Array) -> Value:
        """Multiply the loss of each sample by a factor, set the divisor of the mean, and return self.

        Args:
            factors: (samples,) factors.
            weights: (samples,) weights, whose sum is the divisor.
        """
        self._factors = self._factors * factors
        self._dot = self._factors.dot
        self.weights = np.asarray(weights.sum(axis=-1, dtype=np.float64))
        return self

    @property
    def weight(self) -> float:
        """The divisor of the mean of a single run."""
        return float(self.weights)

    def total(self) -> float:
        """Return the sum of the (weighted) losses over the samples."""
        return float(self._dot(self._losses))

    def totals(self) -> NDArray[np.float64]:
        """Return the same sum for each of several runs."""
        return np.asarray(np.vecdot(self._factors, self._losses), np.float64)


class Loss:
    """A loss function for a number of classes (classification) or of target values (regression).

    Attributes:
        name: value of the setting `loss`.
        formula: loss of one sample, shown in the help.
        classes: number of classes; 0 for regression.
        targets: number of target values; 0 for classification.
        outputs: number of output units.
        class_weights: weight of each class; empty for an unweighted loss. The weighted loss is
            Σ w·L / Σ w over the samples, w the weight of the sample's class, as in PyTorch's
            `cross_entropy(weight=)`; for all losses alike, where `multi_margin_loss(weight=)` divides
            by the number of samples.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    smooths: ClassVar[bool] = False
    """Whether label smoothing applies."""
    supports_regression: ClassVar[bool] = False
    """Whether the loss applies to regression as well as to classification."""

    def __init__(
        self,
        classes: int = 0,
        targets: int = 0,
        *,
        label_smoothing: float = 0.0,
        huber_delta: float = 1.0,
        class_weights: tuple[float, ...] = (),
    ) -> None:
        if targets and not self.supports_regression:
            raise ValueError(f"{self.name} requires classes: the targets of the data are numbers")
        self.classes, self.targets = classes, targets
        self.label_smoothing, self.huber_delta = label_smoothing, huber_delta
        self.class_weights = class_weights
        self.outputs = classes or targets

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def encode(self, y: Array | Labels) -> Array:
        """Return (samples, rows) float64 targets: one-hot for classes, unchanged for regression.

        With class weights, three columns follow: the factor of the sample's loss, the weight of its
        class, and the class. With label smoothing, each term of the loss has the weight of its own
        class, as in `cross_entropy`: the factor is Σ w·t, and the targets are w·t / Σ w·t.
        """
        if not self.classes:
            return np.asarray(y, np.float64).reshape(len(y), self.targets)
        labels = np.asarray(y, np.int64)
        shares: Array = np.eye(self.classes)[labels]
        if self.smooths:
            shares = _smoothed(shares, self.label_smoothing)
        if not self.class_weights:
            return self._rows(shares)
        weights = np.array(self.class_weights)
        weighted = shares * weights
        factors = weighted.sum(axis=1, keepdims=True)
        # a class without training samples has the weight 0
        np.divide(weighted, factors, out=shares, where=factors > 0)
        return np.column_stack([self._rows(shares), factors, weights[labels], labels])

    def _rows(self, shares: Array) -> Array:
        """Return the encoded targets for (samples, classes) one-hot or smoothed targets."""
        return shares

    def plain_targets(self, targets: Array) -> Array:
        """Return the encoded (rows, samples) targets without the rows of class weights."""
        return targets[..., :-WEIGHT_ROWS, :] if self.class_weights else targets

    def labels(self, targets: Array) -> Labels:
        """Return the (samples,) classes of encoded (rows, samples) targets."""
        if self.class_weights:
            return np.asarray(targets[..., -1, :], np.int64)
        # two classes are encoded as one row of signs
        one_row = targets.shape[-2] == 1
        labels = targets[..., 0, :] > 0 if one_row else targets.argmax(axis=-2)
        return np.asarray(labels, np.int64)

    def gradient(self, z: Array, delta: Array) -> Gradient:
        """Return the calls that write dL/dz, L the mean loss over the samples, into `delta`.

        Args:
            z: (outputs, samples) logits.
            delta: (outputs, samples).
        """
        gradient = self._gradient(z, delta)
        return _weighted_gradient(gradient, delta) if self.class_weights else gradient

    def value(self, z: Array, targets: Array) -> Value:
        """Return the calls that compute the loss of each sample from encoded (rows, samples) t."""
        value = self._value(z, self.plain_targets(targets))
        if not self.class_weights:
            return value
        return value.weighted(targets[..., -WEIGHT_ROWS, :], targets[..., 1 - WEIGHT_ROWS, :])

    def _gradient(self, z: Array, delta: Array) -> Gradient:
        """Return the calls of `gradient` without class weights."""
        raise NotImplementedError

    def _value(self, z: Array, targets: Array) -> Value:
        """Return the calls of `value` without class weights."""
        raise NotImplementedError

    def probabilities(self, z: Array) -> Array:
        """Return (classes, samples) probabilities; for regression, the (targets, samples) logits."""
        if not self.classes:
            return z
        exponentials = np.exp(z - z.max(axis=0))
        return np.asarray(exponentials / exponentials.sum(axis=0))

    def certainty(self, z: Array, out: Array) -> Calls:
        """Return the calls that write the certainty of the predicted class of each sample.

        Certainty is the largest probability, rescaled from [1 / classes, 1] to [0, 1].
        """
        block, sums = np.empty_like(z), np.empty(z.shape[1], z.dtype)
        return [
            *_column_maxima(z, out),
            broadcast(out[None], block),
            call(np.subtract, z, block, block),
            call(np.exp, block, block),
            call(np.ones(len(z), z.dtype).dot, block, sums),
            call(np.reciprocal, sums, out),
            *_above_chance(out, len(z)),
        ]


class SoftmaxCrossEntropy(Loss):
    """L = log Σ exp(z - m) + m - Σ t·z with m = max z; dL/dz = softmax(z) - t.

    With label smoothing s, t = (1 - s)·onehot + s / classes. For two classes, with d half the difference
    of the logits, softmax(z) = (1 ± tanh d) / 2: no maximum is needed, and half as many calls.
    """

    name, formula = "softmax_cross_entropy", "-log softmax(z) of the class; one output per class"
    smooths = True

    def _rows(self, shares: Array) -> Array:
        # two classes: the target of the second minus that of the first
        return shares[:, 1:] - shares[:, :1] if self.classes == 2 else shares

    def _gradient(self, z: Array, delta: Array) -> Gradient:
        *runs, outputs, samples = z.shape
        sums = np.empty((*runs, 1, samples), z.dtype)
        if self.classes == 2:
            row = sums
            back = np.array([[-0.5], [0.5]], z.dtype) / np.array(samples, z.dtype)
            return Gradient(
                [*_half_difference(z, row), call(np.tanh, row, row)],
                lambda targets: [call(np.subtract, row, targets, row)],
                [matmul(back, row, delta) if not runs else call(np.multiply, row, back, delta)],
            )
        block, highest = np.empty_like(z), np.empty((*runs, samples), z.dtype)
        # multiplying the sum of exponentials by `samples` divides the gradient by the batch size
        counts = np.full((1, outputs), samples, z.dtype)
        logits, result, factor = (
            _in_memory_order(z),
            _in_memory_order(delta),
            _in_memory_order(block),
        )
        return Gradient(
            [
                *_column_maxima(z, highest),
                broadcast(highest[..., None, :], block),
                call(np.subtract, logits, factor, result),
                call(np.exp, result, result),
                matmul(counts, delta, sums),
                broadcast(sums, block),
                call(np.divide, result, factor, result),
            ],
            lambda targets: [call(np.subtract, result, _in_memory_order(targets), result)],
            [],
            scale=1 / samples,
        )

    def _value(self, z: Array, targets: Array) -> Value:
        *runs, outputs, samples = z.shape
        if self.classes == 2:
            half = np.empty((*runs, 1, samples), z.dtype)
            losses, calls = _two_class_losses(half, targets, self)
            return Value([*_half_difference(z, half), *calls], losses[..., 0, :])
        block, scaled = np.empty_like(z), np.empty_like(z)
        row, losses = np.empty((*runs, samples), z.dtype), np.empty((*runs, samples), z.dtype)
        ones = np.ones(outputs, z.dtype)
        calls = [
            *_column_maxima(z, row),
            broadcast(row[..., None, :], block),
            call(np.subtract, z, block, block),
            call(np.multiply, block, targets, scaled),
            call(np.exp, block, block),
            vecmat(ones, block, losses),
            call(np.log, losses, losses),
            vecmat(ones, scaled, row),
            call(np.subtract, losses, row, losses),
        ]
        return Value(calls, losses)


class BinaryCrossEntropy(Loss):
    """L = max(z, 0) - z·t + log(1 + exp(-|z|)); dL/dz = sigmoid(z) - t, with a single output.

    With label smoothing s, t = (1 - s)·label + s / 2. Targets are encoded as 2t - 1, in [-1, 1].
    """

    name = "binary_cross_entropy"
    formula = "-log of the class's probability; a single output for two classes"

    smooths = True

    def __init__(self, classes: int = 0, targets: int = 0, **options: Any) -> None:
        super().__init__(classes, targets, **options)
        if classes != 2:
            raise ValueError(f"{self.name} requires two classes: the data has {classes}")
        self.outputs = 1

    def _rows(self, shares: Array) -> Array:
        return shares[:, 1:] - shares[:, :1]

    def _gradient(self, z: Array, delta: Array) -> Gradient:
        half = constant(0.5, z)
        return Gradient(
            [call(np.multiply, z, half, delta), call(np.tanh, delta, delta)],
            lambda targets: [call(np.subtract, delta, targets, delta)],
            [call(np.multiply, delta, constant(0.5 / z.shape[-1], z), delta)],
        )

    def _value(self, z: Array, targets: Array) -> Value:
        row = np.empty_like(z)
        losses, calls = _two_class_losses(row, targets, self)
        calls.insert(0, call(np.multiply, z, constant(0.5, z), row))
        return Value(calls, losses[..., 0, :])

    def probabilities(self, z: Array) -> Array:
        positive = 0.5 + 0.5 * np.tanh(0.5 * z)
        return np.concatenate([1 - positive, positive])

    def certainty(self, z: Array, out: Array) -> Calls:
        return [
            call(np.multiply, z[0], constant(0.5, z), out),
            call(np.tanh, out, out),
            call(np.abs, out, out),
        ]


class Hinge(Loss):
    """L = Σ max(0, 1 + z_j - z_class) / classes over the other classes j, as `multi_margin_loss`.

    dL/dz_j = 1 / classes for each j in the margin, and dL/dz_class is minus their sum. The logits are
    scores, not log-probabilities; `probabilities` applies a softmax to display them.
    """

    name, formula = "hinge", "Σ max(0, 1 + z_other - z_class) / classes: zero from a margin of 1 on"

    def _margins(self, z: Array, targets: Array, margins: Array, row: Array) -> Calls:
        """Return the calls that write 1 + z_j - z_class for each other class j, and 0 for the class."""
        ones, one = np.ones((1, z.shape[-2]), z.dtype), constant(1, z)
        return [
            call(np.multiply, z, targets, margins),
            matmul(ones, margins, row),
            broadcast(row, margins),
            call(np.subtract, z, margins, margins),
            call(np.subtract, margins, targets, margins),
            call(np.add, margins, one, margins),
        ]

    def _gradient(self, z: Array, delta: Array) -> Gradient:
        *runs, outputs, samples = z.shape
        row, block = np.empty((*runs, 1, samples), z.dtype), np.empty_like(z)
        ones, zero = np.ones((1, outputs), z.dtype), constant(0, z)

        def against(targets: Array) -> Calls:
            return [
                *self._margins(z, targets, delta, row),
                call(np.heaviside, delta, zero, delta),
                matmul(ones, delta, row),
                broadcast(row, block),
                call(np.multiply, block, targets, block),
                call(np.subtract, delta, block, delta),
            ]

        factor = constant(1 / (outputs * samples), z)
        return Gradient([], against, [call(np.multiply, delta, factor, delta)])

    def _value(self, z: Array, targets: Array) -> Value:
        *runs, outputs, samples = z.shape
        row, block = np.empty((*runs, 1, samples), z.dtype), np.empty_like(z)
        losses = np.empty((*runs, samples), z.dtype)
        calls = [
            *self._margins(z, targets, block, row),
            call(np.maximum, block, constant(0, z), out=block),
            vecmat(np.ones(outputs, z.dtype), block, losses),
        ]
        return Value(calls, losses, 1 / outputs)


class _DifferenceLoss(Loss):
    """A loss of the difference z - t: for regression, or for classes with one-hot targets."""

    supports_regression = True

    def probabilities(self, z: Array) -> Array:
        if not self.classes:
            return z
        # the outputs are fitted to one-hot rows, so values outside [0, 1] are clipped
        clipped = np.clip(z, 1e-6, 1)
        return np.asarray(clipped / clipped.sum(axis=0))

    def certainty(self, z: Array, out: Array) -> Calls:
        block, sums = np.empty_like(z), np.empty(z.shape[1], z.dtype)
        return [
            call(np.maximum, z, constant(1e-6, z), out=block),
            call(np.minimum, block, constant(1, z), out=block),
            call(np.ones(len(z), z.dtype).dot, block, sums),
            *_column_maxima(block, out),
            call(np.divide, out, sums, out),
            *_above_chance(out, len(z)),
        ]

    def _slope(self, delta: Array) -> Calls:
        """Return the calls that turn z - t into dL/dz in place, up to `slope_factor` / z.size."""
        raise NotImplementedError

    def _loss(self, difference: Array) -> Calls:
        """Return the calls that turn z - t into the loss of each element, in place."""
        raise NotImplementedError

    slope_factor: ClassVar[float] = 1.0

    def _gradient(self, z: Array, delta: Array) -> Gradient:
        factor = constant(self.slope_factor / (z.shape[-2] * z.shape[-1]), z)
        return Gradient(
            [],
            lambda targets: [call(np.subtract, z, targets, delta)],
            [*self._slope(delta), call(np.multiply, delta, factor, delta)],
        )

    def _value(self, z: Array, targets: Array) -> Value:
        *runs, outputs, samples = z.shape
        block, losses = np.empty_like(z), np.empty((*runs, samples), z.dtype)
        calls = [
            call(np.subtract, z, targets, block),
            *self._loss(block),
            vecmat(np.ones(outputs, z.dtype), block, losses),
        ]
        return Value(calls, losses, 1 / outputs)


class MeanSquaredError(_DifferenceLoss):
    """L = mean over outputs of (z - t)², without a factor 1/2; dL/dz = 2·(z - t) / outputs."""

    name, formula = "mean_squared_error", "mean of (z - t)²: for regression, or one-hot classes"
    slope_factor = 2.0

    def _slope(self, delta: Array) -> Calls:
        del delta
        return []

    def _loss(self, difference: Array) -> Calls:
        return [call(np.multiply, difference, difference, difference)]


class MeanAbsoluteError(_DifferenceLoss):
    """L = mean over outputs of |z - t|; dL/dz = sign(z - t) / outputs, with sign(0) = 0."""

    name, formula = "mean_absolute_error", "mean of |z - t|: less sensitive to outliers"

    def _slope(self, delta: Array) -> Calls:
        return [call(np.sign, delta, delta)]

    def _loss(self, difference: Array) -> Calls:
        return [call(np.abs, difference, difference)]


class Huber(_DifferenceLoss):
    """L = d²/2 if |d| < δ, else δ·(|d| - δ/2), with d = z - t; mean over outputs (Huber 1964).

    dL/dz = d clipped to ±δ, / outputs.
    """

    name, formula = (
        "huber",
        "(z - t)²/2 within ±δ, linear beyond: squared near 0, absolute further out",
    )

    def _slope(self, delta: Array) -> Calls:
        low, high = constant(-self.huber_delta, delta), constant(self.huber_delta, delta)
        return [
            call(np.maximum, delta, low, out=delta),
            call(np.minimum, delta, high, out=delta),
        ]

    def _loss(self, difference: Array) -> Calls:
        # c·(|d| - c/2), with c = min(|d|, δ)
        inner = np.empty_like(difference)
        half = np.empty_like(difference)
        return [
            call(np.abs, difference, difference),
            call(np.minimum, difference, constant(self.huber_delta, difference), out=inner),
            call(np.multiply, inner, constant(0.5, difference), half),
            call(np.subtract, difference, half, difference),
            call(np.multiply, difference, inner, difference),
        ]


def _smoothed(onehot: Array, smoothing: float) -> Array:
    return onehot * (1 - smoothing) + smoothing / onehot.shape[1] if smoothing else onehot


def _weighted_gradient(plain: Gradient, delta: Array) -> Gradient:
    """Return the calls that write Σ factor·dL/dz / Σ w, from those of the unweighted mean."""
    *runs, _, samples = delta.shape
    share, mean = np.full(samples, 1 / samples, delta.dtype), np.empty(runs, delta.dtype)
    row, block = np.empty((*runs, 1, samples), delta.dtype), np.empty_like(delta)

    def against(targets: Array) -> Calls:
        factors, weights = targets[..., -WEIGHT_ROWS, :], targets[..., 1 - WEIGHT_ROWS, :]
        dot = call(np.vecdot, share, weights, mean) if runs else call(share.dot, weights, mean)
        return [
            *plain.against(targets[..., :-WEIGHT_ROWS, :]),
            *plain.after,
            dot,
            call(np.divide, factors, mean[..., None] if runs else mean, row[..., 0, :]),
            broadcast(row, block),
            call(np.multiply, delta, block, delta),
        ]

    return Gradient(plain.before, against, [], plain.scale)


def _two_class_losses(d: Array, targets: Array, loss: Loss) -> tuple[Array, Calls]:
    """Return the losses and the calls that write them, from d, half the difference of two logits.

    With t = t₂ - t₁ in [-1, 1] and s = sign(t), L = log(exp d + exp -d) - d·t
    = log(1 + exp(-2·d·s)) + d·s·(1 - |t|), which is exact for small losses and never overflows.
    """
    signs = np.where(targets < 0, 2, -2).astype(d.dtype)
    losses = np.empty_like(d)
    calls = [call(np.multiply, d, signs, d), *_softplus(d, losses)]
    if loss.label_smoothing:
        rest = constant(-loss.label_smoothing / 2, d)
        if loss.class_weights:  # then 1 - |t| depends on the class
            rest = (np.abs(targets) - 1) / 2
        calls.append(call(np.multiply, d, rest, d))
        calls.append(call(np.add, losses, d, losses))
    return losses, calls


def _softplus(d: Array, out: Array) -> Calls:
    """Return the calls that write log(1 + exp d).

    For several runs, NumPy's `logaddexp` takes four times as long as the same by vectorised functions:
    max(d, 0) + log u - ((u - 1) - e) / u, with e = exp(-|d|) and u = 1 + e, whose last term is the
    rounding error of u. Its results differ by rounding.
    """
    if d.ndim == 2:
        return [call(np.logaddexp, d, constant(0, d), out)]
    e, u, rest = (np.empty_like(d) for _ in range(3))
    one = constant(1, d)
    return [
        call(np.abs, d, e),
        call(np.negative, e, e),
        call(np.exp, e, e),
        call(np.add, e, one, u),
        call(np.log, u, out),
        call(np.subtract, u, one, rest),
        call(np.subtract, rest, e, rest),
        call(np.divide, rest, u, rest),
        call(np.subtract, out, rest, out),
        call(np.maximum, d, constant(0, d), out=rest),
        call(np.add, out, rest, out),
    ]


def balanced_class_weights(counts: Sequence[int]) -> tuple[float, ...]:
    """Return n / (k · n_c) for the n_c samples of each class (King & Zeng 2001).

    n is the number of all samples, k the number of classes that have any; a class without samples has
    the weight 0. As scikit-learn's `compute_class_weight("balanced")`.
    """
    present = sum(count > 0 for count in counts)
    return tuple(sum(counts) / (present * count) if count else 0.0 for count in counts)


def _half_difference(z: Array, row: Array) -> Calls:
    """Return the calls that write half the difference of two logits into a (1, samples) row."""
    if z.ndim == 2:
        return [call(np.array([[-0.5, 0.5]], z.dtype).dot, z, row)]
    # for stacks of two rows, a product takes longer
    return [
        call(np.subtract, z[..., 1:, :], z[..., :1, :], row),
        call(np.multiply, row, constant(0.5, z), row),
    ]


def _in_memory_order(block: Array) -> Array:
    """Return a block of logits, (runs, outputs, samples), as (outputs, runs, samples), see `outputs_of`.

    In this order, a call for each element begins in less time. A block of a single run is unchanged.
    """
    return block.swapaxes(0, -2)


def _above_chance(probability: Array, classes: int) -> Calls:
    guess = 1 / classes
    return [
        call(np.subtract, probability, constant(guess, probability), probability),
        call(np.multiply, probability, constant(1 / (1 - guess), probability), probability),
    ]


def _column_maxima(z: Array, row: Array) -> Calls:
    """Return the calls that write the maximum of each column of z into `row`."""
    if z.shape[-2] == 3:
        # over so few rows, a reduction takes twice as long as two maxima
        first, second, third = (z[..., at, :] for at in range(3))
        return [call(np.maximum, first, second, out=row), call(np.maximum, row, third, out=row)]
    return [call(np.maximum.reduce, z, -2, out=row)]


LOSSES: Final = {
    loss.name: loss
    for loss in (
        SoftmaxCrossEntropy,
        BinaryCrossEntropy,
        Hinge,
        MeanSquaredError,
        MeanAbsoluteError,
        Huber,
    )
}
