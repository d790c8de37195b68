"""Lists of NumPy calls that are bound to their buffers once and run many times.

On networks this small, a NumPy call costs about 0.25 µs whatever it computes, and looking up the
function and passing its arguments again adds half as much. The functions of this package therefore do
not compute anything themselves: they return lists of calls. A training step is one flat list of them.

For example, `[call(np.multiply, z, half, a), call(np.tanh, a, a)]` computes a = tanh(z / 2) each time
it is run; the last argument of a NumPy function is the buffer that it writes to.

Blocks may have a leading axis of runs, which are trained at once (`core/lockstep`). Functions that do
not compute element by element therefore count axes from the last one, and use the products below.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from core.arrays import Array

__all__ = [
    "Call",
    "Calls",
    "broadcast",
    "call",
    "constant",
    "matmul",
    "matvec",
    "run",
    "vecmat",
]

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


def matmul(a: Array, b: Array, out: Array) -> Call:
    """Return the call that writes the product of two matrices, or of each pair in two stacks."""
    # both call the same routine of BLAS, but `dot`, which knows no stacks, takes half the time
    return call(a.dot, b, out) if out.ndim == 2 else call(np.matmul, a, b, out)


def matvec(a: Array, v: Array, out: Array) -> Call:
    """Return the call that writes the product of a matrix, or of each in a stack, and one vector."""
    return call(a.dot, v, out) if a.ndim == 2 else call(np.matvec, a, v, out)


def vecmat(v: Array, a: Array, out: Array) -> Call:
    """Return the call that writes the product of one vector and a matrix, or each in a stack."""
    return call(v.dot, a, out) if a.ndim == 2 else call(np.vecmat, v, a, out)


def broadcast(values: Array, block: Array) -> Call:
    """Return the call that broadcasts (rows, 1) or (1, columns) values to a (rows, columns) block.

    NumPy allocates a buffer for an operand that it broadcasts. A matrix product with ones writes into
    an existing block, and takes less time, except for stacks.
    """
    if block.ndim > 2:
        return call(np.copyto, block, values)
    rows, columns = block.shape
    if values.shape == (rows, 1):
        return call(values.dot, np.ones((1, columns), block.dtype), block)
    return call(np.ones((rows, 1), block.dtype).dot, values, block)
