"""Bytes sent to each kind of terminal: supported colours and characters only."""

import re
from functools import partial

import pytest

from tests.terminal.terminal import epoch_of, nnfs_tui
from tui.cli.main import main

SGR = re.compile(rb"\x1b\[([0-9;]*)m")
DIALOGS = (("h", "settings of the run"), ("?", "keys and panels"), ("v", "data"), ("A", "ask"))


def parameters(raw: bytes) -> set[bytes]:
    """Return the kinds of colours that are set: `38;5`, `38;2`, or single numbers."""
    found = set()
    for match in SGR.finditer(raw):
        numbers = iter(match[1].split(b";"))
        for number in numbers:
            if number in {b"38", b"48"}:
                kind = next(numbers)
                found.add(number + b";" + kind)
                for _ in range(3 if kind == b"2" else 1):
                    next(numbers)
            else:
                found.add(number)
    return found - {b"", b"0", b"39", b"49"}


def is_gone(title: str, text: str) -> bool:
    return title not in text


def test_nothing_but_ascii_goes_to_a_locale_without_utf8() -> None:
    with nnfs_tui("iris", LC_ALL="C", TERM="vt100") as terminal:
        terminal.until(lambda text: epoch_of(text) >= 10)
        terminal.press(" ")
        terminal.until("PAUSED")
        for key, title in zip("0986U5", ("0 ", "9 ", "8 ", "6 ", "U ", "5 layers"), strict=True):
            terminal.press(key)
            terminal.until(f"+ {title}")
        for key, title in DIALOGS:
            terminal.press(key)
            terminal.until(f"- {title}")
            terminal.press("esc")
            terminal.until(partial(is_gone, f"- {title}"))
        terminal.press("i")
        terminal.until("7 inspector")
        terminal.press("q")
        assert terminal.wait() == 0
        assert max(terminal.raw) < 128
        assert parameters(bytes(terminal.raw)) <= {b"1", b"3", b"4", b"7"}
        assert terminal.is_restored()


@pytest.mark.parametrize(
    ("options", "environment", "allowed", "needed"),
    [
        ((), {}, {b"38;5", b"48;5"}, b"48;5"),
        # the palette of 256 colours is part of true colour, and its numbers are shorter
        (("--colors", "truecolor"), {}, {b"38;2", b"48;2", b"38;5", b"48;5"}, b"48;2"),
        (
            (),
            {"TERM": "linux"},
            {*(b"%d" % code for code in (*range(30, 38), *range(90, 98)))},
            b"36",
        ),
        ((), {"NO_COLOR": "1", "COLORTERM": "truecolor"}, set(), b"1"),
    ],
)
def test_only_the_terminals_own_colours_are_sent(
    options: tuple[str, ...], environment: dict[str, str], allowed: set[bytes], needed: bytes
) -> None:
    with nnfs_tui("moons", *options, **environment) as terminal:  # type: ignore[arg-type]
        terminal.until(lambda text: epoch_of(text) >= 10)
        terminal.press("h")
        terminal.until("settings of the run")
        terminal.press("\x03")
        assert terminal.wait() == 0
        drawn = bytes(terminal.raw).rpartition(b"\x1b[?1049l")[0]
        assert parameters(drawn) <= allowed | {b"1", b"3", b"4", b"7"}
        assert needed in parameters(drawn)
        if allowed == {b"38;5", b"48;5"}:
            # text and paper, two greys, which Rich would have sent as 249 and 233
            assert b"38;5;250" in drawn
            assert b"38;5;249" not in drawn


def test_a_dumb_terminal_gets_lines() -> None:
    with nnfs_tui("xor", "--epochs", "30", TERM="dumb") as terminal:
        assert terminal.wait() == 0
        text = bytes(terminal.raw).decode()
        assert "cannot place its cursor; training without a screen" in text
        assert "30 of 30 epochs" in text
        assert "\x1b" not in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--colors", "255"),
            "invalid value '255' for --colors: expected truecolor, 256, 16 or none",
        ),
        (("--palette", "virids"), "did you mean viridis?"),
        (("--background", "red"), "invalid value 'red' for --background: expected dark or light"),
    ],
)
def test_unknown_words_are_refused(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], sentence: str
) -> None:
    assert main(["xor", *options]) == 2
    assert sentence in capsys.readouterr().err
