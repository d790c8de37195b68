"""Cost of a Dask cluster: overhead of a task, speed-up with workers, and an estimate for 1,000 of them.

A scheduler and workers are started on this machine, which limits the speed-up to its cores. Tasks
without content give the overhead: the time of the scheduler and the client for each, whatever the number
of workers. The estimate assumes that N workers train N times as fast, until that overhead exceeds the
duration of a task divided by N.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import TYPE_CHECKING, Final

from core.config.presets import preset
from core.sweeps.execution import Workers, cores
from core.sweeps.grid import Grid, seeds_from
from core.sweeps.sweep import Sweep
from core.sweeps.tasks import LOCKSTEP_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TASKS: Final = 1000
WORKERS: Final = (1, 2, 4)
SEEDS: Final = 200


def started(module: str, folder: Path, *options: str) -> subprocess.Popen[bytes]:
    file = folder / "scheduler.json"
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            f"distributed.cli.{module}",
            "--scheduler-file",
            str(file),
            *options,
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Start a scheduler and workers; yields its address."""
    from distributed import Client

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter")
        processes = [started("dask_scheduler", folder, *options)]
        try:
            while not (folder / "scheduler.json").exists():
                sleep(0.05)
            single = ("--nthreads", "1", "--no-dashboard", "--no-nanny")
            processes += [started("dask_worker", folder, *single) for _ in range(workers)]
            address = json.loads((folder / "scheduler.json").read_text())["address"]
            with Client(address) as client:
                client.wait_for_workers(workers, timeout=60)
            yield str(address)
        finally:
            for process in processes:
                process.kill()
                process.wait()


def nothing(number: int) -> int:
    return number


def overhead(address: str) -> float:
    """Return the seconds per task that only returns a number, through joblib as in a sweep."""
    from distributed import Client
    from joblib import Parallel, delayed, parallel_config

    with Client(address) as client, parallel_config("dask", client=client, n_jobs=-1):
        parallel = Parallel(
            return_as="generator_unordered", batch_size=1, pre_dispatch="2 * n_jobs"
        )
        list(parallel(delayed(nothing)(number) for number in range(20)))
        begun = perf_counter()
        list(parallel(delayed(nothing)(number) for number in range(TASKS)))
        return (perf_counter() - begun) / TASKS


def swept(address: str | None) -> tuple[float, float]:
    """Return the seconds of a sweep, and the median seconds of training of its runs."""
    base = preset("moons").config()
    cells = Grid(base, {"learning_rate": (0.001, 0.01, 0.1)}, seeds_from(0, SEEDS)).cells()
    begun = perf_counter()
    outcomes = [run.outcome for run in Sweep(cells, Workers(1, address)).run()]
    return perf_counter() - begun, median(each.seconds for each in outcomes)


def main() -> None:
    runs = 3 * SEEDS
    alone, _ = swept(None)
    print(f"without a cluster, one core: {alone:6.2f} s for {runs} runs; {cores()} cores here")
    costs = []
    for workers in WORKERS:
        with cluster(workers) as address:
            seconds, _ = swept(address)
            text = f"{workers} workers: {seconds:6.2f} s, {alone / seconds:.2f} times one core"
            if workers > 1:  # joblib sends nothing to a single one
                costs.append(overhead(address))
                text += f"; overhead {1e3 * costs[-1]:.2f} ms per task"
        print(text)
    cost = min(costs)
    busy = LOCKSTEP_SECONDS / cost
    most = min(1000.0, busy)
    print(f"a task takes {LOCKSTEP_SECONDS:g} s, and the scheduler {1e3 * cost:.2f} ms for it")
    print(f"estimate, not measured: it keeps up with {busy:,.0f} workers; with 1,000, the speed is")
    print(f"about {most:,.0f} times that of one, if the network is no limit")


if __name__ == "__main__":
    main()
