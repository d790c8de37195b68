"""The records that `train --json` and `--log` write: one JSON object a line, as the design has them."""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Literal

from core.trainer import EpochMetrics

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.datasets import TrainTest
    from core.network import Network

_EPOCH: Final = '{{"event": "epoch", {}}}'.format(
    ", ".join(f'"{name}": %s' for name in EpochMetrics._fields)
)
Ending = Literal["epochs", "interrupted", "diverged"]


def start(config: RunConfig, network: Network, data: TrainTest) -> str:
    """Return the first line."""
    return _line(
        event="start",
        config=config.as_dict(),
        parameters=int(network.parameters.size),
        train_samples=len(data.y_train),
        test_samples=len(data.y_test),
    )


def epoch(metrics: EpochMetrics) -> str:
    """Return the line of one epoch; what is not finite becomes null, for JSON knows no NaN."""
    # an epoch of a small network takes 100 µs, and `json.dumps` a third of that
    return _EPOCH % tuple(repr(value) if isfinite(value) else "null" for value in metrics)


def end(epochs: int, seconds: float, stopped: Ending) -> str:
    """Return the last line."""
    return _line(
        event="end",
        epochs=epochs,
        seconds=round(seconds, 6),
        epochs_per_second=round(epochs / seconds, 3) if seconds > 0 else None,
        stopped=stopped,
    )


def _line(**values: Any) -> str:
    return json.dumps(values)
