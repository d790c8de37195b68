"""Settings of the data: the first part of `RunConfig`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.config.errors import ConfigError
from core.config.settings import declare
from core.config.value_types import (
    ColumnNames,
    Delimiter,
    Float,
    Integer,
    MultiChoice,
    OptionalValue,
    Switch,
    Text,
    auto,
    choice,
    or_off,
)
from core.datasets import DATASETS
from core.datasets.files import Source
from core.datasets.preparation import EXTRA_FEATURES, PREPROCESSORS

OF_TABLES: Final = ("delimiter", "header", "encoding")
"""Settings that only apply to tables in text files."""


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The data to learn from, their split and their preprocessing."""

    dataset: str = declare(
        "moons",
        choice({info.name: info.description for info in DATASETS.values()}),
        group="data",
        effect="data",
        help="data set to learn from",
    )
    samples: int | None = declare(
        None,
        auto(Integer(4, 1_000_000)),
        group="data",
        effect="data",
        help="number of samples to draw (auto: the data set's own)",
    )
    noise: float | None = declare(
        None,
        auto(Float(0, 10, open_high=False)),
        group="data",
        effect="data",
        help="standard deviation of the noise added to the samples",
    )
    classes: int | None = declare(
        None,
        auto(Integer(2, 20)),
        group="data",
        effect="data",
        help="number of classes of blobs and gaussian_quantiles, and of arms of spiral",
    )
    data_seed: int | None = declare(
        None,
        auto(Integer(0, 2**63 - 1)),
        group="data",
        effect="data",
        help="random seed of the data and the split (auto: the seed of the run)",
    )
    test_size: float = declare(
        0.25,
        Float(0, 1),
        group="data",
        effect="data",
        help="fraction of the samples held out for testing; with 0 the training samples are also the "
        "test samples",
    )
    validation_size: float = declare(
        0.0,
        Float(0, 1),
        group="data",
        effect="data",
        help="fraction of the samples held out for validation, which decides when to stop",
    )
    features: tuple[str, ...] | None = declare(
        None,
        OptionalValue(ColumnNames(), "all"),
        group="data",
        effect="data",
        help="columns to use as features",
    )
    preprocess: str | None = declare(
        None,
        auto(choice(PREPROCESSORS)),
        group="data",
        effect="data",
        help="scaling of features and regression targets (auto: the data set's own; standard for files)",
    )
    features_extra: tuple[str, ...] = declare(
        (),
        MultiChoice(tuple(EXTRA_FEATURES), tuple(line for line, _ in EXTRA_FEATURES.values())),
        group="data",
        effect="data",
        help="additional inputs computed from the features of two-dimensional data",
    )
    data: str | None = declare(
        None,
        or_off(Text("the name of a CSV, TSV, NPZ or Parquet file")),
        group="file",
        effect="data",
        help="file to learn from, instead of a built-in data set",
    )
    target: tuple[str, ...] | None = declare(
        None,
        auto(ColumnNames()),
        group="file",
        effect="data",
        help="column to predict (auto: a column named target, label, class or y, or the last one)",
    )
    task: str | None = declare(
        None,
        auto(choice({"classification": "predict classes", "regression": "predict numbers"})),
        group="file",
        effect="data",
        help="type of the target (auto: words, and integers with few different values, are classes)",
    )
    missing: str = declare(
        "impute",
        choice(
            {
                "impute": "the median of the training samples, or their most frequent category",
                "drop": "samples with a missing value are left out",
            }
        ),
        group="file",
        effect="data",
        help="treatment of missing values",
    )
    text: str | None = declare(
        None,
        or_off(Text("a column name, or a number from 1")),
        group="file",
        effect="data",
        help="column of texts to predict from, by their n-grams (TF-IDF)",
    )
    ngrams: str = declare(
        "char",
        choice({"char": "one to three letters", "word": "one or two words"}),
        group="file",
        effect="data",
        help="units that are counted in texts",
    )
    vocabulary: int = declare(
        500,
        Integer(1, 20_000),
        group="file",
        effect="data",
        help="number of n-grams that are counted, the most frequent ones",
    )
    delimiter: str | None = declare(
        None, auto(Delimiter()), group="file", effect="data", help="separator between columns"
    )
    header: bool | None = declare(
        None,
        auto(Switch()),
        group="file",
        effect="data",
        help="whether the first row contains the names of the columns",
    )
    encoding: str | None = declare(
        None,
        auto(Text("a text encoding such as latin-1 or utf-16")),
        group="file",
        effect="data",
        help="character encoding of the file (auto: UTF-8)",
    )

    @property
    def drawn_classes(self) -> int:
        """Number of classes of a built-in data set; 0 for regression."""
        return DATASETS[self.dataset].classes if self.classes is None else self.classes

    @property
    def source(self) -> Source | None:
        """The file to read and the options for reading it; None for a built-in data set."""
        if self.data is None:
            return None
        return Source(
            self.data,
            self.target or (),
            self.features or (),
            self.delimiter,
            self.header,
            self.encoding,
            self.task,
            self.text,
        )

    def check_data(self) -> None:
        """Check combinations of these settings, as far as possible before data are read.

        Raises:
            ConfigError: if two settings contradict each other.
        """
        if self.test_size + self.validation_size >= 1:
            raise ConfigError(
                "validation_size",
                self.validation_size,
                f"a number below {1 - self.test_size:g}, as test size is {self.test_size:g}",
            )
        if self.data is None:
            self._check_drawn()

    def _check_drawn(self) -> None:
        info = DATASETS[self.dataset]
        features = len(self.features) if self.features is not None else info.features
        if self.features_extra and features != 2:
            accepted = f"none, as {self.dataset} has {features} features and not two"
            raise ConfigError("features_extra", self.features_extra, accepted)
        if self.classes is not None and not info.any_classes and self.classes != info.classes:
            accepted = f"{info.classes} or auto" if info.classes else "auto"
            raise ConfigError("classes", self.classes, f"{accepted} for {self.dataset}")
        if self.noise is not None and info.fixed and self.samples is None:
            points = "its points are fixed"
            if info.generate is not None:
                points += " unless samples is given"
            raise ConfigError("noise", self.noise, f"auto for {self.dataset}: {points}")
        if self.samples is not None and info.generate is None:
            raise ConfigError(
                "samples", self.samples, f"auto for {self.dataset}, which has {info.samples}"
            )
        if self.samples is not None and self.samples < 2 * self.drawn_classes:
            raise ConfigError(
                "samples",
                self.samples,
                f"at least {2 * self.drawn_classes} for {self.drawn_classes} classes",
            )
