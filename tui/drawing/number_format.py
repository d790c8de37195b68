"""Formats of numbers, with a width that stays constant while the numbers change."""

from __future__ import annotations

from math import isfinite
from typing import Final

LEAST_SECONDS: Final = 0.1
"""Seconds of training from which the time that is left can be estimated."""


def loss(value: float) -> str:
    """Return a loss in six to eight characters."""
    if not isfinite(value):
        return "not finite"
    if 0 < value < 0.001:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    if value < 10:
        return f"{value:.4f}"
    return f"{value:.2f}" if value < 1000 else f"{value:.2e}"


def score(value: float, *, has_classes: bool) -> str:
    """Return an accuracy in percent, or R²."""
    if has_classes:
        return f"{percent(value)} %"
    return f"{value:.3f}".replace("-", "−")


def named_score(value: float, *, has_classes: bool) -> str:
    """Return an accuracy in percent, or R² with its name."""
    text = score(value, has_classes=has_classes)
    return text if has_classes else f"R² {text}"


def brief_loss(value: float) -> str:
    """Return a loss in at most five characters."""
    if not isfinite(value):
        return "–"
    if 0 < value < 0.001 or value >= 9999.5:
        mantissa, exponent = f"{value:.0e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    limits = (9.9995, 99.995, 999.95)
    return f"{value:.{3 - sum(value >= limit for limit in limits)}f}"


def brief(value: float) -> str:
    """Return a number of any size in three digits."""
    if not isfinite(value):
        return "–"
    if value == 0 or 0.001 <= abs(value) < 999.5:
        return f"{value:.3g}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def short(value: float) -> str:
    """Return a number in three digits, with thousands and millions as letters: 2.66k, 1.95M."""
    size = abs(value)
    if not isfinite(value) or size >= 999.5e9 or 0 < size < 0.001:
        return brief(value).replace("-", "−")
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit * 0.9995:
            return f"{value / unit:.3g}{letter}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def percent(value: float) -> str:
    """Return a share as a percentage with one decimal, without "%"."""
    return f"{100 * value:.1f}" if isfinite(value) else "–"


def speed(epochs_per_second: float | None) -> str:
    """Return a speed setting in words."""
    if epochs_per_second is None:
        return "max speed"
    return f"{epochs_per_second:g} epoch{'' if epochs_per_second == 1 else 's'}/s"


def signed(value: float, decimals: int = 2) -> str:
    """Return a number with its sign, which is a typographic minus if negative."""
    return f"{value:+.{decimals}f}".replace("-", "−")


def ends(low: float, high: float) -> tuple[str, str]:
    """Return both ends of an axis in five characters each, with decimals according to its length."""
    span = high - low
    decimals = 0 if span >= 100 else 1 if span >= 0.5 else 2 if span >= 0.05 else 3
    texts = [f"{end:.{decimals}f}" for end in (low, high)]
    if max(map(len, texts)) > 5:
        texts = [short(end) for end in (low, high)]
    return texts[0].replace("-", "−"), texts[1].replace("-", "−")


def eta(seconds: float, done: float, remaining: float) -> str:
    """Return the estimated time to the end of the run in words, or an empty string if it is unknown.

    Args:
        seconds: time in which `done` epochs were trained.
        done: epochs since the start.
        remaining: epochs to the end.
    """
    if done <= 0 or remaining <= 0 or seconds < LEAST_SECONDS:
        return ""
    return clock(seconds / done * remaining)


def clock(seconds: float | None) -> str:
    """Return the time to the end of the run in words, or an empty string if it is None."""
    if seconds is None:
        return ""
    left = round(seconds)
    hours, minutes = left // 3600, left // 60 % 60
    return f"ETA {hours}:{minutes:02}:{left % 60:02}" if hours else f"ETA {minutes}:{left % 60:02}"
