"""Metrics in lines of text: CSV files with a header, and one JSON object per line.

Read as CSV are the files of Keras' `CSVLogger`, of Lightning's `CSVLogger` (whose rows have only the
cells that were logged at that moment), of Ultralytics (`results.csv`, with blanks around the names), and
of any loop that writes a column `epoch`, `step` or `iteration`.
"""

from __future__ import annotations

import csv
import json
from math import nan
from typing import TYPE_CHECKING, Any, Final

from core.logs.series import as_step, printable

if TYPE_CHECKING:
    from core.logs.series import MetricTable

STEP_NAMES: Final = ("step", "global_step", "iteration", "iter", "epoch")
"""Columns that count, the finest first: the first that a file has is its step."""

PHASE_NAMES: Final = ("phase", "split", "stage", "subset")
"""Columns of words such as train and val, to whose rows the metrics belong."""

LONGEST_LINE: Final = 2**20
"""Bytes of a line; longer ones are ignored."""

MOST_CELLS: Final = 2_000
LONGEST_NUMBER: Final = 60


class LineReader:
    """Divides data into lines, of which it passes complete ones to `read_line`."""

    def __init__(self, table: MetricTable) -> None:
        self.table = table
        self._rest = b""
        self._is_too_long = False

    def feed(self, data: bytes) -> None:
        """Read data that follow those before; an incomplete last line waits for its end."""
        *lines, rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._is_too_long or len(line) > LONGEST_LINE:
                self._is_too_long = False
                self.table.damaged += 1
            elif line := line.strip(b"\r \x00"):
                self.read_line(line.decode("utf-8", "replace"))
        self._rest = rest
        if len(rest) > LONGEST_LINE:
            self._rest, self._is_too_long = b"", True

    def read_line(self, line: str) -> None:
        """Read a line that is not blank."""
        raise NotImplementedError

    def for_older(self, table: MetricTable) -> LineReader | None:
        """Return a reader for an earlier part of the file, or None if it cannot be read alone."""
        raise NotImplementedError


class CsvReader(LineReader):
    """Reads rows by the names in the header; a header in the middle of a file replaces it.

    Some loops count the steps within each epoch. Then the steps of earlier epochs are added.
    """

    def __init__(self, table: MetricTable) -> None:
        super().__init__(table)
        self._delimiter = ","
        self._header: list[str] = []
        self._step_at: int | None = None
        self._epoch_at: int | None = None
        self._phase_at: int | None = None
        self._offset = 0
        self._before: tuple[int, float] | None = None  # step and epoch of the previous row

    @property
    def has_header(self) -> bool:
        """Whether a header with a step was found."""
        return self._step_at is not None

    def for_older(self, table: MetricTable) -> CsvReader | None:
        if not self.has_header or self._offset:
            return None
        reader = CsvReader(table)
        reader._delimiter, reader._header = self._delimiter, self._header
        reader._step_at, reader._epoch_at = self._step_at, self._epoch_at
        reader._phase_at = self._phase_at
        return reader

    def read_line(self, line: str) -> None:
        if line[0] == "#":
            return
        if self._step_at is None:
            self._read_header(line)
            return
        cells = self._cells(line)
        text = cells[self._step_at].strip() if self._step_at < len(cells) else ""
        step = as_step(_number(text))
        if step is None:
            if text.lower() in STEP_NAMES:
                self._read_header(line)
            else:
                self.table.damaged += 1
            return
        step = self._continued(step, cells)
        prefix = ""
        if self._phase_at is not None and self._phase_at < len(cells):
            prefix = f"{printable(cells[self._phase_at].strip())}/"
        found = False
        for at, (name, cell) in enumerate(zip(self._header, cells, strict=False)):
            if at == self._step_at or not name or not (cell := cell.strip()):
                continue
            value = _number(cell)
            if value == value or cell.lower() in {"nan", "-nan", "+nan"}:
                self.table.add(prefix + name, step, value)
                found = True
        if found:
            self.table.finish_row(step)

    def _continued(self, step: int, cells: list[str]) -> int:
        """Return the step, with those of earlier epochs if it is counted within an epoch."""
        if self._epoch_at is None or self._epoch_at >= len(cells):
            return step
        epoch = _number(cells[self._epoch_at].strip())
        if epoch != epoch:
            return step + self._offset
        before, self._before = self._before, (step, epoch)
        if before is not None:
            if step <= before[0] and epoch > before[1]:
                self._offset += before[0] + (0 if step else 1)
            elif epoch < before[1]:
                self._offset = 0  # the run was restarted
        return step + self._offset

    def _read_header(self, line: str) -> None:
        line = line.removeprefix("\ufeff")
        delimiter = max(",;\t", key=line.count)
        self._delimiter = delimiter
        names = [printable(cell.strip()) for cell in self._cells(line)]
        plain = [name.lower().replace(" ", "_") for name in names]
        steps = [plain.index(name) for name in STEP_NAMES if name in plain]
        if not steps:
            return
        self._header, self._step_at = names, steps[0]
        self.table.step_name = plain[steps[0]].removeprefix("global_")
        is_epoch = plain[steps[0]] == "epoch"
        self._epoch_at = None if is_epoch or "epoch" not in plain else plain.index("epoch")
        self._phase_at = next((plain.index(each) for each in PHASE_NAMES if each in plain), None)
        self._before = None

    def _cells(self, line: str) -> list[str]:
        if '"' not in line:
            return line.split(self._delimiter, MOST_CELLS)[:MOST_CELLS]
        try:
            return next(csv.reader([line], delimiter=self._delimiter), [])[:MOST_CELLS]
        except csv.Error:
            return []


class JsonReader(LineReader):
    """Reads the numbers of each object that has an epoch, a step or an iteration.

    Of our own logs (`--log`, `train --json`) also the start and the end of a run, and branches.
    """

    def for_older(self, table: MetricTable) -> JsonReader:
        return JsonReader(table)

    def read_line(self, line: str) -> None:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            self.table.damaged += 1
            return
        event = values.get("event", "epoch")
        if event == "start":
            self._start(values)
        elif event == "end":
            self.table.ended = printable(str(values.get("stopped", "")).replace("_", " "))
        elif event == "branch":
            step = _step_of(values.get("epoch"))
            if step is not None:
                self.table.truncate(step + 1)
                self.table.ended = ""
        elif event == "epoch" or not isinstance(event, str):
            self._read_row(values)

    def _start(self, values: dict[str, Any]) -> None:
        """Forget an earlier run in the same file."""
        table, config = self.table, values.get("config")
        table.truncate(-(2**62))
        table.rows, table.ended, table.newest_step = 0, "", None
        table.planned = _step_of(config.get("epochs")) if isinstance(config, dict) else None

    def _read_row(self, values: dict[str, Any]) -> None:
        name = next((each for each in STEP_NAMES if each in values), None)
        step = None if name is None else _step_of(values[name])
        if name is None or step is None:
            self.table.damaged += 1
            return
        self.table.step_name = name.removeprefix("global_")
        self.table.ended = ""
        for key, value in values.items():
            if key == name or isinstance(value, bool):
                continue
            if value is None:  # JSON has no number for NaN and infinity
                self.table.add(printable(key), step, nan)
            elif isinstance(value, int | float):
                self.table.add(printable(key), step, _as_float(value))
        self.table.finish_row(step)


def _number(text: str) -> float:
    """Return the number of a cell, or NaN if it has none."""
    if len(text) > LONGEST_NUMBER or "_" in text:
        return nan
    try:
        return float(text)
    except ValueError:
        return nan


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer with hundreds of digits
        return nan


def _step_of(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return as_step(_as_float(value))
