"""Recording of the screen in the format of asciinema (asciicast v2), one JSON array per line."""

from __future__ import annotations

import json
from time import monotonic, time
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN_CURSOR: Final = "\x1b[?25l"


class Recording:
    """Writes what is sent to the terminal, with the seconds since the start.

    See https://docs.asciinema.org/manual/asciicast/v2/. If the file cannot be written any more, the
    recording ends, and the program continues.

    Attributes:
        problem: why recording ended early, or an empty string.
    """

    def __init__(self, file: IO[str], environment: Mapping[str, str]) -> None:
        self._file = file
        self._environment = {name: environment.get(name, "") for name in ("TERM", "SHELL")}
        self._started: float | None = None
        self.problem = ""

    def resized(self, columns: int, rows: int) -> None:
        """Record the size of the terminal."""
        if self._started is None:
            self._started = monotonic()
            header = {"version": 2, "width": columns, "height": rows, "timestamp": int(time())}
            self._write({**header, "title": "nnfs-tui", "env": self._environment})
            self.sent(HIDDEN_CURSOR)
        else:
            self._write([self._seconds(), "r", f"{columns}x{rows}"])

    def sent(self, data: str) -> None:
        """Record output; queries, which a terminal would answer, must not be in it."""
        if self._started is not None:
            self._write([self._seconds(), "o", data])

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError as error:
            self.problem = self.problem or _reason(error)

    def _seconds(self) -> float:
        return round(monotonic() - (self._started or 0.0), 6)

    def _write(self, values: object) -> None:
        if self.problem:
            return
        try:
            self._file.write(json.dumps(values) + "\n")
        except OSError as error:
            self.problem = _reason(error)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
