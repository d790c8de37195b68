"""Data screen: summary of the data set, independent of any network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.drawing.palette import ink
from tui.drawing.rendering import renderer_for
from tui.drawing.tables import Page
from tui.screens.data_summary import summary_cells

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from core.datasets.summary import Summary

MARGIN = 1
"""Blank columns on either side."""


class DataScreen(ModalScreen[None]):
    """Closes with escape or v; q quits the program, as everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,v", "dismiss", "close"),
        ("q", "app.quit", "quit"),
    ]
    DEFAULT_CSS = """
    DataScreen {
        align: center middle;
    }
    """

    def __init__(self, summary: Summary) -> None:
        super().__init__()
        self._summary = summary

    def compose(self) -> ComposeResult:
        """Show one page."""
        view = SummaryView(self._summary)
        view.border_title = "data"
        view.border_subtitle = "↑ ↓ page up/down scroll · ← → features · esc closes"
        yield view


class SummaryView(ScrollView, can_focus=True):
    """Page of a data set, laid out once per width; only visible rows are drawn."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "features(-1)", "features before", show=False),
        Binding("right", "features(1)", "features after", show=False),
    ]
    DEFAULT_CSS = """
    SummaryView {
        width: 100%;
        max-width: 160;
        height: auto;
        max-height: 100%;
        border: round #767676;
        background: #121212;
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """

    def __init__(self, summary: Summary) -> None:
        super().__init__()
        self._summary = summary
        self._first = 0
        self._page = Page(0, 0)

    @property
    def shown(self) -> Page:
        """The whole page, including rows outside the screen."""
        return self._page

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the height of the page for a width."""
        # the width here includes the gutter of the scroll bar
        return self._laid_out(width - self.scrollbar_size_vertical).height

    def on_resize(self, _: events.Resize) -> None:
        """Lay the page out for the new width."""
        self._show()

    def render_line(self, y: int) -> Strip:
        """Return one visible row."""
        form = renderer_for(self.app)
        row, paper = y + self.scroll_offset.y, form.style(ink())
        width = self.scrollable_content_region.width
        if row >= self._page.height:
            return Strip.blank(width, paper)
        margin = Strip.blank(MARGIN, paper)
        return Strip.join([margin, self._page.strip(row, form)]).adjust_cell_length(width, paper)

    def action_features(self, step: int) -> None:
        """Show other columns of the first rows."""
        last = max(0, len(self._summary.features) - 1)
        first = min(max(0, self._first + step), last)
        if first < self._first or (first > self._first and self._page.hidden > 0):
            self._first = first
            self._page = Page(0, 0)
            self._show()

    def _show(self) -> None:
        page = self._laid_out(self.scrollable_content_region.width)
        self.virtual_size = Size(page.width + 2 * MARGIN, page.height)
        self.refresh()

    def _laid_out(self, room: int) -> Page:
        width = max(1, room - 2 * MARGIN)
        if self._page.width != width:
            self._page = summary_cells(self._summary, width, self._first)
        return self._page
