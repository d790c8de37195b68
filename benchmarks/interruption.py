"""Time from a pause command to its reply during an epoch that takes seconds.

The real training process receives the command at random times. The peer is the duration of the epoch,
which a trainer that can only pause between epochs would have to finish.
"""

from __future__ import annotations

import random
import select
from time import perf_counter, sleep
from typing import Final

from benchmarks.report import percentile
from core import RunConfig
from core.process.client import TrainingProcess
from core.process.messages import Pause, Pull, Resume, Start, State, StateChanged

TRIES: Final = 25
CASES: Final = {
    "1,000,000 samples, batch 32": RunConfig(samples=1_000_000, epochs=10**6),
    "1,000,000 parameters, 20,000 samples": RunConfig(
        samples=20_000, hidden=(996, 996), batch_size=64, learning_rate=1e-4, epochs=10**6
    ),
}


def until(process: TrainingProcess, state: State) -> float:
    """Wait until the process reports a state, and return the time."""
    while True:
        select.select([process], [], [])
        for event in process.receive():
            if isinstance(event, StateChanged) and event.state is state:
                return perf_counter()


def main() -> None:
    print(f"{'':<40}{'p50':>9}{'p95':>9}{'max':>9}   epoch     p95 / epoch")
    for name, config in CASES.items():
        process = TrainingProcess()
        process.send(Start(config))
        until(process, State.TRAINING)
        waits = []
        for _ in range(TRIES):
            process.send(Pull())
            sleep(random.uniform(0.05, 0.3))
            asked = perf_counter()
            process.send(Pause())
            waits.append(until(process, State.PAUSED) - asked)
            process.send(Resume())
            until(process, State.TRAINING)
        process.close()
        seconds = epoch_seconds(config)
        worst = percentile(waits, 0.95)
        told = "".join(f"{1e3 * percentile(waits, share):>6.0f} ms" for share in (0.5, 0.95, 1.0))
        print(f"{name:<40}{told}{seconds:>7.1f} s{worst / seconds:>13.4f}   (wanted 200 ms)")


def epoch_seconds(config: RunConfig) -> float:
    from core import Trainer

    trainer = Trainer(config)
    started = perf_counter()
    trainer.train_epoch()
    return perf_counter() - started


if __name__ == "__main__":
    main()
