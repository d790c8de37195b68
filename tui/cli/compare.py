"""The command `compare`: saved runs in one table, and their curves in one chart."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING, Any

from core.config.errors import quoted, suggestion
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
from tui.compare.columns import (
    COUNTS,
    outcome_columns,
    outcome_heading,
    outcome_text,
    setting_heading,
    setting_texts,
    varied_settings,
)
from tui.drawing.cell_text import cut
from tui.drawing.printed_chart import MOST_CURVES, chart_of_runs
from tui.terminal.capabilities import terminal_look

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.runs.reader import SavedRun

SAME = "the settings of the runs are the same"

MOST_SAMPLES = 20
"""Samples that are listed, of those on which two runs disagree."""


def compare(options: argparse.Namespace, width: int | None) -> int:
    """Print the comparison of saved runs, and return the program's exit status.

    Args:
        options: of the command line.
        width: columns of the terminal, or None.

    Raises:
        RunError: when a run cannot be found or read.
        UsageError: for fewer than two runs, or an unknown column.
    """
    saved = [read_run(path) for path in paths_of(options)]
    runs = [ComparedRun.of(each) for each in saved]
    varied = differing_settings([run.config for run in runs])
    if options.sort is not None:
        runs = in_order(runs, column_of(options.sort, [run.config for run in runs]))
    if options.json:
        for run in runs:
            print(json.dumps(_values(run, varied)))  # noqa: T201
        return 0
    found = _disagreement(saved)
    texts = [
        _table(runs, varied_settings(runs), width),
        _chart(runs, width),
        *_sentences(runs, found),
    ]
    print("\n\n".join(filter(None, texts)))  # noqa: T201
    return 0


def paths_of(options: argparse.Namespace) -> list[Path]:
    """Return the folders of the named runs.

    Raises:
        RunError: when a run cannot be found.
        UsageError: for fewer than two runs.
    """
    parent, names = folder_of(options), options.names
    if parent is None:
        raise RunError("no home folder to save runs in; choose a folder with --run-dir")
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


def column_of(text: str, configs: Sequence[RunConfig]) -> str:
    """Return the outcome or the setting by which the runs with these settings are sorted."""
    names = {name.replace("_", "-"): name for name in OUTCOMES}
    names |= {name.replace("_score", "_accuracy").replace("_", "-"): name for name in OUTCOMES}
    # the setting of the same name is the planned number
    names["epochs-trained"] = "epochs"
    names |= {setting_heading(name): name for name in differing_settings(configs)}
    column = names.get(text.replace("_", "-"))
    if column is None:
        hint = suggestion(text, names)
        raise UsageError(
            f"invalid value {quoted(text)} for --sort: expected one of {', '.join(names)}{hint}"
        )
    return column


def _values(run: ComparedRun, varied: Sequence[str]) -> dict[str, Any]:
    """Return a run as JSON can represent it: the settings that differ, and its outcome."""
    config = run.config
    settings = {name: getattr(config, name) for name in varied}
    outcome = {name: run.outcome(name) for name in OUTCOMES}
    return {
        "name": run.name,
        "settings": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in settings.items()
        },
        **{
            name: (int(value) if name in COUNTS else value) if isfinite(value) else None
            for name, value in outcome.items()
        },
    }


def table_of(runs: Sequence[ComparedRun], width: int | None, *, is_saved: bool) -> str:
    """Return the table of runs in their order, with their places if they are not saved.

    Those have no names: their settings distinguish them.
    """
    if not is_saved:
        runs = [replace(run, name=f"{place}.") for place, run in enumerate(runs, 1)]
    return _table(runs, [name for name in varied_settings(runs) if name != "epochs"], width)


def _table(runs: Sequence[ComparedRun], varied: Sequence[str], width: int | None) -> str:
    """Return a row per run; columns without a number in any run are left out."""
    columns = outcome_columns(runs)
    settings = [setting_texts(runs, name) for name in varied]
    while True:
        headings = ["run", *map(setting_heading, varied)]
        left = len(headings)
        headings += [outcome_heading(name, runs) for name in columns]
        rows = [
            [run.name, *own, *(outcome_text(run, name) for name in columns)]
            for run, *own in zip(runs, *settings, strict=True)
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


def _chart(runs: Sequence[ComparedRun], width: int | None) -> str:
    """Return the chart of the curves, of at most as many runs as there are colours."""
    look = terminal_look(os.environ)
    drawn = runs[:MOST_CURVES]
    part = "train" if all(run.shared for run in drawn) else "test"
    if all(run.part == "validation" for run in drawn):
        part = "validation"
    curves = {
        run.name: (
            [*range(len(run.log))],
            run.log.column(f"{part}_loss").tolist(),
        )
        for run in drawn
    }
    coloured = sys.stdout.isatty() and look.colours != "none"
    text = chart_of_runs(curves, width or 100, coloured=coloured, what=f"{part} loss")
    if text and len(runs) > MOST_CURVES:
        text += f"\nthe first {MOST_CURVES} of {len(runs)} runs are drawn"
    return text


def _disagreement(runs: Sequence[SavedRun]) -> Disagreement | None:
    """Return the samples on which two runs disagree; None for more runs."""
    if len(runs) != 2:
        return None
    try:
        return disagreement(*runs)
    except RunError as error:
        return Disagreement(str(error))


def _sentences(runs: Sequence[ComparedRun], found: Disagreement | None) -> list[str]:
    same = [] if differing_settings([run.config for run in runs]) else [SAME]
    if found is None:
        return same
    if found.reason:
        return [*same, f"predictions are not compared: {found.reason}"]
    total = found.total
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
