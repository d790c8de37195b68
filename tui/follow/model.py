"""State of the followed run: its metrics, their best values, and the diagnosis."""

from __future__ import annotations

from time import monotonic, time
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.logs.activity import Activity
from core.logs.pairs import Quantity, pair
from core.logs.series import NO_POINTS

if TYPE_CHECKING:
    from pathlib import Path

    from core.logs.activity import FollowState
    from core.logs.diagnosis import Observation
    from core.logs.series import Points

BETWEEN_DIAGNOSES: Final = 1.0
"""Seconds between two diagnoses."""


class Best(NamedTuple):
    """The best value of a metric, and its step."""

    step: int
    value: float


class FollowModel:
    """Metrics of the followed run.

    Attributes:
        follower: reads the files.
        activity: whether they are still written.
        quantities: the metrics, those on several parts of the data together.
        observations: what the metrics show.
        planned: number of steps that the run will have, if it is known.
    """

    def __init__(self, path: Path, planned: int | None = None) -> None:
        # imported here: the command line imports this module for its help
        from core.logs.follower import LogFollower

        self.follower = LogFollower(path)
        self.activity = Activity()
        self.quantities: list[Quantity] = []
        self.observations: list[Observation] = []
        self._planned = planned
        self._names: list[str] = []
        self._best: dict[str, tuple[Points, Best | None]] = {}
        self._due = 0.0

    def read(self, seconds: float) -> bool:
        """Read what is new for about this time; return whether something changed."""
        follower = self.follower
        changed = follower.read(seconds)
        names = follower.names
        if names != self._names:
            self._names, self.quantities = names, pair(names)
        now = monotonic()
        before = self.state
        if not follower.is_behind or not follower.rows:
            silence = max(0.0, time() - follower.modified) if follower.modified else 0.0
            self.activity.update(now, follower.rows, follower.table, silence)
        if changed and now >= self._due:
            self._due = now + BETWEEN_DIAGNOSES
            self.diagnose()
        return changed or self.state is not before

    def diagnose(self) -> None:
        """Update the observations."""
        from core.logs.diagnosis import curve_of, diagnose

        losses = [each for each in self.quantities if each.direction < 0]
        scores = [each for each in self.quantities if each.direction > 0 and each.held]
        if not losses:
            self.observations = []
            return
        chosen = next((each for each in losses if len(each.parts) > 1), losses[0])
        names = [
            *chosen.parts.values(),
            *(name for each in scores[:1] for name in each.parts.values()),
        ]
        points = {name: self.points(name) for name in names}
        score = curve_of(scores[0], points) if scores else None
        self.observations = diagnose(curve_of(chosen, points), score, self.unit)

    @property
    def state(self) -> FollowState:
        """Whether more is expected."""
        return self.activity.state

    @property
    def unit(self) -> str:
        """Name of a step, such as `epoch`."""
        return self.follower.table.step_name

    @property
    def newest_step(self) -> int | None:
        """The newest step of the main metric: others may have steps of another kind."""
        parts = [
            self.points(name).steps for each in self.quantities[:1] for name in each.parts.values()
        ]
        return max((int(steps[-1]) for steps in parts if len(steps)), default=None)

    @property
    def planned(self) -> int | None:
        """Number of steps of the run, if it is known."""
        return self._planned if self._planned is not None else self.follower.table.planned

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the planned end, or None."""
        return self.activity.seconds_left(self.newest_step, self.planned)

    def points(self, name: str | None) -> Points:
        """Return the values of a metric."""
        return NO_POINTS if name is None else self.follower.points(name)

    def newest(self, name: str | None) -> float | None:
        """Return the newest value of a metric, or None."""
        values = self.points(name).values
        return float(values[-1]) if len(values) else None

    def value_at(self, name: str | None, step: int) -> float | None:
        """Return the last value of a metric up to a step, or None."""
        points = self.points(name)
        at = int(np.searchsorted(points.steps, step, side="right")) - 1
        return float(points.values[at]) if at >= 0 else None

    def best(self, quantity: Quantity) -> Best | None:
        """Return the best value of a quantity, on held-out samples if there are any."""
        name = quantity.held or quantity.parts.get("train")
        if name is None or not quantity.direction:
            return None
        points = self.points(name)
        known = self._best.get(name)
        if known is not None and known[0] is points:
            return known[1]
        found = _best_of(points, quantity.direction)
        self._best[name] = points, found
        return found


def _best_of(points: Points, direction: int) -> Best | None:
    finite = np.isfinite(points.values)
    if not finite.any():
        return None
    ranked = np.where(finite, direction * points.values, -np.inf)
    at = int(ranked.argmax())
    return Best(int(points.steps[at]), float(points.values[at]))
