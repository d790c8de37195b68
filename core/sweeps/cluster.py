"""A Dask cluster while it trains a sweep: workers that are lost or connect, the end of the scheduler."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.sweeps.outcome import Outcome

TASK: Final = "batch_of_"
"""Beginning of the keys that joblib gives its tasks; others are those of data."""


class SweepError(ValueError):
    """A sweep cannot be trained; the message is one sentence for the user."""


class ClusterWatch:
    """Announces each change of the workers once, also if many are lost at the same time."""

    def __init__(self, client: Any, announce: Callable[[str], None]) -> None:
        """Watch a cluster from now on.

        Args:
            client: of its scheduler.
            announce: called with a sentence for the user.
        """
        self._client, self._announce = client, announce
        self._changes: SimpleQueue[set[str] | None] = SimpleQueue()
        self._repeated: set[str] = set()
        self._missing = 0
        client.subscribe_topic("all", self._receive)

    def check(self) -> list[Outcome]:
        """Announce what has changed; the result is empty.

        Raises:
            SweepError: when the scheduler has ended: joblib would wait for its results forever.
        """
        if self._client.status not in {"running", "connecting"}:
            raise SweepError("the scheduler has ended, or the connection to it") from None
        lost, connected = [], 0
        for tasks in self._new_changes():
            if tasks is None:
                connected += 1
            else:
                lost.append(tasks)
        sentences = []
        if lost:
            repeated = set().union(*lost)
            self._missing += len(lost)
            self._repeated |= repeated
            sentences.append(_lost(len(lost), self._count(), len(repeated)))
        if self._repeated and not any(map(self._is_pending, self._repeated)):
            count = len(self._repeated)
            sentences.append(f"the repeated task{' has' if count == 1 else 's have'} finished")
            self._repeated.clear()
        if connected and self._missing:
            self._missing = max(0, self._missing - connected)
            sentences.append(
                f"{_workers(connected, 'has', 'have')} connected, {self._count():,} in total"
            )
        if sentences:
            self._announce("; ".join(sentences))
        return []

    def _receive(self, event: tuple[float, Any]) -> None:
        """Record an event of the scheduler; called in the thread of the client."""
        message = event[1]
        if not isinstance(message, dict):
            return
        if message.get("action") == "add-worker":
            self._changes.put(None)
        elif message.get("action") == "remove-worker":
            keys = (*message.get("processing-tasks", ()), *message.get("lost-computed-tasks", ()))
            own = {key for key in map(str, keys) if key.startswith(TASK)}
            tasks = own.intersection(self._client.futures)
            if tasks or not message.get("expected"):  # else it has left with nothing to do
                self._changes.put(tasks)

    def _new_changes(self) -> list[set[str] | None]:
        """Return the tasks of each worker that was lost, and None for each that has connected."""
        found = []
        while True:
            try:
                found.append(self._changes.get_nowait())
            except Empty:
                return found

    def _is_pending(self, key: str) -> bool:
        future = self._client.futures.get(key)
        return future is not None and future.status != "finished"

    def _count(self) -> int:
        return len(self._client.ncores())


def _workers(count: int, one: str, many: str) -> str:
    return f"a worker {one}" if count == 1 else f"{count:,} workers {many}"


def _lost(lost: int, left: int, tasks: int) -> str:
    """Return a sentence on workers that were lost."""
    rest = (
        f"{left:,} {'is' if left == 1 else 'are'} left" if left else "and the sweep waits for one"
    )
    count = f"{tasks:,}" if tasks else "no"
    repeated = f"{count} task{' is' if tasks == 1 else 's are'} repeated"
    return f"{_workers(lost, 'is', 'are')} lost, {rest}; {repeated}"
