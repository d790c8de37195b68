"""Data: distributed as described, and split in fair shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import RunConfig
from core.datasets import DATASETS, Dataset, split
from core.datasets.prepare import prepare
from core.datasets.toy import CIRCLES_FACTOR


def draw(name: str, **options: float) -> Dataset:
    return DATASETS[name].draw(5, **options)  # type: ignore[arg-type]


def sorted_rows(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows = np.column_stack([x, y]).round(12)
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("samples", [100, 101])
def test_moons_and_circles_lie_where_those_of_scikit_learn_do(samples: int) -> None:
    from sklearn.datasets import make_circles, make_moons

    theirs = {
        "moons": make_moons(samples, noise=0.0),
        "circles": make_circles(samples, noise=0.0, factor=CIRCLES_FACTOR),
    }
    for name, (x, y) in theirs.items():
        ours = draw(name, samples=samples, noise=0.0)
        assert sorted_rows(ours.x, ours.y) == pytest.approx(sorted_rows(x, y)), name


@pytest.mark.parametrize("name", ["moons", "circles"])
def test_noisy_moons_and_circles_are_distributed_as_those_of_scikit_learn(name: str) -> None:
    from scipy.stats import ks_2samp
    from sklearn.datasets import make_circles, make_moons

    if name == "moons":
        x, y = make_moons(4000, noise=0.2, random_state=1)
    else:
        x, y = make_circles(4000, noise=0.2, factor=CIRCLES_FACTOR, random_state=1)
    ours = draw(name, samples=4000, noise=0.2)
    for label in (0, 1):
        mine, other = ours.x[ours.y == label], x[y == label]
        assert len(mine) == len(other)
        for direction in ([1, 0], [0, 1], [1, 1], [1, -1]):
            assert ks_2samp(mine @ direction, other @ direction).pvalue > 1e-3


def test_xor_is_four_points_or_a_cloud_around_them() -> None:
    points = draw("xor")
    assert points.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert points.y.tolist() == [0, 1, 1, 0]
    cloud = draw("xor", samples=400, noise=0.1)
    corners = cloud.x.round().clip(0, 1)
    assert np.mean((corners[:, 0] != corners[:, 1]) == cloud.y) > 0.99
    assert np.std(cloud.x - corners) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("name", ["blobs", "spiral"])
@pytest.mark.parametrize("classes", [2, 3, 7, 20])
def test_any_number_of_classes_in_equal_shares(name: str, classes: int) -> None:
    data = draw(name, classes=classes, samples=203)
    sizes = np.bincount(data.y)
    assert len(data.class_names) == len(sizes) == classes
    assert sizes.sum() == 203
    assert sizes.max() - sizes.min() <= 1


@settings(deadline=None)
@given(
    sizes=st.lists(st.integers(2, 60), min_size=2, max_size=6).filter(lambda s: sum(s) >= 8),
    test_size=st.floats(0.01, 0.99),
    seed=st.integers(0, 1000),
)
def test_a_split_keeps_the_proportions_of_the_classes(
    sizes: list[int], test_size: float, seed: int
) -> None:
    y = np.repeat(np.arange(len(sizes)), sizes)
    x = np.arange(2.0 * len(y)).reshape(-1, 2)
    data = Dataset(x, y, ("a", "b"), tuple(map(str, range(len(sizes)))))
    parts = split(data, test_size, np.random.default_rng(seed))
    together = np.concatenate([parts.x_train, parts.x_test])
    assert sorted(together[:, 0].tolist()) == x[:, 0].tolist()
    wanted = min(max(round(len(y) * test_size), 1), len(y) - len(sizes))
    assert len(parts.y_test) == wanted
    assert set(parts.y_train.tolist()) == set(range(len(sizes)))
    shares = np.bincount(parts.y_test, minlength=len(sizes))
    if all(shares < np.array(sizes) - 1):  # else the others make up for the one that is spared
        assert (abs(shares - np.array(sizes) * wanted / len(y)) < 1).all()
    assert all(parts.y_train == y[(parts.x_train[:, 0] / 2).astype(int)])


def test_a_split_is_drawn_and_does_not_take_the_first() -> None:
    x = np.arange(200.0).reshape(-1, 2)
    data = Dataset(x, np.repeat([0, 1], 50), ("a", "b"), ("0", "1"))
    tested = [split(data, 0.2, np.random.default_rng(seed)).x_test[:, 0] for seed in range(3)]
    assert len({tuple(part.tolist()) for part in tested}) == 3
    assert all(not np.array_equal(part, np.sort(part)) for part in tested)


def test_four_points_are_train_and_test_at_once() -> None:
    data = prepare(RunConfig(dataset="xor"))
    assert data.shared
    assert data.x_train is data.x_test


def test_the_seed_decides_data_and_split() -> None:
    first, same = prepare(RunConfig(seed=4)), prepare(RunConfig(seed=4))
    other = prepare(RunConfig(seed=5))
    assert np.array_equal(first.x_train, same.x_train)
    assert np.array_equal(first.y_test, same.y_test)
    assert not np.array_equal(first.x_train, other.x_train)
