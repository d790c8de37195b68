"""Configs whose runs can be trained at once: they may differ in all settings that change no shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.config.run_config import settings
from core.config.value_types import as_text

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from core.config.run_config import RunConfig

MAY_DIFFER: Final = frozenset(
    {
        *("seed", "data_seed", "noise", "preprocess", "initializer", "dropout"),
        *("learning_rate", "momentum", "weight_decay", "clip_norm", "clip_value", "l1", "l2"),
        *("schedule", "decay", "decay_epochs", "warmup", "min_learning_rate"),
        *("epochs", "target_loss", "target_accuracy", "patience", "restore_best", "monitor"),
    }
)
"""Settings in which runs that are trained at once may differ."""


class CannotShareError(ValueError):
    """Runs that cannot be trained at once; the message is one sentence that names the reason."""


def sharing_key(config: RunConfig) -> Hashable:
    """Return a key that is equal for configs whose runs can be trained at once."""
    return tuple(getattr(config, each.name) for each in settings() if each.name not in MAY_DIFFER)


def obstacle(configs: Sequence[RunConfig]) -> str:
    """Return the reason why the runs cannot be trained at once, in one sentence, or an empty string.

    Samples are not loaded: in rare cases, such as texts whose vocabulary depends on the seed, only
    `Lockstep` finds that their shapes differ.
    """
    if not configs:
        return "there is no run to train"
    first = configs[0]
    if any(config.diagnostics for config in configs):
        return "diagnostics are measured in single runs only"
    for config in configs[1:]:
        for setting in first.differences(config):
            if setting.name not in MAY_DIFFER:
                name = setting.name.replace("_", " ")
                values = [as_text(getattr(each, setting.name)) for each in (first, config)]
                return (
                    f"runs trained at once have the same {name}, but one has "
                    f"{values[0]} and another {values[1]}"
                )
    return ""


def can_share(configs: Sequence[RunConfig]) -> bool:
    """Return whether the runs can be trained at once."""
    return not obstacle(configs)
