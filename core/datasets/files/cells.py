"""What the text of a cell is: a number, a word, or nothing."""

from __future__ import annotations

import re
from typing import Final

MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""Cells without a value, stripped and in lower case."""

NAN: Final = float("nan")

_DECIMAL_COMMA: Final = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?", re.ASCII)


def number(cell: str) -> float:
    """Return the number in a cell, NaN where it has no value; raises ValueError.

    It takes what `numpy.loadtxt` takes, and the ways to leave a value out: neither the underscores
    nor the digits of other scripts that `float` takes besides.
    """
    text = cell.strip()
    if text.casefold() in MISSING:
        return NAN
    if "_" in text or not text.isascii():
        raise ValueError
    return float(text)


def is_missing(cell: str) -> bool:
    """Return whether a cell has no value."""
    return cell.strip().casefold() in MISSING


def is_number(cell: str) -> bool:
    """Return whether there is a number in a cell, and not nothing."""
    try:
        number(cell)
    except ValueError:
        return False
    return not is_missing(cell)


def has_decimal_comma(cell: str) -> bool:
    """Return whether a cell is a number but for its comma."""
    return _DECIMAL_COMMA.fullmatch(cell.strip()) is not None


def order(value: str) -> tuple[bool, float, str]:
    """Return the key by which values are sorted: numbers by size, then words."""
    return (False, number(value), value) if is_number(value) else (True, 0.0, value)
