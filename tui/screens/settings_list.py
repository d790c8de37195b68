"""Rows of the settings dialog, drawn as lines: one widget per setting would take a second to open."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.binding import Binding, BindingType
from textual.message import Message

from core.config.run_config import settings
from core.config.value_types import MultiChoice, is_closed, words_of
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cut
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, TEXT, ink

if TYPE_CHECKING:
    from collections.abc import Mapping

    from textual import events

    from core.config.errors import ConfigError
    from core.config.run_config import RunConfig
    from core.config.settings import Setting

NAME: Final = 20
VALUE: Final = 25
SWITCHES: Final = 36
GAP: Final = 2
SHORTEST_REMARK: Final = 12
WHEEL: Final = 3


class SettingsList(Canvas, can_focus=True):
    """One row is current; a value with a few choices is changed in it, others in a field over it.

    Attributes:
        texts: the value of every setting, as the user writes it.
        errors: errors of values, by setting name.
        idle: why a setting has no effect, by setting name.
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
        self._before = {each.name: each.write(getattr(config, each.name)) for each in settings()}
        self.texts = dict(self._before)
        self.errors: dict[str, ConfigError] = {}
        self.idle: Mapping[str, str] = config.idle
        self._rows: list[Setting | str] = []
        self._at = self._top = 0
        self._word = 0  # index of the switch that a key toggles
        self.choose("")

    # --- which row

    @property
    def current(self) -> Setting:
        """The setting in the current row."""
        row = self._rows[self._at]
        assert not isinstance(row, str)
        return row

    @property
    def takes_text(self) -> bool:
        """Whether the value of the current setting is typed."""
        return not is_closed(self.current.value_type) and not isinstance(
            self.current.value_type, MultiChoice
        )

    @property
    def place(self) -> tuple[int, int, int]:
        """Column and row of the current value in this widget, and its width."""
        return NAME, self._at - self._top, min(VALUE, max(1, self.size.width - NAME))

    def choose(self, text: str) -> bool:
        """Show the settings whose name, group or help contains a text; return whether there are any."""
        words = text.lower().replace("_", " ").split()
        rows: list[Setting | str] = []
        group = ""
        for each in settings():
            searched = f"{each.name.replace('_', ' ')} {each.group} {each.help}".lower()
            if all(word in searched for word in words):
                if each.group != group:
                    rows.append(each.group)
                    group = each.group
                rows.append(each)
        if not rows:
            return False
        before = self._rows[self._at] if self._rows else None
        self._rows = rows
        # a setting with that name comes before settings that mention it
        wanted = "_".join(words)
        first = next(
            (at for at, row in enumerate(rows) if wanted and _name(row).startswith(wanted)), 1
        )
        self._at = rows.index(before) if before in rows and not words else first
        self._top = 0
        self._moved()
        return True

    def go_to(self, name: str) -> None:
        """Make a setting the current one."""
        if name not in map(_name, self._rows):
            self.choose("")
        self._at = next(at for at, row in enumerate(self._rows) if _name(row) == name)
        self._moved()

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
        self.texts[self.current.name] = text
        self.post_message(self.Changed())

    def action_change(self, by: int) -> None:
        """Select the next choice; with several switches, move to the next switch."""
        setting = self.current
        if isinstance(setting.value_type, MultiChoice):
            self._word = (self._word + by) % len(setting.value_type.words)
            self.repaint()
        elif is_closed(setting.value_type):
            words = words_of(setting.value_type)
            text = self.texts[setting.name]
            self.write(words[(words.index(text) + by) % len(words)])

    def on_key(self, event: events.Key) -> None:
        """Select the next choice that starts with a letter, or toggle a switch."""
        setting = self.current
        if isinstance(setting.value_type, MultiChoice):
            if event.key == "space":
                self._switch(setting, setting.value_type, self._word)
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

    def _switch(self, setting: Setting, kind: MultiChoice, at: int) -> None:
        chosen = set(kind.read(self.texts[setting.name])) ^ {kind.words[at]}
        self.write(",".join(word for word in kind.words if word in chosen) or "none")

    # --- the mouse

    def on_click(self, event: events.Click) -> None:
        """Go to the row; in the current row, change the value under the pointer."""
        at = self._top + event.y
        if at >= len(self._rows) or isinstance(self._rows[at], str):
            return
        was_current, self._at = at == self._at, at
        if not was_current:
            self._moved()
        kind = self.current.value_type
        if isinstance(kind, MultiChoice):
            for word, start, end in _spans(kind):
                if start <= event.x < end:
                    self._word = word
                    self._switch(self.current, kind, word)
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
            if isinstance(row, str):
                cells.write(y, 0, row, ink(ACCENT))
            else:
                self._draw_row(cells, y, row, current=self._top + y == self._at)
        return cells

    def _draw_row(self, cells: Cells, y: int, setting: Setting, *, current: bool) -> None:
        text, name = self.texts[setting.name], _name(setting).replace("_", " ")
        changed = text != self._before[setting.name]
        cells.write(y, 0, "▸" if current else " ", ink(ACCENT))
        cells.write(y, 1, name, ink(BRIGHT if current else TEXT, bold=current))
        colour = ink(ACCENT if changed else BRIGHT if current else TEXT, bold=current)
        end = NAME + VALUE
        if isinstance(setting.value_type, MultiChoice):
            chosen = setting.value_type.read(text)
            for at, start, stop in _spans(setting.value_type):
                word = setting.value_type.words[at]
                here = current and self.has_focus and at == self._word
                on = word in chosen
                cells.write(y, start, "■" if on else "□", ink(ACCENT if on else DIM))
                line = setting.value_type.lines[at] if setting.value_type.lines else word
                cells.write(y, start + 1, line, ink(BRIGHT if here else TEXT, bold=here))
                end = stop
        elif is_closed(setting.value_type) and current:
            after = cells.write(y, NAME, "◂ ", ink(ACCENT))
            after = cells.write(y, after, cut(text, VALUE - 4), colour)
            cells.write(y, after, " ▸", ink(ACCENT))
        else:
            cells.write(y, NAME, cut(text, VALUE), colour)
        remark, wrong = self._remark(setting)
        room = cells.width - end - GAP
        if room >= SHORTEST_REMARK:
            cells.write(y, end + GAP, cut(remark, room), ink(ALARM if wrong else DIM))
        elif wrong:
            cells.write(y, 0, "!", ink(ALARM, bold=True))

    def _remark(self, setting: Setting) -> tuple[str, bool]:
        """Return the remark next to a value, and whether it is an error."""
        error = self.errors.get(setting.name)
        if error is not None:
            return f"expected {error.expected}", True
        why = self.idle.get(setting.name)
        return (setting.help if why is None else f"no effect with {why}"), False


def _name(row: Setting | str) -> str:
    """Return the name of a setting, or an empty string for the name of a group."""
    return "" if isinstance(row, str) else row.name


def _spans(kind: MultiChoice) -> list[tuple[int, int, int]]:
    """Return index, first column and end of each switch."""
    spans = []
    column = NAME
    for at, word in enumerate(kind.lines or kind.words):
        spans.append((at, column, column + 1 + len(word)))
        column += 2 + len(word)
    return spans
