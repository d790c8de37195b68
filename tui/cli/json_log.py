"""Records that `train --json` and `--log` write, one JSON object per line."""

from __future__ import annotations

import json
from functools import cache
from math import isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from core.training.diagnostics import LayerDiagnostics
from core.training.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.analysis.diagnosis.result import Finding
    from core.analysis.imbalance import UnevenScores
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.nn.network import Network
    from core.process.messages import Branched, Moved
    from core.training.state import EpochMetrics

_LAYER: Final = "{{{}}}".format(", ".join(f'"{name}": %s' for name in LayerDiagnostics._fields))
Ending = Stop | Literal["interrupted"]


def start(config: RunConfig, network: Network, data: DataSplit) -> str:
    """Return the first line."""
    done = data.summary.notes if data.summary is not None else ()
    notes = {"data_notes": done} if done else {}
    return _line(
        event="start",
        config=config.as_dict(),
        parameters=int(network.parameters.size),
        train_samples=data.all_samples[0],
        test_samples=data.all_samples[1],
        **({} if data.y_validation is None else {"validation_samples": data.validation_samples}),
        **notes,
    )


class Kind(NamedTuple):
    """Fields in the records of a run.

    Attributes:
        has_classes: whether the scores are accuracies, not R².
        penalized: whether the penalty is written.
        validated: whether there are validation samples.
    """

    has_classes: bool
    penalized: bool
    validated: bool

    @classmethod
    def of(cls, config: RunConfig, data: DataSplit) -> Kind:
        """Return the fields for a run."""
        return cls(data.has_classes, config.penalized, data.x_validation is not None)


def epoch(metrics: EpochMetrics, kind: Kind) -> str:
    """Return the line of an epoch, with null for numbers that are not finite, as JSON has no NaN.

    Args:
        metrics: of the epoch; diagnostics are written if there are any.
        kind: further fields.
    """
    # an epoch of a small network takes 100 µs, and `json.dumps` a third of that
    template, values = _template(kind)
    line = template % tuple(map(_number, values(metrics)))
    if metrics.layers:
        layers = ", ".join(
            "{"
            + ", ".join(f'"{name}": {_number(value)}' for name, value in each._asdict().items())
            + "}"
            for each in metrics.layers
        )
        line = f'{line[:-1]}, "layers": [{layers}]}}'
    return line


def branch(branched: Branched) -> str:
    """Return the line of a branch: the lines after it supersede those of later epochs."""
    return _line(event="branch", epoch=branched.epoch)


def edit(moved: Moved) -> str:
    """Return the line of the edit of a parameter."""
    index = moved.edited or 0
    return _line(
        event="edit", epoch=moved.epoch, parameter=index, value=float(moved.parameters[index])
    )


def advice(epoch: int, finding: Finding) -> str:
    """Return the line of a problem that was found after an epoch."""
    remedies = [
        {
            "text": each.sentence,
            "options": each.options,
            "settings": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in each.changes.items()
            },
            "restart": each.needs_reset,
        }
        for each in finding.remedies
    ]
    return _line(
        event="advice",
        epoch=epoch,
        cause=str(finding.cause),
        text=finding.sentence,
        remedies=remedies,
    )


def end(
    epochs: int,
    seconds: float,
    stopped: Ending,
    restored: int | None = None,
    trained: int | None = None,
    scores: Mapping[str, UnevenScores] | None = None,
) -> str:
    """Return the last line.

    Args:
        epochs: number of epochs of the run.
        seconds: of training since the run was started or resumed.
        stopped: why it ended.
        restored: the epoch whose weights were restored, or None.
        trained: number of epochs since the run was resumed, or None if it was not.
        scores: further scores of each part at the end, if the classes are uneven.
    """
    more: dict[str, float | None] = {} if trained is None else {"epochs_trained": trained}
    trained = epochs if trained is None else trained
    if restored is not None:
        more["restored_epoch"] = restored
    for part, its in (scores or {}).items():
        named = its._asdict().items()
        more |= {f"{part}_{name}": value if isfinite(value) else None for name, value in named}
    return _line(
        event="end",
        epochs=epochs,
        seconds=round(seconds, 6),
        epochs_per_second=round(trained / seconds, 3) if seconds > 0 else None,
        stopped=str(stopped),
        **more,
    )


@cache
def _template(kind: Kind) -> tuple[str, Callable[[EpochMetrics], Any]]:
    """Return the format string of a line, and a function that gets its values from the metrics."""
    score = "accuracy" if kind.has_classes else "r2"
    fields = ["epoch", "train_loss", "test_loss", "train_score", "test_score", "learning_rate"]
    if kind.penalized:
        fields.append("penalty")
    if kind.validated:
        fields += ["validation_loss", "validation_score"]
    names = [field.replace("score", score) for field in fields]
    line = '{"event": "epoch", ' + ", ".join(f'"{name}": %s' for name in names) + "}"
    return line, attrgetter(*fields)


def _number(value: float) -> str:
    return repr(value) if isfinite(value) else "null"


def _line(**values: Any) -> str:
    return json.dumps(values)
