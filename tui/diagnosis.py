"""Diagnosis of the run on the screen: follows its events, and remembers what trials have shown.

It is made at most once a second while the run trains, and a change of it has to last before it is
shown, so that a score near a limit does not make it flicker.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final, NamedTuple

from core.analysis.diagnosis.references import References, chance_level
from core.analysis.diagnosis.result import RunState
from core.process.messages import (
    Branched,
    Failed,
    Moved,
    Progress,
    ReferencesMeasured,
    Run,
    State,
    StateChanged,
)

if TYPE_CHECKING:
    from core.analysis.diagnosis.references import Chance
    from core.analysis.diagnosis.result import Cause, Diagnosis, Remedy
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.datasets.edits import Edit
    from core.process.messages import Event
    from core.training.epoch_log import EpochLog
    from tui.run_model import RunModel

BETWEEN_CHECKS: Final = 1.0
"""Seconds between two diagnoses of a run that trains."""

LASTING: Final = 3
"""Number of successive diagnoses that have to agree before another one is shown."""

WAITING: Final = 2
"""Number of successive diagnoses of a run that trains that have to look stuck before trials are made:
a fast run may leave a plateau sooner than the trials start."""

AGAIN: Final = 2
"""Number of epochs, relative to that of trials that failed, from which they are repeated."""


class TrialResults(NamedTuple):
    """References, with the settings and the data that they belong to."""

    config: RunConfig
    edits: tuple[Edit, ...]
    references: References


class Change(NamedTuple):
    """A change of the settings or the data during a run.

    Attributes:
        epoch: epoch after which it was made.
        config, edits: settings and edits of the data from then on.
    """

    epoch: int
    config: RunConfig
    edits: tuple[Edit, ...]


class RunDiagnosis:
    """Diagnosis of the branch and epoch that are shown.

    Attributes:
        current: the diagnosis to show, or None before the first epoch.
        is_checking: whether trials are being made.
        wants_trials: whether trials would show more.
        requests: number of requests so far; only the answer to the last one counts.
    """

    def __init__(self, run: RunModel) -> None:
        self._run = run
        self.requests = 0
        self._clear(run.config)

    def _clear(self, config: RunConfig) -> None:
        self.current: Diagnosis | None = None
        self.is_checking = self.wants_trials = False
        self._config = self._checked_config = config
        self._results: list[TrialResults] = []
        self._first = config
        self._changes: list[Change] = []
        self._diverged: EpochLog | None = None
        self._chance: tuple[DataSplit, str | None, Chance] | None = None
        self._following: object = None  # what a different diagnosis found, until it has lasted
        self._agreed = self._waited = self._retry_from = 0
        self._is_measured = False  # whether trials have just ended
        self._due = 0.0
        self._announced: set[tuple[Cause, ...]] = set()

    @property
    def is_alarming(self) -> bool:
        """Whether something looks wrong."""
        return self.current is not None and bool(self.current.findings)

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The remedies of all problems, in the order in which they are shown."""
        findings = () if self.current is None else self.current.findings
        return tuple(remedy for finding in findings for remedy in finding.remedies)

    def apply(self, event: Event) -> None:
        """Follow an event that the run model already includes."""
        self._due = 0.0 if not isinstance(event, Progress) else self._due
        run = self._run
        match event:
            case Run():
                self._follow_settings(event)
            case Progress() if self._diverged is not None and len(event.table):
                if event.table[-1, 0] >= len(self._diverged) - 1:
                    self._diverged = None  # the epoch was trained again
            case Branched():
                self._results = [
                    each for each in self._results if (each.references.epoch or 0) <= event.epoch
                ]
                self._changes = [each for each in self._changes if each.epoch <= event.epoch]
                self._diverged = None
            case Moved() if event.edited is not None:
                self._record_change()
            case StateChanged() if event.state is State.DIVERGED:
                self._diverged = run.timeline.copy()
            case ReferencesMeasured() if event.request == self.requests:
                self._finish_check(event.references)
            case Failed():
                self.is_checking = False

    def start_check(self) -> None:
        """Record that trials were requested."""
        self.is_checking, self.wants_trials, self._waited = True, False, 0
        self.requests += 1
        self._checked_config = self._run.config

    def update(self) -> bool:
        """Diagnose the run again, unless that was done just before; return whether it was done."""
        run, now = self._run, monotonic()
        if now < self._due or run.data is None or not len(run.timeline) or run.loading is not None:
            return False
        self._due = now + BETWEEN_CHECKS
        found = self._diagnose(run.data)
        self._show(found)
        self._waited = self._waited + 1 if found.wants_references else 0
        self.wants_trials = (
            (self._waited >= WAITING or (run.is_at_rest and self._waited > 0))
            and not self.is_checking
            and run.past_epoch is None
            and run.state is not State.STOPPED
            and run.head_epoch >= self._retry_from
        )
        return True

    def announcement(self) -> str:
        """Return a line about a problem that was not announced before, or ""."""
        found = self.current
        if found is None or not found.findings or self._run.past_epoch is not None:
            return ""
        if found.compared_at is None and (self.is_checking or self.wants_trials):
            return ""  # trials may show another cause; a fast run is always being compared again
        causes = tuple(each.cause for each in found.findings)
        if causes in self._announced:
            return ""
        self._announced.add(causes)
        healthy = found.state in {RunState.LEARNT, RunState.LEARNING}
        state = "" if healthy else f"{found.state}: "
        shows = "remedies" if self.remedies else "more"
        return f"{state}{found.findings[0].cause} · 5 shows {shows}"

    def _follow_settings(self, event: Run) -> None:
        before, self._config = self._config, event.config
        if event.fresh:
            self._clear(event.config)
        elif not event.travelled and (
            event.data is not None or not trains_alike(before, event.config)
        ):
            self._record_change()

    def _record_change(self) -> None:
        epoch, config, edits = self._run.head_epoch, self._run.config, self._edits
        # a change that is undone before the next epoch is none
        self._changes = [each for each in self._changes if each.epoch < epoch]
        before = self._changes[-1] if self._changes else Change(0, self._first, ())
        if not trains_alike(before.config, config) or before.edits != edits:
            self._changes.append(Change(epoch, config, edits))
        self._diverged = None
        self.is_checking = False  # the trials in progress are of the run before

    def _finish_check(self, references: References | None) -> None:
        self.is_checking = False
        run = self._run
        if references is not None and (references.epoch or 0) <= run.head_epoch:
            self._results.append(TrialResults(run.config, self._edits, references))
            self._is_measured = True
        elif self._checked_config == run.config:
            self._retry_from = max(1, AGAIN * run.head_epoch)

    @property
    def _edits(self) -> tuple[Edit, ...]:
        return () if self._run.data is None else self._run.data.edits

    def _diagnose(self, data: DataSplit) -> Diagnosis:
        # imported by the first diagnosis: the first frame does not wait for it
        from core.analysis.diagnosis.diagnose import diagnose

        run, past = self._run, self._run.past_epoch
        epoch_log = run.timeline if self._diverged is None else self._diverged
        if past is not None:
            epoch_log = run.timeline.copy()
            epoch_log.truncate(past + 1)
        newest = len(epoch_log) - 1
        changed = self._changed(newest)
        return diagnose(
            run.config,
            epoch_log,
            has_classes=data.has_classes,
            references=self._references(data, changed, newest),
            since=max(run.comparable_from, changed),
        )

    def _changed(self, newest: int) -> int:
        """Return the epoch from which the shown settings and data are in use, up to an epoch."""
        config, edits = self._run.config, self._edits
        return max(
            (
                each.epoch
                for each in self._changes
                if each.epoch <= newest
                and each.edits == edits
                and trains_alike(each.config, config)
            ),
            default=0,
        )

    def _references(self, data: DataSplit, start: int, end: int) -> References:
        """Return the newest results for the current settings and data, or the chance level.

        Args:
            data: of the run.
            start: epoch from which these are in use.
            end: epoch that is diagnosed; results of later ones are only used without earlier ones.
        """
        config = self._run.config
        known = [
            each.references
            for each in self._results
            if trains_alike(each.config, config)
            and each.edits == data.edits
            and (each.references.epoch or 0) >= start
        ]
        if known:
            return next((each for each in reversed(known) if (each.epoch or 0) <= end), known[-1])
        loss = config.loss
        if self._chance is None or self._chance[0] is not data or self._chance[1] != loss:
            self._chance = data, loss, chance_level(config, data)
        return References(self._chance[2])

    def _show(self, found: Diagnosis) -> None:
        """Show a diagnosis, once it has lasted."""
        shown, key = self.current, _key(found)
        self._agreed = self._agreed + 1 if key == self._following else 1
        self._following = key
        if (
            shown is None
            or key == _key(shown)
            or self._agreed >= LASTING
            or self._is_measured
            or self._run.is_at_rest
            or RunState.TOO_EARLY in {shown.state, found.state}
            or found.state is RunState.DIVERGED
        ):
            self.current, self._is_measured = found, False


def trains_alike(one: RunConfig, other: RunConfig) -> bool:
    """Return whether two configurations differ at most in when the run stops and what is measured."""
    return all(
        each.group == "stopping" or each.name == "diagnostics" for each in one.differences(other)
    )


def _key(diagnosis: Diagnosis) -> object:
    return diagnosis.state, tuple(each.cause for each in diagnosis.findings)
