"""A pseudo-terminal that runs a program, and an emulator for its screen."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from math import inf
from pathlib import Path
from time import clock_gettime, monotonic
from types import TracebackType
from typing import Self

import pyte
from rich.cells import cell_len

from tests.terminal.line import QUESTION, Line, parts

PATIENCE = 240
NAMES = {
    "esc": "\x1b",
    "enter": "\r",
    "tab": "\t",
    "backspace": "\x7f",
    "ctrl+c": "\x03",
    "ctrl+l": "\x0c",
    "ctrl+z": "\x1a",
}
_WITH_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes the pseudo-terminal the controlling one; forking is unsafe with threads."""
MODES = ("?1049", "?1002", "?2004", "?1004")
"""Modes of the running program: alternate screen, mouse, bracketed paste, focus reports."""
SAVE_TITLE, RESTORE_TITLE = b"\x1b[22;2t", b"\x1b[23;2t"


class Terminal:
    """Runs a command until the context ends.

    Without emulation nothing is shown, only counted; a mute terminal answers no question. What is
    `raw`, shown and counted is what has come through the line.
    """

    def __init__(
        self,
        *command: str,
        size: tuple[int, int] = (120, 40),
        emulate: bool = True,
        mute: bool = False,
        line: Line | None = None,
        **environment: str,
    ):
        self._emulate = emulate
        self._mute = mute
        self.line = line or Line()
        self.questions = 0
        self.raw = bytearray()
        self._tail = b""
        self.status: int | None = None
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._descriptor, theirs = pty.openpty()
        self._modes = termios.tcgetattr(theirs)
        self.resize(*size)
        unset = {"COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "PYTHONUNBUFFERED"}
        inherited = {name: value for name, value in os.environ.items() if name not in unset}
        self._process = subprocess.Popen(
            [sys.executable, "-ISc", _WITH_TERMINAL, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**inherited, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment},
            start_new_session=True,
        )
        self.pid = self._process.pid
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if self.status is None:
            self._process.kill()
            self._process.wait()
        os.close(self._descriptor)

    def fileno(self) -> int:
        """Return the descriptor that is readable when there is output."""
        return self._descriptor

    def press(self, *keys: str) -> None:
        """Type keys, by name or as they are."""
        for key in keys:
            self.line.type(monotonic(), NAMES.get(key, key).encode(errors="surrogateescape"))
        self._deliver()

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._screen.resize(rows, columns)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, size)

    def read(self, seconds: float = 0.05) -> bool:
        """Read the output of the program; return whether it is still running."""
        if self.status is not None:
            return False
        end = monotonic() + seconds
        while True:
            now = monotonic()
            self._deliver()
            wait = min(end, self.line.next_arrival) - now
            if select.select([self._descriptor], [], [], max(0.0, wait))[0]:
                try:
                    data = os.read(self._descriptor, 1 << 16)
                except OSError:
                    data = b""
                if not data:
                    self._take(self.line.arrived(inf))
                    self.status = self._process.wait()
                    return False
                self.line.write(monotonic(), data)
            data = self.line.arrived(monotonic())
            if data:
                self._take(data)
                self._deliver()
            if data or monotonic() >= end:
                return True

    def _take(self, data: bytes) -> None:
        """Show what has arrived, and answer the questions in it."""
        self.raw += data
        data, self._tail = self._tail + data, b""
        cut = data.rfind(b"\x1b", -len(QUESTION) + 1)
        if cut >= 0 and QUESTION.startswith(data[cut:]):
            data, self._tail = data[:cut], data[cut:]
        for part in parts(data):
            if part == QUESTION:
                self.questions += 1
                if not self._mute:
                    place = self._screen.cursor.y + 1, self._screen.cursor.x + 1
                    self.line.type(monotonic(), b"\x1b[%d;%dR" % place)
            elif self._emulate:
                self._stream.feed(part)

    def _deliver(self) -> None:
        """Type what has come through the line."""
        if typed := self.line.typed(monotonic()):
            os.write(self._descriptor, typed)

    def text(self) -> str:
        """Return what is on the screen.

        Unlike pyte's own `display`, it accepts the right half of a wide character whose left half has
        been overwritten, and shows a blank.
        """
        return "\n".join(map(self._row, range(self._screen.lines)))

    def _row(self, row: int) -> str:
        cells = [self._screen.buffer[row][x].data for x in range(self._screen.columns)]
        before = ["", *cells[:-1]]
        return "".join(
            "" if left and cell_len(left) == 2 else cell or " "
            for left, cell in zip(before, cells, strict=True)
        )

    def cells(self) -> list[list[tuple[str, ...]]]:
        """Return glyph and colours of every cell; the colour of a blank's glyph does not show."""
        return [
            [
                (cell.data, cell.bg, "" if cell.data == " " else cell.fg)
                for cell in (self._screen.buffer[row][x] for x in range(self._screen.columns))
            ]
            for row in range(self._screen.lines)
        ]

    def overwrite(self, text: str) -> None:
        """Put a text into the first cells, as another program's output would."""
        for column, glyph in enumerate(text):
            self._screen.buffer[0][column] = self._screen.default_char._replace(data=glyph)

    def until(self, seen: str | Callable[[str], object]) -> str:
        """Read until the screen shows that text, or fulfils that condition."""
        deadline = monotonic() + PATIENCE
        while not (seen in self.text() if isinstance(seen, str) else seen(self.text())):
            assert monotonic() < deadline, f"{seen!r} did not come:\n{self.text()}"
            assert self.read(), f"ended with {self.status} before {seen!r}:\n{self.text()}"
        return self.text()

    def until_quiet(self, seconds: float = 0.4) -> None:
        """Read until nothing was written for that long."""
        count = -1
        while count != len(self.raw):
            count = len(self.raw)
            self.written_within(seconds)

    def until_at_rest(self, seconds: float, patience: float = PATIENCE) -> None:
        """Read until for so long nothing is written or asked, and no processor is used.

        What is still to be done takes its time on a busy machine; a clock never comes to its end.
        """
        deadline = monotonic() + patience
        while True:
            used, asked = self.cpu_seconds(), self.questions
            written = self.written_within(seconds)
            used = self.cpu_seconds() - used
            if not written and self.questions == asked and used <= 0.02:
                return
            told = f"{written} bytes and {used:.2f} s of the processor in {seconds} s"
            assert monotonic() < deadline, told

    def until_redrawn_the_same(self) -> None:
        """Make a program at rest redraw its screen, and read until the screen is the same."""
        self.until_at_rest(0.5)
        shown, count = self.cells(), len(self.raw)
        whole = self._screen.lines * self._screen.columns
        self.press("ctrl+l")
        self.until(lambda _: len(self.raw) > count + whole)
        self.until_at_rest(0.5)
        self.until(lambda _: self.cells() == shown)

    def written_within(self, seconds: float) -> int:
        """Return how many bytes the program writes in that time."""
        count, end = len(self.raw), monotonic() + seconds
        while (left := end - monotonic()) > 0 and self.read(left):
            pass
        return len(self.raw) - count

    def hang_up(self) -> int:
        """Close the line, as a broken connection does; return the exit status."""
        os.close(self._descriptor)
        self._descriptor = os.open(os.devnull, os.O_RDONLY)
        self.status = self._process.wait(PATIENCE)
        return self.status

    def wait(self) -> int:
        """Read to the end, and return the exit status."""
        deadline = monotonic() + PATIENCE
        while self.read():
            assert monotonic() < deadline, f"does not end:\n{self.text()}"
        assert self.status is not None
        return self.status

    def is_restored(self, modes: tuple[str, ...] = MODES) -> bool:
        """Return whether all modes were disabled again, the cursor is visible, and the title is back."""
        if self._process.poll() is not None and termios.tcgetattr(self._descriptor) != self._modes:
            return False
        if self.raw.count(SAVE_TITLE) != self.raw.count(RESTORE_TITLE):
            return False
        pairs = [(f"\x1b[{mode}h", f"\x1b[{mode}l") for mode in modes]
        pairs.append(("\x1b[?25l", "\x1b[?25h"))
        return all(self.raw.rfind(on.encode()) <= self.raw.rfind(off.encode()) for on, off in pairs)

    def children(self) -> list[int]:
        """Return the processes that the program has started."""
        tasks = Path(f"/proc/{self.pid}/task")
        return [
            int(child)
            for task in tasks.iterdir()
            for child in (task / "children").read_text().split()
        ]

    def cpu_seconds(self, *, with_children: bool = True) -> float:
        """Return the processor time of the program, and of its children that live."""
        pids = self.pid, *(self.children() if with_children else ())
        # Linux' number for the clock of another process: /proc counts in steps of 10 ms
        return sum(clock_gettime(~pid << 3 | 2) for pid in pids)


def nnfs_tui(
    *arguments: str,
    size: tuple[int, int] = (120, 40),
    emulate: bool = True,
    mute: bool = False,
    line: Line | None = None,
    **environment: str,
) -> Terminal:
    """Start the program as from a shell."""
    program = str(Path(sys.executable).with_name("nnfs-tui"))
    return Terminal(
        program, *arguments, size=size, emulate=emulate, mute=mute, line=line, **environment
    )


def epoch_of(text: str) -> int:
    """Return the epoch in the status line, or -1 if there is none yet.

    Other lines name epochs too: when the diagnosis begins, and from which one a run was resumed.
    """
    found = re.search(r"^ *[A-Z][A-Z ]+ epoch +([\d,]+)", text, re.MULTILINE)
    return int(found[1].replace(",", "")) if found else -1


def is_alive(pid: int) -> bool:
    """Return whether a process is running, and not a zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
