"""Opens a screen: of a run, which may be resumed, played again or followed, or of several runs."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Final

from tui.cli.arguments import UsageError
from tui.cli.save_options import folder_of, run_of, save_options_of
from tui.cli.screen_options import (
    check_screen_options,
    has_terminal,
    log_file,
    no_screen_reason,
    prepare_look,
    terminal_columns,
)
from tui.cli.streams import STDERR, STDOUT, escaped, stop_writing

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.process.client import TrainingProcess
    from core.process.messages import Refused
    from tui.announcer import AnnounceOptions
    from tui.cli.json_log import Ending
    from tui.cli.sweep import SweepPlan
    from tui.compare.model import ShownRun
    from tui.keymap import Keymap
    from tui.run_model import RunModel
    from tui.terminal.recording import Recording

SCREEN_MEMORY: Final = 60_000_000
"""Bytes of address space that the screen takes once all is imported: half of them OpenBLAS's buffer."""


MOST_RACING: Final = 64
"""Runs that are trained at the same pace, at most: small maps of more would be illegible."""

LOWEST_LOSS: Final = "test_loss"
"""Number by which these are ranked."""


def start_process() -> TrainingProcess:
    """Start the training process, which imports NumPy while this process imports Textual."""
    # collections take a tenth of the time of the imports, and find nothing; NnfsApp enables them again
    gc.disable()
    from core.process.client import TrainingProcess

    return TrainingProcess()


def watch(
    config: RunConfig,
    process: TrainingProcess,
    options: argparse.Namespace,
    resume: Path | None = None,
    view: str = "",
    *,
    shown_as: str = "",
    seeds: int | None = None,
) -> int:
    """Show a run until the user quits, then print its summary.

    Args:
        config: of the run.
        process: trains it.
        options: of the command line.
        resume: folder of the saved run to continue.
        view: name of the first view; without one, the user's preference.
        shown_as: `followed` or `replay` for a run that is not trained here.
        seeds: number of runs to show at once, if it is not one.

    Returns:
        The exit status.

    Raises:
        UsageError, MemoryError: when the run cannot be shown.
    """
    look = prepare_look(options)
    from core.process.client import SEEDS_WORKER, TrainingProcess

    # before the imports of the screen, during which it starts
    seeds_process = None if seeds is None else TrainingProcess(SEEDS_WORKER)
    from core.memory import require, reserve_for_products
    from tui.app import NnfsApp, SeedsOptions
    from tui.cli.run_log import RunLog

    require("for the screen", SCREEN_MEMORY)
    reserve_for_products()
    keymap, problems = _chosen_keys(options)
    save_options = None if shown_as else save_options_of(options)
    log = RunLog(log_file(options.log, waits=False)) if options.log is not None else None
    recording = _recording(options)
    app = NnfsApp(
        config,
        process,
        speed=options.speed,
        frames_per_second=options.fps,
        max_rate=options.max_rate,
        paused=options.paused,
        run_log=log,
        look=look,
        save_options=save_options,
        resume=resume if seeds is None else None,
        shown_as=shown_as,
        view=view or options.preferences.values.get("view", ""),
        keymap=keymap,
        notes=problems,
        recording=recording,
        announce=_announcements(options),
        seeds=None if seeds is None else SeedsOptions(seeds, seeds_process, options.paused, resume),
    )
    app.exit_signals.install()
    try:
        app.run(mouse=not options.no_mouse)
    finally:
        if log is not None:
            log.close()
        if recording is not None:
            recording.close()
        if seeds_process is not None:
            seeds_process.close()
    shown = app.training.refused, None if app.seeds is None else app.seeds.refused
    if refused := next(filter(None, shown), None):
        raise _refusal(refused)
    if app.exit_signals.received:
        stop_writing(STDOUT, STDERR)  # the terminal may be gone
    else:
        if app.seeds is not None:
            from tui.seeds.model import summary as seeds_summary

            print(seeds_summary(app.seeds.model))  # noqa: T201
        print_summary(app.training.run)
        _report(recording)
    return app.return_code or 0


def _refusal(refused: Refused) -> UsageError | MemoryError:
    """Return the error that ends the program with the reason why there is no run."""
    return MemoryError(refused.reason) if refused.no_memory else UsageError(refused.reason)


def _chosen_keys(options: argparse.Namespace) -> tuple[Keymap, list[str]]:
    """Return the keys of the user's preferences, and the problems of these, which are also printed."""
    from tui.keymap import keymap_of
    from tui.preferences import FILE_NAME

    keymap = keymap_of(options.preferences.keys)
    problems = [
        *options.preferences.problems,
        *(f"{FILE_NAME}: {each}" for each in keymap.problems),
    ]
    for problem in problems:  # on the terminal again when the screen is closed
        print(escaped(f"nnfs-tui: {problem}"), file=sys.stderr)  # noqa: T201
    return keymap, problems


def _recording(options: argparse.Namespace) -> Recording | None:
    """Return the recording of the screen, if one is asked for."""
    if options.record is None:
        return None
    from tui.terminal.recording import Recording

    return Recording(log_file(options.record, "--record", waits=False), os.environ)


def _report(recording: Recording | None) -> None:
    """Print why a recording ended early."""
    if recording is not None and recording.problem:
        print(f"nnfs-tui: the recording ended early: {recording.problem}", file=sys.stderr)  # noqa: T201


def _announcements(options: argparse.Namespace) -> AnnounceOptions:
    from tui.announcer import AnnounceOptions
    from tui.terminal.title import has_progress, has_title

    return AnnounceOptions(
        has_title(os.environ) if options.title is None else options.title,
        has_progress(os.environ) if options.progress is None else options.progress,
        options.notify,
    )


def follow(options: argparse.Namespace) -> int:
    """Follow the training of another program, or a saved run, on the screen or as lines of text."""
    from tui.cli.follow import find_path, is_run, print_lines
    from tui.follow.model import FollowModel

    path = find_path(options)
    if is_run(path):
        return _follow_run(path, options)
    planned = None
    if options.epochs is not None:
        from tui.cli.arguments import read_count

        planned = read_count("--epochs", options.epochs, 10**8)
    model = FollowModel(path, planned)
    if options.once or not has_terminal():
        return print_lines(model, once=options.once)
    options.speed, options.fps = "30", "10"  # of training, which there is none of
    check_screen_options(options, has_screen=True)
    look = prepare_look(options)
    from tui.follow.app import FollowApp

    recording = _recording(options)
    app = FollowApp(
        model,
        look,
        max_rate=options.max_rate,
        recording=recording,
        announce=_announcements(options),
    )
    app.exit_signals.install()
    try:
        app.run(mouse=not options.no_mouse)
    finally:
        if recording is not None:
            recording.close()
    if app.exit_signals.received:
        stop_writing(STDOUT, STDERR)  # the terminal may be gone
    else:
        print_lines(model, once=True)
        _report(recording)
    return app.return_code or 0


def replay(options: argparse.Namespace) -> int:
    """Play a saved run from its start."""
    from core.runs.reader import read_header

    path = run_of(options)
    header = read_header(path, is_single=True)
    if not has_terminal():
        raise UsageError(f"replay needs a terminal: {no_screen_reason()}; export writes the run")
    process = start_process()
    try:
        options.log = None
        check_screen_options(options, has_screen=True)
        return watch(header.config, process, options, path, header.view, shown_as="replay")
    finally:
        process.close()


def _follow_run(path: Path, options: argparse.Namespace) -> int:
    """Show a saved run that another process trains."""
    from core.runs.reader import read_header
    from tui.cli.follow import print_run

    if options.epochs is not None:
        raise UsageError("--epochs has no effect on a saved run, whose number of epochs is known")
    header = read_header(path, is_single=True)
    if options.once or not has_terminal():
        return print_run(path, once=options.once)
    process = start_process()
    try:
        options.speed, options.fps, options.paused = None, "10", False
        options.log = None
        check_screen_options(options, has_screen=True)
        return watch(header.config, process, options, path, header.view, shown_as="followed")
    finally:
        process.close()


def watch_sweep(plan: SweepPlan, options: argparse.Namespace) -> int:
    """Show a sweep, and print its table at the end."""
    options.speed, options.fps = None, "10"
    check_screen_options(options, has_screen=True)
    look = prepare_look(options)
    from core.sweeps.client import SweepProcess
    from tui.sweep.model import SweepModel

    model = SweepModel(plan.cells, halving=plan.start.halving, column=plan.sort)
    process = SweepProcess()  # before the imports of the screen, during which it starts
    try:
        from tui.sweep.app import SweepApp

        keymap, problems = _chosen_keys(options)
        model.run.note = "; ".join(problems)
        app = SweepApp(
            model,
            plan.start,
            process,
            speed=options.speed,
            max_rate=options.max_rate,
            look=look,
            save_options=save_options_of(options),
            keymap=keymap,
            announce=_announcements(options),
        )
        app.exit_signals.install()
        app.run(mouse=not options.no_mouse)
    finally:
        process.close()
    if app.exit_signals.received:
        stop_writing(STDOUT, STDERR)  # the terminal may be gone
        return app.return_code or 0
    from core.sweeps.execution import SweepError
    from tui.cli.sweep import SweepOutput, write_output

    output = SweepOutput(
        plan,
        model.results,
        model.rows,
        model.seconds,
        model.problem,
        is_interrupted=model.missing > 0,
    )
    write_output(output, options)
    print_summary(app.training.run)
    if model.failure:
        raise SweepError(model.failure)
    return app.return_code or 0


def race(plan: SweepPlan, options: argparse.Namespace) -> int:
    """Train all runs of a grid at the same pace, and compare them on the screen."""
    runs = [run for cell in plan.cells for run in cell.runs]
    for name in ("halving", "json", "plain", "csv"):
        if getattr(options, name):
            raise UsageError(f"--race and --{name} were both given: expected one of them")
    if not has_terminal():
        reason = no_screen_reason()
        raise UsageError(f"--race needs a terminal: {reason}; without it, sweep prints a table")
    if len(runs) > MOST_RACING:
        raise UsageError(
            f"--race shows at most {MOST_RACING} runs, and these are {len(runs):,}: choose fewer "
            "values or seeds, or leave it out"
        )
    options.speed, options.fps = "30", "10"
    return _show_comparison(tuple(runs), runs, options, plan.sort or LOWEST_LOSS)


def compare_runs(options: argparse.Namespace) -> int:
    """Compare saved runs on the screen, or print the comparison."""
    from tui.cli.compare import column_of, compare, paths_of

    if options.plain or options.json or not has_terminal():
        return compare(options, terminal_columns())
    from core.runs.reader import read_header

    paths = paths_of(options) if options.names else []
    configs = [read_header(path, is_single=True).config for path in paths]
    sort = "" if options.sort is None else column_of(options.sort, configs)
    options.speed, options.fps = "30", "10"
    return _show_comparison(tuple(paths), configs, options, sort)


def _show_comparison(
    sources: tuple[Path | RunConfig, ...],
    configs: Sequence[RunConfig],
    options: argparse.Namespace,
    sort: str = "",
) -> int:
    """Show runs side by side; those that the user opens are shown on their own in between."""
    from copy import copy

    from core.config.run_config import RunConfig
    from core.process.client import COMPARE_WORKER, TrainingProcess
    from core.runs.catalogue import list_runs

    # before the imports of the screen, during which it starts
    process = TrainingProcess(COMPARE_WORKER) if sources else None
    given = copy(options)
    check_screen_options(options, has_screen=True)
    look = prepare_look(options)
    from tui.compare.app import CompareApp

    parent = folder_of(options)
    keymap, problems = _chosen_keys(options)
    note, view, has_list = "; ".join(problems), None, not sources
    while True:
        runs = list_runs(parent) if has_list and parent is not None else []
        if has_list and not runs:
            print(f"no saved run{f' in {parent}' if parent else ''}; nnfs-tui moons starts one")  # noqa: T201
            return 0
        app = CompareApp(
            sources,
            configs[0] if configs else RunConfig(),
            look,
            runs=runs,
            parent=parent,
            process=process,
            max_rate=options.max_rate,
            frames_per_second=options.fps,
            speed=options.speed,
            sort=sort,
            keymap=keymap,
            note=note,
            view=view,
        )
        app.exit_signals.install()
        try:
            app.run(mouse=not options.no_mouse)
        finally:
            if process is not None:
                process.close()
        if app.exit_signals.received:
            stop_writing(STDOUT, STDERR)  # the terminal may be gone
        elif app.chosen is None and app.comparing is not None and not has_list:
            if app.comparing.refused is not None:
                raise _refusal(app.comparing.refused)
            from tui.cli.compare import table_of

            if compared := app.comparing.board.runs:
                print(table_of(compared, terminal_columns(), is_saved=app.saved))  # noqa: T201
        if app.chosen is None or app.return_code:
            return app.return_code or 0
        sources, process = app.sources, None
        view = app.comparing.board.view() if app.comparing is not None else None
        status, note = _open_compared(app.chosen, copy(given))
        if status:
            return status


def _open_compared(run: ShownRun, options: argparse.Namespace) -> tuple[int, str]:
    """Show one of several runs on its own: resumed, or as a replay if another process uses it.

    A run that was trained by the comparison is trained again, as settings and seed repeat it.

    Args:
        run: to show.
        options: of the command line, as they were given.

    Returns:
        The exit status, and a sentence for the comparison, to which the user returns if it is 0.
    """
    from core.runs.atomic_files import RunError
    from core.runs.lock import check_unused

    options.log = options.record = options.keep_runs = None
    path = run.path
    options.no_save, options.paused = getattr(options, "no_save", False), path is not None
    check_screen_options(options, has_screen=True)
    shown_as = ""
    if path is not None:
        try:
            check_unused(path)
        except RunError:
            shown_as = "replay"
    process = start_process()
    try:
        status = watch(run.config, process, options, path, shown_as=shown_as)
    except (UsageError, MemoryError) as error:
        return 0, f"run {run.number} cannot be opened: {error}"
    finally:
        process.close()
    return status, f"back from run {run.number}{f', {run.name}' if path is not None else ''}"


def print_summary(run: RunModel) -> None:
    """Print the last metrics of the run."""
    from core.analysis.imbalance import uneven_scores
    from core.process.messages import State
    from tui.cli.headless import repetition, summary

    metrics, kept = run.timeline.last(), run.metrics
    if metrics is None or kept is None or run.data is None:
        return
    stopped: Ending = "interrupted"
    if run.state in {State.DIVERGED, State.FINISHED} and run.stopped is not None:
        stopped = run.stopped
    data, restored = run.data, run.restored
    resumed_at = run.resumed_at
    trained = None if resumed_at is None else run.head_epoch - resumed_at
    # the screen may have only some of the samples
    is_whole = data.all_samples == (len(data.y_train), len(data.y_test))
    scores = uneven_scores(run.network, data) if run.network and is_whole else None
    text = summary(run.config, metrics, kept, None, stopped, data, restored, trained, scores)
    print(text.replace("interrupted after", "stopped after"))  # noqa: T201
    if run.save_problem:
        print(escaped(run.save_problem))  # noqa: T201
    elif run.saved_as:
        print(f"saved: nnfs-tui resume {run.saved_as}")  # noqa: T201
    print(repetition(run.config, "", is_changed=bool(run.changes.epochs)))  # noqa: T201
