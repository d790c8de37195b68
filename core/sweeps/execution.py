"""Trains the runs of a sweep: in this process, on several cores, or on a cluster.

Nothing is distributed here: joblib does it, on a cluster through its backend for Dask.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import warnings
from concurrent.futures import CancelledError
from contextlib import closing, contextmanager, suppress
from math import inf
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from core.dataclass import dataclass
from core.process.client import ONE_THREAD
from core.sweeps.cluster import ClusterWatch
from core.sweeps.cluster import SweepError as SweepError
from core.sweeps.reports import flush_reports, reporter_to
from core.sweeps.tasks import TASKS_PER_WORKER, Tasks, gains_from_lockstep, lanes_of
from core.sweeps.training import data_of, train_runs
from core.sweeps.turns import shares, train_by_turns

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable, Iterator, Sequence

    from core.config.run_config import RunConfig
    from core.sweeps.outcome import Outcome
    from core.sweeps.reports import Reports, Target
    from core.sweeps.training import FileData

    Run = tuple[RunConfig, str]

LOCAL_SECONDS: Final = 4.0
"""Remaining duration up to which all runs are trained in this process."""

MOST_BY_TURNS: Final = 16
"""Runs that are trained by turns, at most: their outcomes are known only near the end of all of them."""

EARLY_SECONDS: Final = 0.2
"""Seconds between two looks for the outcomes of runs whose task has not ended."""

EXAMPLE: Final = "tcp://host:8786"

_ADDRESS: Final = re.compile(r"([a-z]+://)?(\[[0-9a-f:.]+\]|[\w.-]+):\d{1,5}", re.IGNORECASE)

CHECK_SECONDS: Final = 1.0
"""Seconds between two checks of the scheduler and its workers."""

LEAST_WORKERS: Final = 16
"""Number of workers of a cluster for which tasks are sent in advance, since more may connect later."""

CONNECT_SECONDS: Final = 10
"""Seconds to wait for the scheduler, and for its first worker."""


@dataclass(frozen=True)
class Workers:
    """Processes that train runs.

    Attributes:
        jobs: number of processes on this machine; None for one per core.
        scheduler: address of a Dask scheduler, such as tcp://host:8786, or None for this machine.
    """

    jobs: int | None = None
    scheduler: str | None = None

    @property
    def count(self) -> int:
        """Number of processes on this machine."""
        return cores() if self.jobs is None else self.jobs


@dataclass
class Monitor:
    """Follows the training of runs on a cluster.

    Attributes:
        announce: called with a sentence when workers are lost, and when all is well again.
        tasks: the tasks of the runs, once they are sent.
    """

    announce: Callable[[str], None] = lambda _: None
    tasks: Tasks | None = None

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until the runs of the tasks have finished; None if it is unknown."""
        return None if self.tasks is None else self.tasks.seconds_left()


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def train(
    runs: Sequence[Run],
    workers: Workers,
    file: FileData | None = None,
    reports: Reports | None = None,
    monitor: Monitor | None = None,
) -> Generator[Outcome, None, None]:
    """Train runs, and return their outcomes as they finish, in any order.

    Closing the iterator ends the workers; runs that have not finished are lost.

    Args:
        runs: config and key of each run.
        workers: where they are trained.
        file: the file with their samples, or None for a built-in data set.
        reports: receives the state of runs while they train on this machine; None to report nothing.
        monitor: follows the training on a cluster.

    Raises:
        SweepError: when the scheduler is not available, or a worker has another version.
        ConfigError, DataError, NotEnoughMemory: when a run cannot be trained.
    """
    runs = list(runs)
    if reports is not None and workers.scheduler is None and _are_few(runs, reports):
        yield from _by_turns(runs, workers, file, reports)
        return
    tasks = Tasks(runs, workers.count, _gains(runs, file))
    if workers.scheduler is None:
        reporter = None if reports is None else reports.reporter()
        for task in tasks:
            outcomes = train_runs(task, file, reporter)
            tasks.record(outcomes)
            yield from outcomes
            # other processes take seconds to start
            if workers.count > 1 and tasks.expected_seconds() > LOCAL_SECONDS:
                break
    if tasks.remaining:
        yield from _distributed(
            tasks,
            workers,
            file,
            None if workers.scheduler is not None else reports,
            Monitor() if monitor is None else monitor,
        )


def _gains(runs: Sequence[Run], file: FileData | None) -> dict[Hashable, bool]:
    """Return for each group of runs that differ in no shape whether lockstep takes less time."""
    first: dict[Hashable, RunConfig] = {}
    for config, _ in runs:
        first.setdefault(lanes_of(config), config)
    return {
        key: gains_from_lockstep(config, data_of(config, file)) for key, config in first.items()
    }


def _are_few(runs: Sequence[Run], reports: Reports) -> bool:
    """Return whether all runs are shown at the same time while they train."""
    is_few = 1 < len(runs) <= MOST_BY_TURNS
    return is_few and all(reports.is_watched(key) for _, key in runs)


def _by_turns(
    runs: Sequence[Run], workers: Workers, file: FileData | None, reports: Reports
) -> Iterator[Outcome]:
    """Train runs by turns: in this process, unless that takes much longer than on several cores."""
    most = LOCAL_SECONDS if workers.count > 1 else inf
    left = yield from train_by_turns(runs, file, reports.reporter(), most)
    if not left:
        return
    from joblib import Parallel, delayed

    with _backend(workers) as (count, _):
        calls = (
            delayed(train_task)(
                part, file, version(), reports.target([key for _, key in part], takes_turns=True)
            )
            for part in shares(left, count)
        )
        parallel = Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="all")
        # each outcome is reported, and returned by its task, after which the report may arrive
        awaited = {each.run[1] for each in left}
        for outcomes in _received(parallel, calls, reports.outcomes, EARLY_SECONDS):
            for outcome in outcomes:
                if outcome.key in awaited:
                    awaited.remove(outcome.key)
                    yield outcome


def _distributed(
    tasks: Tasks,
    workers: Workers,
    file: FileData | None,
    reports: Reports | None,
    monitor: Monitor,
) -> Iterator[Outcome]:
    from joblib import Parallel, delayed

    with _backend(workers) as (count, client):
        parallel = Parallel(
            return_as="generator_unordered",
            batch_size=1,
            pre_dispatch=f"{TASKS_PER_WORKER} * n_jobs",
        )
        tasks.workers = count
        data: Any = file
        if client is not None and file is not None and file.samples is not None:
            data = _held_by_scheduler(client, file)

        def target(task: Sequence[Run]) -> Target | None:
            return None if reports is None else reports.target([key for _, key in task])

        calls = (delayed(train_task)(task, data, version(), target(task)) for task in tasks)
        if client is None:
            results = parallel(calls)
        else:
            watch = ClusterWatch(client, monitor.announce)
            monitor.tasks = tasks
            results = _received(parallel, calls, watch.check, CHECK_SECONDS)
        with closing(results) as all_:
            for outcomes in all_:
                tasks.record(outcomes)
                yield from outcomes


def _held_by_scheduler(client: Any, file: FileData) -> Any:
    """Return the samples of a file as the result of a task, which is sent once to each worker.

    The scheduler repeats the task when the worker with its result has exited; data that joblib scatters
    would be lost.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sending large graph")
        return client.submit(_unchanged, file, pure=False)


def _unchanged(file: FileData) -> FileData:
    return file


def _received(
    parallel: Any,
    calls: Iterator[Any],
    while_waiting: Callable[[], list[Outcome]],
    seconds: float,
) -> Generator[list[Outcome], None, None]:
    """Return the results of tasks, which are received in a thread.

    Args:
        parallel: of joblib.
        calls: the tasks.
        while_waiting: called from time to time, also while results arrive: returns results that have
            come another way, or raises an exception.
        seconds: between two calls of it.
    """
    received: SimpleQueue[Any] = SimpleQueue()

    def receive() -> None:
        try:
            for each in parallel(calls):
                received.put(each)
            received.put(None)
        except BaseException as error:  # raised in the other thread
            received.put(error)

    threading.Thread(target=receive, daemon=True).start()
    due = monotonic() + seconds
    while True:
        if monotonic() >= due:
            yield while_waiting()
            due = monotonic() + seconds
        try:
            found = received.get(timeout=max(0.0, due - monotonic()))
        except Empty:
            continue
        if found is None:
            with suppress(SweepError):  # everything is known
                yield while_waiting()
            return
        if isinstance(found, BaseException):
            raise found
        yield found


def train_task(
    runs: Sequence[Run], file: FileData | None, expected: str, target: Target | None = None
) -> list[Outcome]:
    """Train the runs of a task, on a worker."""
    if version() != expected:
        raise SweepError(
            f"a worker has nnfs-tui {version()}, expected {expected}: install the same version"
        )
    _ignore_interrupt()
    reporter, outcomes = reporter_to(target), []
    if target is not None and reporter is not None and target.takes_turns:
        for each in train_by_turns(runs, file, reporter):
            reporter.finish(each)
            outcomes.append(each)
    else:
        outcomes = train_runs(runs, file, reporter)
    if target is not None and reporter is not None:
        reporter.end(target.task)
    flush_reports()
    return outcomes


def version() -> str:
    """Return the version of the program in this process."""
    from core import __version__

    return __version__


def _ignore_interrupt() -> None:
    """Leave ctrl+c, which the terminal sends to all processes, to the one that has started them."""
    import signal

    with suppress(ValueError):  # workers of Dask train in a thread, and have no terminal
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _backend(workers: Workers) -> Iterator[tuple[int, Any]]:
    """Choose joblib's backend; yields the number of workers, and the client of a cluster."""
    from joblib import parallel_config
    from joblib.parallel import get_active_backend

    if workers.scheduler is None:
        os.environ.update(ONE_THREAD)  # inherited by the workers
        with _failures(), parallel_config("loky", n_jobs=workers.count, inner_max_num_threads=1):
            yield workers.count, None
        return
    client = _connect(workers.scheduler)
    try:
        with _failures(), parallel_config("dask", client=client, n_jobs=-1):
            _expect_workers(get_active_backend()[0])
            yield sum(client.ncores().values()), client
    finally:
        client.close()


def _expect_workers(backend: Any) -> None:
    """Make joblib send tasks as for several workers, even if only one is connected so far.

    With a single worker, it would train all runs in this process, and send nothing to later ones.
    """
    connected = backend.effective_n_jobs
    backend.effective_n_jobs = lambda n_jobs: max(LEAST_WORKERS, connected(n_jobs))


def _connect(address: str) -> Any:
    """Return a client of a Dask scheduler that has at least one worker with this program."""
    try:
        import distributed
    except ImportError:
        raise SweepError(
            "a scheduler needs dask and distributed: pip install 'nnfs-tui[cluster]'"
        ) from None
    if not _ADDRESS.fullmatch(address):  # of which a client would report a traceback
        raise SweepError(f"invalid address {address!r} of a scheduler: expected one like {EXAMPLE}")
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise SweepError(f"no Dask scheduler answers at {address} ({reason})") from None
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        client.run(version)
    except TimeoutError:
        client.close()
        raise SweepError(
            f"the scheduler {address} has no worker: start one with dask worker {address}"
        ) from None
    except Exception as error:  # whatever importing this package on a worker raises
        client.close()
        raise SweepError(
            f"a worker of {address} cannot import nnfs-tui ({error}): install the same version in the "
            "environment of the workers"
        ) from None
    return client


@contextmanager
def _failures() -> Iterator[None]:
    """Turn the errors of joblib and Dask for workers that have exited into `SweepError`."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    failures: list[type[BaseException]] = [TerminatedWorkerError, CancelledError]
    if "distributed" in sys.modules:
        failures.append(sys.modules["distributed"].KilledWorker)
    try:
        yield
    except tuple(failures) as error:
        raise SweepError(
            "a worker was killed, perhaps for lack of memory, or the scheduler has ended "
            f"({type(error).__name__})"
        ) from None
