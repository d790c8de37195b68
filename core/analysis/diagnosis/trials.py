"""Trials: short trainings that show why a run is stuck, and which change helps.

A run that looks stuck is trained as long again without a change, and with each suspected cause removed
until one of the changes helps. A wider network with usual settings shows in advance whether there is
anything to gain, so that a run that has learnt all there is to learn costs few trials.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.analysis.diagnosis.references import Outcome, References, Trial, chance_level
from core.analysis.diagnosis.suspects import (
    Evidence,
    inputs_unscaled,
    suspects,
    targets_unscaled,
)
from core.arrays import evenly_spaced
from core.config.errors import ConfigError
from core.datasets.dataset import DataError
from core.training.stopping import Stop
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.analysis.diagnosis.suspects import Suspect
    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.training.diagnostics import LayerDiagnostics
    from core.training.state import EpochMetrics, TrainerState

TRIAL_SECONDS: Final = 1.5
"""Estimated seconds of one trial; a longer run is tried with fewer epochs."""

SECONDS: Final = 12.0
"""Estimated seconds of all trials; no further suspect is examined after that."""

CALL_SECONDS: Final = 0.4e-6
PRODUCT_SECONDS: Final = 0.3e-9
"""Estimated seconds of a NumPy call, and of a multiplication with an addition. Estimates, unlike
measured times, make the result of a diagnosis reproducible."""

REFERENCE_EPOCHS: Final = 300
"""Number of epochs in which the wider network is trained at least."""

WINDOW: Final = 5
"""Number of last epochs over which the result of a trial is averaged."""

LEARNT: Final = 0.97
"""Score in all epochs of the window at which a trial ends early."""

ENOUGH: Final = 0.85
"""Progress from which nothing is left to find."""

GAP: Final = 0.15
"""Difference in progress between the wider network and the unchanged run from which it is stuck."""

RECOVERED: Final = 0.75
"""Share of that difference that a change has to close."""

MOST_NEIGHBOURS: Final = 1000
"""Maximum number of samples whose nearest neighbour is searched."""

USUAL: Final[dict[str, Any]] = {
    "activation": "gelu",
    "initializer": "he",
    "batch_norm": False,
    "dropout": 0.0,
    "optimizer": "adam",
    "learning_rate": 0.01,
    "batch_size": 32,
    "clip_norm": None,
    "clip_value": None,
    "freeze": (),
    "schedule": "constant",
    "warmup": 0,
    "l1": 0.0,
    "l2": 0.0,
}
"""Settings of the wider network."""

WIDE: Final[tuple[dict[str, Any], ...]] = (
    {"hidden": (32, 32)},
    {"hidden": (64, 64), "activation": "tanh", "learning_rate": 0.003},
)
"""Settings in which the wider networks differ."""


@dataclass(frozen=True)
class RunCopy:
    """A run at one epoch, from which trials start."""

    config: RunConfig
    data: DataSplit
    state: TrainerState

    @classmethod
    def of(cls, trainer: Trainer) -> RunCopy:
        """Copy the current state of a run."""
        return cls(trainer.config, trainer.data, trainer.state())


def measure_references(
    copy: RunCopy, check: Callable[[], object] = lambda: None, *, seconds: float = SECONDS
) -> References:
    """Return the references of a run that looks stuck.

    Args:
        copy: the run.
        check: called after each epoch of a trial; an exception cancels the measurement.
        seconds: estimated seconds of all trials.
    """
    with np.errstate(all="ignore"):
        return _Laboratory(copy, check, seconds).measure()


class _Laboratory:
    """Makes the trials of one run."""

    def __init__(self, copy: RunCopy, check: Callable[[], object], seconds: float) -> None:
        self._copy, self._check, self._left = copy, check, seconds
        # a trial does not stop early, except when it has learnt
        self._config = copy.config.changed(
            target_loss=None, target_accuracy=None, patience=None, diagnostics=False
        )

    def measure(self) -> References:
        """Make trials until a change helps or none is left."""
        copy = self._copy
        found = References(chance_level(copy.config, copy.data), copy.state.epoch)
        trainer = self._continued({"diagnostics": True})
        found = replace(
            found, current=outcome_of(trainer), majority_only=predicts_one_class(trainer)
        )
        layers: list[tuple[LayerDiagnostics, ...]] = []
        unchanged = self._train(trainer, self._config.epochs, layers)
        found = replace(found, unchanged=unchanged, layers=layers[0] if layers else ())
        if unchanged.progress >= ENOUGH:
            return found
        return self._compare(found, unchanged)

    def _compare(self, found: References, unchanged: Outcome) -> References:
        best = None
        for changes in WIDE:
            trial = self._train(self._usual(changes), REFERENCE_EPOCHS)
            if best is None or trial.progress > best.progress:
                best = trial
            if best.progress >= unchanged.progress + 2 * GAP or best.progress >= ENOUGH:
                break
        linear = self._train(self._usual({"hidden": ()}), REFERENCE_EPOCHS)
        agreement = None
        if self._copy.data.has_classes:
            agreement = neighbour_agreement(self._copy.data)
        found = replace(found, best=best, linear=linear, agreement=agreement)
        if best is None or best.progress < unchanged.progress + GAP:
            return found
        trials: list[Trial] = []
        for suspect in suspects(self._copy.config, self._copy.data, self._evidence(found)):
            if self._left <= 0:
                break
            outcome = self._try(suspect)
            if outcome is None:
                continue
            trials.append(Trial(suspect.cause, suspect.changes, suspect.needs_reset, outcome))
            if is_recovered(outcome, unchanged, best):
                break
        return replace(found, trials=tuple(trials))

    def _evidence(self, found: References) -> Evidence:
        config = self._copy.config
        rate = self._copy.state.learning_rate or config.learning_rate
        chance = found.chance
        return Evidence(
            found.layers,
            rate / config.learning_rate,
            chance.score if chance is not None and self._copy.data.has_classes else 0.0,
        )

    def _try(self, suspect: Suspect) -> Outcome | None:
        """Return the result of a change; None if it is not possible."""
        try:
            if suspect.needs_reset:
                trainer = self._fresh(self._config.changed(**suspect.changes))
            else:
                trainer = self._continued(suspect.changes)
        except (ConfigError, DataError, MemoryError):
            return None
        return self._train(trainer, self._config.epochs)

    def _usual(self, changes: dict[str, Any]) -> Trainer:
        """Return a new run with usual settings."""
        config, data = self._config, self._copy.data
        if not data.edits and (inputs_unscaled(config, data) or targets_unscaled(config, data)):
            changes = {**changes, "preprocess": "standard"}
        if not changes["hidden"]:
            changes = {**changes, "activation": "tanh"}
        return self._fresh(config.changed(**{**USUAL, **changes}))

    def _fresh(self, config: RunConfig) -> Trainer:
        same = config.data_key == self._config.data_key
        return Trainer(config, self._copy.data if same else None)

    def _continued(self, changes: dict[str, Any]) -> Trainer:
        """Return a copy of the run with changed settings."""
        trainer = Trainer(self._copy.config, self._copy.data)
        trainer.restore(self._copy.state)
        trainer.abandon_epoch()
        epochs = max(self._config.epochs, trainer.epoch + self._config.epochs)
        trainer.configure(self._config.changed(**changes, epochs=epochs))
        return trainer

    def _train(
        self,
        trainer: Trainer,
        epochs: int,
        layers: list[tuple[LayerDiagnostics, ...]] | None = None,
    ) -> Outcome:
        """Train for a number of epochs, fewer if they take too long, and return the result."""
        cost = seconds_per_epoch(trainer)
        count = max(1, min(epochs, int(TRIAL_SECONDS / cost)))
        newest: deque[EpochMetrics] = deque(maxlen=WINDOW)
        start, lowest = trainer.epoch, float("inf")
        config = trainer.config
        if config.epochs < start + count:
            trainer.configure(config.changed(epochs=start + count))
        while trainer.epoch < start + count:
            metrics = trainer.train_epoch()
            self._check()
            self._left -= cost
            if layers is not None and not layers and metrics.layers:
                layers.append(metrics.layers)
            if trainer.stopped is Stop.DIVERGED:
                return Outcome(0.0, 0.0, -1.0, -1.0, trainer.epoch - start)
            newest.append(metrics)
            lowest = min(lowest, metrics.test_loss)
            if len(newest) == WINDOW and min(map(_least, newest)) >= LEARNT:
                break
        outcome = outcome_of(trainer)
        worst = min(map(_least, newest))
        now = _least(newest[-1])
        if now > worst:  # an unstable run may be good in its last epoch by chance
            loss = (now - float(np.mean([*map(_least, newest)]))) / max(1e-9, 1 - _guess(trainer))
            outcome = outcome._replace(
                train_progress=outcome.train_progress - loss,
                test_progress=outcome.test_progress - loss,
            )
        return outcome._replace(epochs=trainer.epoch - start, test_loss=lowest)


def is_recovered(outcome: Outcome, unchanged: Outcome, best: Outcome) -> bool:
    """Return whether a change has closed most of the difference from the wider network."""
    gap = best.progress - unchanged.progress
    return outcome.progress >= unchanged.progress + RECOVERED * gap


def _guess(trainer: Trainer) -> float:
    return chance_level(trainer.config, trainer.data).score


def _least(metrics: EpochMetrics) -> float:
    return min(metrics.train_score, metrics.test_score)


def seconds_per_epoch(trainer: Trainer) -> float:
    """Return an estimate of the seconds that an epoch takes."""
    batches, data = trainer.batches, trainer.data
    products = trainer.network.parameters.size * (3 * len(data.y_train) + sum(data.all_samples))
    return CALL_SECONDS * (batches.count * batches.calls + 50) + PRODUCT_SECONDS * products


def outcome_of(trainer: Trainer) -> Outcome:
    """Return scores and progress of the current network."""
    metrics, data = trainer.measure(), trainer.data
    if not data.has_classes:
        scores = metrics.train_score, metrics.test_score
        return Outcome(*scores, *scores, 0)
    parts = ((data.x_train, data.y_train), (data.x_test, data.y_test))
    train, test = (_balanced_progress(trainer, x, np.asarray(y, np.int64)) for x, y in parts)
    return Outcome(metrics.train_score, metrics.test_score, train, test, 0)


def predicts_one_class(trainer: Trainer) -> bool:
    """Return whether the network predicts the same class for all training samples."""
    data = trainer.data
    return data.has_classes and len(np.unique(_predicted(trainer, data.x_train))) == 1


def _balanced_progress(trainer: Trainer, x: Array, y: Labels) -> float:
    """Return the mean recall of the classes, rescaled so that guessing gives 0."""
    predicted = _predicted(trainer, x)
    classes = np.unique(y)
    if len(classes) < 2:
        return float(np.mean(predicted == y))
    recalls = [np.mean(predicted[y == each] == each) for each in classes]
    guess = 1 / len(classes)
    return float((np.mean(recalls) - guess) / (1 - guess))


def _predicted(trainer: Trainer, x: Array) -> Labels:
    return np.asarray(trainer.network.predict(x).argmax(axis=1), np.int64)


def neighbour_agreement(data: DataSplit) -> float:
    """Return the share of training samples whose nearest neighbour has the same class."""
    rows = evenly_spaced(len(data.y_train), MOST_NEIGHBOURS)
    x, y = np.asarray(data.x_train[rows], np.float64), np.asarray(data.y_train[rows])
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    squares = (x**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * x @ x.T
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(y[distances.argmin(axis=1)] == y))
