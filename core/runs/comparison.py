"""Comparison of saved runs: settings that differ, outcomes, curves, and samples they disagree on."""

from __future__ import annotations

from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import numpy as np

from core.analysis.prediction_map import classify
from core.config.run_config import settings
from core.dataclass import dataclass
from core.runs.atomic_files import shown
from core.training.epoch_log import EpochLog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer

CHUNK: Final = 4096
"""Samples that are predicted at once."""

MOST_MARKED: Final = 2000
"""Samples whose features are part of a comparison, at most: more would cover a map."""

OTHER_SAMPLES: Final = "their samples differ (data, noise, split, seed or preprocessing)"
NUMBERS: Final = "they predict numbers, and not classes"

OUTCOMES: Final = (
    *("epochs", "train_loss", "test_loss", "train_score", "test_score"),
    *("validation_loss", "validation_score", "best_loss", "best_epoch"),
)
"""Names of the numbers of a run."""


@dataclass(eq=False)
class ComparedRun:
    """A run among others: its settings, its epochs and its outcome.

    Attributes:
        name: of the run, printable.
        config: its settings.
        log: metrics of its epochs, without those of branches that were abandoned.
        epoch: number of epochs trained.
        metrics: of its newest network.
        has_classes: whether the scores are accuracies.
    """

    name: str
    config: RunConfig
    log: EpochLog
    epoch: int
    metrics: EpochMetrics
    has_classes: bool

    @classmethod
    def of(cls, saved: SavedRun) -> ComparedRun:
        """Return a saved run."""
        header, log = saved.header, EpochLog()
        log.extend(saved.epochs)
        name = shown(saved.path.name)
        return cls(name, header.config, log, header.epoch, header.metrics, header.has_classes)

    @property
    def part(self) -> str:
        """Samples whose loss is compared: validation samples if there are any, else test samples."""
        return "validation" if isfinite(self.metrics.validation_loss) else "test"

    @property
    def shared(self) -> bool:
        """Whether the test samples are the training samples, as far as the losses show it."""
        return self.metrics.train_loss == self.metrics.test_loss

    def outcome(self, name: str) -> float:
        """Return one of `OUTCOMES`; those called `best` are of the lowest loss on `part`."""
        if name == "epochs":
            return self.epoch
        if name in {"best_loss", "best_epoch"}:
            at = self.log.lowest(f"{self.part}_loss", 0, len(self.log))
            if at is None:
                return nan
            return at if name == "best_epoch" else getattr(self.log.at(at), f"{self.part}_loss")
        return float(getattr(self.metrics, name))


def differing_settings(configs: Sequence[RunConfig]) -> list[str]:
    """Return the names of the settings in which any two runs differ."""
    if not configs:
        return []
    first = configs[0]
    names = {each.name for config in configs[1:] for each in first.differences(config)}
    return [each.name for each in settings() if each.name in names]


Run = TypeVar("Run", bound=ComparedRun)


def in_order(runs: Sequence[Run], column: str) -> list[Run]:
    """Return the runs sorted by one of `OUTCOMES`, scores descending, or by a setting."""
    if column in OUTCOMES:
        sign = -1 if column.endswith("_score") else 1

        def number(run: ComparedRun) -> float:
            value = sign * run.outcome(column)
            return value if isfinite(value) else inf

        return sorted(runs, key=number)

    def value(run: ComparedRun) -> tuple[bool, Any]:
        found = getattr(run.config, column)
        # values of one setting may have several types
        is_number = isinstance(found, int | float)
        return (not is_number, found if is_number else str(found))

    return sorted(runs, key=value)


class Sample(NamedTuple):
    """A sample that two runs predict differently.

    Attributes:
        part: `train`, `test` or `validation`.
        number: of the sample in that part, from 1.
        target: name of its class.
        predicted: names of the classes that the runs predict.
    """

    part: str
    number: int
    target: str
    predicted: tuple[str, str]


@dataclass(frozen=True)
class Disagreement:
    """Predictions of two runs for the samples of both.

    Attributes:
        reason: why they cannot be compared, or an empty string.
        samples: that they predict differently.
        counts: number of samples of each part.
        features: (samples, features) of the first of these samples, in original units.
    """

    reason: str = ""
    samples: tuple[Sample, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    features: Array | None = None

    @property
    def total(self) -> int:
        """Number of samples that both runs predict."""
        return sum(count for _, count in self.counts)


def disagreement(first: SavedRun, second: SavedRun) -> Disagreement:
    """Compare the predictions of two runs for all their samples.

    Raises:
        RunError: when a run or its data cannot be loaded.
    """
    # without loading the data
    if first.header.data_digest != second.header.data_digest:
        return Disagreement(OTHER_SAMPLES)
    if not first.header.has_classes:
        return Disagreement(NUMBERS)
    return predictions_of(first.trainer(), second.trainer())


def predictions_of(one: Trainer, other: Trainer) -> Disagreement:
    """Compare the predictions of two trainers, as they are now, for all their samples."""
    data, samples, counts, features = one.data, [], [], []
    if data.digest != other.data.digest:
        return Disagreement(OTHER_SAMPLES)
    if not data.has_classes:
        return Disagreement(NUMBERS)
    for part, (name, (x, y)) in enumerate(zip(_part_names(data), data.parts, strict=True)):
        labels, others = _classes(one, part), _classes(other, part)
        counts.append((name, len(y)))
        found = np.flatnonzero(labels != others)
        samples += [
            Sample(
                name,
                at + 1,
                data.class_names[int(y[at])],
                (data.class_names[int(labels[at])], data.class_names[int(others[at])]),
            )
            for at in found.tolist()
        ]
        features.append(data.preparation.features(x[found[:MOST_MARKED]]))
    return Disagreement("", tuple(samples), tuple(counts), np.concatenate(features)[:MOST_MARKED])


def _classes(trainer: Trainer, part: int) -> Labels:
    x, _ = trainer.data.parts[part]
    with np.errstate(all="ignore"):
        labels = [
            classify(trainer.network, x[start : start + CHUNK])[0]
            for start in range(0, len(x), CHUNK)
        ]
    return np.concatenate(labels)


def _part_names(data: DataSplit) -> list[str]:
    names = ["train"] if data.shared else ["train", "test"]
    return [*names, *(["validation"] if data.x_validation is not None else [])]
