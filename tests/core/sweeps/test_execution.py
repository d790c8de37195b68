"""A sweep on a Dask cluster: a scheduler and two workers on this machine, one of which is killed."""

import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.config.run_config import RunConfig
from core.sweeps import execution
from core.sweeps.execution import SweepError, Workers, train
from core.sweeps.grid import Grid, seeds_from
from core.sweeps.outcome import Outcome
from core.sweeps.sweep import Sweep
from tests.core.sweeps.test_sweep import numbers
from tests.terminal.terminal import PATIENCE

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None, reason="dask and distributed are not installed"
)

PROGRAM = str(Path(sys.executable).with_name("nnfs-tui"))


class Cluster:
    """A scheduler and two workers; the file contains the address of the scheduler."""

    def __init__(self, folder: Path) -> None:
        self.file, self._folder = folder / "scheduler.json", folder
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-jupyter"]
        self.scheduler = self._start("dask_scheduler", *options)
        while not self.file.exists():
            assert self.scheduler.poll() is None
            time.sleep(0.02)
        self.workers = [
            self._start("dask_worker", "--nthreads", "1", "--no-dashboard", "--no-nanny")
            for _ in range(2)
        ]

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, module: str, *options: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [
                *(sys.executable, "-m", f"distributed.cli.{module}"),
                *("--scheduler-file", str(self.file), *options),
            ],
            cwd=self._folder,  # workers write files there
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(tmp_path)
    yield found
    found.close()


def test_a_sweep_survives_the_death_of_a_worker_with_the_numbers_of_one_core(
    cluster: Cluster, tmp_path: Path
) -> None:
    data = tmp_path / "points.csv"
    lines = [f"{n % 7},{n * n % 11},{'ab'[n % 7 > 3]}" for n in range(200)]
    data.write_text("\n".join(["x,y,class", *lines]))
    command = [PROGRAM, "sweep", str(data), "--hidden", "4", "8,8", "--lr", "0.01", "0.1"]
    command += ["--seeds", "8", "--epochs", "30", "--json", "--run-dir", str(tmp_path)]
    command += ["--scheduler", cluster.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        cluster.workers[0].kill()
        runs = {run["key"]: run for run in map(json.loads, [first, *process.stdout])}
        assert process.wait(PATIENCE) == 0
    base = RunConfig(data=str(data), epochs=30)
    axes = {"hidden": ((4,), (8, 8)), "learning_rate": (0.01, 0.1)}
    alone = list(Sweep(Grid(base, axes, seeds_from(0, 8)).cells(), Workers(1)).run())
    assert len(runs) == len(alone) == 32
    for run in alone:
        expected = numbers(run.outcome)
        assert {name: runs[run.outcome.key][name] for name in expected} == expected


def test_a_lost_worker_and_the_end_of_its_tasks_are_announced_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution, "CHECK_SECONDS", 0.01)
    base = RunConfig(samples=60, epochs=60)
    sweep = Sweep(Grid(base, {}, seeds_from(0, 40)).cells(), Workers(None, cluster.address))
    announced = list[str]()
    sweep.monitor.announce = announced.append
    for number, _ in enumerate(sweep.run()):
        if number == 0:
            cluster.workers[0].kill()
    assert number == 39
    found = re.fullmatch(
        r"a worker is lost, 1 is left; (\d+) tasks? (?:is|are) repeated; "
        r"the repeated tasks? ha(?:s|ve) finished",
        "; ".join(announced),
    )
    assert found is not None, announced
    assert int(found[1]) > 0


@pytest.mark.parametrize("address", ["nonsense", "tcp://host:x", "http://a b:1", ""])
def test_an_invalid_address_is_refused_at_once(address: str) -> None:
    run = (RunConfig(), "key")
    with pytest.raises(SweepError, match="expected one like tcp://host:8786"):
        next(train([run], Workers(None, address)))


def test_a_single_worker_of_a_cluster_trains_the_runs_and_not_this_process(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.workers[1].kill()

    def refuse(runs: object, file: object) -> list[Outcome]:
        raise AssertionError("trained in this process")

    monkeypatch.setattr(execution, "train_runs", refuse)
    config = RunConfig(samples=40, epochs=2)
    outcomes = list(train([(config, "key")], Workers(None, cluster.address)))
    assert [(each.key, each.epochs) for each in outcomes] == [("key", 2)]
