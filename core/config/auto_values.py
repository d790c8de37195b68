"""Values that `auto` stands for in a run, as far as they are known before the data are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.config.value_types import as_text
from core.datasets import DATASETS
from core.nn.optimizers import OPTIMIZERS

if TYPE_CHECKING:
    from core.config.run_config import RunConfig


def auto_values(config: RunConfig) -> dict[str, str]:
    """Return the values of the settings that are `auto`, as the user would write them, by name."""
    parameters = config.make_schedule().parameters
    values: dict[str, object] = {
        "data_seed": config.seed,
        "momentum": OPTIMIZERS[config.optimizer].default_momentum,
        "decay": parameters.decay,
        "decay_epochs": parameters.epochs,
        "monitor": "validation" if config.validation_size else "test",
        "encoding": "utf-8",
    }
    if config.data is None:
        info = DATASETS[config.dataset]
        values |= {
            "samples": info.samples,
            "preprocess": info.preprocess,
            "loss": config.loss_for(config.drawn_classes, info.targets).name,
        }
        if info.fixed is None or config.samples is not None:
            values["noise"] = info.noise
        if config.drawn_classes:
            values["classes"] = config.drawn_classes
    else:
        values["preprocess"] = "standard" if config.text is None else "none"
    return {
        name: as_text(value)
        for name, value in values.items()
        if getattr(config, name) is None and name not in config.idle
    }
