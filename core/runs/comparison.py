"""Comparison of saved runs: settings that differ, outcomes, curves, and samples they disagree on."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from core.analysis.prediction_map import classify
from core.config.run_config import settings
from core.runs.atomic_files import shown
from core.training.epoch_log import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Labels
    from core.datasets.dataset import DataSplit
    from core.runs.reader import SavedRun
    from core.training.trainer import Trainer

CHUNK: Final = 4096
"""Samples that are predicted at once."""

OUTCOMES: Final = (
    *("epochs", "train_loss", "test_loss", "train_score", "test_score"),
    *("validation_loss", "validation_score", "best_loss", "best_epoch"),
)
"""Names of the numbers of a run."""


@dataclass(frozen=True)
class ComparedRun:
    """A saved run among others.

    Attributes:
        saved: the run.
        curves: (epochs, columns) metrics of each epoch once, in the columns of `epoch_log.COLUMNS`.
    """

    saved: SavedRun
    curves: NDArray[np.float64]

    @classmethod
    def of(cls, saved: SavedRun) -> ComparedRun:
        """Return a run, without the epochs of branches that were abandoned."""
        return cls(saved, current_branch(saved.rows))

    @property
    def name(self) -> str:
        """Name of the run, printable."""
        return shown(self.saved.path.name)

    @property
    def part(self) -> str:
        """Samples whose loss is compared: validation samples if there are any, else test samples."""
        return "validation" if isfinite(self.saved.header.metrics.validation_loss) else "test"

    @property
    def shared(self) -> bool:
        """Whether the test samples are the training samples, as far as the losses show it."""
        metrics = self.saved.header.metrics
        return metrics.train_loss == metrics.test_loss

    def column(self, name: str) -> NDArray[np.float64]:
        """Return the values of a metric, one per epoch."""
        return np.asarray(self.curves[:, COLUMNS.index(name)])

    def outcome(self, name: str) -> float:
        """Return one of `OUTCOMES`; those called `best` are of the lowest loss on `part`."""
        header = self.saved.header
        if name == "epochs":
            return header.epoch
        if name in {"best_loss", "best_epoch"}:
            losses = self.column(f"{self.part}_loss")
            if not np.isfinite(losses).any():
                return nan
            at = int(np.argmin(np.where(np.isfinite(losses), losses, inf)))
            return float(losses[at] if name == "best_loss" else self.curves[at, 0])
        return float(getattr(header.metrics, name))


def current_branch(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows of the epochs that lead to the last one; later rows supersede earlier ones."""
    if not len(rows):
        return rows
    epochs = rows[:, 0]
    # an epoch is superseded if a later row has the same or an earlier one
    lowest_after = np.minimum.accumulate(epochs[::-1])[::-1]
    valid = np.append(epochs[:-1] < lowest_after[1:], True)
    return np.asarray(rows[valid])


def differing_settings(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the names of the settings in which any two runs differ."""
    configs = [run.saved.header.config for run in runs]
    first = configs[0]
    names = {each.name for config in configs[1:] for each in first.differences(config)}
    return [each.name for each in settings() if each.name in names]


def in_order(runs: Sequence[ComparedRun], column: str) -> list[ComparedRun]:
    """Return the runs sorted by one of `OUTCOMES`, scores descending, or by a setting."""
    if column in OUTCOMES:
        sign = -1 if column.endswith("_score") else 1

        def number(run: ComparedRun) -> float:
            value = sign * run.outcome(column)
            return value if isfinite(value) else inf

        return sorted(runs, key=number)

    def value(run: ComparedRun) -> tuple[bool, Any]:
        found = getattr(run.saved.header.config, column)
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
    """

    reason: str = ""
    samples: tuple[Sample, ...] = ()
    counts: tuple[tuple[str, int], ...] = ()


def disagreement(first: SavedRun, second: SavedRun) -> Disagreement:
    """Compare the predictions of two runs for all their samples.

    Raises:
        RunError: when a run or its data cannot be loaded.
    """
    if first.header.data_digest != second.header.data_digest:
        return Disagreement("their samples differ (data, noise, split or seed)")
    if not first.header.has_classes:
        return Disagreement("they predict numbers, and not classes")
    one, other = first.trainer(), second.trainer()
    data, samples, counts = one.data, [], []
    for name, y, labels, others in zip(*_predictions(one, other), strict=True):
        counts.append((name, len(y)))
        samples += [
            Sample(
                name,
                at + 1,
                data.class_names[int(y[at])],
                (data.class_names[int(labels[at])], data.class_names[int(others[at])]),
            )
            for at in np.flatnonzero(labels != others).tolist()
        ]
    return Disagreement("", tuple(samples), tuple(counts))


def _predictions(
    one: Trainer, other: Trainer
) -> tuple[list[str], list[Labels], list[Labels], list[Labels]]:
    """Return for each part its name, the classes, and the classes that each trainer predicts."""
    names, data = _part_names(one.data), one.data
    targets = [np.asarray(y, np.int64) for _, y in data.parts]
    # the same samples, but preprocessing may differ
    found = [
        [_classes(trainer, number) for number in range(len(names))] for trainer in (one, other)
    ]
    return names, targets, found[0], found[1]


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
