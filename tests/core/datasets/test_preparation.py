"""Preparation of features: fitted on the training part alone, and reversible to their units."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import RunConfig, Trainer
from core.config.errors import ConfigError
from core.datasets import DataError, Dataset
from core.datasets.preparation import EXTRA_FEATURES, Preparation, TextFeatures
from core.datasets.prepare import prepare
from core.datasets.split import part


def dataset(x: object, y: object = None, **more: object) -> Dataset:
    rows = np.asarray(x, np.float64)
    labels = np.arange(len(rows)) % 2 if y is None else np.asarray(y)
    names = tuple(f"f{number}" for number in range(rows.shape[1]))
    return Dataset(rows, labels, names, ("a", "b"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("preprocess", ["standard", "minmax", "none"])
def test_inputs_go_back_to_the_features_they_were_made_of(preprocess: str) -> None:
    rng = np.random.default_rng(0)
    data = dataset(rng.normal(5, 3, (40, 2)) * [1, 1000])
    fitted = Preparation.fit(data, preprocess, tuple(EXTRA_FEATURES))
    inputs = fitted.inputs(data.x)
    assert inputs.shape == (40, 7)
    assert fitted.features(inputs) == pytest.approx(data.x)


def test_inputs_are_scaled_by_the_training_part_alone() -> None:
    config = RunConfig(dataset="wine", preprocess="standard")
    data = prepare(config)
    assert data.x_train.mean(axis=0) == pytest.approx(np.zeros(13), abs=1e-12)
    assert data.x_train.std(axis=0) == pytest.approx(np.ones(13))
    assert np.abs(data.x_test.mean(axis=0)).max() > 0.01
    scaled = prepare(config.changed(preprocess="minmax"))
    assert scaled.x_train.min(axis=0) == pytest.approx(np.zeros(13))
    assert scaled.x_train.max(axis=0) == pytest.approx(np.ones(13))
    assert scaled.x_test.max() > 1
    raw = prepare(config.changed(preprocess="none"))
    assert raw.x_train.max() > 1000
    assert data.preparation.features(data.x_train) == pytest.approx(raw.x_train)


def test_numbers_to_predict_are_scaled_too_and_told_in_their_own_units() -> None:
    data, raw = (
        prepare(RunConfig(dataset="diabetes", preprocess=each)) for each in ("standard", "none")
    )
    targets = np.asarray(data.y_train, np.float64)
    assert targets.mean() == pytest.approx(0, abs=1e-12)
    assert targets.std() == pytest.approx(1)
    assert data.preparation.in_units(targets) == pytest.approx(np.asarray(raw.y_train))
    assert raw.y_train.max() > 300


def test_a_constant_feature_stays_finite() -> None:
    data = dataset([[1e9, 0], [1e9, 1], [1e9, 2], [1e9, 3]])
    for preprocess in ("standard", "minmax"):
        inputs = Preparation.fit(data, preprocess).inputs(data.x)
        assert np.isfinite(inputs).all()
        assert not inputs[:, 0].any()


def test_a_missing_number_is_the_median_and_a_missing_category_the_most_frequent() -> None:
    nan = np.nan
    rows = [[1, 1, 0], [2, 1, 0], [9, 0, 1], [nan, nan, nan]]
    data = dataset(rows, one_hot=((1, 3),))
    fitted = Preparation.fit(data, "none")
    assert fitted.inputs(data.x)[3].tolist() == [2, 1, 0]
    assert np.isnan(data.x[3]).all()  # the data themselves stay as they were read


def test_the_extra_features_are_those_of_the_playground() -> None:
    x = np.array([[0.5, -2.0], [3.0, 1.0]])
    inputs = Preparation(extra=tuple(EXTRA_FEATURES)).inputs(x)
    for row, (a, b) in zip(inputs, x.tolist(), strict=True):
        assert row.tolist() == pytest.approx([a, b, a * a, b * b, a * b, np.sin(a), np.sin(b)])


def test_circles_are_linear_in_the_squares() -> None:
    config = RunConfig(dataset="circles", hidden=(), features_extra=("x1sq", "x2sq"), epochs=300)
    trainer = Trainer(config)
    assert trainer.network.sizes == (4, 2)
    while trainer.stopped is None:
        metrics = trainer.train_epoch()
    assert metrics.test_score > 0.95


def test_extra_features_are_refused_where_there_are_not_two() -> None:
    with pytest.raises(ConfigError, match="iris has 4 features and not two"):
        prepare(RunConfig(dataset="iris", features_extra=("x1sq",)))
    two = RunConfig(dataset="iris", features_extra=("x1x2",), features=("1", "petal length"))
    assert prepare(two).x_train.shape[1] == 3


def test_a_feature_that_is_not_there_is_named_with_those_that_are() -> None:
    for name in ("petal lenth", "-petal lenth"):
        with pytest.raises(DataError, match=r"'petal lenth'.*did you mean petal length"):
            prepare(RunConfig(dataset="iris", features=(name,)))


def test_features_of_built_in_data_are_chosen_by_ranges_and_excluded() -> None:
    names = ("sepal length", "sepal width", "petal length", "petal width")
    for asked, left in (
        ({"features": ("2-4", "-3")}, (names[1], names[3])),
        ({"features": ("-petal width",)}, names[:3]),
        ({"exclude": ("1-2",)}, names[2:]),
        ({"features": ("1-3",), "exclude": ("2",)}, (names[0], names[2])),
        ({"exclude": ()}, names),
    ):
        assert prepare(RunConfig(dataset="iris", **asked)).feature_names == left
    with pytest.raises(DataError, match="no feature is left"):
        prepare(RunConfig(dataset="iris", exclude=("1-4",)))
    squared = RunConfig(dataset="iris", features=("1-2",), features_extra=("x1sq",))
    assert prepare(squared).x_train.shape[1] == 3


@given(
    samples=st.integers(8, 200),
    test_size=st.floats(0.0, 0.6),
    validation_size=st.floats(0.0, 0.35),
    seed=st.integers(0, 50),
)
def test_the_parts_are_a_partition_in_fair_shares(
    samples: int, test_size: float, validation_size: float, seed: int
) -> None:
    data = dataset(np.zeros((samples, 1)), np.arange(samples) % 2)
    rng = np.random.default_rng(seed)
    parts = part(data, test_size, rng, validation_size)
    used = [parts.train, parts.validation] if parts.shared else [*parts[:3]]
    everything = np.concatenate(used)
    assert sorted(everything.tolist()) == list(range(samples))
    for each, share in ((parts.test, test_size), (parts.validation, validation_size)):
        spare = (1 - test_size - validation_size) * samples
        if share and not parts.shared and spare >= 4:  # else each class keeps one for training
            assert abs(len(each) - share * samples) <= 1.5
            ones = int(np.sum(data.y[each] == 1))
            assert abs(2 * ones - len(each)) <= 2
    again = part(data, test_size, np.random.default_rng(seed), 0.0)
    if test_size:
        # the test part does not depend on how many samples are for validation
        assert set(again.test.tolist()) == set(parts.test.tolist())


def test_a_validation_part_decides_when_to_stop_and_is_not_trained_on() -> None:
    config = RunConfig(validation_size=0.2, patience=5, learning_rate=0.05, epochs=500)
    trainer = Trainer(config)
    data = trainer.data
    assert data.x_validation is not None
    assert (len(data.y_train), len(data.x_validation), len(data.y_test)) == (110, 40, 50)
    shown = {row.tobytes() for row in data.x_train} | {row.tobytes() for row in data.x_test}
    assert not shown & {row.tobytes() for row in data.x_validation}
    losses = [trainer.untrained.validation_loss]
    while trainer.stopped is None:
        losses.append(trainer.train_epoch().validation_loss)
    assert trainer.best.epoch == int(np.argmin(losses[1:])) + 1
    assert trainer.restored == trainer.best.epoch
    predicted = trainer.network.predict(data.x_validation).argmax(axis=1)
    assert trainer.measure().validation_score == np.mean(predicted == data.y_validation)


def test_without_a_validation_part_its_metrics_are_no_numbers() -> None:
    metrics = Trainer(RunConfig()).train_epoch()
    assert np.isnan([metrics.validation_loss, metrics.validation_score]).all()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"test_size": 0.5, "validation_size": 0.5}, "validation_size"),
        ({"monitor": "validation"}, "monitor"),
    ],
)
def test_parts_that_leave_nothing_or_are_not_there_are_refused(
    changes: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig(**changes)  # type: ignore[arg-type]
    assert caught.value.name == named


def test_a_data_seed_draws_other_data_and_leaves_the_weights() -> None:
    first, second = (Trainer(RunConfig(data_seed=seed)) for seed in (1, 2))
    assert not np.array_equal(first.data.x_train, second.data.x_train)
    assert np.array_equal(first.network.parameters, second.network.parameters)
    assert np.array_equal(Trainer(RunConfig(seed=1)).data.x_train, first.data.x_train)


SENTENCES = ("the cat sat", "the dog ran", "der Hund lief", "die Katze lag")


@pytest.mark.parametrize("analyzer", ["char", "word"])
def test_texts_are_counted_as_scikit_learn_counts_them(analyzer: str) -> None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    kind, ngrams = ("char_wb", (1, 3)) if analyzer == "char" else ("word", (1, 2))
    theirs = TfidfVectorizer(analyzer=kind, ngram_range=ngrams, max_features=12)
    expected = theirs.fit_transform(SENTENCES).toarray()
    ours = TextFeatures.fit(SENTENCES, analyzer, 12)
    assert len(ours.vocabulary) == 12
    assert ours.of(SENTENCES) == pytest.approx(expected)
    unknown = ["zzz the the"]
    assert ours.of(unknown) == pytest.approx(theirs.transform(unknown).toarray())


def written(folder: Path, text: str) -> str:
    file = folder / "data.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_vocabulary_is_that_of_the_training_texts(tmp_path: Path) -> None:
    rows = [f"word{number} common,{'ab'[number % 2]}" for number in range(40)]
    path = written(tmp_path, "text,kind\n" + "\n".join(rows) + "\n")
    data = prepare(RunConfig(data=path, text="text", ngrams="word", vocabulary=5000))
    text = data.preparation.text
    assert text is not None
    counted = {each for each in text.vocabulary if each.startswith("word") and " " not in each}
    assert len(counted) == len(data.y_train) == 30
    assert data.preparation.inputs_of_texts(["common"]).shape == (1, data.x_train.shape[1])


def test_texts_without_words_are_told_so(tmp_path: Path) -> None:
    path = written(tmp_path, "text,kind\n" + "!,a\n?,b\n" * 6)
    with pytest.raises(DataError, match="the texts contain no words"):
        prepare(RunConfig(data=path, text="text", ngrams="word"))


def test_samples_without_a_value_are_imputed_or_dropped(tmp_path: Path) -> None:
    rows = [
        f"{number / 2},{'' if number % 4 == 0 else number * 2},{number % 2}" for number in range(40)
    ]
    path = written(tmp_path, "a,b,class\n" + "\n".join(rows) + "\n")
    imputed, dropped = (prepare(RunConfig(data=path, missing=how)) for how in ("impute", "drop"))
    assert len(imputed.y_train) + len(imputed.y_test) == 40
    assert len(dropped.y_train) + len(dropped.y_test) == 30
    assert np.isfinite(imputed.x_train).all()
    assert imputed.summary is not None
    assert dropped.summary is not None
    assert any("10 samples with missing values" in note for note in imputed.summary.notes)
    assert any("Left out: 10 samples with missing values." in n for n in dropped.summary.notes)
    assert imputed.summary.features[1].missing == 10


def test_the_same_file_and_settings_give_the_same_run(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = [f"{a:.4f},{b:.4f},{'xy'[int(a > b)]}" for a, b in rng.normal(size=(60, 2))]
    path = written(tmp_path, "a,b,kind\n" + "\n".join(rows) + "\n")
    runs = []
    for _ in range(2):
        trainer = Trainer(RunConfig(data=path, epochs=5))
        runs.append([trainer.train_epoch() for _ in range(5)])
    assert [tuple(map(str, each)) for each in runs[0]] == [
        tuple(map(str, each)) for each in runs[1]
    ]
