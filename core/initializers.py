"""Initial weights: uniform draws whose range depends on a layer's fan-in and fan-out.

`Network.initialize` calls these once per layer; biases start at zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from core.arrays import Array


@dataclass(frozen=True)
class Initializer:
    """One entry of the registry: U(-bound, bound) with a bound from (fan_in, fan_out)."""

    name: str
    formula: str
    bound: Callable[[int, int], float]

    def draw(self, rng: np.random.Generator, fan_in: int, fan_out: int) -> Array:
        """Return (fan_in, fan_out) weights in float64."""
        bound = self.bound(fan_in, fan_out)
        return rng.uniform(-bound, bound, (fan_in, fan_out))


INITIALIZERS: Final = {
    initializer.name: initializer
    for initializer in (
        # Glorot & Bengio 2010, equation 16
        Initializer("glorot", "U(±√(6 / (fan_in + fan_out)))", lambda i, o: sqrt(6 / (i + o))),
        # He et al. 2015, equation 10, as a uniform distribution of the same variance
        Initializer("he", "U(±√(6 / fan_in))", lambda i, _: sqrt(6 / i)),
        # LeCun et al. 1998, equation 16, as a uniform distribution of the same variance
        Initializer("lecun", "U(±√(3 / fan_in))", lambda i, _: sqrt(3 / i)),
    )
}
