"""Optimisation algorithms: update of the flat parameter vector θ from its gradient g.

An optimiser owns the gradient vector that backpropagation writes, and its own state (`slots`: velocity,
running means). Formulas and names are PyTorch's: ε is added outside the root, penalties are part of the
gradient, and only AdamW decays weights. (Keras adds ε inside the root of Adagrad and RMSprop, uses
1e-7, and rescales the velocity when the learning rate changes.)

An update computes element by element. For several runs, which are trained at once, θ is therefore their
parameters one after another, and η, μ and λ are vectors as long as θ if the runs differ in them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from core.arrays import buffer, buffer_like
from core.dataclass import dataclass
from core.nn.calls import Calls, call, constant, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from core.arrays import Array

BLOCK: Final = 65_536
"""Parameters updated at a time, so that the arrays involved stay in the processor's cache."""

SMALL: Final = 4_096
"""Parameters up to which Adam merges operations into fewer calls."""

TABLE: Final = 1_024
"""Number of steps whose bias corrections are computed at once."""


@dataclass(frozen=True)
class Hyperparameters:
    """Hyperparameters of all optimisers; each uses those in its formula.

    Attributes:
        learning_rate: η.
        momentum: μ; None for the optimiser's default.
        weight_decay: λ of AdamW.
    """

    learning_rate: float
    momentum: float | None = None
    weight_decay: float = 0.0


class Optimizer:
    """Base class of the optimisers. A subclass defines `name`, `formula` and `_update`.

    Attributes:
        gradient: (parameters,), written by backpropagation.
        slots: (slot_count, parameters) state of the optimiser.
        steps: number of steps taken.
        delays: slices of the vector that took fewer steps, and how many fewer: layers that were
            frozen for some time. As in PyTorch, each layer counts its own steps.
        calls: the calls of a step.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    slot_count: ClassVar[int] = 0
    counts_steps: ClassVar[bool] = False
    """Whether an update depends on the number of steps."""
    velocity: ClassVar[int | None] = None
    """Index of the slot that holds the velocity b; zero, and not updated, without momentum."""
    default_momentum: ClassVar[float] = 0.0

    def __init__(
        self,
        parameters: Array,
        settings: Hyperparameters,
        delays: Sequence[tuple[slice, int]] = (),
        runs: int | None = None,
    ) -> None:
        """Allocate the state, all zero.

        Args:
            parameters: θ, updated in place.
            settings: hyperparameters.
            delays: see above.
            runs: number of runs with hyperparameters of their own, see `configure_runs`; None if there
                is only one, or all have the same.
        """
        self.parameters = parameters
        self.delays = delays if self.counts_steps else ()
        self._runs = runs
        self.steps = 0
        self.slots = buffer((self.slot_count, parameters.size), parameters.dtype)
        self.slots[...] = 0
        self._allocate()
        self._rate, self._momentum = self._coefficient(), self._coefficient()
        self._has_momentum = False
        self._scratch = buffer((min(parameters.size, BLOCK),), parameters.dtype)
        self.settings = settings
        self.configure(settings)
        self.calls = self._step_calls()

    def _coefficient(self) -> Array:
        """Return a new array for a coefficient: 0-d, or a vector if the runs differ in it."""
        if self._runs is None:
            return constant(0, self.parameters)
        return np.zeros_like(self.parameters)

    def _set(self, coefficient: Array, values: ArrayLike) -> None:
        """Set a coefficient to a number, or to one for each run."""
        if np.ndim(values):
            coefficient.reshape(self._runs or 1, -1)[...] = np.reshape(values, (-1, 1))
        else:
            coefficient[...] = values

    def _allocate(self) -> None:
        """Allocate the gradient, and the buffers of a subclass."""
        self.gradient = buffer_like(self.parameters)
        self.gradient[...] = 0

    @property
    def learning_rate(self) -> float:
        """The learning rate η of the next step."""
        return self.settings.learning_rate

    @property
    def momentum(self) -> float:
        """The momentum μ: the setting, or the optimiser's default."""
        given = self.settings.momentum
        return self.default_momentum if given is None else given

    def _step_calls(self) -> Calls:
        calls: Calls = [self.begin_step]
        edges = {0, self.parameters.size}
        edges.update(edge for part, _ in self.delays for edge in (part.start, part.stop))
        for low, high in pairwise(sorted(edges)):
            for start in range(low, high, BLOCK):
                part = slice(start, min(start + BLOCK, high))
                calls += self._update(part, self._scratch[: part.stop - part.start])
        return calls

    def _delay_of(self, part: slice) -> int:
        """Return the delay of a slice that is updated at once, in steps."""
        found = (delay for each, delay in self.delays if each.start <= part.start < each.stop)
        return next(found, 0)

    def configure(self, settings: Hyperparameters) -> None:
        """Apply new hyperparameters and keep the slots, except for the velocity without momentum.

        A velocity kept without momentum would take effect when momentum is switched on again. When
        momentum is switched on or off, `calls` is rebuilt.
        """
        self.settings = settings
        self._apply(settings.learning_rate, self.momentum, settings.weight_decay)

    def configure_runs(
        self,
        rates: NDArray[np.float64],
        momentums: NDArray[np.float64],
        weight_decays: NDArray[np.float64],
    ) -> None:
        """Apply hyperparameters of each run, (runs,) each."""
        self._apply(rates, momentums, weight_decays)

    def _apply(self, rate: ArrayLike, momentum: ArrayLike, weight_decay: ArrayLike) -> None:
        """Set the coefficients to numbers, or to one for each run."""
        del weight_decay
        self._set(self._rate, rate)
        self._set(self._momentum, momentum)
        before, self._has_momentum = self._has_momentum, bool(np.any(momentum))
        if self.velocity is not None:
            if not self._has_momentum:
                self.slots[self.velocity] = 0
            if before != self._has_momentum:
                self.calls = self._step_calls()

    def begin_step(self) -> None:
        """Count a step and update the coefficients that depend on the number of steps."""
        self.steps += 1

    def step(self) -> None:
        """Update the parameters from the gradient."""
        run(self.calls)

    def _descend(self, part: slice, direction: Array, scratch: Array) -> Calls:
        """Return the calls for θ -= η·direction."""
        parameters = self.parameters[part]
        return [
            call(np.multiply, direction, _within(self._rate, part), scratch),
            call(np.subtract, parameters, scratch, parameters),
        ]

    def _update(self, part: slice, scratch: Array) -> Calls:
        """Return the calls that update one slice of the parameters.

        Args:
            part: the slice of `parameters`, `gradient` and `slots`.
            scratch: a buffer of its length.
        """
        raise NotImplementedError


class SGD(Optimizer):
    """b = μ·b + g; θ -= η·b, as `torch.optim.SGD` without dampening."""

    name, formula = "sgd", "gradient descent, with --momentum if given"
    slot_count = 1
    velocity = 0

    def _update(self, part: slice, scratch: Array) -> Calls:
        gradient = self.gradient[part]
        if not self._has_momentum:
            return self._descend(part, gradient, scratch)
        velocity = self.slots[0, part]
        return [
            call(np.multiply, velocity, _within(self._momentum, part), velocity),
            call(np.add, velocity, gradient, velocity),
            *self._step_along(velocity, part, scratch),
        ]

    def _step_along(self, velocity: Array, part: slice, scratch: Array) -> Calls:
        return self._descend(part, velocity, scratch)


class Momentum(SGD):
    """SGD with a default momentum of 0.9 (Polyak 1964)."""

    name, formula = "momentum", "SGD with a momentum of 0.9"
    default_momentum = 0.9


class Nesterov(SGD):
    """b = μ·b + g; θ -= η·(g + μ·b), as `torch.optim.SGD(nesterov=True)` (Sutskever et al. 2013)."""

    name, formula = "nesterov", "momentum with the gradient at the next position"
    default_momentum = 0.9

    def _step_along(self, velocity: Array, part: slice, scratch: Array) -> Calls:
        return [
            call(np.multiply, velocity, _within(self._momentum, part), scratch),
            call(np.add, scratch, self.gradient[part], scratch),
            *self._descend(part, scratch, scratch),
        ]


class Adagrad(Optimizer):
    """s += g²; θ -= η·g / (√s + ε), ε = 1e-10 (Duchi et al. 2011)."""

    name, formula = "adagrad", "steps divided by the root of the sum of squared gradients"
    slot_count = 1
    epsilon = 1e-10

    def _update(self, part: slice, scratch: Array) -> Calls:
        squares, gradient = self.slots[0, part], self.gradient[part]
        return [
            call(np.multiply, gradient, gradient, scratch),
            call(np.add, squares, scratch, squares),
            call(np.sqrt, squares, scratch),
            call(np.add, scratch, constant(self.epsilon, scratch), scratch),
            call(np.divide, gradient, scratch, scratch),
            *self._descend(part, scratch, scratch),
        ]


class RMSprop(Optimizer):
    """v = α·v + (1 - α)·g²; b = μ·b + g / (√v + ε); θ -= η·b, α = 0.99, ε = 1e-8 (Hinton 2012)."""

    name, formula = "rmsprop", "steps divided by the root of the running mean of squared gradients"
    slot_count = 2
    velocity = 1
    alpha, epsilon = 0.99, 1e-8

    def _update(self, part: slice, scratch: Array) -> Calls:
        squares, velocity = self.slots[0, part], self.slots[1, part]
        gradient = self.gradient[part]
        scaled: Calls = [
            call(np.multiply, squares, constant(self.alpha, scratch), squares),
            call(np.multiply, gradient, gradient, scratch),
            call(np.multiply, scratch, constant(1 - self.alpha, scratch), scratch),
            call(np.add, squares, scratch, squares),
            call(np.sqrt, squares, scratch),
            call(np.add, scratch, constant(self.epsilon, scratch), scratch),
            call(np.divide, gradient, scratch, scratch),
        ]
        if not self._has_momentum:
            return [*scaled, *self._descend(part, scratch, scratch)]
        return [
            *scaled,
            call(np.multiply, velocity, _within(self._momentum, part), velocity),
            call(np.add, velocity, scratch, velocity),
            *self._descend(part, velocity, scratch),
        ]


class Adam(Optimizer):
    """m = β₁·m + (1 - β₁)·g; v = β₂·v + (1 - β₂)·g²; θ -= η·m̂ / (√v̂ + ε), m̂ = m / (1 - β₁ᵗ), v̂ alike.

    Kingma & Ba 2015, Algorithm 1. The slots hold M = m / (1 - β₁) and V = v / (1 - β₂); the omitted
    factors, both bias corrections and η are merged into two scalars per step: θ -= M / (a·√V + b) with
    a = √c₂ / (η·c₁), b = ε / (η·c₁), and c = (1 - β) / (1 - βᵗ) for each moment.
    """

    name, formula = "adam", "momentum / root of the running mean square, both bias-corrected"
    slot_count = 2
    counts_steps = True
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8

    def _allocate(self) -> None:
        super()._allocate()
        dtype = self.parameters.dtype
        self._scalars = np.zeros((1, 2), dtype)  # a and b
        # the same memory, which takes less time to write
        self._cells: Any = memoryview(self._scalars[0])
        # the same for slices that took fewer steps
        self._delayed = {delay: np.zeros((1, 2), dtype) for _, delay in self.delays}
        self._largest = float(np.finfo(dtype).max)
        self._table: list[tuple[float, float]] = []
        self._table_start = 0
        # a and b of each element
        self._each = None if self._runs is None else (self._coefficient(), self._coefficient())
        self._rates = np.zeros(self._runs or 1)
        if self._is_small:
            # the gradient and its square in one array, like the two moments
            self._terms = np.zeros((2, self.parameters.size), dtype)
            self.gradient = self._terms[0]

    @property
    def _is_small(self) -> bool:
        """Whether the number of calls, not the memory traffic, limits the speed of an update."""
        return self.parameters.size <= SMALL and self._runs is None

    def _apply(self, rate: ArrayLike, momentum: ArrayLike, weight_decay: ArrayLike) -> None:
        super()._apply(rate, momentum, weight_decay)
        self._rates[:] = rate

    def _step_calls(self) -> Calls:
        calls = super()._step_calls()
        if self._delayed:
            calls[0] = self._begin_delayed_step
        return calls

    def begin_step(self) -> None:
        self.steps = steps = self.steps + 1
        at = steps - self._table_start
        if not 0 <= at < len(self._table):
            # computing many at once is cheaper than one by one
            self._table, self._table_start, at = self._corrections(steps, TABLE), steps, 0
        scale, offset = self._table[at]
        if self._each is not None:
            self._begin_step_of_runs(self._each, scale, offset)
            return
        rate, cells = self.settings.learning_rate, self._cells
        # at a rate of (almost) zero, the denominator is the largest finite number whatever V is: an
        # infinite one would turn 0 into NaN
        highest = rate * self._largest
        if highest > scale and highest > offset:
            cells[0], cells[1] = scale / rate, offset / rate
        else:
            cells[0], cells[1] = 0.0, self._largest

    def _begin_step_of_runs(self, each: tuple[Array, Array], scale: float, offset: float) -> None:
        fits = self._rates * self._largest > max(scale, offset)
        with np.errstate(all="ignore"):
            self._set(each[0], np.where(fits, scale / self._rates, 0))
            self._set(each[1], np.where(fits, offset / self._rates, self._largest))

    def _begin_delayed_step(self) -> None:
        self.begin_step()
        rate, largest = self.settings.learning_rate, self._largest
        for delay, scalars in self._delayed.items():
            ((scale, offset),) = self._corrections(self.steps - delay, 1)
            fits = rate * largest > max(scale, offset)
            scalars[0] = (scale / rate, offset / rate) if fits else (0.0, largest)

    def _corrections(self, start: int, count: int) -> list[tuple[float, float]]:
        """Return √c₂ / c₁ and ε / c₁ of so many steps."""
        steps = np.arange(start, start + count)
        first = (1 - self.beta1) / (1 - self.beta1**steps)
        second = (1 - self.beta2) / (1 - self.beta2**steps)
        scales, offsets = np.sqrt(second) / first, self.epsilon / first
        return list(zip(scales.tolist(), offsets.tolist(), strict=True))

    def _update(self, part: slice, scratch: Array) -> Calls:
        scalars = self._delayed.get(self._delay_of(part), self._scalars)
        first, second = self.slots[:, part]
        parameters = self.parameters[part]
        if self._is_small:
            slots, terms = self.slots[:, part], self._terms[:, part]
            decays = np.repeat(np.array([[self.beta1], [self.beta2]], slots.dtype), len(first), 1)
            # √V above a row of ones, so that one product gives a·√V + b
            roots = np.ones_like(slots)
            whole = scratch.reshape(1, -1)
            return [
                call(np.multiply, terms[0], terms[0], terms[1]),
                call(np.multiply, slots, decays, slots),
                call(np.add, slots, terms, slots),
                call(np.sqrt, second, roots[0]),
                call(scalars.dot, roots, whole),
                call(np.divide, first, scratch, scratch),
                call(np.subtract, parameters, scratch, parameters),
            ]
        gradient = self.gradient[part]
        # views without axes: as operands, they cost half of those with one
        scale, offset = scalars[0, 0, ...], scalars[0, 1, ...]
        if self._each is not None:
            scale, offset = self._each[0][part], self._each[1][part]
        return [
            call(np.multiply, first, constant(self.beta1, first), first),
            call(np.add, first, gradient, first),
            call(np.multiply, gradient, gradient, scratch),
            call(np.multiply, second, constant(self.beta2, second), second),
            call(np.add, second, scratch, second),
            call(np.sqrt, second, scratch),
            call(np.multiply, scratch, scale, scratch),
            call(np.add, scratch, offset, scratch),
            call(np.divide, first, scratch, scratch),
            call(np.subtract, parameters, scratch, parameters),
        ]


class AdamW(Adam):
    """θ *= 1 - η·λ, then Adam: weight decay decoupled from the gradient (Loshchilov & Hutter 2019).

    As in PyTorch, all parameters decay, including biases.
    """

    name, formula = "adamw", "Adam with decoupled --weight-decay"

    def _allocate(self) -> None:
        super()._allocate()
        self._shrink = self._coefficient()

    def _apply(self, rate: ArrayLike, momentum: ArrayLike, weight_decay: ArrayLike) -> None:
        super()._apply(rate, momentum, weight_decay)
        self._set(self._shrink, 1 - np.multiply(rate, weight_decay))

    def _update(self, part: slice, scratch: Array) -> Calls:
        parameters = self.parameters[part]
        shrink = call(np.multiply, parameters, _within(self._shrink, part), parameters)
        return [shrink, *super()._update(part, scratch)]


def _within(coefficient: Array, part: slice) -> Array:
    """Return a coefficient for one slice of the parameters."""
    return coefficient[part] if coefficient.ndim else coefficient


OPTIMIZERS: Final = {
    optimizer.name: optimizer
    for optimizer in (SGD, Momentum, Nesterov, Adagrad, RMSprop, Adam, AdamW)
}
