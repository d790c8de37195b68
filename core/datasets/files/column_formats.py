"""Formats of the columns of a text file: plain numbers, other numbers, dates or words.

A column that is not entirely plain numbers is first read as words, while its cells are examined. If one
format fits all of them, the file is read again with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from core.dataclass import dataclass
from core.datasets.files.column_entries import option
from core.datasets.files.dates import DAY_FIRST, MONTH_FIRST, DateColumn, DateFormat, iso_date
from core.datasets.files.missing import first_of
from core.datasets.files.names import clean, counted, listed, unusable
from core.datasets.files.number_formats import BLANKS, PLAIN, NumberFormat, written_number
from core.datasets.files.survey import (
    DATES,
    MOST_STRAYS,
    NUMBERS,
    WITH_COMMA,
    WITH_POINT,
    Survey,
    bits_of,
)
from core.datasets.files.words import MISSING_NUMBERS, NAN, Words, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.arrays import Array
    from core.datasets.dataset import DataError
    from core.datasets.files.layout import TextLayout
    from core.datasets.files.missing import MissingValues
    from core.datasets.files.survey import Format
    from core.datasets.files.table import Table

_THOUSANDS: Final = NumberFormat(".", ",")
_COMMA: Final = NumberFormat(",", "")
_GROUPED_COMMA: Final = NumberFormat(",", ".")
_GROUP_NAMES: Final = {",": "commas", ".": "points", " ": "blanks", "'": "apostrophes"}
_MOST_KNOWN: Final = 10_000

_DECIMALS: Final = {None: NUMBERS, "point": WITH_POINT, "comma": WITH_COMMA}


class CellReader(Protocol):
    """Conversion of the cells of one column, block by block."""

    def codes(self, cells: Sequence[str], lines: Sequence[int]) -> Sequence[float]:
        """Return a number for each cell, NaN for a missing value."""


class SurveyedWords:
    """A column of words whose cells are examined while they are read."""

    def __init__(self, words: Words, survey: Survey) -> None:
        self.words = words
        self.survey = survey

    def codes(self, cells: Sequence[str], lines: Sequence[int]) -> list[float]:
        self.survey.add(cells, lines)
        return self.words.codes(cells, lines)


class Numbers:
    """A column of numbers in a format that fits all of its cells."""

    def __init__(self, form: NumberFormat, survey: Survey, column: str, file: str) -> None:
        self._form = form
        self._missing = survey.missing | MISSING_NUMBERS
        self._column = column
        self._file = file
        # all cells have been examined: signs and separators only have to be removed
        self._removed = sorted(survey.removed, key=len, reverse=True)
        ignored = dict.fromkeys(BLANKS + "\u2019" + form.group, "")
        self._signs = str.maketrans(ignored | {form.decimal: ".", "\u2212": "-", "\u2013": "-"})
        self._is_simple = not survey.missing and "()" not in survey.removed

    def codes(self, cells: Sequence[str], lines: Sequence[int]) -> list[float]:
        values = None
        if self._is_simple:
            values = self._together(cells) or self._together(
                ["nan" if cell.strip().casefold() in self._missing else cell for cell in cells]
            )
        if values is None:
            values = [self._value(cell.strip(), lines[at]) for at, cell in enumerate(cells)]
        infinite = np.flatnonzero(np.isinf(values))
        if infinite.size:
            at = int(infinite[0])
            raise infinite_number(self._file, lines[at], self._column, cells[at])
        return values

    def _together(self, cells: Sequence[str]) -> list[float] | None:
        """Return all numbers at once, many times as fast; None if there are other texts."""
        text = "\n".join(cells)
        for sign in self._removed:
            text = text.replace(sign, "")
        text = text.translate(self._signs)
        if "_" in text or not text.isascii():
            return None
        try:
            values = list(map(float, text.split("\n")))
        except ValueError:
            return None
        return values if len(values) == len(cells) else None

    def _value(self, text: str, line: int) -> float:
        if text.casefold() in self._missing:
            return NAN
        written = written_number(text)
        try:
            if written is None:
                return number(text)
            return written.value(self._form)
        except ValueError:
            raise _changed(self._file, line, self._column, text) from None


def _changed(file: str, line: int, column: str, cell: str) -> DataError:
    """Return the error for a cell that had another format when the file was examined."""
    return unusable(
        file,
        f"line {line}, column '{clean(column)}' contains '{clean(cell)}', which was not there when "
        "the file was read first; read it again",
    )


def infinite_number(file: str, line: int, column: str, cell: str) -> DataError:
    """Return the error for an infinite number."""
    text = cell.strip()
    hint = f"; {option('--na', text)} reads it as missing" if _is_short(text) else ""
    return unusable(
        file,
        f"line {line}, column '{clean(column)}' holds '{clean(text)}'; "
        f"numbers have to be finite{hint}",
    )


class Dates:
    """A column of dates or times in a format that fits all of its cells."""

    def __init__(self, form: DateFormat, missing: frozenset[str], column: str, file: str) -> None:
        self._form = form
        self._missing = missing | MISSING_NUMBERS
        self._column = column
        self._file = file
        self._known: dict[str, float] = {}

    def codes(self, cells: Sequence[str], lines: Sequence[int]) -> list[float]:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        return [self._value(cell.strip(), lines[at]) for at, cell in enumerate(cells)]

    def _value(self, text: str, line: int) -> float:
        value = self._known.get(text)
        if value is None:
            value = NAN if text.casefold() in self._missing else self._form.value(text)
            if value is None:
                raise _changed(self._file, line, self._column, text)
            self._known[text] = value
        return value


@dataclass(frozen=True)
class Verdict:
    """Decision on a column.

    Attributes:
        form: the format, or None for words.
        other: another format that fits all cells and gives other numbers, or None.
    """

    form: Format | None
    other: Format | None = None


class ColumnFormats:
    """Decides the formats of the columns that are not entirely plain numbers.

    Args:
        layout: all columns of the file.
        missing: additional missing values.
        decimal: `point`, `comma`, or None to decide from the cells.
        file: the file's name in messages.

    Attributes:
        missing: as given.
    """

    def __init__(
        self, layout: TextLayout, missing: MissingValues, decimal: str | None, file: str
    ) -> None:
        self._names = layout.names
        self._words = layout.words
        self.missing = missing
        self._decimal = decimal
        self._file = file
        self._surveys: dict[int, Survey] = {}
        self._verdicts: dict[int, Verdict] = {}
        self._with_commas = decimal == "comma"

    @property
    def comma(self) -> bool:
        """Whether the decimal sign is a comma by request."""
        return self._decimal == "comma"

    def examine(self, places: Iterable[int]) -> None:
        """Have columns, and all that are not decided yet, examined when the file is read again."""
        undecided = self._surveys.keys() - self._verdicts.keys()
        for place in {*places, *undecided}:
            self._surveys[place] = Survey(self.missing.of(self._names[place]))

    def reader(self, place: int, most: int) -> CellReader | None:
        """Return a reader for a column, or None for plain numbers.

        Args:
            place: index of the column.
            most: maximum number of different words.
        """
        survey, verdict = self._surveys.get(place), self._verdicts.get(place)
        if place in self._words:
            return Words(most, typed=True)
        if survey is None:
            return None
        if verdict is None:
            return SurveyedWords(Words(most), survey)
        if verdict.form is None:
            return Words(most)
        if isinstance(verdict.form, DateFormat):
            return Dates(verdict.form, survey.missing, self._names[place], self._file)
        if verdict.form == PLAIN and survey.is_plain and not survey.missing:
            return None
        return Numbers(verdict.form, survey, self._names[place], self._file)

    def settle(self, used: Sequence[int]) -> bool:
        """Decide the formats after all cells were read; return whether this reading was final.

        Args:
            used: all columns that are read.
        """
        verdicts = {place: self._verdict(place) for place in self._surveys}
        if not self._with_commas and self._has_commas():
            # the other columns are examined as well, as 3.667 is 3667 in such a file
            self._with_commas = True
            self._verdicts = {place: self._verdict(place) for place in self._surveys}
            self.examine(set(used) - set(self._surveys) - self._words)
            return False
        words = Verdict(None)
        final = all(each == self._verdicts.get(place, words) for place, each in verdicts.items())
        self._verdicts = verdicts
        return final

    def finish(self, used: Sequence[int], table: Table) -> None:
        """Complete a table that was read with these formats, and add notes on them."""
        features = len(table.feature_names)
        # an alternative is not offered if other columns could not be read with it
        notes = FormatNotes(is_open=not self._with_commas and not self._has_points(used, table))
        for at, place in enumerate(used):
            survey = self._surveys.get(place)
            if survey is None:
                continue
            verdict, name = self._verdicts[place], self._names[place]
            is_feature = at < features
            at -= 0 if is_feature else features
            words = (table.x_words if is_feature else table.y_words).get(at)
            if words is not None:
                _describe(words, survey, self._best(survey))
                table.markers.merge(survey.word_markers)
                if 0 < survey.padded < survey.cells and not words.too_many:
                    notes.add_padded(name, survey.padded)
                continue
            table.markers.merge(survey.number_markers)
            if isinstance(verdict.form, NumberFormat):
                notes.add_numbers(name, verdict, survey)
            elif isinstance(verdict.form, DateFormat):
                column = table.x[:, at] if is_feature else table.y[:, at]
                start = 0.0 if verdict.form.is_time else float(np.floor(np.nanmin(column)))
                column -= start
                notes.add_dates(name, verdict, survey, start)
                if is_feature and not verdict.form.is_time:
                    table.x_dates[at] = _date_column(column)
        table.notes += notes.sentences

    def _best(self, survey: Survey) -> Format | None:
        comma = self._with_commas and not any(map(_has_points, self._surveys.values()))
        return survey.best(_DECIMALS[self._decimal] | DATES, comma=comma)

    def _verdict(self, place: int) -> Verdict:
        survey = self._surveys[place]
        form = None if survey.is_over else self._best(survey)
        if form is None or not survey.fits_all & bits_of([form]):
            if survey.cells and survey.count(NUMBERS) == survey.cells:
                raise self._mixed(place, survey, form)
            return Verdict(None)
        return Verdict(form, None if self._decimal else _other(form, survey.fits_all))

    def _has_points(self, used: Sequence[int], table: Table) -> bool:
        """Return whether a column has decimal points, if that matters."""
        if not any(each.other for each in self._verdicts.values()):
            return False
        features = len(table.feature_names)
        for at, place in enumerate(used):
            survey = self._surveys.get(place)
            if survey is not None:
                if _has_points(survey):
                    return True
                continue
            column = table.x[:, at] if at < features else table.y[:, at - features]
            if np.any(np.nan_to_num(column % 1)):
                return True
        return False

    def _has_commas(self) -> bool:
        """Return whether a column certainly has decimal commas."""
        every = [survey.fits_all & NUMBERS for survey in self._surveys.values()]
        return self._decimal is None and any(fits and not fits & WITH_POINT for fits in every)

    def _mixed(self, place: int, survey: Survey, form: Format | None) -> DataError:
        """Return the error for a column of numbers that are not written in the same way."""
        stray = survey.stray(form)
        example = None if form is None else survey.example(form)
        others = f" with --decimal {self._decimal}" if self._decimal else ""
        if example is not None:
            others = (
                f" in the same format as '{clean(example.value)}' in line {example.line}{others}"
            )
        where = "" if stray is None else f"line {stray.line}, "
        value = "" if stray is None else clean(stray.value)
        return unusable(
            self._file,
            f"{where}column '{clean(self._names[place])}' contains '{value}': "
            f"expected a number{others}",
        )


def _has_points(survey: Survey) -> bool:
    """Return whether the numbers of a column certainly have decimal points."""
    fits = survey.fits_all & NUMBERS
    return fits != 0 and not fits & WITH_COMMA


def _other(form: Format, fits_all: int) -> Format | None:
    pairs: tuple[tuple[Format, Format], ...] = (
        (_THOUSANDS, _COMMA),
        (_COMMA, _THOUSANDS),
        (_GROUPED_COMMA, PLAIN),
        (DAY_FIRST, MONTH_FIRST),
        (MONTH_FIRST, DAY_FIRST),
    )
    return next((b for a, b in pairs if a == form and fits_all & bits_of([b])), None)


def _describe(words: Words, survey: Survey, form: Format | None) -> None:
    """Record the cell that is not a number in a column that may be one of numbers."""
    words.stray = survey.stray(form)
    if form is None:
        return
    words.mostly_numbers = 2 * survey.count(bits_of([form])) > survey.cells
    example = survey.example(form)
    if example is not None and example.value != clean(example.value):
        example = None
    what = "a date" if isinstance(form, DateFormat) else "a number"
    like = "" if example is None else f" such as '{example.value}'"
    words.expected = f"expected {what}{like}, or nothing if it is missing"
    strays = list(survey.strays)
    fitting = survey.count(bits_of([form])) + survey.fitting[0]
    if fitting == survey.cells and len(strays) <= MOST_STRAYS and all(map(_is_short, strays)):
        words.expected += f"; {option('--na', *strays)} reads it as missing"


def _is_short(text: str) -> bool:
    return text == clean(text, 20) and "=" not in text


def _date_column(days: Array) -> DateColumn:
    known = days[~np.isnan(days)]
    steps = np.diff(known)
    monotone = bool(np.all(steps >= 0) or np.all(steps <= 0))
    return DateColumn(monotone, len(np.unique(known)) == len(days))


class FormatNotes:
    """Sentences on the formats that were read; columns with the same format share one."""

    def __init__(self, *, is_open: bool) -> None:
        self._is_open = is_open  # whether --decimal can change how ambiguous numbers are read
        self._columns: dict[str, list[str]] = {}
        self._cells: dict[str, int] = {}
        self._examples: dict[str, str] = {}
        self._padded: list[str] = []

    @property
    def sentences(self) -> list[str]:
        """One sentence for each format."""
        sentences = [
            f"{what}: {listed(columns)} ({counted(self._cells[what], 'cell')}; "
            f"{self._examples[what]})."
            for what, columns in self._columns.items()
        ]
        if self._padded:
            sentences.append(f"Blanks around values are ignored in {first_of(self._padded)}.")
        return sentences

    def add_numbers(self, name: str, verdict: Verdict, survey: Survey) -> None:
        """Add a column of numbers, unless they are plain."""
        form = verdict.form
        if not isinstance(form, NumberFormat) or (form == PLAIN and survey.is_plain):
            return
        shown = survey.example(form)
        written = None if shown is None else written_number(shown.value)
        if shown is None or written is None:
            return
        example = f"line {shown.line:,}: '{clean(shown.value)}' is {written.value(form):.12g}"
        if isinstance(verdict.other, NumberFormat) and self._is_open:
            decimal = "point" if verdict.other.decimal == "." else "comma"
            value = f"{written.value(verdict.other):.12g}"
            example += f", or {value} with --decimal {decimal}"
        self._add(_numbers_with(form, survey), name, survey.cells, example)

    def add_dates(self, name: str, verdict: Verdict, survey: Survey, start: float) -> None:
        """Add a column of dates, or of times of day."""
        form = verdict.form
        shown = None if form is None else survey.example(form)
        if not isinstance(form, DateFormat) or shown is None:
            return
        value = (form.value(shown.value) or 0.0) - start
        example = f"line {shown.line:,}: '{clean(shown.value)}' is {value:.6g}"
        if isinstance(verdict.other, DateFormat):
            other = verdict.other.name
            example += f"; the dates could also be {other}: if so, write them as year-month-day"
        what = (
            "Times of day, read as hours"
            if form.is_time
            else f"Dates ({form.name}), read as days since {iso_date(start)}"
        )
        self._add(what, name, survey.cells, example)

    def add_padded(self, name: str, cells: int) -> None:
        """Add a column of words, some of them with blanks around them."""
        self._padded.append(f"'{clean(name)}' ({counted(cells, 'cell')})")

    def _add(self, what: str, name: str, cells: int, example: str) -> None:
        self._columns.setdefault(what, []).append(name)
        self._cells[what] = self._cells.get(what, 0) + cells
        self._examples.setdefault(what, example)


def _numbers_with(form: NumberFormat, survey: Survey) -> str:
    parts = []
    if form.decimal == "," and "," in survey.separators:
        parts.append("decimal commas")
    if form.group and form.group in survey.separators:
        parts.append(f"{_GROUP_NAMES[form.group]} between thousands")
    currencies = [each for each in survey.removed if each not in {"%", "()"}]
    parts += [
        f"'{each}'" + (f" ({survey.removed[each]:,} cells)" if len(currencies) > 1 else "")
        for each in currencies
    ]
    if survey.removed["%"]:
        parts.append("'%' (not divided by 100)")
    if survey.removed["()"]:
        parts.append("parentheses instead of a minus sign")
    return f"Numbers with {', '.join(parts) or 'unusual signs'}"
