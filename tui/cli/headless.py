"""Training without a screen: a progress bar on standard error, a summary or JSON lines on output."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from core.runs.cpu_kernels import changed_kernels
from core.training.stopping import Stop
from core.training.trainer import Trainer, memory_of_training, sizes_of
from tui.cli import json_log
from tui.cli.autosave import HeadlessAutosave
from tui.cli.streams import OutputError
from tui.drawing import number_format

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from rich.progress import Progress, TaskID

    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.runs.autosaver import SaveOptions, SaveStatus
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics

REFRESH: Final = 0.1
"""Seconds between two looks of the progress bar at the run."""

EXIT_DIVERGED: Final = 1

PATIENCE: Final = 3.0
"""Seconds to wait for a program that uses the run, and may be about to end."""


class Interruption:
    """A signal to end after the epoch that is under way; a second one ends at once."""

    def __init__(self) -> None:
        self.number = 0
        self._terminals = [each for each in (1, 2) if os.isatty(each)]

    def note(self, number: int, _: FrameType | None) -> None:
        if self.number:
            raise KeyboardInterrupt
        self.number = number
        if number == signal.SIGHUP and self._terminals:
            # the terminal is gone: what is still said goes nowhere, and the run is kept all the same
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for each in self._terminals:
                os.dup2(nowhere, each)


@contextmanager
def _interruptible() -> Iterator[Interruption]:
    interruption = Interruption()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, interruption.note) for number in numbers}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(
    config: RunConfig,
    outputs: Sequence[IO[str]] = (),
    *,
    quiet: bool = False,
    keeping: SaveOptions | None = None,
    resume: Path | None = None,
) -> int:
    """Train to the end of the run, and return the program's exit status.

    Args:
        config: the run.
        outputs: where each epoch is written to as a line of JSON.
        quiet: leave the summary out.
        keeping: where the run is kept, if it is to be.
        resume: the folder of a kept run to go on with.

    Raises:
        RunError: when that cannot be gone on with.
        NotEnoughMemory: when the data or the network are too large.
    """
    with ExitStack() as memory, _interruptible() as interruption, np.errstate(all="ignore"):
        with _progress_bar("{task.percentage:.0f} %", transient=True) as bar:
            tell = _Loading(bar, interruption)
            kept = None if resume is None else _opened(resume)
            if kept is None:
                trainer = Trainer(config, tell=tell)
                newest = trainer.untrained
            else:
                trainer, newest = kept[0].trainer(tell), kept[0].header.metrics
        memory.enter_context(memory_of_training(config, trainer.data))
        keeper = HeadlessAutosave(trainer, newest, keeping, kept)
        moved = "" if kept is None else changed_kernels(kept[0].header.kernels)
        if moved:
            print(f"nnfs-tui: {moved}", file=sys.stderr)  # noqa: T201
        if config.data is not None and trainer.data.summary is not None:
            for note in trainer.data.summary.notes:
                print(f"nnfs-tui: {note}", file=sys.stderr)  # noqa: T201
        for output in outputs:
            output.write(json_log.start(config, trainer.network, trainer.data) + "\n")
        started = perf_counter()
        begun_at = newest.epoch
        try:
            metrics, stopped = _run(trainer, interruption, outputs, keeper)
            seconds = perf_counter() - started
        except OutputError as error:
            error.saved_as = keeper.close()
            raise
        except BaseException:
            keeper.close()
            raise
        keeper.close()
    trained = None if kept is None else metrics.epoch - begun_at
    for output in outputs:
        told = json_log.end(metrics.epoch, seconds, stopped, trainer.restored, trained)
        output.write(told + "\n")
        output.flush()
    if not quiet:
        good = trainer.measure()  # not always those of the last epoch
        restored = trainer.restored
        text = summary(config, metrics, good, seconds, stopped, trainer.data, restored, trained)
        print(text)  # noqa: T201
    _tell_kept(keeper.status, quiet=quiet)
    if stopped == "interrupted":
        return 128 + interruption.number
    return EXIT_DIVERGED if stopped is Stop.DIVERGED else 0


def _run(
    trainer: Trainer,
    interruption: Interruption,
    outputs: Sequence[IO[str]],
    keeper: HeadlessAutosave,
) -> tuple[EpochMetrics, json_log.Ending]:
    metrics = keeper.newest
    kind = json_log.Kind.of(trainer.config, trainer.data)
    with _progress_bar("{task.completed:,.0f}/{task.total:,} epochs") as bar:
        task = bar.add_task("training", total=trainer.config.epochs)
        shown = perf_counter()
        stopped: json_log.Ending | None = trainer.stopped  # a kept run may be over
        while stopped is None:
            if interruption.number:
                stopped = "interrupted"
                break
            trained = trainer.advance(shown + REFRESH)
            if trained is not None:
                metrics, stopped = trained, trainer.stopped
                keeper.add_epoch(metrics)
                line = json_log.epoch(metrics, kind)
                for output in outputs:
                    output.write(line + "\n")
            now = perf_counter()
            if now - shown > REFRESH:
                shown = now
                keeper.poll()
                done = trainer.epoch + trainer.share_of_epoch
                bar.update(task, completed=done, description=_losses(metrics))
                bar.refresh()
                for output in outputs:
                    output.flush()  # somebody may be following
        bar.update(task, completed=trainer.epoch, description=_losses(metrics))
        bar.refresh()
    return metrics, stopped


def _opened(path: Path) -> tuple[SavedRun, RunFolder]:
    from core.runs.folder import RunFolder
    from core.runs.reader import read_run

    folder = RunFolder.open(path, PATIENCE)
    return read_run(path), folder


def _tell_kept(news: SaveStatus | None, *, quiet: bool) -> None:
    """Say where the run is, or why it is nowhere."""
    if news is not None and news.problem:
        print(f"nnfs-tui: {news.problem}", file=sys.stderr)  # noqa: T201
    elif news is not None and news.name and not quiet:
        print(f"kept: nnfs-tui resume {news.name}")  # noqa: T201


class _Loading:
    """Shows how far loading is, and ends it after a signal."""

    def __init__(self, bar: Progress, interruption: Interruption) -> None:
        self._bar, self._interruption = bar, interruption
        self._task: TaskID | None = None

    def __call__(self, what: str, share: float) -> None:
        if self._interruption.number:
            raise KeyboardInterrupt
        if self._task is None:
            self._task = self._bar.add_task(what, total=1.0)
        self._bar.update(self._task, completed=share, description=what)
        self._bar.refresh()


def _progress_bar(count: str, *, transient: bool = False) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(count),
        console=console,
        transient=transient,
        # at its end it writes an empty line where it cannot take itself away
        disable=transient and not console.is_interactive,
        # no thread that draws: it would take turns with the training
        auto_refresh=False,
        # or it would take what goes to standard output, too, and write it to its own console
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _losses(metrics: EpochMetrics) -> str:
    return (
        f"loss {number_format.loss(metrics.train_loss)} / {number_format.loss(metrics.test_loss)}"
    )


def summary(
    config: RunConfig,
    metrics: EpochMetrics,
    kept: EpochMetrics,
    seconds: float | None,
    stopped: json_log.Ending,
    data: DataSplit,
    restored: int | None = None,
    trained: int | None = None,
) -> str:
    """Return the end of a run in a few lines.

    Args:
        config: the run.
        metrics: of its last epoch.
        kept: of the network as it is: the best one's, or the last before a divergence.
        seconds: how long it took, since it was begun or resumed, if that is worth telling.
        stopped: why it ended.
        data: its samples.
        restored: the epoch whose weights came back, if any did.
        trained: the epochs since it was resumed, if it was.
    """
    if stopped is Stop.DIVERGED:
        outcome = (
            f"diverged at epoch {metrics.epoch:,} with a loss of {metrics.train_loss:.3g}: "
            f"try a learning rate lower than {config.learning_rate:g}; before it:"
        )
    else:
        outcome = f"{metrics.epoch:,} of {config.epochs:,} epochs"
        if stopped == "interrupted":
            outcome = f"interrupted after {outcome}"
        elif stopped is Stop.PATIENCE:
            outcome = (
                f"no better {data.monitored(config.monitor)} loss for {config.patience:,} epochs, "
                f"after {outcome}"
            )
        elif stopped is not Stop.EPOCHS:
            outcome = f"{stopped.replace('_', ' ')} reached after {outcome}"
        if trained is not None:
            outcome += f", {trained:,} of them since it was resumed"
        if seconds:
            rate = (metrics.epoch if trained is None else trained) / seconds
            outcome += f" in {seconds:.2f} s ({rate:,.0f} epochs/s)"
        if restored is not None:
            outcome += f"; the weights are those of epoch {restored:,}"
    parts = ["train"] if data.shared else ["train", "test"]
    if data.x_validation is not None:
        parts.insert(1, "validation")
    lines = [config.describe(sizes_of(config, data)), outcome]
    width = max(map(len, parts))
    for part in parts:
        value = number_format.loss(getattr(kept, f"{part}_loss"))
        score = getattr(kept, f"{part}_score")
        told = (
            f"accuracy {number_format.percent(score)} %" if data.has_classes else f"R² {score:.4f}"
        )
        if part == "train" and config.penalized:
            told += f"   loss with penalty {number_format.loss(kept.train_loss + kept.penalty)}"
        name = "train = test" if data.shared and part == "train" else part
        lines.append(f"{name:<{width}}  loss {value}   {told}")
    return "\n".join(lines)
