"""References that a run is compared with: the chance level, a linear model, and trials.

A trial trains a copy of the run, or a new run, with some settings changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from core.arrays import evenly_spaced
from core.dataclass import dataclass
from core.nn.calls import run

if TYPE_CHECKING:
    from core.analysis.diagnosis.result import Cause
    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.nn.losses import Loss
    from core.training.diagnostics import LayerDiagnostics

MOST_SAMPLES: Final = 20_000
"""Maximum number of samples from which the chance level is computed."""


class Chance(NamedTuple):
    """Training score and loss of the best constant prediction.

    Attributes:
        score: share of the most frequent class, or an R² of 0.
        loss: entropy of the classes or variance of the targets, or the equivalent of another loss.
    """

    score: float
    loss: float


class Outcome(NamedTuple):
    """Result of a trial.

    Attributes:
        train_score, test_score: accuracy, or R².
        train_progress, test_progress: fraction of the way from guessing (0) to no error (1), with equal
            weights for all classes.
        epochs: number of epochs trained.
    """

    train_score: float
    test_score: float
    train_progress: float
    test_progress: float
    epochs: int

    @property
    def progress(self) -> float:
        """Progress on the training or the test samples, whichever is less."""
        return min(self.train_progress, self.test_progress)


@dataclass(frozen=True)
class Trial:
    """A change that may help, and the result of training with it.

    Attributes:
        cause: the problem that it would solve.
        changes: values by name of the setting.
        needs_reset: whether it started with new weights, not from those of the run.
        outcome: its result.
    """

    cause: Cause
    changes: dict[str, Any]
    needs_reset: bool
    outcome: Outcome


@dataclass(frozen=True)
class References:
    """Values that a run is compared with; each is optional.

    Attributes:
        chance: result of the best constant prediction.
        epoch: epoch of the run at which the trials were made; None without trials.
        current: result of the run at that epoch.
        unchanged: result of training as long again without a change.
        best: result of a wider network with usual settings.
        linear: result of a network without hidden layers.
        trials: changes that were tried.
        layers: diagnostics of each layer at that epoch.
        majority_only: whether the network predicts the same class for all samples.
        agreement: share of training samples whose nearest neighbour has the same class.
        spellings: names of classes that differ only in case or surrounding blanks.
    """

    chance: Chance | None = None
    epoch: int | None = None
    current: Outcome | None = None
    unchanged: Outcome | None = None
    best: Outcome | None = None
    linear: Outcome | None = None
    trials: tuple[Trial, ...] = ()
    layers: tuple[LayerDiagnostics, ...] = ()
    majority_only: bool = False
    agreement: float | None = None
    spellings: tuple[str, ...] = ()


NO_REFERENCES: Final = References()


def chance_level(config: RunConfig, data: DataSplit) -> Chance:
    """Return score and loss of the best constant prediction for the training samples."""
    y = data.y_train[evenly_spaced(len(data.y_train), MOST_SAMPLES)]
    loss = config.loss_for(len(data.class_names), len(data.target_names), data.class_counts[0])
    targets = np.ascontiguousarray(loss.encode(y).T)
    constants = _constants(loss, y, targets)
    least = min(_mean_loss(loss, each, targets) for each in constants)
    if not data.has_classes:
        return Chance(0.0, least)
    counts = np.bincount(np.asarray(y, np.int64), minlength=len(data.class_names))
    return Chance(float(counts.max() / counts.sum()), least)


def _constants(loss: Loss, y: Array | Labels, targets: Array) -> list[Array]:
    """Return (outputs,) constant logits, one of which has the lowest loss."""
    if not loss.classes:
        return [targets.mean(axis=1), np.median(targets, axis=1)]
    shares = np.bincount(np.asarray(y, np.int64), minlength=loss.classes) / len(y)
    if loss.class_weights:
        shares *= loss.class_weights
        shares /= shares.sum()
    logs = np.log(np.maximum(shares, 1e-9))
    if loss.outputs == 1:
        return [logs[1:] - logs[:1]]
    onehot = (shares == shares.max()).astype(np.float64)
    return [logs, shares, onehot]


def _mean_loss(loss: Loss, logits: Array, targets: Array) -> float:
    samples = targets.shape[1]
    value = loss.value(np.repeat(logits[:, None], samples, axis=1), targets)
    run(value.calls)
    return float(value.total() / value.weight)
