"""Screen buffer: the wanted and the shown content of each cell, so that only differences are sent.

Textual rewrites each dirty row from the widget's left edge and resets the style after each segment. Over
a slow line most of that is redundant, and may be out of date on arrival. Frames therefore change the
wanted content only, and whenever the line is free the driver sends as many of the differences as fit:
those in the areas that the user looks at first, then those that have waited longest.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np

from core.dataclass import dataclass
from tui.terminal.cell_ids import PLAIN_ID, UNKNOWN, CellIds
from tui.terminal.escape_codes import PLAIN, move

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from tui.terminal.escape_codes import SgrState

_TOKEN: Final = re.compile(
    r"\x1b\[(\d+);(\d+)H"  # a move
    r"|\x1b\[([\d;:]*)m"  # a style
    r"|(\n)"
    r"|([^\x00-\x1f\x7f-\x9f]+)"  # text
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[^@-~]*[@-~]|[\x00-\x1f\x7f-\x9f]"  # ignored
)
_FRAME: Final = re.compile(r"\x1b\[\d+;\d+H")
_NEVER: Final = np.iinfo(np.int64).max
_FIRST: Final = -(1 << 32)
"""Waiting since: cells that a closed dialog has uncovered, before any other."""
_TABLE_LIMIT: Final = 50_000
"""Ids of cells above which unused ones are dropped."""

HEAD_START: Final = 4
"""Number of updates by which areas of rank 1 precede others."""

Span: TypeAlias = tuple[int, list[int]]
"""A row and some of its columns, from left to right."""


@dataclass(frozen=True)
class Area:
    """A rectangle of the screen with its rank in the order of sending.

    Attributes:
        rank: -1 is a dialog: nothing else is sent before it is complete, and the cells it covered come
            first after it has closed. 0 is sent before the rest; at equal waiting times, 1 is sent
            before 2.
    """

    column: int
    row: int
    width: int
    height: int
    rank: int = 2

    @property
    def cells(self) -> tuple[slice, slice]:
        """Rows and columns, without those left of the screen or above it."""
        rows = slice(max(0, self.row), max(0, self.row + self.height))
        return rows, slice(max(0, self.column), max(0, self.column + self.width))


def is_frame(data: str) -> bool:
    """Return whether this is screen content, not a mode or a query."""
    return _FRAME.match(data) is not None


class Pen(NamedTuple):
    """State of the terminal between two updates.

    Attributes:
        style: id of its style, or `UNKNOWN`.
        at: row and column of its cursor, or None if unknown.
    """

    style: int = PLAIN_ID
    at: tuple[int, int] | None = None


class Update:
    """Output of some cells for the terminal: moves, styles and glyphs, limited to a number of bytes.

    Attributes:
        sent: (row, column) of the cells that were written.
        at: position of the terminal's cursor afterwards, or None if unknown.
        size: number of bytes so far.
    """

    def __init__(self, table: CellIds, wanted: NDArray[np.int32], pen: Pen) -> None:
        self.sent: list[tuple[int, int]] = []
        self.at = pen.at
        self.size = 0
        self._table = table
        self._wanted = wanted
        self._style = pen.style
        self._passed: set[tuple[int, int]] = set()
        self._output: list[str] = []
        self._rows: dict[int, list[int]] = {}
        if pen.style == UNKNOWN:
            self.reset()

    def add(self, spans: Iterable[Span], limit: int) -> bool:
        """Write cells up to `limit` bytes, but at least one; return whether all are written."""
        return all(self._add(row, columns, limit) for row, columns in spans)

    def reset(self) -> None:
        """Reset the style, unless that is already done."""
        if self._style != PLAIN_ID:
            self._output.append("\x1b[m")
            self.size += 3
            self._style = PLAIN_ID

    @property
    def text(self) -> str:
        """The output."""
        return "".join(self._output)

    @property
    def pen(self) -> Pen:
        """State of the terminal after the output."""
        return Pen(self._style, self.at)

    def _add(self, row: int, columns: list[int], limit: int) -> bool:
        wanted = self._rows.get(row)
        if wanted is None:
            wanted = self._rows[row] = self._wanted[row].tolist()
        # local names, since this runs for each cell that is sent
        table, sent, output = self._table, self.sent, self._output
        glyphs, sizes, style_ids, width = table.glyphs, table.sizes, table.style_ids, len(wanted)
        passed = self._passed
        for column in columns:
            if self.size >= limit and sent:
                return False
            number = wanted[column]
            glyph, style = glyphs[number], style_ids[number]
            if not glyph:
                continue  # written with the first half
            place = row, column
            if place in passed:
                continue
            sent.append(place)
            if place != self.at:
                way = self._move_to(row, column, wanted)
                output.append(way)
                self.size += len(way) if way.isascii() else len(way.encode())
            if style != self._style:
                change, self._style = table.change(self._style, style, blank=glyph == " ")
                output.append(change)
                self.size += len(change)
            output.append(glyph)
            self.size += sizes[number]
            after = column + 1
            # terminals differ in the cursor position after the last column, and in the width of glyphs
            self.at = (row, after) if after < width and len(glyph) == 1 else None
            if table.has_wide and after < width and table.is_second_half(wanted[after]):
                sent.append((row, after))
                self.at = None
        return True

    def _move_to(self, row: int, column: int, wanted: list[int]) -> str:
        """Return the shortest way to a cell: writing the cells between, too, or a cursor move."""
        if self.at is not None and self.at[0] == row and 0 < column - self.at[1] <= 4:
            between = wanted[self.at[1] : column]
            if all(self._fits(number) for number in between):
                again = "".join([self._table.glyphs[number] for number in between])
                if sum([self._table.sizes[number] for number in between]) <= 4:
                    # they may differ, too, and be no longer wanted before their turn
                    passed = [(row, each) for each in range(self.at[1], column)]
                    self.sent += passed
                    self._passed.update(passed)
                    return again
        return move(self.at, row, column)

    def _fits(self, number: int) -> bool:
        """Return whether the cell can be written in the current style."""
        if number == UNKNOWN or len(self._table.glyphs[number]) != 1:
            return False
        style = self._table.style_ids[number]
        if style == self._style:
            return True
        blank = self._table.glyphs[number] == " "
        return blank and self._table.change(self._style, style, blank=True) == ("", self._style)


class ScreenBuffer:
    """Wanted and shown content of a terminal: frames go in, and updates of limited size come out.

    With `to_256`, colours are converted to the nearest entries of the 256-colour palette.
    """

    def __init__(self, columns: int = 0, rows: int = 0, *, to_256: bool = False) -> None:
        self.overflowed = False
        """Whether the last frame was larger than the terminal, and was clipped."""
        self._table = CellIds(to_256=to_256)
        self._updates = 0
        self._pen = Pen()
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Start with a terminal of this size, with unknown content, and no frame."""
        self._size = columns, rows
        self._wanted: NDArray[np.int32] = np.full((rows, columns), UNKNOWN, np.int32)
        self._shown = self._wanted.copy()
        self._waiting_since: NDArray[np.int64] = np.full((rows, columns), _NEVER, np.int64)
        self._dialog: NDArray[np.bool_] = np.zeros((rows, columns), np.bool_)
        self._uncovered = self._dialog.copy()
        self._cursor = self._cursor_sent = (0, 0)
        self._changed = False
        self._forget_pen()

    def invalidate(self) -> None:
        """Regard the terminal's content as unknown, so that everything is sent again."""
        self._shown[:] = UNKNOWN
        self._forget_pen()
        self._changed = True

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._size

    @property
    def has_changes(self) -> bool:
        """Whether there is anything to send."""
        if self._changed:
            self._changed = bool(self._differences().any()) or self._cursor != self._cursor_sent
        return self._changed

    def apply(self, frame: str) -> None:
        """Store a frame: its moves, styles and glyphs; other sequences are ignored.

        Cells outside of the terminal are dropped, and `overflowed` is set.
        """
        self._changed = True
        self.overflowed = False
        if len(self._table) > _TABLE_LIMIT:
            self._renumber()
        row = column = 0
        moved = None
        style = PLAIN
        for match in _TOKEN.finditer(frame):
            match match.lastindex:
                case 2:
                    row, column = int(match[1]) - 1, int(match[2]) - 1
                    moved = row, column
                case 3:
                    style = self._table.parse_style(match[3])
                case 4:
                    row, column = row + 1, 0
                case 5:
                    numbers = self._table.ids_for(match[5], style)
                    self._write(row, column, numbers)
                    column += len(numbers)
                    moved = None
        columns, rows = self._size
        if moved is not None and moved[0] < rows and moved[1] < columns:
            self._cursor = moved

    def ids_for(self, keys: list[int], cell: Callable[[int], tuple[str, str]]) -> list[int]:
        """Return the ids of cells, given a number for each.

        `cell` returns the glyph that a number stands for, and the parameters of its style.
        """
        if len(self._table) > _TABLE_LIMIT:
            self._renumber()
        return self._table.ids_of_keys(keys, cell)

    def draw(self, rows: NDArray[np.intp], columns: NDArray[np.intp], ids: list[int]) -> None:
        """Store cells without a frame; they must be on the screen, and glyphs complete."""
        self._wanted[rows, columns] = ids
        self._changed = True

    def next_update(self, budget: int, areas: Sequence[Area] = ()) -> str:
        """Return the next update, of about `budget` bytes at most, and mark its cells as shown.

        If the differences do not fit, dialogs are sent alone. Otherwise areas of rank 0 come first, in
        their order (of areas that overlap, the first one counts), then cells that a closed dialog has
        uncovered. All others follow by waiting time, with a head start for rank 1; at equal waiting
        times, the row of an area with most changes comes first.
        """
        differs = self._differences()
        self._updates += 1
        self._follow_dialogs(areas)
        update = None
        if int(np.count_nonzero(differs)) <= budget:
            update = self._grouped(self._spans(differs), budget)
        if update is None:
            self._waiting_since[~differs] = _NEVER
            np.minimum(self._waiting_since, self._updates, out=self._waiting_since, where=differs)
            self._waiting_since[differs & self._uncovered] = _FIRST
            is_dialog = differs & self._dialog
            ordered = self._in_order(is_dialog if is_dialog.any() else differs, areas)
            update = self._first_of(*ordered, budget)
        self._mark_shown(update.sent)
        self._pen = update.pen
        if self._differences().any():
            return update.text  # the next update continues where this one ends
        self._changed = False
        update.reset()
        self._pen, text = Pen(), update.text
        if self._cursor != self._cursor_sent:
            text += move(update.at, *self._cursor)
            self._cursor_sent = self._cursor
        return text

    def _grouped(self, spans: list[Span], limit: int) -> Update | None:
        """Return an update with all of these cells, by style, or None if it exceeds the limit."""
        update = Update(self._table, self._wanted, self._pen)
        return update if update.add(self._by_style(spans), limit) else None

    def _first_of(self, first: list[Span], rest: list[Span], budget: int) -> Update:
        """Return an update with as many cells as fit, of the first spans and then of the rest."""
        update = Update(self._table, self._wanted, self._pen)
        for tried in (4 * budget // 3, budget):
            update = Update(self._table, self._wanted, self._pen)
            # a row that changes all the time must not starve the others
            update.add(first, 3 * tried // 4 if rest else tried)
            update.add(rest, tried)
            by_style = self._grouped(_rows(update.sent), budget)
            if by_style is not None:
                return by_style
        return update

    def _follow_dialogs(self, areas: Sequence[Area]) -> None:
        """Update the cells that dialogs cover, and those that they uncover when they close."""
        before, self._dialog = self._dialog, np.zeros_like(self._dialog)
        for area in areas:
            if area.rank < 0:
                self._dialog[area.cells] = True
        if self._dialog.any():
            self._uncovered[:] = False
        elif before.any():
            self._uncovered = before

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
            # a wide glyph that is half covered disappears
            if column and table.is_second_half(wanted[column]):
                wanted[column - 1] = table.blank(int(wanted[column - 1]))
            if end < columns and table.is_second_half(wanted[end]):
                wanted[end] = table.blank(int(wanted[end]))
        wanted[column:end] = numbers

    def _spans(self, differs: NDArray[np.bool_]) -> list[Span]:
        """Return all differences, from top to bottom."""
        return [
            (row, self._whole(row, np.flatnonzero(differs[row]).tolist()))
            for row in np.flatnonzero(differs.any(axis=1)).tolist()
        ]

    def _by_style(self, spans: list[Span]) -> list[Span]:
        """Return the same cells grouped by style: a move is shorter than a change of style."""
        styles: dict[SgrState, list[Span]] = {}
        counts: Counter[str] = Counter()
        for row, columns in spans:
            alike: dict[SgrState, list[int]] = {}
            for column, style in zip(columns, self._styles_of(row, columns), strict=True):
                alike.setdefault(style, []).append(column)
            for style, those in alike.items():
                styles.setdefault(style, []).append((row, those))
                counts[style.background] += len(those)
        # neighbours in this order have most in common; the most frequent background comes first
        ordered = sorted(
            styles,
            key=lambda each: (
                each.attributes,
                -counts[each.background],
                each.background,
                each.foreground,
            ),
        )
        return [span for style in ordered for span in styles[style]]

    def _styles_of(self, row: int, columns: list[int]) -> list[SgrState]:
        """Return the styles in which cells are written: blanks in that of a neighbouring glyph."""
        table, numbers = self._table, self._wanted[row, columns].tolist()
        styles = [table.styles[number] for number in numbers]
        is_blank = [table.glyphs[number] == " " for number in numbers]
        for places in (range(1, len(columns)), range(len(columns) - 2, -1, -1)):
            step = places.step
            for place in places:
                style, neighbour = styles[place], styles[place - step]
                if (
                    is_blank[place]
                    and style.background == neighbour.background
                    and style.attributes == neighbour.attributes == ()
                    and columns[place] == columns[place - step] + step
                ):
                    styles[place] = neighbour
        return styles

    def _in_order(
        self, differs: NDArray[np.bool_], areas: Sequence[Area]
    ) -> tuple[list[Span], list[Span]]:
        """Return the spans of rank 0, and the others in order."""
        owner = np.full(differs.shape, -1)
        for index, area in sorted(enumerate(areas), key=lambda each: (-each[1].rank, -each[0])):
            owner[area.cells] = index
        first: list[tuple[int, int, Span]] = []
        uncovered: list[Span] = []
        rest: list[tuple[int, int, Span]] = []
        for row in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[row])
            groups: dict[tuple[int, int], list[int]] = {}
            owned, since = owner[row, columns].tolist(), self._waiting_since[row, columns].tolist()
            for column, group in zip(columns.tolist(), zip(owned, since, strict=True), strict=True):
                groups.setdefault(group, []).append(column)
            for (index, waiting), group_columns in groups.items():
                span = row, self._whole(row, group_columns)
                rank = areas[index].rank if index >= 0 else 2
                if rank <= 0:
                    first.append((index, waiting, span))
                elif waiting == _FIRST:
                    uncovered.append(span)
                else:
                    start = waiting - (HEAD_START if rank == 1 else 0)
                    rest.append((start, -len(group_columns), span))
        first.sort()
        rest.sort()
        # a fifth fewer bytes than row by row, and borders and text of all panels come first
        by_style = self._by_style(uncovered)
        return [each[-1] for each in first], by_style + [each[-1] for each in rest]

    def _whole(self, row: int, columns: list[int]) -> list[int]:
        """Return the columns, extended to both halves of wide glyphs."""
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

    def _forget_pen(self) -> None:
        self._pen = Pen(PLAIN_ID if self._pen.style == PLAIN_ID else UNKNOWN)

    def _mark_shown(self, cells: list[tuple[int, int]]) -> None:
        if not cells:
            return
        rows, columns = np.array(cells).T
        if self._table.has_wide:
            for row, column in cells:
                self._invalidate_halves(row, column)
        self._shown[rows, columns] = self._wanted[rows, columns]
        self._waiting_since[rows, columns] = _NEVER
        if self._uncovered[rows, columns].any():
            self._uncovered[rows, columns] = False
            self._uncovered &= self._differences()

    def _invalidate_halves(self, row: int, column: int) -> None:
        """Regard the other half of an overwritten wide glyph as unknown."""
        shown, wanted = self._shown[row], self._wanted[row]
        is_half = self._table.is_second_half
        if column and is_half(shown[column]) and not is_half(wanted[column]):
            shown[column - 1] = UNKNOWN
        after = column + 1
        if after < len(shown) and is_half(shown[after]):
            shown[after] = UNKNOWN

    def _renumber(self) -> None:
        """Replace the table of ids by one of the cells on the screen."""
        before, self._table = self._table, CellIds(to_256=self._table.to_256)
        rows = self._wanted.tolist()
        for row, numbers in enumerate(rows):
            for column, number in enumerate(numbers):
                if number != UNKNOWN:
                    glyph, style = before.glyphs[number], before.styles[number]
                    self._wanted[row, column] = self._table.id_for(glyph, style)
        self.invalidate()


def _rows(cells: list[tuple[int, int]]) -> list[Span]:
    rows: dict[int, list[int]] = {}
    for row, column in sorted({*cells}):
        rows.setdefault(row, []).append(column)
    return list(rows.items())
