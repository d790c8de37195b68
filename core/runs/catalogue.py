"""All runs that are kept: listed, found by their names, removed, and thinned to a limit."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from time import time
from typing import TYPE_CHECKING, Final

from core.config.errors import suggestion
from core.runs.atomic_files import RunError, shown
from core.runs.folder import STATE, RunFolder, is_run_file
from core.runs.lock import LOCK, in_use
from core.runs.reader import read_header

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from core.runs.snapshot import Header

KEEP: Final = 100
"""Runs that are kept, unless somebody says otherwise."""

MOST_BYTES: Final = 2**30
"""Bytes that all of them together may take, unless as many as there are shall be kept."""

LEFT_OVER: Final = 3600.0
"""Seconds after which a folder in which nothing was ever saved is thrown away."""

_REMOVING: Final = ".removing-"


@dataclass(frozen=True)
class RunListing:
    """One run folder.

    Attributes:
        path: of the folder.
        saved: when it was last saved, in seconds of the epoch.
        size: bytes of its files.
        used: whether a program uses it now.
        header: what it says of itself, or None where that cannot be read.
        damaged: why it cannot be read, in a sentence.
        unsaved: whether that is because its first save did not finish.
    """

    path: Path
    saved: float
    size: int
    used: bool
    header: Header | None
    damaged: str = ""
    unsaved: bool = False

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.path.name


def list_runs(parent: Path) -> list[RunListing]:
    """Return all runs in a folder, the newest first; one that cannot be read says why.

    Raises:
        RunError: when the folder itself cannot be read.
    """
    runs = []
    for path, saved, size in _folders(parent):
        used = in_use(path)
        if not saved and (_is_empty(path) or used):
            continue  # it was only just begun
        try:
            header, damaged = read_header(path), ""
        except RunError as error:
            header, damaged = None, str(error)
        unsaved = not saved and _is_unsaved(path)
        runs.append(RunListing(path, saved or _changed(path), size, used, header, damaged, unsaved))
    return sorted(runs, key=lambda run: (run.saved, run.name), reverse=True)


def find(parent: Path, name: str | None = None) -> Path:
    """Return the folder of a run: by its name or the beginning of it, or that of the newest.

    Raises:
        RunError: when there is none, or more than one.
    """
    folders = sorted(_folders(parent), key=lambda each: (each[1], each[0].name), reverse=True)
    names = [path.name for path, _, _ in folders]
    where = shown(str(parent))
    if name is None:
        newest = next((path for path, saved, _ in folders if saved), None)
        if newest is None:
            raise RunError(f"no run is kept in {where}; nnfs-tui moons begins one")
        return newest
    matching = [each for each in names if each.startswith(name)] if name else []
    if name in names:
        matching = [name]
    if not matching:
        raise RunError(
            f"no run in {where} is called '{shown(name)}'{suggestion(name, names)}; "
            "nnfs-tui runs lists them"
        )
    if len(matching) > 1:
        several = ", ".join(map(shown, matching[:4])) + (" ..." if len(matching) > 4 else "")
        raise RunError(f"'{shown(name)}' begins {len(matching)} names of runs: {several}")
    return parent / matching[0]


def remove(path: Path) -> None:
    """Remove a run folder that nobody uses.

    Raises:
        RunError: when it is in use, holds something that is none of ours, or cannot be removed.
    """
    strange = sorted(each for each in _contents(path) if not is_run_file(each))
    if strange:
        raise RunError(
            f"{shown(path.name)} is not removed: it holds {shown(strange[0])}, which is of no run"
        )
    folder = RunFolder.open(path)
    try:
        # its name goes at once, whole, whatever happens to what is in it
        doomed = path.with_name(_REMOVING + path.name)
        path.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"{shown(path.name)} cannot be removed: {reason}") from None
    finally:
        folder.close()


def thin(
    parent: Path, keep: int, most_bytes: int = MOST_BYTES, spared: Collection[str] = ()
) -> int:
    """Remove the oldest runs beyond a number and a size; return how many.

    A run that is in use stays, as do those of the names spared, and whatever cannot be read as a run.
    """
    removed = total = 0
    _sweep(parent)
    try:
        folders = sorted(_folders(parent), key=lambda each: each[1], reverse=True)
    except RunError:
        return 0
    for number, (path, saved, size) in enumerate(folders):
        total += size
        if (number < keep and total <= most_bytes) or not number or path.name in spared:
            continue
        with suppress(RunError):
            if saved:
                read_header(path)  # it is one of ours
            elif not (_is_unsaved(path) and time() - _changed(path) > LEFT_OVER):
                continue
            remove(path)
            removed += 1
            total -= size
    return removed


def _folders(parent: Path) -> list[tuple[Path, float, int]]:
    """Return each folder, when its state was saved (0 for never), and the bytes in it."""
    found = []
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
                    continue
                found.append((parent / entry.name, *_saved_and_size(parent / entry.name)))
    except FileNotFoundError:
        return []
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"the runs in {shown(str(parent))} cannot be listed: {reason}") from None
    return found


def _saved_and_size(path: Path) -> tuple[float, int]:
    saved, size = 0.0, 0
    with suppress(OSError), os.scandir(path) as entries:
        for entry in entries:
            with suppress(OSError):
                status = entry.stat(follow_symlinks=False)
                size += status.st_size
                if entry.name == STATE:
                    saved = status.st_mtime
    return saved, size


def _contents(path: Path) -> set[str]:
    try:
        return {each.name for each in path.iterdir()}
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"{shown(path.name)} cannot be looked into: {reason}") from None


def _is_empty(path: Path) -> bool:
    with suppress(RunError):
        return _contents(path) <= {LOCK}
    return False


def _is_unsaved(path: Path) -> bool:
    """Tell whether there is nothing in a folder but what a first save wrote that did not finish."""
    with suppress(RunError):
        contents = _contents(path)
        return STATE not in contents and all(map(is_run_file, contents))
    return False


def _changed(path: Path) -> float:
    try:
        return path.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def _sweep(parent: Path) -> None:
    """Throw away what a removal that was cut short has left."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_REMOVING) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(parent / entry.name, ignore_errors=True)
