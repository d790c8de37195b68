"""The four lines around the panels: header, status, last event and footer.

A fifth widget replaces everything in a terminal that is too small.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from textwrap import wrap
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual.message import Message

from core.config.run_config import settings
from core.process.messages import State
from tui.drawing import number_format
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, TEXT, WARNING, ink
from tui.drawing.terminal_text import key_name
from tui.keymap import keymap_for
from tui.keys import HANDLERS, LOOKING_KEYS, PLAYING_KEYS, FooterKey, footer, glyphs_of
from tui.panels.panel import Panel
from tui.panels.registry import keys_of
from tui.screens.description import RATE, SHAPE, description

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual import events

    from core.training.state import EpochMetrics
    from tui.panels.view_options import ViewOptions
    from tui.run_model import RunModel
    from tui.terminal.flow_control import FlowControl

SMALLEST: Final = (40, 12)
"""Minimum columns and rows of the screen."""

LONGEST_BAR: Final = 40
SHORTEST_BAR: Final = 8
TRAVEL_KEYS: Final = "  ← → one epoch"
INTRODUCTION_SECONDS: Final = 12.0
"""Seconds for which the sentence on a preset is shown while the run trains."""
SHORTEST_REST: Final = 12
"""Columns for the rest of a long note, at least."""
INSPECT_HINT: Final = "looks into a unit"
"""What the second key to know does, after that sentence; the first pauses or resumes."""

FOLLOWED: Final = "followed"

_OPTION: Final = re.compile(r"--([a-z]+(?:-[a-z]+)*)(?:[ =]('[^']*'|[^\s.,;)]+))?")

STATE_COLOURS: Final = {
    State.TRAINING: ACCENT,
    State.PAUSED: WARNING,
    State.FINISHED: BRIGHT,
    State.DIVERGED: ALARM,
    State.STOPPED: ALARM,
}


class HeaderLine(Canvas):
    """Description of the run, and the requested speed."""

    def __init__(self, run: RunModel, view: Callable[[], str] = str) -> None:
        super().__init__(id="header")
        self.run = run
        self._view = view
        self.speed: float | None = None
        self._drawn = Cells(0, 0)
        self._drawn_of: tuple[object, ...] = ()

    def draw(self, width: int, height: int) -> Cells:
        run = self.run
        state = (
            *(width, height, run.config, run.network, run.data, run.is_edited),
            *(run.shown_as, self._view(), self.speed),
        )
        if state == self._drawn_of:
            return self._drawn  # the same in nearly every frame
        cells, self._drawn_of = Cells(width, height), state
        self._drawn = cells
        right = self._right(width)
        room = width - 2 - (len(right) + 2 if right else 0)
        cells.write(0, 1, description(self.run, room), ink(BRIGHT, bold=True))
        cells.write_right(0, width - 1, right, ink(DIM))
        return cells

    def _right(self, width: int) -> str:
        """Return the view and the speed, as far as they leave room for the network."""
        view, speed = self._view(), number_format.speed(self.speed)
        forms = [f"{speed} ▸ (< >)", speed]
        if self.run.shown_as == FOLLOWED:
            speed = FOLLOWED
            forms = [f"{FOLLOWED}, read-only", FOLLOWED]
        elif self.run.shown_as:
            speed = f"{self.run.shown_as} {speed}"
            forms = [f"{speed} ▸ (< >)", speed]
        if view:
            short = speed.replace(" epochs", "").replace(" epoch", "")
            forms = [f"{view} (V)   {forms[0]}", f"{view} · {speed}", f"{view} · {short}", speed]
        for least in (RATE, SHAPE):
            needed = len(description(self.run, width, least))
            for form in forms:
                if needed + len(form) + 4 <= width:
                    return form
        return ""


class StatusLine(Canvas):
    """State of the run in one word, then its numbers at fixed positions."""

    @dataclass
    class TravelRequested(Message):
        """A click on an epoch of the scrub bar."""

        epoch: int

    def __init__(self, run: RunModel, flow_control: FlowControl | None = None) -> None:
        super().__init__(id="status")
        self.run = run
        self._flow_control = flow_control
        self._shows_rates = False
        self._bar = 0, 0

    @property
    def head_epoch(self) -> int:
        """The newest epoch, at the end of the scrub bar."""
        return self.run.head_epoch

    def toggle_rates(self) -> None:
        """Show or hide the rates of the line to the terminal."""
        self._shows_rates = not self._shows_rates
        self.repaint()

    def on_click(self, event: events.Click) -> None:
        """Request the epoch under the pointer."""
        start, length = self._bar
        if self.run.is_at_rest and length and start <= event.x < start + length:
            share = (event.x - start) / (length - 1)
            self.post_message(self.TravelRequested(round(share * self.head_epoch)))

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        run, self._bar = self.run, (0, 0)
        if run.loading is not None:
            loading = run.loading
            column = max(cells.write(0, 1, "LOADING", ink(ACCENT, bold=True)), 9) + 1
            share = f"  {100 * loading.share:3.0f} %" if loading.share else ""
            key = "esc quits" if run.data is None else "esc cancels"
            cells.write(0, column + 1, f"{loading.what}{share}   {key}", ink(TEXT))
            return cells
        state = ink(STATE_COLOURS[run.state], bold=True)
        wide, tight = width >= 110, width < 72
        column = max(cells.write(0, 1, run.state.value, state), 9) + wide
        metrics, data = run.metrics, run.data
        if metrics is None or data is None:
            cells.write(0, column + 1, "starting …", ink(DIM))
            return cells
        gap, slash = (3, " / ") if wide else (2, "/")
        parts = ["train"] if data.shared else ["train", "test"]
        if data.y_validation is not None and wide:
            parts.insert(1, "validation")
        losses = [getattr(metrics, f"{part}_loss") for part in parts]
        scores = [getattr(metrics, f"{part}_score") for part in parts]
        if tight:
            loss = slash.join(map(number_format.brief_loss, losses))
        else:
            loss = slash.join(f"{number_format.loss(value):>6}" for value in losses)
        if data.has_classes:
            places = 0 if tight else 1
            right = slash.join(f"{100 * score:{4 * places + 1}.{places}f}" for score in scores)
            score = ("accuracy" if wide else "acc", f"{right} %")
        else:
            places = 2 if tight else 3
            right = slash.join(f"{score:{places + 3}.{places}f}" for score in scores)
            score = ("R²", right.replace("-", "−"))
        pairs = [("epoch", self._epoch(metrics.epoch, width)), ("loss", loss), score]
        if len(parts) > 1 and not tight:
            pairs.insert(1, (slash.join(parts), ""))
        if run.majority is not None:
            brief = "maj.", f"{100 * run.majority:.0f} %"
            pairs.append(("majority", f"{100 * run.majority:.1f} %") if wide else brief)
        pairs.append(("lr", self._rate(metrics)))
        rate = run.epochs_per_second
        if rate and not run.is_at_rest:
            shown = f"{rate:,.1f}" if rate < 100 else f"{rate:,.0f}"
            pairs.append(("", f"{shown} epochs/s" if wide else f"{shown}/s"))
        width = self.write_rates(cells, width)
        for name, value in pairs:
            between = bool(name and value)
            if column + gap - 1 + len(name) + between + len(value) > width:
                break
            column = cells.write(0, column + gap - 1, name, ink(DIM))
            column = cells.write(0, column + between, value, ink(TEXT))
        if run.is_at_rest and run.head_epoch:
            self._scrub_bar(cells, column + gap, width, metrics.epoch / run.head_epoch)
        return cells

    def _epoch(self, number: int, width: int) -> str:
        """Return the epoch, and of how many it is: trained ones, or planned ones if there is room."""
        run, wide = self.run, width >= 110
        epoch = f"{number:,}".rjust(0 if width < 72 else 6 if wide else 5)
        last = run.timeline.last()
        if run.restored is not None and last is not None:
            epoch = f"{last.epoch:,}, weights of {epoch.strip()}"
        if run.past_epoch is not None:
            epoch += f" of {run.head_epoch:,}"
        if run.share_of_epoch:
            epoch += f" + {100 * run.share_of_epoch:3.0f} %"
        elif wide and run.state is State.TRAINING and number <= run.config.epochs:
            epoch += f" of {run.config.epochs:,}"
        return epoch

    def write_rates(self, cells: Cells, width: int) -> int:
        """Write the rates of the line, if they are shown; return the column where they begin."""
        rates = ""
        if self._flow_control is not None and self._shows_rates:
            rates = _line_rates(self._flow_control, at_rest=self.run.is_at_rest)
        return cells.write_right(0, width - 1, rates, ink(DIM)) - bool(rates)

    def _scrub_bar(self, cells: Cells, column: int, end: int, share: float) -> None:
        """Draw the position of the visible epoch in the run, if there is room."""
        last = f" {self.head_epoch:,}"
        room = end - column - 3
        if room < SHORTEST_BAR:
            return
        # the epochs at its ends, and the keys that move along it, if there is room
        if has_ends := room - len(last) - 2 >= SHORTEST_BAR:
            room -= len(last) + 2
            column = cells.write(0, column, "0 ", ink(DIM))
        keys = key_name(TRAVEL_KEYS, self._renderer.look)
        if has_keys := has_ends and room - len(keys) >= SHORTEST_BAR:
            room -= len(keys)
        length = min(LONGEST_BAR, room)
        at = round(min(share, 1.0) * (length - 1))
        column = cells.write(0, column, "◂", ink(DIM))
        self._bar = column, length
        cells.write(0, column, "─" * length, ink(DIM))
        cells.write(0, column + at, "●", ink(ACCENT, bold=True))
        column = cells.write(0, column + length, "▸", ink(DIM))
        column = cells.write(0, column, last * has_ends, ink(DIM))
        cells.write(0, column, keys * has_keys, ink(DIM))

    def _rate(self, metrics: EpochMetrics) -> str:
        """Return the learning rate of the epoch, or the new value if it was changed since."""
        config = self.run.config
        scheduled = config.schedule != "constant" or config.warmup
        return f"{metrics.learning_rate:.4g}" if scheduled else f"{config.learning_rate:g}"


def in_settings_words(note: str) -> str:
    """Return a note that names settings as the dialog of the key h does, not as options."""
    return note if "nnfs-tui" in note else _OPTION.sub(_setting_words, note)


def _setting_words(option: re.Match[str]) -> str:
    names = {each.option: each.name.replace("_", " ") for each in settings()}
    if option[1] not in names:
        return option[0]
    return f"{names[option[1]]}{f' = {option[2]}' if option[2] else ''} (h)"


@lru_cache(maxsize=32)
def wrapped_notes(note: str, width: int, reserved: int = 0) -> list[str]:
    """Return the note in one row, or in two, shortened with … if necessary.

    Args:
        note: the last event.
        width: of both rows.
        reserved: columns of the second row that are for keys.
    """
    rows = wrap(
        in_settings_words(note),
        width - 2,
        max_lines=2,
        placeholder=" …",
        break_on_hyphens=False,
        subsequent_indent=" " * max(0, min(reserved, width - 2 - SHORTEST_REST)),
    )
    return [row.strip() for row in rows]


class LogLine(Canvas):
    """The last event; a long note continues in the line below."""

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(id="log")
        self.run, self.options = run, options
        self._introduction = ""
        self._ends_at: float | None = None

    def introduce(self, sentence: str) -> None:
        """Show a sentence on a preset, until there is a message, or for some seconds."""
        self._introduction, self._ends_at = sentence, None

    def _introduced(self, width: int) -> str:
        """Return the sentence with as many of the first keys as fit."""
        if self._ends_at is None and self.run.current is not None:
            self._ends_at = monotonic() + INTRODUCTION_SECONDS
        is_over = self._ends_at is not None and monotonic() > self._ends_at
        # at rest it stays: removing it would be output without a reason
        if self.run.note or (is_over and not self.run.is_at_rest):
            self._introduction = ""
        text = ""
        if not self._introduction:
            return text
        keymap = keymap_for(self.app if self.is_attached else None)
        effect = "resumes" if self.run.state is State.PAUSED else "pauses"
        hints = [f"{keymap.shown('space')} {effect}"]
        if not self.options.inspecting:
            hints.append(f"{keymap.shown('i')} {INSPECT_HINT}")
        for part in (*self._introduction.split(" · "), *hints):
            longer = f"{text} · {part}" if text else part
            if len(longer) > width - 2:
                break
            text = longer
        return text

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        if text := self._introduced(width):
            cells.write(0, 1, text, ink(TEXT))
            return cells
        rows = wrapped_notes(self.run.note, width)
        if rows:
            cells.write(0, 1, rows[0], note_ink(self.run))
        return cells


class FooterLine(Canvas):
    """The keys that matter now, which can be clicked, after the rest of a long note."""

    @dataclass
    class Pressed(Message):
        """A click on a key."""

        handler: Callable[[Any], object]
        key: str

    def __init__(self, run: RunModel, options: ViewOptions) -> None:
        super().__init__(id="footer")
        self.run, self.options = run, options
        self.handlers: Mapping[str, Callable[[Any], object]] = HANDLERS
        self.actions: Mapping[str, str] | None = None
        self._spans: list[tuple[int, int, FooterKey]] = []
        self._own: dict[str, str] = {}  # keys of the focused panel, by their names in the footer
        self._drawn = Cells(0, 0)
        self._drawn_of: tuple[object, ...] = ()

    def on_mount(self) -> None:
        """Follow the focus: the keys are those of the focused panel."""
        self.watch(self.screen, "focused", self.repaint)

    def draw(self, width: int, height: int) -> Cells:
        keys, keymap = self._keys(), keymap_for(self.app if self.is_attached else None)
        reserved = sum(map(self._length, always(keys)))
        rest = wrapped_notes(self.run.note, width, reserved)[1:]
        rest_ink, look = note_ink(self.run), self._renderer.look
        state = width, height, rest, rest_ink, keys, self._own, keymap, look
        if state == self._drawn_of:
            return self._drawn  # the same in nearly every frame
        cells = self._drawn = Cells(width, height)
        self._drawn_of, self._spans = state, []
        column = 1
        if rest:
            column = cells.write(0, 1, rest[0], rest_ink) + 2
        for key in self._fitting(keys, width - 1 - column):
            start = column
            column = cells.write(0, column, self._named(key), ink(BRIGHT, bold=True))
            column = cells.write(0, column + 1, key.word, ink(DIM))
            self._spans.append((start, column, key))
            column += 2
        return cells

    def _named(self, key: FooterKey) -> str:
        return key_name(" ".join(map(self._chosen, key.shown.split(" "))), self._renderer.look)

    def _chosen(self, name: str) -> str:
        """Return the key that the user has chosen instead of a key that is not the panel's own."""
        if name in self._own:
            return name
        return keymap_for(self.app if self.is_attached else None).shown(name, self.actions)

    def _length(self, key: FooterKey) -> int:
        return len(self._named(key)) + 1 + len(key.word) + 2

    def _keys(self) -> list[FooterKey]:
        """Return the keys in the current state, the most important ones first."""
        keys = self.state_keys()
        own = [FooterKey(*each) for each in self._panel_keys()]
        taken = {self._chosen(name) for key in own for name in key.shown.split()}
        keys = [key for key in keys if taken.isdisjoint(map(self._chosen, key.shown.split()))]
        # how to pause comes first, then the keys of the focused panel
        return [*keys[:1], *own, *keys[1:]]

    def state_keys(self) -> list[FooterKey]:
        """Return the keys of the screen in the current state of the run."""
        run = self.run
        is_alarming = run.diagnosis.is_alarming and not run.config.diagnostics
        keys = footer(run.state, inspecting=self.options.inspecting, is_alarming=is_alarming)
        if run.shown_as:
            also = () if run.shown_as == FOLLOWED else PLAYING_KEYS
            keys = [key for key in keys if key.shown in {*LOOKING_KEYS, *also}]
        return keys

    def _fitting(self, keys: list[FooterKey], width: int) -> list[FooterKey]:
        """Return the keys that fit; those that are always visible have priority."""
        first, chosen = always(keys), list[FooterKey]()
        room = width + 2
        for key in (*first, *(key for key in keys if key not in first)):
            room -= self._length(key)
            if room < 0:
                break
            chosen.append(key)
        return [key for key in keys if key in chosen]

    def _panel_keys(self) -> tuple[tuple[str, str], ...]:
        """Return the keys of the panel that has the focus."""
        focused = self.screen.focused if self.is_attached else None
        if not isinstance(focused, Panel):
            self._own = {}
            return ()
        self._own = _own_keys(type(focused))
        return focused.footer_keys()

    def on_click(self, event: events.Click) -> None:
        """Press the key under the pointer."""
        for start, end, key in self._spans:
            if start <= event.x < end:
                names = key.shown.split()
                # on the words after the keys, the last one
                before = self._named(key)[: event.x - start].count(" ")
                name = names[min(before, len(names) - 1)]
                handler = self.handlers.get(name)
                if name in self._own:
                    self.app.simulate_key(self._own[name])
                elif handler is not None:
                    self.post_message(self.Pressed(handler, key.shown))


def always(keys: list[FooterKey]) -> list[FooterKey]:
    """Return the keys that are visible next to any note: the first, which pauses, help and quit."""
    return [key for key in keys if key in keys[:1] or key.shown in {"?", "q"}]


class Notice(Canvas):
    """Replaces everything in a terminal that is too small."""

    def __init__(self, run: RunModel) -> None:
        super().__init__(id="notice")
        self.run = run

    def draw(self, width: int, height: int) -> Cells:
        cells = Cells(width, height)
        size, state = self.app.size, self.run.state
        needed = "{}×{}".format(*SMALLEST)
        given = f"{size.width}×{size.height}"
        state_word = (
            "training continues" if state is State.TRAINING else f"the run is {state.lower()}"
        )
        text = f"nnfs-tui needs {needed}, this terminal has {given}; {state_word}"
        for row, line in enumerate(wrap(text, width)):
            cells.write(row, 0, line, ink(TEXT))
        return cells


@cache
def _own_keys(kind: type[Panel]) -> dict[str, str]:
    """Return the names of the keys that a panel binds, by those in the footer."""
    return {glyphs_of(name): name for name in keys_of(kind)}


def note_ink(run: RunModel) -> int:
    """Return the ink of the note."""
    return ink(WARNING if run.state in {State.DIVERGED, State.STOPPED} else DIM)


def _line_rates(flow_control: FlowControl, *, at_rest: bool) -> str:
    """Return the rates of the line; at rest only the round trip, since nothing is sent."""
    rates = flow_control.rates(monotonic())
    took = rates.round_trip
    delay = "no reply" if took is None else f"{1e3 * took:.0f} ms"
    if at_rest:
        return f"line {delay}"
    return f"{rates.frames:.1f} frames/s  {rates.bytes / 1e3:.1f} kB/s  {delay}"
