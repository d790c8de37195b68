"""Diagnosis of a run of which only metrics are known: divergence, overfitting and plateaus."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.diagnosis.curves import (
    OVERFIT_AGE,
    OVERFIT_DROP,
    OVERFIT_FALL,
    OVERFIT_GAP,
    OVERFIT_RISE,
    OVERFIT_TIMES,
    THINNED,
)
from core.dataclass import dataclass
from core.training.trainer import DIVERGENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.logs.pairs import Quantity
    from core.logs.series import Points

    Numbers = NDArray[np.float64]

FEWEST: Final = 10
"""Values of a loss before a run is examined."""

FLAT: Final = 0.01
"""Change of a smoothed loss, relative to its value, over the last third, below which it is a plateau."""

FALLING: Final = 0.05
"""Fall over the last third, relative to the loss, from which a run is called learning."""


@dataclass(frozen=True)
class Observation:
    """Result of the diagnosis of a run.

    Attributes:
        word: its name.
        sentence: with the numbers.
        is_alarming: whether something looks wrong.
    """

    word: str
    sentence: str
    is_alarming: bool = False


@dataclass(frozen=True)
class Curve:
    """A loss, or a score, on training and held-out samples; either may be missing."""

    train: Points | None
    held: Points | None


def curve_of(quantity: Quantity, points: dict[str, Points]) -> Curve:
    """Return the values of a quantity."""
    train = quantity.parts.get("train")
    held = quantity.held
    return Curve(None if train is None else points[train], None if held is None else points[held])


def diagnose(loss: Curve, score: Curve | None, unit: str) -> list[Observation]:
    """Return what the loss shows, the most important first.

    Args:
        loss: a quantity of which low values are good.
        score: a quantity of which high values are good, or None.
        unit: what the steps are, such as `epoch`.
    """
    main = loss.train if loss.train is not None and len(loss.train.steps) else loss.held
    if main is None or not len(main.steps):
        return []
    diverged = _divergence(main, unit)
    if diverged is not None:
        return [diverged]
    if len(main.steps) < FEWEST:
        return [Observation("too early to tell", f"{len(main.steps)} of {FEWEST} values")]
    found = _overfitting(loss, score, unit) or _trend(main, unit)
    return [] if found is None else [found]


def _divergence(main: Points, unit: str) -> Observation | None:
    values = main.values
    last, first = float(values[-1]), float(values[0])
    if not isfinite(last):
        bad = ~np.isfinite(values)
        # the first of the values that are not finite up to the end
        start = len(bad) - int(np.argmin(bad[::-1])) if not bad.all() else 0
        sentence = f"the loss is not finite since {unit} {main.steps[start]:,}"
        return Observation("diverged", sentence, is_alarming=True)
    if isfinite(first) and last >= DIVERGENCE * max(1.0, abs(first)):
        sentence = f"the loss has grown from {first:.4g} to {last:.4g}"
        return Observation("diverged", sentence, is_alarming=True)
    return None


def _overfitting(loss: Curve, score: Curve | None, unit: str) -> Observation | None:
    """Return whether the held-out loss rises while the training loss falls, as in our own runs.

    If there is a score, it has to confirm it, unless the loss has risen by far.
    """
    if loss.train is None or loss.held is None or len(loss.held.steps) < FEWEST:
        return None
    at = loss.held.steps[_evenly(len(loss.held.steps))]
    held, train = (_smoothed_at(each, at) for each in (loss.held, loss.train))
    if held is None or train is None:
        return None
    low = int(held.argmin())
    has_score = score is not None and score.train is not None and score.held is not None
    rise = OVERFIT_RISE[has_score]
    is_rising = (
        held[-1] > held[low] + rise * abs(held[low])
        and len(held) - 1 - low >= OVERFIT_AGE * len(held)
        and train[-1] < train[low] - (1 - OVERFIT_FALL) * abs(train[low])
    )
    if not is_rising or not _is_confirmed(
        score, at, low, alone=held[-1] > OVERFIT_TIMES * held[low]
    ):
        return None
    best = int(np.nanargmin(np.where(np.isfinite(loss.held.values), loss.held.values, np.inf)))
    sentence = (
        f"the held-out loss has risen from {loss.held.values[best]:.3g} ({unit} "
        f"{loss.held.steps[best]:,}) to {held[-1]:.3g}, the training loss falls"
    )
    return Observation("overfitting", sentence, is_alarming=True)


def _is_confirmed(score: Curve | None, at: NDArray[np.int64], low: int, *, alone: bool) -> bool:
    if alone or score is None or score.train is None or score.held is None:
        return True
    train, held = _smoothed_at(score.train, at), _smoothed_at(score.held, at)
    if train is None or held is None:
        return True
    is_apart = train[-1] - held[-1] >= OVERFIT_GAP[True]
    return bool(is_apart and held[low] - held[-1] >= OVERFIT_DROP[True])


def _trend(main: Points, unit: str) -> Observation | None:
    at = main.steps[_evenly(len(main.steps))]
    values = _smoothed_at(main, at)
    if values is None:
        return None
    start = 2 * len(values) // 3
    last = values[start:]
    size = max(float(np.abs(values).max()) * 1e-9, abs(float(last[-1])), 1e-300)
    change = float(last[-1] - last[0]) / size
    if float(np.ptp(last)) < FLAT * size:
        band = np.abs(values - last[-1]) < FLAT * size
        since = len(band) - int(np.argmin(band[::-1])) if not band.all() else 0
        sentence = (
            f"the loss has changed by less than {100 * FLAT:.0f} % since {unit} {at[since]:,}"
        )
        return Observation("plateau", sentence)
    if change < -FALLING:
        fall = 1 - float(last[-1]) / float(last[0]) if last[0] > 0 else 0.0
        by = f" by {100 * fall:.0f} %" if fall > 0 else ""
        return Observation("learning", f"the loss has fallen{by} since {unit} {at[start]:,}")
    if change > FALLING:
        sentence = (
            f"the loss has risen from {last[0]:.4g} to {last[-1]:.4g} since {unit} {at[start]:,}"
        )
        return Observation("loss rises", sentence, is_alarming=True)
    return Observation("slow", f"the loss hardly changes since {unit} {at[start]:,}")


def _evenly(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, THINNED)).astype(np.int64))


def _smoothed_at(points: Points, at: NDArray[np.int64]) -> Numbers | None:
    """Return a moving average of the values at some steps, or None if too few are finite."""
    finite = np.isfinite(points.values)
    if finite.sum() < 3:
        return None
    values = np.interp(at, points.steps[finite], points.values[finite])
    width = max(3, len(values) // 20) if len(values) >= 6 else 1
    kernel = np.ones(width)
    weights = np.convolve(np.ones(len(values)), kernel, "same")
    averages: Numbers = np.convolve(values, kernel, "same") / weights
    return averages
