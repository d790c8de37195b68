"""Numbers that the diagnosis reads from the epochs of a run."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from core.training.trainer import DIVERGENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.training.epoch_log import EpochLog

THINNED: Final = 200
"""Number of epochs sampled from a whole run, so that 100,000 epochs cost no more than 200."""

NEWEST: Final = 5
"""Number of last epochs over which a score is averaged."""

OVERFIT_RISE: Final = {True: 1.0, False: 0.25}
"""Relative increase of the held-out loss over its minimum, for classification and for regression: a
cross-entropy has no upper bound, a squared error grows as R² decreases."""

OVERFIT_AGE: Final = 0.3
"""Share of the epochs so far since that minimum: a loss can also increase temporarily."""

OVERFIT_FALL: Final = 0.9
"""Training loss relative to that at the minimum: if both losses increase, the run does not overfit."""

OVERFIT_GAP: Final = {True: 0.1, False: 0.2}
"""Difference in accuracy, or R², between training and held-out samples. The loss alone is not enough:
in moons, one confident mistake among fifty samples triples it at the same accuracy."""

OVERFIT_DROP: Final = {True: 0.04, False: 0.1}
"""Decrease of the held-out accuracy, or R², since the minimum of its loss: two of fifty samples."""

OVERFIT_TIMES: Final = 5.0
"""Held-out loss of a classifier relative to its minimum, from which no other sign is needed if it is
also above that of guessing."""

LEARNT: Final = 0.9
"""Progress from which a run has learnt."""

LOST: Final = 0.9
"""Progress relative to the best one, below which a run has lost what it had learnt."""

OVERFIT_FEWEST: Final = 20
"""Epochs before overfitting is examined."""


class Curves:
    """The epochs of a run from one on.

    Attributes:
        epochs: number of trained epochs.
        newest: number of the last epoch.
        first, last: training losses of the first and the last epoch.
        score, test_score: accuracies, or R², on average over the last epochs; `score` is of training.
        averaged: number of these epochs.
        diverged: whether the last epoch diverged.
        held: samples that are not trained: validation or test.
    """

    def __init__(self, epoch_log: EpochLog, since: int) -> None:
        self._epoch_log = epoch_log
        self.epochs = len(epoch_log) - since - 1
        last = epoch_log.at(len(epoch_log) - 1)
        self.first, self.last = epoch_log.at(since).train_loss, last.train_loss
        newest = epoch_log.column("train_score", max(since, len(epoch_log) - NEWEST))
        self.score, self.averaged = float(newest.mean()), len(newest)
        self.test_score = float(epoch_log.column("test_score", len(epoch_log) - len(newest)).mean())
        self.newest = last.epoch
        losses = [last.train_loss + last.penalty, last.test_loss]
        limit = DIVERGENCE * max(1.0, self.first)
        self.diverged = not all(map(isfinite, losses)) or losses[0] >= limit
        self.held = "validation" if isfinite(last.validation_loss) else "test"
        chosen = np.linspace(0, self.epochs, min(self.epochs + 1, THINNED)).astype(np.int64)
        self._sampled = chosen + since

    def overfitting(self, has_classes: bool, guessing: float) -> tuple[int, float, float] | None:
        """Return the epoch of the lowest held-out loss, that loss and the current one, if it has risen.

        Classes are also examined for a lower accuracy, since confident mistakes alone raise the loss.

        Args:
            has_classes: whether the scores are accuracies.
            guessing: loss of guessing.
        """
        if self.epochs < OVERFIT_FEWEST:
            return None
        losses, train_losses = self._thinned(f"{self.held}_loss"), self._thinned("train_loss")
        if not np.isfinite(losses).all() or np.array_equal(losses, train_losses):
            return None  # not measured in every epoch, or identical to the training samples
        width = max(3, len(losses) // 20)
        held, train, score, train_score = (
            np.convolve(each, np.full(width, 1 / width), "valid")
            for each in (
                losses,
                train_losses,
                self._thinned(f"{self.held}_score"),
                self._thinned("train_score"),
            )
        )
        low = int(held.argmin())
        rising = (
            held[-1] > (1 + OVERFIT_RISE[has_classes]) * held[low]
            and len(held) - 1 - low >= OVERFIT_AGE * len(losses)
            and train[-1] < OVERFIT_FALL * train[low]
        )
        apart = (
            train_score[-1] - score[-1] >= OVERFIT_GAP[has_classes]
            and score[low] - score[-1] >= OVERFIT_DROP[has_classes]
        )
        alone = has_classes and held[-1] > max(OVERFIT_TIMES * held[low], guessing)
        if not (rising and (apart or alone)):
            return None
        start = int(self._sampled[0]) + 1  # without the untrained network
        at = self._epoch_log.lowest(f"{self.held}_loss", start, len(self._epoch_log))
        best = self._epoch_log.at(start if at is None else at)
        return best.epoch, best.on(self.held)[0], float(held[-1])

    def score_before(self, chance: float) -> float | None:
        """Return the best mean score of successive epochs, if the run had learnt and has lost it.

        Args:
            chance: score of guessing.
        """
        scores = self._thinned("train_score")
        width = max(3, len(scores) // 20)
        if len(scores) < width or not np.isfinite(scores).all():
            return None
        means = np.convolve(scores, np.full(width, 1 / width), "valid")
        best, now = float(means.max()), float(means[-1])
        had_learnt = best - chance >= LEARNT * (1 - chance)
        return best if had_learnt and now - chance < LOST * (best - chance) else None

    def _thinned(self, name: str) -> NDArray[np.float64]:
        return self._epoch_log.sample(name, self._sampled)
