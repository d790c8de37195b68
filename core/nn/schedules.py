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
class ScheduleParameters:
    """What a schedule is told.

    Attributes:
        decay: the factor γ of step, exponential and plateau, the k of inverse time.
        epochs: between two steps, of a whole cosine or line, of patience at a plateau.
        lowest: share of the given rate that the cosine and the line end at.
    """

    decay: float
    epochs: int
    lowest_factor: float


@dataclass(frozen=True)
class ScheduleFormula:
    """One entry of the registry.

    Attributes:
        factor: (epoch, curve) to what the given rate is multiplied by.
        decay: the curve's own, where none is given.
        epochs: the same; None for those that the run has.
    """

    name: str
    formula: str
    factor: Callable[[int, ScheduleParameters], float]
    decay: float = 1.0
    epochs: int | None = None


def _constant(_: int, __: ScheduleParameters) -> float:
    return 1.0


def _cosine(t: int, p: ScheduleParameters) -> float:
    # held at the end, where PyTorch climbs again
    progress = min(t / p.epochs, 1.0)
    return p.lowest_factor + (1 - p.lowest_factor) * (1 + cos(pi * progress)) / 2


def _linear(t: int, p: ScheduleParameters) -> float:
    return 1 - (1 - p.lowest_factor) * min(t / p.epochs, 1.0)


SCHEDULES: Final = {
    each.name: each
    for each in (
        ScheduleFormula("constant", "η in every epoch", _constant),
        ScheduleFormula(
            "step",
            "η·γ^⌊t/T⌋: times γ every T epochs",
            lambda t, p: p.decay ** (t // p.epochs),
            0.1,
            100,
        ),
        ScheduleFormula(
            "exponential", "η·γ^t: times γ in every epoch", lambda t, p: p.decay**t, 0.99
        ),
        ScheduleFormula(
            "inverse_time",
            "η / (1 + k·t): half after 1/k epochs",
            lambda t, p: 1 / (1 + p.decay * t),
            0.01,
        ),
        ScheduleFormula("cosine", "from η down half a cosine in T epochs, then held", _cosine),
        ScheduleFormula("linear", "from η down a line in T epochs, then held", _linear),
        ScheduleFormula(
            "plateau",
            "times γ at each epoch after T in a row that were no better",
            _constant,
            0.1,
            10,
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

    formula: ScheduleFormula
    parameters: ScheduleParameters
    learning_rate: float
    min_learning_rate: float = 0.0
    warmup: int = 0
    plateau: PlateauState = field(default_factory=PlateauState)

    @classmethod
    def create(
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
        formula = SCHEDULES[name]
        if epochs is None:
            epochs = formula.epochs or max(1, run_epochs - warmup)
        parameters = ScheduleParameters(
            formula.decay if decay is None else decay,
            epochs,
            min(1.0, min_learning_rate / learning_rate),
        )
        return cls(formula, parameters, learning_rate, min_learning_rate, warmup)

    @property
    def constant(self) -> bool:
        """Whether every epoch has the same rate."""
        return self.formula.name == "constant" and not self.warmup

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 0."""
        if epoch < self.warmup:
            return self.learning_rate * (epoch + 1) / (self.warmup + 1)
        rate = self.learning_rate * self.formula.factor(epoch - self.warmup, self.parameters)
        rate *= self.plateau.factor
        return max(rate, min(self.min_learning_rate, self.learning_rate))

    def observe(self, loss: float) -> None:
        """Take the loss of an epoch that is over: what a plateau waits for.

        As in `ReduceLROnPlateau`, T epochs that are no better are tolerated, and the one after them
        lowers the rate.
        """
        if self.formula.name != "plateau" or not isfinite(loss):
            return
        before = self.plateau
        if loss < before.best * (1 - PLATEAU_THRESHOLD):
            self.plateau = PlateauState(before.factor, loss, 0)
        elif before.waited >= self.parameters.epochs:
            self.plateau = PlateauState(before.factor * self.parameters.decay, before.best, 0)
        else:
            self.plateau = PlateauState(before.factor, before.best, before.waited + 1)
