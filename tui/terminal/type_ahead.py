"""Keys that are typed at once, as over a slow line, do what they do when they are typed slowly.

The driver reads them with this parser, and the application hands them on through this queue.
"""

from __future__ import annotations

import re
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.events import AppBlur, AppFocus, CursorPosition, Key, Paste
from textual.keys import Keys
from textual.messages import TerminalSupportsSynchronizedOutput

from tui.terminal.input_parser import ANSWER, MOST_TYPED, Kind, State, Token, Tokenizer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from textual.app import App
    from textual.dom import DOMNode
    from textual.message import Message
    from textual.timer import Timer

ESCAPE_WAIT: Final = constants.ESCAPE_DELAY
"""Seconds after which an escape is the escape key."""
SHORT_WAIT: Final = 0.25
"""Seconds that the rest is waited for where what came so far may be keys."""
REST_WAIT: Final = 1.0
"""Seconds that the rest of a sequence is waited for: hardly anything else is typed so quickly."""
LONG_WAIT: Final = 5.0
"""Seconds that the rest is waited for where that is certain to be sent by the terminal."""
LOOKING: Final = 0.1
"""Seconds between two looks at whether there is anything to do but to read."""
PATIENCE: Final = 1.0
"""Seconds after which a key is handed on although it is not known what became of the one before."""
BETWEEN_LOOKS: Final = 0.1
"""Seconds between two looks, while keys wait, at whether what the first of them waits for can come."""
MOST_TYPED_AHEAD: Final = 4_000
"""Keys that wait for those before them. More at once are no keys but, say, a file that was pasted."""

MOST_CELLS: Final = 10_000
"""Columns and rows of the largest terminal."""
_KEY: Final = re.compile(
    r"(?:(?P<code>\d{1,7})(?::\d*){0,2})?(?:;(?P<modifiers>\d{0,3})(?::(?P<type>\d*))?)?"
    r"(?:;(?P<text>[\d:]*))?(?P<final>[u~^$@a-dA-FHPQSZ])"
)
"""A key, in the forms of xterm, rxvt and kitty's protocol."""
_SS3_KEY: Final = re.compile(r"(?:1;(?P<modifiers>\d{1,3}))?(?P<final>[A-FHPQRS])")
_KEYPAD: Final = re.compile(r"[jkm-yM]")
_LINUX_KEY: Final = re.compile(r"\[[A-E]")
_MOUSE: Final = re.compile(r"<(\d{1,3});(\d{1,5});(\d{1,5})[Mm]")
_ANSWER: Final = re.compile(r"(\d{1,5});(\d{1,5})R")
_ANSWERS: Final = re.compile(f"(?:{ANSWER.pattern})+")
_ANSWERED: Final = frozenset({State.STRING, State.PASTE})
"""Where answers do not count as the rest: else those of a run that trains would be the last of it."""
_ANSWER_BEGIN: Final = re.compile(r"\d{0,5}(;\d{0,5})?")
_SYNCHRONIZED: Final = re.compile(r"\?2026;[123]\$y")

_NUMBERED: Final = frozenset({*range(1, 9), *range(11, 16), *range(17, 22), 23, 24})
"""Keys that end in a tilde: home, insert, ..., f1 to f12."""
_RXVT: Final = {"^": 5, "$": 2, "@": 6}
"""Modifiers of a numbered key that ends otherwise, in rxvt."""
_CONTROL_KEYS: Final = frozenset({9, 13, 27, 127})
_FUNCTIONAL: Final = range(57344, 63744)
"""Private code points that kitty's protocol uses for keys."""
_KNOWN_FUNCTIONAL: Final = frozenset({*range(57361, 57364), *range(57376, 57441)})
"""Those that Textual has names for, without modifiers and locks that are pressed alone."""
MOST_MODIFIERS: Final = 256
"""A sum of eight bits, and one."""


class EscapeParser:
    """Turns what a terminal sends into Textual's messages.

    Textual's own parser raises on malformed keys, takes what it does not know for keys, and waits for
    the rest of a sequence as long as for the escape key. Here it only translates keys that are known
    to be valid. `esc` and a key right after it are two keys; Textual takes them for alt and that key.
    """

    def __init__(
        self,
        *,
        is_answer_due: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Take what says whether the terminal has been asked for its cursor, and a clock."""
        self._is_answer_due = is_answer_due
        self._clock = clock
        self._tokenizer = Tokenizer()
        self._since = clock()
        self._translator = XTermParser()

    @property
    def patience(self) -> float:
        """The seconds after which it wants to be asked whether a sequence has come to its end."""
        if self._tokenizer.state is State.GROUND:
            return LOOKING
        return min(LOOKING, max(0.0, self._since + self._wait - self._clock()))

    def feed(self, data: str) -> list[Message]:
        """Return what was typed. Bytes that are no UTF-8 are decoded with surrogateescape."""
        if not data:
            return []
        if not (self._tokenizer.state in _ANSWERED and _ANSWERS.fullmatch(data)):
            self._since = self._clock()
        return self._messages(self._tokenizer.feed(data))

    def tick(self) -> list[Message]:
        """Return what was typed if no more of it comes in time."""
        if self._tokenizer.state is State.GROUND or self._clock() < self._since + self._wait:
            return []
        self._since = self._clock()
        return self._messages(self._tokenizer.expire())

    @property
    def _wait(self) -> float:
        """Seconds that the rest is waited for. Every wait ends, so that no key is lost for ever."""
        read = self._tokenizer
        if read.state is State.ESCAPE:
            return ESCAPE_WAIT * (2 if self._is_answer_due() else 1)
        if read.state is State.SS3 or read.held is not None:
            return SHORT_WAIT
        if read.state is State.CSI:
            if read.may_be_whole:
                return ESCAPE_WAIT
            if _ANSWER_BEGIN.fullmatch(read.body) and self._is_answer_due():
                return LONG_WAIT
        return LONG_WAIT if read.length > MOST_TYPED else REST_WAIT

    def _messages(self, tokens: Iterable[Token]) -> list[Message]:
        return [message for token in tokens for message in self._translate(token)]

    def _translate(self, token: Token) -> Iterator[Message]:
        if token.kind is Kind.TEXT:
            for char in token.text:
                yield from self._keys(char)
        elif token.kind is Kind.ESCAPE:
            yield from self._keys(f"\x1b{token.text}")
        elif token.kind is Kind.PASTE:
            yield Paste(token.text)
        elif token.kind is Kind.SS3:
            yield from self._keys(_ss3_key(token.text))
        else:
            yield from self._control_sequence(token.text)

    def _control_sequence(self, body: str) -> Iterator[Message]:
        """Return what a control sequence says; nothing for the most of them."""
        if body == "I":
            yield AppFocus()
        elif body == "O":
            yield AppBlur()
        elif answer := _ANSWER.fullmatch(body):
            # shift+f3 looks the same in some terminals; no key of ours
            yield CursorPosition(int(answer[2]) - 1, int(answer[1]) - 1)
        elif _SYNCHRONIZED.fullmatch(body):
            yield TerminalSupportsSynchronizedOutput()
        elif mouse := _MOUSE.fullmatch(body):
            if _is_mouse(*map(int, mouse.groups())):
                event = self._translator.parse_mouse_code(f"\x1b[{body}")
                if event is not None:
                    yield event
        else:
            yield from self._keys(_key(body))

    def _keys(self, sequence: str) -> Iterator[Key]:
        """Return the keys of a sequence that is known to be valid, or empty."""
        if sequence:
            for key in self._translator._sequence_to_key_events(sequence):
                if key.key != Keys.Ignore:
                    yield key


def _is_mouse(buttons: int, x: int, y: int) -> bool:
    """Tell whether that is a report of the first three buttons or the wheel, on the screen."""
    return buttons < 128 and 1 <= x <= MOST_CELLS and 1 <= y <= MOST_CELLS


def _ss3_key(body: str) -> str:
    """Return the sequence of a key as Textual knows it, or nothing if there is no such key."""
    if _KEYPAD.fullmatch(body) or body == "R":
        return f"\x1bO{body}"
    if len(body) == 1 and body in "abcd":
        return f"\x1b[1;5{body.upper()}"
    key = _SS3_KEY.fullmatch(body)
    return _key(key[0]) if key is not None else ""


def _key(body: str) -> str:
    """Return the sequence of a key as Textual knows it, or nothing if there is no such key."""
    if _LINUX_KEY.fullmatch(body) or body == "Z":
        return f"\x1b[{body}"
    key = _KEY.fullmatch(body)
    # type 3 of kitty's protocol is a key that is released
    if key is None or key["type"] not in {None, "", "1", "2"}:
        return ""
    modifiers, final = int(key["modifiers"] or 1), key["final"]
    if not 1 <= modifiers <= MOST_MODIFIERS:
        return ""
    code = int(key["code"]) if key["code"] else None
    if final == "u":
        return _kitty_key(code or 0, modifiers, key["text"] or "")
    if final == "~" and code == 27 and key["text"]:  # xterm's modifyOtherKeys
        return _kitty_key(_code_point(key["text"]), modifiers, "")
    return _legacy_key(code, modifiers, final) if not key["text"] else ""


def _legacy_key(code: int | None, modifiers: int, final: str) -> str:
    if final in "~^$@":
        if code not in _NUMBERED or (final != "~" and modifiers != 1):
            return ""
        modifiers = _RXVT.get(final, modifiers)
        return f"\x1b[{code}~" if modifiers == 1 else f"\x1b[{code};{modifiers}~"
    if code not in {None, 1} or final == "Z":
        return ""
    if final in "abcd":
        modifiers, final = 2, final.upper()
    if modifiers != 1:
        return f"\x1b[1;{modifiers}{final}"
    return f"\x1bO{final}" if final in "PQRS" else f"\x1b[{final}"


def _kitty_key(code: int, modifiers: int, text: str) -> str:
    texts = [point for each in text.split(":") if (point := _code_point(each))]
    if code in _FUNCTIONAL:
        if code not in _KNOWN_FUNCTIONAL:
            return ""
    elif code not in _CONTROL_KEYS and not _code_point(str(code)) and not texts:
        return ""
    shown = "" if modifiers == 1 else modifiers
    return f"\x1b[{code};{shown};{':'.join(map(str, texts))}u"


def _code_point(digits: str) -> int:
    """Return the code point of a character that can be shown, or 0."""
    point = int(digits) if 0 < len(digits) <= 7 else 0
    is_control = point < 32 or 127 <= point < 160
    return 0 if is_control or 0xD800 <= point <= 0xDFFF or point > 0x10FFFF else point


class TypeAhead:
    """Hands a key on when the one before has done all it does, and what it opens has the focus.

    Textual gives a key to what has the focus when it arrives. Of a burst that is the screen below
    for all of them, even where the first opens a dialog for the others.
    """

    def __init__(self, app: App[Any], hand_on: Callable[[Key | Paste], Awaitable[None]]) -> None:
        """Take the application, and what it does with a key."""
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[Key | Paste] = deque()
        self._is_busy = False
        self._given_up_at = 0.0
        self._below: DOMNode = app
        self._way: list[DOMNode] = []
        self._at: DOMNode = app
        self._step = 0
        self._timer: Timer | None = None

    async def take(self, key: Key | Paste) -> None:
        """Hand the key on, now or when it is its turn."""
        if self._is_busy:
            if len(self._waiting) < MOST_TYPED_AHEAD:
                self._waiting.append(key)
            self._look_again()
            return
        self._is_busy = True
        self._step += 1
        self._given_up_at = monotonic() + PATIENCE
        self._below = self._at = below = self._app.screen
        target = self._app.focused or below
        try:
            await self._hand_on(key)
        finally:
            # twice: what the key has said to its widget is said on in the second round
            self._way = [*target.ancestors_with_self] * 2
            self._follow(self._step)

    async def give_up(self) -> None:
        """Wait no more for what the key before has led to: that failed."""
        await self._end(self._step)

    def _follow(self, step: int) -> None:
        """Queue behind the key wherever it goes, up to the application, and in what it opens."""
        if step != self._step:
            return  # it was taken for lost
        self._step += 1
        while self._way:
            self._at = self._way.pop(0)
            if self._at.call_later(self._follow, self._step):
                return
        screen = self._app.screen
        if screen is self._below:
            self._at = self._app
            self._app.call_later(self._end, self._step)
        else:
            # its own queue begins when it is composed, and has given the focus
            self._way, self._below = [screen, self._app], screen
            self._follow(self._step)

    def _look_again(self) -> None:
        if self._timer is None:
            self._timer = self._app.set_timer(BETWEEN_LOOKS, self._look)

    async def _look(self) -> None:
        """See to it that no key waits for what never comes."""
        self._timer = None
        if monotonic() >= self._given_up_at:
            await self._end(self._step)
        elif not self._at.is_attached:
            self._follow(self._step)  # it was closed, and its queue with it
        if self._is_busy and self._waiting:
            self._look_again()

    async def _end(self, step: int) -> None:
        if step == self._step and self._is_busy:
            self._is_busy = False
            while self._waiting and not self._is_busy:
                await self.take(self._waiting.popleft())
            if self._waiting:
                self._look_again()
