"""Title and notifications of the real program; `is_restored` checks the title at all kinds of end."""

import re
from time import monotonic

from tests.terminal.terminal import RESTORE_TITLE, SAVE_TITLE, Terminal, epoch_of, nnfs_tui
from tests.terminal.test_program import ENDLESS

TITLE = re.compile(rb"\x1b\]2;([^\a]*)\a")
BLURRED, FOCUSED = "\x1b[O", "\x1b[I"


def titles(terminal: Terminal) -> list[str]:
    return [title.decode() for title in TITLE.findall(terminal.raw)]


def test_the_title_follows_the_run_once_a_second_and_rests_with_it() -> None:
    with nnfs_tui("moons", *ENDLESS) as terminal:
        terminal.until(lambda _: titles(terminal))
        started, before = monotonic(), len(titles(terminal))
        terminal.until(lambda _: len(titles(terminal)) >= before + 3)
        # the first may have been due at once
        assert len(titles(terminal)) - before <= monotonic() - started + 1
        assert all(
            re.fullmatch(r"TRAINING moons epoch [\d,]+ loss \S+", each) for each in titles(terminal)
        )
        assert max(len(title[0]) for title in TITLE.finditer(terminal.raw)) <= 60
        terminal.press(" ")
        terminal.until(lambda _: titles(terminal)[-1].startswith("PAUSED moons epoch"))
        terminal.until_at_rest(1.5)
        terminal.press("s")
        terminal.until_at_rest(1.5)
        assert f"epoch {epoch_of(terminal.text()):,} " in titles(terminal)[-1]
        terminal.press("q")
        assert terminal.wait() == 0
        assert terminal.raw.count(SAVE_TITLE) == 1
        assert terminal.is_restored()


def test_no_title_is_sent_where_it_is_unwanted() -> None:
    for arguments, term in ((("--no-title",), "xterm-256color"), ((), "linux")):
        with nnfs_tui("xor", "--epochs", "20", *arguments, TERM=term) as terminal:
            terminal.until("FINISHED")
            terminal.press("q")
            assert terminal.wait() == 0
            assert not titles(terminal)
            assert SAVE_TITLE not in terminal.raw
            assert RESTORE_TITLE not in terminal.raw


def test_the_end_of_a_run_is_notified_unless_the_user_looks() -> None:
    options = ("xor", "--epochs", "20", "--speed", "10", "--paused", "--notify")
    with nnfs_tui(*options, "--progress", "--no-title", TERM="xterm-kitty") as terminal:
        terminal.until("PAUSED")
        terminal.press(" ", BLURRED)  # a key shows that the terminal has the focus
        terminal.until("FINISHED")
        terminal.until_at_rest(0.5)
        assert re.findall(
            rb"\a\x1b\]99;;(xor has finished: epoch 20, loss [\d.]+)\x1b\\", terminal.raw
        )
        assert re.search(rb"\x1b\]9;4;4;0\a.*\x1b\]9;4;0\a", terminal.raw, re.DOTALL)
        terminal.press(FOCUSED, "r")
        terminal.until(lambda text: "FINISHED" in text and "reset" in text)
        terminal.until_at_rest(0.5)
        assert terminal.raw.count(b"]99;") == 1
        terminal.press("q")
        assert terminal.wait() == 0


def test_many_seeds_have_a_title_and_their_end_is_notified() -> None:
    options = ("xor", "--seeds", "4", "--epochs", "20", "--paused", "--notify")
    with nnfs_tui(*options, TERM="xterm-kitty") as terminal:
        terminal.until(lambda _: titles(terminal)[-1:] == ["PAUSED xor 4 seeds epoch 0"])
        terminal.press(" ", BLURRED)
        terminal.until(lambda _: titles(terminal)[-1:] == ["FINISHED xor 4 seeds epoch 20"])
        terminal.until_at_rest(0.5)
        assert terminal.raw.count(b"\a\x1b]99;;xor 4 seeds have finished: ") == 1
        terminal.press("q")
        assert terminal.wait() == 0
