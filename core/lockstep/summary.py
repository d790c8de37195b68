"""Summary of several runs: numbers of solved and stuck runs, quartiles of their losses and scores."""

from __future__ import annotations

from collections import Counter
from math import isfinite, nan
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.dataclass import dataclass
from core.training.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from core.config.run_config import RunConfig
    from core.lockstep.trainer import Lockstep
    from core.training.state import EpochMetrics

MOST_GROUPS: Final = 4
"""Groups of equal accuracies that a sentence lists; more are described by their range."""


@dataclass(frozen=True)
class RunResult:
    """One of several runs.

    Attributes:
        config: settings of the run.
        metrics: of its current weights.
        epochs: number of epochs trained, including one in which it diverged.
        stopped: why it ended; None if it was interrupted.
        restored: the epoch whose weights were restored, or None.
    """

    config: RunConfig
    metrics: EpochMetrics
    epochs: int
    stopped: Stop | None
    restored: int | None = None

    @property
    def solved(self) -> bool:
        """Whether every training sample is classified correctly."""
        return self.stopped is not Stop.DIVERGED and self.metrics.train_score == 1


class Spread(NamedTuple):
    """Least value, lower quartile, median, upper quartile and greatest value."""

    least: float
    lower: float
    median: float
    upper: float
    most: float


def spread(values: Iterable[float]) -> Spread:
    """Return the spread of the finite values; NaN if there are none."""
    finite = [value for value in values if isfinite(value)]
    if not finite:
        return Spread(nan, nan, nan, nan, nan)
    return Spread(*np.quantile(finite, [0, 0.25, 0.5, 0.75, 1]).tolist())


def quartiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (…, 5) spread of the finite values along the last axis; NaN where there are none."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=-1)  # NaN comes last
    last = np.count_nonzero(~np.isnan(ordered), axis=-1)[..., None] - 1
    place = np.maximum(last, 0) * np.array([0, 0.25, 0.5, 0.75, 1])
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(last, 0))
    below, above = (np.take_along_axis(ordered, at, axis=-1) for at in (low, high))
    return np.asarray(below + (above - below) * (place - low))


def results_of(lockstep: Lockstep) -> list[RunResult]:
    """Return the runs so far."""
    results = []
    for run, config in enumerate(lockstep.configs):
        stopped = lockstep.stopped[run]
        restored = lockstep.lane_state(run).restored if stopped is Stop.PATIENCE else None
        metrics, epochs = lockstep.metrics(run), lockstep.epochs(run)
        results.append(RunResult(config, metrics, epochs, stopped, restored))
    return results


def table_of(lockstep: Lockstep, run: int, start: int = -1) -> NDArray[np.float64]:
    """Return the epochs of a run after `start`, by default all, as `epoch_log.tabulate` does."""
    rows = lockstep.history.table(run, max(start, 0), lockstep.epochs(run))
    return rows if start >= 0 else np.vstack([[0.0, *lockstep.untrained[:, run]], rows])


def ranked(results: Sequence[RunResult]) -> list[RunResult]:
    """Return the runs by their training loss, the lowest first; those that have diverged last."""

    def key(result: RunResult) -> tuple[bool, bool, float]:
        loss = result.metrics.train_loss
        return result.stopped is Stop.DIVERGED, not isfinite(loss), loss

    return sorted(results, key=key)


def verdict(results: Sequence[RunResult], *, has_classes: bool) -> str:
    """Return one sentence, such as `41 of 64 solved; 17 stuck at 75 %, 6 at 50 %`."""
    count = len(results)
    healthy = [each for each in results if each.stopped is not Stop.DIVERGED]
    parts = []
    if has_classes:
        parts.append(f"{sum(each.solved for each in results):,} of {count:,} solved")
        unsolved = [each for each in healthy if not each.solved]
        if unsolved:
            scores = [each.metrics.train_score for each in unsolved]
            over = all(each.stopped is not None for each in unsolved)
            parts.append(_unsolved(scores, over=over))
    elif healthy:
        r2 = spread(each.metrics.train_score for each in healthy)
        text = f"R² of the training samples from {r2.least:.3f} to {r2.most:.3f}"
        text += f", half of them from {r2.lower:.3f} to {r2.upper:.3f}"
        parts.append(text.replace("-", "−"))
    diverged = count - len(healthy)
    if diverged:
        parts.append(f"all {count:,} diverged" if not healthy else f"{diverged:,} diverged")
    return "; ".join(parts)


def explained(sentence: str) -> str:
    """Return a verdict that says what solved means, for places with room for it."""
    return sentence.replace(" solved", " solved (every training sample right)", 1)


def _unsolved(scores: Sequence[float], *, over: bool) -> str:
    """Return how many runs have which accuracy below 1, and whether all of them are over."""
    groups = Counter(_percent(score) for score in scores).most_common()
    if len(groups) <= MOST_GROUPS:
        (first, count), *others = groups
        # the same accuracy in several runs that are over: a local minimum or a plateau, not chance
        stuck = "stuck " if over and len(scores) >= 2 * len(groups) else ""
        listed = [f"{count:,} {stuck}at {first} %", *(f"{n:,} at {text} %" for text, n in others)]
        return ", ".join(listed)
    scores_spread = spread(scores)
    low, middle, high = map(
        _percent, (scores_spread.least, scores_spread.median, scores_spread.most)
    )
    return f"{len(scores):,} from {low} to {high} %, with a median of {middle} %"


def _percent(score: float) -> str:
    """Return an accuracy below 1 as a percentage with at most one decimal, which is never 100."""
    return f"{min(round(100 * score, 1), 99.9):g}"
