"""The diagnosis of a run: its state, and the problems that its epochs and references show."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any, Final

from core.analysis.diagnosis import sentences
from core.analysis.diagnosis.curves import LEARNT, Curves
from core.analysis.diagnosis.references import NO_REFERENCES, Chance
from core.analysis.diagnosis.result import Cause, Diagnosis, Finding, Remedy, RunState
from core.analysis.diagnosis.suspects import IMBALANCED, vanishes
from core.analysis.diagnosis.trials import GAP, SURE_GAP, is_recovered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.analysis.diagnosis.references import Outcome, References, Trial
    from core.config.run_config import RunConfig
    from core.training.epoch_log import EpochLog

FEWEST: Final = 10
"""Epochs before a run is examined: Adam's first steps are noisy in healthy runs too."""

EARLY: Final = 0.1
"""Share of the run before it is examined."""

MOST_EARLY: Final = 100
"""Largest number of epochs before a run is examined; a plateau is no alarm if the run leaves it when
trained further."""

CHANCE: Final = 0.1
"""Progress below which a run is at chance level."""

AS_LINEAR: Final = 0.05
"""Progress above a linear model's that counts as none."""

MOVING: Final = 0.05
"""Increase of the progress in the unchanged trial from which a run is learning."""

HALF: Final = 0.5
"""Progress, relative to the wider network's, from which a run is not stuck unless a cause is shown.
With batch normalisation, the checkerboard fluctuates at two thirds, which is no mistake of the user."""

NOISY: Final = 0.3
"""Agreement of neighbours, as a fraction of the way from the share of the most frequent class to 1,
below which the classes depend on noise."""

MOST_OF_NOISE: Final = 0.4
"""Progress of the wider network up to which noise is a problem."""

AGAIN: Final = 2.0
"""Number of epochs, relative to that at the last trials, from which trials are worth repeating."""

AGAIN_IF_MOVED: Final = 1.25
"""The same for a run whose state is another one since."""


def diagnose(
    config: RunConfig,
    epoch_log: EpochLog,
    *,
    has_classes: bool,
    references: References = NO_REFERENCES,
    since: int = 0,
) -> Diagnosis:
    """Return the state of a run, and its problems; a healthy run has none.

    Args:
        config: configuration of the run.
        epoch_log: its epochs, including one that diverged.
        has_classes: whether the task is classification.
        references: values to compare with.
        since: first epoch whose loss is comparable with the last one.
    """
    needed = 1 + max(FEWEST, min(MOST_EARLY, round(EARLY * config.epochs)))
    if len(epoch_log) <= since:
        return Diagnosis(RunState.TOO_EARLY, sentences.too_early(needed), tell_at=needed)
    curves = Curves(epoch_log, since)
    tell_at = curves.newest - curves.epochs + needed
    if curves.diverged:
        # earlier trials are of a run that had not diverged
        measured = references.epoch is not None and references.epoch >= curves.newest - 1
        sentence = sentences.diverged_sentence(curves.last)
        shown = _stuck(config, references, has_classes) if measured else ()
        findings = shown or (_divergence(config),)
        compared = references.epoch if measured else None
        return Diagnosis(
            RunState.DIVERGED,
            sentence,
            findings,
            wants_references=not measured,
            compared_at=compared,
        )
    chance = references.chance or Chance(0.0, inf)
    overfitting = _overfitting(config, curves, has_classes, chance.loss)
    progress = (curves.score - chance.score) / max(1e-9, 1 - chance.score)
    at_chance = progress < CHANCE
    if at_chance and config.class_weight != "none":
        # balanced weights lower the accuracy of a network that has learnt the rare classes
        at_chance = curves.last >= (1 - CHANCE) * chance.loss
    findings = overfitting
    wants_references, early, before = False, None, None
    if progress >= LEARNT:
        state = RunState.LEARNT
    elif references.epoch is not None and references.epoch > curves.newest:
        return _later(config, references, has_classes)
    elif references.epoch is not None:
        now = _as_of_now(config, references, curves)
        before = curves.score_before(chance.score)
        stuck = _stuck(config, now, has_classes, has_lost=before is not None)
        state = _consistent(_state(now, references), at_chance=at_chance, is_stuck=bool(stuck))
        findings = stuck + overfitting
        has_moved = state is not _state(references, references)
        times = AGAIN_IF_MOVED if has_moved else AGAIN
        wants_references = curves.newest >= times * references.epoch
        references = now
    elif curves.newest < tell_at:
        state, early = RunState.TOO_EARLY, tell_at
    else:
        state = RunState.AT_CHANCE if at_chance else RunState.LEARNING
        wants_references = True
    if early is not None:
        sentence = sentences.too_early(early)
    else:
        sentence = sentences.state_sentence(
            state, curves.score, curves.averaged, references, has_classes, before
        )
    return Diagnosis(state, sentence, findings, early, wants_references, references.epoch)


def _later(config: RunConfig, references: References, has_classes: bool) -> Diagnosis:
    """Return the diagnosis of an epoch before the trials: that of the epoch at which they were made."""
    current, chance = references.current, references.chance or Chance(0.0, inf)
    score = chance.score if current is None else current.train_score
    at_chance = score - chance.score < CHANCE * (1 - chance.score)
    findings = _stuck(config, references, has_classes)
    state = _consistent(
        _state(references, references), at_chance=at_chance, is_stuck=bool(findings)
    )
    sentence = sentences.state_sentence(
        state, score, 1, references, has_classes, epoch=references.epoch
    )
    return Diagnosis(state, sentence, findings, compared_at=references.epoch)


def _consistent(state: RunState, *, at_chance: bool, is_stuck: bool) -> RunState:
    """Return a state that agrees with the training score and the findings.

    The trials compare test samples too: classes that depend on noise can only be learnt by heart.
    """
    if is_stuck and state in {RunState.LEARNING, RunState.LEARNT}:
        state = RunState.HALFWAY
    if at_chance and state in {RunState.HALFWAY, RunState.LEARNT}:
        return RunState.AT_CHANCE
    if not at_chance and state is RunState.AT_CHANCE:
        return RunState.HALFWAY
    return state


def _as_of_now(config: RunConfig, references: References, curves: Curves) -> References:
    """Return references in which the run has its current scores, and no change is in use already.

    A run that is now better than in its unchanged trial has closed a part of the difference.
    """
    current, unchanged = references.current, references.unchanged
    if current is None or unchanged is None:
        return references
    chance = references.chance or Chance(0.0, inf)
    way = max(1e-9, 1 - chance.score)
    gained = (curves.score - current.train_score) / way
    if abs(gained) >= MOVING:
        tested = (curves.test_score - current.test_score) / way
        current = current._replace(
            train_score=curves.score,
            test_score=curves.test_score,
            train_progress=current.train_progress + gained,
            test_progress=current.test_progress + tested,
        )
    trials = [each for each in references.trials if not _is_in_use(each.changes, config)]
    # a change that has been made since then shows how the run continues
    others = [each.outcome for each in references.trials if each not in trials]
    if current is not references.current:
        others.append(current)
    unchanged = max([unchanged, *others], key=lambda each: each.progress)
    is_one_class = references.majority_only and current is references.current
    return replace(
        references,
        current=current,
        unchanged=unchanged,
        trials=tuple(trials),
        majority_only=is_one_class,
    )


def _is_in_use(changes: Mapping[str, Any], config: RunConfig) -> bool:
    return bool(changes) and all(getattr(config, each) == value for each, value in changes.items())


def _state(now: References, measured: References) -> RunState:
    """Return the state of a run that was compared with trials.

    Args:
        now: references with the current scores of the run.
        measured: references with the scores at the trials.
    """
    current, unchanged, before = now.current, now.unchanged, measured.current
    if current is None or unchanged is None or before is None:
        return RunState.LEARNING
    if not _is_stuck(now):
        gained = current.train_progress - before.train_progress
        if gained <= -GAP and current.train_progress < CHANCE:
            return RunState.AT_CHANCE
        if abs(gained) >= GAP or _exceeds(unchanged, current):
            return RunState.LEARNING
        if unchanged.train_progress >= LEARNT:
            return RunState.LEARNT  # by heart, if the test samples do not confirm it
        return RunState.AT_CHANCE if _reached(now) < CHANCE else RunState.LEARNT
    if _is_only_slower(now):
        return RunState.LEARNING
    if current.progress < CHANCE:
        return RunState.AT_CHANCE
    return RunState.LINEAR if _is_linear(current, now.linear) else RunState.HALFWAY


def _exceeds(outcome: Outcome, current: Outcome) -> bool:
    return (
        outcome.progress >= current.progress + MOVING
        or outcome.train_progress >= current.train_progress + MOVING
    )


def _is_linear(current: Outcome, linear: Outcome | None) -> bool:
    """Return whether a linear model is as good, on the training samples as well as in general."""
    return (
        linear is not None
        and current.progress <= linear.progress + AS_LINEAR
        and current.train_progress <= linear.train_progress + GAP
    )


def _is_stuck(references: References) -> bool:
    """Return whether the wider network, or a changed setting, gets much further than the run."""
    unchanged, best = references.unchanged, references.best
    if unchanged is None or best is None:
        return False
    return best.progress >= unchanged.progress + GAP or bool(_helpful(references))


def _reached(references: References) -> float:
    """Return the progress of the run, now or after as many epochs again."""
    outcomes = (references.current, references.unchanged)
    return max((each.progress for each in outcomes if each is not None), default=0.0)


def _is_only_slower(references: References) -> bool:
    """Return whether a run is well above guessing and a linear model, and nothing is wrong with it.

    The wider network gets further, but an alarm without a cause would not help the user, and batch
    normalisation is a legitimate choice.
    """
    helpful, best, linear = _helpful(references), references.best, references.linear
    causes = {each.cause for each in helpful[:1]}
    if best is None or causes - {Cause.NOT_FOUND, Cause.BATCH_NORM}:
        return False
    simple = 0.0 if linear is None else linear.progress
    reached = _reached(references)
    return reached >= HALF * best.progress and reached > max(CHANCE, simple + AS_LINEAR)


def _helpful(references: References) -> list[Trial]:
    """Return the trials in which a change has closed most of the difference."""
    unchanged, best = references.unchanged, references.best
    if unchanged is None or best is None or best.progress < unchanged.progress + SURE_GAP:
        return []
    return [each for each in references.trials if is_recovered(each.outcome, unchanged, best)]


def _stuck(
    config: RunConfig, references: References, has_classes: bool, *, has_lost: bool = False
) -> tuple[Finding, ...]:
    """Return the cause that the trials have shown, or that none was found.

    Args:
        config: configuration of the run.
        references: results of the trials.
        has_classes: whether the task is classification.
        has_lost: whether the run had learnt before, so that its steps are not too short.
    """
    if references.unchanged is None or references.best is None:
        return ()
    if not _is_stuck(references):
        return _nothing_to_learn(config, references, has_classes)
    if _is_only_slower(references):
        return ()
    helpful = _helpful(references)
    remedies = [
        _remedy(each.changes, each.needs_reset, each.outcome, has_classes) for each in helpful
    ]
    cause, changes = (helpful[0].cause, helpful[0].changes) if helpful else (Cause.NOT_FOUND, {})
    if has_lost and cause is Cause.RATE_LOW:
        cause = Cause.RATE_HIGH
    sentence = sentences.cause_sentence(cause, changes, config, references)
    return (Finding(cause, sentence, tuple(remedies)),)


def _nothing_to_learn(
    config: RunConfig, references: References, has_classes: bool
) -> tuple[Finding, ...]:
    """Return why not even a wider network is better than guessing."""
    chance, agreement = references.chance, references.agreement
    best = references.best
    if not has_classes or chance is None or best is None or best.progress > MOST_OF_NOISE:
        return ()
    causes = []
    if references.majority_only and chance.score >= IMBALANCED:
        causes.append(Cause.IMBALANCE)
    elif references.spellings:
        causes.append(Cause.SPELLINGS)
    elif agreement is not None and agreement < chance.score + NOISY * (1 - chance.score):
        causes.append(Cause.NOISE)
    if vanishes(config, references.layers):
        causes.append(Cause.VANISHING)
    return tuple(
        Finding(
            cause,
            sentences.cause_sentence(cause, {}, config, references),
            tuple(
                _remedy(each.changes, each.needs_reset, each.outcome, has_classes)
                for each in references.trials
                if each.cause is cause and _helps(each, references)
            ),
        )
        for cause in causes
    )


def _helps(trial: Trial, references: References) -> bool:
    """Return whether a change makes progress where the wider network makes none."""
    unchanged, outcome = references.unchanged, trial.outcome
    if unchanged is None:
        return False
    if trial.cause is Cause.IMBALANCE:
        # the test samples of the other classes may be too few to confirm it
        return outcome.train_progress >= unchanged.train_progress + 2 * GAP
    return outcome.progress >= unchanged.progress + 2 * GAP


def _divergence(config: RunConfig) -> Finding:
    """Return the usual reason of a divergence, which no trial has shown yet."""
    changes = {"learning_rate": float(f"{config.learning_rate / 10:.6g}")}
    sentence = sentences.cause_sentence(Cause.RATE_HIGH, changes, config, NO_REFERENCES)
    return Finding(Cause.RATE_HIGH, sentence, (_remedy(changes, True, None, has_classes=True),))


def _overfitting(
    config: RunConfig, curves: Curves, has_classes: bool, guessing: float
) -> tuple[Finding, ...]:
    found = curves.overfitting(has_classes, guessing)
    if found is None:
        return ()
    epoch, lowest, now = found
    # the same run, which ends soon after that epoch and restores its weights
    changes = {"patience": max(FEWEST, epoch // 2), "restore_best": True}
    stops = config.restore_best and config.patience is not None
    remedies = () if stops else (_remedy(changes, True, None, has_classes),)
    sentence = sentences.overfitting_sentence(curves.held, epoch, lowest, now)
    return (Finding(Cause.OVERFITTING, sentence, remedies),)


def _remedy(
    changes: dict[str, Any], needs_reset: bool, outcome: Outcome | None, has_classes: bool
) -> Remedy:
    sentence = sentences.remedy_sentence(changes, needs_reset, outcome, has_classes)
    return Remedy(sentence, changes, needs_reset)
