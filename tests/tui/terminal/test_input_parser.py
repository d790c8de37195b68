"""Terminal input in bursts or pieces: keys are read as typed, and nothing else is read as a key."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.events import AppBlur, AppFocus, CursorPosition, Key, MouseDown, Paste
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from tui.terminal.input_parser import ESCAPE_WAIT, LONG_WAIT, MOST_PASTED, REST_WAIT, EscapeParser

ESC = "\x1b"
REPLIES = {
    "DA1": "\x1b[?64;1;2;6;9;15;18;21;22c",
    "DA2": "\x1b[>41;390;0c",
    "DA3": "\x1bP!|7E565445\x1b\\",
    "DSR, operating": "\x1b[0n",
    "cursor position": "\x1b[12;40R",
    "cursor position, extended": "\x1b[?12;40;1R",
    "printer status": "\x1b[?13n",
    "colour scheme": "\x1b[?997;1n",
    "mode, private": "\x1b[?2048;2$y",
    "mode, ANSI": "\x1b[20;2$y",
    "kitty's keyboard flags": "\x1b[?31u",
    "modifyOtherKeys": "\x1b[>4;2m",
    "DECRQSS": "\x1bP1$r0;38:2::255:107:0m\x1b\\",
    "DECRQSS, invalid": "\x1bP0$r\x1b\\",
    "DECRQPSR": "\x1bP1$u1;1;1;@;@;@;0;2;@;BB00\x1b\\",
    "DECREQTPARM": "\x1b[2;1;1;128;128;1;0x",
    "checksum": "\x1bP1!~A1B2\x1b\\",
    "XTVERSION": "\x1bP>|XTerm(390)\x1b\\",
    "XTGETTCAP": "\x1bP1+r544e=787465726d2d323536636f6c6f72\x1b\\",
    "OSC 4": "\x1b]4;1;rgb:cdcd/0000/0000\x1b\\",
    "OSC 10": "\x1b]10;rgb:ffff/ffff/ffff\x07",
    "OSC 11": "\x1b]11;rgb:0000/0000/0000\x1b\\",
    "OSC 12, 8-bit": "\x9d12;rgb:0000/0000/0000\x9c",
    "OSC 52": "\x1b]52;c;cXVpdCBSIHI=\x07",
    "OSC 99": "\x1b]99;i=1:p=?;q\x1b\\",
    "title": "\x1b]lqRrq\x1b\\",
    "icon's title": "\x1b]Lq\x1b\\",
    "size in cells": "\x1b[8;40;120t",
    "size in pixels": "\x1b[4;800;1200t",
    "size of a cell": "\x1b[6;20;10t",
    "state of the window": "\x1b[1t",
    "in-band resize": "\x1b[48;40;120;800;1200t",
    "absurd in-band resize": "\x1b[48;99999;99999;99999;99999t",
    "graphics": "\x1b[?2;0;800;600S",
    "APC": "\x1b_Gi=31;OK\x1b\\",
    "PM": "\x1b^q\x1b\\",
    "SOS": "\x1bXq\x1b\\",
    "DCS, 8-bit bytes": "\udc901$r0m\udc9c",
    "CSI, 8-bit": "\x9b?1;2c",
    "cancelled": "\x1b]11;q\x18",
    "mouse, oldest form": "\x1b[M q\x7f",
    "mouse, rxvt": "\x1b[35;10;10M",
    "mouse, bizarre": "\x1b[<0;99999999999;-3M",
    "mouse, no such button": "\x1b[<128;1;1M",
    "key released": "\x1b[113;1:3u",
    "arrow released": "\x1b[1;1:3A",
    "no such modifiers": "\x1b[113;999u",
    "shift alone": "\x1b[57441;2u",
    "no such key": "\x1b[113~",
    "no character": "\x1b[1114112u",
    "half a character": "\x1b[55296u",
    "no characters": "\x1b[0;;1114112u",
    "endless number": "\x1b[99999999999999999999~",
    "no numbers": "\x1b[::H",
    "long": f"\x1b[{'1;' * 100}q",
    "intermediates": "\x1b[5 !q",
}


class Typist:
    """Types into a parser with a simulated clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.is_reply_due = False
        self.parser = EscapeParser(is_reply_due=lambda: self.is_reply_due, clock=lambda: self.now)
        self.messages: list[Message] = []

    def type(self, *pieces: str, pause: float = 0.0) -> "Typist":
        for piece in pieces:
            self.messages += self.parser.feed(piece)
            self.wait(pause)
        return self

    def wait(self, seconds: float = 10.0) -> "Typist":
        """Advance the clock, calling `tick` as the driver does."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + max(self.parser.patience, 1e-3))
            self.messages += self.parser.tick()
        return self

    @property
    def keys(self) -> list[str]:
        return [message.key for message in self.messages if isinstance(message, Key)]


def keys_of(pieces: Iterable[str], pause: float = 0.0) -> list[str]:
    return Typist().type(*pieces, pause=pause).wait().keys


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1bq", ["escape", "q"]),
        ("\x1b:be", ["escape", "colon", "b", "e"]),
        ("\x1b\x1bS", ["escape", "escape", "S"]),
        ("a\x1b\r", ["a", "escape", "enter"]),
        ("\x1b\x1b[A", ["escape", "up"]),
        ("\x1b[1;2D", ["shift+left"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[3~x", ["delete", "x"]),
        ("\x1bb", ["ctrl+left"]),
        ("\x1b", ["escape"]),
        ("\x9bA", ["up"]),
        ("\udc9b1;5C", ["ctrl+right"]),
        ("\x1b[Z\x1b[H\x1b[4~\x1bOF", ["shift+tab", "home", "end", "end"]),
        ("\x1b[a\x1bOd\x1b[7^\x1b[3$", ["shift+up", "ctrl+left", "ctrl+home", "shift+delete"]),
        ("\x1b[[A\x1b[15~\x1b[1;2P\x1bOM\x1bOq", ["f1", "f5", "shift+f1", "enter", "1"]),
        ("\x1b[97u\x1b[97;5u\x1b[27u\x1b[13;;13u", ["a", "ctrl+a", "escape", "enter"]),
        ("\x1b[114;2;82u\x1b[0;;229u\x1b[97;1:2;97u", ["R", "å", "a"]),
        ("\x1b[27;5;97~\x1b[1;129A\x1b[57399u", ["ctrl+a", "up", "0"]),
    ],
)
def test_an_escape_is_told_from_what_is_typed_behind_it(typed: str, keys: list[str]) -> None:
    assert keys_of([typed]) == keys
    assert keys_of(typed) == keys


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_what_a_terminal_says_is_no_key_whole_or_split_anywhere(reply: str) -> None:
    assert keys_of([f"j{reply}k"]) == ["j", "k"]
    assert keys_of(["j", *reply, "k"], pause=0.07) == ["j", "k"]
    for at in range(1, len(reply)):
        pieces = [f"j{reply[:at]}", f"{reply[at:]}k"]
        assert keys_of(pieces, pause=0.07) == ["j", "k"]
        if at == 1 and reply.startswith("\x1b[M"):
            continue  # without numbers in it, it may have been typed
        # an escape followed by nothing for so long is a key, but the rest is not
        late = ["j", "escape", "k"] if pieces[0] == f"j{ESC}" else ["j", "k"]
        assert keys_of(pieces, pause=ESCAPE_WAIT * 1.2) == late


@pytest.mark.parametrize("at", range(1, 8))
def test_an_answer_that_is_due_may_come_in_two_parts(at: int) -> None:
    typist = Typist()
    typist.is_reply_due = True
    answer = "\x1b[12;40R"
    pause = ESCAPE_WAIT * 1.5 if at == 1 else LONG_WAIT * 0.9
    typist.type(answer[:at], pause=pause).type(answer[at:], "s")
    assert typist.keys == ["s"]
    assert [type(message) for message in typist.messages] == [CursorPosition, Key]


@pytest.mark.parametrize("opening", ["[", "O", "]", "P", "X", "^", "_", "[12;4", "[M", "[200~"])
@pytest.mark.parametrize("is_reply_due", [True, False])
def test_every_wait_for_the_rest_ends(opening: str, is_reply_due: bool) -> None:
    typist = Typist()
    typist.is_reply_due = is_reply_due
    typist.type(ESC + opening).wait(LONG_WAIT if is_reply_due else REST_WAIT)
    assert typist.type("a").keys == ["a"]
    # keys typed in the meantime are lost; replies during training must not count as keys
    typist.type(ESC + opening)
    for _ in range(100):
        typist.type("\x1b[12;40R", pause=0.1)
    assert typist.type("a").keys == ["a", "a"]


def test_an_escape_and_a_bracket_that_are_typed_are_keys() -> None:
    assert keys_of([ESC, "]"], pause=0.3) == ["escape", "right_square_bracket"]
    assert keys_of([ESC, "[", "A"], pause=0.3) == ["escape", "left_square_bracket", "A"]
    assert keys_of([ESC, "[A"], pause=0.3) == ["escape", "left_square_bracket", "A"]
    assert keys_of([ESC, "P", "q"], pause=0.15) == ["escape", "P", "q"]


def test_a_paste_is_text_without_controls_and_its_end_may_be_missing() -> None:
    typist = Typist().type("\x1b[200~a\x1b[31mb\x00\x1b]0;c\x07\r\nd\udcff\x1b[201~e")
    (paste, key) = typist.messages
    assert isinstance(paste, Paste)
    assert paste.text == "a[31mb]0;c\r\nd"
    assert isinstance(key, Key)
    assert "".join(keys_of("\x1b[200~qqq\x1b[201~e")) == "e"
    typist = Typist().type("\x1b[200~q", "q\x1b[20", "1", "q").wait().type("a")
    assert [message.text for message in typist.messages if isinstance(message, Paste)] == [
        "qq[201q"
    ]
    assert typist.keys == ["a"]


@pytest.mark.parametrize("opening", ["\x1b]52;c;", "\x1b[", "\x1bP", "\x1b[200~"])
def test_a_megabyte_without_an_end_is_not_stored(opening: str) -> None:
    typist = Typist().type(opening)
    for _ in range(250):
        typist.type("1" * 4_000, "" if opening == "\x1b[" else "\x1b[12;40R")
    assert typist.wait().type("a").keys == ["a"]
    pasted = [message.text for message in typist.messages if isinstance(message, Paste)]
    assert sum(map(len, pasted)) == (MOST_PASTED if opening == "\x1b[200~" else 0)


def test_what_is_no_key_is_what_it_is() -> None:
    told = Typist().type("\x1b[I\x1b[O\x1b[?2026;2$y\x1b[<0;12;5M\x1b[12;40R").messages
    kinds = [AppFocus, AppBlur, TerminalSupportsSynchronizedOutput, MouseDown, CursorPosition]
    assert [type(message) for message in told] == kinds


NUMBERS = st.sampled_from(["", "0", "1", "3", "27", "97", "129", "1114112", "55296", "9" * 30])
PARAMETERS = st.lists(NUMBERS | st.sampled_from(";:?<$ "), max_size=8).map("".join)
FINALS = st.sampled_from([chr(code) for code in range(0x40, 0x7F)])
CONTROL_SEQUENCES = st.builds("{}{}{}".format, st.just("\x1b["), PARAMETERS, FINALS)
CONTENTS = st.text(st.characters(min_codepoint=32, max_codepoint=126))
OPENINGS = st.sampled_from(["\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\x9d", "\udc90"])
STRINGS = st.builds(
    "{}{}{}".format, OPENINGS, CONTENTS, st.sampled_from(["\x1b\\", "\x07", "\x9c", "\udc9c"])
)
ANYTHING = st.text(st.characters(max_codepoint=0x2FF) | st.sampled_from("\x1b\x1b[]OP\udc9b\udcff"))


@settings(max_examples=200, deadline=None)
@given(st.lists(CONTROL_SEQUENCES | STRINGS | ANYTHING, max_size=4), st.booleans())
def test_no_garbage_raises_or_stops_the_keyboard(garbage: list[str], is_reply_due: bool) -> None:
    typist = Typist()
    typist.is_reply_due = is_reply_due
    typist.type(*garbage).wait().type("a")
    assert typist.keys[-1] == "a"
    characters = (each.character for each in typist.messages if isinstance(each, Key))
    assert not any("\ud800" <= char <= "\udfff" for text in characters for char in text or "")


@settings(max_examples=100, deadline=None)
@given(STRINGS, st.data())
def test_no_part_of_a_string_is_a_key(string: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(2 if string[0] == ESC else 1, len(string)))
    assert keys_of(["j", string[:at], string[at:], "k"], pause=0.2) == ["j", "k"]
