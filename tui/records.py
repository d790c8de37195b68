"""The records that `train --json` and `--log` write: one JSON object a line, as the design has them."""

from __future__ import annotations

import json
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, Literal

from core.diagnostics import LayerDiagnostics
from core.stopping import Stop

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.datasets import TrainTest
    from core.epoch import EpochMetrics
    from core.network import Network

_LAYER: Final = "{{{}}}".format(", ".join(f'"{name}": %s' for name in LayerDiagnostics._fields))
Ending = Stop | Literal["interrupted"]

_CLASSES: Final = (
    "epoch",
    "train_loss",
    "test_loss",
    "train_accuracy",
    "test_accuracy",
    "learning_rate",
)
_NUMBERS: Final = ("epoch", "train_loss", "test_loss", "train_r2", "test_r2", "learning_rate")


def start(config: RunConfig, network: Network, data: TrainTest) -> str:
    """Return the first line."""
    return _line(
        event="start",
        config=config.as_dict(),
        parameters=int(network.parameters.size),
        train_samples=len(data.y_train),
        test_samples=len(data.y_test),
    )


def epoch(metrics: EpochMetrics, *, has_classes: bool, penalized: bool) -> str:
    """Return the line of one epoch; what is not finite becomes null, for JSON knows no NaN.

    Args:
        metrics: of the epoch; its layers' diagnostics are written if there are any.
        has_classes: whether its scores are accuracies, and not R².
        penalized: whether the penalty is written.
    """
    # an epoch of a small network takes 100 µs, and `json.dumps` a third of that
    values: Any = metrics[: 7 if penalized else 6]
    line = _template(has_classes, penalized) % tuple(map(_number, values))
    if metrics.layers:
        layers = ", ".join(
            "{"
            + ", ".join(f'"{name}": {_number(value)}' for name, value in each._asdict().items())
            + "}"
            for each in metrics.layers
        )
        line = f'{line[:-1]}, "layers": [{layers}]}}'
    return line


def end(epochs: int, seconds: float, stopped: Ending, restored: int | None = None) -> str:
    """Return the last line."""
    best = {} if restored is None else {"restored_epoch": restored}
    return _line(
        event="end",
        epochs=epochs,
        seconds=round(seconds, 6),
        epochs_per_second=round(epochs / seconds, 3) if seconds > 0 else None,
        stopped=str(stopped),
        **best,
    )


@cache
def _template(has_classes: bool, penalized: bool) -> str:
    score = "accuracy" if has_classes else "r2"
    names = ["epoch", "train_loss", "test_loss", f"train_{score}", f"test_{score}", "learning_rate"]
    if penalized:
        names.append("penalty")
    return '{"event": "epoch", ' + ", ".join(f'"{name}": %s' for name in names) + "}"


def _number(value: float) -> str:
    return repr(value) if isfinite(value) else "null"


def _line(**values: Any) -> str:
    return json.dumps(values)
