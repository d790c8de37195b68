"""Settings of the data: the first part of `RunConfig`."""

from __future__ import annotations

from functools import partial
from typing import Final

from core.config.errors import ConfigError
from core.config.settings import declare
from core.config.value_types import (
    ColumnNames,
    Delimiter,
    Float,
    HyphenatedName,
    Integer,
    MissingMarkers,
    MultiChoice,
    OptionalValue,
    Switch,
    Text,
    auto,
    choice,
    hyphenated,
    or_off,
)
from core.dataclass import dataclass
from core.datasets import DATASETS
from core.datasets.files import Source
from core.datasets.preparation import EXTRA_FEATURES, PREPROCESSORS

OF_TABLES: Final = ("delimiter", "header", "encoding", "decimal")
"""Settings that only apply to tables in text files."""


# a row of the settings table: default, type, help
_data = partial(declare, "data", effect="data")
_file = partial(declare, "file", effect="data")


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """The data to learn from, their split and their preprocessing."""

    dataset: str = _data(
        "moons",
        HyphenatedName(
            tuple(map(hyphenated, DATASETS)), tuple(info.description for info in DATASETS.values())
        ),
        "data set to learn from",
    )
    samples: int | None = _data(
        None, auto(Integer(4, 1_000_000)), "number of samples to draw (auto: the data set's own)"
    )
    noise: float | None = _data(
        None,
        auto(Float(0, 10, open_high=False)),
        "standard deviation of the noise added to the samples",
    )
    classes: int | None = _data(
        None,
        auto(Integer(2, 20)),
        "number of classes of blobs and gaussian-quantiles, and of arms of spiral",
    )
    data_seed: int | None = _data(
        None,
        auto(Integer(0, 2**63 - 1)),
        "random seed of the data and the split (auto: the seed of the run)",
    )
    test_size: float = _data(
        0.25,
        Float(0, 1),
        "fraction of the samples held out for testing; with 0 the training samples are also the "
        "test samples",
    )
    validation_size: float = _data(
        0.0,
        Float(0, 1),
        "fraction of the samples held out for validation, which decides when to stop",
    )
    features: tuple[str, ...] | None = _data(
        None,
        OptionalValue(ColumnNames(), "all"),
        "columns to use as features, such as age,3,5-9; with a minus sign, all but these",
    )
    exclude: tuple[str, ...] | None = _data(
        None,
        auto(ColumnNames(or_none=True)),
        "columns that are no features, in addition to those of a file that measure nothing, such as an "
        "id (none: exclude no column; -id: keep this one)",
    )
    preprocess: str | None = _data(
        None,
        auto(choice(PREPROCESSORS)),
        "scaling of features and regression targets (auto: the data set's own; standard for files)",
    )
    features_extra: tuple[str, ...] = _data(
        (),
        MultiChoice(tuple(EXTRA_FEATURES), tuple(line for line, _ in EXTRA_FEATURES.values())),
        "additional inputs computed from the features of two-dimensional data",
    )
    data: str | None = _file(
        None,
        or_off(Text("the name of a CSV, TSV, ARFF, libsvm, NPZ or Parquet file")),
        "file to learn from, instead of a built-in data set",
    )
    target: tuple[str, ...] | None = _file(
        None,
        auto(ColumnNames()),
        "column to predict (auto: a column with a name such as target, label, class or price, or the "
        "last one)",
    )
    task: str | None = _file(
        None,
        auto(choice({"classification": "predict classes", "regression": "predict numbers"})),
        "type of the target (auto: words, and integers with few different values, are classes)",
    )
    missing: str = _file(
        "impute",
        choice(
            {
                "impute": "the median of the training samples, or their most frequent category",
                "drop": "samples with a missing value are left out",
            }
        ),
        "treatment of missing values",
    )
    na: tuple[str, ...] | None = _file(
        None,
        auto(MissingMarkers()),
        "more missing values, in all columns or one, in addition to empty cells, NA, ? and repeated "
        "numbers such as -999 that are far from all others (none: without those numbers)",
    )
    text: str | None = _file(
        None,
        or_off(Text("a column name, or a number from 1")),
        "column of texts to predict from, by their n-grams (TF-IDF)",
    )
    ngrams: str = _file(
        "char",
        choice({"char": "one to three letters", "word": "one or two words"}),
        "units that are counted in texts",
    )
    vocabulary: int = _file(
        500, Integer(1, 20_000), "number of n-grams that are counted, the most frequent ones"
    )
    delimiter: str | None = _file(None, auto(Delimiter()), "separator between columns")
    header: bool | None = _file(
        None, auto(Switch()), "whether the first row contains the names of the columns"
    )
    encoding: str | None = _file(
        None,
        auto(Text("a text encoding such as latin-1 or utf-16")),
        "character encoding of the file (auto: UTF-8)",
    )
    decimal: str | None = _file(
        None,
        auto(
            choice(
                {"point": "1.5, and 1,500 for thousands", "comma": "1,5, and 1.500 for thousands"}
            )
        ),
        "decimal sign of numbers (auto: by all cells of a column; 3,667 alone is 3667)",
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
            exclude=self.exclude,
            decimal=self.decimal,
            na=self.na or (),
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
        info, name = DATASETS[self.dataset], hyphenated(self.dataset)
        features = len(self.features) if self.features is not None else info.features
        # ranges and exclusions are resolved when the data are loaded
        is_known = not self.exclude and not any("-" in each for each in self.features or ())
        if self.features_extra and features != 2 and is_known:
            accepted = f"none, as {name} has {features} features and not two"
            raise ConfigError("features_extra", self.features_extra, accepted)
        if self.classes is not None and not info.any_classes and self.classes != info.classes:
            accepted = f"{info.classes} or auto" if info.classes else "auto"
            raise ConfigError("classes", self.classes, f"{accepted} for {name}")
        if self.noise is not None and info.fixed and self.samples is None:
            points = "its points are fixed"
            if info.generate is not None:
                points += " unless samples is given"
            raise ConfigError("noise", self.noise, f"auto for {name}: {points}")
        if self.samples is not None and info.generate is None:
            raise ConfigError("samples", self.samples, f"auto for {name}, which has {info.samples}")
        if self.samples is not None and self.samples < 2 * self.drawn_classes:
            raise ConfigError(
                "samples",
                self.samples,
                f"at least {2 * self.drawn_classes} for {self.drawn_classes} classes",
            )
