"""Direct output: cells that a panel has changed go into the screen buffer, past Textual.

Textual would render them as lines of text with escape codes, which the driver would have to parse: a
third of the cost of a frame. Under a dialog, it would render the whole screen for each of them. Textual
remains responsible for the layout, for dialogs, and for every widget that another one of its screen
covers: the cells of such a widget take the normal path, as on terminals with fewer colours or glyphs.
"""

from __future__ import annotations

import asyncio
from operator import is_not
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS
from textual.screen import Screen
from textual.strip import Strip

from tui.drawing.canvas import Canvas
from tui.terminal.driver import DiffDriver, terminal_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from textual.app import App
    from textual.geometry import Region
    from textual.widget import Widget

    from tui.drawing.cells import Cells
    from tui.drawing.rendering import CellRenderer

    Layout: TypeAlias = dict[Widget, tuple[Region, Region]]

_CODE_BITS = 21
"""Bits of a code point; the ink of a cell is stored above them."""

SIZE_CHECK: Final = 0.005
"""Seconds between two system calls for the size of the terminal: the widgets of a frame share one."""


class DirectOutput:
    """Writes the cells of widgets into the driver's screen buffer, except those under a dialog."""

    def __init__(self, app: App[Any], renderer: CellRenderer) -> None:
        self._app, self._renderer = app, renderer
        self._size = 0, 0
        self._stack: list[Screen[Any]] = []
        self._layouts: list[Layout] = []
        self._checked_at = 0.0
        self._checked: tuple[int, int] = 0, 0
        self._uncovered: dict[Widget, Region] = {}
        self._free: NDArray[np.bool_] | None = None
        self._is_scheduled = False

    def draw(self, widget: Widget, cells: Cells, differs: NDArray[np.bool_]) -> bool:
        """Show the cells that differ; return False if the widget must be refreshed by Textual."""
        region = self._region(widget)
        driver = self._app._driver
        if region is None or region.size != (cells.width, cells.height):
            return False
        assert isinstance(driver, DiffDriver)
        self._store(driver, cells, differs, region)
        if not self._is_scheduled:
            # after all widgets that are drawn at the same time
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._send, driver)
        return True

    def restore(self) -> None:
        """Write the cells of all widgets again after a frame that Textual has drawn with a dialog.

        It does not know those that were written directly since the dialog was opened.
        """
        driver = self._app._driver
        if self._free is None or not isinstance(driver, DiffDriver):
            return
        for widget in [*self._uncovered]:
            if isinstance(widget, Canvas):
                self._restore(driver, widget)

    def _restore(self, driver: DiffDriver, canvas: Canvas) -> None:
        region, cells = self._region(canvas), canvas.shown
        if self._free is None or region is None or region.size != (cells.width, cells.height):
            return  # without a dialog, Textual knows all that was drawn
        everything = np.ones((cells.height, cells.width), np.bool_)
        self._store(driver, cells, everything, region)

    def _store(
        self, driver: DiffDriver, cells: Cells, differs: NDArray[np.bool_], region: Region
    ) -> None:
        if self._free is not None:
            differs = differs & self._free[region.y : region.bottom, region.x : region.right]
        rows, columns = np.nonzero(differs)
        codes = cells.glyphs.view(np.uint32)[rows, columns].astype(np.int64)
        keys = (cells.inks[rows, columns] << _CODE_BITS | codes).tolist()
        ids = driver.buffer.ids_for(keys, self._cell)
        driver.buffer.draw(rows + region.y, columns + region.x, ids)

    @property
    def is_unused(self) -> bool:
        """Whether the terminal has shown nothing yet."""
        driver = self._app._driver
        return isinstance(driver, DiffDriver) and driver.buffer.size == (0, 0)

    def covers(self, widget: Widget) -> bool:
        """Return whether changes of the widget take the direct path now."""
        return self._region(widget) is not None

    def layout(self, screen: Screen[Any]) -> Layout:
        """Return the regions of the widgets of a screen: a new dictionary after each change."""
        return screen._compositor.visible_widgets

    def _send(self, driver: DiffDriver) -> None:
        self._is_scheduled = False
        driver.pump()

    def _region(self, widget: Widget) -> Region | None:
        """Return the region of a widget that is completely visible, or None."""
        driver = self._app._driver
        if not isinstance(driver, DiffDriver) or not self._renderer.draws_all:
            return None
        if not driver.is_open or driver.buffer.size != self._terminal_size():
            return None
        if not self._is_current() or widget not in self._layouts[0]:
            layouts = self._current_layouts(widget)
            if layouts is None:
                return None
            if len(layouts) != len(self._layouts) or any(map(is_not, layouts, self._layouts)):
                self._stack, self._layouts = self._app.screen_stack[-len(layouts) :], layouts
                self._uncovered = _uncovered(layouts[0])
                self._size = 0, 0
        if self._size != driver.buffer.size:
            # also for the same layouts: the driver may learn the size of the terminal after them
            self._size = driver.buffer.size
            self._free = _free(self._layouts[1:], self._size) if self._layouts[1:] else None
        region = self._uncovered.get(widget)
        columns, rows = driver.buffer.size
        # the layout may be for an outdated size of the terminal
        is_inside = region is not None and region.right <= columns and region.bottom <= rows
        return region if is_inside else None

    def _is_current(self) -> bool:
        """Return whether the screens on top and their layouts are those of the last call."""
        shown = self._app.screen_stack[-len(self._stack) :] if self._stack else []
        layouts = map(self.layout, shown)
        return bool(shown) and shown == self._stack and not any(map(is_not, layouts, self._layouts))

    def _terminal_size(self) -> tuple[int, int]:
        now = monotonic()
        if now - self._checked_at > SIZE_CHECK:
            self._checked_at, self._checked = now, terminal_size()
        return self._checked

    def _current_layouts(self, widget: Widget) -> list[Layout] | None:
        """Return the layout of the screen of a widget and of each dialog above; None if it is hidden."""
        stack = self._app.screen_stack
        screen = widget.screen if widget.is_attached else None
        if screen not in stack:
            return None
        screens = stack[stack.index(screen) :]
        if not all(each.is_modal and each.styles.background.a == 0 for each in screens[1:]):
            return None
        return [*map(self.layout, screens)]

    def _cell(self, key: int) -> tuple[str, str]:
        """Return the glyph, and the parameters of the escape code that Textual would use."""
        style = self._renderer.style(key >> _CODE_BITS)
        code = key & ((1 << _CODE_BITS) - 1)
        system = COLOR_SYSTEMS.get(self._app.console.color_system or "", ColorSystem.TRUECOLOR)
        return chr(code) if code else "", Strip.render_ansi(style, system)


def _uncovered(visible: Layout) -> dict[Widget, Region]:
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


def _free(dialogs: Sequence[Layout], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return whether each cell of the screen is outside of the dialogs, (rows, columns)."""
    columns, rows = size
    free = np.ones((rows, columns), np.bool_)
    for visible in dialogs:
        for widget, (region, clip) in visible.items():
            if widget.visible and not isinstance(widget, Screen):
                covered = region.intersection(clip)
                free[max(covered.y, 0) : covered.bottom, max(covered.x, 0) : covered.right] = False
    return free
