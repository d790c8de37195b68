"""The engine: a multilayer perceptron in NumPy, with training, data, saved runs and analysis.

Nothing here depends on the screen. The two names that scripts use are imported on first access, so that
the version can be read without importing NumPy.
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
