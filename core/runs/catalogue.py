"""All saved runs: listed, found by name, removed, and limited in number and size."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Final

from core.config.errors import suggestion
from core.dataclass import dataclass
from core.runs.atomic_files import RunError, shown
from core.runs.folder import STATE, RunFolder, is_run_file
from core.runs.index import IndexedRun, RunIndex, RunSummary, Stamp, is_recent, stamp_of
from core.runs.lock import LOCK, is_locked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from core.runs.codec import Header

DEFAULT_LIMIT: Final = 100
"""Default maximum number of saved runs."""

MOST_BYTES: Final = 2**30
"""Maximum bytes of all saved runs, unless their number is unlimited."""

LEFT_OVER: Final = 3600.0
"""Seconds after which a folder without a saved run is removed."""

_REMOVING: Final = ".removing-"

_PER_UPDATE: Final = 500
"""Runs that are read before they are recorded in the index."""


@dataclass(frozen=True)
class RunListing:
    """A run folder in the list of runs.

    Attributes:
        parent: folder of all runs.
        name: of the run and its folder.
        saved: time of the last save, in seconds since the Unix epoch.
        size: bytes of its files.
        used: whether a process uses it.
        summary: description of the run, or None if it cannot be read.
        damaged: why it cannot be read.
        unsaved: whether its first save did not finish.
    """

    parent: Path
    name: str
    saved: float
    size: int
    used: bool
    summary: RunSummary | None
    damaged: str = ""
    unsaved: bool = False

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.parent / self.name

    @property
    def header(self) -> Header | None:
        """Description of the run, read from its folder; None if it cannot be read."""
        from core.runs.reader import read_header

        try:
            return read_header(self.path)
        except RunError:
            return None


def list_runs(parent: Path, *, configs: bool = False) -> list[RunListing]:
    """Return all runs in a folder, the newest first, including damaged ones.

    Those that have not changed since the last list are read from an index.

    Args:
        parent: the folder.
        configs: whether the settings of each run are needed.

    Raises:
        RunError: when the folder itself cannot be read.
    """
    runs: list[RunListing] = []
    with RunIndex(parent) as index:
        known = index.runs(configs=configs)
        read: list[tuple[str, IndexedRun]] = []
        names: set[str] = set()
        for entry, stamp, used in _entries(parent):
            names.add(entry.name)
            found = known.get(entry.name)
            if stamp is None or found is None or found.stamp != stamp.packed:
                listing = _listing(parent / entry.name, used=used)
                if listing is None:
                    continue  # it has just started
                runs.append(listing)
                if stamp is not None and listing.summary is not None and not is_recent(stamp):
                    found = IndexedRun(stamp.packed, listing.saved, listing.size, listing.summary)
                    read.append((entry.name, found))
                    if len(read) >= _PER_UPDATE:  # an interruption loses few of thousands
                        index.update(read, ())
                        read = []
            else:
                values = found.saved, found.size, used, found.summary
                runs.append(RunListing(parent, entry.name, *values))
        index.update(read, known.keys() - names)
    return sorted(runs, key=lambda run: (run.saved, run.name), reverse=True)


def _entries(parent: Path) -> Iterator[tuple[os.DirEntry[str], Stamp | None, bool]]:
    """Yield each folder, its stamp, and whether a process uses it."""
    try:
        descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _cannot_list(parent, error) from None
    try:
        with os.scandir(parent) as entries:
            for entry in entries:
                if entry.name[:1] == "." or not entry.is_dir(follow_symlinks=False):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue  # removed meanwhile
                yield (
                    entry,
                    stamp_of(descriptor, status, entry.name),
                    is_locked(descriptor, entry.name),
                )
    except OSError as error:
        raise _cannot_list(parent, error) from None
    finally:
        os.close(descriptor)


def _cannot_list(parent: Path, error: OSError) -> RunError:
    reason = error.strerror or type(error).__name__
    return RunError(f"the runs in {shown(str(parent))} cannot be listed: {reason}")


def _listing(path: Path, *, used: bool) -> RunListing | None:
    """Return a run by reading its folder, or None if it has just started."""
    from core.runs.reader import read_header

    saved, size = _saved_and_size(path)
    if not saved and (_is_empty(path) or used):
        return None
    try:
        summary, damaged = RunSummary.of(read_header(path)), ""
    except RunError as error:
        summary, damaged = None, str(error)
    unsaved = not saved and _is_unsaved(path)
    times = saved or _changed(path), size, used
    return RunListing(path.parent, path.name, *times, summary, damaged, unsaved)


def find(parent: Path, name: str | None = None) -> Path:
    """Return the folder of a run by its name or a prefix of it, or of the newest run.

    Raises:
        RunError: when there is none, or more than one.
    """
    folders = sorted(_folders(parent), key=lambda each: (each[1], each[0].name), reverse=True)
    names = [path.name for path, _, _ in folders]
    where = shown(str(parent))
    if name is None:
        newest = next((path for path, saved, _ in folders if saved), None)
        if newest is None:
            raise RunError(f"no saved run in {where}; nnfs-tui moons starts one")
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
        several = ", ".join(map(shown, matching[:4])) + (" …" if len(matching) > 4 else "")
        raise RunError(
            f"'{shown(name)}' is a prefix of {len(matching)} runs ({several}); name one of them"
        )
    return parent / matching[0]


def remove(path: Path) -> None:
    """Remove a run folder.

    Raises:
        RunError: when it is in use, contains other files, or cannot be removed.
    """
    foreign = sorted(each for each in _contents(path) if not is_run_file(each))
    if foreign:
        raise RunError(
            f"{shown(path.name)} is not removed: it contains {shown(foreign[0])}, "
            "which is not part of a run"
        )
    folder = RunFolder.open(path)
    try:
        # renamed first, so that an interrupted removal leaves no damaged run
        removed_path = path.with_name(_REMOVING + path.name)
        path.rename(removed_path)
        shutil.rmtree(removed_path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunError(f"{shown(path.name)} cannot be removed: {reason}") from None
    finally:
        folder.close()


def thin(
    parent: Path, limit: int, most_bytes: int = MOST_BYTES, excluded: Collection[str] = ()
) -> int:
    """Remove the oldest runs beyond a number and a total size; return how many.

    Runs that are in use or in `excluded` are not removed, nor is anything that cannot be read as a run.
    A run that alone is larger than the total size is removed unless it is the newest, but no other is
    removed for it.
    """
    from core.runs.reader import read_header

    removed = total = 0
    _sweep(parent)
    try:
        folders = sorted(_folders(parent), key=lambda each: each[1], reverse=True)
    except RunError:
        return 0
    for number, (path, saved, size) in enumerate(folders):
        is_large = size > most_bytes
        size = 0 if is_large else size
        total += size
        is_within = number < limit and total <= most_bytes and not is_large
        if is_within or not number or path.name in excluded:
            continue
        with suppress(RunError):
            if saved:
                read_header(path)  # raises unless it is a run
            elif not (_is_unsaved(path) and time() - _changed(path) > LEFT_OVER):
                continue
            remove(path)
            removed += 1
            total -= size
    return removed


def _folders(parent: Path) -> list[tuple[Path, float, int]]:
    """Return each folder, the time of its last save (0 for never), and its bytes."""
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
        raise _cannot_list(parent, error) from None
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
        raise RunError(f"{shown(path.name)} cannot be listed: {reason}") from None


def _is_empty(path: Path) -> bool:
    with suppress(RunError):
        return _contents(path) <= {LOCK}
    return False


def _is_unsaved(path: Path) -> bool:
    """Return whether a folder has only files of a first save that did not finish."""
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
    """Remove what interrupted removals have left."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if entry.name.startswith(_REMOVING) and entry.is_dir(follow_symlinks=False):
                shutil.rmtree(parent / entry.name, ignore_errors=True)
