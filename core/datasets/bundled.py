"""Real data sets that come with scikit-learn, loaded without a network connection."""

from __future__ import annotations

import numpy as np

from core.datasets.dataset import Dataset


def iris() -> Dataset:
    """Return Fisher's iris (1936): 150 flowers, four measures in centimetres, three species."""
    from sklearn.datasets import load_iris  # a second to import

    data = load_iris()
    features = tuple(name.removesuffix(" (cm)") for name in data.feature_names)
    x, y = np.asarray(data.data, np.float64), np.asarray(data.target, np.int64)
    return Dataset(x, y, features, tuple(map(str, data.target_names)))
