"""The user's preferences file: colours, speed, view and keys; the command line overrides them."""

from __future__ import annotations

import os
import tomllib
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.config.errors import quoted, suggestion
from core.dataclass import dataclass
from core.input_file import InputFileError, open_input

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME: Final = "preferences.toml"
MOST_BYTES: Final = 32_768
SPEEDS: Final = 0.01, 1e6
"""The lowest and the highest number of epochs per second, also on the command line."""
SWITCHES: Final = ("title", "progress", "notify")
"""Entries that are true or false."""
LONGEST_REASON: Final = 120


@dataclass(frozen=True)
class Preferences:
    """The values of the file that can be used.

    Attributes:
        values: texts as on the command line, by option: palette, background, speed, view; True or False
            for title, progress and notify.
        keys: the table `keys`: keys by action, unchecked.
        problems: a sentence for each entry that is not used, with the name of the file.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def preferences_path(environment: Mapping[str, str] | None = None) -> Path | None:
    """Return the path of the file, or None if there is no home folder."""
    environment = os.environ if environment is None else environment
    configured = environment.get("XDG_CONFIG_HOME", "")
    if configured.startswith("/"):  # the standard ignores relative paths
        return Path(configured) / "nnfs-tui" / FILE_NAME
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ".config" / "nnfs-tui" / FILE_NAME if home.is_absolute() else None


def preferences_place() -> str:
    """Return the path of the file for a text, or what has to be set to have one."""
    return str(preferences_path() or f"$XDG_CONFIG_HOME/nnfs-tui/{FILE_NAME}")


def read_preferences(path: Path | None) -> Preferences:
    """Return the preferences; a file or an entry that cannot be used is reported, and left out."""
    if path is None or _is_missing(path):
        return Preferences()
    try:
        with open_input(path) as opened:
            content = opened.read_whole(MOST_BYTES)
        # a byte order mark, which Windows writes, is not valid TOML
        return _checked(tomllib.loads(content.decode("utf-8-sig")))
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    except InputFileError as error:
        reason = "it is a folder; expected a TOML file" if path.is_dir() else str(error)
    except RecursionError:
        reason = "it is nested too deeply"
    except ValueError as error:
        reason = f"it is not valid TOML: {error}"
    return Preferences(problems=(f"{path} is not used: {reason[:LONGEST_REASON]}",))


def _is_missing(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except (OSError, ValueError):
        return False
    return False


def accepted_words() -> dict[str, tuple[str, ...]]:
    """Return the words that the entries of the file accept."""
    from tui.drawing.themes import BACKGROUNDS, PALETTES
    from tui.screens.views import VIEWS

    return {"palette": PALETTES, "background": BACKGROUNDS, "view": tuple(VIEWS)}


def _checked(entries: Mapping[str, Any]) -> Preferences:
    values: dict[str, Any] = {}
    problems: list[str] = []
    keys: Mapping[str, Any] = {}
    words = accepted_words()
    names = [*words, "speed", *SWITCHES, "keys"]
    for name, value in entries.items():
        if name == "keys" and isinstance(value, dict):
            keys = value
        elif name == "keys":
            problems.append(_invalid(value, name, "a table of actions and keys"))
        elif name == "speed":
            if _is_speed(value):
                values[name] = str(value)
            else:
                problems.append(
                    _invalid(value, name, f"a number from {SPEEDS[0]:g} to {SPEEDS[1]:g} or max")
                )
        elif name in SWITCHES:
            if isinstance(value, bool):
                values[name] = value
            else:
                problems.append(_invalid(value, name, "true or false"))
        elif name not in words:
            accepted = f"one of {', '.join(names)}{suggestion(name, names)}"
            problems.append(f"unknown name {quoted(name)}: expected {accepted}")
        elif not isinstance(value, str) or value not in words[name]:
            close = suggestion(str(value), words[name])
            problems.append(_invalid(value, name, f"one of {', '.join(words[name])}{close}"))
        else:
            values[name] = value
    return Preferences(values, keys, tuple(f"{FILE_NAME}: {each}" for each in problems))


def _invalid(value: object, name: str, expected: str) -> str:
    return f"invalid value {quoted(value)} for {name}: expected {expected}"


def _is_speed(value: object) -> bool:
    if value == "max":
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return SPEEDS[0] <= value <= SPEEDS[1]
