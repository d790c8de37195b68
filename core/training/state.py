"""The trainer's two records: what is known of an epoch, and what decides how training goes on."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.nn.schedules import PlateauState
    from core.training.batches import BatchesState
    from core.training.diagnostics import LayerDiagnostics, StepSizes
    from core.training.rollback import EpochSnapshot
    from core.training.stopping import Best, Stop


class EpochMetrics(NamedTuple):
    """What is known of an epoch, measured after it.

    Attributes:
        train_loss, test_loss: the mean losses without the penalty.
        train_score, test_score: the share classified right, or R² where numbers are predicted.
        learning_rate: the rate that the epoch was trained with; of what is no epoch's end, see
            `Trainer.measure`.
        penalty: what l1 and l2 add to the loss.
        validation_loss, validation_score: of the third part; NaN where there is none.
        layers: each layer's diagnostics, the outputs last; empty unless they are asked for.
    """

    epoch: int
    train_loss: float
    test_loss: float
    train_score: float
    test_score: float
    learning_rate: float
    penalty: float = 0.0
    validation_loss: float = nan
    validation_score: float = nan
    layers: tuple[LayerDiagnostics, ...] = ()

    @property
    def train_accuracy(self) -> float:
        """The share of training samples classified right."""
        return self.train_score

    @property
    def test_accuracy(self) -> float:
        """The share of test samples classified right."""
        return self.test_score

    @property
    def validation_accuracy(self) -> float:
        """The share of validation samples classified right."""
        return self.validation_score

    @property
    def train_r2(self) -> float:
        """The coefficient of determination over the training samples."""
        return self.train_score

    @property
    def test_r2(self) -> float:
        """The coefficient of determination over the test samples."""
        return self.test_score

    @property
    def validation_r2(self) -> float:
        """The coefficient of determination over the validation samples."""
        return self.validation_score


@dataclass(frozen=True)
class TrainerState:
    """Everything that decides how training goes on from here.

    Attributes:
        stopped, restored: why the run was over, and whose weights were brought back; what going on
            lifts depends on them.
        layer_steps: for each layer the steps that it took, if it is frozen, and else those that it
            missed while it was; None if that was not recorded.
        learning_rate: the rate that is shown, and within an epoch used; None if it was not recorded.
        last_step: for each layer the norm of its gradient and its update ratio in the last step;
            empty without diagnostics.
    """

    epoch: int
    parameters: Array
    statistics: Array
    slots: Array
    steps: int
    batches: BatchesState
    plateau: PlateauState
    best: Best
    waits_from: int
    best_parameters: Array
    best_statistics: Array
    limit: float
    start: EpochSnapshot | None
    stopped: Stop | None = None
    restored: int | None = None
    layer_steps: tuple[int, ...] | None = None
    learning_rate: float | None = None
    last_step: tuple[StepSizes, ...] = ()

    @property
    def arrays(self) -> tuple[Array | Labels, ...]:
        """All that it holds."""
        arrays = (self.parameters, self.statistics, self.slots)
        best = (self.best_parameters, self.best_statistics)
        start = () if self.start is None else self.start.arrays
        order = () if self.batches.order is None else (self.batches.order,)
        return (*arrays, *best, *start, *order)
