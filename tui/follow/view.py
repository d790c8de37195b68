"""Drawing of the screen that follows a run: curves, the table of metrics, state and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.logs.activity import FollowState
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, TEXT, WARNING, ink
from tui.drawing.terminal_text import key_name
from tui.follow.curves import CurveBlock, CurveOptions, frame, framed_lines, shown_value
from tui.panels.panel import centred_text

if TYPE_CHECKING:
    from core.logs.pairs import Quantity
    from tui.drawing.rendering import TerminalLook
    from tui.follow.model import FollowModel

STATE_COLOURS: Final = {
    FollowState.WAITING: DIM,
    FollowState.FOLLOWING: ACCENT,
    FollowState.STALLED: WARNING,
    FollowState.OVER: BRIGHT,
}

WIDE: Final = 100
"""Columns from which the table is next to the curves."""

TABLE_WIDTH: Final = 46
MOST_CURVES: Final = 3
FEWEST_ROWS: Final = 9
"""Rows from which a curve is drawn below the table."""

NUMBER: Final = 9
"""Width of a column of numbers."""

KEYS: Final = (
    ("↑ ↓", "metric"),
    ("l", "log axis"),
    ("f", "smooth"),
    ("E", "last steps"),
    ("m", "cursor"),
    ("z", "zoom"),
    ("?", "help"),
    ("q", "quit"),
)
CURSOR_KEYS: Final = (("← →", "move"), ("esc", "end cursor"), *KEYS[:3], *KEYS[-2:])

HELP: Final = (
    "↑ ↓     the metric of the first curve; Page up, Page down, Home, End",
    "l       axis: logarithmic, linear, or as the values need it",
    "f       smoothed line, three strengths",
    "E       all steps, the last 1,000 or 100",
    "m       cursor: ← → moves it, ctrl + ← → by ten columns, a click sets it",
    "z       only the first curve, or everything",
    "ctrl+l  draw the screen again",
    "q       quit; the other program is not affected",
    "",
    "Only metrics are known of this run: there are no panels of a network.",
    "The best value of a metric is its lowest or highest, as its name tells.",
    "STALLED: nothing was added for ten times the usual interval.",
)


class FollowView:
    """Draws the whole screen.

    Attributes:
        options: of the curves.
        selected: number of the quantity that is chosen in the table.
        is_zoomed: whether only its curve is shown.
        shows_help: whether the keys are shown instead of the table.
        note: a sentence that precedes the diagnosis.
    """

    def __init__(self, model: FollowModel) -> None:
        self._model = model
        self.options = CurveOptions()
        self.selected = 0
        self.is_zoomed = self.shows_help = False
        self.note = ""
        self.blocks = tuple(CurveBlock() for _ in range(MOST_CURVES))
        self._top = 0  # first row of the table
        self.look: TerminalLook | None = None

    @property
    def quantity(self) -> Quantity | None:
        """The chosen quantity."""
        quantities = self._model.quantities
        if not quantities:
            return None
        self.selected = min(max(self.selected, 0), len(quantities) - 1)
        return quantities[self.selected]

    def draw(self, width: int, height: int) -> Cells:
        """Return the screen."""
        cells = Cells(width, height)
        self._draw_header(cells)
        room = height - 4
        first = self.quantity
        for block in self.blocks:
            block.place = 0, 0, 0, 0
        if room >= 3 and width >= 20:
            if self.shows_help:
                cells.place(1, 0, framed_lines("keys", [*map(self._named, HELP)], width, room))
            elif first is None:
                text = self._model.follower.problem or "waiting for the first values"
                block_cells = frame(width, room)
                block_cells.place(1, 1, centred_text(width - 2, room - 2, text))
                cells.place(1, 0, block_cells)
            else:
                self._draw_body(cells, first, width, room)
        self._draw_status(cells)
        self._draw_note(cells)
        self._draw_footer(cells)
        return cells

    def _named(self, text: str) -> str:
        return text if self.look is None else key_name(text, self.look)

    def _draw_body(self, cells: Cells, first: Quantity, width: int, height: int) -> None:
        if self.is_zoomed:
            self._draw_curve(cells, 0, first, (0, 1, width, height))
            return
        others = self._others()
        if width >= WIDE:
            left = width - TABLE_WIDTH
            upper = height if not others or height < 14 else height * 3 // 5
            self._draw_curve(cells, 0, first, (0, 1, left, upper))
            if upper < height:
                self._draw_curve(cells, 1, others[0], (0, 1 + upper, left, height - upper))
            rows = min(height, len(self._model.quantities) + 3)
            if len(others) > 1 and height - upper >= FEWEST_ROWS and rows <= upper:
                place = left, 1 + upper, TABLE_WIDTH, height - upper
                self._draw_curve(cells, 2, others[1], place)
                rows = upper
            else:
                rows = height
            cells.place(1, left, self._table(TABLE_WIDTH, rows))
            return
        rows = min(len(self._model.quantities) + 3, max(5, height * 2 // 5))
        rows = min(rows, max(0, height - 6))
        upper = height - rows
        half = width if not others or width < 76 else width // 2
        self._draw_curve(cells, 0, first, (0, 1, half, upper))
        if half < width:
            self._draw_curve(cells, 1, others[0], (half, 1, width - half, upper))
        if rows >= 4:
            cells.place(1 + upper, 0, self._table(width, rows))

    def _others(self) -> list[Quantity]:
        """Return the quantities of the other curves: first a score for a loss, or vice versa."""
        quantities, chosen = self._model.quantities, self.selected
        direction = quantities[chosen].direction

        def rank(quantity: Quantity) -> int:
            if direction and quantity.direction == -direction:
                return 0
            return 1 if len(quantity.parts) > 1 else 2

        return sorted((each for at, each in enumerate(quantities) if at != chosen), key=rank)

    def _draw_curve(
        self, cells: Cells, number: int, quantity: Quantity, place: tuple[int, int, int, int]
    ) -> None:
        block, (column, row, width, height) = self.blocks[number], place
        if width < 12 or height < 4:
            return
        block.place = place
        cells.place(row, column, block.draw(self._model, quantity, self.options, width, height))

    # --- the table

    def _table(self, width: int, height: int) -> Cells:
        model = self._model
        cells = frame(width, height)
        quantities = model.quantities
        has_held = any(each.held for each in quantities)
        columns = ["newest", "held-out", "best", f"at {model.unit}"[:NUMBER]]
        if not has_held:
            del columns[1]
        room = width - 4 - NUMBER * len(columns)
        if room < 8:
            del columns[1:-2]
            room = width - 4 - NUMBER * len(columns)
        title = f" {len(quantities)} metrics " if len(quantities) > 1 else " metric "
        cells.write(0, 2, title, ink(TEXT))
        for at, name in enumerate(columns):
            cells.write_right(1, 2 + room + NUMBER * (at + 1), name, ink(DIM))
        rows = height - 3
        self._top = min(max(self._top, self.selected - rows + 1, 0), self.selected)
        self._top = max(0, min(self._top, len(quantities) - rows))
        for row, quantity in enumerate(quantities[self._top : self._top + rows]):
            is_chosen = self._top + row == self.selected
            colour = ink(BRIGHT, bold=True) if is_chosen else ink(TEXT)
            if is_chosen:
                cells.write(2 + row, 1, "▸", ink(ACCENT))
            cells.write(2 + row, 2, cut(quantity.name, room - 1), colour)
            best = model.best(quantity)
            newest = quantity.parts.get("train")
            if "held-out" not in columns:
                newest = quantity.held or newest  # of the same samples as the best
            texts = {
                "newest": shown_value(model.newest(newest)),
                "held-out": shown_value(model.newest(quantity.held)) if quantity.held else "",
                "best": shown_value(best.value) if best else "",
            }
            for at, name in enumerate(columns):
                text = texts.get(name, f"{best.step:,}" if best else "")
                cells.write_right(2 + row, 2 + room + NUMBER * (at + 1), text, colour)
        hidden = len(quantities) - rows
        if hidden > 0:
            cells.write_right(height - 1, width - 2, f" ↑ ↓ {hidden} more ", ink(DIM))
        return cells

    # --- lines

    def _draw_header(self, cells: Cells) -> None:
        follower = self._model.follower
        newest = follower.files[-1] if follower.files else None
        right = ""
        if newest is not None and newest.format:
            right = newest.format
            if len(follower.files) > 1:
                right += f" · {len(follower.files)} files"
            if follower.share_read < 1:
                right += f" · {100 * follower.share_read:.0f} % of the older rows"
        room = cells.width - 2 - (cell_width(right) + 2 if right else 0)
        text = f"follow {follower.path if newest is None else newest.path}"
        if cell_width(text) > room and newest is not None:
            text = f"follow …/{newest.path.parent.name}/{newest.path.name}"
        cells.write(0, 1, cut(text, room), ink(BRIGHT, bold=True))
        cells.write_right(0, cells.width - 1, right, ink(DIM))

    def _draw_status(self, cells: Cells) -> None:
        model, row = self._model, cells.height - 3
        column = cells.write(row, 1, model.state.value, ink(STATE_COLOURS[model.state], bold=True))
        column = max(column, 10) + 1
        for name, value in self._numbers():
            needed = len(name) + bool(name) + cell_width(value)
            if column + needed + 2 > cells.width:
                break
            column = cells.write(row, column, name, ink(DIM)) + bool(name)
            column = cells.write(row, column, value, ink(TEXT)) + 3

    def _numbers(self) -> list[tuple[str, str]]:
        model = self._model
        step = model.newest_step
        if step is None:
            return []
        shown = f"{step:,}"
        if model.planned is not None and model.planned >= step:
            shown += f" of {model.planned:,}"
        pairs = [(model.unit, shown)]
        for quantity in model.quantities[:1]:
            values = [shown_value(model.newest(name)) for name in quantity.parts.values()]
            pairs.append((quantity.name, " / ".join(values)))
        rate, left = model.activity.rate, model.seconds_left
        if rate is not None:
            pairs.append(("", _rate(rate, model.unit)))
        if left is not None:
            pairs.append(("", f"{_duration(left)} left"))
        if model.state is FollowState.OVER:
            pairs.append(("", model.follower.table.ended))
        elif model.state is FollowState.STALLED:
            pairs.insert(1, ("", f"nothing new for {_duration(model.activity.silence)}"))
        return pairs

    def _draw_note(self, cells: Cells) -> None:
        row = cells.height - 2
        if self.note:
            cells.write(row, 1, cut(self.note, cells.width - 2), ink(TEXT))
            return
        problem = self._model.follower.problem
        if problem and self._model.quantities:
            cells.write(row, 1, cut(problem, cells.width - 2), ink(WARNING))
            return
        column = 1
        for each in self._model.observations:
            colour = ALARM if each.is_alarming else DIM
            room = cells.width - 1 - column
            if room < 20:
                break
            column = (
                cells.write(row, column, cut(f"{each.word}:", room), ink(colour, bold=True)) + 1
            )
            text = cut(each.sentence, cells.width - 1 - column)
            column = cells.write(row, column, text, ink(TEXT)) + 2

    def _draw_footer(self, cells: Cells) -> None:
        row, column = cells.height - 1, 1
        keys = CURSOR_KEYS if self.options.cursor is not None else KEYS
        last = sum(len(self._named(key)) + len(word) + 3 for key, word in keys[-2:])
        for at, (key, word) in enumerate(keys):
            shown = self._named(key)
            end = column + len(shown) + len(word) + 3
            if end > cells.width - (last if at < len(keys) - 2 else 0):
                continue
            column = cells.write(row, column, shown, ink(BRIGHT, bold=True)) + 1
            column = cells.write(row, column, word, ink(DIM)) + 2


def _rate(rate: float, unit: str) -> str:
    """Return a rate; a slow one as the time of a step."""
    if rate >= 1:
        plural = unit if unit.endswith("s") else f"{unit}s"
        return f"{rate:,.0f} {plural}/s" if rate >= 10 else f"{rate:.1f} {plural}/s"
    return f"{_duration(1 / rate)} per {unit}"


def _duration(seconds: float) -> str:
    """Return a duration in one unit, which does not change every second for long ones."""
    if seconds < 10:
        return f"{seconds:.0f} s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} days"
