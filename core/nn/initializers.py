"""Initial weights: random draws whose variance depends on a layer's fan-in and fan-out.

`Network.initialize` calls these once per layer; biases start at zero. Weights are drawn from a uniform
distribution on ±√(3·variance), or from a normal distribution without truncation, as in PyTorch.
(Keras truncates its normal distributions at two standard deviations.)
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Final, Literal, Protocol

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array


class Draws(Protocol):
    """Interface of the random generator: `numpy.random.Generator` or the legacy `RandomState`."""

    def uniform(self, low: float, high: float, size: tuple[int, int]) -> Array: ...

    def normal(self, loc: float, scale: float, size: tuple[int, int]) -> Array: ...


@dataclass(frozen=True)
class Initializer:
    """One entry of the registry.

    Attributes:
        name: value of the setting `initializer`.
        formula: distribution of a weight, shown in the help.
        variance: maps (fan_in, fan_out) to the variance of a weight.
        shape: shape of the distribution.
        legacy: whether weights are drawn from `numpy.random.RandomState(seed)`, as in older tutorials,
            instead of the run's own random stream.
    """

    name: str
    formula: str
    variance: Callable[[int, int], float]
    shape: Literal["uniform", "normal"] = "uniform"
    legacy: bool = False

    def draw(self, rng: Draws, fan_in: int, fan_out: int) -> Array:
        """Return (fan_in, fan_out) float64 weights."""
        deviation = sqrt(self.variance(fan_in, fan_out))
        size = fan_in, fan_out
        if self.shape == "normal":
            return rng.normal(0, deviation, size)
        return rng.uniform(-sqrt(3) * deviation, sqrt(3) * deviation, size)


def _glorot(fan_in: int, fan_out: int) -> float:
    """Glorot & Bengio 2010, equation 12."""
    return 2 / (fan_in + fan_out)


def _he(fan_in: int, _: int) -> float:
    """He et al. 2015, equation 10."""
    return 2 / fan_in


def _lecun(fan_in: int, _: int) -> float:
    """LeCun et al. 1998, equation 16."""
    return 1 / fan_in


def _zero(*_: int) -> float:
    return 0.0


INITIALIZERS: Final = {
    initializer.name: initializer
    for initializer in (
        Initializer(
            "glorot", "U(±√(6 / (fan_in + fan_out))), uniform: for tanh and sigmoid", _glorot
        ),
        Initializer("he", "U(±√(6 / fan_in)), uniform: for relu and its variants", _he),
        Initializer("lecun", "U(±√(3 / fan_in)), uniform: for selu", _lecun),
        Initializer(
            "glorot_normal",
            "N(0, 2 / (fan_in + fan_out)), mean and variance, not truncated",
            _glorot,
            "normal",
        ),
        Initializer("he_normal", "N(0, 2 / fan_in), not truncated", _he, "normal"),
        Initializer("lecun_normal", "N(0, 1 / fan_in), not truncated", _lecun, "normal"),
        Initializer(
            "lecun_legacy",
            "N(0, 1 / fan_in) from NumPy's RandomState(seed), as in older tutorials",
            _lecun,
            "normal",
            True,
        ),
        Initializer("zeros", "all zero: identical units remain identical", _zero),
    )
}
