"""Tables of epochs as a training process sends them, with random numbers."""

import numpy as np
from numpy.typing import NDArray

from core.training.epoch_log import COLUMNS


def epoch_table(random: np.random.Generator, start: int, epochs: int) -> NDArray[np.float64]:
    """Return rows from an epoch on: losses, accuracies of 150 and 50 samples, no validation."""
    table = np.full((epochs, len(COLUMNS)), np.nan)
    table[:, COLUMNS.index("epoch")] = np.arange(start, start + epochs)
    table[:, COLUMNS.index("train_loss")] = random.random(epochs)
    table[:, COLUMNS.index("test_loss")] = random.random(epochs)
    table[:, COLUMNS.index("train_score")] = random.integers(0, 151, epochs) / 150
    table[:, COLUMNS.index("test_score")] = random.integers(0, 51, epochs) / 50
    table[:, COLUMNS.index("learning_rate")] = 0.01
    table[:, COLUMNS.index("penalty")] = 0.0
    return table
