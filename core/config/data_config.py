"""The settings that say what to learn from: the first part of a run's config."""

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
"""Settings that concern nothing but tables written as text."""


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What to learn from, and how it is parted and prepared."""

    dataset: str = declare(
        "data",
        "moons",
        choice({info.name: info.description for info in DATASETS.values()}),
        "data",
        "what to learn from",
    )
    samples: int | None = declare(
        "data",
        None,
        auto(Integer(4, 1_000_000)),
        "data",
        "how many samples to draw (auto: the set's own)",
    )
    noise: float | None = declare(
        "data",
        None,
        auto(Float(0, 10, open_high=False)),
        "data",
        "deviation of the noise in the samples",
    )
    classes: int | None = declare(
        "data",
        None,
        auto(Integer(2, 20)),
        "data",
        "number of classes of blobs and quantiles, of arms of the spiral",
    )
    data_seed: int | None = declare(
        "data",
        None,
        auto(Integer(0, 2**63 - 1)),
        "data",
        "decides data and split alone (auto: the seed)",
    )
    test_size: float = declare(
        "data",
        0.25,
        Float(0, 1),
        "data",
        "share of the samples kept for testing; with 0 all are trained on and tested with",
    )
    validation_size: float = declare(
        "data",
        0.0,
        Float(0, 1),
        "data",
        "share of the samples that decide when to stop, and are neither trained on nor tested with",
    )
    features: tuple[str, ...] | None = declare(
        "data", None, OptionalValue(ColumnNames(), "all"), "data", "columns to predict from"
    )
    preprocess: str | None = declare(
        "data",
        None,
        auto(choice(PREPROCESSORS)),
        "data",
        "how features become inputs, and numbers targets (auto: the set's own; standard for files)",
    )
    features_extra: tuple[str, ...] = declare(
        "data",
        (),
        MultiChoice(tuple(EXTRA_FEATURES), tuple(line for line, _ in EXTRA_FEATURES.values())),
        "data",
        "more inputs, made of the two features of two-dimensional data",
    )
    data: str | None = declare(
        "file",
        None,
        or_off(Text("the name of a CSV, TSV, NPZ or Parquet file")),
        "data",
        "a file to learn from, in place of the dataset",
    )
    target: tuple[str, ...] | None = declare(
        "file",
        None,
        auto(ColumnNames()),
        "data",
        "what to predict (auto: a column called target, label, class or y, or the last)",
    )
    task: str | None = declare(
        "file",
        None,
        auto(
            choice({"classification": "tell classes apart", "regression": "predict numbers"}),
        ),
        "data",
        "what to do with the target (auto: words and few whole numbers are classes)",
    )
    missing: str = declare(
        "file",
        "impute",
        choice(
            {
                "impute": "the median of the training part, or its most frequent category",
                "drop": "samples with a missing value are left out",
            }
        ),
        "data",
        "what a missing value becomes",
    )
    text: str | None = declare(
        "file",
        None,
        or_off(Text("a column name, or a number from 1")),
        "data",
        "a column of texts to predict from, by their n-grams (TF-IDF)",
    )
    ngrams: str = declare(
        "file",
        "char",
        choice({"char": "one to three letters", "word": "one or two words"}),
        "data",
        "what is counted in texts",
    )
    vocabulary: int = declare(
        "file", 500, Integer(1, 20_000), "data", "n-grams that are counted, the most frequent ones"
    )
    delimiter: str | None = declare(
        "file", None, auto(Delimiter()), "data", "what stands between two columns"
    )
    header: bool | None = declare(
        "file", None, auto(Switch()), "data", "whether the first row holds the columns' names"
    )
    encoding: str | None = declare(
        "file",
        None,
        auto(Text("a text encoding such as latin-1 or utf-16")),
        "data",
        "how the file's characters are written (auto: UTF-8)",
    )

    @property
    def drawn_classes(self) -> int:
        """How many classes a drawn data set has; 0 where it has numbers to predict."""
        return DATASETS[self.dataset].classes if self.classes is None else self.classes

    @property
    def source(self) -> Source | None:
        """The file to read, and what of it; None where the data are no file's."""
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
        """Check what these settings mean together, as far as it is known before data are read.

        Raises:
            ConfigError: when that is not accepted.
        """
        if self.test_size + self.validation_size >= 1:
            raise ConfigError(
                "validation_size",
                self.validation_size,
                f"a share below {1 - self.test_size:g}, for test size is {self.test_size:g}",
            )
        if self.data is None:
            self._check_drawn()

    def _check_drawn(self) -> None:
        info = DATASETS[self.dataset]
        features = len(self.features) if self.features is not None else info.features
        if self.features_extra and features != 2:
            accepted = f"none, for {self.dataset} has {features} features and not two"
            raise ConfigError("features_extra", self.features_extra, accepted)
        if self.classes is not None and not info.any_classes and self.classes != info.classes:
            accepted = f"{info.classes} or auto" if info.classes else "auto"
            raise ConfigError("classes", self.classes, f"{accepted} for {self.dataset}")
        if self.noise is not None and info.fixed and self.samples is None:
            points = "the points stay where they are"
            if info.generate is not None:
                points += ", unless samples asks for a cloud"
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
