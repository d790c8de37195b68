"""Text for the clipboard of the user's terminal (OSC 52), also from within tmux and GNU screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIPBOARD: Final = "\x1b]52;"
"""Beginning of the sequence."""


def through_multiplexer(sequence: str, environment: Mapping[str, str]) -> str:
    """Return a sequence as it reaches the terminal around a multiplexer.

    tmux accepts it with `set-clipboard on`, and passes it on with `allow-passthrough on`. It is sent in
    both forms, since the options are unknown.
    """
    if environment.get("TMUX"):
        inner = sequence.replace("\x1b", "\x1b\x1b")
        return f"{sequence}\x1bPtmux;{inner}\x1b\\"
    if environment.get("STY"):
        return f"\x1bP{sequence}\x1b\\"
    return sequence
