"""Trains without a screen: a progress bar on standard error, a summary or JSON lines on output."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import IO, TYPE_CHECKING, Final

import numpy as np

from core.analysis.imbalance import uneven_scores
from core.config.command_line import command_of
from core.training.batches import oversized
from core.training.components import memory_of_training, sizes_of
from core.training.stopping import Stop
from core.training.trainer import Trainer
from tui.cli import json_log
from tui.cli.autosave import HeadlessAutosave
from tui.cli.diagnosis import Diagnostician, summary_lines
from tui.cli.streams import OutputError
from tui.drawing import number_format
from tui.drawing.printed_chart import LossRecord
from tui.terminal.capabilities import terminal_look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

    from rich.progress import Progress, TaskID

    from core.analysis.diagnosis.result import Diagnosis
    from core.analysis.imbalance import UnevenScores
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.runs.autosaver import SaveOptions, SaveStatus
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics

REFRESH: Final = 0.1
"""Seconds between two updates of the progress bar."""

LINE_INTERVAL: Final = 5.0
"""Seconds between two lines of progress: a screen reader reads each aloud."""

EXIT_FAILED: Final = 1
"""Exit status of a run that diverged, or could not be saved."""

PATIENCE: Final = 3.0
"""Seconds to wait for a process that uses the run: it may be exiting."""


class Interruption:
    """Handles signals: the first stops training after the current batch, the second at once."""

    def __init__(self) -> None:
        self.number = 0
        self._terminals = [each for each in (1, 2) if os.isatty(each)]

    def handle(self, number: int, _: FrameType | None) -> None:
        if self.number:
            raise KeyboardInterrupt
        self.number = number
        if number == signal.SIGHUP and self._terminals:
            # the terminal is gone: discard further output, but still save the run
            null = os.open(os.devnull, os.O_WRONLY)
            for each in self._terminals:
                os.dup2(null, each)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Return the handler of signals within the block."""
    interruption = Interruption()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, interruption.handle) for number in numbers}
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
    plain: bool = False,
    save_options: SaveOptions | None = None,
    resume: Path | None = None,
) -> int:
    """Train to the end of the run, and return the program's exit status.

    Args:
        config: of the run.
        outputs: streams for a line of JSON per epoch.
        quiet: omit the summary.
        plain: print the progress as lines, and no chart.
        save_options: where the run is saved; None to not save it.
        resume: folder of a saved run to resume.

    Raises:
        RunError: when it cannot be resumed.
        NotEnoughMemory: when the data or the network are too large.
    """
    with ExitStack() as memory, interruptible() as interruption, np.errstate(all="ignore"):
        with progress_bar("{task.percentage:.0f} %", transient=True, plain=plain) as bar:
            progress = LoadingProgress(bar, interruption)
            resumed = None if resume is None else _open(resume)
            if resumed is None:
                trainer = Trainer(config, progress=progress)
                newest = trainer.untrained
            else:
                trainer, newest = resumed[0].trainer(progress), resumed[0].header.metrics
        memory.enter_context(memory_of_training(config, trainer.data))
        autosave = None
        if save_options is not None:
            autosave = HeadlessAutosave(trainer, newest, save_options, resumed)
        diagnostician = Diagnostician(trainer, newest) if outputs or not quiet else None
        losses = LossRecord()
        losses.add(newest.epoch, newest.train_loss, newest.test_loss)
        warning = "" if resumed is None else resumed[0].header.kernels_warning
        _print_notes(warning, trainer)
        for output in outputs:
            output.write(json_log.start(config, trainer.network, trainer.data) + "\n")
        started = perf_counter()
        try:
            metrics, stopped = _run(
                trainer, newest, interruption, outputs, autosave, diagnostician, losses, plain=plain
            )
            seconds = perf_counter() - started
        except OutputError as error:
            error.saved_as = autosave.close() if autosave else ""
            raise
        except BaseException:
            if autosave:
                autosave.close()
            raise
        if autosave:
            autosave.close()
        diagnosis = None
        trained = None if resumed is None else metrics.epoch - newest.epoch
        # a run that had ended before was judged then, by more epochs than are there now
        if diagnostician is not None and trained != 0:
            diagnosis = _diagnose(diagnostician, interruption, plain=plain)
    scores = uneven_scores(trainer.network, trainer.data)
    for output in outputs:
        for finding in () if diagnosis is None else diagnosis.findings:
            output.write(json_log.advice(metrics.epoch, finding) + "\n")
        line = json_log.end(metrics.epoch, seconds, stopped, trainer.restored, trained, scores)
        output.write(line + "\n")
        output.flush()
    if not quiet:
        current = trainer.measure()  # the weights may be those of an earlier epoch
        restored = trainer.restored
        text = summary(
            config, metrics, current, seconds, stopped, trainer.data, restored, trained, scores
        )
        chart = "" if plain else _chart(losses, shared=trainer.data.shared)
        found = [] if diagnosis is None else summary_lines(diagnosis)
        print("\n".join([*([chart] if chart else []), text, *found]))  # noqa: T201
    is_saved = True
    if autosave is not None and save_options is not None:
        is_saved = report_saved(autosave.status, save_options, quiet=quiet)
    if not quiet:
        is_changed = resumed is not None and bool(resumed[0].changed)
        print(repetition(config, "train", is_changed=is_changed))  # noqa: T201
    if stopped == "interrupted":
        return 128 + interruption.number
    return 0 if is_saved and stopped is not Stop.DIVERGED else EXIT_FAILED


def _run(
    trainer: Trainer,
    metrics: EpochMetrics,
    interruption: Interruption,
    outputs: Sequence[IO[str]],
    autosave: HeadlessAutosave | None,
    diagnostician: Diagnostician | None,
    losses: LossRecord,
    *,
    plain: bool,
) -> tuple[EpochMetrics, json_log.Ending]:
    """Train to the end; return the metrics of the last epoch, and why the run ended."""
    kind = json_log.Kind.of(trainer.config, trainer.data)
    with _epoch_progress(trainer, plain=plain) as show:
        shown = perf_counter()
        stopped: json_log.Ending | None = trainer.stopped  # a saved run may have ended
        while stopped is None:
            if interruption.number:
                stopped = "interrupted"
                break
            trained = trainer.advance(shown + REFRESH)
            if trained is not None:
                metrics, stopped = trained, trainer.stopped
                losses.add(metrics.epoch, metrics.train_loss, metrics.test_loss)
                if autosave is not None:
                    autosave.add_epoch(metrics)
                if diagnostician is not None:
                    diagnostician.add_epoch(metrics)
                line = json_log.epoch(metrics, kind)
                for output in outputs:
                    output.write(line + "\n")
            now = perf_counter()
            if now - shown > REFRESH:
                shown = now
                if autosave is not None:
                    autosave.poll()
                show(metrics)
                for output in outputs:
                    output.flush()  # another process may read the output
        show(metrics)
    return metrics, stopped


@contextmanager
def _epoch_progress(trainer: Trainer, *, plain: bool) -> Iterator[Callable[[EpochMetrics], None]]:
    """Return a function that shows the progress of training: in a bar, or as lines."""
    total, first = trainer.config.epochs, trainer.epoch
    started = printed = perf_counter()

    def remaining() -> str:
        done = trainer.epoch + trainer.share_of_epoch
        return number_format.eta(perf_counter() - started, done - first, total - done)

    def print_line(metrics: EpochMetrics) -> None:
        nonlocal printed
        now = perf_counter()
        if now - printed >= LINE_INTERVAL:
            printed = now
            parts = [f"epoch {trainer.epoch:,} of {total:,}", _losses(metrics), remaining()]
            line = ", ".join(filter(None, parts))
            print(f"nnfs-tui: {line}", file=sys.stderr, flush=True)  # noqa: T201

    if plain:
        yield print_line
        return
    count = "{task.completed:,.0f}/{task.total:,} epochs {task.fields[eta]}"
    with progress_bar(count) as bar:
        task = bar.add_task("training", total=total, completed=first, eta="")

        def update(metrics: EpochMetrics) -> None:
            done = trainer.epoch + trainer.share_of_epoch
            bar.update(task, completed=done, description=_losses(metrics), eta=remaining())
            bar.refresh()

        yield update


def _chart(losses: LossRecord, *, shared: bool) -> str:
    """Return the chart of the loss if the output is a terminal, or an empty string."""
    if not sys.stdout.isatty():
        return ""
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns
    except OSError:
        return ""
    coloured = terminal_look(os.environ).colours != "none"
    return losses.chart(width, coloured=coloured, shared=shared)


def _print_notes(warning: str, trainer: Trainer) -> None:
    """Print a warning, the notes on the data of a file, and whether the batch size is too large."""
    config, data = trainer.config, trainer.data
    read = data.summary.notes if config.data is not None and data.summary is not None else ()
    for note in (warning, *read, oversized(config.batch_size, len(data.y_train))):
        if note:
            print(f"nnfs-tui: {note}", file=sys.stderr)  # noqa: T201


def _diagnose(
    diagnostician: Diagnostician, interruption: Interruption, *, plain: bool
) -> Diagnosis | None:
    """Return the diagnosis; after a signal, without trials."""
    with progress_bar("", transient=True, plain=plain) as bar:
        shown = 0.0

        def check() -> None:
            nonlocal shown
            if interruption.number:
                raise _TrialsInterrupted
            now = perf_counter()
            if now - shown > REFRESH:
                if not shown:
                    bar.add_task("diagnosis: trying changes", total=None)
                shown = now
                bar.refresh()

        try:
            return diagnostician.diagnose(None if interruption.number else check)
        except _TrialsInterrupted:
            return diagnostician.diagnose(None)


class _TrialsInterrupted(Exception):  # noqa: N818 (not an error)
    """A signal has ended the trials of a diagnosis."""


def _open(path: Path) -> tuple[SavedRun, RunFolder]:
    from core.runs.folder import RunFolder
    from core.runs.reader import read_run

    folder = RunFolder.open(path, PATIENCE)
    return read_run(path), folder


def report_saved(status: SaveStatus, options: SaveOptions, *, quiet: bool) -> bool:
    """Print where the run was saved, or why it was not; return whether that is no failure."""
    if status.problem:
        print(f"nnfs-tui: {status.problem}", file=sys.stderr)  # noqa: T201
    elif status.name and not quiet:
        print(f"saved: nnfs-tui resume {status.name}")  # noqa: T201
    # without a home folder, the program has nowhere to save by default
    return options.parent is None or not status.problem


def repetition(config: RunConfig, command: str, *, is_changed: bool) -> str:
    """Return the last line of a summary: the command line that repeats the run."""
    without = ", without the changes on the way" if is_changed else ""
    line = command_of(config, command)
    return f"repeat{without}: {''.join(each if each.isprintable() else ' ' for each in line)}"


class LoadingProgress:
    """Shows the progress of loading, and cancels it after a signal."""

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


def progress_bar(count: str, *, transient: bool = False, plain: bool = False) -> Progress:
    """Return a bar on standard error that is drawn only by `refresh`.

    Args:
        count: text after the bar.
        transient: whether it is erased at its end.
        plain: whether nothing is drawn.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn(count),
        console=console,
        transient=transient,
        # where it cannot erase itself, it would print an empty line at its end
        disable=plain or (transient and not console.is_interactive),
        # no drawing thread, which would compete with the training
        auto_refresh=False,
        # else standard output would be written to this console, too
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
    current: EpochMetrics,
    seconds: float | None,
    stopped: json_log.Ending,
    data: DataSplit,
    restored: int | None = None,
    trained: int | None = None,
    scores: Mapping[str, UnevenScores] | None = None,
) -> str:
    """Return a summary of a run in a few lines.

    Args:
        config: of the run.
        metrics: of its last epoch.
        current: of the network: with the best weights, or those before a divergence.
        seconds: duration since the start or the resumption, or None to omit it.
        stopped: why the run ended.
        data: its samples.
        restored: the epoch whose weights were restored, or None.
        trained: epochs since the run was resumed, or None if it was not.
        scores: further scores of each part, if the classes are uneven.
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
            comma = "" if trained is None else ","
            outcome += f"{comma} in {seconds:.2f} s ({rate:,.0f} epochs/s)"
        if restored is not None:
            outcome += f"; the weights are those of epoch {restored:,}"
    parts = ["train"] if data.shared else ["train", "test"]
    if data.x_validation is not None:
        parts.insert(1, "validation")
    lines = [config.describe(sizes_of(config, data)), outcome]
    width = max(map(len, parts))
    loss = "loss" if config.class_weight == "none" else "weighted loss"
    for part in parts:
        value = number_format.loss(getattr(current, f"{part}_loss"))
        score = getattr(current, f"{part}_score")
        text = number_format.named_score(score, has_classes=data.has_classes)
        if data.has_classes:
            text = f"accuracy {text}"
        if scores and part in scores:
            text += _uneven_text(scores[part])
        if part == "train" and config.penalized:
            text += (
                f"   loss with penalty {number_format.loss(current.train_loss + current.penalty)}"
            )
        name = "train = test" if data.shared and part == "train" else part
        lines.append(f"{name:<{width}}  {loss} {value}   {text}")
    return "\n".join(lines)


def _uneven_text(scores: UnevenScores) -> str:
    majority, balanced = map(number_format.percent, scores[:2])
    return f" (majority {majority} %)   balanced {balanced} %   macro F1 {scores.macro_f1:.3f}"
