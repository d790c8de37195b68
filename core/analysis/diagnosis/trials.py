"""Trials: short trainings that show why a run is stuck, and which change helps.

A run that looks stuck is trained as long again without a change, and with each suspected cause removed
until one of the changes helps. A wider network with usual settings shows in advance whether there is
anything to gain, so that a run that has learnt all there is to learn costs few trials.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.analysis.diagnosis.references import Outcome, References, Trial, chance_level
from core.analysis.diagnosis.result import Cause
from core.analysis.diagnosis.suspects import (
    PARTS,
    RATES,
    Evidence,
    Suspect,
    imbalance,
    inputs_unscaled,
    noise,
    plain_suspects,
    suspects,
    targets_unscaled,
)
from core.arrays import evenly_spaced
from core.config.errors import ConfigError
from core.dataclass import dataclass
from core.datasets.dataset import DataError
from core.training.stopping import Stop
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.training.diagnostics import LayerDiagnostics
    from core.training.state import EpochMetrics, TrainerState

SECONDS: Final = 12.0
"""Estimated seconds of all trials; no further suspect is examined after that."""

PER_TRIAL: Final = 0.1
"""Share of these seconds for one trial; a longer run is tried with fewer epochs."""

CALL_SECONDS: Final = 0.4e-6
PRODUCT_SECONDS: Final = 0.3e-9
"""Estimated seconds of a NumPy call, and of a multiplication with an addition. Estimates, unlike
measured times, make the result of a diagnosis reproducible."""

REFERENCE_EPOCHS: Final = 300
"""Number of epochs in which the wider network is trained at least."""

WINDOW: Final = 5
"""Number of last epochs over which the result of a trial is averaged."""

LEARNT: Final = 0.94
"""Progress in all epochs of the window at which a trial ends early."""

NOTICEABLE: Final = 0.01
"""Increase of the score for which the result of a trial is measured again."""

NO_ERRORS: Final = 0.995
"""Score of the training samples in all epochs of the window from which nothing is left to learn."""

LEARNING: Final = 0.9
"""The same for the unchanged run, whose problems are of interest only if it remains below."""

ENOUGH: Final = 0.85
"""Progress from which nothing is left to find."""

GAP: Final = 0.15
"""Difference in progress between the wider network and the unchanged run from which it is stuck."""

SURE_GAP: Final = 0.1
"""Smaller difference that is enough if a change of a suspicious setting closes it."""

RECOVERED: Final = 0.75
"""Share of that difference that a change has to close."""

MOST_NUMBERS: Final = 200_000
FEWEST_SAMPLES: Final = 200
MOST_SAMPLES: Final = 5000
"""Inputs of a part of the samples, and samples of it, up to which all are used."""

MOST_PARAMETERS: Final = 500_000
"""Parameters of a network up to which trials are made; a larger one learns nothing in their time."""

MOST_NEIGHBOURS: Final = 1000
"""Maximum number of samples whose nearest neighbour is searched."""

REFUSALS: Final = (ConfigError, DataError, MemoryError)
"""Errors of a change that is not possible for a run."""

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
    "decay": None,
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
    """A run at one epoch, from which trials start.

    Attributes:
        config: settings of the run.
        data: its samples, or some of them if they are very many.
        state: of its trainer, at the start of an epoch.
    """

    config: RunConfig
    data: DataSplit
    state: TrainerState

    @classmethod
    def of(cls, trainer: Trainer) -> RunCopy:
        """Copy the current state of a run."""
        state, data = trainer.state(), trainer.data
        # within an epoch, trials start the next one with the current parameters
        batches = replace(state.batches, next=0, order=None)
        state = replace(state, batches=batches, start=None, last_step=())
        most = MOST_NUMBERS // max(1, data.x_train.shape[1])
        most = min(max(FEWEST_SAMPLES, most), MOST_SAMPLES)
        if max(data.all_samples) > most:
            # a part without samples cannot be measured
            data = replace(data.thinned(most), x_validation=None, y_validation=None)
        return cls(trainer.config, data, state)

    def is_of(self, trainer: Trainer) -> bool:
        """Return whether a trainer still has the same data, and settings except for measurements."""
        samples = self.data.all_samples == trainer.data.all_samples
        config = self.config.changed(diagnostics=trainer.config.diagnostics)
        return config == trainer.config and samples and self.data.edits == trainer.data.edits


def can_be_tried(trainer: Trainer) -> bool:
    """Return whether the network is small enough for trials."""
    return trainer.network.parameters.size <= MOST_PARAMETERS


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
        self._most = PER_TRIAL * seconds
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
        if found.current is not None and found.current.progress >= ENOUGH:
            return replace(found, unchanged=found.current)
        layers: list[tuple[LayerDiagnostics, ...]] = []
        epochs = self._config.epochs
        unchanged = self._train(trainer, epochs, enough=LEARNING, averages=True, layers=layers)
        found = replace(found, unchanged=unchanged, layers=layers[0] if layers else ())
        # without test samples, a wider network that fits numbers better may only know them by heart
        by_heart = copy.data.shared and not copy.data.has_classes and unchanged.progress >= GAP
        fits = unchanged.train_progress >= LEARNING  # what it lacks are other samples
        if unchanged.progress >= ENOUGH or by_heart or fits:
            return found
        return self._compare(found, unchanged)

    def _compare(self, found: References, unchanged: Outcome) -> References:
        best, settings = None, self._config
        for changes in WIDE:
            trainer = self._usual(changes)
            trial = self._train(trainer, REFERENCE_EPOCHS, keeps_best=True)
            if best is None or trial.progress > best.progress:
                best, settings = trial, trainer.config
            if best.progress >= unchanged.progress + 2 * GAP or best.progress >= ENOUGH:
                break
        linear = self._train(self._usual({"hidden": ()}), REFERENCE_EPOCHS // 2, keeps_best=True)
        agreement = None
        if self._copy.data.has_classes:
            agreement = neighbour_agreement(self._copy.data)
        spellings = spellings_of_one_class(self._copy.data.class_names)
        found = replace(found, best=best, linear=linear, agreement=agreement, spellings=spellings)
        config, evidence = self._copy.config, self._evidence(found)
        gap = 0.0 if best is None else best.progress - unchanged.progress
        if best is not None and gap >= SURE_GAP:
            examined = suspects if gap >= GAP else plain_suspects
            suspected = examined(config, self._copy.data, evidence)
            wanted = unchanged.progress + RECOVERED * (best.progress - unchanged.progress)
        else:
            # nothing can be learnt that the test samples confirm
            suspected = chain(imbalance(config, evidence), noise(config))
            wanted = unchanged.progress + 2 * GAP
        trials = list(self._trials(suspected, wanted))
        helps = bool(trials) and trials[-1].outcome.progress >= wanted
        if not helps and best is not None and gap >= GAP:
            trials.append(self._smallest(settings, best, wanted))
        return replace(found, trials=tuple(trials))

    def _smallest(self, settings: RunConfig, best: Outcome, wanted: float) -> Trial:
        """Return the fewest settings of the wider network that are needed to learn.

        They are returned to those of the run one after another, the least suspicious first.
        """
        causes: list[tuple[Cause, tuple[str, ...]]] = []
        changes: dict[str, Any] = {}
        for cause, names in PARTS:
            other = {
                name: getattr(settings, name)
                for name in names
                if getattr(settings, name) != getattr(self._config, name)
            }
            if other:
                causes.append((cause, tuple(other)))
                changes |= other
        needed, outcome = list(causes), best
        for part in reversed(causes):
            tried = {name: changes[name] for name in changes if name not in part[1]}
            without = self._try(Suspect(part[0], tried, needs_reset=True))
            if without is not None and without.progress >= wanted:
                changes, outcome = tried, without
                needed.remove(part)
        named = [cause for cause, _ in needed if cause is not Cause.ZERO_WEIGHTS]
        # another initializer is a part of the remedy, but zeros are suspected before
        cause = named[0] if named else Cause.NOT_FOUND
        return Trial(self._precise(cause, changes), changes, True, outcome)

    def _precise(self, cause: Cause, changes: dict[str, Any]) -> Cause:
        config = self._config
        if cause is Cause.INPUTS and targets_unscaled(config, self._copy.data):
            return Cause.TARGETS
        if cause is Cause.RATE_LOW and config.learning_rate > RATES[config.optimizer][1]:
            return Cause.RATE_HIGH
        if cause is Cause.TOO_FEW_UNITS and len(config.hidden) > 2:
            return Cause.VANISHING if sum(config.hidden) > sum(changes["hidden"]) else cause
        if cause is Cause.VANISHING and len(config.hidden) < 3:
            return Cause.NOT_FOUND
        return cause

    def _trials(self, suspected: Iterable[Suspect], wanted: float) -> Iterator[Trial]:
        """Try suspects until one of them makes the wanted progress."""
        for suspect in suspected:
            if self._left <= 0:
                return
            outcome = self._try(suspect)
            if outcome is not None:
                yield Trial(suspect.cause, suspect.changes, suspect.needs_reset, outcome)
                if outcome.progress >= wanted:
                    return

    def _evidence(self, found: References) -> Evidence:
        config = self._copy.config
        rate = self._copy.state.learning_rate
        if rate is None:
            rate = config.learning_rate
        chance = found.chance
        return Evidence(
            found.layers,
            rate / config.learning_rate,
            chance.score if chance is not None and self._copy.data.has_classes else 0.0,
            found.majority_only,
            grew=found.unchanged is not None and found.unchanged.train_progress < -GAP,
        )

    def _try(self, suspect: Suspect) -> Outcome | None:
        """Return the result of a change; None if it is not possible."""
        try:
            if suspect.needs_reset:
                trainer = self._fresh(self._config.changed(**suspect.changes))
            else:
                trainer = self._continued(suspect.changes)
        except REFUSALS:
            return None
        return self._train(trainer, suspect.changes.get("epochs", self._config.epochs))

    def _usual(self, changes: dict[str, Any]) -> Trainer:
        """Return a new run with usual settings."""
        config, data = self._config, self._copy.data
        if not data.edits and (inputs_unscaled(config, data) or targets_unscaled(config, data)):
            changes = {**changes, "preprocess": "standard"}
        if not changes["hidden"]:
            changes = {**changes, "activation": "tanh"}
        return self._fresh(config.changed(**{**USUAL, **changes}))

    def _fresh(self, config: RunConfig) -> Trainer:
        """Return a new run; data are drawn again only if that is necessary, and never read again."""
        data: DataSplit | None = self._copy.data
        if config.data_key != self._config.data_key:
            scaled = config.changed(preprocess=self._config.preprocess)
            same = scaled.data_key == self._config.data_key
            data = standardised(self._copy.data) if same else None
        return Trainer(config, data)

    def _continued(self, changes: dict[str, Any]) -> Trainer:
        """Return a copy of the run with changed settings."""
        trainer = Trainer(self._copy.config, self._copy.data)
        trainer.restore(self._copy.state)
        trainer.abandon_epoch()
        epochs = trainer.epoch + changes.get("epochs", self._config.epochs)
        trainer.configure(self._config.changed(**{**changes, "epochs": epochs}))
        return trainer

    def _train(
        self,
        trainer: Trainer,
        epochs: int,
        *,
        enough: float = LEARNT,
        keeps_best: bool = False,
        averages: bool = False,
        layers: list[tuple[LayerDiagnostics, ...]] | None = None,
    ) -> Outcome:
        """Train for a number of epochs, fewer if they take too long, and return the result.

        Args:
            trainer: to train.
            epochs: number of epochs.
            enough: progress in all last epochs from which training ends early.
            keeps_best: whether the result is that of the best epochs, and not of the last ones.
            averages: whether the last epochs count even if the very last one is worse by chance.
            layers: list to which the first diagnostics of the layers are appended.
        """
        cost = seconds_per_epoch(trainer)
        count = max(1, min(epochs, int(self._most / cost)))
        newest: deque[EpochMetrics] = deque(maxlen=WINDOW)
        start, chance = trainer.epoch, chance_level(trainer.config, trainer.data).score
        highest, best = -np.inf, None
        if trainer.config.epochs < start + count:
            trainer.configure(trainer.config.changed(epochs=start + count))
        while trainer.epoch < start + count:
            metrics = trainer.train_epoch()
            self._check()
            self._left -= cost
            if layers is not None and not layers and metrics.layers:
                layers.append(metrics.layers)
            if trainer.stopped is Stop.DIVERGED:
                return Outcome(0.0, 0.0, -1.0, -1.0, trainer.epoch - start)
            newest.append(metrics)
            if len(newest) < WINDOW:
                continue
            level = float(np.mean([*map(_least, newest)]))
            if keeps_best and level > highest + NOTICEABLE:
                highest, best = level, outcome_of(trainer)
            if _has_learnt(newest, chance + enough * (1 - chance)):
                break
        outcome = _averaged(outcome_of(trainer), newest, len(trainer.data.class_names), averages)
        if best is not None and best.progress > outcome.progress:
            outcome = best
        return outcome._replace(epochs=trainer.epoch - start)


def _averaged(
    outcome: Outcome, newest: Sequence[EpochMetrics], classes: int, both: bool
) -> Outcome:
    """Return a result as of the mean of the last epochs: an unstable run may be good in one by chance.

    Args:
        outcome: result of the last epoch.
        newest: the last epochs.
        classes: number of classes, or 0.
        both: whether a last epoch that is worse than the mean is corrected as well.
    """
    way = 1 - 1 / classes if classes else 1.0  # from guessing to no error, with equal weights
    changes = {}
    for part in ("train", "test"):
        scores = [getattr(each, f"{part}_score") for each in newest]
        excess = (scores[-1] - float(np.mean(scores))) / way
        if excess > 0 or both:
            changes[f"{part}_progress"] = getattr(outcome, f"{part}_progress") - excess
    return outcome._replace(**changes)


def _has_learnt(newest: Iterable[EpochMetrics], enough: float) -> bool:
    least = min(map(_least, newest))
    return least >= enough or min(each.train_score for each in newest) >= NO_ERRORS


def is_recovered(outcome: Outcome, unchanged: Outcome, best: Outcome) -> bool:
    """Return whether a change has closed most of the difference from the wider network."""
    gap = best.progress - unchanged.progress
    return outcome.progress >= unchanged.progress + RECOVERED * gap


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


def standardised(data: DataSplit) -> DataSplit:
    """Return samples with mean 0 and standard deviation 1, without validation samples."""
    changes: dict[str, Any] = _scaled(data.x_train, data.x_test, "x")
    if not data.has_classes:
        changes |= _scaled(np.asarray(data.y_train), np.asarray(data.y_test), "y")
    return replace(data, x_validation=None, y_validation=None, **changes)


def _scaled(train: Array, test: Array, name: str) -> dict[str, Array]:
    shift, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale > 1e-12 * np.abs(shift), scale, 1.0)
    parts = {"train": train, "test": test}
    return {f"{name}_{part}": (values - shift) / scale for part, values in parts.items()}


def spellings_of_one_class(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names that differ from another one only in case or surrounding blanks."""
    plain = [name.strip().casefold() for name in names]
    return tuple(name for name, key in zip(names, plain, strict=True) if plain.count(key) > 1)


def neighbour_agreement(data: DataSplit) -> float:
    """Return the share of training samples whose nearest neighbour has the same class."""
    rows = evenly_spaced(len(data.y_train), MOST_NEIGHBOURS)
    x, y = np.asarray(data.x_train[rows], np.float64), np.asarray(data.y_train[rows])
    x = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    squares = (x**2).sum(axis=1)
    distances = squares[:, None] + squares - 2 * x @ x.T
    np.fill_diagonal(distances, np.inf)
    return float(np.mean(y[distances.argmin(axis=1)] == y))
