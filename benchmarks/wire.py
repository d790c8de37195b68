"""Bytes per second that the real program writes to the terminal, compared with complete redraws.

    python -m benchmarks.wire [--seconds N] [case ...]

The peer is the same screen with each panel redrawn completely in each frame (`benchmarks.whole_frames`).
A case is a preset, with `-true` in true colour, with `-max` at maximal speed; or paused, finished,
80x24, fps2. The terminal has 256 colours otherwise.
"""

from __future__ import annotations

import argparse
import sys
from time import monotonic
from typing import Final, NamedTuple

from tests.terminal.terminal import Terminal, nnfs_tui

PRESETS: Final = ("moons", "xor", "spiral", "digits")
ENDLESS: Final = ("--epochs", "100000000")
WANTED: Final = {"moons": 8e3, "digits": 15e3}
FIRST: Final = 5
"""Number of seconds at the start that are printed one by one: the first has the first frame."""
AT_REST: Final = 5.0
"""Seconds for which an idle screen is measured."""


class Case(NamedTuple):
    """One line of the table: the program's arguments and the target in bytes per second."""

    arguments: tuple[str, ...]
    size: tuple[int, int] = (120, 40)
    wanted: float | None = None
    true_colour: bool = False
    rests: str = ""
    """Text on the screen after which it is idle and measured."""


CASES: Final = {
    **{name: Case((name, *ENDLESS), wanted=WANTED.get(name)) for name in PRESETS},
    **{
        f"{name}-true": Case((name, *ENDLESS), wanted=WANTED[name], true_colour=True)
        for name in WANTED
    },
    **{
        f"{name}-max": Case(
            (name, *ENDLESS, "--speed", "max"), wanted=48e3 if name == "moons" else None
        )
        for name in PRESETS
    },
    "80x24": Case(("moons", *ENDLESS), size=(80, 24)),
    "fps2": Case(("moons", *ENDLESS, "--fps", "2")),
    "paused": Case(("moons", "--paused"), wanted=0.0, rests="PAUSED"),
    "finished": Case(("moons", "--epochs", "20", "--speed", "max"), wanted=0.0, rests="FINISHED"),
}
FEWER: Final = 6
"""Target factor between complete redraws and this program, in bytes."""


def bytes_per_second(case: Case, seconds: float, *, whole: bool) -> list[int]:
    """Return the bytes of each second."""
    common = {"size": case.size, "emulate": bool(case.rests)}
    if case.true_colour:
        common["COLORTERM"] = "truecolor"
    if whole:
        program = sys.executable, "-m", "benchmarks.whole_frames"
        terminal = Terminal(*program, *case.arguments, **common)  # type: ignore[arg-type]
    else:
        terminal = nnfs_tui(*case.arguments, **common)  # type: ignore[arg-type]
    with terminal:
        if case.rests:
            terminal.until(case.rests)
            terminal.until_quiet(1.0)
            seconds = AT_REST
        else:
            while not terminal.raw:
                terminal.read()
        start, before = monotonic(), 0 if not case.rests else len(terminal.raw)
        taken = []
        for second in range(1, round(seconds) + 1):
            terminal.written_within(start + second - monotonic())
            taken.append(len(terminal.raw) - before)
            before = len(terminal.raw)
        terminal.press("q")
        terminal.wait()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("cases", nargs="*", metavar="case")
    options = parser.parse_args()
    for name in options.cases or CASES:
        case = CASES[name]
        ours = bytes_per_second(case, options.seconds, whole=False)
        whole = bytes_per_second(case, options.seconds, whole=True)
        mine, theirs = sum(ours) / len(ours), sum(whole) / len(whole)
        first = ", ".join(f"{size / 1e3:.1f}" for size in ours[:FIRST])
        told = f"{mine / 1e3:>8.1f} kB/s (first seconds {first}); "
        told += f"peer, refreshed whole, {theirs / 1e3:.1f}"
        if not case.rests:
            told += f"; ratio 1 / {theirs / mine:.1f}; wanted ≤ 1 / {FEWER}"
        if case.wanted is not None:
            told += f"; wanted ≤ {case.wanted / 1e3:.0f} kB/s"
        print(f"{name:<12}{told}", flush=True)


if __name__ == "__main__":
    main()
