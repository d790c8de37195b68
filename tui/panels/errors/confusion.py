"""Confusion matrix of the errors panel: counts, or colours alone if counts do not fit."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from core.analysis.confusion import (
    accuracy,
    balanced_accuracy,
    macro_f1,
    most_confused,
    precision,
    recall,
)
from core.analysis.imbalance import majority_share
from core.dataclass import dataclass
from tui.drawing import number_format
from tui.drawing.cells import Cells, cell_width, cut, split_cells
from tui.drawing.palette import (
    BACKGROUND,
    DIM,
    FAINT,
    LEGIBLE,
    MISTAKE,
    RAISED,
    TEXT,
    WARNING,
    class_fields,
    class_point,
    ink,
)

if TYPE_CHECKING:
    from core.arrays import Labels

LONG_NAME: Final = 14
WIDE_CELL: Final = 7
WIDEST_CELL: Final = 9
NARROW_SCORES: Final = (("prec", 5), ("rec", 4))
"""In per cent without the sign, so that the names of the classes have room."""
WIDE_SCORES: Final = (("precision", 11), ("recall", 9))
LIST_WIDTH: Final = 24
WIDEST_LIST: Final = 40
LIST_GAP: Final = 3
TALL: Final = 3
LIST_HEIGHT: Final = 5
ROOMY_CELL: Final = 5
"""Columns of a cell from which it has a blank on both sides."""
ERROR_FIELDS: Final = (
    (0.05, WARNING, BACKGROUND),
    (0.2, WARNING, RAISED),
    (0.5, LEGIBLE, MISTAKE),
    (1.0, LEGIBLE, WARNING),
)
"""Colours of an error by the largest share of its row, in increasing order.

They become lighter, while the colours of the classes, one of which is red, remain dark.
"""


@dataclass(frozen=True)
class ConfusionTable:
    """Confusion matrix of one part of the data.

    Attributes:
        names: names of the classes.
        markers: markers of the classes, used cyclically.
        matrix: (classes, classes) counts; rows are the true classes.
        digits: digits of the largest possible count, so that the columns do not move.
    """

    names: tuple[str, ...]
    markers: str
    matrix: Labels
    digits: int

    def marker(self, label: int) -> str:
        """Return the marker of a class."""
        return self.markers[label % len(self.markers)]

    def name(self, label: int, room: int) -> str:
        """Return the name of a class, shortened to a number of cells."""
        return cut(self.names[label] or str(label + 1), room)


@dataclass(frozen=True)
class ConfusionLayout:
    """Columns of each part of a table.

    Attributes:
        label: marker and name of a row.
        cell: count of one class.
        scores: headings and widths of precision and recall.
        listing: list of the most frequent confusions, with its gap; 0 if there is none.
        exact: whether all counts fit.
    """

    label: int
    cell: int
    scores: tuple[tuple[str, int], ...]
    listing: int
    exact: bool


def lay_out(
    names: tuple[str, ...], digits: int, width: int, *, listed: bool = True
) -> ConfusionLayout | None:
    """Return the layout: counts have priority over scores, scores over names; None if too small."""
    classes, longest = len(names), max(map(cell_width, names))
    needed = digits + 1
    # counts have priority over the heading "true"
    labels = 5, 2 + min(longest, 2), 2
    sizes = [(label, cell) for cell in (needed, 1) for label in labels]
    label = next((label for label, cell in sizes if width >= label + classes * cell), 0)
    if not label:
        return None
    cell = min((width - label) // classes, needed)
    exact, spare = cell == needed, width - label - classes * cell
    scores: tuple[tuple[str, int], ...] = ()
    if spare >= _width(NARROW_SCORES):
        scores, spare = NARROW_SCORES, spare - _width(NARROW_SCORES)
    more = min(spare, max(0, 2 + min(longest, LONG_NAME) - label))
    label, spare = label + more, spare - more
    if exact:
        wider = min(spare // classes, max(0, ROOMY_CELL - 1 - cell))
        cell, spare = cell + wider, spare - wider * classes
    listing = LIST_GAP + LIST_WIDTH if listed and spare >= LIST_GAP + LIST_WIDTH else 0
    spare -= listing
    if exact:
        wider = min(spare // classes, max(0, min(2 + longest, WIDE_CELL) - cell))
        cell, spare = cell + wider, spare - wider * classes
    if scores and spare >= _width(WIDE_SCORES) - _width(NARROW_SCORES):
        spare -= _width(WIDE_SCORES) - _width(NARROW_SCORES)
        scores = WIDE_SCORES
    if exact:
        wider = min(spare // classes, max(0, WIDEST_CELL - cell))
        cell, spare = cell + wider, spare - wider * classes
    if listing:
        listing += min(spare, WIDEST_LIST - LIST_WIDTH)
    return ConfusionLayout(label, cell, scores, listing, exact)


def draw_confusion(
    table: ConfusionTable, first: int, width: int, height: int
) -> tuple[Cells, int, int]:
    """Return the drawing, the first class that has a row, and the end of the rows.

    If not all classes have a row, the drawing begins with the class `first`.
    """
    cells, classes = Cells(width, height), len(table.names)
    # if rows can be tall, the list is below the matrix
    listed = height < classes * TALL + 4 + LIST_HEIGHT
    layout = lay_out(table.names, table.digits, width, listed=listed)
    if layout is None or height < 2:
        cells.place(0, 0, draw_list(table, width, height))
        return cells, 0, classes
    totals = 1 if height >= 3 else 0
    heading = 2 if height >= classes + 2 + totals else 1
    rows = height - heading - totals
    roomy = layout.exact and layout.cell >= ROOMY_CELL
    tall = TALL if roomy and not listed else 1
    first = max(0, min(first, classes - rows))
    last = min(classes, first + rows)
    _headings(cells, table, layout, heading)
    for row, label in enumerate(range(first, last)):
        _row(cells, table, layout, label, heading + row * tall, tall)
    _scores(cells, table, layout, first, last, heading, tall)
    # the title may be too short for the number of rows
    edge, left_out = width - layout.listing - 1, []
    for more, row, arrow in ((first, 0, "↑"), (classes - last, -1, "↓")):
        at = heading + (last - first + row if row else 0)
        if more and cells.glyphs[at, edge] == " ":
            cells.write(at, edge, arrow, ink(DIM))
        elif more:
            left_out.append(f"{arrow}{more:,}")
    below = heading + (last - first) * tall
    if totals:
        room = width - layout.listing
        below += 1 if below + 1 < height and tall > 1 else 0
        cells.place(below, 0, _totals(table, room))
        marks = " ".join(left_out)
        if marks and (cells.glyphs[below, room - len(marks) - 1 : room] == " ").all():
            cells.write_right(below, room, marks, ink(DIM))
    if layout.listing:
        cells.place(0, width - layout.listing + LIST_GAP, _listed(table, layout, height))
    elif height - below >= LIST_HEIGHT:
        left = height - below - 2
        cells.place(below + 2, 0, draw_list(table, min(width, WIDEST_LIST), left))
    return cells, first, last


def draw_list(table: ConfusionTable, width: int, height: int) -> Cells:
    """Return the list of the most frequent confusions."""
    cells = Cells(width, height)
    confused = most_confused(table.matrix, max(0, height - 1) if height > 2 else height)
    if not confused:
        words = "no confusions" if table.matrix.any() else "no samples"
        cells.write(0, 0, words, ink(DIM))
        return cells
    top = 0
    if height > 2:
        cells.write(0, 0, "true → predicted", ink(DIM))
        cells.write_right(0, width, "times", ink(DIM)) if width >= 22 else None
        top = 1
    counts = len(f"{confused[0][2]:,}") + 1
    room = max(0, (width - 3 - counts - 4) // 2)
    names = [(table.name(true, room), table.name(other, room)) for true, other, _ in confused]
    column_of_second = 2 + max(cell_width(name) for name, _ in names) + 1
    for row, ((true, other, count), (name, taken_for)) in enumerate(
        zip(confused, names, strict=True), start=top
    ):
        _write_class(cells, row, 0, f"{table.marker(true)} {name}", true)
        cells.write(row, column_of_second, "→", ink(DIM))
        words = f"{table.marker(other)} {taken_for}"
        _write_class(cells, row, column_of_second + 2, words, other)
        cells.write_right(row, width, f" {count:,}", ink(WARNING))
    return cells


def _width(scores: tuple[tuple[str, int], ...]) -> int:
    return sum(width for _, width in scores)


def _write_class(cells: Cells, row: int, column: int, text: str, label: int) -> None:
    cells.write(row, column, text, ink(class_point(label)))


def _listed(table: ConfusionTable, layout: ConfusionLayout, height: int) -> Cells:
    cells = Cells(layout.listing - LIST_GAP, height)
    cells.place(0, 0, draw_list(table, cells.width, height))
    return cells


def _headings(cells: Cells, table: ConfusionTable, layout: ConfusionLayout, heading: int) -> None:
    classes, dim = len(table.names), ink(DIM)
    across, row = classes * layout.cell, heading - 1
    corner = "true╲pred" if heading == 1 and layout.label > 9 else "true"
    cells.write(row, 0, corner[: layout.label], dim)
    if heading > 1:
        words = "predicted" if across >= 9 else "pred"
        middle = layout.label + max(1, (across - len(words)) // 2)
        cells.write(0, middle, words[: max(0, cells.width - middle)], dim)
    shown = _short_names(table, layout.cell)
    for label, text in enumerate(shown):
        right = layout.label + (label + 1) * layout.cell - (layout.cell >= ROOMY_CELL)
        _write_class(cells, row, right - cell_width(text), text, label)
    column = layout.label + across
    for words, width in layout.scores:
        column += width
        cells.write_right(row, column, words, dim)


def _short_names(table: ConfusionTable, cell: int) -> list[str]:
    """Return the column headings: marker and name, or the part of them that is distinct."""
    labels = range(len(table.names))
    free = cell - 1 - (cell >= ROOMY_CELL)
    for with_marker, room in ((True, free - 1), (False, max(1, free))):
        short = [_begun(table.names[label] or str(label + 1), room) for label in labels]
        if room > 0 and len(set(short)) == len(short):
            marked = [table.marker(label) + name for label, name in zip(labels, short, strict=True)]
            return marked if with_marker else short
    return [table.marker(label) for label in labels]


def _begun(name: str, room: int) -> str:
    """Return as much of a name as fits, without an ellipsis."""
    glyphs = split_cells(name)
    whole = room >= len(glyphs) or bool(glyphs[room])
    return "".join(glyphs[: room if whole else room - 1])


def _row(
    cells: Cells, table: ConfusionTable, layout: ConfusionLayout, label: int, top: int, tall: int
) -> None:
    middle = top + (tall - 1) // 2
    name = table.name(label, layout.label - 2)
    _write_class(cells, middle, 0, f"{table.marker(label)} {name}", label)
    counts = table.matrix[label].tolist()
    samples = max(1, sum(counts))
    for other, count in enumerate(counts):
        left = layout.label + other * layout.cell
        text, number, paper = _count(table, layout.cell, label, other, count, samples)
        if count:
            for row in range(top, top + tall):
                cells.write(row, left, " " * layout.cell, paper)
        right = left + layout.cell - (layout.cell >= ROOMY_CELL)
        cells.write_right(middle, right, text, number)


def _count(
    table: ConfusionTable, cell: int, label: int, other: int, count: int, samples: int
) -> tuple[str, int, int]:
    """Return the text of a count, its ink, and the ink of its cell."""
    text = str(count)
    if not count:
        return "·", ink(FAINT), ink()
    share = count / samples
    if label == other:
        fields = class_fields(label)
        colour = fields[min(int(share * len(fields)), len(fields) - 1)]
        text = text if len(text) <= cell > 1 else table.marker(label)
        return text, ink(LEGIBLE, colour, bold=True), ink(LEGIBLE, colour)
    # at least one blank before it, so that two counts do not look like one number
    text = text if len(text) <= max(1, cell - 1) else "+"
    letters, colour = next(colours for most, *colours in ERROR_FIELDS if share <= most)
    return text, ink(letters, colour), ink(LEGIBLE, colour)


def _scores(
    cells: Cells,
    table: ConfusionTable,
    layout: ConfusionLayout,
    first: int,
    last: int,
    heading: int,
    tall: int,
) -> None:
    column = layout.label + len(table.names) * layout.cell
    both = precision(table.matrix).tolist(), recall(table.matrix).tolist()
    for values, (_, width) in zip(both, layout.scores, strict=False):
        column += width
        for row, value in enumerate(values[first:last]):
            middle = heading + row * tall + (tall - 1) // 2
            if not isfinite(value):
                text, colour = "–", DIM
            elif layout.scores == NARROW_SCORES:
                # 100 only if all are correct
                percent = 100 if value == 1 else min(99, round(100 * value))
                text, colour = f"{percent}", TEXT
            else:
                text, colour = f"{number_format.percent(value)} %", TEXT
            cells.write_right(middle, column, text, ink(colour))


def _totals(table: ConfusionTable, width: int) -> Cells:
    cells = Cells(width, 1)
    samples, right = int(table.matrix.sum()), int(table.matrix.trace())
    share, score = accuracy(table.matrix), macro_f1(table.matrix)
    column = cells.write(0, 0, f"accuracy {number_format.percent(share)} %", ink(TEXT))
    wrong = [
        (f"  {samples - right:,} wrong", ink(WARNING if samples > right else DIM)),
        (f" of {samples:,}", ink(DIM)),
    ]
    f1 = (f"  macro F1 {score:.3f}" if isfinite(score) else "  macro F1 –", ink(TEXT))
    parts = [*wrong, f1]
    majority = majority_share(table.matrix.sum(axis=1).tolist())
    if majority is not None:
        # classes of different sizes: these scores say more than the number of errors
        balanced = number_format.percent(balanced_accuracy(table.matrix))
        parts = [
            (f"  majority {number_format.percent(majority)} %", ink(DIM)),
            (f"  balanced {balanced} %", ink(TEXT)),
            f1,
            *wrong,
        ]
    for text, number in parts:
        if column + len(text) > width:
            break
        column = cells.write(0, column, text, number)
    return cells
