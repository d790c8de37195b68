"""What the terminal shows, cell by cell, so that only what differs from it has to be sent.

Textual rewrites each dirty row from the widget's left edge and resets the style after each segment;
over a slow line most of that is said again. A model between it and the terminal keeps what was sent,
and turns a frame into the moves, styles and glyphs that change something.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

from rich.cells import cell_len

_TOKEN: Final = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;:]*)m|(\n)|([^\x1b\r\n]+)")
_FRAME: Final = re.compile(r"\x1b\[\d+;\d+H")
_SEEN_ON_BLANKS: Final = frozenset({"4", "7", "9", "21", "53"})
"""Attributes that show where there is no glyph: underlines, reverse, strike, overline."""


class Pen(NamedTuple):
    """The state of a terminal's style, in the parameters that set it."""

    attributes: tuple[str, ...] = ()
    foreground: str = "39"
    background: str = "49"


Cell: TypeAlias = tuple[str, Pen]
PLAIN: Final = Pen()


def is_frame(data: str) -> bool:
    """Tell whether this is a piece of the screen, and not a mode or a question."""
    return _FRAME.match(data) is not None


class ScreenModel:
    """Reduces frames to what changes."""

    def __init__(self) -> None:
        self.overflowed = False
        self._size = (0, 0)
        self._rows: list[list[Cell | None]] = []
        self._pens: dict[str, Pen] = {"": PLAIN}
        self._glyphs: dict[str, bool] = {}

    def forget(self, columns: int, rows: int) -> None:
        """Know nothing of a terminal of that size: whatever comes next is sent."""
        self._size = columns, rows
        self._rows = [[None] * columns for _ in range(rows)]

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._size

    def reduce(self, frame: str) -> str:
        """Return what brings the terminal from what it shows to what the frame says.

        A frame with anything else in it than moves, styles and glyphs of one cell each is returned
        as it is, and the model forgets what it knew; `overflowed` tells if it was too large for the
        terminal, of which it then spoils cells that it does not name.
        """
        self.overflowed = False
        changes = self._changes(frame)
        if changes is None:
            self.forget(*self._size)
            return frame
        return self._written(*changes)

    def _changes(
        self, frame: str
    ) -> tuple[list[tuple[int, int, Cell]], tuple[int, int] | None] | None:
        """Return the (row, column, cell)s that differ, and where the frame leaves the cursor."""
        changes: list[tuple[int, int, Cell]] = []
        columns, height = self._size
        row = column = 0
        moved = None
        pen, at = PLAIN, 0
        for match in _TOKEN.finditer(frame):
            if match.start() != at:
                return None
            at = match.end()
            down, across, parameters, newline, text = match.groups()
            if text is not None:
                moved = None
                self.overflowed = row >= height or column + len(text) > columns
                if self.overflowed or not self._is_narrow(text):
                    return None
                cells = self._rows[row]
                for glyph in text:
                    cell = glyph, _on_blank(pen) if glyph == " " else pen
                    if cells[column] != cell:
                        cells[column] = cell
                        changes.append((row, column, cell))
                    column += 1
            elif parameters is not None:
                pen = self._pen(parameters)
            elif down is not None:
                row, column = int(down) - 1, int(across) - 1
                moved = row, column
            elif newline:
                row, column = row + 1, 0
        return (changes, moved) if at == len(frame) else None

    def _written(self, changes: list[tuple[int, int, Cell]], cursor: tuple[int, int] | None) -> str:
        output: list[str] = []
        pen = PLAIN
        row = column = -1
        for y, x, (glyph, wanted) in changes:
            if (y, x) != (row, column):
                output.append(self._move(row, column, y, x, pen))
                row, column = y, x
            if wanted != pen:
                output.append(_change_pen(pen, wanted, glyph == " "))
                pen = _kept_foreground(pen, wanted) if glyph == " " else wanted
            output.append(glyph)
            column += 1
            if column == self._size[0]:
                column = -1  # terminals differ in where the cursor is after the last column
        if pen != PLAIN:
            output.append("\x1b[m")
        if cursor is not None and changes:
            output.append(f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H")
        return "".join(output)

    def _move(self, row: int, column: int, y: int, x: int, pen: Pen) -> str:
        """Return the shortest way to the next change: over cells that stay, or by a move."""
        if y == row and 0 <= column < x:
            between = self._rows[y][column:x]
            if x - column <= 4 and all(
                cell is not None and (cell[1] == pen or _is_same_blank(cell, pen))
                for cell in between
            ):
                again = "".join(cell[0] for cell in between if cell is not None)
                if len(again.encode()) <= 4:
                    return again
            return f"\x1b[{x - column}C" if x - column > 1 else "\x1b[C"
        return f"\x1b[{y + 1};{x + 1}H"

    def _is_narrow(self, text: str) -> bool:
        """Tell whether each character takes one cell."""
        if text.isascii():
            return text.isprintable()
        return all(self._is_narrow_glyph(glyph) for glyph in text)

    def _is_narrow_glyph(self, glyph: str) -> bool:
        narrow = self._glyphs.get(glyph)
        if narrow is None:
            narrow = self._glyphs[glyph] = glyph.isprintable() and cell_len(glyph) == 1
        return narrow

    def _pen(self, parameters: str) -> Pen:
        pen = self._pens.get(parameters)
        if pen is None:
            pen = self._pens[parameters] = _parse(parameters)
        return pen


def _parse(parameters: str) -> Pen:
    """Return the pen that these parameters set after a reset, for Textual resets after each use."""
    attributes: list[str] = []
    foreground, background = PLAIN.foreground, PLAIN.background
    numbers = iter(parameters.split(";"))
    for number in numbers:
        if number in {"38", "48"}:
            kind = next(numbers, "5")
            rest = [next(numbers, "0") for _ in range(3 if kind == "2" else 1)]
            colour = ";".join((number, kind, *rest))
            if number == "38":
                foreground = colour
            else:
                background = colour
        elif number in {"", "0"}:
            attributes, foreground, background = [], PLAIN.foreground, PLAIN.background
        elif number.isdigit() and (30 <= int(number) <= 37 or 90 <= int(number) <= 97):
            foreground = number
        elif number.isdigit() and (40 <= int(number) <= 47 or 100 <= int(number) <= 107):
            background = number
        elif number not in {"39", "49"}:
            attributes.append(number)
    return Pen(tuple(attributes), foreground, background)


def _on_blank(pen: Pen) -> Pen:
    """Return the part of a pen that shows on a blank."""
    if _SEEN_ON_BLANKS.intersection(pen.attributes):
        return pen
    return Pen((), PLAIN.foreground, pen.background)


def _is_same_blank(cell: Cell, pen: Pen) -> bool:
    return cell[0] == " " and not pen.attributes and cell[1] == _on_blank(pen)


def _kept_foreground(pen: Pen, blank: Pen) -> Pen:
    """Return the pen after a blank was drawn: its foreground was left as it was, if that could be."""
    if pen.attributes == blank.attributes == ():
        return Pen((), pen.foreground, blank.background)
    return blank


def _change_pen(pen: Pen, wanted: Pen, blank: bool) -> str:
    if pen.attributes != wanted.attributes:
        parts = ["", *wanted.attributes]
        if wanted.foreground != PLAIN.foreground:
            parts.append(wanted.foreground)
        if wanted.background != PLAIN.background:
            parts.append(wanted.background)
        return f"\x1b[{';'.join(parts)}m"
    parts = []
    if wanted.foreground != pen.foreground and not (blank and not wanted.attributes):
        parts.append(wanted.foreground)
    if wanted.background != pen.background:
        parts.append(wanted.background)
    return f"\x1b[{';'.join(parts)}m" if parts else ""
