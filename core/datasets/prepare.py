"""Loading, splitting and preprocessing the data of a run configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.errors import ConfigError
from core.datasets.dataset import DataError, DataSplit
from core.datasets.files.column_entries import feature_columns
from core.datasets.files.names import counted
from core.datasets.preparation import EXTRA_FEATURES, Preparation, TextFeatures
from core.datasets.registry import DATASETS
from core.datasets.split import part
from core.datasets.summary import summarize
from core.memory import memory_for
from core.randomness import stream

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import Dataset, ProgressCallback

MOST_NUMBERS: Final = 200_000_000
"""Inputs of all samples together: 0.8 GB in float32."""

MAX_DIGITS: Final = 10
"""Digits of a number that counts something: Python refuses to read one of thousands."""

LARGEST_INPUT: Final = 1e15
"""Larger inputs overflow single precision within a layer or two."""

LONG: Final = 2_000_000
"""Amount of numbers from which preparing them takes noticeable time."""


def no_progress(what: str, share: float) -> None:
    """Progress callback that does nothing."""
    del what, share


def load(config: RunConfig, progress: ProgressCallback = no_progress) -> Dataset:
    """Generate or read the data set of a config, in original units.

    Raises:
        DataError: when a file holds nothing that can be learnt from.
        ConfigError: if a requested column does not exist.
    """
    if config.source is not None:
        from core.datasets.files.read import read

        data = read(config.source, progress)
    else:
        info = DATASETS[config.dataset]
        if info.generate is None:
            progress(f"loading {info.name}", 0.0)
        data = info.draw(config.draw_seed, config.samples, config.noise, config.classes)
        data = replace(data, name=config.source_name)
        if config.features is not None or config.exclude:
            data = _chosen(data, config.features or (), config.exclude)
    if config.missing == "drop" and config.data is not None:
        data = _without_missing(data)
    return data


# numbers near the largest double overflow on the way; the result is checked
@np.errstate(all="ignore")
def prepare(
    config: RunConfig, progress: ProgressCallback = no_progress, loaded: Dataset | None = None
) -> DataSplit:
    """Return the data of a config, split and preprocessed.

    Args:
        config: settings of the data, and the seed of the split.
        progress: called with each step; an exception cancels it.
        loaded: what `load` has returned for these settings, if it was called before.

    Raises:
        DataError: when a file holds nothing that can be learnt from.
        ConfigError: if a setting does not fit the data.
        NotEnoughMemory: if the data are too large.
    """
    data = load(config, progress) if loaded is None else loaded
    _check_extra(data, config)
    size = 16 * data.x.size + 8 * sum(map(len, data.texts))
    what = f"{len(data.y):,} samples of {data.name}"
    with memory_for(what, size, "choose fewer samples or features"):
        return _in_parts(data, config, progress)


def _in_parts(data: Dataset, config: RunConfig, progress: ProgressCallback) -> DataSplit:

    def report(share: float) -> None:
        if data.x.size > LONG or data.texts:
            progress(f"preparing {data.name}", share)

    report(0.0)
    rng = stream(config.draw_seed, "split")
    train, test, validation, shared = part(data, config.test_size, rng, config.validation_size)
    preprocess = _preprocessing(config, data)
    _check_size(data)
    data, fitted = _prepared(data, train, config, preprocess)
    report(0.3)
    sizes = {"train": len(train), "validation": len(validation), "test": len(test)}
    parts = tuple((name, size) for name, size in sizes.items() if size)
    if shared:
        parts = (("train = test", len(train)),)
    description = "" if config.data is not None else DATASETS[config.dataset].description
    summary = summarize(_noted(data, fitted, preprocess), description, parts)
    report(0.6)
    x_train, y_train = fitted.inputs(data.x[train]), _targets(data, train, fitted)
    report(0.9)
    has_validation = bool(validation.size)
    x_test = x_train if shared else fitted.inputs(data.x[test])
    for x in (x_train, x_test):
        _check_range(data, x)
    return DataSplit(
        x_train,
        y_train,
        x_test,
        y_train if shared else _targets(data, test, fitted),
        data.feature_names,
        data.class_names,
        data.target_names,
        shared,
        fitted.inputs(data.x[validation]) if has_validation else None,
        _targets(data, validation, fitted) if has_validation else None,
        fitted,
        validation_samples=len(validation),
        summary=summary,
    )


def _preprocessing(config: RunConfig, data: Dataset) -> str:
    if config.preprocess is not None:
        return config.preprocess
    if config.data is None:
        return DATASETS[config.dataset].preprocess
    return "none" if data.texts else "standard"  # the features of a text already have norm 1


def _prepared(
    data: Dataset, train: Labels, config: RunConfig, preprocess: str
) -> tuple[Dataset, Preparation]:
    """Return the data with their features, and the fitted preparation."""
    if not data.texts:
        return data, Preparation.fit(data.rows(train), preprocess, config.features_extra)
    try:
        text = TextFeatures.fit(data.rows(train).texts, config.ngrams, config.vocabulary)
    except ValueError:
        raise DataError(f"{data.name}: the texts contain no words") from None
    if len(data.texts) * len(text.vocabulary) > MOST_NUMBERS:
        most = MOST_NUMBERS // len(data.texts)
        raise ConfigError(
            "vocabulary", config.vocabulary, f"at most {most} for {len(data.texts):,} texts"
        )
    note = f"Features are the {len(text.vocabulary):,} most frequent n-grams of the training texts."
    names = tuple(repr(each)[1:-1] for each in text.vocabulary)
    what = f"{len(data.texts):,} texts and {len(text.vocabulary):,} n-grams"
    size = 16 * len(data.texts) * len(text.vocabulary)
    with memory_for(what, size, "choose fewer samples or a smaller vocabulary"):
        x = text.of(data.texts)
    data = replace(data, x=x, feature_names=names, notes=(*data.notes, note))
    # regression targets are scaled as those of other files, unless preprocess is given
    target_preprocess = config.preprocess or ("standard" if config.data is not None else preprocess)
    fitted = Preparation.fit(data.rows(train), preprocess, target_preprocess=target_preprocess)
    return data, fitted.with_text(text)


def _targets(data: Dataset, rows: Labels, fitted: Preparation) -> Labels | Array:
    return data.y[rows] if data.class_names else fitted.targets(np.asarray(data.y[rows]))


def _noted(data: Dataset, fitted: Preparation, preprocess: str) -> Dataset:
    """Return the data with notes on the preprocessing."""
    notes = list(data.notes)
    missing = int(np.isnan(data.x).any(axis=1).sum())
    if missing:
        notes.append(
            f"{counted(missing, 'sample')} with missing values: replaced by the median or the most "
            "frequent category of the training samples."
        )
    if preprocess != "none":
        how = "mean 0, standard deviation 1" if preprocess == "standard" else "from 0 to 1"
        what = "Inputs" if data.class_names else "Inputs and targets"
        notes.append(
            f"{what} are scaled ({how} over the training samples); axes show original units."
        )
    if fitted.extra:
        made = ", ".join(EXTRA_FEATURES[word][0] for word in fitted.extra)
        notes.append(f"Additional inputs are computed from the first two: {made}.")
    return replace(data, notes=tuple(notes))


def _chosen(data: Dataset, features: tuple[str, ...], exclude: tuple[str, ...] | None) -> Dataset:
    """Return the data with some of the features."""
    names = data.feature_names
    selected = feature_columns(names, features, exclude, data.name, "feature")
    columns = list(selected.features)
    if not columns:
        raise DataError(f"{data.name}: no feature is left; all are excluded")
    chosen = tuple(names[column] for column in columns)
    note = f"{len(columns)} of {len(names)} features are used."
    return replace(
        data,
        x=data.x[:, columns],
        feature_names=chosen,
        image=None,
        notes=(*data.notes, note),
        excluded=tuple((names[column], "") for column in selected.excluded),
    )


def _without_missing(data: Dataset) -> Dataset:
    whole = ~np.isnan(data.x).any(axis=1)
    count = int((~whole).sum())
    if not count:
        return data
    kept = data.rows(np.flatnonzero(whole))
    constant = any(len(np.unique(column)) < 2 for column in np.reshape(kept.y, (len(kept.y), -1)).T)
    if len(kept.y) < 4 or constant:
        raise DataError(
            f"{data.name}: {count:,} of {len(data.y):,} samples have missing values, and too few "
            "remain without them; --missing impute keeps them"
        )
    dropped = f"Left out: {counted(count, 'sample')} with missing values."
    return replace(kept, notes=(*data.notes, dropped))


def _check_extra(data: Dataset, config: RunConfig) -> None:
    if config.features_extra and len(data.feature_names) != 2:
        raise ConfigError(
            "features_extra",
            config.features_extra,
            f"none, as {data.name} has {len(data.feature_names)} features and not two",
        )


def _check_range(data: Dataset, inputs: Array) -> None:
    largest = np.abs(inputs).max(axis=0) if len(inputs) else np.zeros(inputs.shape[1])
    if not (largest < LARGEST_INPUT).all():
        column = int(np.argmax(~(largest < LARGEST_INPUT)))
        names = data.feature_names
        name = names[column] if column < len(names) else "an extra feature"
        raise DataError(
            f"{data.name}: {name} has values up to {np.nanmax(np.abs(data.x)):.3g}, too large for a "
            "network; leave out the feature or its outliers"
        )


def _check_size(data: Dataset) -> None:
    numbers = data.x.size
    if numbers > MOST_NUMBERS:
        raise DataError(
            f"{data.name}: {data.x.shape[0]:,} samples of {data.x.shape[1]:,} features exceed "
            f"{MOST_NUMBERS:,} numbers; choose some with --features"
        )
