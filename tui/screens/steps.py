"""The values that a key steps through."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import floor, log10
from typing import Final

SPEEDS: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0, None)
"""Epochs per second; None for as many as the machine makes."""
RECENT: Final = (1000, 100)
"""How many epochs the curves can show, other than all."""

BATCH_SIZES: Final = (1, 5, 10, 16, 32, 64, 128, "full")


def next_speed(current: float | None, direction: int) -> float | None:
    """Return the next slower or faster speed, or the same where there is none."""
    paces = [pace or float("inf") for pace in SPEEDS]
    pace = current or float("inf")
    at = bisect_right(paces, pace) if direction > 0 else bisect_left(paces, pace) - 1
    return SPEEDS[at] if 0 <= at < len(SPEEDS) else current


def next_of_125(value: float, direction: int) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten, up or down."""
    power = floor(log10(value))
    steps = [
        float(f"{digit}e{exponent}")
        for exponent in range(power - 1, power + 3)
        for digit in (1, 2, 5)
    ]
    if direction > 0:
        return next(step for step in steps if step > value * (1 + 1e-9))
    return next(step for step in reversed(steps) if step < value * (1 - 1e-9))
