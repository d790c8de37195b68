"""The command `compare`: saved runs in one table, and their curves in one chart."""

from __future__ import annotations

import json
import os
import sys
from math import isfinite
from typing import TYPE_CHECKING, Any

from core.config.errors import quoted, suggestion
from core.config.run_config import setting
from core.runs.atomic_files import RunError, shown
from core.runs.catalogue import find
from core.runs.comparison import (
    OUTCOMES,
    ComparedRun,
    Disagreement,
    differing_settings,
    disagreement,
    in_order,
)
from core.runs.reader import read_run
from tui.cli.arguments import UsageError
from tui.cli.save_options import folder_of
from tui.drawing import number_format
from tui.drawing.cell_text import cut
from tui.drawing.printed_chart import MOST_CURVES, chart_of_runs
from tui.terminal.capabilities import terminal_look

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

MOST_SAMPLES = 20
"""Samples that are listed, of those on which two runs disagree."""

DATA, DATASET = "data", "dataset"
"""Settings that name a file, and a data set, which has no effect if there is a file."""

_COUNTS = ("epochs", "best_epoch")
_HEADINGS = {
    "epochs": "epochs trained",
    "train_loss": "train loss",
    "test_loss": "test loss",
    "validation_loss": "validation loss",
    "best_loss": "best loss",
    "best_epoch": "at epoch",
}


def compare(options: argparse.Namespace, width: int | None) -> int:
    """Print the comparison of saved runs, and return the program's exit status.

    Args:
        options: of the command line.
        width: columns of the terminal, or None.

    Raises:
        RunError: when a run cannot be found or read.
        UsageError: for fewer than two runs, or an unknown column.
    """
    parent = folder_of(options)
    if parent is None:
        raise RunError("no home folder to save runs in; choose a folder with --run-dir")
    paths = _paths(parent, options.names)
    runs = [ComparedRun.of(read_run(path)) for path in paths]
    varied = differing_settings(runs)
    runs = in_order(runs, _column(options.sort, varied)) if options.sort is not None else runs
    if options.json:
        for run in runs:
            print(json.dumps(_values(run, varied)))  # noqa: T201
        return 0
    found = _disagreement(runs)
    texts = [_table(runs, varied, width), _chart(runs, width), *_sentences(runs, found)]
    print("\n\n".join(filter(None, texts)))  # noqa: T201
    return 0


def _paths(parent: Path, names: Sequence[str]) -> list[Path]:
    paths = [find(parent, name) for name in names]
    for at, path in enumerate(paths):
        if path in paths[:at]:
            raise UsageError(
                f"{quoted(names[paths.index(path)])} and {quoted(names[at])} are the same run, "
                f"{shown(path.name)}: expected different ones"
            )
    if len(paths) < 2:
        raise UsageError("compare needs two or more runs; nnfs-tui runs lists them")
    return paths


def _column(text: str, varied: Sequence[str]) -> str:
    names = {name.replace("_", "-"): name for name in OUTCOMES}
    names |= {name.replace("_score", "_accuracy").replace("_", "-"): name for name in OUTCOMES}
    # the setting of the same name is the planned number
    names["epochs-trained"] = "epochs"
    names |= {_setting_heading(name): name for name in varied}
    column = names.get(text.replace("_", "-"))
    if column is None:
        hint = suggestion(text, names)
        raise UsageError(
            f"invalid value {quoted(text)} for --sort: expected one of {', '.join(names)}{hint}"
        )
    return column


def _values(run: ComparedRun, varied: Sequence[str]) -> dict[str, Any]:
    """Return a run as JSON can represent it: the settings that differ, and its outcome."""
    config = run.saved.header.config
    settings = {name: getattr(config, name) for name in varied}
    outcome = {name: run.outcome(name) for name in OUTCOMES}
    return {
        "name": run.saved.path.name,
        "settings": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in settings.items()
        },
        **{
            name: (int(value) if name in _COUNTS else value) if isfinite(value) else None
            for name, value in outcome.items()
        },
    }


def _table(runs: Sequence[ComparedRun], varied: Sequence[str], width: int | None) -> str:
    """Return a row per run; columns without a number in any run are left out."""
    columns = [
        name
        for name in OUTCOMES
        if any(isfinite(run.outcome(name)) for run in runs)
        and not (name.startswith("test") and all(run.shared for run in runs))
    ]
    sources = _sources(runs)
    if DATA in varied or len({*sources}) == 1:
        # with a file, the data set has no effect
        varied = [name for name in varied if name != DATASET]
    while True:
        headings = ["run", *map(_setting_heading, varied)]
        left = len(headings)
        headings += [_heading(name, runs) for name in columns]
        rows = [
            [
                run.name,
                *(
                    source
                    if name in {DATA, DATASET}
                    else shown(setting(name).write(getattr(run.saved.header.config, name)))
                    for name in varied
                ),
                *(_number(run, name) for name in columns),
            ]
            for run, source in zip(runs, sources, strict=True)
        ]
        widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
        if width is None or sum(widths) + 2 * (len(widths) - 1) <= width or len(columns) < 3:
            break
        columns.pop()
    lines = [
        "  ".join(
            cell.ljust(size) if at < left else cell.rjust(size)
            for at, (cell, size) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in (headings, *rows)
    ]
    return "\n".join(lines if width is None else (cut(line, width) for line in lines))


def _setting_heading(name: str) -> str:
    """Return the heading of a setting; a data set and a file share a column."""
    return DATA if name == DATASET else setting(name).option


def _sources(runs: Sequence[ComparedRun]) -> list[str]:
    """Return the data set or the file of each run, with its folder if two files have the same name."""
    configs = [run.saved.header.config for run in runs]
    names = [shown(config.source_name) for config in configs]
    paths = [shown(config.data or config.source_name) for config in configs]
    return names if len({*names}) == len({*paths}) else paths


def _heading(name: str, runs: Sequence[ComparedRun]) -> str:
    if not name.endswith("_score"):
        return _HEADINGS.get(name, name)
    kinds = {"accuracy %" if run.saved.header.has_classes else "R²" for run in runs}
    kind = kinds.pop() if len(kinds) == 1 else "score"
    return f"{name.removesuffix('_score')} {kind}"


def _number(run: ComparedRun, name: str) -> str:
    value = run.outcome(name)
    if not isfinite(value):
        return "–"
    if name in _COUNTS:
        return f"{value:,.0f}"
    if not name.endswith("_score"):
        return number_format.loss(value)
    return number_format.percent(value) if run.saved.header.has_classes else f"{value:.3f}"


def _chart(runs: Sequence[ComparedRun], width: int | None) -> str:
    """Return the chart of the curves, of at most as many runs as there are colours."""
    look = terminal_look(os.environ)
    drawn = runs[:MOST_CURVES]
    part = "train" if all(run.shared for run in drawn) else "test"
    if all(run.part == "validation" for run in drawn):
        part = "validation"
    curves = {
        run.name: (
            [int(epoch) for epoch in run.curves[:, 0]],
            run.column(f"{part}_loss").tolist(),
        )
        for run in drawn
    }
    coloured = sys.stdout.isatty() and look.colours != "none"
    text = chart_of_runs(curves, width or 100, coloured=coloured, what=f"{part} loss")
    if text and len(runs) > MOST_CURVES:
        text += f"\nthe first {MOST_CURVES} of {len(runs)} runs are drawn"
    return text


def _disagreement(runs: Sequence[ComparedRun]) -> Disagreement | None:
    """Return the samples on which two runs disagree; None for more runs."""
    if len(runs) != 2:
        return None
    try:
        return disagreement(runs[0].saved, runs[1].saved)
    except RunError as error:
        return Disagreement(str(error))


def _sentences(runs: Sequence[ComparedRun], found: Disagreement | None) -> list[str]:
    same = ["the settings of the runs are the same"] if not differing_settings(runs) else []
    if found is None:
        return same
    if found.reason:
        return [*same, f"predictions are not compared: {found.reason}"]
    total = sum(count for _, count in found.counts)
    if not found.samples:
        return [*same, f"both runs predict the same class for all {total:,} samples"]
    lines = [f"the runs disagree on {len(found.samples):,} of {total:,} samples:"]
    lines += [
        f"  {shown(each.part)} {each.number:>5}  class {shown(each.target)}: "
        f"{runs[0].name} predicts {shown(each.predicted[0])}, "
        f"{runs[1].name} {shown(each.predicted[1])}"
        for each in found.samples[:MOST_SAMPLES]
    ]
    if len(found.samples) > MOST_SAMPLES:
        lines.append(f"  and {len(found.samples) - MOST_SAMPLES:,} more")
    return [*same, "\n".join(lines)]
