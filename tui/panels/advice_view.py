"""What is wrong with the run, in lines: the layers panel shows them below its table."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from tui.drawing.cells import Cells
from tui.drawing.palette import DIM, WARNING, ink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.analysis.advice import Advice

NOTHING_FOUND: Final = "Nothing looks wrong with this run."
MARGIN: Final = 1
"""Blank columns on either side, as in the table above."""


def advice_lines(advice: Sequence[Advice], width: int, height: int | None = None) -> Cells:
    """Return each sentence in the colour of a warning, and below it, dim, what to try.

    Args:
        advice: what is wrong, the most pressing first.
        width: of the block.
        height: rows for which there is room, or None for as many as it takes. A sentence is worth
            more than the remedy of the one before: where not all have room, the sentences come
            first, and "…" ends what is cut.
    """
    room = max(1, width - 2 * MARGIN)
    pieces = [(each.sentence, each.remedy) for each in advice]
    lines: list[tuple[str, int]] = []
    if not pieces:
        lines = [(line, ink(DIM)) for line in wrap(NOTHING_FOUND, room)]
    for sentence, remedy in pieces:
        lines += [(line, ink(WARNING)) for line in wrap(sentence, room)]
        lines += [(line, ink(DIM)) for line in wrap(remedy, room)]
    if height is not None and len(lines) > height:
        lines = _most_pressing(pieces, room, height) if pieces else lines[:height]
    cells = Cells(width, len(lines))
    for row, (line, number) in enumerate(lines):
        cells.write(row, MARGIN, line, number)
    return cells


def _most_pressing(pieces: list[tuple[str, str]], room: int, height: int) -> list[tuple[str, int]]:
    """Return as many lines as there is room for: all sentences, and remedies from the first on."""
    sentences = [wrap(sentence, room) for sentence, _ in pieces]
    left = height - sum(map(len, sentences))
    lines: list[tuple[str, int]] = []
    for told, (_, remedy) in zip(sentences, pieces, strict=True):
        lines += [(line, ink(WARNING)) for line in told]
        tried = wrap(remedy, room)
        if len(tried) <= left:
            lines += [(line, ink(DIM)) for line in tried]
            left -= len(tried)
    if len(lines) > height:
        lines = lines[: max(0, height)]
        if lines:
            last, number = lines[-1]
            lines[-1] = f"{last[: room - 1]}…", number
    return lines
