"""What a view of the network needs, computed from one snapshot of its parameters.

The screen asks here at its own resolution, and only for what is visible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.network import Network


@dataclass(frozen=True)
class Window:
    """A part of the input plane, cut into a grid of square pixels.

    Attributes:
        left, right, bottom, top: the outer edges, in units of the features.
        columns, rows: the number of pixels.
    """

    left: float
    right: float
    bottom: float
    top: float
    columns: int
    rows: int

    @classmethod
    def around(cls, x: Array, columns: int, rows: int, margin: float = 0.15) -> Window:
        """Return the smallest window around (samples, 2) points that keeps the aspect ratio.

        The direction in which there is room to spare shows more than the data's range.
        """
        low, high = x[:, :2].min(axis=0), x[:, :2].max(axis=0)
        centre = (low + high) / 2
        extent = np.maximum(high - low, 1e-9) * (1 + 2 * margin)
        pixel = max(extent[0] / columns, extent[1] / rows)
        width, height = pixel * columns / 2, pixel * rows / 2
        return cls(
            float(centre[0] - width),
            float(centre[0] + width),
            float(centre[1] - height),
            float(centre[1] + height),
            columns,
            rows,
        )

    def points(self) -> Array:
        """Return (rows · columns, 2) pixel centres, row by row from the top left."""
        across = np.linspace(self.left, self.right, self.columns * 2 + 1)[1::2]
        down = np.linspace(self.top, self.bottom, self.rows * 2 + 1)[1::2]
        return np.column_stack([np.tile(across, self.rows), np.repeat(down, self.columns)])

    def pixels(self, x: Array) -> tuple[Labels, Labels]:
        """Return the (samples,) rows and columns of the pixels in which (samples, 2) points lie."""
        across = (x[:, 0] - self.left) / (self.right - self.left) * self.columns
        down = (self.top - x[:, 1]) / (self.top - self.bottom) * self.rows
        return (
            np.clip(down.astype(np.int64), 0, self.rows - 1),
            np.clip(across.astype(np.int64), 0, self.columns - 1),
        )


def classify(network: Network, x: Array) -> tuple[Labels, Array]:
    """Return (samples,) predicted classes, and how certain each is: 0 for a guess, 1 for sure."""
    logits = network.logits(x)
    # from the logits, as the accuracy is counted: probabilities may be cut off and equal
    single = network.loss.single_output
    labels: Labels = (logits[:, 0] > 0).astype(np.int64) if single else logits.argmax(axis=1)
    probabilities = network.loss.probabilities(logits.T)
    guess = 1 / len(probabilities)
    chosen = probabilities[labels, np.arange(len(labels))]
    return labels, np.clip((chosen - guess) / (1 - guess), 0, 1)


def quantize(values: Array, levels: int, low: float, high: float) -> NDArray[np.int64]:
    """Return the number of the level, of `levels` equal ones from low to high, of each value."""
    scaled = (np.nan_to_num(values, nan=low) - low) * (levels / (high - low))
    return np.asarray(np.clip(scaled, 0, levels - 1), np.int64)


def in_class_order(y: Labels, most: int) -> Labels:
    """Return at most that many sample numbers, sorted by class and spread evenly over them."""
    order = np.argsort(y, kind="stable")
    if len(order) <= most:
        return order
    return order[np.linspace(0, len(order) - 1, most).round().astype(np.int64)]
