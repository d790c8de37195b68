"""Entry point: converts arguments to a `RunConfig`, then opens the screen or trains without one.

Slow imports are in the functions that need them: the training process is started first and imports NumPy
while this process imports Textual.
"""

from __future__ import annotations

import errno
import gc
import importlib.util
import os
import signal
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from tui.cli.arguments import (
    COMMANDS,
    EPOCHS_AT_MAX,
    FASTEST,
    FASTEST_RATE,
    SLOWEST_RATE,
    UsageError,
    invalid_value,
    parser,
    with_negative_entries,
    with_switches,
)
from tui.cli.save_options import folder_of, run_of, save_options_of
from tui.cli.streams import (
    STDERR,
    STDOUT,
    OutputError,
    flush_output,
    guard_streams,
    open_log,
    set_encoding,
    stop_writing,
)
from tui.terminal.capabilities import can_draw, is_web, terminal_look

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from core.config.run_config import RunConfig
    from core.process.client import TrainingProcess
    from tui.cli.json_log import Ending
    from tui.cli.sweep import SweepPlan
    from tui.drawing.rendering import TerminalLook
    from tui.run_model import RunModel

USAGE_ERROR: Final = 2
SCREEN_MEMORY: Final = 60_000_000
"""Bytes of address space that the screen takes once all is imported: half of them OpenBLAS's buffer."""

SCREEN_DEFAULTS: Final = {
    "speed": "30",
    "palette": "blue-orange",
    "background": None,
    "title": None,
    "progress": None,
    "notify": False,
}
"""Screen options that the preferences file may contain, and their defaults."""

LONGEST_REASON: Final = 1500
MOST_SEEDS_SHOWN: Final = 1000
"""Runs that a screen shows at once, at most."""
_DUMB: Final = "this terminal (TERM=dumb) cannot place its cursor"
SUFFIXES: Final = (
    ".csv",
    ".tsv",
    ".npz",
    ".parquet",
    ".arff",
    ".libsvm",
    ".gz",
    ".bz2",
    ".xz",
    ".zip",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    if arguments is None:
        guard_streams()
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = [each == "--ascii" for each in given if each in {"--ascii", "--no-ascii"}]
    set_encoding((sys.stdout, sys.stderr), os.environ, asked[-1] if asked else None)
    foreign = _foreign_core()
    if foreign:
        print(_printable(foreign), file=sys.stderr)  # noqa: T201
        return 1
    process = None
    try:
        if _wants_screen(given):
            process = _start_process()
        try:
            return _dispatch(given, process)
        finally:
            flush_output()  # later failures are reported by the interpreter, with a traceback
    except UsageError as error:
        return _refuse(str(error))
    except ValueError as error:
        if not _is_user_error(error):
            raise
        return _refuse(str(error))
    except MemoryError as error:
        reason = str(error) or "there is not enough memory; choose a smaller network or less data"
        print(_printable(f"nnfs-tui: {reason}"), file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        stop_writing(STDOUT)  # the reader has exited
        return 141
    except OutputError as error:
        stop_writing(STDOUT)
        print(_printable(f"nnfs-tui: {error}"), file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if process is not None:
            process.close()


def _refuse(reason: str) -> int:
    if len(reason) > LONGEST_REASON:  # an argument may be as long as a file
        reason = f"{reason[: LONGEST_REASON // 3]} … {reason[-LONGEST_REASON // 2 :]}"
    print(_printable(f"nnfs-tui: {reason}"), file=sys.stderr)  # noqa: T201
    return USAGE_ERROR


def _is_user_error(error: ValueError) -> bool:
    """Return whether the error is a sentence for the user about data, settings or saved runs."""
    from core.config.errors import ConfigError
    from core.datasets import DataError
    from core.runs.atomic_files import RunError
    from core.sweeps.execution import SweepError

    return isinstance(error, DataError | ConfigError | RunError | SweepError)


def _printable(text: str) -> str:
    """Return the text with control characters escaped."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _foreign_core() -> str:
    """Return an error message if another package `core` shadows the one of this program."""
    spec = importlib.util.find_spec("core")
    own = Path(__file__).resolve().parents[2] / "core" / "__init__.py"
    found = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    if found == own:
        return ""
    where = found or (spec and list(spec.submodule_search_locations or [])) or "nothing"
    return (
        f"nnfs-tui: its own package core, in {own.parent}, is shadowed by {where}; "
        "remove that from PYTHONPATH, or install nnfs-tui in an environment of its own"
    )


def _wants_screen(given: Sequence[str]) -> bool:
    first = given[0] if given else ""
    asks = {"-h", "--help", "--version"} & set(given)
    without = first == "resume" and {"--train", "--json"} & set(given)
    draws = first not in {*COMMANDS} - {"watch", "resume"}
    return draws and not asks and not without and _has_terminal()


def _has_terminal() -> bool:
    if is_web(os.environ):
        return True
    # Textual reads standard input and draws on standard error
    streams = sys.stdin, sys.stdout, sys.stderr
    is_terminal = all(stream is not None and stream.isatty() for stream in streams)
    return is_terminal and can_draw(os.environ)


def _start_process() -> TrainingProcess:
    from core.process.client import TrainingProcess

    return TrainingProcess()


def _dispatch(given: list[str], process: TrainingProcess | None) -> int:
    # before NumPy, whose threads would take a core from the training process
    from core.process.client import ONE_THREAD

    os.environ.update(ONE_THREAD)
    if not given or (given[0] not in COMMANDS and given[0] not in {"-h", "--help", "--version"}):
        _check_first_word(given)
        given = ["watch", *given]
    if given[0] == "help" and not {"-h", "--help"} & set(given):
        from tui.cli.topics import explain

        return explain(given[1:])  # of any option, which argparse would not accept here
    if given[0] == "completion" and given[1:2] not in (["-h"], ["--help"]):
        from tui.cli.completion import completion

        return completion(given[1:])  # of any words, also incomplete ones
    if given[0] == "serve" and not {"-h", "--help"} & set(given):
        return _serve(given[1:])
    options = parser().parse_args(with_negative_entries(with_switches(given)))
    if options.command == "resume":
        return _resume(options, process)
    other = _other_command(options)
    if other is not None:
        return other
    config = _config(options)
    if options.command == "check":
        from tui.cli.check import check

        return check(config)
    if options.command == "train":
        for name, why in config.without_effect().items():
            print(f"nnfs-tui: {name.replace('_', ' ')} has no effect with {why}", file=sys.stderr)  # noqa: T201
        if options.seeds is not None:
            return _train_seeds(config, options)
        return _train(config, options, as_json=options.json)
    _check_screen_options(options, has_screen=process is not None)
    if options.seeds is not None:
        return _watch_seeds(config, process, options)
    if (
        options.speed is None
        and options.epochs is None
        and "epochs" not in _settings_of_file(options)
    ):
        watched = config.changed(epochs=EPOCHS_AT_MAX)
    else:
        watched = config
    if process is None:
        print(f"nnfs-tui: {_no_screen_reason()}; training without a screen", file=sys.stderr)  # noqa: T201
        return _train(config, options)
    return _watch(watched, process, options)


def _other_command(options: argparse.Namespace) -> int | None:
    """Execute a command other than those that train a single run, and return its exit status."""
    match options.command:
        case "presets":
            from tui.cli.topics import list_presets

            return list_presets()
        case "datasets":
            return _datasets(options)
        case "runs":
            return _runs(options)
        case "compare":
            return _compare(options)
        case "export":
            from tui.cli.export import export

            return export(options)
        case "replay":
            return _replay(options)
        case "follow":
            return _follow(options)
        case "sweep":
            return _sweep(options)
    return None


def _serve(given: list[str]) -> int:
    from tui.cli.serve import serve, serve_options

    host, port, command = serve_options(given)
    # a mistake is reported now, and not to the first visitor
    options = parser().parse_args(with_negative_entries(with_switches(command)))
    if options.command == "watch":
        _config(options)
    _check_screen_options(options, has_screen=True)
    return serve(host, port, command)


def _config(options: argparse.Namespace) -> RunConfig:
    """Return the preset, overridden by the settings of the file, then by the options."""
    from core.config.errors import ConfigError, quoted
    from core.config.presets import DEFAULT, preset
    from core.config.run_config import settings

    if options.data is None and _is_file(options.preset):
        options.data, options.preset = options.preset, DEFAULT
    _check_preset(options.preset)
    try:
        chosen = preset(options.preset)
        values = _settings_of_file(options) | _given(options)
        if options.data is not None and options.dataset is not None:
            raise UsageError("--data and --dataset were both given: expected one of them")
        if options.dataset is not None:
            values["data"] = None
        return chosen.config(**values)
    except ConfigError as error:
        flags = {each.name: each.flag for each in settings()} | {"config": "--config"}
        if options.config is not None and getattr(options, error.name, "") is None:
            flags[error.name] = f"{error.name} in {quoted(options.config)}"
        raise UsageError(error.sentence(flags.get(error.name, error.name))) from None


def _check_first_word(given: Sequence[str]) -> None:
    """Reject a misspelt command before its arguments, which `watch` would reject for another reason."""
    if given and not given[0].startswith("-") and not _is_file(given[0]):
        _check_preset(given[0])


def _check_preset(name: str) -> None:
    """Reject a name that is no preset, and similar to a command."""
    from core.config.errors import quoted, suggestion
    from core.config.presets import PRESETS

    close = suggestion(name, [*PRESETS, *COMMANDS])
    if name not in PRESETS and any(command in close for command in COMMANDS):
        raise UsageError(f"{quoted(name)} is neither a command nor a preset{close}")


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings among the options; raises ConfigError."""
    from core.config.run_config import settings

    texts = [(each, getattr(options, each.name, None)) for each in settings()]
    return {each.name: each.read(text) for each, text in texts if text is not None}


def _is_file(name: str) -> bool:
    """Return whether the name of a preset is the name of a data file."""
    from core.config.presets import PRESETS

    path = Path(name)
    if path.suffix.lower() in SUFFIXES:
        return True
    return name not in PRESETS and _exists(name) and path.is_file()


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # an invalid file name: too long, or with a NUL
        return False


def _settings_of_file(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of `--config`."""
    from core.config.errors import ConfigError
    from core.config.run_config import read_toml

    if options.config is None:
        return {}
    if not options.config:  # Path("") is the working directory
        raise ConfigError("config", "", "the name of a TOML file")
    if options.command == "sweep":
        from core.sweeps.grid import read_sweep

        return read_sweep(Path(options.config)).values
    return read_toml(Path(options.config))


def _sweep(options: argparse.Namespace) -> int:
    from core.config.errors import ConfigError
    from core.config.run_config import settings
    from tui.cli.sweep import plan_sweep, read_axes, sweep

    try:
        axes, file = read_axes(options)
        plan = plan_sweep(_config(options), axes, file, options)
        if options.json or options.plain or not _has_terminal():
            return sweep(plan, options)
        return _watch_sweep(plan, options)
    except ConfigError as error:
        flags = {each.name: each.flag for each in settings()}
        raise UsageError(error.sentence(flags.get(error.name, error.name))) from None


def _watch_sweep(plan: SweepPlan, options: argparse.Namespace) -> int:
    """Show a sweep, and print its table at the end."""
    options.speed, options.fps = None, "10"
    _check_screen_options(options, has_screen=True)
    look = _prepare_look(options)
    from core.sweeps.client import SweepProcess
    from tui.sweep.model import SweepModel

    model = SweepModel(plan.cells, halving=plan.start.halving, column=plan.sort)
    process = SweepProcess()  # before the imports of the screen, during which it starts
    try:
        from tui.keymap import keymap_of
        from tui.sweep.app import SweepApp

        app = SweepApp(
            model,
            plan.start,
            process,
            speed=options.speed,
            max_rate=options.max_rate,
            look=look,
            save_options=save_options_of(options),
            keymap=keymap_of(options.preferences.keys),
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
    _print_summary(app.training.run)
    if model.failure:
        raise SweepError(model.failure)
    return app.return_code or 0


def _datasets(options: argparse.Namespace) -> int:
    if options.name is not None:
        return _show_dataset(options)
    if _given(options):
        raise UsageError("options of datasets need a name: name a data set or a file")
    from tui.cli.topics import list_datasets

    return list_datasets()


def _show_dataset(options: argparse.Namespace) -> int:
    """Print the summary of a data set or a file, as on the data screen."""
    from core.config.errors import ConfigError
    from core.config.run_config import RunConfig, settings
    from core.config.value_types import hyphenated
    from core.datasets import DATASETS
    from core.datasets.prepare import prepare
    from tui.screens.data_summary import show_dataset

    name = options.name
    known = name.replace("-", "_")
    if known in DATASETS:
        source = {"dataset": known}
    elif Path(name).suffix or _exists(name):
        source = {"data": name}
    else:
        from core.config.errors import quoted, suggestion

        raise UsageError(
            f"{quoted(name)} is neither a data set nor a file; see nnfs-tui datasets"
            f"{suggestion(name, map(hyphenated, DATASETS))}"
        )
    try:
        config = RunConfig(**source, **_given(options))
    except ConfigError as error:
        flags = {each.name: each.flag for each in settings()}
        raise UsageError(error.sentence(flags.get(error.name, error.name))) from None
    summary = prepare(config).summary
    if summary is not None:
        show_dataset(summary)
    return 0


def _runs(options: argparse.Namespace) -> int:
    """List the saved runs, or remove some."""
    from core.runs.catalogue import find, remove
    from tui.cli.run_list import list_of_runs

    parent = folder_of(options)
    if parent is None:
        raise UsageError("no home folder to save runs in; choose a folder with --run-dir")
    if not options.words:
        gc.disable()  # with thousands of runs, a fifth of the time, and the process ends soon
        text = list_of_runs(parent, as_json=options.json, width=_columns())
        if text:
            print(text)  # noqa: T201
        return 0
    verb, *names = options.words
    if verb == "rm" and not names:
        raise UsageError("name the runs to remove: nnfs-tui runs rm NAME; nnfs-tui runs lists them")
    if verb != "rm":
        from core.config.errors import quoted

        given = quoted(" ".join(options.words))
        raise UsageError(
            f"invalid arguments {given} for runs: expected none, or rm and names of runs"
        )
    for path in dict.fromkeys(find(parent, name) for name in names):
        remove(path)
        print(_printable(f"{path.name} is removed"))  # noqa: T201
    return 0


def _columns() -> int | None:
    """Return the columns of the terminal, or None if the output is none: then nothing is cut."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _no_screen_reason() -> str:
    """Return the reason why there is no screen."""
    return "no terminal to draw on" if can_draw(os.environ) else _DUMB


def _resume(options: argparse.Namespace, process: TrainingProcess | None) -> int:
    from core.runs.lock import check_unused, take_over
    from core.runs.reader import read_header

    _check_screen_options(options, has_screen=process is not None)
    path = run_of(options)
    if options.take_over:
        take_over(path, lambda text: print(f"nnfs-tui: {text}", file=sys.stderr))  # noqa: T201
    check_unused(path)
    header = read_header(path)
    config = header.config
    if process is not None:
        return _watch(config, process, options, path, header.view)
    if not (options.train or options.json):
        print(f"nnfs-tui: {_no_screen_reason()}; training without a screen", file=sys.stderr)  # noqa: T201
    return _train(config, options, as_json=options.json, resume=path)


def _train(
    config: RunConfig,
    options: argparse.Namespace,
    *,
    as_json: bool = False,
    resume: Path | None = None,
) -> int:
    from tui.cli.headless import train

    save_options = save_options_of(options)
    with _outputs(options, as_json=as_json) as outputs:
        return train(
            config,
            outputs,
            quiet=as_json,
            plain=getattr(options, "plain", False) or not can_draw(os.environ),
            save_options=save_options,
            resume=resume,
        )


def _watch_seeds(
    config: RunConfig, process: TrainingProcess | None, options: argparse.Namespace
) -> int:
    """Show many seeds at once; without a screen, train them."""
    from tui.cli.seeds import read_seeds

    if process is None:
        print(f"nnfs-tui: {_no_screen_reason()}; training without a screen", file=sys.stderr)  # noqa: T201
        return _train_seeds(config, options)
    return _watch(config, process, options, seeds=read_seeds(options.seeds, MOST_SEEDS_SHOWN))


def _train_seeds(config: RunConfig, options: argparse.Namespace) -> int:
    from tui.cli.seeds import read_seeds, train_seeds

    count = read_seeds(options.seeds)
    as_json = getattr(options, "json", False)
    with _outputs(options, as_json=as_json) as outputs:
        return train_seeds(
            config,
            count,
            outputs,
            quiet=as_json,
            plain=getattr(options, "plain", False) or not can_draw(os.environ),
        )


@contextmanager
def _outputs(options: argparse.Namespace, *, as_json: bool) -> Iterator[list[IO[str]]]:
    """Return the streams for lines of JSON: standard output and the log, if they are asked for."""
    with ExitStack() as stack:
        outputs = [sys.stdout] if as_json else []
        if options.log is not None:
            outputs.append(stack.enter_context(_log_file(options.log, waits=True)))
        try:
            yield outputs
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:
            raise OutputError("the output", error) from None


def _watch(
    config: RunConfig,
    process: TrainingProcess,
    options: argparse.Namespace,
    resume: Path | None = None,
    view: str = "",
    *,
    shown_as: str = "",
    seeds: int | None = None,
) -> int:
    look = _prepare_look(options)
    # collections take a tenth of the time of the imports, and find nothing; NnfsApp enables them again
    gc.disable()
    from core.process.client import SEEDS_WORKER, TrainingProcess

    # before the imports of the screen, during which it starts
    seeds_process = None if seeds is None else TrainingProcess(SEEDS_WORKER)
    from core.memory import require, reserve_for_products
    from tui.announcer import AnnounceOptions
    from tui.app import NnfsApp, SeedsOptions
    from tui.cli.run_log import RunLog
    from tui.keymap import keymap_of
    from tui.preferences import FILE_NAME
    from tui.terminal.title import has_progress, has_title

    require("for the screen", SCREEN_MEMORY)
    reserve_for_products()
    keymap = keymap_of(options.preferences.keys)
    problems = [
        *options.preferences.problems,
        *(f"{FILE_NAME}: {each}" for each in keymap.problems),
    ]
    for problem in problems:  # on the terminal again when the screen is closed
        print(_printable(f"nnfs-tui: {problem}"), file=sys.stderr)  # noqa: T201
    save_options = None if shown_as else save_options_of(options)
    log = RunLog(_log_file(options.log, waits=False)) if options.log is not None else None
    recording = None
    if options.record is not None:
        from tui.terminal.recording import Recording

        recording = Recording(_log_file(options.record, "--record", waits=False), os.environ)
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
        resume=resume,
        shown_as=shown_as,
        view=view or options.preferences.values.get("view", ""),
        keymap=keymap,
        notes=problems,
        recording=recording,
        announce=AnnounceOptions(
            has_title(os.environ) if options.title is None else options.title,
            has_progress(os.environ) if options.progress is None else options.progress,
            options.notify,
        ),
        seeds=None if seeds is None else SeedsOptions(seeds, seeds_process, options.paused),
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
        status = _refuse(refused.reason)
        return 1 if refused.no_memory else status
    if app.exit_signals.received:
        stop_writing(STDOUT, STDERR)  # the terminal may be gone
    else:
        if app.seeds is not None:
            from tui.seeds.model import summary as seeds_summary

            print(seeds_summary(app.seeds.model))  # noqa: T201
        _print_summary(app.training.run)
        if recording is not None and recording.problem:
            print(f"nnfs-tui: the recording ended early: {recording.problem}", file=sys.stderr)  # noqa: T201
    return app.return_code or 0


def _prepare_look(options: argparse.Namespace) -> TerminalLook:
    """Return the colours and glyphs of the terminal, and prepare the environment for Textual."""
    look = terminal_look(
        os.environ,
        colours=options.colors,
        ascii_only=options.ascii,
        palette=options.palette,
        background=options.background,
    )
    if not is_web(os.environ):
        for size in ("COLUMNS", "LINES"):  # the size of the terminal may change
            os.environ.pop(size, None)
    # read by Textual on import; with 256 colours, tui.terminal.escape_codes converts the colours
    os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard" if look.is_plain else "truecolor"
    return look


def _follow(options: argparse.Namespace) -> int:
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
    if options.once or not _has_terminal():
        return print_lines(model, once=options.once)
    options.speed, options.fps = "30", "10"  # of training, which there is none of
    _check_screen_options(options, has_screen=True)
    look = _prepare_look(options)
    from tui.follow.app import FollowApp

    app = FollowApp(model, look, max_rate=options.max_rate)
    app.exit_signals.install()
    app.run(mouse=not options.no_mouse)
    if app.exit_signals.received:
        stop_writing(STDOUT, STDERR)  # the terminal may be gone
    else:
        print_lines(model, once=True)
    return app.return_code or 0


def _compare(options: argparse.Namespace) -> int:
    """Compare saved runs on the screen, or print the comparison."""
    from tui.cli.compare import column_of, compare, paths_of

    if options.plain or options.json or not _has_terminal():
        return compare(options, _columns())
    from core.runs.reader import read_header

    paths = paths_of(options) if options.names else []
    configs = [read_header(path).config for path in paths]
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
    from core.config.run_config import RunConfig
    from core.process.client import COMPARE_WORKER, TrainingProcess
    from core.runs.catalogue import list_runs

    # before the imports of the screen, during which it starts
    process = TrainingProcess(COMPARE_WORKER) if sources else None
    _check_screen_options(options, has_screen=True)
    look = _prepare_look(options)
    from tui.compare.app import CompareApp
    from tui.keymap import keymap_of

    parent = folder_of(options)
    note = ""
    while True:
        runs = [] if sources or parent is None else list_runs(parent)
        if not sources and not runs:
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
            paused=getattr(options, "paused", False),
            sort=sort,
            keymap=keymap_of(options.preferences.keys),
            note=note,
        )
        app.exit_signals.install()
        try:
            app.run(mouse=not options.no_mouse)
        finally:
            if process is not None:
                process.close()
        if app.exit_signals.received:
            stop_writing(STDOUT, STDERR)  # the terminal may be gone
        if app.chosen is None or app.return_code:
            return app.return_code or 0
        sources, process = app.sources, None
        note = _open_compared(app.chosen.path, app.chosen.config, app.chosen.name, options)


def _open_compared(
    path: Path | None, config: RunConfig, name: str, options: argparse.Namespace
) -> str:
    """Show one of several runs on its own: resumed, or as a replay if another process uses it.

    Returns:
        A sentence for the comparison, to which the user returns.
    """
    from copy import copy

    from core.runs.atomic_files import RunError
    from core.runs.lock import check_unused

    given = copy(options)
    given.log = given.record = given.keep_runs = None
    given.no_save, given.paused, given.fps = False, True, str(options.fps)
    given.speed = "max" if options.speed is None else str(options.speed)
    _check_screen_options(given, has_screen=True)
    shown_as = ""
    if path is not None:
        try:
            check_unused(path)
        except RunError:
            shown_as = "replay"
    process = _start_process()
    try:
        _watch(config, process, given, path, shown_as=shown_as)
    finally:
        process.close()
    return f"back from {name}"


def _replay(options: argparse.Namespace) -> int:
    """Play a saved run from its start."""
    from core.runs.reader import read_header

    path = run_of(options)
    header = read_header(path)
    if not _has_terminal():
        raise UsageError(f"replay needs a terminal: {_no_screen_reason()}; export writes the run")
    process = _start_process()
    try:
        options.log = None
        _check_screen_options(options, has_screen=True)
        return _watch(header.config, process, options, path, header.view, shown_as="replay")
    finally:
        process.close()


def _follow_run(path: Path, options: argparse.Namespace) -> int:
    """Show a saved run that another process trains."""
    from core.runs.reader import read_header
    from tui.cli.follow import print_run

    if options.epochs is not None:
        raise UsageError("--epochs has no effect on a saved run, whose number of epochs is known")
    header = read_header(path)
    if options.once or not _has_terminal():
        return print_run(path, once=options.once)
    process = _start_process()
    try:
        options.speed, options.fps, options.paused = None, "10", False
        options.log = options.record = None
        _check_screen_options(options, has_screen=True)
        return _watch(header.config, process, options, path, header.view, shown_as="followed")
    finally:
        process.close()


def _print_summary(run: RunModel) -> None:
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
        print(_printable(run.save_problem))  # noqa: T201
    elif run.saved_as:
        print(f"saved: nnfs-tui resume {run.saved_as}")  # noqa: T201
    print(repetition(run.config, "", is_changed=bool(run.changes.epochs)))  # noqa: T201


def _check_screen_options(options: argparse.Namespace, *, has_screen: bool) -> None:
    """Add the user's preferences, convert the screen options to numbers, and reject unknown words."""
    from tui.drawing.themes import BACKGROUNDS, DEPTHS, PALETTES
    from tui.preferences import SPEEDS, Preferences, preferences_path, read_preferences

    # a speed that is preferred for watching must not change a training without a screen
    preferences = read_preferences(preferences_path()) if has_screen else Preferences()
    for name, default in SCREEN_DEFAULTS.items():
        if getattr(options, name) is None:
            setattr(options, name, preferences.values.get(name, default))
    options.preferences = preferences
    is_max = options.speed == "max"
    options.speed = None if is_max else _number("--speed", options.speed, *SPEEDS, "max")
    options.fps = _number("--fps", options.fps, 1, FASTEST)
    if options.max_rate is not None:
        options.max_rate = _byte_rate("--max-rate", options.max_rate)
    _one_of("--colors", options.colors, DEPTHS)
    _one_of("--palette", options.palette, PALETTES)
    _one_of("--background", options.background, BACKGROUNDS)


def _byte_rate(flag: str, text: str) -> float:
    """Return the bytes per second of a number with an optional suffix k or M."""
    factors = {"k": 1e3, "M": 1e6}
    try:
        value = float(text.removesuffix("k").removesuffix("M")) * factors.get(text[-1:], 1.0)
    except ValueError:
        value = float("nan")
    if not SLOWEST_RATE <= value <= FASTEST_RATE:
        expected = f"bytes per second from {SLOWEST_RATE} to {FASTEST_RATE // 10**6}M, such as 16k"
        raise invalid_value(text, flag, expected)
    return value


def _one_of(flag: str, text: str | None, accepted: tuple[str, ...]) -> None:
    from core.config.errors import suggestion

    if text is not None and text not in accepted:
        words = f"{', '.join(accepted[:-1])} or {accepted[-1]}"
        raise invalid_value(text, flag, f"{words}{suggestion(text, accepted)}")


def _number(flag: str, text: str, low: float, high: float, *words: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        accepted = " or ".join([f"a number from {low:g} to {high:g}", *words])
        raise invalid_value(text, flag, accepted)
    return value


def _log_file(name: str, option: str = "--log", *, waits: bool) -> IO[str]:
    try:
        return open_log(name, waits=waits)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or error
        if getattr(error, "errno", None) == errno.ENXIO:
            why = "no program reads this pipe"
        raise invalid_value(name, option, f"a writable file ({why})") from None


if __name__ == "__main__":
    sys.exit(main())
