"""Direct output: cells that a panel has changed go into the screen buffer, past Textual.

Textual would render them as lines of text with escape codes, which the driver would have to parse: a
third of the cost of a frame. Textual remains responsible for the layout, for dialogs, and for every
widget that another one covers: the cells of such a widget take the normal path, as on terminals with
fewer colours or glyphs.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual.strip import Strip

from tui.terminal.driver import DiffDriver, terminal_size

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from textual.app import App
    from textual.geometry import Region
    from textual.widget import Widget

    from tui.drawing.cells import Cells
    from tui.drawing.rendering import CellRenderer

_CODE_BITS = 21
"""Bits of a code point; the ink of a cell is stored above them."""


class DirectOutput:
    """Writes the cells of uncovered widgets into the driver's screen buffer."""

    def __init__(self, app: App[Any], renderer: CellRenderer) -> None:
        self._app, self._renderer = app, renderer
        self._layout: object = None
        self._uncovered: dict[Widget, Region] = {}
        self._is_scheduled = False

    def draw(self, widget: Widget, cells: Cells, differs: NDArray[np.bool_]) -> bool:
        """Show the cells that differ; return False if the widget must be refreshed by Textual."""
        region = self._region(widget)
        driver = self._app._driver
        if region is None or region.size != (cells.width, cells.height):
            return False
        assert isinstance(driver, DiffDriver)
        rows, columns = np.nonzero(differs)
        codes = cells.glyphs.view(np.uint32)[rows, columns].astype(np.int64)
        keys = (cells.inks[rows, columns] << _CODE_BITS | codes).tolist()
        ids = driver.buffer.ids_for(keys, self._cell)
        driver.buffer.draw(rows + region.y, columns + region.x, ids)
        if not self._is_scheduled:
            # after all widgets that are drawn at the same time
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._send, driver)
        return True

    def covers(self, widget: Widget) -> bool:
        """Return whether changes of the widget take the direct path now."""
        return self._region(widget) is not None

    def _send(self, driver: DiffDriver) -> None:
        self._is_scheduled = False
        driver.pump()

    def _region(self, widget: Widget) -> Region | None:
        """Return the region of a widget that is completely visible, or None."""
        app = self._app
        driver, renderer = app._driver, self._renderer
        if not isinstance(driver, DiffDriver) or not renderer.draws_all or not app.screen_stack:
            return None
        if not driver.is_open or driver.buffer.size != terminal_size():
            return None
        visible = app.screen._compositor.visible_widgets
        if visible is not self._layout:
            # a new dictionary for each layout
            self._layout, self._uncovered = visible, _uncovered(visible)
        region = self._uncovered.get(widget)
        columns, rows = driver.buffer.size
        # the layout may be for an outdated size of the terminal
        is_inside = region is not None and region.right <= columns and region.bottom <= rows
        return region if is_inside else None

    def _cell(self, key: int) -> tuple[str, str]:
        """Return the glyph, and the parameters of the escape code that Textual would use."""
        style = self._renderer.style(key >> _CODE_BITS)
        code = key & ((1 << _CODE_BITS) - 1)
        system = COLOR_SYSTEMS.get(self._app.console.color_system or "", ColorSystem.TRUECOLOR)
        return chr(code) if code else "", Strip.render_ansi(style, system)


def _uncovered(visible: dict[Widget, tuple[Region, Region]]) -> dict[Widget, Region]:
    """Return the widgets that overlap only with their containers, with their regions."""
    found = {}
    for widget, (region, clip) in visible.items():
        parents = set(widget.ancestors_with_self)
        others = (other for other in visible if other not in parents)
        if clip.contains_region(region) and not any(
            region.overlaps(visible[each][0]) for each in others
        ):
            found[widget] = region
    return found
