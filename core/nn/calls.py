"""Lists of NumPy calls that are bound to their buffers once and run many times.

On networks this small, a NumPy call costs about 0.25 µs whatever it computes, and looking up the
function and passing its arguments again adds half as much. The functions of this package therefore do
not compute anything themselves: they return lists of calls. A training step is one flat list of them.

For example, `[call(np.multiply, z, half, a), call(np.tanh, a, a)]` computes a = tanh(z / 2) each time
it is run; the last argument of a NumPy function is the buffer that it writes to.
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
"""Bind a function to its arguments. A call of a partial object costs less than one of a closure."""


def run(calls: Calls) -> None:
    """Run the calls in order."""
    for each in calls:
        each()


def constant(value: float, like: Array) -> Array:
    """Return a 0-d array with the dtype of `like`; as an operand it costs half of a Python float."""
    return np.array(value, like.dtype)


def broadcast(values: Array, block: Array) -> Call:
    """Return the call that broadcasts (rows, 1) or (1, columns) values to a (rows, columns) block.

    NumPy allocates a buffer for an operand that it broadcasts. A matrix product with ones writes into
    an existing block, and takes less time.
    """
    rows, columns = block.shape
    if values.shape == (rows, 1):
        return call(values.dot, np.ones((1, columns), block.dtype), block)
    return call(np.ones((rows, 1), block.dtype).dot, values, block)
