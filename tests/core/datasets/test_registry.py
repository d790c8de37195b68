"""Built-in data sets: their distributions and their stratified split."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.run_config import RunConfig
from core.datasets import DATASETS, Dataset, DatasetInfo, DataSplit
from core.datasets.preparation import PREPROCESSORS
from core.datasets.prepare import prepare
from core.datasets.split import part
from core.datasets.toy import CIRCLES_FACTOR
from core.datasets.toy_regression import STEP_EDGES, STEP_LEVELS


def draw(name: str, **options: float) -> Dataset:
    return DATASETS[name].draw(5, **options)  # type: ignore[arg-type]


def split(data: Dataset, test_size: float, rng: np.random.Generator) -> DataSplit:
    """Return both parts without preprocessing."""
    train, test, _, shared = part(data, test_size, rng)
    names = data.feature_names, data.class_names, data.target_names
    return DataSplit(data.x[train], data.y[train], data.x[test], data.y[test], *names, shared)


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


@pytest.mark.parametrize("name", ["blobs", "spiral", "gaussian_quantiles"])
@pytest.mark.parametrize("classes", [2, 3, 7, 20])
def test_any_number_of_classes_in_equal_shares(name: str, classes: int) -> None:
    data = draw(name, classes=classes, samples=203)
    sizes = np.bincount(data.y)
    assert len(data.class_names) == len(sizes) == classes
    assert sizes.sum() == 203
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize("info", DATASETS.values(), ids=lambda info: info.name)
def test_a_set_is_what_its_entry_says(info: DatasetInfo) -> None:
    data = info.draw(3)
    assert data.name == info.name
    assert data.x.dtype == np.float64
    assert data.x.shape == (info.samples, info.features)
    assert len(data.feature_names) == info.features
    assert len(set(data.feature_names)) == info.features
    assert len(data.texts) == (info.samples if info.texts else 0)
    assert len(data.class_names) == info.classes
    assert len(data.target_names) == info.targets
    if info.targets:
        assert data.y.dtype == np.float64
        assert data.y.shape == (info.samples, info.targets)
    else:
        assert data.y.dtype == np.int64
        assert data.y.shape == (info.samples,)
        assert set(data.y.tolist()) == set(range(info.classes))
    assert info.preprocess in PREPROCESSORS
    assert np.isfinite(data.x).all()


DRAWN = [info for info in DATASETS.values() if info.generate]
ORDERED = [info for info in DRAWN if not info.targets and not info.legacy]


@pytest.mark.parametrize("info", DRAWN, ids=lambda info: info.name)
def test_the_seed_decides_every_drawn_set(info: DatasetInfo) -> None:
    first, same, other = (info.draw(seed, samples=61) for seed in (1, 1, 2))
    assert np.array_equal(first.x, same.x)
    assert np.array_equal(first.y, same.y)
    assert not np.array_equal(first.x, other.x)


@pytest.mark.parametrize("info", ORDERED, ids=lambda info: info.name)
@pytest.mark.parametrize("samples", [200, 61])
def test_classes_are_balanced_and_in_order(info: DatasetInfo, samples: int) -> None:
    y = info.draw(0, samples=samples).y
    assert np.array_equal(y, np.sort(y))
    assert np.ptp(np.bincount(y)) <= 1


def test_a_checkerboard_has_the_classes_of_its_squares() -> None:
    data = draw("checkerboard", samples=800, noise=0.0)
    squares = np.floor((data.x + 1) * 2).astype(int)
    assert squares.min() == 0
    assert squares.max() == 3
    assert np.array_equal(squares.sum(axis=1) % 2, data.y)
    _, counts = np.unique(squares, axis=0, return_counts=True)
    assert counts.tolist() == [50] * 16
    noisy = draw("checkerboard", samples=800, noise=0.1)
    assert np.std(noisy.x - data.x) == pytest.approx(0.1, rel=0.1)


def test_gaussian_quantiles_are_distributed_as_those_of_scikit_learn() -> None:
    from scipy.stats import ks_2samp
    from sklearn.datasets import make_gaussian_quantiles

    x, y = make_gaussian_quantiles(n_samples=4000, n_features=2, n_classes=4, random_state=1)
    ours = draw("gaussian_quantiles", samples=4000, classes=4, noise=0.0)
    for label in range(4):
        mine, other = ours.x[ours.y == label], x[y == label]
        assert len(mine) == len(other)
        for direction in ([1, 0], [0, 1], [1, 1], [1, -1]):
            assert ks_2samp(mine @ direction, other @ direction).pvalue > 1e-3
        radii = np.linalg.norm(mine, axis=1), np.linalg.norm(other, axis=1)
        assert ks_2samp(*radii).pvalue > 1e-3


def test_gaussian_quantiles_are_rings_without_noise_only() -> None:
    still, moved = (draw("gaussian_quantiles", samples=300, noise=noise) for noise in (0.0, 0.1))
    radius = np.linalg.norm(still.x, axis=1)
    for label in range(2):
        assert radius[still.y == label].max() <= radius[still.y == label + 1].min()
    assert np.std(moved.x - still.x) == pytest.approx(0.1, rel=0.1)


@pytest.mark.parametrize("seed", range(20))
def test_a_straight_line_parts_two_lines(seed: int) -> None:
    data = DATASETS["two_lines"].draw(seed)
    across = data.x @ [-1, 1] / np.sqrt(2)
    assert across[data.y == 0].min() - across[data.y == 1].max() > 0.1
    much = DATASETS["two_lines"].draw(seed, noise=0.5)
    across = much.x @ [-1, 1]
    assert across[much.y == 0].min() < across[much.y == 1].max()


def test_two_lines_are_parallel_and_as_long_as_one_another() -> None:
    data = draw("two_lines", samples=2000, noise=0.0)
    along, across = data.x @ [1, 1] / np.sqrt(2), data.x @ [-1, 1] / np.sqrt(2)
    for label, side in enumerate((0.3, -0.3)):
        assert across[data.y == label] == pytest.approx(side)
        assert along[data.y == label].min() == pytest.approx(-1, abs=0.02)
        assert along[data.y == label].max() == pytest.approx(1, abs=0.02)


def test_numbers_to_predict_follow_their_formulas() -> None:
    sine, step, hills = (draw(name, noise=0.0) for name in ("sine", "step", "two_gaussians"))
    assert abs(sine.x).max() <= np.pi
    assert sine.y == pytest.approx(np.sin(2 * sine.x))
    low, high = STEP_EDGES
    between = (step.x > low) & (step.x < high)
    wanted = np.where(between, STEP_LEVELS[1], np.where(step.x > 0, STEP_LEVELS[2], STEP_LEVELS[0]))
    assert np.array_equal(step.y, wanted)
    assert set(step.y.ravel().tolist()) == set(STEP_LEVELS)
    hill = np.exp(-((hills.x - 0.5) ** 2).sum(axis=1) / 0.32)
    hollow = np.exp(-((hills.x + 0.5) ** 2).sum(axis=1) / 0.32)
    assert hills.y[:, 0] == pytest.approx(hill - hollow)


@pytest.mark.parametrize("name", ["sine", "step", "two_gaussians"])
def test_noise_leaves_nearly_all_of_a_number_to_be_explained(name: str) -> None:
    info = DATASETS[name]
    for seed in range(10):
        exact, noisy = info.draw(seed, noise=0.0).y, info.draw(seed).y
        assert np.std(noisy - exact) == pytest.approx(info.noise, rel=0.2)
        assert 1 - np.var(noisy - exact) / np.var(noisy) > 0.97


@pytest.mark.parametrize(
    "name", ["iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud"]
)
def test_a_bundled_set_is_scikit_learns(name: str) -> None:
    import sklearn.datasets

    options = {"scaled": False} if name == "diabetes" else {}
    theirs = getattr(sklearn.datasets, f"load_{name}")(**options)
    data = DATASETS[name].draw(0)
    assert np.array_equal(data.x, theirs.data)
    assert np.array_equal(data.y.reshape(theirs.target.shape), theirs.target)
    if data.class_names:
        assert [each.replace(" ", "_") for each in data.class_names] == [
            str(each) for each in theirs.target_names
        ]


def test_bundled_features_have_short_and_readable_names() -> None:
    assert DATASETS["wine"].draw(0).feature_names[-3:] == ("hue", "od280/od315", "proline")
    assert DATASETS["breast_cancer"].draw(0).feature_names[0] == "mean radius"
    diabetes, linnerud = DATASETS["diabetes"].draw(0), DATASETS["linnerud"].draw(0)
    assert diabetes.feature_names[3:] == (
        "blood pressure",
        "total cholesterol",
        "ldl",
        "hdl",
        "tc/hdl",
        "log triglycerides",
        "glucose",
    )
    assert diabetes.target_names == ("progression",)
    assert linnerud.feature_names == ("chins", "situps", "jumps")
    assert linnerud.target_names == ("weight", "waist", "pulse")
    names = (name for info in DATASETS.values() for name in info.draw(0).feature_names)
    assert all(len(name) <= 24 and "_" not in name and name == name.strip() for name in names)


def test_a_digit_is_an_image_read_row_by_row() -> None:
    from sklearn.datasets import load_digits

    data = draw("digits")
    assert data.image == (8, 8)
    assert np.array_equal(data.x.reshape(-1, *data.image), load_digits().images)
    assert data.feature_names[:9] == (*(f"pixel 1,{n}" for n in range(1, 9)), "pixel 2,1")
    assert data.feature_names[-1] == "pixel 8,8"
    assert [name for name in DATASETS if DATASETS[name].draw(0).image] == ["digits"]


def test_languages_are_told_from_a_few_hundred_sentences() -> None:
    data = draw("languages")
    assert len(data.class_names) >= 5
    assert list(data.class_names) == sorted(data.class_names)
    assert len(data.texts) == len(set(data.texts)) >= 300
    assert all(len(text) > 10 and text == text.strip() for text in data.texts)
    assert np.bincount(data.y).min() >= 50
    english = data.rows(np.flatnonzero(data.y == data.class_names.index("English")))
    assert sum(" the " in f" {text.lower()} " for text in english.texts) > len(english.texts) / 4


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
