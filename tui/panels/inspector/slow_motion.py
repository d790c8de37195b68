"""Slow motion through both passes: which step, and which unit of it, comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui.run_model import RunModel


def steps_of(run: RunModel) -> int:
    """Return the number of the last step: each layer, the loss, and each layer back."""
    return 0 if run.network is None else 2 * len(run.network.layers) + 1


class TraceStep(NamedTuple):
    """A step of slow motion, and the unit within it.

    Attributes:
        layer: whose step it is; None for the inputs and for the loss.
        unit: the last one that is computed; None for all.
    """

    step: int
    layer: int | None = None
    unit: int | None = None


def trace_steps(run: RunModel) -> list[TraceStep]:
    """Return every moment of both passes, unit by unit."""
    if run.network is None:
        return []
    sizes = run.network.sizes[1:]
    count = len(sizes)
    forward = [TraceStep(at + 1, at, unit) for at, size in enumerate(sizes) for unit in range(size)]
    back = [
        TraceStep(count + 2 + at, layer, unit)
        for at, layer in enumerate(reversed(range(count)))
        for unit in range(sizes[layer])
    ]
    return [TraceStep(0), *forward, TraceStep(count + 1), *back]
