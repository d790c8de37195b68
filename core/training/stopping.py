"""End of a run: all epochs trained, a target reached, or early stopping.

The trainer checks the rule after each epoch, with the metrics of the monitored part of the data.
"""

from __future__ import annotations

from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from core.dataclass import dataclass

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.nn.network import Network


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

    def verdict(self, epoch: int, loss: float, score: float, waits_from: int) -> Stop | None:
        """Return why the run ends after an epoch, or None.

        Args:
            epoch: number of epochs trained.
            loss: monitored loss.
            score: monitored accuracy, or R².
            waits_from: the epoch from which patience counts.
        """
        if self.target_loss is not None and loss <= self.target_loss:
            return Stop.TARGET_LOSS
        if self.target_accuracy is not None and score >= self.target_accuracy:
            return Stop.TARGET_ACCURACY
        if self.patience is not None and epoch - waits_from >= self.patience:
            return Stop.PATIENCE
        return Stop.EPOCHS if epoch >= self.epochs else None


class EarlyStopping:
    """The best epoch so far, with its weights, and the end of the run.

    Attributes:
        best: the epoch with the lowest monitored loss so far.
        waits_from: the epoch from which patience counts.
        best_parameters, best_statistics: of that epoch, if the config restores them at the end.
    """

    def __init__(self, network: Network) -> None:
        """Allocate the copies of the weights."""
        self.best_parameters = network.parameters.copy()
        self.best_statistics = network.statistics.copy()
        self.restart(0)

    def restart(self, epoch: int) -> None:
        """Forget the best epoch, as later losses do not compare with those so far."""
        self.best, self.waits_from = Best(), epoch

    def finish_epoch(
        self, epoch: int, loss: float, score: float, config: RunConfig, network: Network
    ) -> Stop | None:
        """Compare an epoch with the best one; return why the run ends with it, or None.

        Args:
            epoch: number of epochs trained.
            loss: monitored loss.
            score: monitored accuracy, or R².
            config: of the run.
            network: after the epoch.
        """
        if loss < self.best.loss:
            self.best = Best(epoch, loss)
            if config.patience is not None and config.restore_best:
                self.best_parameters[:] = network.parameters
                self.best_statistics[:] = network.statistics
        waits_from = max(self.best.epoch, self.waits_from)
        return config.stop_rule.verdict(epoch, loss, score, waits_from)

    def restore_weights(self, network: Network) -> None:
        """Set the network to the weights of the best epoch."""
        network.parameters[:] = self.best_parameters
        network.statistics[:] = self.best_statistics
