"""Converts options and environment variables to the folder and the number of saved runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.cli.arguments import invalid_value

if TYPE_CHECKING:
    import argparse

    from core.runs.autosaver import SaveOptions

FOLDER: Final = "NNFS_TUI_RUN_DIR"
NUMBER: Final = "NNFS_TUI_KEEP_RUNS"


def save_options_of(options: argparse.Namespace) -> SaveOptions | None:
    """Return where runs are saved and how many, or None with --no-save."""
    from core.runs.autosaver import SaveOptions

    if getattr(options, "no_save", False):
        return None
    return SaveOptions(folder_of(options), _number_of(options))


def folder_of(options: argparse.Namespace) -> Path | None:
    """Return the folder of all runs: from the option, the environment, or the default.

    Raises:
        UsageError: when the path is invalid, or relative to a working directory that was removed.
    """
    from core.runs.folder import default_folder

    name, given = _option_or_variable("--run-dir", options.run_dir, FOLDER)
    if given is None:
        return default_folder()
    if not given or "\0" in given:
        raise invalid_value(given, name, "a folder")
    try:
        return Path(given).absolute()
    except OSError:
        expected = "an absolute path, since the working directory was removed"
        raise invalid_value(given, name, expected) from None


def run_of(options: argparse.Namespace) -> Path:
    """Return the folder of the run to resume.

    Raises:
        RunError: when there is no run of that name.
    """
    from core.runs.atomic_files import RunError
    from core.runs.catalogue import find

    parent = folder_of(options)
    if parent is None:
        raise RunError("no home folder to save runs in; choose a folder with --run-dir")
    return find(parent, options.name)


def _number_of(options: argparse.Namespace) -> int | None:
    from core.runs.catalogue import DEFAULT_LIMIT

    name, text = _option_or_variable("--keep-runs", getattr(options, "keep_runs", None), NUMBER)
    if text is None:
        return DEFAULT_LIMIT
    if text == "all":
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= 10**9:
        return int(text)
    raise invalid_value(text, name, "a number from 1, or all")


def _option_or_variable(flag: str, value: str | None, variable: str) -> tuple[str, str | None]:
    """Return the value of an option, or of its environment variable, and the name of its source.

    An empty variable counts as unset; an empty option does not.
    """
    if value is not None:
        return flag, value
    return variable, os.environ.get(variable) or None
