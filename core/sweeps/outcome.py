"""The outcome of one run of a sweep, and the key under which it is stored."""

from __future__ import annotations

import json
from dataclasses import fields
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.config.run_config import RunConfig
    from core.datasets.dataset import Dataset
    from core.training.state import EpochMetrics

IRRELEVANT: Final = ("diagnostics",)
"""Settings that change no number of an outcome."""


class Scores(NamedTuple):
    """Losses without penalty, and accuracies or R², of the parts of the data.

    Those of validation samples are NaN if there are none.
    """

    train_loss: float = nan
    test_loss: float = nan
    train_score: float = nan
    test_score: float = nan
    validation_loss: float = nan
    validation_score: float = nan

    @classmethod
    def of(cls, metrics: EpochMetrics) -> Scores:
        """Return those of an epoch."""
        return cls(*(getattr(metrics, name) for name in cls._fields))


@dataclass(frozen=True)
class Outcome:
    """Stored numbers of a run, without its weights.

    Attributes:
        key: as `run_key` returns it.
        epochs: number of epochs trained.
        seconds: of training; in lockstep, the run's share of the time.
        stopped: why the run ended: a value of `Stop`.
        final: of the network at the end; after a divergence, before the epoch that diverged.
        best: of the epoch with the lowest monitored loss.
        best_epoch: that epoch; 0 if there is none.
        fresh_score: accuracy or R² on new samples of the same distribution; NaN if none can be drawn.
        has_classes: whether the scores are accuracies.
        shared: whether the test samples are the training samples.
        lanes: number of runs that were trained in lockstep with this one, itself included.
    """

    key: str
    epochs: int
    seconds: float
    stopped: str
    final: Scores
    best: Scores
    best_epoch: int
    fresh_score: float
    has_classes: bool
    shared: bool
    lanes: int = 1

    @property
    def diverged(self) -> bool:
        """Whether the loss has diverged."""
        return self.stopped == "diverged"

    def as_dict(self) -> dict[str, Any]:
        """Return values that JSON can represent: null for numbers that are not finite."""
        values: dict[str, Any] = {}
        for each in fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Scores):
                values[each.name] = {
                    name: _finite(number) for name, number in value._asdict().items()
                }
            else:
                values[each.name] = _finite(value) if isinstance(value, float) else value
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """Return an outcome that `as_dict` has written.

        Raises:
            ValueError: when a value is missing or has another type.
        """
        try:
            made = {each.name: _read(each.name, values[each.name]) for each in fields(cls)}
            return cls(**made)
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"invalid outcome: {error}") from None


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _number(value: Any) -> float:
    if value is None:
        return nan
    if isinstance(value, bool | str):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _read(name: str, value: Any) -> Any:
    match name:
        case "final" | "best":
            return Scores(*(_number(value[each]) for each in Scores._fields))
        case "seconds" | "fresh_score":
            return _number(value)
        case "epochs" | "best_epoch" | "lanes":
            return int(value)
        case "has_classes" | "shared":
            return bool(value)
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value


def run_key(config: RunConfig, digest: str = "") -> str:
    """Return the key of a run: a hash of its settings and its data.

    Outcomes of another version of the program have other keys, as their numbers may differ.

    Args:
        config: of the run.
        digest: of the data, if they are read from a file; others are determined by the settings.
    """
    from hashlib import blake2b

    from core import __version__

    values = {name: each for name, each in config.as_dict().items() if name not in IRRELEVANT}
    if digest:
        values["data"] = digest  # the same file under another name has the same outcomes
    text = json.dumps([__version__, values], sort_keys=True)
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def data_digest(data: Dataset) -> str:
    """Return a digest of the samples that were read from a file."""
    from hashlib import blake2b

    import numpy as np

    digest = blake2b(digest_size=16)
    names = data.feature_names, data.class_names, data.target_names, data.texts
    digest.update(repr(names).encode(errors="surrogatepass"))
    for array in (data.x, np.asarray(data.y)):
        digest.update(repr((array.dtype.str, array.shape)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def differing(config: RunConfig, base: RunConfig) -> dict[str, Any]:
    """Return the settings in which a run differs from another one, as JSON can represent them."""
    values = {each.name: getattr(config, each.name) for each in config.differences(base)}
    return {name: list(each) if isinstance(each, tuple) else each for name, each in values.items()}
