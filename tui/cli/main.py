"""Entry point: converts arguments to a `RunConfig`, then opens the screen or trains without one.

Slow imports are in the functions that need them: the training process is started first and imports NumPy
while this process imports Textual.
"""

from __future__ import annotations

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
    UsageError,
    parser,
    with_negative_entries,
    with_switches,
)
from tui.cli.save_options import folder_of, run_of, save_options_of
from tui.cli.screen_options import (
    check_screen_options,
    has_terminal,
    log_file,
    no_screen_reason,
    terminal_columns,
)
from tui.cli.streams import (
    STDOUT,
    OutputError,
    escaped,
    flush_output,
    guard_streams,
    refuse,
    set_encoding,
    stop_writing,
)
from tui.cli.watch import compare_runs, follow, race, replay, start_process, watch, watch_sweep
from tui.terminal.capabilities import can_draw

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from core.config.run_config import RunConfig
    from core.process.client import TrainingProcess

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
        print(escaped(foreign), file=sys.stderr)  # noqa: T201
        return 1
    process = None
    try:
        if _wants_screen(given):
            process = start_process()
        try:
            return _dispatch(given, process)
        finally:
            flush_output()  # later failures are reported by the interpreter, with a traceback
    except UsageError as error:
        return refuse(str(error))
    except ValueError as error:
        if not _is_user_error(error):
            raise
        return refuse(str(error))
    except MemoryError as error:
        reason = str(error) or "there is not enough memory; choose a smaller network or less data"
        print(escaped(f"nnfs-tui: {reason}"), file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:
        stop_writing(STDOUT)  # the reader has exited
        return 141
    except OutputError as error:
        stop_writing(STDOUT)
        print(escaped(f"nnfs-tui: {error}"), file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if process is not None:
            process.close()


def _is_user_error(error: ValueError) -> bool:
    """Return whether the error is a sentence for the user about data, settings or saved runs."""
    from core.config.errors import ConfigError
    from core.datasets import DataError
    from core.runs.atomic_files import RunError
    from core.sweeps.execution import SweepError

    return isinstance(error, DataError | ConfigError | RunError | SweepError)


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
    return draws and not asks and not without and has_terminal()


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
    check_screen_options(options, has_screen=process is not None)
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
        print(f"nnfs-tui: {no_screen_reason()}; training without a screen", file=sys.stderr)  # noqa: T201
        return _train(config, options)
    return watch(watched, process, options)


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
            return compare_runs(options)
        case "export":
            from tui.cli.export import export

            return export(options)
        case "replay":
            return replay(options)
        case "follow":
            return follow(options)
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
    check_screen_options(options, has_screen=True)
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
        if options.race:
            return race(plan, options)
        if options.json or options.plain or not has_terminal():
            return sweep(plan, options)
        return watch_sweep(plan, options)
    except ConfigError as error:
        flags = {each.name: each.flag for each in settings()}
        raise UsageError(error.sentence(flags.get(error.name, error.name))) from None


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
        text = list_of_runs(parent, as_json=options.json, width=terminal_columns())
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
        print(escaped(f"{path.name} is removed"))  # noqa: T201
    return 0


def _resume(options: argparse.Namespace, process: TrainingProcess | None) -> int:
    from core.runs.lock import check_unused, take_over
    from core.runs.reader import read_header

    check_screen_options(options, has_screen=process is not None)
    path = run_of(options)
    if options.take_over:
        take_over(path, lambda text: print(f"nnfs-tui: {text}", file=sys.stderr))  # noqa: T201
    check_unused(path)
    header = read_header(path)
    config, seeds = header.config, header.seeds
    if process is not None:
        return watch(config, process, options, path, header.view, seeds=seeds)
    if not (options.train or options.json):
        print(f"nnfs-tui: {no_screen_reason()}; training without a screen", file=sys.stderr)  # noqa: T201
    if seeds is not None:
        return _train_seeds(config, options, seeds, path)
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
    from core.lockstep.lanes import MOST_LANES
    from tui.cli.seeds import read_seeds

    if process is None:
        print(f"nnfs-tui: {no_screen_reason()}; training without a screen", file=sys.stderr)  # noqa: T201
        return _train_seeds(config, options)
    return watch(config, process, options, seeds=read_seeds(options.seeds, MOST_LANES))


def _train_seeds(
    config: RunConfig,
    options: argparse.Namespace,
    count: int | None = None,
    resume: Path | None = None,
) -> int:
    from tui.cli.seeds import read_seeds, train_seeds

    count = read_seeds(options.seeds) if count is None else count
    as_json = getattr(options, "json", False)
    with _outputs(options, as_json=as_json) as outputs:
        return train_seeds(
            config,
            count,
            outputs,
            quiet=as_json,
            plain=getattr(options, "plain", False) or not can_draw(os.environ),
            save_options=save_options_of(options),
            resume=resume,
        )


@contextmanager
def _outputs(options: argparse.Namespace, *, as_json: bool) -> Iterator[list[IO[str]]]:
    """Return the streams for lines of JSON: standard output and the log, if they are asked for."""
    with ExitStack() as stack:
        outputs = [sys.stdout] if as_json else []
        if options.log is not None:
            outputs.append(stack.enter_context(log_file(options.log, waits=True)))
        try:
            yield outputs
        except (BrokenPipeError, OutputError):
            raise
        except OSError as error:
            raise OutputError("the output", error) from None


if __name__ == "__main__":
    sys.exit(main())
