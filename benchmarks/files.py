"""Time and peak memory to load a CSV file of 1,000,000 rows and 20 columns, compared with other readers.

Each measurement is a new process, since peak memory is never reset.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from benchmarks.report import line

ROWS: Final = 1_000_000
COLUMNS: Final = 20
REPEATS: Final = 3
MOST_SECONDS: Final = 10.0
MOST_MIB: Final = 1024.0


def ours(path: str) -> int:
    from core.datasets.files import Source
    from core.datasets.files.read import read

    return len(read(Source(path), lambda _what, _share: None).y)


def by_loadtxt(path: str) -> int:
    return len(np.loadtxt(path, delimiter=",", skiprows=1))


def by_pyarrow(path: str) -> int:
    from pyarrow import csv

    return int(np.column_stack(csv.read_csv(path).columns).shape[0])


def by_pandas(path: str) -> int:
    import pandas as pd  # type: ignore[import-untyped,import-not-found,unused-ignore]

    return len(pd.read_csv(path).to_numpy())


def by_polars(path: str) -> int:
    import polars as pl  # type: ignore[import-not-found,unused-ignore]

    return len(pl.read_csv(path).to_numpy())


READERS: Final = {
    "ours": ours,
    "loadtxt": by_loadtxt,
    "pyarrow": by_pyarrow,
    "pandas": by_pandas,
    "polars": by_polars,
}


def write(path: Path) -> None:
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        file.write(",".join(f"c{at}" for at in range(COLUMNS)) + "\n")
        for _ in range(100):
            rows = rng.normal(size=(ROWS // 100, COLUMNS))
            file.writelines(",".join(f"{value:.6f}" for value in row) + "\n" for row in rows)


def load(name: str, path: str) -> None:
    """Read the file in this process, and print seconds and the peak in MiB."""
    begin = time.perf_counter()
    if READERS[name](path) != ROWS:
        raise SystemExit(f"{name} read a different number of rows")
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(seconds, peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def measure(name: str, path: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.files", name, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = map(float, run.stdout.split())
    return seconds, peak


def main() -> None:
    others = [each for each in ("pyarrow", "pandas", "polars") if find_spec(each)]
    names = ["ours", "loadtxt", *others]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    memory: dict[str, list[float]] = {name: [] for name in names}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "numbers.csv"
        write(path)
        print(f"{ROWS:,} rows of {COLUMNS} numbers, {path.stat().st_size / 1e6:,.0f} MB")
        for _ in range(REPEATS):  # interleaved, since the speed of the machine varies
            for name in names:
                took, peak = measure(name, path)
                seconds[name].append(took)
                memory[name].append(peak)
    for name in names[1:]:
        wanted = f"{MOST_SECONDS:g} s"
        print(line(f"seconds, compared with {name}", seconds["ours"], seconds[name], "s", wanted))
        wanted = f"{MOST_MIB:,.0f} MiB"
        print(
            line(f"peak memory, compared with {name}", memory["ours"], memory[name], "MiB", wanted)
        )
    print(f"share of {MOST_SECONDS:g} s: {median(seconds['ours']) / MOST_SECONDS:.2f}")
    print(f"share of {MOST_MIB:,.0f} MiB: {median(memory['ours']) / MOST_MIB:.2f}")


if __name__ == "__main__":
    if len(sys.argv) == 3:
        load(*sys.argv[1:])
    else:
        main()
