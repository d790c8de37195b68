"""Base class of all widgets that change during a run: it refreshes only the cells that changed.

Textual rewrites every region that is marked as dirty, without comparing. A canvas therefore stores the
cells it showed last, and shows those that differ. Where nothing covers it, they go directly into the
driver's screen buffer. Otherwise Textual refreshes one region per row, from the first to the last
changed column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawing.cells import Cells
from tui.drawing.palette import ALARM, ink
from tui.drawing.rendering import DEFAULT_RENDERER, CellRenderer, renderer_for
from tui.faults import Fault, ReportsFaults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual import events
    from textual.filter import LineFilter


class CellOutput(Protocol):
    """Part of the application that can show cells without Textual."""

    @property
    def is_unused(self) -> bool:
        """Whether the terminal has shown nothing yet."""

    def draw(self, widget: Widget, cells: Cells, differs: NDArray[np.bool_]) -> bool:
        """Show the cells that differ; return False if the widget must be refreshed by Textual."""

    def covers(self, widget: Widget) -> bool:
        """Return whether changes of the widget bypass Textual now."""


class Canvas(Widget):
    """A widget whose content is a block of cells, drawn when `repaint` is called."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self.fault: Fault | None = None
        self._shown = Cells(0, 0)
        self._strips: list[Strip | None] = []

    def draw(self, width: int, height: int) -> Cells:
        """Return the current content as a block of this size."""
        raise NotImplementedError

    @property
    def _renderer(self) -> CellRenderer:
        try:
            return renderer_for(self.app)
        except RuntimeError:
            return DEFAULT_RENDERER  # drawn without an application

    @property
    def output(self) -> CellOutput | None:
        """Output that bypasses Textual, if the application has one."""
        try:
            output: CellOutput | None = getattr(self.app, "cell_output", None)
        except RuntimeError:
            return None  # drawn without an application
        return output

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return none: the cells are already rendered for the terminal."""
        return []

    def repaint(self) -> None:
        """Draw, and refresh the changed cells; after an exception, show the fault instead."""
        width, height = self.size
        if width <= 0 or height <= 0:
            return
        try:
            cells, self.fault = self.draw(width, height), None
        except Exception as error:
            if not isinstance(self.app, ReportsFaults):
                raise
            self.fault = Fault.of("this cannot be drawn", error)
            self.app.keep(self.fault)
            cells = self.draw_fault(width, height, self.fault)
        self._show(cells)

    def draw_fault(self, width: int, height: int, fault: Fault) -> Cells:
        """Return the content shown instead of a drawing that failed."""
        cells = Cells(width, height)
        cells.write(0, 1, fault.sentence, ink(ALARM))
        return cells

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; report exceptions, which would otherwise end the program."""
        try:
            await super().on_event(event)
        except Exception as error:
            if not isinstance(self.app, ReportsFaults):
                raise
            self.app.report(Fault.of(f"{self.id}: {type(event).__name__} was not handled", error))

    @property
    def shown(self) -> Cells:
        """The cells on the screen."""
        return self._shown

    def on_resize(self, _: events.Resize) -> None:
        """Draw in the new size at once, not only with the next frame."""
        self.repaint()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return some rows of the last drawing, without Textual's cache, which misses direct output."""
        lines = [self.render_line(y) for y in crop.line_range]
        if crop.column_span == (0, self._shown.width):
            return lines
        # not drawn in the new size yet, or partly outside of the screen
        paper = self._renderer.style(ink())
        return [line.crop_extend(crop.x, crop.right, paper) for line in lines]

    def render_line(self, y: int) -> Strip:
        """Return one row of the last drawing."""
        if y >= self._shown.height:
            return Strip.blank(self.size.width, self._renderer.style(ink()))
        strip = self._strips[y]
        if strip is None:
            strip = self._strips[y] = self._shown.strip(y, self._renderer)
        return strip

    def _show(self, cells: Cells) -> None:
        before, self._shown = self._shown, cells
        if before is cells:
            return
        if (before.width, before.height) != (cells.width, cells.height):
            self._strips = [None] * cells.height
            self.refresh()
            return
        differs = cells.differs(before)
        rows = np.flatnonzero(differs.any(axis=1)).tolist()
        for row in rows:
            self._strips[row] = None
        output = self.output if rows else None
        if rows and (output is None or not output.draw(self, cells, differs)):
            spans = cells.changes(before)
            self.refresh(*(Region(start, row, end - start, 1) for row, start, end in spans))
