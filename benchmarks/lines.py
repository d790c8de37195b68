"""Latency of keys and speed of training over slow connections: space to PAUSED and back, epochs/s.

    python -m benchmarks.lines [--presses N]

The peer is the same program over an unlimited connection, in the same run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from math import inf
from pathlib import Path
from typing import Final

from benchmarks.latency import milliseconds
from benchmarks.report import line, percentile
from tests.terminal.line import Line
from tests.terminal.terminal import nnfs_tui

LINES: Final = (
    ("8 kB/s, 150 ms", 8_000, 0.15, 1_500),
    ("32 kB/s, 150 ms", 32_000, 0.15, 350),
    ("1 MB/s, 20 ms", 1_000_000, 0.02, 100),
)
"""Name, bytes per second, round-trip time in seconds, and target in milliseconds."""

REPEATS: Final = 3


def epochs_per_second(rate: float, round_trip: float) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.jsonl"
        options = ("--epochs", "30000", "--speed", "max", "--log", str(log))
        with nnfs_tui("moons", *options, line=Line(rate, round_trip)) as terminal:
            terminal.until("FINISHED")
            terminal.press("q")
            terminal.wait()
        return float(json.loads(log.read_text().splitlines()[-1])["epochs_per_second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=40)
    presses = parser.parse_args().presses
    endless = ("moons", "--epochs", "100000000")
    for name, rate, round_trip, wanted in LINES:
        ours = milliseconds(nnfs_tui(*endless, line=Line(rate, round_trip)), presses)
        peer = milliseconds(nnfs_tui(*endless), presses)
        shares = [percentile(ours, 0.95)], [percentile(peer, 0.95)]
        print(line(f"space to PAUSED and back, {name}, median", ours, peer, "ms", "–"))
        print(line(f"space to PAUSED and back, {name}, p95", *shares, "ms", f"≤ {wanted} ms"))
        slow, free = [], []
        for _ in range(REPEATS):
            slow.append(epochs_per_second(rate, round_trip))
            free.append(epochs_per_second(inf, 0.0))
        print(line(f"training, {name}", slow, free, "epochs/s", "≥ 0.9"), flush=True)


if __name__ == "__main__":
    main()
