"""What keeping a run costs: epochs per second of the real training process, which saves or does not.

Every two seconds it hands a copy to a thread that writes four files and waits for the disk. The peer
is the same process without `Keep`; the two take turns.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Final

from core import RunConfig
from core.presets import PRESETS
from core.process import Keep, Kept, Progress, Pull, SetSpeed, Start, TrainingProcess
from core.runs.keeper import Keeping

CASES: Final = {
    "xor, full batch": PRESETS["xor"].config(epochs=10**8),
    "moons": PRESETS["moons"].config(epochs=10**8),
    "digits": PRESETS["digits"].config(epochs=10**8),
    "1,000,000 parameters": RunConfig(
        samples=2_000, hidden=(996, 996), learning_rate=1e-4, batch_size=64, epochs=10**8
    ),
}


def epochs_per_second(config: RunConfig, seconds: float, folder: Path | None) -> tuple[float, int]:
    """Return the mean over that time, after the first second, and the bytes of what was saved last."""
    process = TrainingProcess()
    process.send(SetSpeed(None))
    if folder is not None:
        process.send(Keep(Keeping(folder, None)))
    process.send(Start(config))
    process.send(Pull())
    end, first, last = monotonic() + 1 + seconds, (0.0, 0), (0.0, 0)
    while (now := monotonic()) < end:
        for event in process.receive(0.1):
            if isinstance(event, Progress):
                last = now, last[1] if not len(event.table) else int(event.table[-1, 0])
                first = first if first[0] or now < end - seconds else last
                process.send(Pull())
            assert not (isinstance(event, Kept) and event.problem), event
    process.close()
    saved = 0
    if folder is not None:
        saved = sum(path.stat().st_size for path in folder.rglob("state.npz"))
    return (last[1] - first[1]) / max(1e-9, last[0] - first[0]), saved


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    print(f"{'epochs/s':<24}{'saving':>10}{'not':>10}   ratios of pairs (wanted: median ≥ 0.98)")
    for name, config in CASES.items():
        ours, peer, size = [], [], 0
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory() as folder:
                speed, size = epochs_per_second(config, options.seconds, Path(folder))
            ours.append(speed)
            peer.append(epochs_per_second(config, options.seconds, None)[0])
        ratios = sorted(mine / theirs for mine, theirs in zip(ours, peer, strict=True))
        told = " ".join(f"{ratio:.3f}" for ratio in ratios)
        print(
            f"{name:<24}{median(ours):>10,.1f}{median(peer):>10,.1f}   {median(ratios):.3f} of {told}; "
            f"a state of {size / 1e3:,.0f} kB"
        )


if __name__ == "__main__":
    main()
