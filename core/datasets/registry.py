"""The data sets by name: what the command line lists, and what a run draws from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.datasets import bundled, toy, toy_regression
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
        features: columns of x; none where there are texts.
        fixed: the set itself, where it is no draw; asking for a number of samples then turns it into
            a cloud, if `generate` is there.
        preprocess: a word of `PREPROCESSORS`, what a run uses unless it says otherwise.
        texts: whether features are to be made of texts.
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
    preprocess: str = "none"
    texts: bool = False
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
            return replace(self.fixed(), name=self.name)
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
            "checkerboard",
            "two classes on the squares of a board, four by four",
            toy.checkerboard,
            samples=600,
            noise=0.01,
        ),
        DatasetInfo(
            "gaussian_quantiles",
            "rings of one Gaussian cloud, as many samples in each (--classes)",
            toy.gaussian_quantiles,
            samples=300,
            noise=0.03,
            classes=3,
            any_classes=True,
        ),
        DatasetInfo(
            "two_lines",
            "two parallel lines, with room for a straight boundary between them",
            toy.two_lines,
            samples=200,
            noise=0.05,
        ),
        DatasetInfo(
            "plane",
            "a number to predict that grows along the diagonal of the plane",
            toy_regression.plane,
            samples=200,
            noise=0.1,
            classes=0,
            targets=1,
        ),
        DatasetInfo(
            "bumps",
            "a number to predict: Gaussian hills and hollows, alternating",
            toy_regression.bumps,
            samples=300,
            noise=0.05,
            classes=0,
            targets=1,
        ),
        DatasetInfo(
            "two_gaussians",
            "a number to predict: one Gaussian hill and one hollow",
            toy_regression.two_gaussians,
            samples=300,
            noise=0.05,
            classes=0,
            targets=1,
        ),
        DatasetInfo(
            "sine",
            "a number to predict from one feature: two periods of a sine",
            toy_regression.sine,
            samples=200,
            noise=0.08,
            classes=0,
            targets=1,
            features=1,
        ),
        DatasetInfo(
            "step",
            "a number to predict from one feature: a jump up, and one half down",
            toy_regression.step,
            samples=200,
            noise=0.05,
            classes=0,
            targets=1,
            features=1,
        ),
        DatasetInfo(
            "iris",
            "Fisher's three species of iris, four measures each (scikit-learn's copy)",
            None,
            samples=150,
            classes=3,
            features=4,
            fixed=bundled.iris,
            preprocess="standard",
        ),
        DatasetInfo(
            "wine",
            "Forina's Italian wines, by which of three growers, from 13 chemical measures",
            None,
            samples=178,
            classes=3,
            features=13,
            fixed=bundled.wine,
            preprocess="standard",
        ),
        DatasetInfo(
            "breast_cancer",
            "Wisconsin's breast tumours, malignant or benign, from 30 measures of cell nuclei",
            None,
            samples=569,
            features=30,
            fixed=bundled.breast_cancer,
            preprocess="standard",
        ),
        DatasetInfo(
            "digits",
            "Alpaydin and Kaynak's handwritten digits, 8 by 8 pixels each",
            None,
            samples=1797,
            classes=10,
            features=64,
            fixed=bundled.digits,
            preprocess="minmax",
        ),
        DatasetInfo(
            "languages",
            "sentences in six languages; the features are made of their letters",
            None,
            samples=360,
            classes=6,
            features=0,
            fixed=bundled.languages,
            texts=True,
        ),
        DatasetInfo(
            "diabetes",
            "a number to predict: how far diabetes went on in a year, from 10 measures",
            None,
            samples=442,
            classes=0,
            targets=1,
            features=10,
            fixed=bundled.diabetes,
            preprocess="standard",
        ),
        DatasetInfo(
            "linnerud",
            "three numbers to predict: weight, waist and pulse of 20 men from three exercises",
            None,
            samples=20,
            classes=0,
            targets=3,
            features=3,
            fixed=bundled.linnerud,
            preprocess="standard",
        ),
        DatasetInfo(
            "moons_legacy",
            "scikit-learn's make_moons from NumPy's RandomState(seed), as older tutorials draw it",
            toy.moons_legacy,
            200,
            0.2,
            legacy=True,
        ),
    )
}
