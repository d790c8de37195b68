"""Training as a list of calls: every NumPy call of a pass, bound to its buffers once and run often.

On networks this small a call costs a quarter of a microsecond whatever it computes, and looking it
up and naming its arguments again half as much on top. So the engine is built from functions that
return lists of calls; a training step is one flat list, and running it is one short loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from core.arrays import Array

__all__ = ["Call", "Calls", "broadcast", "call", "constant", "run"]

Call: TypeAlias = Callable[[], object]
Calls: TypeAlias = list[Call]

call: Final[Callable[..., Call]] = partial
"""Binds a function to its arguments: calling a partial object costs less than a closure."""


def run(calls: Calls) -> None:
    """Make the calls, in order."""
    for each in calls:
        each()


def constant(value: float, like: Array) -> Array:
    """Return a 0-d array in another's precision: as an operand it costs half of a Python float."""
    return np.array(value, like.dtype)


def broadcast(values: Array, block: Array) -> Call:
    """Return the call that writes (rows, 1) or (1, columns) values into every column or row of a block.

    NumPy buffers an operand that it has to repeat. A product with ones repeats it into a block that
    is there already, and in less time.
    """
    rows, columns = block.shape
    if values.shape == (rows, 1):
        return call(values.dot, np.ones((1, columns), block.dtype), block)
    return call(np.ones((rows, 1), block.dtype).dot, values, block)
