"""Curves of long runs: time per drawing, time per key, and memory of the interface.

    python -m benchmarks.curves

The peer reduces all epochs to the columns of dots, and has plotext draw everything, as the panels did
before: a ratio of 0.1 is a tenth of its processor time. A key is timed in the real screen without a
terminal, until everything is drawn again.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import asyncio
import gc
from functools import partial
from statistics import median
from time import process_time
from typing import TYPE_CHECKING, Final

import numpy as np
import plotext

from benchmarks.memory import resident_kib
from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.training.epoch_log import COLUMNS
from tests.tui.sessions import session_after
from tui.app import NnfsApp
from tui.panels.curve import LossPanel, ScorePanel
from tui.panels.view_options import ViewOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from core.training.epoch_log import EpochLog
    from tui.run_model import RunModel

SIZE: Final = (58, 14)
LENGTHS: Final = (1_000, 100_000, 5_000_000)
CHUNK: Final = 50_000
KEYS: Final = ("l", "l", "E", "E", "E", "m", "left", "left", "right", "m", "2", "2", "z", "z")
TURNS: Final = 5


def rows(start: int, count: int, total: int) -> NDArray[np.float64]:
    """Return epochs of a noisy loss that falls, and of accuracies of 150 and 50 samples."""
    random, epochs = np.random.default_rng(start), np.arange(start, start + count)
    table = np.full((count, len(COLUMNS)), np.nan)
    falling = np.exp(-5 * epochs / total)
    for name, level, samples in (("train", 0.02, 150), ("test", 0.05, 50)):
        noise = random.gamma(5, 0.2, count)
        table[:, COLUMNS.index(f"{name}_loss")] = level + 0.7 * falling * noise
        right = np.rint(samples * (1 - 0.4 * falling * noise).clip(0, 1))
        table[:, COLUMNS.index(f"{name}_score")] = right / samples
    table[:, COLUMNS.index("epoch")] = epochs
    table[:, COLUMNS.index("learning_rate")] = 0.01
    table[:, COLUMNS.index("penalty")] = 0.0
    return table


def fill(log: EpochLog, total: int) -> float:
    """Append epochs until there are `total`; return the processor time per epoch in µs."""
    used, begin = 0.0, len(log)
    while len(log) < total:
        table = rows(len(log), min(CHUNK, total - len(log)), total)
        started = process_time()
        log.extend(table)
        used += process_time() - started
    return 1e6 * used / max(1, total - begin)


def milliseconds(work: Callable[[], object], turns: int) -> float:
    """Return the median processor time."""
    work()
    times = []
    for _ in range(turns):
        started = process_time()
        work()
        times.append(1000 * (process_time() - started))
    return median(times)


def draw_by_plotext(columns: list[NDArray[np.float64]], total: int) -> None:
    """Draw a panel as before: all points are reduced, and plotext draws what is left."""
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limit_size(False, False)
    plotext.plot_size(*SIZE)
    plotext.xlim(0, total)
    for colour, values in enumerate(columns):
        epochs = np.flatnonzero(np.isfinite(values))
        column = epochs * (2 * SIZE[0] - 1) // total
        starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
        low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
        pairs = np.column_stack([low, high]).ravel().tolist()
        plotext.plot(np.repeat(epochs[starts], 2).tolist(), pairs, marker="braille", color=colour)
    plotext.build()


def drawing() -> None:
    """Print the time per drawing at several lengths, and the memory per epoch."""
    config = PRESETS["moons"].config(epochs=LENGTHS[-1])
    run: RunModel = session_after(config, 0)
    first = resident_kib()
    print(f"{'epochs':>10}{'panel':>10}{'ours':>12}{'plotext':>12}{'ratio':>8}")
    for total in LENGTHS:
        cost = fill(run.timeline, total)
        for kind, name in ((LossPanel, "loss"), (ScorePanel, "score")):
            panel = kind(run, ViewOptions())

            def draw(panel: LossPanel | ScorePanel = panel) -> None:
                panel.invalidate()
                panel.draw(*SIZE)

            ours = milliseconds(draw, 50)
            columns = [run.timeline.column(f"{part}_{name}") for part in ("test", "train")]
            peer = milliseconds(partial(draw_by_plotext, columns, total), 5)
            print(f"{total:>10,}{name:>10}{ours:>9.2f} ms{peer:>9.2f} ms{ours / peer:>8.3f}")
            del columns
    gc.collect()
    used = (resident_kib() - first) * 1024 / LENGTHS[-1]
    print(f"appending {cost:.2f} µs per epoch; {used:.0f} bytes per epoch")


async def keys() -> None:
    """Print the time per key in the real screen after the longest run."""
    app = NnfsApp(PRESETS["moons"].config(), TrainingProcess(), paused=True)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.training
        while not len(screen.run.timeline):
            await pilot.pause(0.05)
        for total in LENGTHS:
            fill(screen.run.timeline, total)
            await pilot.press("l", "l")
            times = []
            for key in KEYS * TURNS:
                started = process_time()
                await pilot.press(key)
                times.append(1000 * (process_time() - started))
            p95 = float(np.quantile(times, 0.95))
            print(
                f"{total:>10,} epochs: key {median(times):.1f} ms, p95 {p95:.1f} ms of processor time"
            )
        gc.collect()
        print(f"resident memory of the interface: {resident_kib() / 1024:.0f} MiB")


def main() -> None:
    drawing()
    asyncio.run(keys())


if __name__ == "__main__":
    main()
