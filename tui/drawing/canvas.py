"""The widget that every live part of the screen is built on: it sends only the cells that changed.

Textual rewrites what it is told is dirty and compares nothing itself. A canvas therefore keeps the
cells it showed last, and asks for one region a row, from the first to the last changed column.
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
    """A widget whose content is a block of cells, drawn when its owner says so."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self.fault: Fault | None = None
        self._shown = Cells(0, 0)
        self._strips: list[Strip | None] = []

    def draw(self, width: int, height: int) -> Cells:
        """Return what should be on the screen now, in a block of that size."""
        raise NotImplementedError

    @property
    def _renderer(self) -> CellRenderer:
        try:
            return renderer_for(self.app)
        except RuntimeError:
            return DEFAULT_RENDERER  # drawn apart from any application

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return none: cells come as the terminal shows them."""
        return []

    def repaint(self) -> None:
        """Draw, and send what changed; where that fails, a sentence in its place."""
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
        """Return what stands in the place of what cannot be drawn."""
        cells = Cells(width, height)
        cells.write(0, 1, fault.sentence, ink(ALARM))
        return cells

    async def on_event(self, event: events.Event) -> None:
        """Hear an event; say what fails, for without this the whole program would end."""
        try:
            await super().on_event(event)
        except Exception as error:
            if not isinstance(self.app, ReportsFaults):
                raise
            self.app.report(Fault.of(f"{self.id}: {type(event).__name__} was not heard", error))

    @property
    def shown(self) -> Cells:
        """The cells that are on the screen."""
        return self._shown

    def on_resize(self, _: events.Resize) -> None:
        """Draw at the new size at once; nothing else would before the next frame."""
        self.repaint()

    def render_line(self, y: int) -> Strip:
        """Return one row, from the last drawing."""
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
