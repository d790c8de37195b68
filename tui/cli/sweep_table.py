"""Table of the combinations of a sweep, and its heat map, as printed text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from core.config.run_config import setting
from core.sweeps.statistics import heat_map, ranked
from tui.drawing import number_format
from tui.drawing.cells import cell_width, cut
from tui.drawing.palette import LEGIBLE, SEQUENTIAL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.sweeps.statistics import CellSummary, HeatMap, Statistic
    from tui.drawing.rendering import TerminalLook

MOST_ROWS: Final = 40
"""Combinations in the table: the others are in the CSV file."""

NUMBERS: Final = ("test_score", "test_loss", "train_score", "train_loss", "best_epoch", "seconds")
"""Columns of numbers, in the order in which they are left out of a narrow table from the right."""

_HEADINGS: Final = {
    "test_loss": "test loss",
    "train_loss": "train loss",
    "validation_loss": "validation loss",
    "best_epoch": "best epoch",
    "seconds": "s/run",
}


def table(
    summaries: Sequence[CellSummary], width: int, sort: str | None = None, most: int = MOST_ROWS
) -> str:
    """Return the combinations, the best first, with mean ± standard deviation of their numbers.

    Args:
        summaries: of the combinations.
        width: columns of the terminal.
        sort: column to sort by, as in `ranked`.
        most: number of rows.
    """
    rows = [each for each in ranked(summaries, sort) if each.outcomes]
    if not rows:
        return ""
    columns = _columns(rows)
    kinds = _settings(rows)
    further = _further(rows)
    while True:
        headings = [*(setting(name).option for name in kinds)]
        headings += [_heading(name, rows[0]) for name in columns] + list(further)
        cells = [
            [
                *(each.cell.texts.get(name, "") for name in kinds),
                *(_number(name, each.of(name), rows[0]) for name in columns),
                *(text_of(each) for text_of in further.values()),
            ]
            for each in rows[:most]
        ]
        widths = [max(map(cell_width, column)) for column in zip(headings, *cells, strict=True)]
        if sum(widths) + 2 * (len(widths) - 1) < width or len(columns) < 2:
            break
        columns.pop()
    lines = [_line(each, widths, len(kinds)) for each in (headings, *cells)]
    if len(rows) > most:
        lines.append(f"and {len(rows) - most:,} more combinations; --csv FILE writes all")
    return "\n".join(cut(line.rstrip(), width) for line in lines)


def _settings(rows: Sequence[CellSummary]) -> list[str]:
    return list(dict.fromkeys(name for each in rows for name in each.cell.changes))


def _columns(rows: Sequence[CellSummary]) -> list[str]:
    """Return the numbers in the table: first those that decide."""
    part, outcome = rows[0].part, rows[0].outcomes[0]
    columns = [each for each in NUMBERS if not (outcome.shared and each.startswith("test"))]
    match part:
        case "validation":
            columns[:0] = ["validation_score", "validation_loss"]
        case "fresh":
            columns.insert(0, "fresh_score")
    return columns


def _further(rows: Sequence[CellSummary]) -> dict[str, Callable[[CellSummary], str]]:
    """Return further columns, as far as they say something: epochs, runs and runs that diverged."""
    further: dict[str, Callable[[CellSummary], str]] = {}
    if len({each.epochs for each in rows}) > 1 and "epochs" not in rows[0].cell.changes:
        further["epochs"] = lambda each: f"{each.epochs:,}"
    if any(len(each.outcomes) != 1 for each in rows):
        further["runs"] = lambda each: f"{len(each.outcomes):,}"
    if any(each.diverged for each in rows):
        further["diverged"] = lambda each: f"{each.diverged:,}" if each.diverged else ""
    return further


def _heading(name: str, row: CellSummary) -> str:
    if name in _HEADINGS:
        return _HEADINGS[name]
    part = name.removesuffix("_score")
    return f"{part} {'accuracy %' if row.outcomes[0].has_classes else 'R²'}"


def _number(name: str, value: Statistic, row: CellSummary) -> str:
    """Return mean ± standard deviation; the latter only for several seeds."""
    form = number_format.loss
    if name.endswith("_score") and row.outcomes[0].has_classes:
        form = number_format.percent
    elif name.endswith("_score"):
        form = _three_decimals
    elif name == "best_epoch":
        form = _whole
    elif name == "seconds":
        return number_format.brief(value.mean)
    text = form(value.mean)
    return f"{text} ± {form(value.deviation)}" if isfinite(value.deviation) else text


def _three_decimals(value: float) -> str:
    return f"{value:.3f}" if isfinite(value) else "–"


def _whole(value: float) -> str:
    return f"{value:,.0f}" if isfinite(value) else "–"


def _line(cells: Sequence[str], widths: Sequence[int], left: int) -> str:
    return "  ".join(
        cell + " " * (width - cell_width(cell))
        if at < left
        else " " * (width - cell_width(cell)) + cell
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )


def heat_map_text(
    summaries: Sequence[CellSummary], width: int, look: TerminalLook | None = None
) -> str:
    """Return the heat map of the first two settings with several values, or an empty string.

    Args:
        summaries: of the combinations, in the order of the grid.
        width: columns of the terminal.
        look: of the terminal; None for text without colours.
    """
    names = [
        name
        for name in _settings(summaries)
        if len({each.cell.texts.get(name) for each in summaries}) > 1
    ]
    if len(names) < 2 or "epochs" in _further(summaries):
        return ""  # after halving, scores with different numbers of epochs would be compared
    found = heat_map(summaries, *names[:2])
    finite = [score for row in found.scores for score in row if isfinite(score)]
    known = next((each for each in summaries if each.outcomes), None)
    if known is None or not finite:
        return ""
    what = _heading(f"{known.part}_score", known)
    title = f"{what} by {_option(found.rows)} and {_option(found.columns)}"
    if len(names) > 2:
        title += ", each with the best " + " and ".join(map(_option, names[2:]))
    lines = [title, *_blocks(found, known, look, min(finite), max(finite))]
    if max(map(cell_width, lines[1:2])) > width:
        return ""
    return "\n".join(lines)


def _blocks(
    found: HeatMap, known: CellSummary, look: TerminalLook | None, low: float, high: float
) -> list[str]:
    form = number_format.percent if known.outcomes[0].has_classes else _three_decimals
    rows = [setting(found.rows).write(each) for each in found.row_values]
    columns = [setting(found.columns).write(each) for each in found.column_values]
    left = max(map(cell_width, [*rows, _option(found.rows)]))
    wide = 2 + max(
        *map(cell_width, columns), *(len(form(each)) for row in found.scores for each in row)
    )
    lines = [_option(found.rows).ljust(left) + " " + "".join(each.center(wide) for each in columns)]
    for name, scores in zip(rows, found.scores, strict=True):
        blocks = [_block(form(each).center(wide), each, look, low, high) for each in scores]
        lines.append(f"{name.ljust(left)} {''.join(blocks)}".rstrip())
    return lines


def _block(text: str, score: float, look: TerminalLook | None, low: float, high: float) -> str:
    """Return a number on the colour of its level, from the lowest to the highest score."""
    if look is None or look.is_plain or not isfinite(score):
        return text
    from rich.color import ColorSystem
    from rich.style import Style

    level = 1.0 if high <= low else (score - low) / (high - low)
    role = SEQUENTIAL[round(level * (len(SEQUENTIAL) - 1))]
    ink, paper = look.theme.pair(LEGIBLE, role)
    depth = ColorSystem.TRUECOLOR if look.colours == "truecolor" else ColorSystem.EIGHT_BIT
    return Style(color=ink, bgcolor=paper).render(text, color_system=depth)


def _option(name: str) -> str:
    return setting(name).option
