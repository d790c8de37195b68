"""Title, progress and notifications: what is sent, when, and to which terminals."""

from collections.abc import Callable

import pytest

from tui.terminal.title import (
    INTERVAL,
    NO_PROGRESS,
    RESTORE,
    SAVE,
    RunTitle,
    TerminalTitle,
    has_progress,
    has_title,
    notification,
)

XTERM = {"TERM": "xterm-256color"}


class Shown:
    """A run whose title changes."""

    def __init__(self) -> None:
        self.title: RunTitle | None = None

    def __call__(self) -> RunTitle | None:
        return self.title


def titled(run: Callable[[], RunTitle | None], *, progress: bool = False) -> TerminalTitle:
    title = TerminalTitle(run, has_title=not progress, has_progress=progress)
    assert title.start() == ("" if progress else SAVE)
    return title


def test_numbers_wait_for_a_second_and_a_new_state_does_not() -> None:
    run = Shown()
    title = titled(run)
    assert title.update(10.0) == ""  # no run yet
    run.title = RunTitle("TRAINING", "moons epoch 1")
    title.change("TRAINING")
    assert title.update(10.0) == "\x1b]2;TRAINING moons epoch 1\a"
    assert title.due_in(10.0) is None
    run.title = RunTitle("TRAINING", "moons epoch 2")
    title.change()
    assert title.due_in(10.25) == INTERVAL - 0.25
    assert title.update(10.25) == ""
    run.title = RunTitle("PAUSED", "moons epoch 3")
    title.change("PAUSED")
    assert title.update(10.5) == "\x1b]2;PAUSED moons epoch 3\a"
    assert title.stop() == RESTORE


def test_an_unchanged_title_is_not_sent_again() -> None:
    run = Shown()
    run.title = RunTitle("PAUSED", "moons")
    title = titled(run)
    assert title.update(0.0)
    title.change()
    assert title.update(5.0) == ""
    title.forget()  # another program had the terminal
    assert title.update(5.0) == "\x1b]2;PAUSED moons\a"


def test_a_title_is_short_and_cannot_contain_codes() -> None:
    run = Shown()
    run.title = RunTitle("TRAINING", "\x1b]2;evil\a" + "é" * 100)
    sent = titled(run).update(0.0)
    assert sent.count("\x1b") == sent.count("\a") == 1
    assert "]2;evil" in sent  # as text
    assert len(sent.encode()) <= 60


def test_progress_follows_share_and_state() -> None:
    run = Shown()
    title = titled(run, progress=True)
    expected = {
        RunTitle("TRAINING", "", 0.429): "\x1b]9;4;1;42\a",
        RunTitle("PAUSED", "", 0.429, "paused"): "\x1b]9;4;4;42\a",
        RunTitle("DIVERGED", "", 1.5, "error"): "\x1b]9;4;2;100\a",
        RunTitle("FINISHED", "", 1.0, "none"): NO_PROGRESS,
    }
    for run.title, code in expected.items():
        title.change(run.title.state)
        assert title.update(0.0) == code
    assert title.stop() == NO_PROGRESS


def test_a_disabled_title_sends_nothing() -> None:
    run = Shown()
    run.title = RunTitle("PAUSED", "moons", 0.5)
    title = TerminalTitle(run)
    assert title.start() == title.stop() == title.update(0.0) == ""
    assert title.due_in(0.0) is None


@pytest.mark.parametrize(
    ("environment", "titled", "progressing"),
    [
        (XTERM, True, False),
        ({"TERM": "xterm-ghostty"}, True, True),
        ({"TERM": "xterm-256color", "WT_SESSION": "1"}, True, True),
        ({"TERM": "tmux-256color"}, True, False),
        ({"TERM": "screen", "TMUX": "x", "WT_SESSION": "1"}, True, False),
        ({"TERM": "screen.xterm-256color", "STY": "x"}, False, False),
        ({"TERM": "xterm", "STY": "x"}, False, False),
        ({"TERM": "screen-256color"}, False, False),
        ({"TERM": "linux"}, False, False),
        ({"TERM": "vt100"}, False, False),
        ({}, False, False),
    ],
)
def test_only_known_terminals_get_a_title(
    environment: dict[str, str], titled: bool, progressing: bool
) -> None:
    assert has_title(environment) is titled
    assert has_progress(environment) is progressing


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        (XTERM, "\a"),
        ({"TERM": "xterm-kitty"}, "\a\x1b]99;;moons; done\x1b\\"),
        ({"TERM": "foot"}, "\a\x1b]777;notify;nnfs-tui;moons, done\x1b\\"),
        ({**XTERM, "LC_TERMINAL": "iTerm2"}, "\a\x1b]9;moons; done\x1b\\"),
        ({"TERM": "tmux-256color", "LC_TERMINAL": "iTerm2"}, "\a"),
    ],
)
def test_a_notification_is_one_that_the_terminal_knows(
    environment: dict[str, str], codes: str
) -> None:
    assert notification(environment, "moons; \x1bdone") == codes
