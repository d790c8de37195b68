"""`train --seeds`: many runs that differ in their seed, trained at once, and their summary."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from math import isfinite
from time import perf_counter
from typing import IO, TYPE_CHECKING, Any, Final

import numpy as np

from core.lockstep.lanes import MOST_LANES
from core.lockstep.sharing import CannotShareError
from core.lockstep.summary import RunResult, explained, ranked, results_of, spread, verdict
from core.lockstep.time_travel import LockstepTravel
from core.lockstep.trainer import Lockstep
from core.process.seeds_autosave import SeedsAutosave
from core.process.seeds_run import most_epochs
from core.process.status_text import end_of_all
from core.runs.autosaver import SaveStatus
from core.runs.saved_seeds import open_seeds, seeds_of
from core.training.batches import oversized
from core.training.components import sizes_of
from core.training.stopping import State, Stop
from core.training.trainer import Trainer
from tui.cli.arguments import read_count
from tui.cli.autosave import LAST_SAVE
from tui.cli.headless import (
    EXIT_FAILED,
    LINE_INTERVAL,
    PATIENCE,
    REFRESH,
    LoadingProgress,
    interruptible,
    progress_bar,
    repetition,
    report_saved,
)
from tui.drawing import number_format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.runs.autosaver import SaveOptions
    from core.training.state import EpochMetrics
    from tui.cli.headless import Interruption

MOST_SEEDS: Final = 10_000

LISTED: Final = 5
"""Runs at each end of the table."""

ROWS: Final = ("train_loss", "test_loss", "train_score", "test_score")


def read_seeds(text: str, most: int = MOST_SEEDS) -> int:
    """Return the number of seeds of the option; raises UsageError."""
    return read_count("--seeds", text, most)


def train_seeds(
    config: RunConfig,
    count: int,
    outputs: Sequence[IO[str]] = (),
    *,
    quiet: bool = False,
    plain: bool = False,
    save_options: SaveOptions | None = None,
    resume: Path | None = None,
) -> int:
    """Train runs with consecutive seeds, print their summary, and return the program's exit status.

    Args:
        config: of the first run.
        count: number of runs.
        outputs: streams for a line of JSON per run.
        quiet: omit the summary.
        plain: print the progress as lines.
        save_options: where the runs are saved; None to not save them.
        resume: folder of saved runs to resume.

    Raises:
        ConfigError: when a setting is invalid, or does not fit the data.
        DataError: when a file has no usable data.
        RunError: when saved runs cannot be resumed.
        NotEnoughMemory: when the data or the networks are too large.
    """
    with interruptible() as interruption, np.errstate(all="ignore"):
        with progress_bar("{task.percentage:.0f} %", transient=True, plain=plain) as bar:
            progress = LoadingProgress(bar, interruption)
            if resume is None:
                runs = _begin(config, count, progress, save_options)
            else:
                runs = _AtOnce.resume(resume, progress, save_options)
        data, before = runs.data, None if resume is None else _epochs(runs)
        note = oversized(config.batch_size, len(data.y_train))
        if note:
            _print_note(note)
        started = perf_counter()
        with _progress(runs, config.epochs, plain=plain) as show:
            try:
                runs.train(show, interruption)
                seconds = perf_counter() - started
            finally:
                runs.close()
    results = runs.results()
    interrupted = bool(interruption.number)
    for output in outputs:
        _write_lines(output, config, data, results, seconds, before, interrupted=interrupted)
    if not quiet:
        print(summary(config, results, data, seconds, before, interrupted=interrupted))  # noqa: T201
    is_saved = save_options is None or report_saved(runs.save_status, save_options, quiet=quiet)
    if not quiet:
        print(f"{repetition(config, 'train', is_changed=runs.is_changed)} --seeds {count}")  # noqa: T201
    if interrupted:
        return 128 + interruption.number
    diverged = all(each.stopped is Stop.DIVERGED for each in results)
    return EXIT_FAILED if diverged or not is_saved else 0


def _begin(
    config: RunConfig, count: int, progress: LoadingProgress, save_options: SaveOptions | None
) -> _AtOnce | _OneByOne:
    configs, reason = seeds_of(config, count), ""
    if count > MOST_LANES:
        reason = f"at most {MOST_LANES:,} runs are saved"
    elif config.epochs > most_epochs(count):
        reason = f"at most {most_epochs(count):,} epochs of {count:,} runs are saved"
    try:
        lockstep = Lockstep(
            configs, progress=progress, record=save_options is not None and not reason
        )
    except CannotShareError as error:
        _print_note(f"{error}; training one run after another")
        lockstep, reason = None, "they are trained one after another"
    if save_options is not None and reason:
        _print_note(f"the runs are not saved: {reason}")
        save_options = None
    if lockstep is None:
        return _OneByOne(configs, progress)
    runs = _AtOnce(lockstep, LockstepTravel(lockstep), save_options)
    runs.autosave.begin(runs)
    return runs


def _epochs(runs: _AtOnce | _OneByOne) -> list[int]:
    return [each.epochs for each in runs.results()]


class _AtOnce:
    """Runs in lockstep, which are saved like those on the screen of many seeds.

    Attributes:
        data: samples of the first run.
        autosave: saves the runs.
        lockstep, travel, state, revision: as in `seeds_autosave.TrainedSeeds`.
    """

    def __init__(
        self, lockstep: Lockstep, travel: LockstepTravel, save_options: SaveOptions | None
    ) -> None:
        self.lockstep, self.travel = lockstep, travel
        self.data, self.autosave = lockstep.data[0], SeedsAutosave()
        self.state, self.revision = State.TRAINING, 0
        self._is_saved = save_options is not None
        if save_options is not None:
            self.autosave.configure(save_options)

    @classmethod
    def resume(
        cls, path: Path, progress: LoadingProgress, save_options: SaveOptions | None
    ) -> _AtOnce:
        """Return saved runs, which continue to be saved in their folder."""
        folder, saved, lockstep, travel = open_seeds(path, PATIENCE, progress)
        runs = cls(lockstep, travel, save_options)
        runs.autosave.resume(runs, saved, folder)
        if saved.header.kernels_warning:
            _print_note(saved.header.kernels_warning)
            runs.autosave.add_event(runs, "moved", saved.header.kernels_warning)
        return runs

    @property
    def epochs(self) -> float:
        """Mean number of epochs trained so far; runs that have ended count as complete."""
        return self.lockstep.epoch

    @property
    def save_status(self) -> SaveStatus:
        """Whether the runs are saved."""
        return self.autosave.status

    @property
    def is_changed(self) -> bool:
        """Whether the learning rate was changed while they were trained."""
        return len(self.travel.rates) > 1

    @property
    def status(self) -> str:
        """Median loss of the last epoch, and the number of solved runs."""
        current = self.lockstep.current
        loss = f"median loss {number_format.loss(float(np.median(current('train_loss'))))}"
        if not self.data.has_classes:
            return loss
        solved = np.count_nonzero(current("train_score") == 1)
        return f"{loss} · {solved:,} of {len(self.lockstep.configs):,} solved"

    def train(self, show: Callable[[], None], interruption: Interruption) -> None:
        """Train to the end, or until a signal."""
        lockstep, polled = self.lockstep, perf_counter()

        def on_epoch(_: int) -> bool:
            nonlocal polled
            self.revision += 1
            if self._is_saved:
                self.travel.record_epoch()
                if perf_counter() - polled > REFRESH:
                    polled = perf_counter()
                    self.autosave.poll(self)
            show()
            return not interruption.number

        first = lockstep.epoch
        lockstep.run(on_epoch)
        if lockstep.is_finished and lockstep.epoch > first:
            self.state, note = end_of_all(lockstep.stopped, lockstep.epoch, names_keys=False)
            self.autosave.add_event(self, self.state.lower(), note)

    def close(self) -> None:
        """Save the last epoch, and wait until it is written."""
        self.autosave.close(self, LAST_SAVE)

    def results(self) -> list[RunResult]:
        """Return the runs so far."""
        return results_of(self.lockstep)


class _OneByOne:
    """Runs one after another, with the same interface; they are not saved."""

    save_status, is_changed = SaveStatus(), False

    def __init__(self, configs: list[RunConfig], progress: LoadingProgress) -> None:
        self._configs, self._results = configs, list[RunResult]()
        self._trainer = Trainer(configs[0], progress=progress)
        self.data = self._trainer.data

    @property
    def epochs(self) -> float:
        """As in `_AtOnce`."""
        trainer = self._trainer
        done = len(self._results) * trainer.config.epochs
        under_way = 0 if len(self._results) == len(self._configs) else trainer.epoch
        return (done + under_way) / len(self._configs)

    @property
    def status(self) -> str:
        """Number of the current run."""
        number = min(len(self._results) + 1, len(self._configs))
        return f"run {number:,} of {len(self._configs):,}"

    def train(self, show: Callable[[], None], interruption: Interruption) -> None:
        """As in `_AtOnce`."""
        for config in self._configs:
            trainer = self._trainer if config is self._configs[0] else Trainer(config)
            self._trainer = trainer
            epochs = 0
            while trainer.stopped is None and not interruption.number:
                metrics = trainer.advance(perf_counter() + REFRESH)
                if metrics is not None:
                    epochs = metrics.epoch
                show()
            self._add(trainer, epochs)
            if interruption.number:
                return

    def close(self) -> None:
        """As in `_AtOnce`: nothing is saved."""

    def _add(self, trainer: Trainer, epochs: int) -> None:
        trainer.abandon_epoch()
        metrics = trainer.measure()
        result = RunResult(trainer.config, metrics, epochs, trainer.stopped, trainer.restored)
        self._results.append(result)

    def results(self) -> list[RunResult]:
        """As in `_AtOnce`: without the runs that have not begun."""
        return self._results


@contextmanager
def _progress(
    runs: _AtOnce | _OneByOne, total: int, *, plain: bool
) -> Iterator[Callable[[], None]]:
    """Return a function that shows the progress of training from time to time."""
    started, first = perf_counter(), runs.epochs
    shown = started
    interval = LINE_INTERVAL if plain else REFRESH

    def remaining() -> str:
        return number_format.eta(perf_counter() - started, runs.epochs - first, total - runs.epochs)

    with progress_bar(
        "{task.completed:,.0f}/{task.total:,} epochs {task.fields[eta]}", plain=plain
    ) as bar:
        task = bar.add_task("training", total=total, completed=int(first), eta="")

        def show() -> None:
            nonlocal shown
            now = perf_counter()
            if now - shown < interval and runs.epochs < total:
                return
            shown = now
            if plain:
                line = ", ".join(
                    filter(
                        None, [f"epoch {runs.epochs:,.0f} of {total:,}", runs.status, remaining()]
                    )
                )
                _print_note(line)
            else:
                bar.update(task, completed=runs.epochs, description=runs.status, eta=remaining())
                bar.refresh()

        yield show


def summary(
    config: RunConfig,
    results: Sequence[RunResult],
    data: DataSplit,
    seconds: float,
    before: Sequence[int] | None = None,
    *,
    interrupted: bool = False,
) -> str:
    """Return the summary of runs that differ in their seed.

    Args:
        config: of the first run.
        results: of all runs.
        data: samples of one run.
        seconds: duration of training.
        before: epochs of each run before it was resumed; None if it was not.
        interrupted: whether a signal has ended the training.
    """
    seeds = [each.config.seed for each in results]
    healthy = [each.metrics for each in results if each.stopped is not Stop.DIVERGED]
    described = config.describe(sizes_of(config, data)).rpartition(" · ")[0]
    trained = _trained(results, before)
    epochs, most = sum(trained), max(each.epochs for each in results)
    since = "" if before is None else f", {max(trained):,} of them since they were resumed,"
    rate = f"{since} in {seconds:.2f} s ({epochs / seconds:,.0f} epochs/s)" if seconds else since
    outcome = f"{len(results):,} runs of at most {most:,} of {config.epochs:,} epochs{rate}"
    if all(each.epochs == config.epochs for each in results):
        outcome = f"{len(results):,} runs of {config.epochs:,} epochs{rate}"
    lines = [
        f"{described} · seeds {seeds[0]} to {seeds[-1]}",
        f"interrupted: {outcome}" if interrupted else outcome,
        explained(verdict(results, has_classes=data.has_classes)),
        "",
        *([*_spread_table(healthy, data), ""] if healthy else []),
        *_run_table(results, data),
    ]
    return "\n".join(lines)


def _trained(results: Sequence[RunResult], before: Sequence[int] | None) -> list[int]:
    """Return the epochs of each run since it was started or resumed."""
    starts = before or [0] * len(results)
    return [each.epochs - start for each, start in zip(results, starts, strict=True)]


def _names(data: DataSplit) -> dict[str, str]:
    """Return the columns of both tables, and their titles."""
    score = "accuracy" if data.has_classes else "R²"
    names = ROWS[::2] if data.shared else ROWS
    return {name: name.replace("_score", f" {score}").replace("_", " ") for name in names}


def _value(metrics: EpochMetrics, name: str) -> float:
    return float(getattr(metrics, name))


def _text(name: str, value: float, *, has_classes: bool) -> str:
    if name.endswith("loss"):
        return number_format.loss(value) if isfinite(value) else "–"
    if has_classes:
        return f"{number_format.percent(value)} %"
    return f"{value:.4f}" if isfinite(value) else "–"


def _spread_table(healthy: Sequence[EpochMetrics], data: DataSplit) -> list[str]:
    """Return the quartiles of the runs that have not diverged."""
    rows = [["", "lowest", "quartile", "median", "quartile", "highest"]]
    for name, title in _names(data).items():
        values = spread(_value(metrics, name) for metrics in healthy)
        rows.append([title, *(_text(name, each, has_classes=data.has_classes) for each in values)])
    return _aligned(rows)


def _run_table(results: Sequence[RunResult], data: DataSplit) -> list[str]:
    """Return the runs with the lowest and the highest training losses."""
    names = _names(data)
    ordered = ranked(results)
    chosen: list[RunResult | None] = [*ordered]
    if len(ordered) > 2 * LISTED + 1:
        chosen = [*ordered[:LISTED], None, *ordered[-LISTED:]]
    rows = [["seed", *names.values(), ""]]
    for each in chosen:
        if each is None:
            rows.append(["…", *("" for _ in names), ""])
            continue
        texts = [
            _text(name, _value(each.metrics, name), has_classes=data.has_classes) for name in names
        ]
        rows.append([str(each.config.seed), *texts, _ending(each)])
    return _aligned(rows)


def _ending(result: RunResult) -> str:
    """Return why a run ended, if it was not after all epochs."""
    epoch = f"epoch {result.epochs:,}"
    match result.stopped:
        case None | Stop.EPOCHS:
            return ""
        case Stop.DIVERGED:
            return f"diverged at {epoch}"
        case Stop.PATIENCE:
            return epoch if result.restored is None else f"{epoch}, best {result.restored:,}"
    return f"target at {epoch}"


def _aligned(rows: list[list[str]]) -> list[str]:
    """Return lines with right-aligned columns, except for the last one if it has no title."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = {0} if not rows[0][0] else set()
    if not rows[0][-1]:
        left.add(len(widths) - 1)
    return [
        "  ".join(
            text.ljust(width) if at in left else text.rjust(width)
            for at, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _write_lines(
    output: IO[str],
    config: RunConfig,
    data: DataSplit,
    results: Sequence[RunResult],
    seconds: float,
    before: Sequence[int] | None,
    *,
    interrupted: bool,
) -> None:
    """Write one line of JSON per run, and one at the end."""
    score = "accuracy" if data.has_classes else "r2"
    for each in results:
        values: dict[str, Any] = {"event": "run", "seed": each.config.seed, "epochs": each.epochs}
        for name in (*ROWS, "validation_loss", "validation_score"):
            if name.startswith("validation") and data.x_validation is None:
                continue
            value = _value(each.metrics, name)
            values[name.replace("score", score)] = value if isfinite(value) else None
        if config.penalized:
            values["penalty"] = each.metrics.penalty if isfinite(each.metrics.penalty) else None
        if data.has_classes:
            values["solved"] = each.solved
        values["stopped"] = "interrupted" if each.stopped is None else str(each.stopped)
        if each.restored is not None:
            values["restored_epoch"] = each.restored
        output.write(json.dumps(values) + "\n")
    ending: dict[str, Any] = {"event": "end", "runs": len(results)}
    if data.has_classes:
        ending["solved"] = sum(each.solved for each in results)
    if before is not None:
        ending["epochs_trained"] = max(_trained(results, before))
    ending["seconds"] = round(seconds, 6)
    ending["stopped"] = "interrupted" if interrupted else "epochs"
    output.write(json.dumps(ending) + "\n")
    output.flush()


def _print_note(text: str) -> None:
    print(f"nnfs-tui: {text}", file=sys.stderr, flush=True)  # noqa: T201
