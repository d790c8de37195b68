"""Arrangement of the training screen: the view, the panels that have room, and the enlarged panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from textual.containers import Container
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region
from textual.layout import Layout, WidgetPlacement

from tui.panels.panel import Panel
from tui.screens.status_bars import SMALLEST
from tui.screens.views import INSPECT, VIEWS, WATCH, divide, fits, panels_in, view_of, with_panels

if TYPE_CHECKING:
    from textual.geometry import Size
    from textual.layout import ArrangeResult
    from textual.screen import Screen
    from textual.widget import Widget

    from tui.screens.views import Split, View

LINES: Final = 4
"""Rows of the header, the status bar, the log and the footer."""


class _ByArrangement(Layout):
    """Places the panels as an arrangement says."""

    name = "arrangement"

    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Return the place of each panel that is displayed."""
        del parent, greedy
        regions = self._arrangement.regions(size)
        return [
            WidgetPlacement(regions[child], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if isinstance(child, Panel) and child in regions
        ]


class PanelArea(Container):
    """The part of the screen that the panels fill."""

    def __init__(self, arrangement: Arrangement, panels: list[Panel]) -> None:
        super().__init__(*panels, id="panels")
        self._by_arrangement = _ByArrangement(arrangement)

    @property
    def layout(self) -> Layout:
        """The layout of the panels."""
        return self._by_arrangement


class Arrangement:
    """Chooses the panels of a screen, and where they are."""

    def __init__(self, screen: Screen[Any], panels: list[Panel], view: str = WATCH) -> None:
        self._screen = screen
        self._panels = panels
        self._view = view if view in VIEWS else WATCH
        # what the user has shown or hidden in each view, the last panel last
        self._chosen: dict[str, dict[Panel, bool]] = {name: {} for name in VIEWS}
        self._zoomed: Panel | None = None
        self._front: Panel | None = None
        self._labels: set[str] = set()
        if self._view == INSPECT:
            panels[0].options.inspecting, self._view = True, WATCH

    # --- views

    @property
    def view(self) -> str:
        """Name of the current view; inspecting is one of them."""
        return INSPECT if self._panels[0].options.inspecting else self._view

    def show_view(self, name: str) -> None:
        """Show a view; again, with all its panels as they were."""
        if name == self.view:
            self._chosen[name].clear()
        if name != INSPECT:
            self._view = name
        self._zoomed = self._front = None

    def _definition(self) -> View:
        return view_of(self.view, self._panels[0].run)

    def wanted(self) -> list[Panel]:
        """Return the panels of the view and those that the user has shown, in order of importance."""
        chosen, by_label = self._chosen[self.view], {each.label: each for each in self._panels}
        wanted = [panel for panel, is_shown in reversed(chosen.items()) if is_shown]
        of_view = [by_label[label] for label in self._definition().panels if label in by_label]
        wanted += [each for each in of_view if each not in wanted and chosen.get(each, True)]
        if self._front in wanted:
            wanted.remove(self._front)
            wanted.insert(0, self._front)
        return wanted or of_view[:1]

    # --- changes

    def toggle(self, panel: Panel) -> bool:
        """Show or hide a panel with the next `apply`; return False if it is the only one."""
        hides = panel.display and self._zoomed is None
        if hides and self.wanted() == [panel]:
            return False
        chosen = self._chosen[self.view]
        chosen.pop(panel, None)  # the last choice is the last entry
        chosen[panel] = not hides
        self._zoomed, self._front = None, None if hides else panel
        return True

    def wants(self, label: str) -> bool:
        """Return whether a panel is part of the view, even if there is no room for it."""
        return any(each.label == label for each in self.wanted())

    def choose(self, label: str, *, shown: bool) -> None:
        """Show or hide a panel with the next `apply`."""
        panel = next(each for each in self._panels if each.label == label)
        self._chosen[self.view].pop(panel, None)
        self._chosen[self.view][panel] = shown

    def bring_to_front(self, label: str) -> None:
        """Show a panel with the next `apply`, if necessary in the place of another one."""
        self._front, self._zoomed = next(p for p in self._panels if p.label == label), None

    def focus(self, label: str) -> None:
        """Focus a panel, if it is visible."""
        for panel in self._panels:
            if panel.label == label and panel.display:
                panel.focus()

    def shows(self, label: str) -> bool:
        """Return whether a panel has room, although it may be covered by an enlarged one."""
        return label in self._labels

    def end_zoom(self) -> None:
        """Restore the panels around an enlarged one with the next `apply`."""
        self._zoomed = self._front = None

    @property
    def is_zoomed(self) -> bool:
        """Whether one panel is enlarged."""
        return self._zoomed is not None

    def zoom(self) -> None:
        """Enlarge the focused panel, or restore the others."""
        focused = self._screen.focused
        self._zoomed = focused if self._zoomed is None and isinstance(focused, Panel) else None
        self.apply()

    def move_focus(self, by: int) -> None:
        """Focus another panel; if only one is visible, show another one in its place."""
        wanted = self.wanted()
        shown = [each for each in self._panels if each.display]
        panels = [each for each in self._panels if each in (wanted if len(shown) < 2 else shown)]
        focused = self._screen.focused
        at = panels.index(focused) if isinstance(focused, Panel) and focused in panels else -1
        panel = panels[(at + by) % len(panels)]
        if not panel.display:
            self._zoomed = None if self._zoomed is None else panel
            self._front = panel
            self.apply()
        panel.focus()

    def apply(self) -> None:
        """Show the panels for which there is room."""
        screen, size = self._screen, self._screen.app.size
        screen.set_class(size.width < SMALLEST[0] or size.height < SMALLEST[1], "-too-small")
        wanted = self.wanted()
        shown = self._with_room(wanted)
        self._labels = {each.label for each in shown}
        if self._zoomed is not None:
            shown = [self._zoomed]
        self._label_hidden(wanted, shown)
        for panel in self._panels:
            panel.display = panel in shown
        if screen.is_mounted:
            screen.query_one("#panels").refresh(layout=True)
        focused = screen.focused
        if focused is None or (isinstance(focused, Panel) and not focused.display):
            shown[0].focus()

    def _layout(self, width: int, height: int) -> Split | str:
        """Return the layout of the view for a terminal of this size."""
        return self._definition().layout((width, height))

    def _with_room(self, wanted: list[Panel]) -> list[Panel]:
        """Return the most important panels that have room together."""
        width, height = self._screen.app.size
        layout = with_panels(self._layout(width, height), [each.label for each in wanted])
        chosen, placed = self._chosen[self.view], panels_in(self._layout(width, height))
        sizes: dict[str, tuple[int, int]] = {}
        shown: list[Panel] = []
        for panel in wanted:
            if panel.label not in placed and not chosen.get(panel):
                continue  # the layout of this size is without it
            together = {**sizes, panel.label: panel.least_size}
            if not shown or fits(layout, together, (width, height - LINES)):
                sizes = together
                shown.append(panel)
        focused = self._screen.focused
        if len(shown) == 1 and focused in wanted and self._front is None:
            return [focused]  # the one that the user is looking at
        return shown or wanted[:1]

    def _label_hidden(self, wanted: list[Panel], shown: list[Panel]) -> None:
        """Write the names of the panels without room, with their keys, on a border."""
        hidden = tuple((each.label, each.key) for each in wanted if each not in shown)
        if self._zoomed is not None:
            hidden = (("all panels", "z"),)
        size = self._screen.app.size
        regions = self._regions(shown, Region(0, 0, size.width, max(0, size.height - LINES)))
        corner = max(shown, key=lambda each: (regions[each].bottom, regions[each].right))
        for panel in self._panels:
            names = hidden if panel is corner else ()
            if panel.hidden_panels != names:
                panel.hidden_panels = names
                panel.invalidate()

    def regions(self, size: Size) -> dict[Panel, Region]:
        """Return the places of the visible panels in an area of this size."""
        shown = [each for each in self._panels if each.display]
        return self._regions(shown, Region(0, 0, size.width, size.height))

    def _regions(self, shown: list[Panel], room: Region) -> dict[Panel, Region]:
        by_label = {each.label: each for each in shown}
        layout = with_panels(self._layout(room.width, room.height + LINES), by_label)
        sizes = {each.label: each.least_size for each in shown}
        wishes = {each.label: each.preferred_height() for each in shown}
        found = divide(layout, sizes, wishes, room)
        return {by_label[label]: region for label, region in found.items()}
