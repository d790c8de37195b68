"""Where a person looks: a unit of the network, and a training sample. All panels follow it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Cursor:
    """A unit and a sample.

    Attributes:
        layer: counted from 0 for the first hidden layer; the last is that of the outputs.
        unit: of that layer, from 0.
        sample: a row of the training part, from 0.
    """

    layer: int = 0
    unit: int = 0
    sample: int = 0

    def within(self, sizes: Sequence[int], samples: int) -> Cursor:
        """Return the nearest cursor that points at something.

        Args:
            sizes: units per layer, the inputs first, as `Network.sizes` has them.
            samples: how many training samples there are.
        """
        layer = min(max(self.layer, 0), len(sizes) - 2)
        unit = min(max(self.unit, 0), sizes[layer + 1] - 1)
        return Cursor(layer, unit, min(max(self.sample, 0), max(0, samples - 1)))

    def moved(self, *, layers: int = 0, units: int = 0, samples: int = 0) -> Cursor:
        """Return the cursor so many layers, units and samples on; see `within`."""
        return replace(
            self,
            layer=self.layer + layers,
            unit=self.unit + units,
            sample=self.sample + samples,
        )
