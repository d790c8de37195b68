"""Arrangement of the training screen: shown panels, their sizes, and the enlarged panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tui.panels.inspector.panel import InspectorPanel
from tui.panels.panel import SINGLE_BELOW, SMALL_BELOW, Panel, Placement
from tui.screens.status_bars import SMALLEST

if TYPE_CHECKING:
    from textual.screen import Screen

LINES: Final = 4
"""Rows of the header, the status bar, the log and the footer."""


class Arrangement:
    """Shows, hides and enlarges the panels of a screen."""

    def __init__(self, screen: Screen[Any], panels: list[Panel]) -> None:
        self._screen = screen
        self._panels = panels
        self._chosen: dict[Panel, bool] = {}
        self._zoomed: Panel | None = None
        self._alone: Panel | None = None
        self._awaited: Panel | None = None  # to be focused once the run demands it

    def toggle(self, panel: Panel) -> bool:
        """Show or hide a panel and end an enlargement; return False if it is the only one."""
        if self.tight:
            if panel.display:
                return False
            self._chosen[panel] = True
            self.enlarge(None, alone=panel)
            return True
        if self._zoomed is None and [each for each in self._panels if self._wants(each)] == [panel]:
            return False
        self._chosen[panel] = not self._wants(panel) or self._zoomed is not None
        self._zoomed = None
        self.apply()
        return True

    def focus(self, label: str) -> None:
        """Focus a panel, if it is visible."""
        for panel in self._panels:
            if panel.label == label and panel.display:
                panel.focus()

    def focus_when_shown(self, panel: Panel) -> None:
        """Focus a panel once the training process has confirmed the setting that shows it."""
        self._awaited = panel

    def zoom(self) -> None:
        """Enlarge the focused panel, or restore the others."""
        focused = self._screen.focused
        self._zoomed = focused if self._zoomed is None and isinstance(focused, Panel) else None
        self.apply()

    @property
    def crowded(self) -> bool:
        """Whether the inspector fills a small screen."""
        width, height = self._screen.app.size
        inspecting = self._panels[0].options.inspecting
        return inspecting and (width < SMALL_BELOW[0] or height < SMALL_BELOW[1])

    @property
    def tight(self) -> bool:
        """Whether there is room for one panel only."""
        width, height = self._screen.app.size
        return width < SINGLE_BELOW[0] or height < SINGLE_BELOW[1]

    def enlarge(self, panel: Panel | None, *, alone: Panel | None = None) -> None:
        """Enlarge one panel, or restore the panels that were shown before.

        If the terminal has room for one panel only, it is `alone`.
        """
        self._zoomed, self._alone = panel, alone or self._alone
        self.apply()
        if panel is not None:
            panel.focus()
        elif self._panels[0].options.inspecting:
            self.focus("inspector")

    def move_focus(self, by: int) -> None:
        """Focus another panel; if one is enlarged, enlarge that one instead."""
        panels = [each for each in self._panels if self._wants(each) or each is self._zoomed]
        focused = self._screen.focused
        at = panels.index(focused) if isinstance(focused, Panel) and focused in panels else -1
        panel = panels[(at + by) % len(panels)]
        if self._zoomed is not None or self.tight:
            self._zoomed = None if self._zoomed is None else panel
            self._alone = panel
            self.apply()
        panel.focus()

    def apply(self) -> None:
        """Show the panels that the user, the run and the terminal size demand."""
        screen = self._screen
        width, height = screen.app.size
        screen.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        alone = self._zoomed or (self._single_panel() if self.tight else None)
        for panel in self._panels:
            panel.display = self._wants(panel) if alone is None else panel is alone
        shown = [panel for panel in self._panels if panel.display]
        bottom_panels = [panel for panel in shown if panel.placement is Placement.BOTTOM]
        left, top = screen.query_one("#left"), screen.query_one("#top")
        left.display = any(panel.placement is Placement.LEFT for panel in shown)
        top.display = len(shown) > len(bottom_panels)
        bottom = screen.query_one("#bottom")
        bottom.display = bool(bottom_panels)
        bottom.set_class(len(bottom_panels) == 1, "-alone")
        needed = max((panel.preferred_height() for panel in bottom_panels), default=5)
        fifths = 3 if any(panel.needs_room() for panel in bottom_panels) else 2
        rows = max(5, min(needed, (height - LINES) * fifths // 5))
        bottom.styles.height = rows if top.display else "1fr"
        focused = screen.focused
        if self._awaited in shown:
            self._awaited.focus()
            self._awaited = None
        elif isinstance(focused, Panel) and not focused.display:
            shown[0].focus()

    def _single_panel(self) -> Panel:
        """Return the panel that was requested last, has the focus, or is the first."""
        wanted = [panel for panel in self._panels if self._wants(panel)]
        for panel in (self._alone, self._screen.focused):
            if panel in wanted:
                return panel
        return wanted[0]

    def _wants(self, panel: Panel) -> bool:
        if self.crowded:
            return isinstance(panel, InspectorPanel)
        requested = panel.is_requested()
        if requested is not None:
            return requested
        if panel.options.inspecting and panel.placement is Placement.LEFT:
            return False  # the inspector takes its place
        return self._chosen.get(panel, panel.is_default(*self._screen.app.size))
