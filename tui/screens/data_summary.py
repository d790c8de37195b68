"""Summary of a data set in cells, for the data screen and `nnfs-tui datasets NAME`."""

from __future__ import annotations

import io
import os
import shutil
import sys
from functools import partial
from itertools import pairwise
from math import ceil, isfinite
from typing import TYPE_CHECKING, Final

import numpy as np
from rich.console import Console
from rich.style import Style
from rich.text import Text

from core.analysis.imbalance import majority_share
from tui.drawing import number_format
from tui.drawing.cells import Cells, cell_width, cut, split_cells
from tui.drawing.palette import (
    ACCENT,
    BRIGHT,
    CLASS_POINTS,
    DIM,
    DIVERGING,
    FAINT,
    TEXT,
    TRAIN_MARKERS,
    WARNING,
    ink,
)
from tui.drawing.tables import (
    GAP,
    UNKNOWN,
    Page,
    TableColumn,
    TableLine,
    TextSpan,
    aligned,
    decimals,
    format_decimals,
    histogram,
    share_bar,
    table_lines,
    table_width,
    wrapped,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.datasets.summary import FeatureSummary, Summary


LONG_TABLE: Final = 40
"""Number of features from which the first rows precede the table of features."""

NARROWEST: Final = 60
BAR: Final = 8
HALVED: Final = 8
"""Bins of a histogram if there is no room for all."""
LONGEST_CLASS: Final = 16
SHORTEST_NAME, EASY_NAME, LONGEST_NAME = 12, 24, 40
"""Cells of a feature's name; below these limits, other columns are dropped."""
CLASSES_IN_ONE_COLUMN: Final = 8
FEWEST_PICTURES: Final = 4
"""Number of samples in a row of pictures, which limits their size."""
MOST_TARGETS: Final = 3
"""Targets in the table of the first rows, which also needs room for features."""
HEADING_LINES: Final = 3
HEADING_WORD: Final = 13


def summary_cells(summary: Summary, width: int, first: int = 0, *, pictures: bool = False) -> Page:
    """Return the page of a data set.

    Args:
        summary: of the data set.
        width: of the page.
        first: number of the first feature in the table of first rows.
        pictures: whether samples that are images are shown as such, which needs colours.
    """
    rows, hidden = _rows(summary, width, first)
    features = _features(summary, width)
    described = _described(summary, features)
    sections = (
        _heading(summary, width),
        _notes(summary, width),
        _classes(summary, width),
        _targets(summary, width),
        _pictures(summary, width) if pictures else [],
        # for texts and long tables, the first rows are more informative than a list of features
        *((rows, features) if len(summary.features) > LONG_TABLE else (features, rows)),
    )
    lines: list[TableLine] = []
    start = 0
    for section in filter(None, sections):
        lines += [[], *section] if lines else section
        if section is features:
            start = len(lines) - len(features)
    page = Page(width, len(lines))
    page.hidden = hidden
    page.columns = {start + row: column for row, column in described.items()}
    for row, line in enumerate(lines):
        for column, text, number in line:
            page.write(row, column, text, number)
    return page


def summary_text(summary: Summary, width: int) -> str:
    """Return the page as plain text."""
    return "\n".join(line.rstrip() for line in summary_cells(summary, width).lines())


def show_dataset(summary: Summary) -> None:
    """Print the page, as wide as the terminal; in colour on a terminal without NO_COLOR."""
    width = max(NARROWEST, shutil.get_terminal_size().columns)
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    print(_coloured(summary, width) if coloured else summary_text(summary, width))  # noqa: T201


def _coloured(summary: Summary, width: int) -> str:
    """Return the page with colours for a dark or a light terminal."""
    cells = summary_cells(summary, width)
    console = Console(file=io.StringIO(), force_terminal=True, width=width)
    with console.capture() as captured:
        for row in range(cells.height):
            text = Text.assemble(
                *((segment.text, _on_any_paper(segment.style)) for segment in cells.strip(row)),
                no_wrap=True,
                overflow="ignore",
            )
            text.rstrip()
            console.print(text)
    return captured.get().removesuffix("\n")


def _on_any_paper(shown: Style | None) -> Style:
    colour = shown.color if shown is not None else None
    name = TEXT if colour is None else colour.name
    if name in {DIM, FAINT}:
        return Style(dim=True)
    bold = shown.bold if shown is not None else None
    return Style.from_color(None if name in {TEXT, BRIGHT} else colour) + Style(bold=bold)


def _heading(summary: Summary, width: int) -> list[TableLine]:
    facts = [_count(summary.samples, "sample")]
    if summary.feature_count:  # a text has no features before they are extracted
        facts.append(_count(summary.feature_count, "feature"))
    if summary.classes:
        facts.append(_count(len(summary.classes), "class", "classes"))
    if summary.targets:
        facts.append(_count(len(summary.targets), "number") + " to predict")
    if summary.parts:
        facts.append(", ".join(f"{name} {size:,}" for name, size in summary.parts))
    name = cut(summary.name.strip() or "data", width // 2)
    start = cell_width(name) + 3
    fact_lines = wrapped(facts, width - start, " · ")
    lines: list[TableLine] = [[(start, line, ink())] for line in fact_lines]
    lines[0] = [(0, name, ink(BRIGHT, bold=True)), (start - 2, "·", ink(FAINT)), *lines[0]]
    description = wrapped(summary.description.split(), width)
    return [*lines, *([(0, line, ink(DIM))] for line in description)]


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _notes(summary: Summary, width: int) -> list[TableLine]:
    lines: list[TableLine] = []
    for note in summary.notes:
        note_lines = wrapped(note.split(), width - 2)
        lines += [[(2, line, ink())] for line in note_lines]
        if note_lines:
            lines[-len(note_lines)].insert(0, (0, "·", ink(ACCENT)))
    return lines


def _classes(summary: Summary, width: int) -> list[TableLine]:
    if not summary.classes:
        return []
    counts = [count for _, count in summary.classes]
    texts = [f"{count:,}" for count in counts]
    longest = min(LONGEST_NAME, max(cell_width(_shown(name)) for name, _ in summary.classes))
    most, whole, digits = max(1, *counts), max(1, sum(counts)), max(map(len, texts))
    # marker, name, count, bar, share
    room = width - (2 + GAP + digits + GAP + GAP + 7)
    bar = min(24, max(BAR, room - longest))
    if len(counts) > CLASSES_IN_ONE_COLUMN:
        bar = BAR
    name_size = max(1, min(longest, room - bar))
    size = 2 + name_size + GAP + digits + GAP + bar + GAP + 7
    across = 1
    if len(counts) > CLASSES_IN_ONE_COLUMN:
        across = max(1, (width + 2 * GAP) // (size + 2 * GAP))
    down = ceil(len(counts) / across)
    lines: list[TableLine] = [[] for _ in range(down)]
    for label, (name, count) in enumerate(summary.classes):
        start = label // down * (size + 2 * GAP)
        marker, number = _of_class(label)
        after = start + 2 + name_size + GAP
        end = after + digits + GAP + bar + GAP
        lines[label % down] += [
            (start, marker, number),
            (start + 2, cut(_shown(name), name_size), number),
            (after + digits - len(texts[label]), texts[label], ink()),
            (after + digits + GAP, share_bar(count / most, bar), number),
            (end, f"{100 * count / whole:5.1f} %", ink(DIM)),
        ]
    title = _title("classes")
    majority = majority_share(counts)
    if majority is not None:
        name = cut(_shown(summary.classes[counts.index(max(counts))][0]), LONGEST_CLASS)
        words = f"always predicting {name} is right for {number_format.percent(majority)} %"
        title.append((len("classes") + GAP, words, ink(DIM)))
    return [title, *lines]


def _of_class(label: int) -> TextSpan:
    """Return the marker and the ink of a class on the map."""
    point = CLASS_POINTS[label % len(CLASS_POINTS)]
    return TRAIN_MARKERS[label % len(TRAIN_MARKERS)], ink(point)


def _title(text: str) -> TableLine:
    return [(0, text, ink(ACCENT))]


def _shown(name: str) -> str:
    """Return a name with visible leading and trailing spaces, which distinguish some n-grams."""
    bare = name.strip(" ")
    before = len(name) - len(name.lstrip(" "))
    return "␣" * before + bare + "␣" * (len(name) - before - len(bare))


def _targets(summary: Summary, width: int) -> list[TableLine]:
    if not summary.targets:
        return []
    table = _feature_table(summary.targets, width, "", "name")
    return [
        _title("numbers to predict" if len(summary.targets) > 1 else "number to predict"),
        *table,
    ]


def _described(summary: Summary, lines: list[TableLine]) -> dict[int, str]:
    """Return the column that a line of the table of features describes."""
    excluded = [name for name, _ in summary.excluded]
    columns = [each.column for each in summary.features] if lines else []
    more = summary.feature_count > len(summary.features)
    first = len(lines) - len(excluded) - more - len(columns)
    after = len(lines) - len(excluded)
    return {
        **{first + at: column for at, column in enumerate(columns) if column},
        **{after + at: column for at, column in enumerate(excluded)},
    }


def _excluded(summary: Summary) -> list[TableLine]:
    """Return a dimmed line for each column that is no feature."""
    names = [cut(_shown(name), LONGEST_NAME) for name, _ in summary.excluded]
    start = max(map(cell_width, names), default=0) + GAP
    return [
        [(0, name, ink(DIM)), (start, f"excluded{reason and ': '}{reason}", ink(DIM))]
        for name, (_, reason) in zip(names, summary.excluded, strict=True)
    ]


def _features(summary: Summary, width: int) -> list[TableLine]:
    if not summary.features:
        return _excluded(summary)
    relation, meaning = _relation(summary)
    lines = [_title("features")]
    lines += [[(0, line, ink(DIM))] for line in wrapped(meaning.split(), width)]
    lines += _feature_table(summary.features, width, relation, "name")
    more = summary.feature_count - len(summary.features)
    if more > 0:
        lines.append([(0, f"… and {_count(more, 'more feature')}", ink(DIM))])
    return lines + _excluded(summary)


def _relation(summary: Summary) -> tuple[str, str]:
    """Return the symbol of the relation with the target, and its explanation."""
    if len(summary.classes) > 2:
        return (
            "η",
            "η: how well the feature separates the classes, 0 not at all, 1 entirely",
        )
    if len(summary.classes) == 2:
        name = cut(_shown(summary.classes[1][0]), LONGEST_CLASS)
        return "r", f"r: correlation with class {name}, −1 to +1"
    if summary.targets:
        name = cut(_shown(summary.targets[0].name), LONGEST_NAME)
        return "r", f"r: correlation with {name}, −1 to +1"
    return "", ""


def _feature_table(
    features: Sequence[FeatureSummary], width: int, relation: str, heading: str
) -> list[TableLine]:
    names: list[TextSpan] = [(_shown(each.name), ink()) for each in features]
    columns = _measures(features, relation)
    longest = max(cell_width(heading), *(cell_width(text) for text, _ in names))
    dropped_for_names = [("missing", EASY_NAME), ("bar", EASY_NAME)]
    in_need = ("halve", "mean", "histogram", "missing anyway", relation)
    for step, needed in (*dropped_for_names, *((each, SHORTEST_NAME) for each in in_need)):
        if width - table_width([*columns.values()]) - GAP >= min(longest, needed):
            continue
        match step:
            case "halve":
                columns["histogram"] = _histograms(features, HALVED)
            case "missing":
                if not any(each.missing for each in features):
                    del columns["missing"]
            case "missing anyway":
                columns.pop("missing", None)
            case _:
                columns.pop(step, None)
    room = max(1, width - table_width([*columns.values()]) - GAP)
    name = TableColumn([heading], names, right=False, size=min(longest, LONGEST_NAME, room))
    return table_lines([name, *columns.values()], len(features))


def _measures(features: Sequence[FeatureSummary], relation: str) -> dict[str, TableColumn]:
    """Return the columns after the name, by their content."""
    triples = [_three(each) for each in features]
    columns = {}
    for at, heading in enumerate(("min", "mean", "max")):
        texts = aligned([three[at] for three in triples])
        columns[heading] = TableColumn([heading], [(text, ink()) for text in texts])
    missing = [(f"{each.missing:,}", ink(WARNING if each.missing else DIM)) for each in features]
    columns["missing"] = TableColumn(["missing"], missing)
    columns["histogram"] = _histograms(features)
    if relation:
        related = [_related(each, signed=relation == "r") for each in features]
        columns[relation] = TableColumn(
            [relation], [(text, ink(TEXT if bar else DIM)) for text, bar, _ in related]
        )
        columns["bar"] = TableColumn([], [(bar, number) for _, bar, number in related], False, BAR)
    return columns


def _three(feature: FeatureSummary) -> tuple[str, str, str]:
    """Return the minimum, the mean and the maximum; the mean may have more decimals."""
    ends = decimals([feature.minimum, feature.maximum])
    more = 2 if ends == 0 else 1  # the mean of integers needs decimals
    middle = min(ends + more, decimals([feature.minimum, feature.mean, feature.maximum]))
    low, high = (format_decimals(each, ends) for each in (feature.minimum, feature.maximum))
    return low, format_decimals(feature.mean, middle), high


def _histograms(features: Sequence[FeatureSummary], bins: int = 0) -> TableColumn:
    bars = [histogram(each.histogram, bins) for each in features]
    return TableColumn(["histogram"], [(bar, ink()) for bar in bars], right=False)


def _related(feature: FeatureSummary, *, signed: bool) -> tuple[str, str, int]:
    """Return a relation as a number and as a bar with its ink."""
    value = feature.relation
    if not isfinite(value) or feature.minimum == feature.maximum:
        return UNKNOWN, "", ink(DIM)
    text = number_format.signed(value) if signed else f"{value:.2f}"
    colour = DIVERGING[4 if value < 0 else -1] if signed else ACCENT
    return text, share_bar(abs(value), BAR), ink(colour)


def _pictures(summary: Summary, width: int) -> list[TableLine]:
    """Return the first samples as pictures, each below its class."""
    from tui.panels.pixels import draw_pixels  # printed pages have no pictures

    if summary.image is None or not summary.rows:
        return []
    rows, columns = summary.image
    behind = len(summary.targets) or int(bool(summary.classes))
    # as large as leaves room for a few of them
    scale = max(1, (width // FEWEST_PICTURES - GAP) // columns)
    across = min(width, columns * scale)
    labels = {name: label for label, (name, _) in enumerate(summary.classes)}
    cells = Cells(width, 1 + -(-rows * scale // 2))
    column = 0
    for row in summary.rows:
        values = np.array([_value(text) for text in row[: len(row) - behind]], np.float64)
        if column + across > width or values.size != rows * columns:
            break
        name = row[-1] if summary.classes else ""
        if name:
            cells.write(0, column, *_of_class(labels.get(name, 0)))
            cells.write(0, column + 2, cut(_shown(name), across - 2), ink(TEXT))
        picture = draw_pixels(np.nan_to_num(values), summary.image, across, cells.height - 1)
        cells.place(1, column, picture)
        column += across + GAP
    if not column:
        return []
    return [
        _title("first samples as pictures"),
        *map(partial(_line_of, cells), range(cells.height)),
    ]


def _line_of(cells: Cells, row: int) -> TableLine:
    """Return a row of cells as spans of equal inks."""
    inks = cells.inks[row]
    edges = [0, *(np.flatnonzero(inks[1:] != inks[:-1]) + 1).tolist(), cells.width]
    return [
        (start, "".join(cells.glyphs[row, start:end].tolist()), int(inks[start]))
        for start, end in pairwise(edges)
    ]


def _rows(summary: Summary, width: int, first: int) -> tuple[list[TableLine], int]:
    """Return the table of the first rows, and how many features did not fit."""
    if not summary.rows:
        return [], 0
    behind = len(summary.targets) or int(bool(summary.classes))
    values = [row[: len(row) - behind] for row in summary.rows]
    columns = _target_columns(summary, behind)
    many = len(values[0])
    is_text = many == 1 and (not summary.features or len(summary.features) > 1)
    names = ["text"] if is_text else [feature.name for feature in summary.features]
    first = max(0, min(first, many - 1))
    shown = 0
    for at in range(first, min(many, len(names))):
        room = width - table_width(columns) - GAP
        column = _value_column(names[at], [row[at] for row in values], room)
        if column.size > room:
            break
        columns.append(column)
        shown += 1
    lines = [_title(f"first {_count(len(values), 'row')}"), *table_lines(columns, len(values))]
    whole = 1 if is_text else max(many, summary.feature_count)
    hidden = whole - first - shown
    if len(summary.targets) > MOST_TARGETS:
        remark = f"{MOST_TARGETS} of {len(summary.targets)} numbers to predict"
        lines[0].append((cell_width(lines[0][0][1]) + GAP, remark, ink(DIM)))
    if first:
        remark = f"features {first + 1:,} to {first + shown:,} of {whole:,}"
        lines.append([(0, remark, ink(DIM))])
    elif hidden > 0:
        lines.append([(0, f"… and {_count(hidden, 'more feature')}", ink(DIM))])
    return lines, hidden


def _target_columns(summary: Summary, behind: int) -> list[TableColumn]:
    """Return the target columns of the first rows, which precede the features."""
    ends = [row[len(row) - behind :] for row in summary.rows]
    if summary.targets:
        return [
            _numbers(target.name, [row[at] for row in ends], BRIGHT)
            for at, target in enumerate(summary.targets[:MOST_TARGETS])
        ]
    labels = {name: label for label, (name, _) in enumerate(summary.classes)}
    cells = []
    for row in ends:
        for name in row:
            marker, number = _of_class(labels.get(name, 0))
            cells.append((f"{marker} {cut(_shown(name), LONGEST_CLASS)}", number))
    return [TableColumn(["class"], cells, right=False)] if cells else []


def _value_column(name: str, texts: list[str], room: int) -> TableColumn:
    if all(_value(text) is not None for text in texts):
        return _numbers(name, texts, TEXT)
    cells = [(" ".join(text.split()), ink()) for text in texts]
    longest = max(cell_width(text) for text, _ in cells)
    return TableColumn(
        [_shown(name)], cells, right=False, size=max(SHORTEST_NAME, min(longest, room))
    )


def _numbers(name: str, texts: list[str], colour: str) -> TableColumn:
    values = [_value(text) for text in texts]
    places = decimals([value for value in values if value is not None])
    cells = [(format_decimals(value, places), value) for value in values if value is not None]
    shown_cells = [(text, ink(colour if isfinite(value) else DIM)) for text, value in cells]
    size = max([HEADING_WORD // 2, *(len(text) for text, _ in shown_cells)])
    words = _shown(name).split() or [""]
    size = max(size, min(HEADING_WORD, max(map(cell_width, words))))
    heading = wrapped(words, size)
    while len(heading) > HEADING_LINES and size < HEADING_WORD:
        size += 1
        heading = wrapped(words, size)
    if len(heading) > HEADING_LINES:
        last = "".join(split_cells(heading[HEADING_LINES - 1])[: size - 1])
        heading = [*heading[: HEADING_LINES - 1], last.rstrip("… ") + "…"]
    return TableColumn(heading, shown_cells, size=size)


def _value(text: str) -> float | None:
    """Return the number of a text, NaN for an empty text, None for words."""
    if not text:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return None
