"""What the program is called with: its commands and options, made from the table of settings.

`cli` reads the arguments with this parser. Nothing here imports NumPy before it has to.
"""

from __future__ import annotations

import argparse
import re
from itertools import pairwise, zip_longest
from typing import Any, Final, NoReturn

COMMANDS: Final = {
    "watch": "train and watch; a preset's name alone does the same",
    "train": "train without a screen",
    "presets": "list the presets, which are runs with a name",
    "datasets": "list the data sets, or show one of them",
    "resume": "continue a saved run: the last, or one by its name",
    "runs": "list the saved runs, or remove some of them",
    "check": "compare backpropagation with central differences, layer by layer",
}
FASTEST: Final = 30
SLOWEST_RATE, FASTEST_RATE = 500, 10**9
"""Bytes a second."""
EPOCHS_AT_MAX: Final = 250_000
"""The length of a watched run at max speed that is given none: a preset's would be over at once."""
EXAMPLES: Final = """\
examples:
  nnfs-tui xor
  nnfs-tui moons --hidden 16,16 --activation relu --init he --lr 0.005
  nnfs-tui spiral --classes 5 --speed max
  nnfs-tui moons --hidden 8,8 --activation relu,tanh --batch-norm --dropout 0.1 --schedule cosine
  nnfs-tui --data flowers.csv --target species
  nnfs-tui train moons --json --seed 3
  nnfs-tui resume
  nnfs-tui check spiral --loss hinge --l1 0.001
"""


class UsageError(Exception):
    """A usage error: one sentence that names the argument and what is expected instead."""


def with_switches(given: list[str]) -> list[str]:
    """Return the arguments with `on` after each switch that stands alone."""
    from core.config.presets import PRESETS
    from core.config.run_config import settings
    from core.config.value_types import Switch

    switches = {each.flag for each in settings() if isinstance(each.value_type, Switch)}
    words = Switch().words
    for each, following in pairwise(given):
        if each in switches and following[:1] != "-" and following not in {*words, *PRESETS}:
            accepted = Switch().accepts
            raise UsageError(f"invalid value {following!r} for {each}: expected {accepted}")
    return [
        f"{each}=on" if each in switches and following not in words else each
        for each, following in zip_longest(given, given[1:])
    ]


class _Parser(argparse.ArgumentParser):
    """Complains in one sentence, and suggests what may have been meant."""

    def error(self, message: str) -> NoReturn:
        missing = re.fullmatch(r"argument (--\S+): expected one argument", message)
        if missing:
            raise UsageError(f"missing value for {missing[1]}{_expected_by(missing[1])}")
        raise UsageError(message)

    def parse_args(self, given: Any = None, namespace: Any = None) -> Any:
        options, unknown = self.parse_known_args(given, namespace)
        for name, value in vars(options).items():
            if value == [] and name != "words":
                # argparse of Python 3.11 takes the value of --option=-- away
                setattr(options, name, "--")
        if unknown:
            from core.config.errors import suggestion

            chosen = self._subparsers_by_name[options.command]
            known = chosen.flags()
            flag = unknown[0].partition("=")[0]
            for name, other in self._subparsers_by_name.items():
                if flag.startswith("--") and flag in other.flags():
                    raise UsageError(f"option {flag!r} belongs to {name}, not to {options.command}")
            kind = "option" if flag.startswith("-") else "argument"
            raise UsageError(
                f"{kind} {unknown[0]!r} is not known to {options.command}"
                f"{suggestion(flag, known) or f'; see nnfs-tui {options.command} --help'}"
            )
        return options

    def flags(self) -> list[str]:
        """Return the long options. The parser has no public list of them; its usage names each."""
        return ["--help", *re.findall(r"--[a-z][a-z0-9-]*", self.format_usage())]

    _subparsers_by_name: dict[str, _Parser]


def _expected_by(flag: str) -> str:
    from core.config.run_config import settings

    kinds = {each.flag: each.value_type for each in settings()}
    return f": expected {kinds[flag].accepts}" if flag in kinds else ""


def parser() -> _Parser:
    """Return the parser of the whole command line."""
    from core import __version__
    from core.config.presets import DEFAULT, PRESETS

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
    parsers["datasets"].add_argument(
        "name", nargs="?", metavar="NAME", help="a data set, or a file, to be shown"
    )
    for name in ("watch", "train", "check"):
        parsers[name].add_argument(
            "preset",
            nargs="?",
            default=DEFAULT,
            metavar="PRESET",
            help=f"{', '.join(PRESETS)}, or a file of data (default {DEFAULT})",
        )
        if name != "check":
            parsers[name].add_argument(
                "--log",
                metavar="FILE",
                help="write every epoch to a file, one JSON object per line",
            )
        _add_settings(parsers[name])
    parsers["train"].add_argument(
        "--json", action="store_true", help="write one JSON object per line, and nothing else"
    )
    _add_screen(parsers["watch"])
    _add_runs(parsers)
    return parser


def _add_screen(parser: argparse.ArgumentParser) -> None:
    screen = parser.add_argument_group("screen")
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
        "--max-rate",
        metavar="BYTES",
        help="bytes per second to the terminal, such as 16k or 1M; the line is measured in any case, "
        "and not filled further than it carries (default: no limit)",
    )
    screen.add_argument(
        "--paused", action="store_true", help="wait for space before the first epoch"
    )
    screen.add_argument("--no-mouse", action="store_true", help="leave the mouse to the terminal")
    screen.add_argument(
        "--colors",
        metavar="N",
        help="truecolor, 256, 16 or none (default: what NO_COLOR, COLORTERM and TERM tell)",
    )
    screen.add_argument(
        "--palette",
        default="blue-orange",
        metavar="NAME",
        help="blue-orange or viridis; colour-blind eyes can read both (default blue-orange)",
    )
    screen.add_argument(
        "--background",
        metavar="NAME",
        help="dark or light (default: what COLORFGBG tells, or dark)",
    )
    screen.add_argument(
        "--ascii",
        action=argparse.BooleanOptionalAction,
        help="send nothing but ASCII (default: where the locale is not in UTF-8)",
    )


def _add_runs(parsers: dict[str, _Parser]) -> None:
    """Add what concerns the runs that are kept."""
    for name in ("watch", "train", "resume", "runs"):
        group = parsers[name].add_argument_group("saved runs")
        group.add_argument(
            "--run-dir",
            metavar="DIR",
            help="the folder of all runs (default: NNFS_TUI_RUN_DIR, or the system's for the state of "
            "programs)",
        )
        if name in {"watch", "train"}:
            group.add_argument(
                "--no-save",
                action="store_true",
                help="do not save this run: leave nothing on the disk",
            )
        if name != "runs":
            group.add_argument(
                "--keep-runs",
                metavar="N",
                help="the newest runs that stay, of at most 1 GiB together, or all, whatever they take "
                "(default: NNFS_TUI_KEEP_RUNS, or 100)",
            )
    resume = parsers["resume"]
    resume.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="a run, or the beginning of its name (default: the last)",
    )
    resume.add_argument(
        "--take-over",
        action="store_true",
        help="if another nnfs-tui uses the run, make it save and exit first",
    )
    resume.add_argument("--train", action="store_true", help="continue without a screen")
    resume.add_argument(
        "--json", action="store_true", help="with --train: write one JSON object per line"
    )
    resume.add_argument(
        "--log", metavar="FILE", help="write every epoch to a file, one JSON object per line"
    )
    _add_screen(resume)
    runs = parsers["runs"]
    runs.add_argument("words", nargs="*", metavar="rm NAME", help="remove runs, by their names")
    runs.add_argument("--json", action="store_true", help="write one JSON object per run")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    from core.config.run_config import settings

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
            help=f"{setting.help}; {setting.value_type.accepts}; default {default}".replace(
                "%", "%%"
            ),
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
    from core.config.run_config import settings
    from core.config.value_types import line_of, words_of

    lines = []
    for setting in settings():
        told = [(word, line_of(setting.value_type, word)) for word in words_of(setting.value_type)]
        told = [(word, line) for word, line in told if line]
        if told:
            lines.append(f"{setting.flag}:")
            lines += [f"  {word:<23}{line}" for word, line in told]
            lines.append("")
    return "\n".join(lines)
