"""Converts options and environment variables to the folder and the number of saved runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.cli.arguments import UsageError

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

    given = options.run_dir or os.environ.get(FOLDER)
    if not given:
        return default_folder()
    name = "--run-dir" if options.run_dir else FOLDER
    if "\0" in given:
        raise UsageError(f"{name}: invalid value {given!r}: expected a path without a NUL")
    try:
        return Path(given).absolute()
    except OSError:
        raise UsageError(
            f"{name}: invalid value {given!r}: expected an absolute path, since the working directory "
            "was removed"
        ) from None


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

    option = getattr(options, "keep_runs", None)
    text = option or os.environ.get(NUMBER)
    if not text:
        return DEFAULT_LIMIT
    if text == "all":
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 10 and 1 <= int(text) <= 10**9:
        return int(text)
    name = "--keep-runs" if option else NUMBER
    raise UsageError(f"invalid value {text!r} for {name}: expected a number from 1, or all")
