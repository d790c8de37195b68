"""Data screen: summary of the data set, independent of any network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding
from textual.geometry import Size
from textual.markup import escape
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.drawing.cells import cut
from tui.drawing.palette import ACCENT, ink
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
MARKER = ">"
"""In the margin, next to the selected column."""

ToggleColumn: TypeAlias = Callable[[str, "Summary"], None]


COLUMN_KEYS: Final = "↑ ↓ column · x {} · ← → more · esc closes"
SCROLL_KEYS: Final = "↑ ↓ scroll · esc closes"
"""For data without columns to select, such as texts."""


class DataScreen(ModalScreen[None]):
    """Closes with escape or v; q quits the program, as everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,v", "dismiss", "close"),
        ("x", "toggle_column", "exclude or include the selected column"),
        ("q", "app.quit", "quit"),
    ]
    DEFAULT_CSS = """
    DataScreen {
        align: center middle;
    }
    """

    def __init__(self, summary: Summary, toggle: ToggleColumn | None = None) -> None:
        """Show a summary.

        Args:
            summary: the summary.
            toggle: excludes or includes a column and loads the data again.
        """
        super().__init__()
        self._summary = summary
        self._toggle_column = toggle

    def compose(self) -> ComposeResult:
        """Show one page."""
        view = SummaryView(self._summary)
        view.border_title = "data"
        yield view

    def show_summary(self, summary: Summary, note: str) -> None:
        """Show the data after a change, or a note if they are the same."""
        view = self.query_one(SummaryView)
        if summary is not self._summary:
            self._summary = summary
            view.show_summary(summary)
        else:
            view.show_keys()
            view.border_subtitle = escape(note) or view.border_subtitle

    def action_toggle_column(self) -> None:
        """Exclude the selected column from the features, or include it again."""
        view = self.query_one(SummaryView)
        if not view.shown.columns:
            view.border_subtitle = "there is no column to exclude"
        elif view.selected is None:
            view.select_first()  # its name is in the keys: pressed again, x excludes it
        elif self._toggle_column is not None:
            view.border_subtitle = "loading …"
            self._toggle_column(view.selected, self._summary)


class SummaryView(ScrollView, can_focus=True):
    """Page of a data set, laid out once per width; only visible rows are drawn."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "features(-1)", "features before", show=False),
        Binding("right", "features(1)", "features after", show=False),
        Binding("down", "select(1)", "next column", show=False),
        Binding("up", "select(-1)", "column before", show=False),
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
        self._row: int | None = None  # of the page, which describes the selected column

    @property
    def selected(self) -> str | None:
        """Name of the selected column."""
        return None if self._row is None else self._page.columns.get(self._row)

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
        if row == self._row:
            margin = Strip([Segment(MARKER, form.style(ink(ACCENT)))])
        return Strip.join([margin, self._page.strip(row, form)]).adjust_cell_length(width, paper)

    def action_features(self, step: int) -> None:
        """Show other columns of the first rows."""
        last = max(0, len(self._summary.features) - 1)
        first = min(max(0, self._first + step), last)
        if first < self._first or (first > self._first and self._page.hidden > 0):
            self._first = first
            self._show(again=True)

    def action_select(self, step: int) -> None:
        """Select the next column if it is visible, or one line away; otherwise scroll."""
        top = self.scroll_offset.y
        bottom = top + self.scrollable_content_region.height
        rows = sorted(self._page.columns, reverse=step < 0)
        start = self._row
        if start is None or not top <= start < bottom:
            start = top - 1 if step > 0 else bottom
        following = next((row for row in rows if (row - start) * step > 0), None)
        if following is not None and top - 1 <= following <= bottom:
            self._row = following
            if not top <= following < bottom:
                self.scroll_relative(y=step, animate=False)
            self.refresh()
        else:
            self.scroll_relative(y=step, animate=False)
        self.show_keys()

    def select_first(self) -> None:
        """Select the first column in view, or the next one below, and bring it into view."""
        top, room = self.scroll_offset.y, self.scrollable_content_region.height
        rows = sorted(self._page.columns)
        self._row = next((row for row in rows if row >= top), rows[0])
        if not top <= self._row < top + room:
            self.scroll_to(y=self._row - room // 2, animate=False)
        self.refresh()
        self.show_keys()

    def show_summary(self, summary: Summary) -> None:
        """Show another summary; the selected column stays selected if it is still there."""
        self._summary = summary
        self._show(again=True)
        self.refresh(layout=True)

    def show_keys(self) -> None:
        """Show the keys below the page, and what x does: the selected row may be out of view."""
        if not self._page.columns:
            self.border_subtitle = SCROLL_KEYS
            return
        column, excluded = self.selected, dict(self._summary.excluded)
        verb = "includes" if column in excluded else "excludes"
        # on either side of the border's text are a blank and a part of the border
        room = self.size.width - cell_len(COLUMN_KEYS.format(f"{verb} ")) - 4
        name = "it" if column is None else cut(column, max(1, room))
        self.border_subtitle = escape(COLUMN_KEYS.format(f"{verb} {name}"))

    def _show(self, *, again: bool = False) -> None:
        page = self._laid_out(self.scrollable_content_region.width, again=again)
        self.virtual_size = Size(page.width + 2 * MARGIN, page.height)
        self.show_keys()
        self.refresh()

    def _laid_out(self, room: int, *, again: bool = False) -> Page:
        width = max(1, room - 2 * MARGIN)
        if again or self._page.width != width:
            column = self.selected
            self._page = summary_cells(self._summary, width, self._first, pictures=True)
            if self.selected != column:  # its row has moved
                rows = {name: row for row, name in sorted(self._page.columns.items(), reverse=True)}
                self._row = rows.get(column or "")
        return self._page
