"""Base class of all widgets that change during a run: it refreshes only the cells that changed.

Textual rewrites every region that is marked as dirty, without comparing. A canvas therefore stores the
cells it showed last, and refreshes one region per row, from the first to the last changed column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawing.cells import Cells
from tui.drawing.palette import ALARM, ink
from tui.drawing.rendering import DEFAULT_RENDERER, CellRenderer, renderer_for
from tui.faults import Fault, ReportsFaults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events
    from textual.filter import LineFilter


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
        if (before.width, before.height) != (cells.width, cells.height):
            self._strips = [None] * cells.height
            self.refresh()
            return
        spans = cells.changes(before)
        for row, _, _ in spans:
            self._strips[row] = None
        if spans:
            self.refresh(*(Region(start, row, end - start, 1) for row, start, end in spans))
