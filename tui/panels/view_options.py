"""View options: what the panels show of the run, and the cursor that all of them follow."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING

from core.analysis.planes import PlaneChoice
from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.process.messages import Run
    from tui.panels.pinned_curves import PinnedCurves


@dataclass(frozen=True)
class Cursor:
    """Selected unit and training sample.

    Attributes:
        layer: layer of the unit: 0 is the first hidden layer, the last one is the output layer.
        unit: index in the layer.
        sample: row of the training data.
    """

    layer: int = 0
    unit: int = 0
    sample: int = 0

    def within(self, sizes: Sequence[int], samples: int) -> Cursor:
        """Return the nearest cursor that is valid.

        Args:
            sizes: units per layer including the inputs, as in `Network.sizes`.
            samples: number of training samples.
        """
        layer = min(max(self.layer, 0), len(sizes) - 2)
        unit = min(max(self.unit, 0), sizes[layer + 1] - 1)
        return Cursor(layer, unit, min(max(self.sample, 0), max(0, samples - 1)))

    def moved(self, *, layers: int = 0, units: int = 0, samples: int = 0) -> Cursor:
        """Return the cursor moved by these steps, not yet clamped (see `within`)."""
        return replace(
            self,
            layer=self.layer + layers,
            unit=self.unit + units,
            sample=self.sample + samples,
        )


@dataclass
class ViewOptions:
    """View of the run in all panels; changed by keys.

    Attributes:
        layer: hidden layer that is shown, from 0.
        log_loss: whether the loss axis is logarithmic, or None if its values decide.
        show_test: whether the map includes the test samples.
        recent: number of epochs on the curves, or None for all.
        smoothing: weight of the moving average of the curves, or None without one.
        pinned: curves of an earlier run, or None.
        plane: plane of the map.
        target: shown target of a regression, from 0.
        cursor: selected unit and sample.
        inspecting: whether the inspector shows the cursor.
        network_focused: whether the keys are for the network panel, which also shows the cursor.
        halves: whether the terminal can show two rows of pixels in a row of cells.
    """

    layer: int = 0
    log_loss: bool | None = None
    show_test: bool = True
    recent: int | None = None
    smoothing: float | None = None
    pinned: PinnedCurves | None = None
    plane: PlaneChoice = field(default_factory=PlaneChoice)
    target: int = 0
    cursor: Cursor = field(default_factory=Cursor)
    inspecting: bool = False
    network_focused: bool = False
    halves: bool = True

    @property
    def points_at_unit(self) -> bool:
        """Whether the panels show which unit is selected."""
        return self.inspecting or self.network_focused

    def follow(self, event: Run) -> None:
        """Reset what a new network or new data do not have."""
        hidden = len(event.config.hidden)
        self.layer = max(0, hidden - 1) if event.fresh else min(self.layer, max(0, hidden - 1))
        if event.fresh:
            self.cursor = replace(self.cursor, layer=self.layer, unit=0)
        if event.data is not None:
            if self.plane.held is not None or event.fresh:
                self.plane = PlaneChoice()
            self.target = min(self.target, max(0, len(event.data.target_names) - 1))
