"""Base class of the panels: frame, border texts, redraw limits, and what the screen needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from textual.message import Message

from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells
from tui.drawing.palette import ALARM, BRIGHT, DIM, FOCUSED_FRAME, FRAME, TEXT, ink
from tui.panels.hysteresis import keep_similar

if TYPE_CHECKING:
    from textual import events

    from core.datasets import DataSplit
    from core.nn.network import Network
    from tui.faults import Fault
    from tui.panels.explanation import Explanation
    from tui.panels.view_options import Cursor, ViewOptions
    from tui.run_model import RunModel

StyledText: TypeAlias = list[tuple[str, int]]
"""Pieces of text, each with its ink."""

DRAWING_SHARE: Final = 0.1
"""Largest share of the time that a panel with a redraw interval spends on drawing."""
CELLS_PER_SECOND: Final = 200
"""Largest number of changed cells of a panel, unless it would pause for `longest_pause` seconds.

A picture that changes everywhere, by noise or in the first epochs, is drawn less often: more would be no
easier to follow, and each cell is some ten bytes.
"""


class Panel(Canvas, can_focus=True):
    """Framed view of the run. A subclass that sets `key` is a panel of the training screen.

    Attributes:
        key: key that shows or hides the panel: a digit, or a free letter.
        label: short name; also the widget's id.
        summary: one sentence for the help.
        placeholder: sentence shown before the first epoch.
        hints: keys that only this panel has, for the help, with what they do.
        footer: keys, with what they do, that the footer shows while the panel has the focus.
        least_size: columns and rows, with the frame, below which the panel is illegible: it then
            gives way to others.
        title_has_priority: whether the whole title precedes the right-hand border text when there
            is no room for both.
        redraw_interval: least seconds between two drawings while the run trains; 0 for each frame.
            Digits that change in every frame are hard to read, and fine lines are many bytes.
        longest_pause: most seconds between two drawings of a panel of which many cells change.
        keeps_similar: whether cells stay as they are while their colours hardly change, except at rest.
        needs_run: whether there is nothing to describe in the border before the first epoch of a run.
    """

    key: ClassVar[str]
    label: ClassVar[str]
    summary: ClassVar[str]
    placeholder: ClassVar[str]
    hints: ClassVar[dict[str, str]] = {}
    footer: ClassVar[tuple[tuple[str, str], ...]] = ()
    least_size: ClassVar[tuple[int, int]] = (24, 7)
    title_has_priority: ClassVar[bool] = False
    redraw_interval: ClassVar[float] = 0.0
    longest_pause: ClassVar[float] = 0.5
    keeps_similar: ClassVar[bool] = False
    needs_run: ClassVar[bool] = True

    @dataclass
    class CursorMoved(Message):
        """The user chose a unit or a sample, or panels show or hide the one that is chosen.

        Attributes:
            cursor: the new cursor, or None if only its marks change.
            inspects: whether the inspector opens.
        """

        cursor: Cursor | None
        inspects: bool = True

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(id=self.label)
        self.run = run
        self.options = options
        self.captions: list[tuple[int, tuple[str, ...]]] = []
        """Texts of the lower border, such as the name of an axis: the column of each, and its possible
        lengths, the longest first."""
        self._content = Cells(0, 0)
        self._unmerged = self._content
        self._content_key: tuple[object, ...] = ()
        self._framed = self._content
        self._framed_of: tuple[object, ...] = ()
        self._due = 0.0
        self.shows_numbers = True
        """Whether the title follows the run now: the frames of a training run change it less often."""
        self._titles: tuple[StyledText, StyledText] = [], []
        self._titled_of = False
        self.hidden_panels: tuple[tuple[str, str], ...] = ()
        """Panels without room, each with its key, which the lower border names."""

    # --- overridden by panels

    def explanation(self) -> Explanation:
        """Return the text that `e` opens."""
        raise NotImplementedError

    def draw_content(self, width: int, height: int) -> Cells:
        """Return the cells inside the frame."""
        current = self.run.current
        if current is None:
            return centred_text(width, height, self.placeholder)
        return self.draw_run(*current, width, height)

    def draw_run(self, network: Network, data: DataSplit, width: int, height: int) -> Cells:
        """Return the cells inside the frame after the first epoch."""
        raise NotImplementedError

    @property
    def border_name(self) -> str:
        """Name of the panel in its border."""
        return self.label

    def title(self) -> StyledText:
        """Return the text after the name, on the left of the upper border."""
        return []

    def title_room(self, width: int) -> int:
        """Return the columns for the title above so wide a content, after the name."""
        return width - len(self.border_name) - 4

    def title_right(self) -> StyledText:
        """Return the text on the right of the upper border."""
        return []

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        """Return `footer`, or the keys in the current state of the panel."""
        return self.footer

    def leave_cursor(self) -> bool:
        """Switch off a cursor or a selection within the panel; return whether there was one."""
        return False

    def view_state(self) -> tuple[object, ...]:
        """Return what the drawing depends on besides the run; a change redraws the panel at once."""
        return ()

    def is_fixed_at_rest(self) -> bool:
        """Return whether the last drawing is still valid while the run is at rest."""
        return False

    def preferred_height(self) -> int:
        """Return the rows that the panel needs, with its frame, if its part of a view has fewer."""
        return 0

    # --- drawing

    @property
    def has_classes(self) -> bool:
        """Whether the run is a classification, which is assumed until the data are known."""
        return self.run.data is None or self.run.data.has_classes

    def invalidate(self) -> None:
        """Redraw in the next frame, regardless of the redraw interval."""
        self._due, self.shows_numbers = 0.0, True

    def redraw(self) -> None:
        """Redraw at once."""
        self.invalidate()
        self.repaint()
        if self.has_focus:  # its keys may have changed
            for line in self.screen.query("#footer").results(Canvas):
                line.repaint()

    def content(self, width: int, height: int) -> Cells:
        """Return the cells inside the frame, redrawn only if due or if the view state changed."""
        start = monotonic()
        is_valid = self.is_fixed_at_rest() if self.run.is_at_rest else start < self._due
        is_same = bool(self._due) and self._content_key == self._cache_key(width, height)
        if is_valid and is_same:
            return self._content
        before, self._content = self._content, self.draw_content(width, height)
        if self.keeps_similar:
            if is_same and not self.run.is_at_rest:
                keep_similar(self._content, self._unmerged)
            self._unmerged = self._content.copy()
        self._renderer.merge_levels(self._content, exact=self.run.is_at_rest)
        end = monotonic()
        changed = self._content.count_changes(before) if is_same else 0
        # drawing may clamp the view state
        self._content_key = self._cache_key(width, height)
        interval = self.redraw_interval
        interval = max(interval, (end - start) / DRAWING_SHARE) if interval else 0.0
        self._due = end + max(interval, min(self.longest_pause, changed / CELLS_PER_SECOND))
        return self._content

    def _cache_key(self, width: int, height: int) -> tuple[object, ...]:
        run = self.run
        return (width, height, run.network, run.data, len(run.timeline) > 0, *self.view_state())

    def draw(self, width: int, height: int) -> Cells:
        """Return the frame and its content."""
        if width < 4 or height < 3:
            return Cells(width, height)
        content = self.content(width - 2, height - 2)
        # without a run, they would describe a previous one
        is_current = self.run.current is not None or not self.needs_run
        is_due = self.shows_numbers or self.run.is_at_rest
        if is_due or self._titled_of != is_current:
            self._titled_of = is_current
            self._titles = (self.title(), self.title_right()) if is_current else ([], [])
        (left, right), captions = self._titles, [*self.captions] if is_current else []
        key = content, left, right, captions, self.hidden_panels, self.has_focus, self.border_name
        if self._framed_of != key:
            cells = self._framed = self._frame(width, height)
            self._framed_of = key
            cells.place(1, 1, content)
            _write_captions(cells, captions, self._write_hidden_panels(cells))
            self._write_border(cells, self.border_name, left, right)
        return self._framed

    def draw_fault(self, width: int, height: int, fault: Fault) -> Cells:
        cells = self._frame(width, height)
        if width >= 4 and height >= 3:
            cells.place(1, 1, centred_text(width - 2, height - 2, fault.sentence, ALARM))
            self._write_border(cells, self.label, [], [])
        return cells

    def _frame(self, width: int, height: int) -> Cells:
        return _empty_frame(width, height, ink(FOCUSED_FRAME if self.has_focus else FRAME)).copy()

    def on_focus(self, _: events.Focus) -> None:
        """Show the brighter frame."""
        self.call_next(self.repaint)  # Textual updates has_focus after this handler

    def on_blur(self, _: events.Blur) -> None:
        """Show the darker frame."""
        self.call_next(self.repaint)

    def _write_border(self, cells: Cells, name: str, left: StyledText, right: StyledText) -> None:
        name_ink = ink(BRIGHT if self.has_focus else TEXT, bold=self.has_focus)
        width, column = cells.width, 1
        key = f" {self.key} " if self.key else " "
        for text, number in ((key, ink(DIM)), (f"{name} ", name_ink)):
            if column + len(text) < width:
                column = cells.write(0, column, text, number)
        # the right-hand text gives way to the first words of the title, or to all of it
        needed = column + _length(left if self.title_has_priority else left[:1])
        while right and width - 2 - _length(right) <= needed:
            right = right[:-1] if self.title_has_priority else []
        start = width - 2 - _length(right) if right else width - 1
        for text, number in left:
            if column + len(text) > start:
                break
            column = cells.write(0, column, text, number)
        for text, number in right:
            start = cells.write(0, start, text, number)

    def _write_hidden_panels(self, cells: Cells) -> int:
        """Name the panels without room on the lower border; names that do not fit are counted.

        Returns:
            The first column of the text, or that of the corner.
        """
        named = [f"{name} {key}" for name, key in self.hidden_panels]
        for count in range(len(named), 0, -1):
            more = len(named) - count
            text = f" + {'  '.join(named[:count])}{f'  and {more} more' * bool(more)} "
            if len(text) <= cells.width - 4:
                return cells.write_right(cells.height - 1, cells.width - 2, text, ink(DIM))
        return cells.width - 1


@lru_cache(maxsize=32)
def _empty_frame(width: int, height: int, line: int) -> Cells:
    """Return a frame without texts; the block must not be changed."""
    cells = Cells(width, height)
    if width >= 4 and height >= 3:
        cells.glyphs[[0, -1], 1:-1] = "─"
        cells.glyphs[1:-1, [0, -1]] = "│"
        cells.glyphs[[0, 0, -1, -1], [0, -1, 0, -1]] = ["╭", "╮", "╰", "╯"]
        cells.inks[[0, -1], :] = line
        cells.inks[:, [0, -1]] = line
    return cells


def _write_captions(cells: Cells, captions: list[tuple[int, tuple[str, ...]]], end: int) -> None:
    """Write each caption on the lower border in the longest form that ends before a column."""
    for column, forms in captions:
        whole = [words for words in forms if 0 < column < end - len(words)]
        if whole:
            cells.write(cells.height - 1, column, whole[0], ink(DIM))


def _length(words: StyledText) -> int:
    return sum(len(text) for text, _ in words)


def centred_text(width: int, height: int, text: str, colour: str = DIM) -> Cells:
    """Return cells with a wrapped sentence in the middle, such as a placeholder for the content."""
    cells = Cells(width, height)
    lines = wrap(text, max(1, width - 2))
    top = max(0, (height - len(lines)) // 2)
    for offset, line in enumerate(lines):
        cells.write(top + offset, max(0, (width - len(line)) // 2), line, ink(colour))
    return cells
