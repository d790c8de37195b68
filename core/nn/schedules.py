"""Learning-rate schedules: the learning rate of each epoch, as a factor of the setting η.

The trainer calls `Schedule.rate` once per epoch t, counted from 0. Formulas are those of
`torch.optim.lr_scheduler`, stepped per epoch; no rate is below `min_learning_rate`.
"""

from __future__ import annotations

from dataclasses import field
from math import cos, inf, isfinite, pi
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

PLATEAU_THRESHOLD: Final = 1e-4
"""Relative decrease of the loss from which an epoch is better, as in `ReduceLROnPlateau`."""


@dataclass(frozen=True)
class ScheduleParameters:
    """Parameters of a schedule.

    Attributes:
        decay: factor γ of step, exponential and plateau; k of inverse time.
        epochs: T: epochs between two steps, length of the cosine and the line, patience of plateau.
        lowest_factor: final factor of the cosine and the line.
    """

    decay: float
    epochs: int
    lowest_factor: float


@dataclass(frozen=True)
class ScheduleFormula:
    """One entry of the registry.

    Attributes:
        name: value of the setting `schedule`.
        formula: formula and description, shown in the help.
        factor: maps (epoch, parameters) to the factor of η.
        decay: default of the parameter `decay`.
        epochs: default of the parameter `epochs`; None for the epochs of the run.
    """

    name: str
    formula: str
    factor: Callable[[int, ScheduleParameters], float]
    decay: float = 1.0
    epochs: int | None = None


def _constant(_: int, __: ScheduleParameters) -> float:
    return 1.0


def _cosine(t: int, p: ScheduleParameters) -> float:
    # constant after the end, where PyTorch increases again
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
            "η·γ^⌊t/T⌋: multiplied by γ every T epochs",
            lambda t, p: p.decay ** (t // p.epochs),
            0.1,
            100,
        ),
        ScheduleFormula(
            "exponential", "η·γ^t: multiplied by γ every epoch", lambda t, p: p.decay**t, 0.99
        ),
        ScheduleFormula(
            "inverse_time",
            "η / (1 + k·t): halved after 1/k epochs",
            lambda t, p: 1 / (1 + p.decay * t),
            0.01,
        ),
        ScheduleFormula("cosine", "half a cosine from η over T epochs, then constant", _cosine),
        ScheduleFormula("linear", "linear from η over T epochs, then constant", _linear),
        ScheduleFormula(
            "plateau",
            "multiplied by γ after more than T epochs without improvement",
            _constant,
            0.1,
            10,
        ),
    )
}


@dataclass(frozen=True)
class PlateauState:
    """State of a plateau schedule, saved as part of the trainer's state."""

    factor: float = 1.0
    best: float = inf
    waited: int = 0


@dataclass
class Schedule:
    """The learning rates of a run.

    Attributes:
        formula: entry of the registry.
        parameters: its parameters.
        learning_rate: η.
        min_learning_rate: lower bound of the rate.
        warmup: number of epochs in which the rate first increases linearly to η.
        plateau: state of the plateau schedule.
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
        """Return the schedule of this name; parameters that are None have the schedule's defaults."""
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
        """Whether all epochs have the same rate."""
        return self.formula.name == "constant" and not self.warmup

    def rate(self, epoch: int) -> float:
        """Return the rate of an epoch, counted from 0."""
        if epoch < self.warmup:
            return self.learning_rate * (epoch + 1) / (self.warmup + 1)
        rate = self.learning_rate * self.formula.factor(epoch - self.warmup, self.parameters)
        rate *= self.plateau.factor
        return max(rate, min(self.min_learning_rate, self.learning_rate))

    def observe(self, loss: float) -> None:
        """Record the loss of a finished epoch, which decides when a plateau lowers the rate.

        As in `ReduceLROnPlateau`, T epochs without improvement are tolerated; the next one lowers
        the rate.
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
