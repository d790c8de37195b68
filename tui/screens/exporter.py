"""Export of the run on the screen, in a thread, while the run continues."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.value_types import hyphenated
from core.output_file import replacing_bytes
from core.training.components import build_network
from core.training.epoch_log import COLUMNS
from tui.drawing.cells import printable
from tui.faults import reported

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

    from core.export.exported_run import ExportedRun
    from tui.screens.training import TrainingScreen

REPORTED_EVERY: Final = 0.25
"""Seconds between two reports of progress."""


class ExportCancelled(Exception):  # noqa: N818 (no error)
    """Ends an export before its file is complete; the file of that name is unchanged."""


class Exporter:
    """Writes the run, or a picture of the screen, to a file that the user names."""

    def __init__(self, screen: TrainingScreen) -> None:
        self._screen = screen
        self._task: asyncio.Task[None] | None = None
        self._is_cancelled = False

    def ask(self) -> None:
        """Ask for a file, and export to it."""
        from tui.screens.prompts import ExportScreen

        screen = self._screen
        if screen.run.current is None:
            screen.show_note("there is nothing to export before the first epoch")
        elif self._task is not None:
            screen.show_note("one export at a time: esc cancels the one that is being written")
        else:
            name = hyphenated(screen.run.config.source_name.partition(".")[0])
            screen.app.push_screen(ExportScreen(name), self._start)

    def cancel(self) -> bool:
        """Cancel the export; return whether there is one."""
        self._is_cancelled = True
        return self._task is not None

    def _start(self, path: Path | None) -> None:
        if path is not None:
            self._is_cancelled = False
            self._task = asyncio.create_task(self._reported(path))

    async def _reported(self, path: Path) -> None:
        with reported(self._screen.app, "the run was not exported"):
            await self._export(path)

    async def _export(self, path: Path) -> None:
        from core.export.errors import ExportError
        from tui.screens.prompts import PICTURE

        screen, note = self._screen, ""
        is_picture = path.suffix == PICTURE
        try:
            write = self._picture() if is_picture else self._run(path.name)
            await asyncio.to_thread(_replace, path, write)
        except ExportCancelled:
            note = "the export is cancelled: no file is written"
        except (ExportError, MemoryError) as error:
            note = str(error) or "not exported: there is too little memory"
        except (OSError, ValueError) as error:
            note = f"not exported: {getattr(error, 'strerror', None) or error}"
        else:
            what = "a picture of the screen" if is_picture else "the run"
            note = f"{what} is in {printable(str(path))}"
        finally:
            self._task = None
        screen.show_note(note)

    def _picture(self) -> Callable[[BinaryIO], object]:
        picture = self._screen.app.export_screenshot(title="nnfs-tui").encode()
        return lambda file: file.write(picture)

    def _run(self, name: str) -> Callable[[BinaryIO], object]:
        from core.export.formats import format_of_file

        chosen, run = format_of_file(name), _exported(self._screen)
        loop, reported = asyncio.get_running_loop(), monotonic()

        def progress(what: str, share: float) -> None:
            nonlocal reported
            if self._is_cancelled:
                raise ExportCancelled
            if monotonic() - reported > REPORTED_EVERY:
                reported = monotonic()
                loop.call_soon_threadsafe(
                    self._screen.show_note, f"export: {what} {100 * share:.0f} % · esc cancels"
                )

        return lambda file: chosen.write(run, file, progress)


def _replace(path: Path, write: Callable[[BinaryIO], object]) -> None:
    with replacing_bytes(path) as file:
        write(file)


def _exported(screen: TrainingScreen) -> ExportedRun:
    """Return a copy of the run at the moment that the screen shows."""
    from core.export.exported_run import ExportedRun

    run = screen.run
    assert run.current is not None  # checked before the dialog opens
    current, data = run.current
    network = build_network(run.config, data)  # the other one follows the run meanwhile
    network.parameters[:] = current.parameters
    network.statistics[:] = current.statistics
    changes = tuple((epoch, run.changes.words_at(epoch)) for epoch in run.changes.epochs)
    stop = None if run.past_epoch is None else run.past_epoch + 1
    rows = np.column_stack([run.timeline.column(each, 0, stop) for each in COLUMNS])
    return ExportedRun.of(
        run.config,
        network,
        data,
        rows,
        events=changes,
        changed=("settings, data or weights",) if changes else (),
    )
