"""The data sets by name: what the command line lists, and what a run draws from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.datasets import bundled, toy
from core.datasets.dataset import Dataset
from core.randomness import stream

if TYPE_CHECKING:
    from core.arrays import Array, Labels

Generator = Callable[[Any, int, float, int], "tuple[Array, Labels | Array]"]


@dataclass(frozen=True)
class DatasetInfo:
    """One entry of the registry.

    Attributes:
        generate: draws samples from (rng, samples, noise, classes); None for a set that only is.
        samples, noise, classes: what a run uses unless it says otherwise.
        any_classes: whether the number of classes can be chosen.
        targets: how many numbers are predicted, where there are no classes.
        features: columns of x.
        fixed: the set itself, where it is no draw; asking for a number of samples then turns it into
            a cloud, if `generate` is there.
        legacy: whether `generate` draws from `numpy.random.RandomState(seed)`, as older tutorials do.
    """

    name: str
    description: str
    generate: Generator | None
    samples: int
    noise: float = 0.0
    classes: int = 2
    any_classes: bool = False
    targets: int = 0
    features: int = 2
    fixed: Callable[[], Dataset] | None = None
    legacy: bool = False

    def draw(
        self,
        seed: int,
        samples: int | None = None,
        noise: float | None = None,
        classes: int | None = None,
    ) -> Dataset:
        """Return the set with the given options, or this entry's own where they are None."""
        count = self.classes if classes is None else classes
        if self.fixed is not None and (samples is None or self.generate is None):
            return self.fixed()
        if self.generate is None:
            raise ValueError(f"{self.name} has nothing to draw from")
        rng: Any = np.random.RandomState(seed % 2**32) if self.legacy else stream(seed, "data")
        x, y = self.generate(
            rng,
            self.samples if samples is None else samples,
            self.noise if noise is None else noise,
            count,
        )
        targets = _numbered("y", self.targets) if self.targets else ()
        return Dataset(
            x, y, _numbered("x", x.shape[1]), tuple(map(str, range(count))), targets, name=self.name
        )


def _numbered(letter: str, count: int) -> tuple[str, ...]:
    if count == 1:
        return (letter,)
    digits = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    return tuple(f"{letter}{number}".translate(digits) for number in range(1, count + 1))


DATASETS: Final = {
    info.name: info
    for info in (
        DatasetInfo(
            "xor",
            "the four corners of a square, opposite ones alike; a noisy cloud with --samples",
            toy.xor,
            samples=4,
            noise=0.15,
            fixed=lambda: Dataset(*toy.xor_points(), _numbered("x", 2), ("0", "1")),
        ),
        DatasetInfo("moons", "two half circles, one in the other", toy.moons, 200, 0.2),
        DatasetInfo("circles", "a circle inside another", toy.circles, 200, 0.1),
        DatasetInfo(
            "blobs",
            "one round cloud a class, on a circle (--classes)",
            toy.blobs,
            samples=300,
            noise=0.25,
            classes=4,
            any_classes=True,
        ),
        DatasetInfo(
            "spiral",
            "one winding arm a class (--classes)",
            toy.spiral,
            samples=300,
            noise=0.15,
            classes=3,
            any_classes=True,
        ),
        DatasetInfo(
            "iris",
            "Fisher's three species of iris, four measures each (scikit-learn's copy)",
            None,
            samples=150,
            classes=3,
            features=4,
            fixed=bundled.iris,
        ),
        DatasetInfo(
            "moons_legacy",
            "scikit-learn's make_moons from NumPy's RandomState(seed), as older tutorials draw it",
            toy.moons_legacy,
            200,
            0.2,
            legacy=True,
        ),
        DatasetInfo(
            "plane",
            "a number to predict that grows along the diagonal of the plane",
            toy.plane,
            samples=200,
            noise=0.1,
            classes=0,
            targets=1,
        ),
        DatasetInfo(
            "bumps",
            "a number to predict: Gaussian hills and hollows, alternating",
            toy.bumps,
            samples=300,
            noise=0.05,
            classes=0,
            targets=1,
        ),
    )
}
