"""The engine: a multilayer perceptron in NumPy, and everything needed to train and look into one.

Nothing here knows that a screen exists. The two names that scripts need are loaded when first used,
so that asking for the version costs no import of NumPy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.training.trainer import Trainer

__all__ = ["RunConfig", "Trainer", "__version__"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "RunConfig":
        from core.config.run_config import RunConfig

        return RunConfig
    if name == "Trainer":
        from core.training.trainer import Trainer

        return Trainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
