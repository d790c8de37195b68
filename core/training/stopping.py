"""When a run is over: its epochs are trained, a target is reached, or nothing gets better.

The trainer asks after each epoch. What is watched is the loss of one part of the data, and what is
best is the lowest.
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
    """The epoch with the lowest watched loss so far."""

    epoch: int = 0
    loss: float = inf


@dataclass(frozen=True)
class StopRule:
    """What ends a run; None for what does not.

    Attributes:
        epochs: how many to train.
        target_loss: a watched loss that is low enough.
        target_accuracy: a watched accuracy, or R², that is high enough.
        patience: how many epochs in a row without a lower watched loss end the run: at the last of them.
    """

    epochs: int
    target_loss: float | None = None
    target_accuracy: float | None = None
    patience: int | None = None

    def verdict(self, epoch: int, loss: float, score: float, since: int) -> Stop | None:
        """Return why a run is over after an epoch, or None.

        Args:
            epoch: how many were trained.
            loss: the watched loss.
            score: the watched accuracy, or R².
            since: the epoch from which patience counts.
        """
        if self.target_loss is not None and loss <= self.target_loss:
            return Stop.TARGET_LOSS
        if self.target_accuracy is not None and score >= self.target_accuracy:
            return Stop.TARGET_ACCURACY
        if self.patience is not None and epoch - since >= self.patience:
            return Stop.PATIENCE
        return Stop.EPOCHS if epoch >= self.epochs else None
