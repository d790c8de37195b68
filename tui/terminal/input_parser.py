"""Parser of terminal input: distinguishes text, escape sequences of keys, replies and pastes.

The tokenizer is a state machine after Paul Williams' parser for the VT500
(vt100.net/emu/dec_ansi_parser), applied to the output of a terminal. Terminal input is untrusted, and
arrives in pieces of any size. Every sequence is consumed completely, known or not, so that no part of it
is mistaken for keys. Memory is bounded.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual import constants
from textual._xterm_parser import XTermParser
from textual.events import AppBlur, AppFocus, CursorPosition, Key, Paste
from textual.keys import Keys
from textual.messages import TerminalSupportsSynchronizedOutput

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from textual.message import Message

MOST_PARAMETERS: Final = 64
"""Characters of a control sequence that are stored; no key or reply is longer."""
MOST_PASTED: Final = 1 << 16
"""Characters of a paste that are stored; the rest is dropped."""
MOST_TYPED: Final = 1 << 10
"""Characters of a sequence that may have been typed; a longer one was sent by a machine."""

_C1: Final = "\x80-\x9f\udc80-\udcff"
"""8-bit controls: encoded in UTF-8, or as invalid UTF-8 (decoded with surrogateescape)."""
_CONTROL: Final = re.compile(f"[\x1b{_C1}]")
_INTRODUCERS: Final = frozenset("[O]PX^_")
"""Introducers of CSI, SS3, OSC, DCS, SOS, PM and APC, after an escape."""
_AFTER_STRAY_ESCAPE: Final = _INTRODUCERS - {"O"}
_WITH_ALT: Final = frozenset("bf\x7f")
"""Keys with alt, after an escape, that move or delete by words."""
_IN_STRING: Final = re.compile("[\x07\x18\x1a\x1b\x90\x98\x9b-\x9f\udc90\udc98\udc9b-\udc9f]")
"""End of a string: BEL, a cancel, ST, or the introducer of another sequence."""
_PARAMETERS: Final = re.compile("[ -?]*")
_WITH_SHIFT: Final = re.compile(r"\d{1,2}\$")
"""A key with shift in rxvt. It has no final character, so that it may also be the beginning of another
sequence, although none is known."""
_PASTE_END: Final = "\x1b[201~"
CURSOR_REPLY: Final = re.compile(r"\x1b\[(\d{1,5};\d{1,5}R)")
"""Report of the cursor's position, the reply to the queries of flow control."""
_LONGEST_REPLY: Final = 14
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


class TokenKind(Enum):
    """Kind of a token."""

    TEXT = auto()
    """Typed characters."""
    ESCAPE = auto()
    """The escape key, or alt with the key in the token."""
    SS3 = auto()
    """The character after the introducer ESC O."""
    CSI = auto()
    """A control sequence without its introducer ESC [."""
    PASTE = auto()
    """The printable text of a bracketed paste."""


@dataclass(frozen=True, slots=True)
class Token:
    """One unit of input."""

    kind: TokenKind
    text: str = ""


class TokenizerState(Enum):
    """State of the tokenizer: the sequence that it is reading."""

    GROUND = auto()
    ESCAPE = auto()
    """After an escape, which is a key or starts a sequence."""
    STRAY_ESCAPE = auto()
    """After an escape that was interpreted as a key, although a sequence may still follow."""
    SS3 = auto()
    CSI = auto()
    MOUSE = auto()
    """In the three bytes of a mouse report in the oldest form."""
    STRING = auto()
    STRING_ESCAPE = auto()
    PASTE = auto()


class Tokenizer:
    """Turns decoded input into tokens.

    Attributes:
        state: the sequence being read; `expire` ends it.
        body: the control sequence so far.
        length: minimum number of characters of the sequence so far.
        held: input since a stray escape, in case that it was typed.
    """

    def __init__(self) -> None:
        self.state = TokenizerState.GROUND
        self.body = ""
        self.length = 0
        self.held: str | None = None
        self._missing = 0
        self._pasted = ""
        self._tail = ""
        self._tokens: list[Token] = []
        self._rules = {
            TokenizerState.GROUND: self._ground,
            TokenizerState.ESCAPE: self._escape,
            TokenizerState.STRAY_ESCAPE: self._stray_escape,
            TokenizerState.SS3: self._sequence,
            TokenizerState.CSI: self._sequence,
            TokenizerState.MOUSE: self._mouse,
            TokenizerState.STRING: self._string,
            TokenizerState.STRING_ESCAPE: self._string_escape,
            TokenizerState.PASTE: self._paste,
        }

    @property
    def may_be_whole(self) -> bool:
        """Whether the sequence may be complete already."""
        return self.state is TokenizerState.CSI and _WITH_SHIFT.fullmatch(self.body) is not None

    def feed(self, data: str) -> list[Token]:
        """Return the completed tokens. Invalid bytes of UTF-8 are represented by U+DC80 to U+DCFF."""
        at = 0
        while at < len(data):
            before, at = at, self._rules[self.state](data, at)
            self.length += at - before
            if self.held is not None:
                self.held = self.held + data[before:at] if self.length <= MOST_TYPED else None
        return self._pop_tokens()

    def expire(self) -> list[Token]:
        """Stop waiting for the rest of a sequence, and return the tokens of its beginning."""
        if self.state is TokenizerState.ESCAPE:
            self._add(TokenKind.ESCAPE)
            self.state = TokenizerState.STRAY_ESCAPE
            return self._pop_tokens()
        if self.state is TokenizerState.PASTE:
            self._end_paste(self._tail)
        elif self.may_be_whole:
            self._add(TokenKind.CSI, self.body)
        self._reset()
        return self._pop_tokens()

    def _pop_tokens(self) -> list[Token]:
        tokens, self._tokens = self._tokens, []
        return tokens

    def _add(self, kind: TokenKind, text: str = "") -> None:
        self._tokens.append(Token(kind, text))

    def _reset(self) -> None:
        """Return to the ground state; held characters were typed."""
        if self.held:
            self._add(TokenKind.TEXT, self.held)
        self.state, self.held, self.body = TokenizerState.GROUND, None, ""

    def _finish(self) -> None:
        """End a complete sequence."""
        self.state, self.held, self.body = TokenizerState.GROUND, None, ""

    # Each rule reads the data from position `at`, and returns the position of the unread rest.

    def _ground(self, data: str, at: int) -> int:
        control = _CONTROL.search(data, at)
        end = control.start() if control is not None else len(data)
        if end > at:
            self._add(TokenKind.TEXT, data[at:end])
        if control is None:
            return end
        if data[end] == "\x1b":
            self.state = TokenizerState.ESCAPE
        else:
            self._begin(_seven_bit(data[end]))
        return end + 1

    def _begin(self, introducer: str) -> None:
        """Start the sequence of an introducer; other characters are ignored."""
        self.body, self.length = "", 0
        if introducer == "[":
            self.state = TokenizerState.CSI
        elif introducer == "O":
            self.state = TokenizerState.SS3
        elif introducer in _INTRODUCERS:
            self.state = TokenizerState.STRING
        else:
            self.state = TokenizerState.GROUND

    def _escape(self, data: str, at: int) -> int:
        char = data[at]
        if char in _INTRODUCERS or char == "\\":
            self._begin(char)
        elif char in _WITH_ALT:
            self._add(TokenKind.ESCAPE, char)
            self.state = TokenizerState.GROUND
        else:
            self._add(TokenKind.ESCAPE)
            self.state = TokenizerState.GROUND
            return at
        return at + 1

    def _stray_escape(self, data: str, at: int) -> int:
        self.state = TokenizerState.GROUND
        if data[at] not in _AFTER_STRAY_ESCAPE:
            return at
        self._begin(data[at])
        self.held = ""
        return at + 1

    def _sequence(self, data: str, at: int) -> int:
        parameters = _PARAMETERS.match(data, at)
        if parameters is not None and parameters.end() > at:
            self.body = (self.body + parameters[0])[: MOST_PARAMETERS + 1]
            return parameters.end()
        char = data[at]
        is_final = "@" <= char <= "~"
        if self.held is not None and not (is_final and self.body):
            self._reset()
            return at
        if not is_final:
            self._abort()
            return at if _CONTROL.match(char) else at + 1
        if self.state is TokenizerState.CSI and not self.body and char in "[M":
            self._begin_old(char)
        else:
            self._end_sequence(self.body + char)
        return at + 1

    def _abort(self) -> None:
        """End an interrupted sequence: neither it nor the control character in it is a key."""
        if self.may_be_whole:
            self._add(TokenKind.CSI, self.body)
        self._finish()

    def _begin_old(self, char: str) -> None:
        """Start one of two sequences that predate the standard: ESC [ [ A and ESC [ M x y z."""
        if char == "[":
            self.body = "["
        else:
            self.state, self._missing = TokenizerState.MOUSE, 3

    def _end_sequence(self, body: str) -> None:
        kind = TokenKind.CSI if self.state is TokenizerState.CSI else TokenKind.SS3
        self._finish()
        if kind is TokenKind.CSI and body == "200~":
            self.state, self._pasted, self._tail = TokenizerState.PASTE, "", ""
        elif len(body) <= MOST_PARAMETERS:
            self._add(kind, body)

    def _mouse(self, data: str, at: int) -> int:
        char = data[at]
        if char < " ":
            self._finish()
            return at
        self._missing -= len(char.encode("utf-8", "surrogateescape"))
        if self._missing <= 0:
            self._finish()
        return at + 1

    def _string(self, data: str, at: int) -> int:
        end = _IN_STRING.search(data, at)
        if end is None:
            return len(data)
        if end[0] == "\x1b":
            reply = CURSOR_REPLY.match(data, end.start())
            if reply is not None and self.length > MOST_TYPED:
                # not sent by any terminal; but in a string without an end, nothing else is typed
                self._add(TokenKind.CSI, reply[1])
                return reply.end()
            self.state = TokenizerState.STRING_ESCAPE
        elif end[0] in "\x07\x18\x1a" or _seven_bit(end[0]) == "\\":
            self._finish()
        else:
            self._finish()
            return end.start()
        return end.end()

    def _string_escape(self, data: str, at: int) -> int:
        char = data[at]
        if char != "\x1b":
            self._finish()
            self._begin(char)
        return at + 1

    def _paste(self, data: str, at: int) -> int:
        data, old = self._tail + data[at:], len(self._tail) - at
        end = data.find(_PASTE_END)
        if end < 0:
            escape = data.rfind("\x1b", -_LONGEST_REPLY)
            cut = escape if escape >= 0 else len(data)
            self._add_pasted(data[:cut])
            self._tail = data[cut:]
            return len(data) - old
        self._end_paste(data[:end])
        self._finish()
        return end + len(_PASTE_END) - old

    def _add_pasted(self, text: str) -> None:
        for reply in CURSOR_REPLY.finditer(text):
            self._add(TokenKind.CSI, reply[1])
        if len(self._pasted) < MOST_PASTED:
            text = _UNPRINTABLE.sub("", CURSOR_REPLY.sub("", text))
            self._pasted = (self._pasted + text)[:MOST_PASTED]

    def _end_paste(self, text: str) -> None:
        self._add_pasted(text)
        self._add(TokenKind.PASTE, self._pasted)
        self._pasted = self._tail = ""


def _seven_bit(char: str) -> str:
    """Return the character that represents an 8-bit control after an escape."""
    return chr((ord(char) & 0xFF) - 0x40) if ord(char) & 0xFF < 0xA0 else ""


ESCAPE_WAIT: Final = constants.ESCAPE_DELAY
"""Seconds after which an escape is interpreted as the escape key."""
SHORT_WAIT: Final = 0.25
"""Seconds to wait for the rest if the beginning may consist of keys."""
REST_WAIT: Final = 1.0
"""Seconds to wait for the rest of a sequence: its beginning is hardly ever typed so quickly."""
LONG_WAIT: Final = 5.0
"""Seconds to wait for the rest of a sequence that was certainly sent by the terminal."""
IDLE_WAIT: Final = 0.1
"""Seconds between two checks of the input thread for other work than reading."""
MOST_CELLS: Final = 10_000
"""Columns and rows of the largest terminal."""
_KEY: Final = re.compile(
    r"(?:(?P<code>\d{1,7})(?::\d*){0,2})?(?:;(?P<modifiers>\d{0,3})(?::(?P<type>\d*))?)?"
    r"(?:;(?P<text>[\d:]*))?(?P<final>[u~^$@a-dA-FHPQSZ])"
)
"""A key in the encodings of xterm, rxvt and kitty's protocol."""
_SS3_KEY: Final = re.compile(r"(?:1;(?P<modifiers>\d{1,3}))?(?P<final>[A-FHPQRS])")
_KEYPAD: Final = re.compile(r"[jkm-yM]")
_LINUX_KEY: Final = re.compile(r"\[[A-E]")
_MOUSE: Final = re.compile(r"<(\d{1,3});(\d{1,5});(\d{1,5})[Mm]")
_CURSOR_REPLY_BODY: Final = re.compile(r"(\d{1,5});(\d{1,5})R")
_CURSOR_REPLIES: Final = re.compile(f"(?:{CURSOR_REPLY.pattern})+")
_WITHOUT_EXTENSION: Final = frozenset({TokenizerState.STRING, TokenizerState.PASTE})
"""States in which a reply does not extend the wait: replies keep arriving while a run trains."""
_CURSOR_REPLY_BEGIN: Final = re.compile(r"\d{0,5}(;\d{0,5})?")
_SYNCHRONIZED: Final = re.compile(r"\?2026;[123]\$y")

_NUMBERED: Final = frozenset({*range(1, 9), *range(11, 16), *range(17, 22), 23, 24})
"""Numbers of the keys that end in a tilde: home, insert, ..., f1 to f12."""
_RXVT: Final = {"^": 5, "$": 2, "@": 6}
"""Modifiers of a numbered key by its final character in rxvt."""
_CONTROL_KEYS: Final = frozenset({9, 13, 27, 127})
_FUNCTIONAL: Final = range(57344, 63744)
"""Private code points of keys in kitty's protocol."""
_KNOWN_FUNCTIONAL: Final = frozenset({*range(57361, 57364), *range(57376, 57441)})
"""Code points that Textual has names for, except modifiers and locks that are pressed alone."""
MOST_MODIFIERS: Final = 256
"""Sum of eight bits, plus one."""


class EscapeParser:
    """Converts terminal input to Textual's messages.

    Textual's own parser raises on malformed keys, interprets unknown sequences as keys, and waits for
    the rest of a sequence as long as for the escape key. Here it only translates keys that are known to
    be valid. `esc` directly followed by a key is two keys; Textual interprets them as alt with that key.
    """

    def __init__(
        self,
        *,
        is_reply_due: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Create a parser, given whether a reply to a cursor query is pending, and a clock."""
        self._is_reply_due = is_reply_due
        self._clock = clock
        self._tokenizer = Tokenizer()
        self._since = clock()
        self._translator = XTermParser()

    @property
    def patience(self) -> float:
        """Seconds after which `tick` should be called."""
        if self._tokenizer.state is TokenizerState.GROUND:
            return IDLE_WAIT
        return min(IDLE_WAIT, max(0.0, self._since + self._wait - self._clock()))

    def feed(self, data: str) -> list[Message]:
        """Return the messages of some input. Invalid UTF-8 is decoded with surrogateescape."""
        if not data:
            return []
        if not (self._tokenizer.state in _WITHOUT_EXTENSION and _CURSOR_REPLIES.fullmatch(data)):
            self._since = self._clock()
        return self._messages(self._tokenizer.feed(data))

    def tick(self) -> list[Message]:
        """Return the messages of an incomplete sequence once its time is over."""
        if (
            self._tokenizer.state is TokenizerState.GROUND
            or self._clock() < self._since + self._wait
        ):
            return []
        self._since = self._clock()
        return self._messages(self._tokenizer.expire())

    @property
    def _wait(self) -> float:
        """Seconds to wait for the rest. Every wait ends, so that the keyboard never blocks."""
        read = self._tokenizer
        if read.state is TokenizerState.ESCAPE:
            return ESCAPE_WAIT * (2 if self._is_reply_due() else 1)
        if read.state is TokenizerState.SS3 or read.held is not None:
            return SHORT_WAIT
        if read.state is TokenizerState.CSI:
            if read.may_be_whole:
                return ESCAPE_WAIT
            if _CURSOR_REPLY_BEGIN.fullmatch(read.body) and self._is_reply_due():
                return LONG_WAIT
        return LONG_WAIT if read.length > MOST_TYPED else REST_WAIT

    def _messages(self, tokens: Iterable[Token]) -> list[Message]:
        return [message for token in tokens for message in self._translate(token)]

    def _translate(self, token: Token) -> Iterator[Message]:
        if token.kind is TokenKind.TEXT:
            for char in token.text:
                yield from self._keys(char)
        elif token.kind is TokenKind.ESCAPE:
            yield from self._keys(f"\x1b{token.text}")
        elif token.kind is TokenKind.PASTE:
            yield Paste(token.text)
        elif token.kind is TokenKind.SS3:
            yield from self._keys(_ss3_key(token.text))
        else:
            yield from self._control_sequence(token.text)

    def _control_sequence(self, body: str) -> Iterator[Message]:
        """Return the message of a control sequence; most of them have none."""
        if body == "I":
            yield AppFocus()
        elif body == "O":
            yield AppBlur()
        elif reply := _CURSOR_REPLY_BODY.fullmatch(body):
            # identical to shift+f3 of some terminals, which has no function here
            yield CursorPosition(int(reply[2]) - 1, int(reply[1]) - 1)
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
        """Return the keys of a sequence that is known to be valid or empty."""
        if sequence:
            for key in self._translator._sequence_to_key_events(sequence):
                if key.key != Keys.Ignore:
                    yield key


def _is_mouse(buttons: int, x: int, y: int) -> bool:
    """Return whether this is a report of the first three buttons or the wheel, on the screen."""
    return buttons < 128 and 1 <= x <= MOST_CELLS and 1 <= y <= MOST_CELLS


def _ss3_key(body: str) -> str:
    """Return the sequence of a key in Textual's encoding, or "" if there is no such key."""
    if _KEYPAD.fullmatch(body) or body == "R":
        return f"\x1bO{body}"
    if len(body) == 1 and body in "abcd":
        return f"\x1b[1;5{body.upper()}"
    key = _SS3_KEY.fullmatch(body)
    return _key(key[0]) if key is not None else ""


def _key(body: str) -> str:
    """Return the sequence of a key in Textual's encoding, or "" if there is no such key."""
    if _LINUX_KEY.fullmatch(body) or body == "Z":
        return f"\x1b[{body}"
    key = _KEY.fullmatch(body)
    # type 3 of kitty's protocol is a key release
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
    """Return the code point of a printable character, or 0."""
    point = int(digits) if 0 < len(digits) <= 7 else 0
    is_control = point < 32 or 127 <= point < 160
    return 0 if is_control or 0xD800 <= point <= 0xDFFF or point > 0x10FFFF else point
