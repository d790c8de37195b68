"""Axes of curves: round bounds, labels, and the part of the epochs that is shown."""

from __future__ import annotations

from math import ceil, floor, log10

import numpy as np

from core.dataclass import dataclass


@dataclass(frozen=True)
class ValueAxis:
    """The vertical axis: its bounds and the positions of its labels, in plotted units."""

    low: float
    high: float
    ticks: tuple[float, ...]
    labels: tuple[str, ...]
    logarithmic: bool = False


def linear_axis(low: float, high: float, ticks: int = 4) -> ValueAxis:
    """Return an axis from low to high, labelled at steps of 1, 2 or 5.

    If these do not include the upper end, it is divided evenly, provided that few digits are enough.
    """
    step = nice_ceiling((high - low) / max(ticks, 1))
    if not _divides(step, high - low):
        even = ((high - low) / parts for parts in range(ticks, 1, -1))
        step = next((each for each in even if float(f"{each:.2g}") == round(each, 12)), step)
    digits = max(0, 1 - floor(log10(step) + 1e-9))
    if _divides(10.0 ** (1 - digits), step):
        digits = max(0, digits - 1)
    places = np.arange(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1) * step
    return ValueAxis(low, high, tuple(places.tolist()), tuple(f"{p:.{digits}f}" for p in places))


def _divides(step: float, length: float) -> bool:
    return abs(length / step - round(length / step)) < 1e-9


def fitted_axis(low: float, high: float, ticks: int = 4, least: float = 1e-12) -> ValueAxis:
    """Return an axis close around the two values, without zero, and not shorter than `least`."""
    step = nice_ceiling(max(high - low, abs(high) * 1e-6, least) / max(ticks, 1))
    bottom, top = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    top = max(top, bottom + step)
    digits = max(0, -floor(log10(step) + 1e-9))
    places = np.arange(round((top - bottom) / step) + 1) * step + bottom
    return ValueAxis(bottom, top, tuple(places.tolist()), tuple(f"{p:.{digits}f}" for p in places))


def log_axis(low: float, high: float, ticks: int = 4) -> ValueAxis:
    """Return a logarithmic axis around the two values, both above zero, from and to a 1, 2 or 5."""
    bottom, top = log10(nice_floor(low)), log10(nice_ceiling(high, 1e-300))
    top = max(top, bottom + 0.3)
    decades = range(ceil(bottom - 1e-9), floor(top + 1e-9) + 1)
    steps = [
        power + log10(digit)
        for power in range(floor(bottom), ceil(top) + 1)
        for digit in (1, 2, 5)
        if bottom - 1e-9 <= power + log10(digit) <= top + 1e-9
    ]
    # few decades leave room for the numbers between
    places = (
        steps if len(steps) <= ticks + 2 else list(decades)[:: ceil(len(decades) / (ticks + 2))]
    )
    values = [10.0**place for place in places]
    plain = values[0] >= 0.9e-3 and values[-1] <= 1.1e3
    labels = tuple(f"{value:.3g}" if plain else f"{value:.0e}" for value in values)
    labels = tuple(each.replace("e-0", "e-").replace("e+0", "e") for each in labels)
    return ValueAxis(bottom, top, tuple(map(float, places)), labels, logarithmic=True)


def nice_ceiling(value: float, least: float = 1e-12) -> float:
    """Return the smallest 1, 2 or 5 times a power of ten that is not below the value or `least`."""
    power = 10.0 ** floor(log10(max(value, least)) + 1e-9)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))


def nice_floor(value: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not above the value, at least 1e-300."""
    value = max(value, 1e-300)  # powers of ten end near the smallest float
    power = 10.0 ** floor(log10(value) + 1e-9)
    return next(step * power for step in (5, 2, 1) if step * power <= value * (1 + 1e-9))


def axis_top(value: float) -> float:
    """Return the upper end of a value axis: a round number close above the value."""
    power = 10.0 ** floor(log10(max(value, 1e-12)) + 1e-9)
    steps = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(step * power for step in steps if step * power >= value * (1 - 1e-9))


def epoch_span(
    epochs: int, recent: int | None = None, planned: int | None = None
) -> tuple[int, int]:
    """Return the first and the last epoch of the axis.

    It moves in steps, since each step redraws every cell: steps of 1, 2 or 5 times a power of ten if all
    epochs are shown, and of a fifth of the axis if only the last `recent` are. It ends at the planned
    number of epochs as soon as the curve takes an eighth of the width: the first epochs of 100 million,
    which stand for a run without an end, would be invisible at the left edge.
    """
    if recent is not None and epochs > recent:
        step = max(1, recent // 5)
        last = ceil(epochs / step) * step
        return last - recent, last
    fewest = 50
    if planned is not None and epochs <= planned <= max(fewest, 8 * epochs):
        return 0, max(1, planned)
    last = int(nice_ceiling(max(epochs, fewest)))
    return 0, last if planned is None or planned < epochs else min(last, planned)
