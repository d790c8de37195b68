"""List of saved runs as a table or as JSON: `nnfs-tui runs`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from core.runs.atomic_files import shown
from core.runs.catalogue import list_runs
from tui.drawing.cell_text import cut
from tui.run_rows import HEADINGS, NUMBERS, WITHOUT_TIME, row_of, state_of

if TYPE_CHECKING:
    from pathlib import Path

    from core.runs.catalogue import RunListing

_WIDE = 120
"""Columns from which no column is left out."""


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
    rows = [HEADINGS, *map(row_of, runs)]
    if width is not None and width < _WIDE:
        rows = [tuple(row[at] for at in WITHOUT_TIME) for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    template = "  ".join(
        f"{{:{'>' if at in NUMBERS else '<'}{width}}}" for at, width in enumerate(widths)
    )
    lines = [template.format(*row) for row in rows]
    size = sum(run.size for run in runs)
    lines.append(f"{_bytes(size)} in {shown(str(parent))}; nnfs-tui resume NAME")
    lines = [line.rstrip() for line in lines]
    return "\n".join(lines if width is None else (cut(line, width) for line in lines))


def _values(run: RunListing) -> dict[str, Any]:
    summary = run.summary
    saved = datetime.fromtimestamp(run.saved, UTC).isoformat(timespec="seconds")
    values: dict[str, Any] = {"name": run.name, "path": str(run.path), "state": state_of(run)}
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
