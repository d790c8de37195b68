"""The training process's end of the channel, with a queue of the commands to handle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.process.channel import Channel
from core.process.messages import (
    Cancel,
    Configure,
    Loading,
    Reopen,
    Restore,
    Start,
    StartFrom,
    StartSeeds,
)

if TYPE_CHECKING:
    import socket

    from core.process.messages import Command


REPLACING: Final = (Start, StartFrom, StartSeeds, Reopen, Restore)
"""Commands that supersede what is being loaded."""


class Cancelled(Exception):  # noqa: N818 (not an error)
    """Loading was cancelled by the user, or superseded by a later command."""


class CommandQueue(Channel):
    """Commands from the screen, and events to it.

    Attributes:
        waiting: the received commands that were not handled yet, in order.
        answered: number of `Start`s and `Configure`s that were handled or dropped.
        handled: number of `StateCommand`s that were handled.
        pulled: whether the screen waits for a `Progress`.
    """

    def __init__(self, end: socket.socket) -> None:
        super().__init__(end)
        self.waiting: list[Command] = []
        self.answered = self.handled = 0
        self.pulled = False

    def receive_commands(self, seconds: float | None) -> None:
        """Add the received commands, after waiting up to `seconds` (None: no limit) for one."""
        self.waiting += self.receive(seconds)

    def send_loading(self, what: str, share: float) -> None:
        """Report the progress of loading, and check whether it was cancelled.

        Raises:
            Cancelled: when it was.
        """
        self.post(Loading(what, share))
        self.receive_commands(0)
        for at, each in enumerate(self.waiting):
            if isinstance(each, Cancel):
                # later changes are cancelled with it
                before, self.waiting = self.waiting[:at], self.waiting[at + 1 :]
                dropped = [one for one in before if isinstance(one, Configure)]
                self.answered += len(dropped)
                self.waiting[:0] = [one for one in before if one not in dropped]
                raise Cancelled
        if self.closed or any(isinstance(each, REPLACING) for each in self.waiting):
            raise Cancelled
