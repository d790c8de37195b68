"""The command line: arguments to a RunConfig, then the screen, or training without one.

What is slow to import is imported where it is needed: the training process is started first and
imports NumPy while this one imports Textual.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import re
import sys
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.config import RunConfig
    from core.process import TrainingProcess
    from tui.records import Ending
    from tui.session import Session

COMMANDS: Final = {
    "watch": "train beside the screen; what a preset's name alone does too",
    "train": "train without a screen",
    "presets": "list the runs that have a name",
    "datasets": "list what there is to learn from",
    "check": "compare backpropagation with central differences, layer by layer",
}
WRONG_USE: Final = 2
FASTEST: Final = 30
EPOCHS_AT_MAX: Final = 250_000
"""The length of a watched run at max speed that is given none: a preset's would be over at once."""
EXAMPLES: Final = """\
examples:
  nnfs-tui xor
  nnfs-tui moons --hidden 16,16 --activation relu --init he --lr 0.005
  nnfs-tui spiral --classes 5 --speed max
  nnfs-tui moons --hidden 8,8 --activation relu,tanh --batch-norm --dropout 0.1 --schedule cosine
  nnfs-tui train moons --json --seed 3
  nnfs-tui check spiral --loss hinge --l1 0.001
"""


class WrongUse(Exception):  # noqa: N818 (it is no error of the program's)
    """One sentence on what was given and what is accepted."""


class CannotWrite(Exception):  # noqa: N818 (a full disk is no error of the program's)
    """One sentence on what could not be written."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a locale without our glyphs is no reason to fail
    foreign = _foreign_core()
    if foreign:
        print(_printable(foreign), file=sys.stderr)  # noqa: T201
        return 1
    process = None
    try:
        if _wants_screen(given):
            process = _start_process()
        return _dispatch(given, process)
    except WrongUse as error:
        print(_printable(f"nnfs-tui: {error}"), file=sys.stderr)  # noqa: T201
        return WRONG_USE
    except BrokenPipeError:
        _stop_writing(1)  # whoever read the output has seen enough
        return 141
    except CannotWrite as error:
        print(_printable(f"nnfs-tui: {error}"), file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if process is not None:
            process.close()


def _stop_writing(*descriptors: int) -> None:
    """Send what is still buffered nowhere, or the interpreter complains of it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)


def _printable(text: str) -> str:
    """Return the text with what would steer a terminal written out."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _foreign_core() -> str:
    """Return a sentence when another `core` stands before the one beside this package."""
    spec = importlib.util.find_spec("core")
    beside = Path(__file__).resolve().parent.parent / "core" / "__init__.py"
    found = Path(spec.origin).resolve() if spec is not None and spec.origin else None
    if found == beside:
        return ""
    where = found or (spec and list(spec.submodule_search_locations or [])) or "nothing"
    return (
        f"nnfs-tui: its own package core, in {beside.parent}, is shadowed by {where}; "
        "take that off PYTHONPATH, or install nnfs-tui in an environment of its own"
    )


def _wants_screen(given: Sequence[str]) -> bool:
    first = given[0] if given else ""
    asks = {"-h", "--help", "--version"} & set(given)
    return first not in {*COMMANDS} - {"watch"} and not asks and _has_terminal()


def _has_terminal() -> bool:
    # Textual reads standard input and draws on standard error
    streams = sys.stdin, sys.stdout, sys.stderr
    return all(stream is not None and stream.isatty() for stream in streams)


def _start_process() -> TrainingProcess:
    from core.process import TrainingProcess

    return TrainingProcess()


def _dispatch(given: list[str], process: TrainingProcess | None) -> int:
    # before NumPy: its threads would take a core from the training beside them
    from core.process.client import ONE_THREAD

    os.environ.update(ONE_THREAD)
    if not given or (given[0] not in COMMANDS and given[0] not in {"-h", "--help", "--version"}):
        given = ["watch", *given]
    options = _parser().parse_args(_with_switches(given))
    match options.command:
        case "presets":
            return _list_presets()
        case "datasets":
            return _list_datasets()
    config = _config(options)
    if options.command == "check":
        from tui.check import check

        return check(config)
    if options.command == "train":
        return _train(config, as_json=options.json, log=options.log)
    _check_screen_options(options)
    if options.speed is None and options.epochs is None and not _file_sets(options, "epochs"):
        watched = config.changed(epochs=EPOCHS_AT_MAX)
    else:
        watched = config
    if process is None:
        print(  # noqa: T201
            "nnfs-tui: no terminal here to draw on; training without a screen", file=sys.stderr
        )
        return _train(config, as_json=False, log=options.log)
    return _watch(watched, process, options)


def _with_switches(given: list[str]) -> list[str]:
    """Return the arguments with `on` after each switch that stands alone."""
    from core.config import settings
    from core.kinds import Switch

    switches = {each.flag for each in settings() if isinstance(each.kind, Switch)}
    words = Switch().words
    return [
        f"{each}=on" if each in switches and following not in words else each
        for each, following in zip_longest(given, given[1:])
    ]


class _Parser(argparse.ArgumentParser):
    """Complains in one sentence, and suggests what may have been meant."""

    def error(self, message: str) -> NoReturn:
        missing = re.fullmatch(r"argument (--\S+): expected one argument", message)
        if missing:
            raise WrongUse(f"{missing[1]}: no value was given{_accepted_by(missing[1])}")
        raise WrongUse(message)

    def parse_args(self, given: Any = None, namespace: Any = None) -> Any:
        options, unknown = self.parse_known_args(given, namespace)
        if unknown:
            from core.kinds import suggestion

            chosen = self._subparsers_by_name[options.command]
            known = [flag for flag in chosen._option_string_actions if flag.startswith("--")]
            flag = unknown[0].partition("=")[0]
            for name, other in self._subparsers_by_name.items():
                if flag.startswith("--") and flag in other._option_string_actions:
                    raise WrongUse(f"option {flag!r} belongs to {name}, not to {options.command}")
            kind = "option" if flag.startswith("-") else "argument"
            raise WrongUse(
                f"{kind} {unknown[0]!r} is not known to {options.command}"
                f"{suggestion(flag, known) or f'; see nnfs-tui {options.command} --help'}"
            )
        return options

    _subparsers_by_name: dict[str, _Parser]


def _accepted_by(flag: str) -> str:
    from core.config import settings

    kinds = {each.flag: each.kind for each in settings()}
    return f"; accepted is {kinds[flag].accepts}" if flag in kinds else ""


def _parser() -> _Parser:
    from core import __version__
    from core.presets import DEFAULT, PRESETS

    parser = _Parser(
        prog="nnfs-tui",
        usage="nnfs-tui [COMMAND] [PRESET] [options]",
        description="Watch a neural network, written from scratch in NumPy, learn.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"nnfs-tui {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", prog="nnfs-tui", parser_class=_Parser
    )
    parsers = {
        name: commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        for name, text in COMMANDS.items()
    }
    parser._subparsers_by_name = parsers
    for name in ("watch", "train", "check"):
        parsers[name].add_argument(
            "preset",
            nargs="?",
            default=DEFAULT,
            metavar="PRESET",
            help=f"{', '.join(PRESETS)} (default {DEFAULT})",
        )
        if name != "check":
            parsers[name].add_argument(
                "--log", metavar="FILE", help="write every epoch to a file, one JSON object a line"
            )
        _add_settings(parsers[name])
    parsers["train"].add_argument(
        "--json", action="store_true", help="write one JSON object a line, and nothing else"
    )
    screen = parsers["watch"].add_argument_group("screen")
    screen.add_argument(
        "--speed",
        default="30",
        metavar="N",
        help=f"epochs per second, or max, which trains {EPOCHS_AT_MAX:,} epochs unless --epochs says "
        "otherwise (default 30)",
    )
    screen.add_argument(
        "--fps", default="10", metavar="N", help=f"frames per second, 1 to {FASTEST} (default 10)"
    )
    screen.add_argument(
        "--paused", action="store_true", help="wait for space before the first epoch"
    )
    screen.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    from core.config import settings

    first = parser.add_argument_group(
        "settings", "what is not given is the preset's; the defaults are those of moons"
    )
    first.add_argument("--config", metavar="FILE", help="a TOML file with any of these settings")
    groups: dict[str, Any] = {}
    for setting in settings():
        if setting.group not in groups:
            groups[setting.group] = parser.add_argument_group(setting.group)
        default = setting.write(setting.default)
        groups[setting.group].add_argument(
            setting.flag,
            dest=setting.name,
            metavar=setting.option.rpartition("-")[2].upper(),
            help=f"{setting.help}; {setting.kind.accepts}; default {default}".replace("%", "%%"),
        )
    parser.epilog = _words()
    parser.formatter_class = _Formatter


class _Formatter(argparse.HelpFormatter):
    """Keeps the lines of the epilog, which is a table."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "".join(indent + line for line in text.splitlines(keepends=True))


def _words() -> str:
    """Return a table of the words that settings take, each with its line."""
    from core.config import settings
    from core.kinds import line_of, words_of

    lines = []
    for setting in settings():
        told = [(word, line_of(setting.kind, word)) for word in words_of(setting.kind)]
        told = [(word, line) for word, line in told if line]
        if told:
            lines.append(f"{setting.flag}:")
            lines += [f"  {word:<23}{line}" for word, line in told]
            lines.append("")
    return "\n".join(lines)


def _config(options: argparse.Namespace) -> RunConfig:
    """Return the preset with the file's settings, and over those the options'."""
    from core.config import read_toml, settings
    from core.kinds import ConfigError, suggestion
    from core.presets import PRESETS, preset

    close = suggestion(options.preset, [*PRESETS, *COMMANDS])
    if options.preset not in PRESETS and any(command in close for command in COMMANDS):
        raise WrongUse(f"{options.preset!r} is neither a command nor a preset{close}")
    try:
        chosen = preset(options.preset)
        values = read_toml(Path(options.config)) if options.config is not None else {}
        for each in settings():
            text = getattr(options, each.name)
            if text is not None:
                values[each.name] = each.read(text)
        return chosen.config(**values)
    except ConfigError as error:
        flags = {each.name: each.flag for each in settings()} | {"config": "--config"}
        raise WrongUse(error.sentence(flags.get(error.name, error.name))) from None


def _file_sets(options: argparse.Namespace, name: str) -> bool:
    from core.config import read_toml

    return options.config is not None and name in read_toml(Path(options.config))


def _list_presets() -> int:
    from core.presets import PRESETS

    for preset in PRESETS.values():
        print(f"{preset.name:<12}{preset.description}\n{'':<12}{preset.config().describe()}")  # noqa: T201
    return 0


def _list_datasets() -> int:
    from core.datasets import DATASETS

    for info in DATASETS.values():
        if info.targets:
            told = f"{info.targets} number{'s' * (info.targets > 1)} to predict"
        else:
            told = f"{info.classes} classes"
        if info.any_classes:
            told += " (any number with --classes)"
        facts = f"{info.features} features, {told}, {info.samples} samples"
        print(f"{info.name:<14}{info.description}\n{'':<14}{facts}")  # noqa: T201
    return 0


def _train(config: RunConfig, *, as_json: bool, log: str | None) -> int:
    from tui.headless import train

    with ExitStack() as stack:
        outputs = [sys.stdout] if as_json and sys.stdout is not None else []
        if log is not None:
            outputs.append(stack.enter_context(_log_file(log)))
        try:
            return train(config, outputs, quiet=as_json)
        except BrokenPipeError:
            raise
        except OSError as error:
            _stop_writing(1)
            raise CannotWrite(f"the output cannot be written: {error.strerror}") from None


def _watch(config: RunConfig, process: TrainingProcess, options: argparse.Namespace) -> int:
    from tui.app import NnfsApp
    from tui.runlog import RunLog

    log = RunLog(_log_file(options.log)) if options.log is not None else None
    app = NnfsApp(
        config,
        process,
        speed=options.speed,
        frames_per_second=options.fps,
        paused=options.paused,
        run_log=log,
    )
    app.leave_on_signals()
    try:
        app.run(mouse=not options.no_mouse)
    finally:
        if log is not None:
            log.close()
    if app.signal_received:
        _stop_writing(1, 2)  # there may be nobody left to write to
    else:
        _say_goodbye(app.training.session)
    return app.return_code or 0


def _say_goodbye(session: Session) -> None:
    """Leave the run's last numbers in the terminal."""
    from core.process import State
    from tui.headless import summary

    metrics = session.timeline.last()
    if metrics is None or session.data is None:
        return
    stopped: Ending = "interrupted"
    if session.state in {State.DIVERGED, State.FINISHED} and session.stopped is not None:
        stopped = session.stopped
    text = summary(session.config, metrics, None, stopped, session.data, restored=session.restored)
    print(text.replace("interrupted after", "stopped after"))  # noqa: T201


def _check_screen_options(options: argparse.Namespace) -> None:
    """Turn the screen's options into numbers."""
    slow, fast = 0.01, 1e6
    is_max = options.speed == "max"
    options.speed = None if is_max else _number("--speed", options.speed, slow, fast, "max")
    options.fps = _number("--fps", options.fps, 1, FASTEST)


def _number(flag: str, text: str, low: float, high: float, *words: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        accepted = " or ".join([f"a number from {low:g} to {high:g}", *words])
        raise WrongUse(f"{flag}: {text!r} was given; accepted is {accepted}")
    return value


def _log_file(name: str) -> IO[str]:
    try:
        return Path(name).open("w", encoding="utf-8")
    except OSError as error:
        raise WrongUse(
            f"--log: {name!r} was given; accepted is a file that can be written ({error.strerror})"
        ) from None


if __name__ == "__main__":
    sys.exit(main())
