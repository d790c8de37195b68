"""The command `sweep`: a grid of settings, trained on all cores or on a cluster, printed as a table."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
from contextlib import closing, contextmanager
from math import isfinite
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from core.config.errors import ConfigError, quoted, suggestion
from core.config.run_config import setting, settings
from core.dataclass import dataclass
from core.output_file import replacing
from core.sweeps.execution import SweepError, Workers
from core.sweeps.grid import Grid, SweepFile, distinct, read_sweep, seeds_from
from core.sweeps.messages import StartSweep
from core.sweeps.outcome import Scores
from core.sweeps.statistics import ranked
from core.sweeps.sweep import Sweep
from tui.cli.arguments import UsageError, invalid_value, read_count
from tui.cli.headless import LINE_INTERVAL, REFRESH, progress_bar
from tui.cli.save_options import folder_of
from tui.cli.streams import OutputError
from tui.cli.sweep_table import heat_map_text, table
from tui.drawing import number_format
from tui.sweep.columns import score_text
from tui.terminal.capabilities import can_draw, terminal_look

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from types import FrameType

    from core.config.run_config import RunConfig
    from core.sweeps.grid import Cell
    from core.sweeps.results import FinishedRun, SweepResults

MOST_JOBS: Final = 4096

SORTED_BY: Final = (*Scores._fields, *(f"best_{name}" for name in Scores._fields), "best_epoch")
"""Numbers by which the table can be sorted, besides those below and the settings that vary."""

OTHERS: Final = ("fresh_score", "epochs", "seconds")


def read_axes(options: argparse.Namespace) -> tuple[dict[str, tuple[Any, ...]], SweepFile]:
    """Return the settings with several values, and what the settings file contains.

    In `options`, each setting is left with its first value, as the other commands expect it.

    Raises:
        ConfigError: when a value is invalid.
    """
    file = SweepFile({}, {}, {})
    if options.config is not None:
        if not options.config:
            raise ConfigError("config", "", "the name of a TOML file")
        file = read_sweep(Path(options.config))
    axes = {}
    for each in settings():
        texts = getattr(options, each.name, None)
        if texts is None:
            if each.name in file.axes:
                axes[each.name] = file.axes[each.name]
            continue
        values = distinct(each.read(text) for text in texts)
        if len(values) > 1:
            axes[each.name] = values
        setattr(options, each.name, texts[0])
    return axes, file


@dataclass(frozen=True)
class SweepPlan:
    """Grid of the command line, and how it is trained.

    Attributes:
        start: the grid, and how it is trained.
        cells: the combinations.
        sort: column by which the table is sorted; None for the score that decides.
    """

    start: StartSweep
    cells: tuple[Cell, ...]
    sort: str | None


def plan_sweep(
    base: RunConfig,
    axes: dict[str, tuple[Any, ...]],
    file: SweepFile,
    options: argparse.Namespace,
) -> SweepPlan:
    """Return what is to be trained.

    Args:
        base: settings of all runs.
        axes: values of each setting that varies, as `read_axes` returns them.
        file: content of the settings file.
        options: of the command line.

    Raises:
        ConfigError, UsageError: when an option or a combination is invalid.
    """
    seeds = _seeds(base, axes, file, options)
    number = _count("--random", options.random, file.numbers.get("random"))
    grid = Grid(base, axes, seeds)
    start = StartSweep(
        grid,
        number,
        Workers(_count("--jobs", options.jobs, None, MOST_JOBS), options.scheduler),
        None if options.no_save else folder_of(options),
        options.halving,
        not options.shared_files,
    )
    return SweepPlan(start, grid.cells(number), _sort_column(options.sort, [*axes]))


def sweep(plan: SweepPlan, options: argparse.Namespace) -> int:
    """Train the runs of a grid without a screen, print them, and return the program's exit status.

    Raises:
        ConfigError: when combinations differ in the number of epochs that halving determines.
        SweepError: when the workers fail.
    """
    start = plan.start
    trained = Sweep(
        plan.cells,
        start.workers,
        start.folder,
        halving=start.halving,
        send_files=start.send_files,
    )
    plain = options.plain or not can_draw(os.environ)
    started, interruption = perf_counter(), _Interruption()
    rows: list[FinishedRun] = []
    failure: SweepError | None = None
    try:
        with (
            _handling_signals(interruption),
            closing(trained.run()) as runs,
            _progress(trained, plain=plain) as show,
        ):
            trained.monitor.announce = show.note
            for each in runs:
                with interruption.deferred():
                    rows.append(each)
                    if options.json:
                        print(json.dumps(_values(each, trained)), flush=True)  # noqa: T201
                    show.update()
    except KeyboardInterrupt:
        pass
    except SweepError as error:
        failure = error
    result = SweepOutput(
        plan,
        trained,
        rows,
        perf_counter() - started,
        trained.problem,
        is_interrupted=interruption.number > 0 or failure is not None,
    )
    write_output(result, options)
    if failure is not None:
        raise failure
    return 128 + interruption.number if interruption.number else 0


@dataclass(frozen=True)
class SweepOutput:
    """Outcomes that a sweep prints and writes at its end.

    Attributes:
        plan: what was asked for.
        results: combinations and outcomes.
        rows: the runs that have finished.
        seconds: of training.
        problem: why outcomes are not stored, or an empty string.
        is_interrupted: whether runs are missing.
    """

    plan: SweepPlan
    results: SweepResults
    rows: list[FinishedRun]
    seconds: float
    problem: str
    is_interrupted: bool


def write_output(output: SweepOutput, options: argparse.Namespace) -> None:
    """Print the table, or with --json a sentence if runs are missing, and write the CSV file."""
    if output.problem:
        print(f"nnfs-tui: {output.problem}", file=sys.stderr)  # noqa: T201
    if options.csv is not None:
        _write_csv(options.csv, output.rows, output.results)
    ending = _ending(output)
    if not options.json:
        _print_tables(output.results, output.plan.sort, ending)
    elif output.is_interrupted:
        print(f"nnfs-tui: {ending}", file=sys.stderr)  # noqa: T201


class _Interruption:
    """Handles signals: they end the sweep, but not within a line of output, which would be cut.

    Attributes:
        number: of the first signal; 0 without one.
    """

    def __init__(self) -> None:
        self.number = 0
        self._is_deferred = False

    def handle(self, number: int, _: FrameType | None) -> None:
        """Record a signal, and raise KeyboardInterrupt now or at the end of the block."""
        is_second, self.number = self.number > 0, self.number or number
        if is_second or not self._is_deferred:
            raise KeyboardInterrupt

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Raise KeyboardInterrupt for a signal within the block only at its end."""
        self._is_deferred = True
        try:
            yield
        finally:
            self._is_deferred = False
        if self.number:
            raise KeyboardInterrupt


@contextmanager
def _handling_signals(interruption: _Interruption) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, interruption.handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _seeds(
    base: RunConfig,
    axes: dict[str, tuple[Any, ...]],
    file: SweepFile,
    options: argparse.Namespace,
) -> tuple[int, ...]:
    """Return the seeds of each combination; a list of seeds is no axis of the grid."""
    listed = axes.pop("seed", None)
    number = _count("--seeds", options.seeds, file.numbers.get("seeds"))
    if listed is None:
        return seeds_from(base.seed, number or 1)
    if options.seeds is not None:
        raise UsageError("--seed has several values, and --seeds was given: expected one of them")
    return listed


def _count(flag: str, text: str | None, default: int | None, most: int = 10**6) -> int | None:
    return default if text is None else read_count(flag, text, most)


def _sort_column(text: str | None, varied: list[str]) -> str | None:
    """Return the column to sort by: a number or a setting that varies."""
    if text is None:
        return None
    names = {name.replace("_", "-"): name for name in (*SORTED_BY, *OTHERS)}
    names |= {name.replace("_score", "_accuracy").replace("_", "-"): name for name in SORTED_BY}
    names |= {setting(name).option: name for name in varied}
    column = names.get(text.replace("_", "-"))
    if column is None:
        known = ", ".join([*(setting(name).option for name in varied), "test-loss", "test-score"])
        raise UsageError(
            f"invalid value {quoted(text)} for --sort: expected a column such as {known}"
            f"{suggestion(text, names)}"
        )
    return column


def _values(run: FinishedRun, plan: SweepResults) -> dict[str, Any]:
    """Return a run as JSON can represent it: its settings that vary, its seed and its outcome."""
    changes = plan.cells[run.cell].changes
    varied = {
        name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()
    }
    outcome = run.outcome.as_dict()
    key = outcome.pop("key")
    return {
        "event": "run",
        "settings": varied,
        "seed": run.config.seed,
        **outcome,
        "stored": run.stored,
        "key": key,
    }


def _write_csv(name: str, rows: list[FinishedRun], plan: SweepResults) -> None:
    """Write one row per run, in the order of the grid."""
    columns = list(dict.fromkeys(name for cell in plan.cells for name in cell.changes))
    scores = [*Scores._fields, *(f"best_{name}" for name in Scores._fields), "fresh_score"]
    try:
        with replacing(Path(name)) as file:
            writer = csv.writer(file)
            counts = ["epochs", "best_epoch", "stopped", "seconds", "stored"]
            writer.writerow([*columns, "seed", *counts, *scores])
            for run in sorted(rows, key=lambda each: (each.cell, each.config.epochs)):
                outcome = run.outcome
                numbers = [*outcome.final, *outcome.best, outcome.fresh_score]
                writer.writerow(
                    [
                        *(setting(each).write(getattr(run.config, each)) for each in columns),
                        run.config.seed,
                        outcome.epochs,
                        outcome.best_epoch,
                        outcome.stopped,
                        round(outcome.seconds, 6),
                        int(run.stored),
                        *(each if isfinite(each) else "" for each in numbers),
                    ]
                )
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        if isinstance(error, OSError):
            raise OutputError(f"the file {quoted(name)}", error) from None
        raise invalid_value(name, "--csv", "the name of a file") from None


def _print_tables(plan: SweepResults, sort: str | None, ending: str) -> None:
    """Print the table of the combinations, the heat map and a sentence."""
    width, look = 100, None
    if sys.stdout.isatty():
        look = terminal_look(os.environ)
        try:
            width = os.get_terminal_size(sys.stdout.fileno()).columns or width
        except OSError:
            look = None
    summaries = plan.summaries()
    texts = [
        table(summaries, width, sort),
        heat_map_text(summaries, width, look),
        ending,
    ]
    print("\n\n".join(filter(None, texts)))  # noqa: T201


def _ending(output: SweepOutput) -> str:
    results = output.results
    cells = f" of {len(results.cells):,} combinations" if len(results.cells) > 1 else ""
    stored = results.finished - results.trained
    runs = "run" if results.finished == 1 else "runs"
    parts = [f"{results.finished:,} {runs}{cells} in {output.seconds:.1f} s"]
    if stored:
        parts[0] += f", {stored:,} of them trained before"
    if len(results.rounds) > 1:
        rounds = ", ".join(f"{each.cells:,} for {each.epochs:,} epochs" for each in results.rounds)
        parts.append(f"halving: {rounds}")
    text = "; ".join(parts)
    if output.is_interrupted:
        left = results.total - results.finished
        is_stored = output.plan.start.folder is not None and not output.problem
        saved = "; the same command continues" if is_stored else ""
        missing = f"{left:,} run{'s are' if left > 1 else ' is'} missing"
        text = f"interrupted, {missing}; {text}{saved}"
    return text


class _ProgressText:
    """The texts of the progress: number of runs, remaining time and the best combination."""

    def __init__(self, plan: Sweep) -> None:
        self._plan = plan
        self._started = perf_counter()

    @property
    def remaining(self) -> str:
        """Estimated time to the end, by the runs that were trained and not read."""
        plan = self._plan
        if plan.monitor.tasks is not None:  # on a cluster
            return number_format.clock(plan.seconds_left)
        return number_format.eta(
            perf_counter() - self._started, plan.trained, plan.total - plan.finished
        )

    @property
    def best(self) -> str:
        """The best combination so far: of those with all runs, if there is one."""
        summaries = [each for each in self._plan.summaries() if each.outcomes]
        whole = [each for each in summaries if len(each.outcomes) == len(each.cell.runs)]
        found = next(iter(ranked(whole or summaries)), None)
        return "" if found is None else f"best {score_text(found)}  {found.cell.label}".rstrip()


class _Display(NamedTuple):
    """Functions that show the progress from time to time, and a sentence at once."""

    update: Callable[[], None]
    note: Callable[[str], None]


@contextmanager
def _progress(plan: Sweep, *, plain: bool) -> Iterator[_Display]:
    """Return functions that show the progress: in a bar, or as lines."""
    texts = _ProgressText(plan)
    shown = perf_counter()

    def is_due(interval: float) -> bool:
        nonlocal shown
        now = perf_counter()
        if now - shown < interval and plan.finished < plan.total:
            return False
        shown = now
        return True

    def print_line() -> None:
        if is_due(LINE_INTERVAL):
            done = f"{plan.finished:,} of {plan.total:,} runs"
            print_note(", ".join(filter(None, [done, texts.remaining, texts.best])))

    def print_note(text: str) -> None:
        print(f"nnfs-tui: {text}", file=sys.stderr, flush=True)  # noqa: T201

    if plain:
        yield _Display(print_line, print_note)
        return
    count = "{task.completed:,.0f}/{task.total:,} runs {task.fields[eta]}  {task.fields[best]}"
    with progress_bar(count, transient=True) as bar:
        task = bar.add_task("training", total=plan.total, eta="", best="")
        bar.refresh()

        def update() -> None:
            if is_due(REFRESH):
                best = texts.best
                bar.update(task, completed=plan.finished, eta=texts.remaining, best=best)
                bar.refresh()

        def note(text: str) -> None:
            # above the bar, which is drawn again
            bar.console.print(f"nnfs-tui: {text}", markup=False, highlight=False, soft_wrap=True)

        yield _Display(update, note)
