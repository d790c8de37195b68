"""Epochs per second of the real program with and without a screen.

The peer of the first figures is `train` without a screen; that of the last is TensorFlow Playground's
59.5 epochs per second on the same network and equally many samples. The output goes to a
pseudo-terminal that is read but not emulated, like that of a remote terminal.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import line
from tests.terminal.terminal import nnfs_tui

PLAYGROUND = 59.5
MOONS = ("moons", "--epochs", "40000")
XOR_2_4_1 = (
    *("xor", "--samples", "500", "--test-size", "0.5", "--hidden", "4", "--batch-size", "10"),
    *("--loss", "binary_cross_entropy", "--optimizer", "sgd", "--lr", "0.03", "--epochs", "20000"),
)


def without_screen(arguments: tuple[str, ...]) -> float:
    program = Path(sys.executable).with_name("nnfs-tui")
    run = subprocess.run([program, "train", *arguments], capture_output=True, text=True, check=True)
    found = re.search(r"\(([\d,]+) epochs/s\)", run.stdout)
    assert found is not None, run.stdout
    return float(found.group(1).replace(",", ""))


def beside_the_screen(arguments: tuple[str, ...]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "run.jsonl"
        options = ("--speed", "max", "--log", str(log))
        with nnfs_tui(*arguments, *options, emulate=False) as terminal:
            while b"FINISHED" not in terminal.raw[-20_000:]:
                terminal.read()
            terminal.press("q")
            terminal.wait()
        return float(json.loads(log.read_text().splitlines()[-1])["epochs_per_second"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    ours: list[float] = []
    for name, arguments in (("moons 2-8-8-2, batch 32", MOONS), ("xor 2-4-1, batch 10", XOR_2_4_1)):
        ours, peer = [], []
        for _ in range(repeats):
            ours.append(beside_the_screen(arguments))
            peer.append(without_screen(arguments))
        print(line(f"{name}, with screen / without", ours, peer, "epochs/s", "≥ 0.85"))
    print(
        line(
            "xor 2-4-1, with screen / Playground",
            ours,
            [PLAYGROUND],
            "epochs/s",
            "≥ 1,000 epochs/s",
        )
    )


if __name__ == "__main__":
    main()
