"""Keys that come at once, or in pieces, read as they were typed."""

import pytest
from textual.events import Key

from tui.typed import EscapeParser


def keys_of(*pieces: str) -> list[str]:
    parser = EscapeParser()
    messages = [message for piece in pieces for message in parser.feed(piece)]
    assert all(isinstance(message, Key) for message in messages)
    return [message.key for message in messages if isinstance(message, Key)]


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
    ],
)
def test_an_escape_is_told_from_what_is_typed_behind_it(typed: str, keys: list[str]) -> None:
    assert keys_of(typed) == keys
    assert keys_of(*typed) == keys
