"""Real data sets from scikit-learn and from this package, loaded without a network connection.

scikit-learn is imported where it is used: that takes a second, and toy data needs none of it.
"""

from __future__ import annotations

import csv
from functools import partial
from importlib.resources import files
from typing import Any, Final

import numpy as np

from core.datasets.dataset import Dataset, DatasetInfo
from core.memory import SCIKIT_LEARN, importing

_DIABETES: Final = {
    "bp": "blood pressure",
    "s1": "total cholesterol",
    "s2": "ldl",
    "s3": "hdl",
    "s4": "tc/hdl",
    "s5": "log triglycerides",
    "s6": "glucose",
}
"""Readable names for abbreviated features; the other names are readable already."""


def iris() -> Dataset:
    """Return Fisher's iris (1936): 150 flowers, four measurements in centimetres, three species."""
    data = _loaded("iris")
    return _classes(data, tuple(name.removesuffix(" (cm)") for name in data.feature_names))


def wine() -> Dataset:
    """Return Forina's 178 Italian wines (Aeberhard et al. 1992): 13 measurements, three growers."""
    data = _loaded("wine")
    short = (name.removesuffix("_of_diluted_wines") for name in data.feature_names)
    return _classes(data, tuple(name.replace("_", " ") for name in short))


def breast_cancer() -> Dataset:
    """Return Wolberg, Street and Mangasarian's 569 tumours (1995): 30 measurements of cell nuclei."""
    data = _loaded("breast_cancer")
    return _classes(data, tuple(map(str, data.feature_names)))


def digits() -> Dataset:
    """Return Alpaydin and Kaynak's 1797 handwritten digits (1998): 8 by 8 pixels from 0 to 16."""
    data = _loaded("digits")
    names = tuple(f"pixel {row},{column}" for row in range(1, 9) for column in range(1, 9))
    return _classes(data, names, image=(8, 8))


def diabetes() -> Dataset:
    """Return Efron et al.'s 442 patients (2004): ten measurements and the progression."""
    data = _loaded("diabetes", scaled=False)
    features = tuple(_DIABETES.get(name, name) for name in data.feature_names)
    return _numbers(data, features, ("progression",))


def linnerud() -> Dataset:
    """Return Linnerud's 20 men (in Tenenhaus 1998): three exercises, three body measurements."""
    data = _loaded("linnerud")
    names = [tuple(map(str.lower, each)) for each in (data.feature_names, data.target_names)]
    return _numbers(data, *names)


def languages() -> Dataset:
    """Return short sentences in six languages, written for this package."""
    text = files("core.datasets").joinpath("languages.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    names = tuple(sorted({row["language"] for row in rows}))
    y = np.array([names.index(row["language"]) for row in rows], np.int64)
    texts = tuple(row["sentence"] for row in rows)
    return Dataset(np.empty((len(rows), 0)), y, (), names, texts=texts)


def _loaded(name: str, **options: Any) -> Any:
    """Return one of scikit-learn's data sets; raises NotEnoughMemory."""
    with importing(SCIKIT_LEARN):
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(**options)


def _classes(data: Any, features: tuple[str, ...], image: tuple[int, int] | None = None) -> Dataset:
    x, y = np.asarray(data.data, np.float64), np.asarray(data.target, np.int64)
    names = tuple(str(name).replace("_", " ") for name in data.target_names)
    return Dataset(x, y, features, names, image=image)


def _numbers(data: Any, features: tuple[str, ...], targets: tuple[str, ...]) -> Dataset:
    x, y = np.asarray(data.data, np.float64), np.asarray(data.target, np.float64)
    return Dataset(x, y.reshape(len(x), -1), features, (), targets)


_fixed = partial(DatasetInfo, generate=None)
_standardised = partial(_fixed, preprocess="standard")

DATASETS: Final = (
    _standardised(
        "iris",
        "Fisher's three species of iris, four measurements each (scikit-learn's copy)",
        samples=150,
        classes=3,
        features=4,
        fixed=iris,
    ),
    _standardised(
        "wine",
        "Forina's Italian wines of three growers, 13 chemical measurements",
        samples=178,
        classes=3,
        features=13,
        fixed=wine,
    ),
    _standardised(
        "breast_cancer",
        "Wisconsin breast tumours, malignant or benign, 30 measurements of cell nuclei",
        samples=569,
        features=30,
        fixed=breast_cancer,
    ),
    _fixed(
        "digits",
        "Alpaydin and Kaynak's handwritten digits, 8 by 8 pixels each",
        samples=1797,
        classes=10,
        features=64,
        fixed=digits,
        preprocess="minmax",
    ),
    _fixed(
        "languages",
        "sentences in six languages; the features are n-grams of letters",
        samples=360,
        classes=6,
        features=0,
        fixed=languages,
        texts=True,
    ),
    _standardised(
        "diabetes",
        "regression: progression of diabetes after a year, from 10 measurements",
        samples=442,
        classes=0,
        targets=1,
        features=10,
        fixed=diabetes,
    ),
    _standardised(
        "linnerud",
        "regression of three targets: weight, waist and pulse of 20 men from three exercises",
        samples=20,
        classes=0,
        targets=3,
        features=3,
        fixed=linnerud,
    ),
)
"""The data sets of this module, in the order of the listing."""
