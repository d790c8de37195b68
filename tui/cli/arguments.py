"""Argument parser: commands and options, the latter generated from the table of settings.

NumPy is imported only when needed.
"""

from __future__ import annotations

import argparse
import re
from itertools import pairwise, zip_longest
from textwrap import fill
from typing import Any, Final, NoReturn

COMMANDS: Final = {
    "watch": "train and watch (the default command)",
    "train": "train without a screen",
    "presets": "list the presets",
    "datasets": "list the data sets, or describe one",
    "resume": "resume a saved run",
    "runs": "list or remove saved runs",
    "compare": "compare saved runs: maps, curves, settings that differ, and where two disagree",
    "replay": "play a saved run again, at any speed",
    "follow": "watch the training of another process or program",
    "export": "write a saved run as a table, as code for other frameworks, or as a report",
    "sweep": "train a grid of settings, with several seeds",
    "serve": "train and watch in a browser",
    "check": "compare backpropagation with central differences, layer by layer",
    "help": "explain a command, a preset, a data set or a setting",
    "completion": "print a script that completes commands, presets, runs and values in a shell",
}
SOURCES: Final = ("data", "dataset")
"""Settings that name the data, for which the command `datasets` has an argument."""

FASTEST: Final = 30
SLOWEST_RATE, FASTEST_RATE = 500, 10**9
"""Bytes per second."""
EPOCHS_AT_MAX: Final = 250_000
"""Default length of a watched run at max speed: that of a preset would be over in an instant."""
GENERAL: Final = """\
more help:
  nnfs-tui help watch       all options of a command, their values and defaults
  nnfs-tui help moons       a preset (or a data set): what it is and how to run it
  nnfs-tui help lr          a setting: what it is, its values and its default
  nnfs-tui help keys        the keys on the screen, and the names of their actions
  nnfs-tui presets          the list of presets; nnfs-tui datasets: of data sets
  keys h, ? and e           on the screen: settings, keys, the focused panel

preferences (nnfs-tui help preferences) are read from
  {preferences}

examples:
  nnfs-tui xor
  nnfs-tui moons --hidden 16,16 --activation relu --init he --lr 0.005
  nnfs-tui spiral --classes 5 --speed max
  nnfs-tui moons --hidden 8,8 --activation relu,tanh --batch-norm --dropout 0.1 --schedule cosine
  nnfs-tui --data flowers.csv --target species
  nnfs-tui train moons --json --seed 3
  nnfs-tui resume
  nnfs-tui check spiral --loss hinge --l1 0.001
  nnfs-tui sweep moons --hidden 4 8 8,8 --lr 0.001 0.01 0.1 --seeds 10
  nnfs-tui sweep moons --optimizer sgd momentum rmsprop adam --race
"""


OTHER_OPTIONS: Final = {
    "screen (watch)": [
        *(
            "--speed",
            "--fps",
            "--max-rate",
            "--paused",
            "--record",
            "--no-mouse",
            "--colors",
            "--palette",
        ),
        *("--background", "--ascii", "--no-ascii", "--title", "--no-title", "--progress"),
        *("--no-progress", "--notify", "--no-notify"),
    ],
    "output (train)": ["--json", "--plain"],
    "many runs": ["--seeds"],
    "sweep": [
        "--seeds",
        "--random",
        "--halving",
        "--race",
        "--jobs",
        "--scheduler",
        "--sort",
        "--csv",
    ],
    "serve": ["--host", "--port"],
    "files": ["--config", "--log", "--run-dir", "--no-save", "--keep-runs"],
}
"""Options that are not settings."""


class UsageError(Exception):
    """A usage error: one sentence that names the argument and what is expected instead."""


def invalid_value(given: str, name: str, expected: str) -> UsageError:
    """Return the error for the value of an option or an environment variable."""
    from core.config.errors import ConfigError

    return UsageError(ConfigError(name, given, expected).sentence(name))


def read_count(flag: str, text: str, most: int) -> int:
    """Return the value of an option that counts something, from 1 to `most`."""
    if text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    raise invalid_value(text, flag, f"a whole number from 1 to {most}")


def with_switches(given: list[str]) -> list[str]:
    """Return the arguments with `=on` appended to each switch without a value; --no-NAME is NAME=off."""
    from core.config.presets import PRESETS
    from core.config.run_config import settings
    from core.config.value_types import Switch

    switches = {each.flag for each in settings() if isinstance(each.value_type, Switch)}
    words = Switch().words
    negated = {f"--no-{each[2:]}": f"{each}=off" for each in switches}
    given = [negated.get(each, each) for each in given]
    for each, following in pairwise(given):
        known = following in words or following.replace("_", "-") in PRESETS
        if each in switches and following[:1] != "-" and not known:
            raise invalid_value(following, each, Switch().accepts)
    return [
        f"{each}=on" if each in switches and following not in words else each
        for each, following in zip_longest(given, given[1:])
    ]


def with_negative_entries(given: list[str]) -> list[str]:
    """Return the arguments with `--features -id` as one argument, not two options."""
    from core.config.run_config import settings
    from core.config.value_types import ColumnNames, OptionalValue

    kinds = {each.flag: each.value_type for each in settings()}
    columns = {
        flag
        for flag, kind in kinds.items()
        if isinstance(kind, OptionalValue) and isinstance(kind.kind, ColumnNames)
    }
    joined: list[str] = []
    for each in given:
        if joined and joined[-1] in columns and each[:1] == "-" and each[:2] != "--":
            joined[-1] += f"={each}"
        else:
            joined.append(each)
    return joined


class _Parser(argparse.ArgumentParser):
    """Parser that raises `UsageError` with one sentence and a suggestion for near misses."""

    def error(self, message: str) -> NoReturn:
        missing = re.fullmatch(r"argument (--\S+): expected (?:at least )?one argument", message)
        if missing:
            raise UsageError(f"missing value for {missing[1]}{_expected_by(missing[1])}")
        raise UsageError(message)

    def parse_args(self, given: Any = None, namespace: Any = None) -> Any:
        options, unknown = self.parse_known_args(given, namespace)
        for name, value in vars(options).items():
            if value == [] and name not in {"words", "names"}:
                # argparse of Python 3.11 drops the value of --option=--
                setattr(options, name, "--")
        if unknown:
            from core.config.errors import quoted, suggestion

            chosen = self._subparsers_by_name[options.command]
            known = chosen.flags()
            flag = unknown[0].partition("=")[0]
            for name, other in self._subparsers_by_name.items():
                if flag.startswith("--") and flag in other.flags():
                    raise UsageError(
                        f"option {quoted(flag)} belongs to {name}, not to {options.command}"
                    )
            kind = "option" if flag.startswith("-") else "argument"
            raise UsageError(
                f"unknown {kind} {quoted(unknown[0])} for {options.command}"
                f"{suggestion(flag, known) or f'; see nnfs-tui {options.command} --help'}"
            )
        return options

    def flags(self) -> list[str]:
        """Return the long options, read from the usage, since argparse has no public list of them."""
        return ["--help", *re.findall(r"--[a-z][a-z0-9-]*", self.format_usage())]

    def actions(self) -> list[argparse.Action]:
        """Return the arguments and options."""
        return list(self._actions)

    def of_command(self, name: str) -> _Parser:
        """Return the parser of a command."""
        return self._subparsers_by_name[name]

    _subparsers_by_name: dict[str, _Parser]


def _expected_by(flag: str) -> str:
    from core.config.run_config import settings

    kinds = {each.flag: each.value_type for each in settings()}
    return f": expected {kinds[flag].accepts}" if flag in kinds else ""


def parser() -> _Parser:
    """Return the parser of the command line."""
    from core import __version__
    from core.config.presets import DEFAULT, PRESETS

    parser = _Parser(
        prog="nnfs-tui",
        usage="nnfs-tui [COMMAND] [PRESET] [options]",
        description="Watch a neural network, written from scratch in NumPy, learn.",
        epilog=f"{_option_list()}\n{_general()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"nnfs-tui {__version__}")
    commands = parser.add_subparsers(
        dest="command",
        # as wide as the commands, which argparse indents, so that each has its text in its line
        metavar="COMMAND [options]",
        prog="nnfs-tui",
        parser_class=_Parser,
    )
    parsers = {
        name: commands.add_parser(name, help=text, description=text, allow_abbrev=False)
        for name, text in COMMANDS.items()
    }
    parser._subparsers_by_name = parsers
    parsers["help"].add_argument(
        "words", nargs="*", metavar="TOPIC", help="a command, a preset, a data set or a setting"
    )
    parsers["serve"].add_argument(
        "--host",
        metavar="NAME",
        help="address to listen on (default 127.0.0.1: this computer only)",
    )
    parsers["serve"].add_argument("--port", metavar="N", help="port to listen on (default 8000)")
    parsers["serve"].add_argument(
        "words",
        nargs="*",
        metavar="ARGUMENT",
        help="arguments of watch, or resume and its arguments: what each visitor runs",
    )
    parsers["completion"].add_argument("shell", metavar="SHELL", help="bash, zsh or fish")
    parsers["datasets"].add_argument("name", nargs="?", metavar="NAME", help="a data set or a file")
    _add_settings(parsers["datasets"], "data", "file")
    for name in ("watch", "train", "check", "sweep"):
        parsers[name].add_argument(
            "preset",
            nargs="?",
            default=DEFAULT,
            metavar="PRESET",
            help=f"{', '.join(PRESETS)}, or a data file (default {DEFAULT})",
        )
        if name in {"watch", "train"}:
            parsers[name].add_argument(
                "--log",
                metavar="FILE",
                help="write every epoch to a file, as one JSON object per line",
            )
        if name == "sweep":
            _add_sweep(parsers[name])
        _add_settings(parsers[name], several=name == "sweep")
    parsers["train"].add_argument(
        "--json", action="store_true", help="print one JSON object per line, and nothing else"
    )
    for name in ("watch", "train"):
        parsers[name].add_argument(
            "--seeds",
            metavar="N",
            help="train N runs at once, with seeds from --seed on, and show how many have learnt; they "
            "are saved as one",
        )
    for name in ("train", "resume", "sweep"):
        without = "a screen or a bar" if name == "sweep" else "a bar and a chart"
        parsers[name].add_argument(
            "--plain",
            action="store_true",
            help=f"print the progress as lines at a steady interval, without {without}, for "
            "screen readers and logs (default: with TERM=dumb)",
        )
    _add_screen(parsers["watch"])
    _add_follow(parsers["follow"])
    parsers["replay"].add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a saved run, or the beginning of its name (default: the latest)",
    )
    _add_screen(parsers["replay"])
    _add_runs(parsers)
    return parser


def _general() -> str:
    from tui.preferences import preferences_place

    return GENERAL.format(preferences=preferences_place())


def _option_list() -> str:
    """Return the names of all options, by group."""
    from core.config.run_config import settings

    groups: dict[str, list[str]] = {}
    for each in settings():
        groups.setdefault(each.group, []).append(each.flag)
    groups |= OTHER_OPTIONS
    lines = ["options of watch and train (nnfs-tui help NAME explains a setting):"]
    width = 2 + max(map(len, groups))
    for group, flags in groups.items():
        indent = " " * (2 + width)
        text = fill(
            " ".join(flags),
            79,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )
        lines.append(f"  {group:<{width}}{text.lstrip()}")
    return "\n".join([*lines, ""])


def _add_screen(parser: argparse.ArgumentParser) -> None:
    screen = parser.add_argument_group("screen")
    screen.add_argument(
        "--speed",
        metavar="N",
        help=f"epochs per second, or max, which trains {EPOCHS_AT_MAX:,} epochs unless --epochs is "
        "given (default 30)",
    )
    screen.add_argument(
        "--fps", default="10", metavar="N", help=f"frames per second, 1 to {FASTEST} (default 10)"
    )
    screen.add_argument(
        "--paused", action="store_true", help="wait for space before the first epoch"
    )
    _add_recording(screen)
    _add_terminal(screen)


def _add_recording(screen: Any) -> None:
    screen.add_argument(
        "--record", metavar="FILE", help="record the screen, for asciinema play FILE"
    )


def _add_terminal(screen: Any) -> None:
    screen.add_argument(
        "--max-rate",
        metavar="BYTES",
        help="limit of bytes per second to the terminal, such as 16k or 1M; the output never exceeds "
        "the measured rate of the line (default: no limit)",
    )
    screen.add_argument("--no-mouse", action="store_true", help="do not use the mouse")
    screen.add_argument(
        "--colors",
        metavar="N",
        help="truecolor, 256, 16 or none (default: from NO_COLOR, COLORTERM and TERM)",
    )
    screen.add_argument(
        "--palette",
        metavar="NAME",
        help="blue-orange or viridis, both safe for colour-blind users (default blue-orange)",
    )
    screen.add_argument(
        "--background",
        metavar="NAME",
        help="dark or light (default: from COLORFGBG, or dark)",
    )
    screen.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        help="use only ASCII (default: if the locale is not UTF-8)",
    )

    screen.add_argument(
        "--title",
        action=argparse.BooleanOptionalAction,
        help="show the state of the run in the title of the terminal (default: if it can be restored)",
    )
    screen.add_argument(
        "--progress",
        action=argparse.BooleanOptionalAction,
        help="show the progress in the tab or the task bar, by OSC 9;4 (default: on terminals that are "
        "known to do so)",
    )
    screen.add_argument(
        "--notify",
        action=argparse.BooleanOptionalAction,
        help="ring the bell, and send a notification where that is possible, when a run ends or looks "
        "stuck while another window has the focus (default: no)",
    )


def _add_follow(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path",
        nargs="?",
        metavar="FILE|FOLDER|RUN",
        help="a CSV file with a column epoch, step or iteration, JSON lines, or TensorBoard event "
        "files; of a folder, the newest of them, also in its subfolders; or a saved run that another "
        "nnfs-tui trains (default: the latest)",
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        help="number of epochs or steps of the run, for the time that is left (default: from the "
        "log, if it says so)",
    )
    parser.add_argument(
        "--once", action="store_true", help="print what is known now, and exit; no screen"
    )
    screen = parser.add_argument_group("screen")
    _add_recording(screen)
    _add_terminal(screen)


def _add_runs(parsers: dict[str, _Parser]) -> None:
    """Add the options of saved runs."""
    for name in (
        "watch",
        "train",
        "resume",
        "runs",
        "sweep",
        "export",
        "compare",
        "follow",
        "replay",
    ):
        group = parsers[name].add_argument_group("saved runs")
        group.add_argument(
            "--run-dir",
            metavar="DIR",
            help="folder of saved runs (default: NNFS_TUI_RUN_DIR, or the system's folder for the "
            "state of programs)",
        )
        if name in {"watch", "train", "sweep"}:
            what = "the outcomes, nor read earlier ones" if name == "sweep" else "this run"
            group.add_argument("--no-save", action="store_true", help=f"do not save {what}")
        if name not in {"runs", "sweep", "export", "compare", "follow", "replay"}:
            group.add_argument(
                "--keep-runs",
                metavar="N",
                help="number of newest runs to keep, up to 1 GiB in total, or all, without a limit "
                "(default: NNFS_TUI_KEEP_RUNS, or 100)",
            )
    _add_export(parsers["export"])
    compare = parsers["compare"]
    compare.add_argument(
        "names",
        nargs="*",
        metavar="RUN",
        help="a saved run, or the beginning of its name (default: a list in which runs are marked)",
    )
    compare.add_argument(
        "--sort",
        metavar="COLUMN",
        help="sort by a number such as test-loss, or by a setting (default: in the order given)",
    )
    compare.add_argument("--json", action="store_true", help="print one JSON object per run")
    compare.add_argument(
        "--plain", action="store_true", help="print the comparison (default: without a terminal)"
    )
    _add_terminal(compare.add_argument_group("screen"))
    resume = parsers["resume"]
    resume.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a saved run, or the beginning of its name (default: the latest)",
    )
    resume.add_argument(
        "--take-over",
        action="store_true",
        help="if another nnfs-tui uses the run, make it save and exit first",
    )
    resume.add_argument("--train", action="store_true", help="resume without a screen")
    resume.add_argument(
        "--json", action="store_true", help="with --train: print one JSON object per line"
    )
    resume.add_argument(
        "--log", metavar="FILE", help="write every epoch to a file, as one JSON object per line"
    )
    _add_screen(resume)
    runs = parsers["runs"]
    runs.add_argument("words", nargs="*", metavar="rm NAME", help="remove the named runs")
    runs.add_argument("--json", action="store_true", help="print one JSON object per run")


def _add_sweep(parser: argparse.ArgumentParser) -> None:
    """Add the options of a grid, before its settings."""
    grid = parser.add_argument_group(
        "grid", "each setting below may have several values, which form a grid"
    )
    grid.add_argument(
        "--seeds",
        metavar="N",
        help="number of seeds of each combination, from --seed on (default 1)",
    )
    grid.add_argument(
        "--random", metavar="N", help="train only N combinations, chosen at random (default: all)"
    )
    grid.add_argument(
        "--halving",
        action="store_true",
        help="train all combinations for a few epochs, the best third for three times as many, and so "
        "on up to --epochs",
    )
    grid.add_argument(
        "--race",
        action="store_true",
        help="train all combinations at the same pace, and compare their maps and curves on the screen; "
        "with one seed, they start from the same initial weights if their networks have the same size",
    )
    grid.add_argument(
        "--jobs", metavar="N", help="number of processes that train (default: one per core)"
    )
    grid.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="train on the workers of a Dask scheduler, such as tcp://host:8786",
    )
    grid.add_argument(
        "--shared-files",
        action="store_true",
        help="workers read the data file under the same path, instead of receiving its samples",
    )
    output = parser.add_argument_group("output")
    output.add_argument(
        "--sort",
        metavar="COLUMN",
        help="sort the table by a number such as test-loss, or by a setting (default: by the score)",
    )
    output.add_argument("--csv", metavar="FILE", help="write one row per run to a file")
    output.add_argument(
        "--json",
        action="store_true",
        help="print one JSON object per finished run, without a screen and a table",
    )
    _add_terminal(parser.add_argument_group("screen"))


def _add_export(parser: argparse.ArgumentParser) -> None:
    from tui.cli.export import list_formats

    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a saved run, or the beginning of its name (default: the latest)",
    )
    parser.add_argument("--to", metavar="FORMAT", help="the format; see below")
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="the file to write, or - for standard output (default: the name of the run)",
    )
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    parser.epilog = f"formats:\n{list_formats()}\n"
    parser.formatter_class = _Formatter


def _add_settings(parser: argparse.ArgumentParser, *only: str, several: bool = False) -> None:
    """Add all settings, or those of the data in some groups; `several` accepts more than one value."""
    from core.config.run_config import settings

    if not only:
        first = parser.add_argument_group(
            "settings", "defaults are those of the preset; moons is shown"
        )
        first.add_argument("--config", metavar="FILE", help="TOML file with any of these settings")
    groups: dict[str, Any] = {}
    for setting in settings():
        if only and (setting.group not in only or setting.name in SOURCES):
            continue
        if setting.group not in groups:
            groups[setting.group] = parser.add_argument_group(setting.group)
        default = setting.write(setting.default)
        groups[setting.group].add_argument(
            setting.flag,
            dest=setting.name,
            nargs="+" if several else None,
            metavar=setting.option.rpartition("-")[2].upper(),
            help=f"{setting.help}; {setting.value_type.accepts}; default {default}".replace(
                "%", "%%"
            ),
        )
    parser.epilog = _words(*groups)
    parser.formatter_class = _Formatter


class _Formatter(argparse.HelpFormatter):
    """Formatter that keeps the lines of the epilog, which is a table."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        if "\n" not in text:
            return super()._fill_text(text, width, indent)
        return "".join(indent + line for line in text.splitlines(keepends=True))


def _words(*groups: str) -> str:
    """Return a table of the choices of the settings in some groups, with their descriptions."""
    from core.config.run_config import settings
    from core.config.value_types import line_of, words_of

    lines = []
    for setting in (each for each in settings() if each.group in groups):
        described = [
            (word, line_of(setting.value_type, word)) for word in words_of(setting.value_type)
        ]
        described = [(word, line) for word, line in described if line]
        if described:
            lines.append(f"{setting.flag}:")
            lines += [f"  {word:<23}{line}" for word, line in described]
            lines.append("")
    return "\n".join(lines)
