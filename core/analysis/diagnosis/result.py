"""Result of a diagnosis: the state of a run, findings with their cause, and remedies to apply."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from core.config.run_config import setting
from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


class RunState(StrEnum):
    """Progress of a run, compared with guessing, a linear model and a larger network."""

    TOO_EARLY = "too early to tell"
    LEARNING = "learning"
    LEARNT = "learnt"
    AT_CHANCE = "stuck at chance level"
    LINEAR = "no better than linear"
    HALFWAY = "stuck halfway"
    DIVERGED = "diverged"


class Cause(StrEnum):
    """Reason why a run does not learn, or not as well as it could."""

    FROZEN = "frozen layers"
    ZERO_WEIGHTS = "symmetric weights"
    WARMUP = "warm-up too long"
    DECAY = "learning rate decayed to nothing"
    PENALTY = "penalty too strong"
    CLIPPING = "clipping too tight"
    DROPOUT = "dropout too high"
    INPUTS = "inputs not scaled"
    TARGETS = "targets not scaled"
    IMBALANCE = "class imbalance"
    NO_HIDDEN_LAYER = "no hidden layer"
    LINEAR_ACTIVATION = "linear activations"
    TOO_SHORT = "too few epochs"
    RATE_LOW = "learning rate too low"
    RATE_HIGH = "learning rate too high"
    MOMENTUM = "momentum too high"
    BATCH_SIZE = "batches too large"
    VANISHING = "vanishing gradients"
    EXPLODING = "exploding gradients"
    DEAD = "dead units"
    SATURATED = "saturated units"
    LOCAL_MINIMUM = "local minimum"
    BATCH_NORM = "batch normalisation"
    TOO_FEW_UNITS = "too few units"
    SPELLINGS = "several spellings of one class"
    NOISE = "label noise"
    OVERFITTING = "overfitting"
    NOT_FOUND = "cause not found"


@dataclass(frozen=True)
class Remedy:
    """A change of settings that helps.

    Attributes:
        sentence: the change and its measured or expected effect.
        changes: values by name of the setting, as `RunConfig.changed` accepts them; empty if the remedy
            is not a setting.
        needs_reset: whether the run has to be restarted at epoch 0 with new weights.
    """

    sentence: str
    changes: Mapping[str, Any]
    needs_reset: bool = False

    @property
    def options(self) -> str:
        """The changes as options of the command line, such as `--hidden 16,16 --lr 0.1`."""
        rows = ((setting(name), value) for name, value in self.changes.items())
        return " ".join(f"{row.flag} {row.write(value)}" for row, value in rows)


@dataclass(frozen=True)
class Finding:
    """A problem of a run, with remedies that help, the best one first."""

    cause: Cause
    sentence: str
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """State of a run, and its problems.

    Attributes:
        state: progress of the run.
        sentence: the state with its numbers.
        findings: problems, the most important first; empty for a healthy run.
        tell_at: epoch from which a state can be determined, if it is too early.
        wants_references: whether trials would show more: the run looks stuck, and there are none of
            these epochs yet.
        compared_at: epoch at which it was compared with trials, or None.
    """

    state: RunState
    sentence: str
    findings: tuple[Finding, ...] = ()
    tell_at: int | None = None
    wants_references: bool = False
    compared_at: int | None = None
