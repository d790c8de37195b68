"""Soak test: random keys, pastes, mouse actions and resizes in the program, which must keep running.

`python -m tests.terminal.soak --keys N --seed S` plays over all presets. What is done follows from the
seed; how far the program is with what came before depends on the machine.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import monotonic
from typing import Final

from core.config.presets import PRESETS
from tests.terminal.terminal import Terminal, nnfs_tui
from tests.tui.keyboard_monkey import EDITING, SIZES, TYPED, keys_of

KEYS: Final = 20_000
BURST: Final = 30
"""Actions between two checks."""
LOWEST_PRIORITY: Final = 19
"""Nice value of the trials of the diagnosis."""
ANSWERED: Final = 2.0
"""Seconds within which a key must have an effect, except time spent waiting for a processor."""
NEVER: Final = 60.0
"""Seconds, counted likewise, after which output that depends on training is considered frozen."""
LEAST: Final = 0.1
"""Share of the time that counts, however long a process waits for a processor."""
CHECKED_AT: Final = (120, 40)
DIALOGS: Final = ("v", "h", "?", ":", "\x13", "e", "A", "\x10")
MARK: Final = "¤"
"""Glyph that the program does not write."""
CODES: Final = {
    "space": " ",
    "escape": "\x1b",
    "enter": "\r",
    "tab": "\t",
    "shift+tab": "\x1b[Z",
    "backspace": "\x7f",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f12": "\x1b[24~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "delete": "\x1b[3~",
    "comma": ",",
    "full_stop": ".",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "underscore": "_",
    "colon": ":",
    "semicolon": ";",
    "slash": "/",
    "question_mark": "?",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
}
ARROWS: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
OVER: Final = frozenset({"FINISHED", "DIVERGED"})
STATES: Final = ("TRAINING", "PAUSED", "FINISHED", "DIVERGED", "STOPPED", "LOADING")


def code_of(key: str) -> str | None:
    """Return the bytes of a key, given its name in Textual, or None if unknown."""
    if len(key) == 1 or key in CODES:
        return CODES.get(key, key)
    *modifiers, name = key.split("+")
    if name in ARROWS:
        which = 1 + ("shift" in modifiers) + 4 * ("ctrl" in modifiers)
        return f"\x1b[1;{which}{ARROWS[name]}" if modifiers else f"\x1b[{ARROWS[name]}"
    if modifiers == ["ctrl"] and len(name) == 1:
        return chr(ord(name) & 0x1F)
    return None


class Frozen(AssertionError):  # noqa: N818 (it is no mistake of this module)
    """The program is stuck or has ended."""


class Soak:
    """A program in a terminal, actions on it, and checks that it is running."""

    def __init__(
        self, terminal: Terminal, random: Random, *, dialogs: float, answered: float
    ) -> None:
        self._terminal = terminal
        self._answered = answered
        self._random = random
        self._dialogs = dialogs
        keys = (code_of(key) for key in keys_of(harmless=False))
        self._keys = sorted({code for code in keys if code is not None} - {"\x0c"})
        edits = (code_of(key) for key in (*TYPED, *EDITING))
        self._edits = [code for code in edits if code is not None]
        self._typed_into = False
        self.last: deque[object] = deque(maxlen=2 * BURST)

    # --- actions

    def act(self) -> None:
        """Do one thing, and wait a moment."""
        kind = self._random.random()
        if self._random.random() < self._dialogs:
            self._open_and_close()
        elif kind < 0.07:
            self._resize()
        elif kind < 0.15:
            self._use_mouse()
        elif kind < 0.18:
            self._paste()
        elif self._typed_into and kind < 0.65:
            self._press(self._random.choice(self._edits))
        else:
            key = self._random.choice(self._keys)
            self._typed_into = key in DIALOGS
            self._press(key)
        self._wait(self._random.choice((0.0, 0.0, 0.01, 0.05, 0.1)))

    def _press(self, keys: str) -> None:
        self.last.append(keys)
        self._terminal.press(keys)

    def _wait(self, seconds: float) -> None:
        if self._terminal.status is None and seconds:
            self._terminal.written_within(seconds)

    def _open_and_close(self) -> None:
        """Open a dialog and close it, perhaps before it is drawn."""
        self._press(self._random.choice(DIALOGS))
        self._wait(self._random.uniform(0.02, 0.3))
        self._press("\x1b")
        self._typed_into = False

    def _resize(self) -> None:
        size = self._random.choice(SIZES)
        if self._random.random() < 0.5:
            size = self._random.randint(1, 220), self._random.randint(1, 70)
        self.last.append(size)
        self._terminal.resize(*size)

    def _use_mouse(self) -> None:
        columns, rows = CHECKED_AT
        at = f"{self._random.randint(1, columns)};{self._random.randint(1, rows)}"
        button = self._random.choice((0, 0, 0, 2, 64, 65))
        released = f"\x1b[<{button};{at}m" if button < 64 else ""
        self._press(f"\x1b[<{button};{at}M{released}")

    def _paste(self) -> None:
        text = "".join(self._random.choices(TYPED, k=self._random.choice((0, 1, 30, 3000))))
        self._press(f"\x1b[200~{text}\x1b[201~")

    # --- checks

    def begin(self) -> None:
        """Wait for the run: while its data are being loaded, esc ends the program."""
        self._until("a run", lambda: self._state == "TRAINING", NEVER)
        self.check()

    def check(self) -> None:
        """Fail unless keys are answered, the run advances, and all of the screen is of one epoch."""
        terminal = self._terminal
        terminal.resize(*CHECKED_AT)
        self._let_it_handle_all_keys()
        self._until("no dialog", self._is_plain, again="\x1b")
        # an escape character with another key directly behind it would be a key with alt
        self._let_it_handle_all_keys()
        self._until("data", lambda: self._state != "LOADING", NEVER * 5)
        self._answers()
        self._begin_again()
        self._until("curves and status of one epoch", self._is_of_one_epoch, NEVER)
        if self._state in OVER:
            return  # a setting that was changed lets it train no longer
        self._press(" ")
        self._until("a pause", lambda: self._state in {"PAUSED", *OVER}, NEVER)
        self._until("curves and status of one epoch", self._is_of_one_epoch)
        if self._state == "PAUSED":
            self._press(" ")
            self._until("a run that resumes", lambda: self._state != "PAUSED", NEVER)

    def _let_it_handle_all_keys(self) -> None:
        """Wait until the program has redrawn the screen on a key that comes after all others.

        On a busy machine, the dialog that a key opens may be drawn after the screen has been checked.
        """
        while True:  # until no redraw is left over from a resize
            self._terminal.overwrite(MARK)
            self._let_time_pass(0.5)
            if self._header.startswith(MARK):
                break
        # the second time, a dialog that was opened before the first is complete
        for _ in range(2):
            self._terminal.overwrite(MARK)
            while self._header.startswith(MARK):
                self._press("\x0c")
                self._let_time_pass(1.0)
                if self._header.startswith(MARK):
                    self._press("\x1b")  # the command palette does not redraw
                    self._let_time_pass(0.5)

    def _let_time_pass(self, seconds: float) -> None:
        elapsed = self._stopwatch()
        self._until("time", lambda: elapsed() >= seconds, NEVER)

    def _answers(self) -> None:
        """See to it that a key is answered."""
        before = self._header
        self._press(">")
        if "max" not in before:
            self._until("another speed", lambda: self._has_another_speed(before))
        if self._epochs_per_second > 1000:
            before = self._header
            self._press("<")
            self._until("another speed", lambda: self._has_another_speed(before))

    def _has_another_speed(self, before: str) -> bool:
        """Return whether the header shows it, or the line below if there is no room in the header."""
        return self._header != before or ("▸" not in before and self._shows("speed"))

    def _begin_again(self) -> None:
        self._until("a whole screen", self._is_plain)  # the answer to a key may be a new layout
        before, loss = self._cells(), self._loss
        self._press("r")
        # no other key before that, since the state that it would change is unknown
        self._until("a run", lambda: self._begins or self._state in {"TRAINING", *OVER}, NEVER)
        if self._begins:  # a paused run stays paused
            self._press(" ")
        self._until("epochs", lambda: self._epoch > 5 or self._state in OVER, NEVER)
        if self._state not in OVER:
            # a linear model can be trained to the same pictures again within a second
            self._until(
                "curves and maps that advance",
                lambda: self._differs(before) or self._loss == loss,
                NEVER,
            )

    def _until(
        self,
        what: str,
        condition: Callable[[], bool],
        seconds: float | None = None,
        again: str = "",
    ) -> None:
        """Wait for a condition, and press a key again and again if that is what it takes."""
        stopwatch, pressed = self._stopwatch(), -1.0
        if seconds is None:
            seconds = self._answered
        while not condition():
            elapsed = stopwatch()
            if again and elapsed > pressed + 0.5:
                self._press(again)
                pressed = elapsed
            if elapsed > seconds * (3 if again else 1):
                raise Frozen(f"{what} did not come in {elapsed:.1f} s")
            if not self._terminal.read(0.05):
                raise Ended

    def _stopwatch(self) -> Callable[[], float]:
        """Return a function that returns the seconds since now, without those spent waiting.

        On a busy machine this process, the program and the training wait for a processor, which is none
        of their faults. They may wait at the same time, so the longest wait of one of them counts, not
        the sum, which can exceed the time that passed. A tenth of the time always counts: where the
        training hardly ever runs, the test must still come to an end.
        """
        started = monotonic()
        waits: dict[int, tuple[float, float]] = {}

        def elapsed() -> float:
            for pid in (os.getpid(), self._terminal.pid, *self._children()):
                now = _waited(pid)
                first, last = waits.get(pid, (now, now))
                waits[pid] = first, max(last, now)  # 0 if the process has just ended
            passed = monotonic() - started
            waited = max(last - first for first, last in waits.values())
            return max(passed - waited, LEAST * passed)

        elapsed()
        return elapsed

    def _children(self) -> list[int]:
        try:
            return self._terminal.children()
        except FileNotFoundError:
            return []

    @property
    def _rows(self) -> list[str]:
        return self._terminal.text().split("\n")

    @property
    def _header(self) -> str:
        return self._rows[0]

    @property
    def _epochs_per_second(self) -> float:
        found = re.search(r"([\d,.]+) epochs/s ▸", self._header)
        return float(found.group(1).replace(",", "")) if found else 0.0

    @property
    def _state(self) -> str:
        return self._rows[-3].split(maxsplit=1)[0] if self._rows[-3].strip() else ""

    @property
    def _epoch(self) -> int:
        found = re.search(r"epoch +([\d,]+)", self._rows[-3])
        return int(found.group(1).replace(",", "")) if found else -1

    @property
    def _begins(self) -> bool:
        return self._state == "PAUSED" and self._epoch == 0

    def _shows(self, text: str) -> bool:
        return text in self._rows[-2]

    def _is_plain(self) -> bool:
        """Return whether no dialog and no menu is open, and the screen is drawn completely."""
        rows = self._rows
        return (
            self._state in STATES
            and rows[-1].strip() != ""
            and all(row[0] in "╭│╰" and row[-1] in "╮│╯" for row in rows[1:-3])
            # the border of a dialog, without the name of a panel, or the command palette
            and not re.search(r"╭─|🔎", self._terminal.text())
        )

    def _cells(self) -> dict[str, list[list[tuple[str, ...]]]]:
        """Return the cells of the loss curves and of the map, as far as they are shown."""
        rows, cells = self._rows, self._terminal.cells()
        found = {}
        for name in ("1 loss", "3 boundary"):
            for y, row in enumerate(rows):
                x = row.find(f"╭ {name} ")
                if x >= 0:
                    right = row.index("╮", x)
                    bottom = next((at for at in range(y + 1, 40) if rows[at][x] == "╰"), 39)
                    found[name] = [line[x + 1 : right] for line in cells[y + 1 : bottom]]
                    break
        return found

    def _differs(self, before: dict[str, list[list[tuple[str, ...]]]]) -> bool:
        now = self._cells()
        return all(
            cells != before.get(name) or (name != "1 loss" and _is_of_one_colour(cells))
            for name, cells in now.items()
        )

    @property
    def _loss(self) -> str | None:
        found = re.search(r"loss +([\d.e−+-]+)", self._rows[-3])
        return found.group(1) if found else None

    def _is_of_one_epoch(self) -> bool:
        """Return whether the title of the loss curves shows the loss of the status line."""
        loss = self._loss
        title = next((row for row in self._rows if "╭ 1 loss " in row), None)
        if loss is None or title is None or " at epoch " in title:
            return True  # with a cursor on the curves the title has the values at the cursor
        told = re.search(r"1 loss .*?train ([\d.e−+-]+)", title)
        return told is None or told.group(1) == loss


class Ended(Exception):  # noqa: N818 (it is what was asked for)
    """The program has ended."""


def _is_of_one_colour(cells: list[list[tuple[str, ...]]]) -> bool:
    """Return whether a map has one colour and the background: its network ignores the inputs."""
    return len({background for row in cells for _, background, _ in row}) <= 2


def _waited(pid: int) -> float:
    """Return the seconds for which a process has waited for a processor; 0 if unknown.

    Trials of the diagnosis may wait for ever: they have the lowest priority, and nothing waits for them.
    """
    try:
        if os.getpriority(os.PRIO_PROCESS, pid) == LOWEST_PRIORITY:
            return 0.0
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0


def play(
    terminal: Terminal,
    seed: str,
    keys: int,
    progress: Callable[[int], None] = lambda _: None,
    *,
    dialogs: float = 0.2,
    answered: float = ANSWERED,
) -> int:
    """Run actions on a program, and return their number.

    Args:
        terminal: where the program runs.
        seed: what decides what is done.
        keys: how many things are done.
        progress: receives the number of actions after each check.
        dialogs: the share of them that opens a dialog and closes it at once.
        answered: seconds in which a key must be answered.

    Raises:
        Frozen: when it no longer answers or advances, with the seed, what was done last, and the screen.
    """
    soak = Soak(terminal, Random(seed), dialogs=dialogs, answered=answered)
    done = 0
    try:
        soak.begin()
        while done < keys:
            for _ in range(min(BURST, keys - done)):
                soak.act()
                done += 1
            soak.check()
            progress(done)
    except Ended:
        if terminal.status:  # the command palette can quit, too
            raise Frozen(_told(f"ended with status {terminal.status}", seed, soak)) from None
    except Frozen as error:
        raise Frozen(_told(str(error), seed, soak)) from None
    return done


def _told(what: str, seed: str, soak: Soak) -> str:
    text = soak._terminal.text()
    return f"{what}\nseed {seed}, the last of what was done: {list(soak.last)}\n{text}"


@contextmanager
def elsewhere() -> Iterator[None]:
    """Change to a temporary folder, for all files that are saved."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def main() -> int:
    """Run the soak test on all presets, or some, and print the results."""
    parser = argparse.ArgumentParser(description="Play with the program over all presets.")
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--presets", nargs="*", default=list(PRESETS), choices=list(PRESETS))
    arguments = parser.parse_args()
    each = -(-arguments.keys // len(arguments.presets))
    failures = 0
    for name in arguments.presets:
        done = rounds = 0
        while done < each:
            # a program ended by the command palette is restarted
            seed = f"{arguments.seed} {name} {rounds}"

            def progress(count: int, before: int = done, name: str = name) -> None:
                sys.stdout.write(f"\r{name:20} {before + count:6,} of {each:,} ")
                sys.stdout.flush()

            options = ("--epochs", "100000000", "--speed", "30", "--no-save")
            with elsewhere(), nnfs_tui(name, *options) as terminal:
                try:
                    done += max(1, play(terminal, seed, each - done, progress))
                except AssertionError as error:
                    sys.stdout.write(f"\n{name}: {error}\n")
                    failures += 1
                    break
            rounds += 1
        sys.stdout.write("\n")
    sys.stdout.write(f"{failures} of {len(arguments.presets)} presets failed\n")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
