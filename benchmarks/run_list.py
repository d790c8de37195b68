"""Time of `nnfs-tui runs` with many saved runs: python -m benchmarks.run_list [--runs N].

The peer is the same list without its index, for which the header of each run is read.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import line

PROGRAM = str(Path(sys.executable).with_name("nnfs-tui"))


def saved(folder: Path, count: int) -> None:
    """Save as many runs, which are copies of one."""
    command = [PROGRAM, "train", "xor", "--epochs", "5", "--run-dir", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    (run,) = (path.parent for path in folder.glob("*/state.npz"))
    files = {file.name: file.read_bytes() for file in run.iterdir()}
    for number in range(count - 1):
        copy = folder / f"xor-20260101-{number:06d}"
        copy.mkdir(mode=0o700)
        for name, content in files.items():
            (copy / name).write_bytes(content)


def seconds(folder: Path) -> float:
    """Return the processor time of the list."""
    command = [PROGRAM, "runs", "--run-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as listed:
        _, status, usage = os.wait4(listed.pid, 0)
        listed.returncode = os.waitstatus_to_exitcode(status)
    assert listed.returncode == 0
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    count = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        saved(Path(folder), count)
        first = seconds(Path(folder))
        later = [seconds(Path(folder)) for _ in range(5)]
    print(line(f"list of {count:,} runs with / without its index", later, [first], "s", "≤ 0.5 s"))


if __name__ == "__main__":
    main()
