"""Cost of autosave in the real training process.

Every two seconds, autosave passes a copy to a thread that writes four files and waits for the disk. The
peer is the same process without autosave; the two take turns.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Final

from core import RunConfig
from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.process.messages import (
    ConfigureAutosave,
    Progress,
    Pull,
    SaveStatusChanged,
    SetSpeed,
    Start,
)
from core.runs.autosaver import SaveOptions

CASES: Final = {
    "xor, full batch": PRESETS["xor"].config(epochs=10**8),
    "moons": PRESETS["moons"].config(epochs=10**8),
    "digits": PRESETS["digits"].config(epochs=10**8),
    "1,000,000 parameters": RunConfig(
        samples=2_000, hidden=(996, 996), learning_rate=1e-4, batch_size=64, epochs=10**8
    ),
}


@dataclass(frozen=True)
class Measured:
    """Measurement of one process over a few seconds.

    Attributes:
        speed: epochs per second.
        work: processor time per epoch in µs, including the saving thread: the better measure on a
            busy machine.
        size: bytes of the last save.
    """

    speed: float
    work: float
    size: int


def measure(config: RunConfig, seconds: float, folder: Path | None) -> Measured:
    """Measure training for this many seconds, after the first one in which the data are loaded."""
    process = TrainingProcess()
    process.send(SetSpeed(None))
    if folder is not None:
        process.send(ConfigureAutosave(SaveOptions(folder, None)))
    process.send(Start(config))
    process.send(Pull())
    start = inf
    marks: list[tuple[float, float, int]] = []
    epoch = 0
    while (now := monotonic()) < start + seconds:
        for event in process.receive(0.1):
            if isinstance(event, Progress):
                process.send(Pull())
                start = min(start, now + 1)
                epoch = int(event.table[-1, 0]) if len(event.table) else epoch
                if now > start:
                    marks.append((now, processor_seconds(process.pid), epoch))
            assert not (isinstance(event, SaveStatusChanged) and event.problem), event
    process.close()
    size = 0 if folder is None else sum(path.stat().st_size for path in folder.rglob("state.npz"))
    (began, before, first), (ended, after, last) = marks[0], marks[-1]
    epochs = max(1, last - first)
    return Measured(epochs / (ended - began), 1e6 * (after - before) / epochs, size)


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    print(f"{'':<22}{'epochs/s':>19}{'processor µs an epoch':>32}   state")
    for name, config in CASES.items():
        pairs = []
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory() as folder:
                ours = measure(config, options.seconds, Path(folder))
            pairs.append((ours, measure(config, options.seconds, None)))
        told = f"{name:<22}"
        for quality in ("speed", "work"):
            mine, theirs = (
                [getattr(each, quality) for each in side] for side in zip(*pairs, strict=True)
            )
            ratio = median(a / b for a, b in zip(mine, theirs, strict=True))
            told += f"{median(mine):>11,.1f} {median(theirs):>9,.1f} ×{ratio:.3f}"
        print(f"{told}   {pairs[-1][0].size / 1e3:,.0f} kB   (wanted: processor ≤ 1.02)")


if __name__ == "__main__":
    main()
