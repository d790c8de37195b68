"""Bursts of keys in the real program, as over a slow line, and other terminal input."""

import random
import sys
from collections.abc import Sequence

import pytest

from tests.terminal.terminal import Terminal, epoch_of, nnfs_tui
from tests.terminal.test_program import ENDLESS
from tui.terminal.driver import DiffDriver

ENDS = [*map(chr, range(0x40, 0x7F)), "\x18", "\x1a", "\x1b[I"]


def test_what_is_typed_with_the_key_that_opens_a_dialog_goes_into_its_field() -> None:
    with nnfs_tui("xor", "--speed", "max", "--epochs", "300") as terminal:
        terminal.until("FINISHED")
        terminal.press(":120\r")
        terminal.until("epoch    120")
        terminal.press("h", "/learning\x1b", "\x1b", ":best\r")
        terminal.until("epoch    300")
        terminal.press(":7\x1b:45\r")
        terminal.until("epoch     45")
        # a burst that opens two dialogs one after the other, and quits
        terminal.press("?\x1bAq\x1bq")
        assert terminal.wait() == 0
        assert terminal.is_restored()


def test_bytes_that_are_no_text_are_no_keys() -> None:
    with nnfs_tui("xor", "--speed", "max", "--epochs", "300") as terminal:
        terminal.until("FINISHED")
        terminal.press("\udcff\udcfe\udcc3")
        terminal.press(":120\r")
        terminal.until("epoch    120")


def noise(numbers: random.Random) -> bytes:
    """Return a sequence that a terminal should not send; it contains no key that quits."""

    def some(values: Sequence[str], most: int) -> str:
        return "".join(numbers.choices(values, k=numbers.randint(0, most)))

    parameters = some(["", "1", "3", "255", "1114112", "55296", "9" * 30, ";", ":", ";"], 6)
    content = some(["q", "R", "rgb:", "1", ";", "\x01", "é", " "], 20)
    kind = numbers.randrange(8)
    if kind < 4:
        return f"\x1b[{some('?><=', 1)}{parameters}{some(' !$', 1)}{numbers.choice(ENDS)}".encode()
    if kind == 4:
        end = numbers.choice(["\x1b\\", "\x07", "\x18"])
        return f"\x1b{numbers.choice(']P_^X')}{content}{end}".encode()
    if kind == 5:
        return f"\x1b[200~{content}\x1b[{parameters}m\x1b[201~".encode()
    if kind == 6:
        return f"\x1b[<{parameters};{numbers.randint(-9, 10**9)};{numbers.randint(0, 99)}M".encode()
    return numbers.choice(
        [b"\xff\xfe\xc3\xff", b"\x9d1;q\x9c", b"\x90q\x9c", b"\x9b48;9999;9999;1;1t"]
    )


def test_nothing_that_a_terminal_sends_ends_the_program() -> None:
    numbers = random.Random(11)
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda text: epoch_of(text) > 0)
        for _ in range(20):
            stream = b"".join(noise(numbers) for _ in range(100))
            terminal.press(stream.decode(errors="surrogateescape"))
            assert terminal.read(0)
        terminal.press("7")
        terminal.until("7 inspector")
        first = epoch_of(terminal.text())
        terminal.until(lambda text: epoch_of(text) > first)
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.is_restored()


@pytest.mark.parametrize("name", ["process_message", "pump"])
def test_an_exit_that_an_exception_causes_has_a_status_that_says_so(name: str) -> None:
    """Exceptions in the input thread, and in a callback of the event loop."""
    assert hasattr(DiffDriver, name)
    program = (
        "import sys; from tui.cli.main import main; from tui.terminal.driver import DiffDriver;"
        f"DiffDriver.{name} = None; sys.exit(main(['moons']))"
    )
    with Terminal(sys.executable, "-c", program) as terminal:
        assert terminal.wait() == 1
        assert b"TypeError: " in terminal.raw
        assert terminal.is_restored()


def test_the_program_ends_if_the_terminal_cannot_be_restored() -> None:
    """Otherwise the interpreter would wait for the input thread."""
    program = (
        "import sys; from tui.cli.main import main; from tui.terminal.driver import DiffDriver;"
        "DiffDriver.disable_input = None; sys.exit(main(['moons']))"
    )
    with Terminal(sys.executable, "-c", program) as terminal:
        terminal.until(lambda text: epoch_of(text) > 0)
        terminal.press("q")
        assert terminal.wait() == 1
        assert b"TypeError: " in terminal.raw
