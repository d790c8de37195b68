"""End of a run: all epochs trained, a target reached, or early stopping.

The trainer checks the rule after each epoch, with the metrics of the monitored part of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import NamedTuple


class State(StrEnum):
    """Status of a run, as the screen shows it."""

    TRAINING = "TRAINING"
    PAUSED = "PAUSED"
    FINISHED = "FINISHED"
    DIVERGED = "DIVERGED"
    STOPPED = "STOPPED"
    """The training process is suspended (SIGSTOP); never saved."""


class Stop(StrEnum):
    """Reason for the end of a run."""

    EPOCHS = "epochs"
    TARGET_LOSS = "target_loss"
    TARGET_ACCURACY = "target_accuracy"
    PATIENCE = "patience"
    DIVERGED = "diverged"


class Best(NamedTuple):
    """The epoch with the lowest monitored loss so far."""

    epoch: int = 0
    loss: float = inf


@dataclass(frozen=True)
class StopRule:
    """Conditions that end a run; None for one that is off.

    Attributes:
        epochs: number of epochs to train.
        target_loss: monitored loss at or below which the run ends.
        target_accuracy: monitored accuracy, or R², at or above which the run ends.
        patience: number of epochs without a lower monitored loss after which the run ends.
    """

    epochs: int
    target_loss: float | None = None
    target_accuracy: float | None = None
    patience: int | None = None

    def verdict(self, epoch: int, loss: float, score: float, since: int) -> Stop | None:
        """Return why the run ends after an epoch, or None.

        Args:
            epoch: number of epochs trained.
            loss: monitored loss.
            score: monitored accuracy, or R².
            since: the epoch from which patience counts.
        """
        if self.target_loss is not None and loss <= self.target_loss:
            return Stop.TARGET_LOSS
        if self.target_accuracy is not None and score >= self.target_accuracy:
            return Stop.TARGET_ACCURACY
        if self.patience is not None and epoch - since >= self.patience:
            return Stop.PATIENCE
        return Stop.EPOCHS if epoch >= self.epochs else None
