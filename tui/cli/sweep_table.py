"""Table of the combinations of a sweep, and its heat map, as printed text."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from core.config.run_config import setting
from core.sweeps.statistics import heat_map, ranked
from tui.drawing.cells import cell_width, cut
from tui.drawing.palette import LEGIBLE, SEQUENTIAL
from tui.sweep.columns import (
    further_columns,
    heading,
    number_columns,
    number_text,
    option,
    score_form,
    settings_of,
    varied_settings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.sweeps.statistics import CellSummary, HeatMap
    from tui.drawing.rendering import TerminalLook

MOST_ROWS: Final = 40
"""Combinations in the table: the others are in the CSV file."""


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
    columns = number_columns(rows[0])
    kinds = settings_of(rows)
    further = further_columns(rows)
    while True:
        headings = [*map(option, kinds)]
        headings += [heading(name, rows[0]) for name in columns] + list(further)
        cells = [
            [
                *(each.cell.texts.get(name, "") for name in kinds),
                *(number_text(name, each.of(name), rows[0]) for name in columns),
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
    names = varied_settings(summaries)
    if len(names) < 2 or "epochs" in further_columns(summaries):
        return ""  # after halving, scores with different numbers of epochs would be compared
    found = heat_map(summaries, *names[:2])
    finite = [score for row in found.scores for score in row if isfinite(score)]
    known = next((each for each in summaries if each.outcomes), None)
    if known is None or not finite:
        return ""
    what = heading(f"{known.part}_score", known)
    title = f"{what} by {option(found.rows)} and {option(found.columns)}"
    if len(names) > 2:
        title += ", each with the best " + " and ".join(map(option, names[2:]))
    lines = [title, *_blocks(found, known, look, min(finite), max(finite))]
    if max(map(cell_width, lines[1:2])) > width:
        return ""
    return "\n".join(lines)


def _blocks(
    found: HeatMap, known: CellSummary, look: TerminalLook | None, low: float, high: float
) -> list[str]:
    form = score_form(known)
    rows = [setting(found.rows).write(each) for each in found.row_values]
    columns = [setting(found.columns).write(each) for each in found.column_values]
    left = max(map(cell_width, [*rows, option(found.rows)]))
    wide = 2 + max(
        *map(cell_width, columns), *(len(form(each)) for row in found.scores for each in row)
    )
    lines = [option(found.rows).ljust(left) + " " + "".join(each.center(wide) for each in columns)]
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
