"""Channel of the training process to the screen, with a queue of the commands to handle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.process.messages import Cancel, Configure, Loading, Reopen, Restore, Start

if TYPE_CHECKING:
    from core.process.channel import Channel
    from core.process.messages import Command, Event


class Cancelled(Exception):  # noqa: N818 (not an error)
    """Loading was cancelled by the user, or superseded by a later command."""


class CommandQueue:
    """Commands from the screen, and events to it.

    Attributes:
        waiting: the received commands that were not handled yet, in order.
        answered: number of `Start`s and `Configure`s that were handled or dropped.
        handled: number of `StateCommand`s that were handled.
        pulled: whether the screen waits for a `Progress`.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.waiting: list[Command] = []
        self.answered = self.handled = 0
        self.pulled = False

    @property
    def closed(self) -> bool:
        """Whether the screen has closed the channel."""
        return self._channel.closed

    @property
    def backlog(self) -> bool:
        """Whether an event is not completely sent yet."""
        return self._channel.backlog

    def post(self, event: Event) -> None:
        """Send an event to the screen."""
        self._channel.post(event)

    def flush(self, seconds: float) -> None:
        """Wait up to `seconds` until all events are sent."""
        self._channel.flush(seconds)

    def receive(self, seconds: float | None) -> None:
        """Receive commands, after waiting up to `seconds` (None: no limit) for one."""
        self.waiting += self._channel.receive(seconds)

    def send_loading(self, what: str, share: float) -> None:
        """Report the progress of loading, and check whether it was cancelled.

        Raises:
            Cancelled: when it was.
        """
        self.post(Loading(what, share))
        self.receive(0)
        for at, each in enumerate(self.waiting):
            if isinstance(each, Cancel):
                # later changes are cancelled with it
                before, self.waiting = self.waiting[:at], self.waiting[at + 1 :]
                dropped = [one for one in before if isinstance(one, Configure)]
                self.answered += len(dropped)
                self.waiting[:0] = [one for one in before if one not in dropped]
                raise Cancelled
        if self.closed or any(isinstance(each, Start | Reopen | Restore) for each in self.waiting):
            raise Cancelled
