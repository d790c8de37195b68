"""What the terminal shows and what it should show, cell by cell, so that only the difference is sent.

Textual rewrites each dirty row from the widget's left edge and resets the style after each segment;
over a slow line most of that is said again, and may be out of date before it arrives. Frames therefore
change what is wanted, and the driver sends, whenever the line is free, as much of the difference as
the line carries: what a person looks at first, then what has waited longest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from tui.terminal.cell_ids import UNKNOWN, CellIds
from tui.terminal.escape_codes import PLAIN, move

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from tui.terminal.escape_codes import SgrState

_TOKEN: Final = re.compile(
    r"\x1b\[(\d+);(\d+)H"  # a move
    r"|\x1b\[([\d;:]*)m"  # a style
    r"|(\n)"
    r"|([^\x00-\x1f\x7f-\x9f]+)"  # text
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[^@-~]*[@-~]|[\x00-\x1f\x7f-\x9f]"  # is left out
)
_FRAME: Final = re.compile(r"\x1b\[\d+;\d+H")
_NEVER: Final = np.iinfo(np.int64).max
_TABLE_LIMIT: Final = 50_000
"""Cells that are numbered before those that are on no screen any more are let go of."""

HEAD_START: Final = 4
"""Pieces that what is looked at is ahead of the rest."""

Span: TypeAlias = tuple[int, list[int]]
"""A row, and those of its columns that are sent, from left to right."""


@dataclass(frozen=True)
class Area:
    """A rectangle of the screen, and how much a person looks at it.

    Attributes:
        rank: 0 goes before everything else; of what has waited equally long, 1 goes before 2.
    """

    column: int
    row: int
    width: int
    height: int
    rank: int = 2


def is_frame(data: str) -> bool:
    """Tell whether this is a piece of the screen, and not a mode or a question."""
    return _FRAME.match(data) is not None


class Update:
    """Written cell by cell, until a number of bytes is reached.

    Attributes:
        sent: the (row, column)s that were written.
        at: where the terminal's cursor is then, if that is known.
        size: bytes so far.
    """

    def __init__(self, table: CellIds, wanted: NDArray[np.int32]) -> None:
        self.sent: list[tuple[int, int]] = []
        self.at: tuple[int, int] | None = None
        self.size = 0
        self._table = table
        self._wanted = wanted
        self._style = PLAIN
        self._output: list[str] = []

    def add(self, stretches: Iterable[Span], limit: int) -> bool:
        """Write cells until all are written, or the piece has `limit` bytes; tell whether all are.

        The first is written in any case.
        """
        return all(self._add(row, columns, limit) for row, columns in stretches)

    def text(self) -> str:
        """Return what is sent; it leaves the style as it was before."""
        if self._style != PLAIN:
            self._write("\x1b[m", 3)
            self._style = PLAIN
        return "".join(self._output)

    def _add(self, row: int, columns: list[int], limit: int) -> bool:
        table, wanted = self._table, self._wanted[row].tolist()
        for column in columns:
            if self.size >= limit and self.sent:
                return False
            number = wanted[column]
            glyph, pen = table.glyphs[number], table.styles[number]
            if not glyph:
                continue  # it went with the half before
            self.sent.append((row, column))
            if (row, column) != self.at:
                way = self._move_to(row, column, wanted)
                self._write(way, len(way.encode()))
            if pen != self._style:
                blank = glyph == " "
                change = self._style.change(pen, blank=blank)
                self._write(change, len(change))
                self._style = self._style.after_blank(pen) if blank else pen
            self._write(glyph, table.sizes[number])
            after = column + 1
            # terminals differ in where the cursor is after the last column, and in what is wide
            self.at = (row, after) if after < len(wanted) and len(glyph) == 1 else None
            if after < len(wanted) and table.is_second_half(wanted[after]):
                self.sent.append((row, after))
                self.at = None
        return True

    def _write(self, text: str, size: int) -> None:
        self._output.append(text)
        self.size += size

    def _move_to(self, row: int, column: int, wanted: list[int]) -> str:
        """Return the shortest way: over cells that look the same anyway, or by a move."""
        if self.at is not None and self.at[0] == row and 0 < column - self.at[1] <= 4:
            between = wanted[self.at[1] : column]
            if all(self._fits(number) for number in between):
                again = "".join(self._table.glyphs[number] for number in between)
                if sum(self._table.sizes[number] for number in between) <= 4:
                    return again
        return move(self.at, row, column)

    def _fits(self, number: int) -> bool:
        """Tell whether the cell can be written with the pen as it is."""
        if number == UNKNOWN or len(self._table.glyphs[number]) != 1:
            return False
        pen = self._table.styles[number]
        if self._table.glyphs[number] == " ":
            return not self._style.attributes and pen == self._style.on_blank()
        return pen == self._style


class ScreenBuffer:
    """Takes frames, and gives them in pieces that bring the terminal to them.

    With `to_256`, their colours are sent as the nearest entries of the 256-colour palette.
    """

    def __init__(self, columns: int = 0, rows: int = 0, *, to_256: bool = False) -> None:
        self.overflowed = False
        """Whether the last frame was too large for the terminal, and was cut."""
        self._table = CellIds(to_256=to_256)
        self._updates = 0
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Begin with a terminal of that size, of which nothing is known and nothing wanted."""
        self._size = columns, rows
        self._wanted: NDArray[np.int32] = np.full((rows, columns), UNKNOWN, np.int32)
        self._shown = self._wanted.copy()
        self._since: NDArray[np.int64] = np.full((rows, columns), _NEVER, np.int64)
        self._cursor = self._cursor_sent = (0, 0)
        self._changed = False

    def invalidate(self) -> None:
        """Trust nothing that the terminal shows: all that is wanted is sent again."""
        self._shown[:] = UNKNOWN
        self._changed = True

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._size

    @property
    def has_changes(self) -> bool:
        """Whether the terminal shows anything else than what is wanted."""
        if self._changed:
            self._changed = bool(self._differences().any()) or self._cursor != self._cursor_sent
        return self._changed

    def apply(self, frame: str) -> None:
        """Want what a frame says in moves, styles and glyphs; whatever else is in it is left out.

        What is outside of the terminal is cut, and `overflowed` says so.
        """
        self._changed = True
        self.overflowed = False
        if len(self._table) > _TABLE_LIMIT:
            self._renumber()
        row = column = 0
        moved = None
        pen = PLAIN
        for match in _TOKEN.finditer(frame):
            match match.lastindex:
                case 2:
                    row, column = int(match[1]) - 1, int(match[2]) - 1
                    moved = row, column
                case 3:
                    pen = self._table.parse_style(match[3])
                case 4:
                    row, column = row + 1, 0
                case 5:
                    numbers = self._table.ids_for(match[5], pen)
                    self._write(row, column, numbers)
                    column += len(numbers)
                    moved = None
        columns, rows = self._size
        if moved is not None and moved[0] < rows and moved[1] < columns:
            self._cursor = moved

    def next_update(self, budget: int, areas: Sequence[Area] = ()) -> str:
        """Return the next piece, of about so many bytes at most, as one that the terminal shows now.

        Where not all of it fits, what ranks 0 goes first, in the order of the areas, of which the first
        has what several have; the rest in the order of how long it has waited, what ranks 1 with a
        head start; and of what has waited equally long, the row of an area with most changes.
        """
        differs = self._differences()
        self._updates += 1
        piece = None
        if int(np.count_nonzero(differs)) <= budget:
            rows = self._spans(differs)
            piece = self._shorter(rows, self._by_style(rows), limit=budget)
        if piece is None:
            self._since[~differs] = _NEVER
            np.minimum(self._since, self._updates, out=self._since, where=differs)
            piece = self._first_of(*self._in_order(differs, areas), budget)
        text = piece.text()
        self._mark_shown(piece.sent)
        if self._cursor != self._cursor_sent and not self._differences().any():
            text += move(piece.at, *self._cursor)
            self._cursor_sent = self._cursor
        return text

    def _shorter(self, *ways: list[Span], limit: int) -> Update | None:
        """Return the shortest of some ways to write the same, of those that are short enough."""
        pieces = [Update(self._table, self._wanted) for _ in ways]
        whole = [piece for piece, way in zip(pieces, ways, strict=True) if piece.add(way, limit)]
        return min(whole, key=lambda piece: piece.size, default=None)

    def _first_of(self, first: list[Span], rest: list[Span], budget: int) -> Update:
        """Return as much as fits of what goes first and of the rest."""
        piece = Update(self._table, self._wanted)
        for tried in (4 * budget // 3, budget):
            piece = Update(self._table, self._wanted)
            # even a line that changes all the time leaves room for the others
            piece.add(first, 3 * tried // 4 if rest else tried)
            piece.add(rest, tried)
            by_pen = self._shorter(self._by_style(_rows(piece.sent)), limit=budget)
            if by_pen is not None:
                return by_pen
        return piece

    def _differences(self) -> NDArray[np.bool_]:
        differs: NDArray[np.bool_] = (self._wanted != self._shown) & (self._wanted != UNKNOWN)
        return differs

    def _write(self, row: int, column: int, numbers: list[int]) -> None:
        columns, rows = self._size
        room = max(0, columns - column) if row < rows else 0
        table = self._table
        if len(numbers) > room:
            self.overflowed = True
            if room and table.is_second_half(numbers[room]):
                numbers[room - 1] = table.blank(numbers[room - 1])
            numbers = numbers[:room]
        if not numbers:
            return
        wanted, end = self._wanted[row], column + len(numbers)
        if table.has_wide:
            # of a wide glyph that is half covered, nothing is left
            if column and table.is_second_half(wanted[column]):
                wanted[column - 1] = table.blank(int(wanted[column - 1]))
            if end < columns and table.is_second_half(wanted[end]):
                wanted[end] = table.blank(int(wanted[end]))
        wanted[column:end] = numbers

    def _spans(self, differs: NDArray[np.bool_]) -> list[Span]:
        """Return everything that differs, from the top to the bottom."""
        return [
            (row, self._whole(row, np.flatnonzero(differs[row]).tolist()))
            for row in np.flatnonzero(differs.any(axis=1)).tolist()
        ]

    def _by_style(self, stretches: list[Span]) -> list[Span]:
        """Return the same cells, those of one style together.

        Where few change, here and there, a move is shorter than a change of style.
        """
        pens: dict[SgrState, list[Span]] = {}
        for row, columns in stretches:
            numbers = self._wanted[row, columns].tolist()
            alike: dict[SgrState, list[int]] = {}
            for column, number in zip(columns, numbers, strict=True):
                alike.setdefault(self._table.styles[number], []).append(column)
            for pen, those in alike.items():
                pens.setdefault(pen, []).append((row, those))
        # neighbours in this order share most
        ordered = sorted(pens, key=lambda pen: (pen.attributes, pen.background, pen.foreground))
        return [stretch for pen in ordered for stretch in pens[pen]]

    def _in_order(
        self, differs: NDArray[np.bool_], areas: Sequence[Area]
    ) -> tuple[list[Span], list[Span]]:
        """Return what goes first, and the rest in its order."""
        owner = np.full(differs.shape, -1)
        for index, area in sorted(enumerate(areas), key=lambda each: (-each[1].rank, -each[0])):
            rows = slice(max(0, area.row), max(0, area.row + area.height))
            owner[rows, max(0, area.column) : max(0, area.column + area.width)] = index
        first: list[tuple[int, int, Span]] = []
        rest: list[tuple[int, int, Span]] = []
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[row])
            groups: dict[tuple[int, int], list[int]] = {}
            owned, since = owner[row, columns].tolist(), self._since[row, columns].tolist()
            for column, group in zip(columns.tolist(), zip(owned, since, strict=True), strict=True):
                groups.setdefault(group, []).append(column)
            for (index, waiting), group_columns in groups.items():
                stretch = row, self._whole(row, group_columns)
                rank = areas[index].rank if index >= 0 else 2
                if rank == 0:
                    first.append((index, waiting, stretch))
                else:
                    start = waiting - (HEAD_START if rank == 1 else 0)
                    rest.append((start, -len(group_columns), stretch))
        first.sort()
        rest.sort()
        return [each[-1] for each in first], [each[-1] for each in rest]

    def _whole(self, row: int, columns: list[int]) -> list[int]:
        """Return the columns, and with each second half of a wide glyph the first."""
        if not self._table.has_wide:
            return columns
        wanted = self._wanted[row].tolist()
        halves = {each - 1 for each in columns if self._table.is_second_half(wanted[each])}
        halves |= {
            each + 1
            for each in {*columns, *halves}
            if each + 1 < len(wanted) and self._table.is_second_half(wanted[each + 1])
        }
        return sorted({*columns, *halves})

    def _mark_shown(self, cells: list[tuple[int, int]]) -> None:
        if not cells:
            return
        rows, columns = np.array(cells).T
        if self._table.has_wide:
            for row, column in cells:
                self._invalidate_halves(row, column)
        self._shown[rows, columns] = self._wanted[rows, columns]
        self._since[rows, columns] = _NEVER

    def _invalidate_halves(self, row: int, column: int) -> None:
        """Know no more of the other half of a wide glyph that is drawn over."""
        shown, wanted = self._shown[row], self._wanted[row]
        is_half = self._table.is_second_half
        if column and is_half(shown[column]) and not is_half(wanted[column]):
            shown[column - 1] = UNKNOWN
        after = column + 1
        if after < len(shown) and is_half(shown[after]):
            shown[after] = UNKNOWN

    def _renumber(self) -> None:
        """Number the cells of the screen anew, and let go of all others."""
        before, self._table = self._table, CellIds(to_256=self._table.to_256)
        rows = self._wanted.tolist()
        for row, numbers in enumerate(rows):
            for column, number in enumerate(numbers):
                if number != UNKNOWN:
                    glyph, pen = before.glyphs[number], before.styles[number]
                    self._wanted[row, column] = self._table.id_for(glyph, pen)
        self.invalidate()


def _rows(cells: list[tuple[int, int]]) -> list[Span]:
    rows: dict[int, list[int]] = {}
    for row, column in sorted(cells):
        rows.setdefault(row, []).append(column)
    return list(rows.items())
