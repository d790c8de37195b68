"""Hysteresis of colour levels: noise of a training network does not change the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from core.analysis.prediction_map import level_of, scaled

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array, Labels
    from tui.run_model import RunModel

Quantize: TypeAlias = "Callable[[Array, int, float, float], Labels]"
"""Signature of `quantize`: values, number of levels, lowest and highest value."""

SLACK: Final = 0.9
"""Share of a level by which a value may exceed it before the level changes.

It is large because the levels of a scale are many: a colour may be that of the neighbouring level, which
hardly differs.
"""


class LevelHysteresis:
    """Keeps the level of each value until it is clearly in another; at rest all are exact.

    Batches move values across the edge of a level and back. Each time that is a cell to send, over
    SSH about eight bytes, and a flicker without meaning.
    """

    def __init__(self, run: RunModel) -> None:
        self._run = run
        self._held: Labels = np.empty(0, np.int64)
        self._held_of: tuple[object, ...] = ()

    def quantize(self, values: Array, levels: int, low: float, high: float) -> Labels:
        """Return the level of each value, like `core.analysis.prediction_map.quantize`."""
        at, of = scaled(values, levels, low, high), (values.shape, levels, low, high)
        exact = level_of(at, levels)
        if not self._run.is_at_rest and self._held_of == of:
            stays = np.abs(at - (self._held + 0.5)) <= 0.5 + SLACK
            exact = np.where(stays, self._held, exact)
        self._held, self._held_of = exact, of
        return exact
