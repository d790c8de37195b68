"""Loss functions, all from logits: value, gradient, and the prediction that goes with them.

Blocks are feature-major, (outputs, samples). Values are means over the samples, and stable for any
finite logit; formulas and names are those of PyTorch's `cross_entropy`, `multi_margin_loss`,
`binary_cross_entropy_with_logits`, `mse_loss`, `l1_loss` and `huber_loss`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from core.nn.calls import Calls, broadcast, call, constant

if TYPE_CHECKING:
    from core.arrays import Array, Labels


@dataclass(frozen=True)
class Gradient:
    """The calls that write dL/dz into a block, in three parts.

    Only the one in the middle touches the targets, so that all batches of a size share the others.

    Attributes:
        scale: what the targets of a batch are multiplied by when they are laid out.
    """

    before: Calls
    against: Any
    after: Calls
    scale: float = 1.0


class Value:
    """The calls that compute each sample's loss, into an array that `total` sums up."""

    def __init__(self, calls: Calls, losses: Array, factor: float = 1.0) -> None:
        self.calls = calls
        self.samples = losses.size
        self._losses = losses
        self._dot = np.full(losses.size, factor, losses.dtype).dot

    def total(self) -> float:
        """Return the sum of the losses over the samples."""
        return float(self._dot(self._losses))


class Loss:
    """What training makes small, for data with that many classes, or that many target values.

    Attributes:
        name: as it is chosen.
        formula: of the loss of one sample.
        classes: how many there are, or 0 where numbers are predicted.
        targets: how many numbers are predicted, or 0 where classes are.
        outputs: the number of output units.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    supports_regression: ClassVar[bool] = False
    """Whether it can predict numbers, and not only classes."""

    def __init__(
        self,
        classes: int = 0,
        targets: int = 0,
        *,
        label_smoothing: float = 0.0,
        huber_delta: float = 1.0,
    ) -> None:
        if targets and not self.supports_regression:
            raise ValueError(f"the data has numbers to predict and {self.name} tells classes apart")
        self.classes, self.targets = classes, targets
        self.label_smoothing, self.huber_delta = label_smoothing, huber_delta
        self.outputs = classes or targets

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def encode(self, y: Array | Labels) -> Array:
        """Return (samples, rows) float64 targets: one-hot for classes, as they are for numbers."""
        if not self.classes:
            return np.asarray(y, np.float64).reshape(len(y), self.targets)
        return np.eye(self.classes)[np.asarray(y, np.int64)]

    def gradient(self, z: Array, delta: Array) -> Gradient:
        """Return the calls that write the gradient of the mean loss over the samples."""
        raise NotImplementedError

    def value(self, z: Array, targets: Array) -> Value:
        """Return the calls that compute the loss of each sample."""
        raise NotImplementedError

    def probabilities(self, z: Array) -> Array:
        """Return (classes, samples) probabilities, or the (targets, samples) values themselves."""
        if not self.classes:
            return z
        exponentials = np.exp(z - z.max(axis=0))
        return np.asarray(exponentials / exponentials.sum(axis=0))

    def certainty(self, z: Array, out: Array) -> Calls:
        """Return the calls that write how sure the likeliest class is: 0 for a guess, 1 for sure."""
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

    With label smoothing s, t = (1 - s)·onehot + s / classes. Two classes need no maximum: half the
    difference of the logits, d, gives softmax(z) = (1 ± tanh d) / 2, in half as many calls.
    """

    name, formula = "softmax_cross_entropy", "-log softmax(z) of the class; an output a class"

    def encode(self, y: Array | Labels) -> Array:
        smoothed = _smoothed(super().encode(y), self.label_smoothing)
        # of two classes, the difference of the second's target and the first's
        return smoothed[:, 1:] - smoothed[:, :1] if self.classes == 2 else smoothed

    def gradient(self, z: Array, delta: Array) -> Gradient:
        samples = z.shape[1]
        if self.classes == 2:
            row = np.empty((1, samples), z.dtype)
            halves = np.array([[-0.5, 0.5]], z.dtype)
            back = np.array([[-0.5], [0.5]], z.dtype) / np.array(samples, z.dtype)
            return Gradient(
                [call(halves.dot, z, row), call(np.tanh, row, row)],
                lambda targets: [call(np.subtract, row, targets, row)],
                [call(back.dot, row, delta)],
            )
        block, highest = np.empty_like(z), np.empty(samples, z.dtype)
        sums = np.empty((1, samples), z.dtype)
        # a sum of exponentials that is `samples` times too large divides by the batch size for free
        counts = np.full((1, len(z)), samples, z.dtype)
        return Gradient(
            [
                *_column_maxima(z, highest),
                broadcast(highest[None], block),
                call(np.subtract, z, block, delta),
                call(np.exp, delta, delta),
                call(counts.dot, delta, sums),
                broadcast(sums, block),
                call(np.divide, delta, block, delta),
            ],
            lambda targets: [call(np.subtract, delta, targets, delta)],
            [],
            scale=1 / samples,
        )

    def value(self, z: Array, targets: Array) -> Value:
        samples = z.shape[1]
        if self.classes == 2:
            half = np.empty((1, samples), z.dtype)
            halves = np.array([[-0.5, 0.5]], z.dtype)
            losses, calls = _two_class_losses(half, targets, self.label_smoothing)
            calls.insert(0, call(halves.dot, z, half))
            return Value(calls, losses[0])
        block, scaled = np.empty_like(z), np.empty_like(z)
        row, losses = np.empty(samples, z.dtype), np.empty(samples, z.dtype)
        ones = np.ones(len(z), z.dtype)
        calls = [
            *_column_maxima(z, row),
            broadcast(row[None], block),
            call(np.subtract, z, block, block),
            call(np.multiply, block, targets, scaled),
            call(np.exp, block, block),
            call(ones.dot, block, losses),
            call(np.log, losses, losses),
            call(ones.dot, scaled, row),
            call(np.subtract, losses, row, losses),
        ]
        return Value(calls, losses)


class BinaryCrossEntropy(Loss):
    """L = max(z, 0) - z·t + log(1 + exp(-|z|)); dL/dz = sigmoid(z) - t, one output.

    With label smoothing s, t = (1 - s)·label + s / 2. Targets are kept as 2t - 1, in [-1, 1].
    """

    name = "binary_cross_entropy"
    formula = "-log of the class's probability; one output for two classes"

    def __init__(self, classes: int = 0, targets: int = 0, **options: float) -> None:
        super().__init__(classes, targets, **options)
        if classes != 2:
            raise ValueError(f"the data has {classes} classes and {self.name} tells two apart")
        self.outputs = 1

    def encode(self, y: Array | Labels) -> Array:
        smoothed = _smoothed(super().encode(y), self.label_smoothing)
        return smoothed[:, 1:] - smoothed[:, :1]

    def gradient(self, z: Array, delta: Array) -> Gradient:
        half = constant(0.5, z)
        return Gradient(
            [call(np.multiply, z, half, delta), call(np.tanh, delta, delta)],
            lambda targets: [call(np.subtract, delta, targets, delta)],
            [call(np.multiply, delta, constant(0.5 / z.shape[1], z), delta)],
        )

    def value(self, z: Array, targets: Array) -> Value:
        row = np.empty_like(z)
        losses, calls = _two_class_losses(row, targets, self.label_smoothing)
        calls.insert(0, call(np.multiply, z, constant(0.5, z), row))
        return Value(calls, losses[0])

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

    Its logits are scores and no log-probabilities; `probabilities` shows them as a softmax would.
    """

    name, formula = "hinge", "Σ max(0, 1 + z_other - z_class) / classes: content with a margin of 1"

    def _margins(self, z: Array, targets: Array, margins: Array, row: Array) -> Calls:
        """Return the calls that write 1 + z_j - z_class where j is another class, and 0 else."""
        ones, one = np.ones((1, len(z)), z.dtype), constant(1, z)
        return [
            call(np.multiply, z, targets, margins),
            call(ones.dot, margins, row),
            broadcast(row, margins),
            call(np.subtract, z, margins, margins),
            call(np.subtract, margins, targets, margins),
            call(np.add, margins, one, margins),
        ]

    def gradient(self, z: Array, delta: Array) -> Gradient:
        row, block = np.empty((1, z.shape[1]), z.dtype), np.empty_like(z)
        ones, zero = np.ones((1, len(z)), z.dtype), constant(0, z)

        def against(targets: Array) -> Calls:
            return [
                *self._margins(z, targets, delta, row),
                call(np.heaviside, delta, zero, delta),
                call(ones.dot, delta, row),
                broadcast(row, block),
                call(np.multiply, block, targets, block),
                call(np.subtract, delta, block, delta),
            ]

        return Gradient([], against, [call(np.multiply, delta, constant(1 / z.size, z), delta)])

    def value(self, z: Array, targets: Array) -> Value:
        samples = z.shape[1]
        row, block = np.empty((1, samples), z.dtype), np.empty_like(z)
        losses = np.empty(samples, z.dtype)
        calls = [
            *self._margins(z, targets, block, row),
            call(np.maximum, block, constant(0, z), out=block),
            call(np.ones(len(z), z.dtype).dot, block, losses),
        ]
        return Value(calls, losses, 1 / len(z))


class _DifferenceLoss(Loss):
    """A loss of z - t: for numbers, or for classes against one-hot targets."""

    supports_regression = True

    def probabilities(self, z: Array) -> Array:
        if not self.classes:
            return z
        # what is fitted are the one-hot rows themselves: what lies outside [0, 1] is cut off
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
        """Return the calls that turn z - t into the slope, but for a factor."""
        raise NotImplementedError

    def _loss(self, difference: Array) -> Calls:
        """Return the calls that turn z - t into the loss of each element, but for a factor."""
        raise NotImplementedError

    slope_factor: ClassVar[float] = 1.0

    def gradient(self, z: Array, delta: Array) -> Gradient:
        factor = constant(self.slope_factor / z.size, z)
        return Gradient(
            [],
            lambda targets: [call(np.subtract, z, targets, delta)],
            [*self._slope(delta), call(np.multiply, delta, factor, delta)],
        )

    def value(self, z: Array, targets: Array) -> Value:
        block, losses = np.empty_like(z), np.empty(z.shape[1], z.dtype)
        calls = [
            call(np.subtract, z, targets, block),
            *self._loss(block),
            call(np.ones(len(z), z.dtype).dot, block, losses),
        ]
        return Value(calls, losses, 1 / len(z))


class MeanSquaredError(_DifferenceLoss):
    """L = mean over outputs of (z - t)², without a factor of one half."""

    name, formula = "mean_squared_error", "mean of (z - t)²: for numbers, or one-hot classes"
    slope_factor = 2.0

    def _slope(self, delta: Array) -> Calls:
        del delta
        return []

    def _loss(self, difference: Array) -> Calls:
        return [call(np.multiply, difference, difference, difference)]


class MeanAbsoluteError(_DifferenceLoss):
    """L = mean over outputs of |z - t|, with a slope of 0 at 0."""

    name, formula = "mean_absolute_error", "mean of |z - t|: outliers pull no harder than others"

    def _slope(self, delta: Array) -> Calls:
        return [call(np.sign, delta, delta)]

    def _loss(self, difference: Array) -> Calls:
        return [call(np.abs, difference, difference)]


class Huber(_DifferenceLoss):
    """L = d²/2 where |d| < δ and δ·(|d| - δ/2) beyond, d = z - t (Huber 1964), mean over outputs."""

    name, formula = "huber", "(z - t)²/2 within δ, a line beyond: between the two above"

    def _slope(self, delta: Array) -> Calls:
        low, high = constant(-self.huber_delta, delta), constant(self.huber_delta, delta)
        return [
            call(np.maximum, delta, low, out=delta),
            call(np.minimum, delta, high, out=delta),
        ]

    def _loss(self, difference: Array) -> Calls:
        # with c = min(|d|, δ): c·(|d| - c/2)
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


def _two_class_losses(d: Array, targets: Array, smoothing: float) -> tuple[Array, Calls]:
    """Return the losses, and the calls that write them, from half the difference of two logits.

    With t = t₂ - t₁ in [-1, 1] and its sign s, L = log(exp d + exp -d) - d·t
    = log(1 + exp(-2·d·s)) + d·s·(1 - |t|): exact where the loss is small, and it overflows nowhere.
    """
    signs = np.where(targets < 0, 2, -2).astype(d.dtype)
    losses = np.empty_like(d)
    calls = [
        call(np.multiply, d, signs, d),
        call(np.logaddexp, d, constant(0, d), losses),
    ]
    if smoothing:
        calls.append(call(np.multiply, d, constant(-smoothing / 2, d), d))
        calls.append(call(np.add, losses, d, losses))
    return losses, calls


def _above_chance(probability: Array, classes: int) -> Calls:
    guess = 1 / classes
    return [
        call(np.subtract, probability, constant(guess, probability), probability),
        call(np.multiply, probability, constant(1 / (1 - guess), probability), probability),
    ]


def _column_maxima(z: Array, row: Array) -> Calls:
    """Return the calls that write the maximum of each column."""
    if len(z) == 3:
        # a reduction over so few rows costs twice what two maxima do
        return [call(np.maximum, z[0], z[1], out=row), call(np.maximum, row, z[2], out=row)]
    return [call(np.maximum.reduce, z, 0, out=row)]


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
