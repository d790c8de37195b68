"""The data sets by name: what the command line lists, and what a run draws from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.datasets import toy
from core.datasets.dataset import Dataset

if TYPE_CHECKING:
    import numpy as np

    from core.arrays import Array, Labels

Generator = Callable[["np.random.Generator", int, float, int], "tuple[Array, Labels]"]


@dataclass(frozen=True)
class DatasetInfo:
    """One entry of the registry.

    Attributes:
        samples, noise, classes: what a run uses unless it says otherwise.
        any_classes: whether the number of classes can be chosen.
        fixed_points: the set itself, where it is a few points and no draw; asking for a number of
            samples then turns it into a cloud.
    """

    name: str
    description: str
    generate: Generator
    samples: int
    noise: float
    classes: int = 2
    any_classes: bool = False
    fixed_points: Callable[[], tuple[Array, Labels]] | None = None

    def draw(
        self,
        rng: np.random.Generator,
        samples: int | None = None,
        noise: float | None = None,
        classes: int | None = None,
    ) -> Dataset:
        """Return the set with the given options, or this entry's own where they are None."""
        count = self.classes if classes is None else classes
        if self.fixed_points is not None and samples is None:
            x, y = self.fixed_points()
        else:
            x, y = self.generate(
                rng,
                self.samples if samples is None else samples,
                self.noise if noise is None else noise,
                count,
            )
        names = tuple(str(number) for number in range(count))
        return Dataset(x, y, ("x₁", "x₂"), names)


DATASETS: Final = {
    info.name: info
    for info in (
        DatasetInfo(
            "xor",
            "the four corners of a square, opposite ones alike; a noisy cloud with --samples",
            toy.xor,
            samples=4,
            noise=0.15,
            fixed_points=toy.xor_points,
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
    )
}
