"""Learning-rate schedules: the rate of each epoch, from the rate that a run is given.

The trainer asks once per epoch, with t = 0 for the first. Formulas are those of
`torch.optim.lr_scheduler`, stepped per epoch; `min_learning_rate` is the lowest rate of them all.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, inf, isfinite, pi
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PLATEAU_THRESHOLD: Final = 1e-4
"""An epoch counts as better when its loss is lower by this share, as in `ReduceLROnPlateau`."""


@dataclass(frozen=True)
class Curve:
    """What a schedule is told.

    Attributes:
        decay: the factor γ of step, exponential and plateau, the k of inverse time.
        epochs: between two steps, of a whole cosine or line, of patience at a plateau.
        lowest: share of the given rate that the cosine and the line end at.
    """

    decay: float
    epochs: int
    lowest: float


@dataclass(frozen=True)
class Shape:
    """One entry of the registry.

    Attributes:
        factor: (epoch, curve) to what the given rate is multiplied by.
        decay: the curve's own, where none is given.
        epochs: the same; None for those that the run has.
    """

    name: str
    formula: str
    factor: Callable[[int, Curve], float]
    decay: float = 1.0
    epochs: int | None = None


def _same(_: int, __: Curve) -> float:
    return 1.0


def _cosine(t: int, curve: Curve) -> float:
    # held at the end, where PyTorch climbs again
    share = min(t / curve.epochs, 1.0)
    return curve.lowest + (1 - curve.lowest) * (1 + cos(pi * share)) / 2


def _line(t: int, curve: Curve) -> float:
    return 1 - (1 - curve.lowest) * min(t / curve.epochs, 1.0)


SCHEDULES: Final = {
    shape.name: shape
    for shape in (
        Shape("constant", "η in every epoch", _same),
        Shape(
            "step",
            "η·γ^⌊t/T⌋: times γ every T epochs",
            lambda t, curve: curve.decay ** (t // curve.epochs),
            0.1,
            100,
        ),
        Shape(
            "exponential", "η·γ^t: times γ in every epoch", lambda t, curve: curve.decay**t, 0.99
        ),
        Shape(
            "inverse_time",
            "η / (1 + k·t): half after 1/k epochs",
            lambda t, curve: 1 / (1 + curve.decay * t),
            0.01,
        ),
        Shape("cosine", "from η down half a cosine in T epochs, then held", _cosine),
        Shape("linear", "from η down a line in T epochs, then held", _line),
        Shape(
            "plateau", "times γ at each epoch after T in a row that were no better", _same, 0.1, 10
        ),
    )
}


@dataclass(frozen=True)
class PlateauState:
    """What a plateau schedule remembers: part of a trainer's state."""

    factor: float = 1.0
    best: float = inf
    waited: int = 0


@dataclass
class Schedule:
    """The rates of a run.

    Attributes:
        learning_rate: the given rate, η.
        warmup: epochs in which the rate first climbs, in equal steps, to the given one.
        plateau: what is known of the losses so far.
    """

    shape: Shape
    curve: Curve
    learning_rate: float
    min_learning_rate: float = 0.0
    warmup: int = 0
    plateau: PlateauState = field(default_factory=PlateauState)

    @classmethod
    def make(
        cls,
        name: str,
        learning_rate: float,
        *,
        run_epochs: int,
        decay: float | None = None,
        epochs: int | None = None,
        min_learning_rate: float = 0.0,
        warmup: int = 0,
    ) -> Schedule:
        """Return the schedule of that name, with its own values for what is None."""
        shape = SCHEDULES[name]
        if epochs is None:
            epochs = shape.epochs or max(1, run_epochs - warmup)
        curve = Curve(
            shape.decay if decay is None else decay,
            epochs,
            min(1.0, min_learning_rate / learning_rate),
        )
        return cls(shape, curve, learning_rate, min_learning_rate, warmup)

    @property
    def constant(self) -> bool:
        """Whether every epoch has the same rate."""
        return self.shape.name == "constant" and not self.warmup

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 0."""
        if epoch < self.warmup:
            return self.learning_rate * (epoch + 1) / (self.warmup + 1)
        rate = self.learning_rate * self.shape.factor(epoch - self.warmup, self.curve)
        rate *= self.plateau.factor
        return max(rate, min(self.min_learning_rate, self.learning_rate))

    def observe(self, loss: float) -> None:
        """Take the loss of an epoch that is over: what a plateau waits for.

        As in `ReduceLROnPlateau`, T epochs that are no better are tolerated, and the one after them
        lowers the rate.
        """
        if self.shape.name != "plateau" or not isfinite(loss):
            return
        before = self.plateau
        if loss < before.best * (1 - PLATEAU_THRESHOLD):
            self.plateau = PlateauState(before.factor, loss, 0)
        elif before.waited >= self.curve.epochs:
            self.plateau = PlateauState(before.factor * self.curve.decay, before.best, 0)
        else:
            self.plateau = PlateauState(before.factor, before.best, before.waited + 1)
