"""Which panels of the training screen are shown, how much room each gets, and which has it all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tui.panels import LayersPanel, Panel
from tui.screens.status_bars import SMALLEST

if TYPE_CHECKING:
    from textual.screen import Screen

TIGHT_BELOW: Final = (60, 16)
"""Columns and rows below which there is room for one panel at a time."""

NARROW_BELOW: Final = (100, 30)
"""Columns and rows below which the accuracy stands back, unless it is asked for."""
SHOWN: Final = {"loss", "boundary", "hidden"}
"""Panels that are there at any size unless they are hidden."""

WIDE_FROM: Final = (150, 45)
"""Columns and rows from which on the errors are shown, too, without being asked for."""

LINES: Final = 4


class Arrangement:
    """Shows and hides the panels of a screen; the style sheet says where they stand."""

    def __init__(self, screen: Screen[Any], panels: list[Panel]) -> None:
        self._screen = screen
        self._panels = panels
        self._chosen: dict[Panel, bool] = {}
        self._zoomed: Panel | None = None
        self._alone: Panel | None = None

    def toggle(self, panel: Panel) -> bool:
        """Show or hide a panel, and end an enlargement; tell False if it is the last one."""
        if self.tight:
            if panel.display:
                return False
            self._chosen[panel] = True
            self.bring(None, alone=panel)
            return True
        if self._zoomed is None and [each for each in self._panels if self._wants(each)] == [panel]:
            return False
        self._chosen[panel] = not self._wants(panel) or self._zoomed is not None
        self._zoomed = None
        self.apply()
        return True

    def focus(self, label: str) -> None:
        """Focus a panel, if it is shown."""
        for panel in self._panels:
            if panel.label == label and panel.display:
                panel.focus()

    def zoom(self) -> None:
        """Give the focused panel all the room, or give it back."""
        focused = self._screen.focused
        self._zoomed = focused if self._zoomed is None and isinstance(focused, Panel) else None
        self.apply()

    @property
    def crowded(self) -> bool:
        """Whether the inspector takes the whole of a small screen."""
        width, height = self._screen.app.size
        inspecting = self._panels[0].options.inspecting
        return inspecting and (width < NARROW_BELOW[0] or height < NARROW_BELOW[1])

    @property
    def tight(self) -> bool:
        """Whether there is room for one panel only."""
        width, height = self._screen.app.size
        return width < TIGHT_BELOW[0] or height < TIGHT_BELOW[1]

    def bring(self, panel: Panel | None, *, alone: Panel | None = None) -> None:
        """Give one panel all the room, or let those come back that were there before.

        Where there is room for one only, that is the one that stands `alone`.
        """
        self._zoomed, self._alone = panel, alone or self._alone
        self.apply()
        if panel is not None:
            panel.focus()
        elif self._panels[0].options.inspecting:
            self.focus("inspector")

    def move_focus(self, by: int) -> None:
        """Focus another panel; what is enlarged follows."""
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
        """Bring the screen into the state that the choices and its size ask for."""
        screen = self._screen
        loss, accuracy, boundary = self._panels[:3]
        below = [panel for panel in self._panels[3:] if panel.label != "inspector"]
        inspector = next((each for each in self._panels if each.label == "inspector"), None)
        width, height = screen.app.size
        screen.set_class(width < SMALLEST[0] or height < SMALLEST[1], "-too-small")
        alone = self._zoomed or (self._one_of_those_wanted() if self.tight else None)
        for panel in self._panels:
            panel.display = self._wants(panel) if alone is None else panel is alone
        left, top = screen.query_one("#left"), screen.query_one("#top")
        left.display = loss.display or accuracy.display
        inspected = inspector is not None and inspector.display
        top.display = left.display or boundary.display or inspected
        bottom = screen.query_one("#bottom")
        bottom.display = any(panel.display for panel in below)
        bottom.set_class(sum(panel.display for panel in below) == 1, "-alone")
        bottom.styles.height = self._rows_below(height) if top.display else "1fr"
        focused = screen.focused
        if isinstance(focused, Panel) and not focused.display:
            next(panel for panel in self._panels if panel.display).focus()

    def _one_of_those_wanted(self) -> Panel:
        """Return the panel that was asked for last, or that has the focus, or the first."""
        wanted = [panel for panel in self._panels if self._wants(panel)]
        for panel in (self._alone, self._screen.focused):
            if panel in wanted:
                return panel
        return wanted[0]

    def _wants(self, panel: Panel) -> bool:
        width, height = self._screen.app.size
        inspecting = panel.options.inspecting
        if panel.label == "inspector":
            return inspecting
        if self.crowded:
            return False
        if isinstance(panel, LayersPanel):
            # what it shows is measured only if it is asked for
            return panel.run.config.diagnostics
        if inspecting and panel.label in {"loss", "accuracy"}:
            return False
        by_itself = {
            # where one at a time is shown, it takes no room from the others
            "accuracy": (width >= NARROW_BELOW[0] and height >= NARROW_BELOW[1]) or self.tight,
            "space": inspecting,
            "errors": not inspecting and width >= WIDE_FROM[0] and height >= WIDE_FROM[1],
        }
        return self._chosen.get(panel, by_itself.get(panel.label, panel.label in SHOWN))

    def _rows_below(self, height: int) -> int:
        """Return the rows that the panels below need, if there is room for them."""
        session = self._panels[0].run
        config, wanted = session.config, 5
        for panel in self._panels:
            if not panel.display:
                continue
            if panel.label == "hidden":
                units = max(config.hidden, default=4)
                wanted = max(wanted, 3 + units * (2 if units < 5 else 1))
            elif panel.label == "layers":
                # and what looks wrong, with what to try
                wanted = max(wanted, len(config.hidden) + 8)
            elif panel.label == "errors" and session.data is not None:
                # a row a class, its totals, and what stands around them
                wanted = max(wanted, len(session.data.class_names) + 6, 13)
            elif panel.label in {"table", "space", "network", "maps"}:
                wanted = max(wanted, 14)
        return max(5, min(wanted, (height - LINES) * 2 // 5))
