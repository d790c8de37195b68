"""List of saved runs as a table or as JSON: `nnfs-tui runs`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import isfinite
from time import localtime, strftime
from typing import TYPE_CHECKING, Any

from core.dataclass import dataclass
from core.runs.atomic_files import shown
from core.runs.catalogue import list_runs
from core.training.stopping import State, Stop
from tui.drawing import number_format
from tui.drawing.cell_text import cut

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.catalogue import RunListing

HEADINGS = ("name", "state", "epochs", "test score", "saved", "network")
_SAVED = 4
"""Column that is left out of a narrow table: the name contains the time of the start."""
WITHOUT_TIME = (0, 1, 2, 3, 5)
NUMBERS = (2, 3)
"""Columns that are aligned on the right."""
_WIDE = 120
"""Columns from which no column is left out."""
SHARED = "train"
"""Mark of a score for which there are no test samples."""


@dataclass(frozen=True)
class _Row:
    cells: tuple[str, ...]
    damaged: str = ""


def list_of_runs(parent: Path, *, as_json: bool, width: int | None = None) -> str:
    """Return all runs, the newest first, as a table or as one JSON object per line.

    Args:
        parent: folder of the runs.
        as_json: whether to return JSON.
        width: columns of the terminal, for which the table is shortened.

    Raises:
        RunError: when the folder cannot be read.
    """
    runs = list_runs(parent, configs=as_json)
    if as_json:
        return "\n".join(json.dumps(_values(run)) for run in runs)
    if not runs:
        return f"no saved run in {shown(str(parent))}; nnfs-tui moons starts one"
    rows = [_Row(HEADINGS), *map(_row, runs)]
    if width is not None and width < _WIDE:
        rows = [_Row(row.cells[:_SAVED] + row.cells[_SAVED + 1 :], row.damaged) for row in rows]
    widths = [max(map(len, column)) for column in zip(*(row.cells for row in rows), strict=True)]
    template = "  ".join(
        f"{{:{'>' if at in NUMBERS else '<'}{width}}}" for at, width in enumerate(widths)
    )
    lines = [f"{template.format(*row.cells)}{row.damaged}" for row in rows]
    size = sum(run.size for run in runs)
    lines.append(f"{_bytes(size)} in {shown(str(parent))}; nnfs-tui resume NAME")
    lines = [line.rstrip() for line in lines]
    return "\n".join(lines if width is None else (cut(line, width) for line in lines))


def row_of(run: RunListing) -> tuple[str, ...]:
    """Return the cells of a run in the columns of `HEADINGS`; the last one may be why it is damaged."""
    row = _row(run)
    return (*row.cells[:-1], row.damaged) if row.damaged else row.cells


def _row(run: RunListing) -> _Row:
    saved = strftime("%Y-%m-%d %H:%M", localtime(run.saved))
    summary = run.summary
    if summary is None:
        reason = run.damaged.removeprefix(f"{shown(run.name)}/").removeprefix(f"{shown(run.name)} ")
        return _Row((shown(run.name), _state(run), "", "", saved, ""), reason)
    metrics = summary.metrics
    score = f"{number_format.percent(metrics.test_score)} %"
    if not summary.has_classes:
        score = f"R² {metrics.test_score:.3f}"
    if metrics.test_loss == metrics.train_loss:
        score = f"{SHARED} {score}"
    # the name of the run begins with that of the data
    _, _, network = shown(summary.text).partition(" · ")
    if summary.seeds is not None:
        network = f"{summary.seeds:,} seeds · {network}"
    if summary.edited:
        network = f"edited · {network}"
    epochs = f"{summary.epoch:,}"
    return _Row((shown(run.name), _state(run), epochs, score, saved, network))


def _state(run: RunListing) -> str:
    summary = run.summary
    if summary is None:
        return "unsaved" if run.unsaved else "damaged"
    if run.used:
        return "in use"
    if summary.state == State.TRAINING:
        return "interrupted"
    if summary.stopped and summary.stopped not in {Stop.EPOCHS, Stop.DIVERGED}:
        return summary.stopped.replace("_", " ")
    return summary.state.lower()


def _values(run: RunListing) -> dict[str, Any]:
    summary = run.summary
    saved = datetime.fromtimestamp(run.saved, UTC).isoformat(timespec="seconds")
    values: dict[str, Any] = {"name": run.name, "path": str(run.path), "state": _state(run)}
    values |= {"saved": saved, "bytes": run.size}
    if summary is None:
        return values | {"reason": run.damaged}
    return values | {
        "data": summary.source,
        "network": list(summary.sizes),
        "epochs": summary.epoch,
        **({} if summary.seeds is None else {"seeds": summary.seeds}),
        **{
            name: value if isfinite(value) else None
            for name, value in summary.metrics._asdict().items()
            if name not in {"epoch", "layers"}
        },
        "config": json.loads(summary.config),
    }


def _bytes(size: int) -> str:
    for unit, name in ((2**30, "GiB"), (2**20, "MiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 2**10:.0f} KiB"
