"""Records of the trainer: the metrics of an epoch, and its complete state."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, NamedTuple

from core.dataclass import dataclass

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.nn.schedules import PlateauState
    from core.training.batches import BatchesState
    from core.training.diagnostics import LayerDiagnostics, StepSizes
    from core.training.rollback import EpochSnapshot
    from core.training.stopping import Best, Stop


class EpochMetrics(NamedTuple):
    """Metrics of an epoch, measured after it.

    Attributes:
        train_loss, test_loss: mean losses without the penalty.
        train_score, test_score: accuracy, or R² for regression.
        learning_rate: of the epoch; see `Trainer.measure` for metrics within an epoch.
        penalty: sum of the l1 and l2 terms, which the optimiser minimises with the loss.
        validation_loss, validation_score: NaN without validation samples.
        layers: diagnostics of each layer, the outputs last; empty unless they are on.
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

    def on(self, part: str) -> tuple[float, float]:
        """Return loss and score on the `train`, `test` or `validation` samples."""
        match part:
            case "train":
                return self.train_loss, self.train_score
            case "test":
                return self.test_loss, self.test_score
        return self.validation_loss, self.validation_score


@dataclass(frozen=True)
class TrainerState:
    """Everything that determines further training.

    Attributes:
        epoch: number of epochs trained.
        steps: number of steps of the optimiser.
        best: the epoch with the lowest monitored loss.
        waits_from: the epoch from which patience counts.
        limit: loss from which the run counts as diverged.
        start: start of the current epoch; None between two epochs.
        stopped: why the run ended, or None.
        restored: the epoch whose weights were restored at the end, or None.
        layer_steps: for each layer the number of its steps if it is frozen, else the number of steps
            that it missed while it was frozen.
        learning_rate: of the last epoch, or of the current one; None if it was not recorded.
        last_step: gradient norm and update ratio of each layer in the last step; empty without
            diagnostics.
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
    layer_steps: tuple[int, ...] = ()
    learning_rate: float | None = None
    last_step: tuple[StepSizes, ...] = ()

    @property
    def arrays(self) -> tuple[Array | Labels, ...]:
        """All arrays of the state."""
        arrays = (self.parameters, self.statistics, self.slots)
        best = (self.best_parameters, self.best_statistics)
        start = () if self.start is None else self.start.arrays
        order = () if self.batches.order is None else (self.batches.order,)
        return (*arrays, *best, *start, *order)
