"""Rows of the settings dialog, drawn as lines: one widget per setting would take a second to open."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from core.config.value_types import MultiChoice, is_closed, words_of
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, TEXT, ink
from tui.screens.settings_rows import Fold, arranged, name_of
from tui.screens.settings_search import search
from tui.screens.settings_values import SettingValues

if TYPE_CHECKING:
    from textual import events

    from core.config.run_config import RunConfig
    from core.config.settings import Setting

MARK: Final = 19
"""Column of the mark of a value that differs from the preset."""
NAME: Final = 20
VALUE: Final = 25
GAP: Final = 2
SHORTEST_REMARK: Final = 12
WHEEL: Final = 3
DIFFERS: Final = "•"


class SettingsList(Canvas, can_focus=True):
    """One row is current; a value with a few choices is changed in it, others in a field over it.

    Attributes:
        values: the values of all settings, and the remarks on them.
        texts: the value of every setting, as the user writes it.
        found_value: the value after a name in the search field, or an empty string.
        problem: why the search finds nothing, or an empty string.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "change(-1)", show=False),
        Binding("right,space", "change(1)", show=False),
        Binding("home", "move_to(0)", show=False),
        Binding("end", "move_to(-1)", show=False),
    ]

    class Moved(Message):
        """The current row has changed, or the rows have scrolled."""

    class Changed(Message):
        """The value of the current setting has changed."""

    def __init__(self, config: RunConfig, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.values = SettingValues(config)
        self.texts = self.values.texts
        self.found_value = self.problem = ""
        self._rows = arranged(self.values.idle, is_open=False)
        self._at, self._top = 1, 0
        self._is_open = self._is_search = False
        self._word = 0  # index of the switch that a key toggles

    # --- which row

    @property
    def current(self) -> Setting | None:
        """The setting in the current row; None for the row that shows those without effect."""
        row = self._rows[self._at]
        assert not isinstance(row, str)
        return None if isinstance(row, Fold) else row

    @property
    def takes_text(self) -> bool:
        """Whether the value of the current setting is typed."""
        setting = self.current
        return setting is not None and not (
            is_closed(setting.value_type) or isinstance(setting.value_type, MultiChoice)
        )

    @property
    def place(self) -> tuple[int, int, int]:
        """Column and row of the current value in this widget, and its width."""
        return NAME, self._at - self._top, min(VALUE, max(1, self.size.width - NAME))

    def choose(self, text: str) -> None:
        """Show the settings that a text means, if there are any, and keep the value that it gives."""
        self.found_value = self.problem = ""
        self._is_search = bool(text.strip())
        if self._is_search:
            found = search(text)
            self.found_value, self.problem = found.value, found.problem
            if found.problem:
                return
            self._rows, self._at = found.rows, found.at
        else:
            before = name_of(self._rows[self._at])
            self._rows = arranged(self.values.idle, is_open=self._is_open)
            kept = [at for at, row in enumerate(self._rows) if before and name_of(row) == before]
            self._at = kept[0] if kept else 1
        self._top = 0
        self._moved()

    def go_to(self, name: str) -> None:
        """Make a setting the current one."""
        if name not in map(name_of, self._rows):
            self._is_open = self._is_open or name in self.values.idle
            self._rows, self._is_search = arranged(self.values.idle, is_open=self._is_open), False
        self._at = next(at for at, row in enumerate(self._rows) if name_of(row) == name)
        self._moved()

    def use(self, config: RunConfig) -> None:
        """Show what `auto` stands for in a configuration, and which settings have an effect."""
        self.values.update(config)
        if not self._is_search:
            self._arrange()

    def _arrange(self) -> None:
        """Arrange the rows again; the current row stays, and does not move on the screen."""
        row, before = self._rows[self._at], self._at
        self._rows = arranged(self.values.idle, is_open=self._is_open)
        fold = next((at for at, each in enumerate(self._rows) if isinstance(each, Fold)), 1)
        same = (at for at, each in enumerate(self._rows) if name_of(each) == name_of(row) != "")
        self._at = next(same, fold)
        self._top += self._at - before
        self._keep_in_sight()
        self.repaint()

    def move(self, by: int) -> None:
        """Move the current row down, or up if negative, within the list."""
        target = min(max(self._at + by, 0), len(self._rows) - 1)
        self._at = self._nearest(target, 1 if by > 0 else -1)
        self._moved()

    def action_move_to(self, end: int) -> None:
        """Go to the first row, or to the last."""
        self.move(len(self._rows) if end else -len(self._rows))

    def _nearest(self, target: int, direction: int) -> int:
        """Return the nearest row of a setting; the first row is always the name of a group."""
        while isinstance(self._rows[target], str):
            target += direction if target else 1
        return target

    def _moved(self) -> None:
        self._keep_in_sight()
        self._word = 0
        self.repaint()
        self.post_message(self.Moved())

    def _keep_in_sight(self) -> None:
        height = max(1, self.size.height)
        # with the name of the group, if it is in the row above
        first = self._at - (1 if isinstance(self._rows[self._at - 1], str) else 0)
        self._top = max(min(self._top, first), self._at - height + 1)
        self._top = max(0, min(self._top, len(self._rows) - height))

    # --- its value

    def write(self, text: str) -> None:
        """Change the value of the current setting."""
        if self.current is not None:
            self.texts[self.current.name] = text
            self.post_message(self.Changed())

    def action_change(self, by: int) -> None:
        """Select the next choice; with several switches, move to the next switch; open the fold."""
        setting = self.current
        if setting is None:
            self._is_open = not self._is_open
            self._arrange()
            self._moved()
        elif isinstance(setting.value_type, MultiChoice):
            self._word = (self._word + by) % len(setting.value_type.words)
            self.repaint()
        elif is_closed(setting.value_type):
            words = words_of(setting.value_type)
            text = self.texts[setting.name]
            self.write(words[(words.index(text) + by) % len(words)])

    def on_key(self, event: events.Key) -> None:
        """Select the next choice that starts with a letter, or toggle a switch."""
        setting = self.current
        if setting is None:
            return
        if isinstance(setting.value_type, MultiChoice):
            if event.key == "space":
                self.write(_switched(setting.value_type, self.texts[setting.name], self._word))
                event.stop()
                event.prevent_default()
        elif event.character and event.character.isalnum() and is_closed(setting.value_type):
            words = words_of(setting.value_type)
            at = words.index(self.texts[setting.name]) + 1
            for word in (*words[at:], *words[:at]):
                if word.startswith(event.character):
                    self.write(word)
                    event.stop()
                    return

    # --- the mouse

    def on_click(self, event: events.Click) -> None:
        """Go to the row; in the current row, change the value under the pointer."""
        at = self._top + event.y
        if at >= len(self._rows) or isinstance(self._rows[at], str):
            return
        was_current, self._at = at == self._at, at
        if not was_current:
            self._moved()
        setting = self.current
        if setting is None:
            self.action_change(1)
        elif isinstance(setting.value_type, MultiChoice):
            for word, start, end in _spans(setting.value_type):
                if start <= event.x < end:
                    self._word = word
                    self.write(_switched(setting.value_type, self.texts[setting.name], word))
        elif was_current and NAME <= event.x < NAME + VALUE:
            left = event.x < NAME + 2
            self.action_change(-1 if left else 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down; the current row stays visible."""
        event.stop()
        self._scroll(WHEEL)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self._scroll(-WHEEL)

    def _scroll(self, by: int) -> None:
        height = self.size.height
        self._top = max(0, min(self._top + by, len(self._rows) - height))
        inside = min(max(self._at, self._top), self._top + height - 1)
        if inside != self._at:
            self._at = self._nearest(inside, 1 if by > 0 else -1)
        self._moved()

    def on_resize(self, event: events.Resize) -> None:
        self._keep_in_sight()
        super().on_resize(event)
        self.post_message(self.Moved())

    def on_focus(self) -> None:
        """Mark the switch that a key toggles."""
        self.call_next(self.repaint)  # after Textual's own handler, which changes `has_focus`

    def on_blur(self) -> None:
        """Remove the mark."""
        self.call_next(self.repaint)

    # --- the cells

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        for y, row in enumerate(self._rows[self._top : self._top + height]):
            is_current = self._top + y == self._at
            if isinstance(row, str):
                cells.write(y, 0, row, ink(ACCENT))
            elif isinstance(row, Fold):
                cells.write(y, 0, "▸" if is_current else " ", ink(ACCENT))
                sign = "▾" if row.is_open else "…"
                colour = ink(BRIGHT if is_current else DIM, bold=is_current)
                cells.write(y, 1, cut(f"{sign} {row.text}", width - 1), colour)
            else:
                self._draw_row(cells, y, row, current=is_current)
        return cells

    def _draw_row(self, cells: Cells, y: int, setting: Setting, *, current: bool) -> None:
        text, name = self.texts[setting.name], setting.name.replace("_", " ")
        cells.write(y, 0, "▸" if current else " ", ink(ACCENT))
        cells.write(y, 1, name, ink(BRIGHT if current else TEXT, bold=current))
        if self.values.preset_value(setting) is not None:
            cells.write(y, MARK, DIFFERS, ink(ACCENT, bold=True))
        colour = ink(
            ACCENT if self.values.is_changed(setting) else BRIGHT if current else TEXT, bold=current
        )
        end = NAME + VALUE
        if isinstance(setting.value_type, MultiChoice):
            at = self._word if current and self.has_focus else -1
            end = _draw_switches(cells, y, setting.value_type, text, at)
        elif is_closed(setting.value_type) and current:
            after = cells.write(y, NAME, "◂ ", ink(ACCENT))
            after = cells.write(y, after, cut(self.values.shown(setting), VALUE - 4), colour)
            cells.write(y, after, " ▸", ink(ACCENT))
        else:
            cells.write(y, NAME, cut(self.values.shown(setting), VALUE), colour)
        remark, wrong = self.values.remark(setting)
        room = cells.width - end - GAP
        if room >= SHORTEST_REMARK:
            cells.write(y, end + GAP, cut(remark, room), ink(ALARM if wrong else DIM))
        elif wrong:
            cells.write(y, 0, "!", ink(ALARM, bold=True))


def _switched(kind: MultiChoice, text: str, at: int) -> str:
    """Return the value after one of its switches was toggled."""
    chosen = set(kind.read(text)) ^ {kind.words[at]}
    return ",".join(word for word in kind.words if word in chosen) or "none"


def _draw_switches(cells: Cells, y: int, kind: MultiChoice, text: str, current: int) -> int:
    """Draw a switch per word, and return the first column after them."""
    chosen, end = kind.read(text), NAME
    for at, start, stop in _spans(kind):
        on, is_current = kind.words[at] in chosen, at == current
        cells.write(y, start, "■" if on else "□", ink(ACCENT if on else DIM))
        line = kind.lines[at] if kind.lines else kind.words[at]
        cells.write(y, start + 1, line, ink(BRIGHT if is_current else TEXT, bold=is_current))
        end = stop
    return end


def _spans(kind: MultiChoice) -> list[tuple[int, int, int]]:
    """Return index, first column and end of each switch."""
    spans = []
    column = NAME
    for at, word in enumerate(kind.lines or kind.words):
        spans.append((at, column, column + 1 + len(word)))
        column += 2 + len(word)
    return spans
