"""Completion of command lines in bash, zsh and fish: `nnfs-tui completion SHELL`.

The scripts of the shells only call `nnfs-tui completion words -- WORDS`, which prints the words that may
follow, each with its description. So there is one implementation, which always agrees with the parser,
and saved runs are those that exist when the user presses tab.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from time import localtime, strftime
from typing import TYPE_CHECKING, Final, NamedTuple

from core.config.presets import PRESETS
from core.config.run_config import settings
from core.config.value_types import MultiChoice, PerLayer, Switch, hyphenated, line_of, words_of
from core.datasets import DATASETS
from tui.cli.arguments import COMMANDS, UsageError, invalid_value, parser
from tui.drawing.themes import BACKGROUNDS, DEPTHS, PALETTES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from core.config.settings import Setting
    from core.runs.catalogue import RunListing

SHELLS: Final = {"bash": "nnfs-tui.bash", "zsh": "_nnfs-tui", "fish": "nnfs-tui.fish"}
"""The script of each shell."""
SCRIPTS: Final = Path(__file__).with_name("scripts")
VALUES: Final = {
    "--speed": ("max",),
    "--keep-runs": ("all",),
    "--colors": DEPTHS,
    "--palette": PALETTES,
    "--background": BACKGROUNDS,
}
"""Words that are values of options other than settings."""


class Word(NamedTuple):
    """A word that may follow, with its description."""

    text: str
    help: str = ""


NAMES: Final = (Word(":files"), Word(":folders"))
"""Have the shell complete the name of a file, or of a folder."""


def completion(given: Sequence[str]) -> int:
    """Print the script for a shell, or the words that may follow `words -- WORDS`.

    Raises:
        UsageError: for an unknown shell.
    """
    if list(given[:2]) == ["words", "--"]:
        for word in following(given[2:] or [""]):
            print("\t".join(word) if word.help else word.text)  # noqa: T201
        return 0
    if not given:
        raise UsageError(f"missing shell for completion: expected {_shells()}")
    if len(given) > 1 or given[0] not in SHELLS:
        raise invalid_value(" ".join(given), "completion", _shells())
    print((SCRIPTS / SHELLS[given[0]]).read_text(encoding="utf-8"), end="")  # noqa: T201
    return 0


def _shells() -> str:
    *most, last = SHELLS
    return f"{', '.join(most)} or {last}"


def following(words: Sequence[str]) -> list[Word]:
    """Return the words that may replace the last one, which may be incomplete."""
    *before, current = _joined(words)
    command = before[0] if before and before[0] in COMMANDS else "watch"
    typed = before[1:] if before[:1] == [command] else before
    flag, equals, value = current.partition("=")
    found: Iterator[Word]
    if flag.startswith("--") and equals:
        found = (
            word if word in NAMES else Word(f"{flag}={word.text}", word.help)
            for word in _values(command, flag, value)
        )
    else:
        found = _words(command, typed, current, is_first=not before)
    matching = (word for word in found if word in NAMES or word.text.startswith(current))
    return list({word.text: word for word in matching}.values())


def _joined(words: Sequence[str]) -> list[str]:
    """Return the words without the `=` that bash separates from the option before it."""
    *before, current = words
    return [*(word for word in before if word != "="), "" if current == "=" else current]


def _words(command: str, typed: Sequence[str], current: str, *, is_first: bool) -> Iterator[Word]:
    """Yield the words that may follow the typed ones."""
    if current.startswith("-"):
        yield from _flags(command, typed)
        return
    last = next((word for word in reversed(typed) if word.startswith("--")), "")
    distance = len(typed) - list(typed).index(last) if last else 0
    action = _actions(command).get(last)
    if action is not None and action.nargs != 0 and (distance == 1 or action.nargs == "+"):
        yield from _values(command, last, current)
        setting = _settings().get(last)
        if distance == 1 and not (setting and isinstance(setting.value_type, Switch)):
            return
    if is_first:
        yield from (Word(name, text) for name, text in COMMANDS.items())
    yield from _arguments(command, typed)


def _actions(command: str) -> dict[str, argparse.Action]:
    """Return the options of a command."""
    served = ["watch"] if command == "serve" else []
    return {
        flag: action
        for each in (command, *served)
        for action in parser().of_command(each).actions()
        for flag in action.option_strings
    }


def _settings() -> dict[str, Setting]:
    return {each.flag: each for each in settings()}


def _flags(command: str, typed: Sequence[str]) -> Iterator[Word]:
    """Yield the options that have not been typed, with the first part of their help."""
    for flag, action in _actions(command).items():
        if flag.startswith("--") and flag not in typed:
            yield Word(flag, (action.help or "").replace("%%", "%").partition(";")[0])


def _values(command: str, flag: str, current: str) -> Iterator[Word]:
    """Yield the words that may be the value of an option."""
    setting, action = _settings().get(flag), _actions(command).get(flag)
    if setting is not None:
        kind = setting.value_type
        # the last of several values, separated by commas
        stem = current[: current.rfind(",") + 1] if isinstance(kind, PerLayer | MultiChoice) else ""
        for word in words_of(kind):
            yield Word(stem + word, line_of(kind, word))
    yield from map(Word, VALUES.get(flag, ()))
    if flag == "--to":
        from core.export.formats import FORMATS

        yield from (Word(each.name, each.description) for each in FORMATS.values())
    if action is not None and action.metavar in {"FILE", "DATA", "DIR"}:
        yield NAMES[action.metavar == "DIR"]


def _arguments(command: str, typed: Sequence[str]) -> Iterator[Word]:
    """Yield the words that may be an argument of a command, other than its options."""
    presets = [Word(preset.name, preset.description) for preset in PRESETS.values()]
    datasets = [Word(hyphenated(info.name), info.description) for info in DATASETS.values()]
    match command:
        case "watch" | "train" | "check" | "sweep" | "serve":
            yield from presets
            yield NAMES[0]
        case "datasets":
            yield from datasets
            yield NAMES[0]
        case "resume" | "compare" | "export":
            yield from _runs(typed)
        case "follow":
            yield from _runs(typed)
            yield NAMES[0]
        case "runs" if "rm" in typed:
            yield from _runs(typed)
        case "runs":
            yield Word("rm", "remove runs")
        case "help":
            yield from (Word(name, text) for name, text in COMMANDS.items())
            yield from presets
            yield from datasets
            yield from (Word(each.option, each.help) for each in settings())
            yield from (Word("keys", "keys on the screen"), Word("preferences", "your defaults"))
        case "completion":
            yield from (Word(shell) for shell in SHELLS)


def _runs(typed: Sequence[str]) -> Iterator[Word]:
    """Yield the saved runs that have not been typed, the newest first."""
    from core.runs.atomic_files import RunError
    from core.runs.catalogue import list_runs
    from tui.cli.save_options import folder_of

    given = parser().of_command("runs").parse_known_args(_with_folder(typed))[0]
    parent = folder_of(given)
    if parent is None:
        return
    with suppress(RunError):
        for run in list_runs(parent):
            if run.name.isprintable() and run.name not in typed:
                yield Word(run.name, _description(run))


def _with_folder(typed: Sequence[str]) -> list[str]:
    """Return the option for the folder of runs, which may be among the typed words."""
    for flag, value in pairwise([*typed, ""]):
        if flag == "--run-dir":
            return [flag, value]
        if flag.startswith("--run-dir="):
            return [flag]
    return []


def _description(run: RunListing) -> str:
    if run.header is None:
        return "damaged"
    saved = strftime("%Y-%m-%d %H:%M", localtime(run.saved))
    return f"epoch {run.header.epoch:,}, saved {saved}"
