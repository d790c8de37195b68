"""Messages of the training process: what has changed, and why the run ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.training.stopping import State, Stop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.config.run_config import RunConfig
    from core.config.settings import Setting
    from core.datasets.dataset import DataSplit
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer


_COLUMNS: Final = {"exclude": ("auto", "but not"), "features": ("all", "but")}
"""Settings with names of columns: what they stand for without any, and the word for a minus sign."""


def describe_change(before: RunConfig, after: RunConfig, *, fresh: bool) -> str:
    """Return a message about changed settings, and their effect on the run.

    Empty for diagnostics alone: they are measured whenever their panel is shown. `RunChanges.restore`
    reads the changes from messages of this form in the event log of a saved run.
    """
    differences = after.differences(before)
    names = {each.name for each in differences}
    if names <= {"diagnostics"}:
        return ""
    changes = "; ".join(
        f"{each.name.replace('_', ' ')} {shown_value(each, before)} → {shown_value(each, after)}"
        for each in differences
    )
    effect = ": a new network, from epoch 0" if fresh else ": trained weights kept"
    idle = idle_settings(after, names)
    is_drawn = names == {"data_seed"} and not fresh and not idle
    what = "the samples are drawn or split again" if is_drawn else idle
    return "; ".join(filter(None, (changes + effect, what)))


def idle_settings(config: RunConfig, names: set[str] | None = None) -> str:
    """Return a message about settings (of the given names) that have no effect."""
    return "; ".join(
        f"{name.replace('_', ' ')} has no effect with {why}"
        for name, why in config.without_effect().items()
        if names is None or name in names
    )


def warning_of(data: DataSplit) -> str:
    """Return the first warning about the data, or an empty string."""
    warnings = data.summary.warnings if data.summary is not None else ()
    return warnings[0].removesuffix(".") if warnings else ""


def shown_value(setting: Setting, config: RunConfig) -> str:
    """Return the value of a setting as text; columns after a minus sign in words."""
    value = getattr(config, setting.name)
    if setting.name in _COLUMNS and value:
        rest = [each for each in value if not each.startswith("-")]
        removed = [each[1:] for each in value if each.startswith("-")]
        if removed:
            all_of, but = _COLUMNS[setting.name]
            return f"{', '.join(rest) or all_of} {but} {', '.join(removed)}"
    return f"{value:g}" if isinstance(value, float) else setting.write(value)


def why_stopped(trainer: Trainer, metrics: EpochMetrics, *, names_keys: bool = True) -> str:
    """Return a message about the end of the run after an epoch; `names_keys` adds keys of the screen."""
    config, epoch = trainer.config, f"epoch {metrics.epoch:,}"
    monitored = trainer.data.monitored(config.monitor)
    loss, score = metrics.on(monitored)
    match trainer.stopped:
        case Stop.DIVERGED:
            shown = metrics.train_loss
            value = f"loss {shown:.3g}" if np.isfinite(shown) else "loss not finite"
            keys = ": try a lower learning rate (−), then r" if names_keys else ""
            return f"diverged at {epoch} ({value}){keys}"
        case Stop.TARGET_LOSS:
            return f"{monitored} loss {loss:.4g} at {epoch}: target reached"
        case Stop.TARGET_ACCURACY:
            name = "accuracy" if trainer.data.has_classes else "R²"
            return f"{monitored} {name} {score:.4g} at {epoch}: target reached"
        case Stop.PATIENCE:
            best = f"epoch {trainer.best.epoch:,} ({monitored} loss {trainer.best.loss:.4g})"
            back = "; its weights are restored" if trainer.restored is not None else ""
            return f"stopped at {epoch}: no improvement since {best}{back}"
    return f"finished after {metrics.epoch:,} epochs"


def end_of_all(
    stopped: Sequence[Stop | None], epochs: int, *, names_keys: bool = True
) -> tuple[State, str]:
    """Return the status of runs that were trained at once and have all ended, and a message about it."""
    count = f"all {len(stopped):,} runs have" if len(stopped) > 1 else "the run has"
    if all(each is Stop.DIVERGED for each in stopped):
        keys = ": try a lower learning rate (−), then r" if names_keys else ""
        return State.DIVERGED, f"{count} diverged{keys}"
    return State.FINISHED, f"{count} ended, after {epochs:,} epochs"
