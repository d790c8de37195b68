"""The command `nnfs-tui export`: writes a saved run in another format."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.config.errors import quoted
from core.export.errors import ExportError
from core.export.exported_run import ExportedRun
from core.export.formats import FORMATS, format_of
from core.output_file import replacing_bytes
from core.runs.atomic_files import shown
from tui.cli.arguments import UsageError, invalid_value
from tui.cli.save_options import run_of

if TYPE_CHECKING:
    import argparse

    from core.export.formats import Format

STANDARD_OUTPUT: Final = "-"


def list_formats() -> str:
    """Return the formats, one per line."""
    width = max(map(len, FORMATS))
    return "\n".join(f"  {each.name:<{width}}  {each.description}" for each in FORMATS.values())


def export(options: argparse.Namespace) -> int:
    """Export a run to a file, or to standard output.

    Raises:
        UsageError: for an unknown format, or a file that exists.
        RunError: when the run cannot be read.
    """
    if options.to is None:
        raise UsageError(f"missing option --to: expected one of {', '.join(FORMATS)}")
    try:
        chosen = format_of(options.to)
        path = run_of(options)
        target = _target(options, chosen, path.name)
        run = ExportedRun.read(path, _progress)
        if target is None:
            chosen.write(run, sys.stdout.buffer)
            return 0
        _write(run, chosen, target)
    except ExportError as error:
        raise UsageError(str(error)) from None
    print(f"{shown(path.name)} after epoch {run.epoch:,}: {shown(str(target))}")  # noqa: T201
    return 0


def _write(run: ExportedRun, chosen: Format, target: Path) -> None:
    try:
        with replacing_bytes(target) as file:
            chosen.write(run, file, _progress)
    except OSError as error:
        expected = f"a file that can be written ({error.strerror or error})"
        raise invalid_value(str(target), "--output", expected) from None
    finally:
        _progress("", 1)


def _target(options: argparse.Namespace, chosen: Format, run: str) -> Path | None:
    """Return the file to write; None is standard output."""
    name = options.output if options.output is not None else f"{run}{chosen.suffix}"
    if name == STANDARD_OUTPUT:
        return None
    if not name or "\0" in name:
        raise invalid_value(name, "--output", "the name of a file")
    path = Path(name)
    if path.is_dir():
        path /= f"{run}{chosen.suffix}"
    if path.exists() and not options.force:
        raise UsageError(
            f"{quoted(str(path))} exists: choose another name with --output, or replace it with --force"
        )
    return path


def _progress(what: str, share: float) -> None:
    """Show the progress of long steps on a terminal."""
    if sys.stderr.isatty() and 0 < share < 1:
        print(f"\r{what} {100 * share:.0f} %\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201
    elif sys.stderr.isatty() and share >= 1:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)  # noqa: T201
