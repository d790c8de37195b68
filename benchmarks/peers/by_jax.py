"""JAX: one epoch compiled as a whole, called for each epoch or for many epochs at once, and vmap."""

from __future__ import annotations

import os

# the same core for all contenders; threads cost time on networks this small
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

from typing import TYPE_CHECKING, Any, Final

import jax
import numpy as np
from jax import numpy as jnp

from benchmarks.peers.case import BETA1, BETA2, EPSILON, Contender

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.peers.case import Case, Layers


ACTIVATIONS: Final = {"tanh": jnp.tanh, "relu": jax.nn.relu}


def contenders(case: Case) -> list[Contender]:
    """Return JAX with one epoch per call, as a live display requires, and with many."""
    return [_by_calls(case, 1), _by_calls(case, case.many)]


def _initial_state(layers: Layers) -> Any:
    """Return parameters and both moments as rows of one array, and the number of steps.

    Each array that a call takes or returns costs time, so they are few.
    """
    flat = np.concatenate([each.ravel() for layer in layers for each in layer])
    return jnp.zeros((3, flat.size), jnp.float32).at[0].set(flat), jnp.zeros((), jnp.float32)


def _unflattened(flat: Any, layers: Layers) -> Any:
    """Return weights and biases of each layer, in the shapes of `layers`."""
    found, start = [], 0
    for layer in layers:
        pair = []
        for each in layer:
            pair.append(flat[start : start + each.size].reshape(each.shape))
            start += each.size
        found.append((pair[0], pair[1]))
    return found


def _epoch_function(case: Case) -> Callable[[Any, Any, Any, Any], Any]:
    """Return the function of state, order, inputs and classes that trains one epoch."""
    batch, samples, rate = case.batch, case.samples, case.rate
    activation, shapes = ACTIVATIONS[case.activation], case.start()

    def loss(parameters: Any, inputs: Any, classes: Any) -> Any:
        values = inputs
        for weights, biases in parameters[:-1]:
            values = activation(values @ weights + biases)
        logs = jax.nn.log_softmax(values @ parameters[-1][0] + parameters[-1][1])
        return -(logs * jax.nn.one_hot(classes, logs.shape[-1])).sum() / len(classes)

    def step(state: Any, part: Any) -> Any:
        (parameters, first, second), count = state
        gradients = jax.grad(loss)(_unflattened(parameters, shapes), *part)
        gradient = jnp.concatenate([each.ravel() for layer in gradients for each in layer])
        count = count + 1
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient * gradient
        scale, root = rate / (1 - BETA1**count), jnp.sqrt(1 / (1 - BETA2**count))
        parameters = parameters - scale * first / (jnp.sqrt(second) * root + EPSILON)
        return (jnp.stack([parameters, first, second]), count), None

    whole = samples // batch * batch

    def epoch(state: Any, order: Any, inputs: Any, classes: Any) -> Any:
        if batch >= samples:
            return step(state, (inputs, classes))[0]
        inputs, classes = inputs[order], classes[order]
        parts = (
            inputs[:whole].reshape(-1, batch, inputs.shape[1]),
            classes[:whole].reshape(-1, batch),
        )
        state, _ = jax.lax.scan(step, state, parts)
        if whole < samples:
            state, _ = step(state, (inputs[whole:], classes[whole:]))
        return state

    return epoch


def _by_calls(case: Case, many: int) -> Contender:
    epoch = _epoch_function(case)
    rng, start = np.random.default_rng(0), case.start()
    x, y = jnp.asarray(case.x), jnp.asarray(case.y.astype(np.int32))
    natural = np.arange(case.samples, dtype=np.int32)
    state: Any = None

    def one_epoch(state: Any, order: Any) -> Any:
        return epoch(state, order, x, y)

    def epochs_at_once(state: Any, orders: Any) -> Any:
        return jax.lax.scan(
            lambda each, order: (one_epoch(each, order), None), state, orders, length=many
        )[0]

    compiled = jax.jit(one_epoch if many == 1 else epochs_at_once, donate_argnums=0)
    rows = np.tile(natural, (many, 1))

    def orders() -> Any:
        if case.is_full:
            return None
        # NumPy shuffles in less time than `jax.random.permutation`, which sorts
        return rng.permutation(natural) if many == 1 else rng.permuted(rows, axis=1)

    def reset() -> None:
        nonlocal state
        state = _initial_state(start)

    def train(epochs: int) -> None:
        nonlocal state
        for _ in range(epochs // many):
            state = compiled(state, orders())
            state[0].block_until_ready()

    def follow(order: NDArray[np.int64], epochs: int) -> None:
        nonlocal state
        given = order.astype(np.int32)
        for _ in range(epochs // many):
            state = compiled(
                state, None if case.is_full else given if many == 1 else np.tile(given, (many, 1))
            )

    name = "JAX, one epoch a call" if many == 1 else "JAX, many a call"
    return Contender(name, reset, train, follow, lambda: _layers(state[0], start), multiple=many)


def _layers(rows: Any, start: Layers) -> Layers:
    layers: Layers = _unflattened(np.asarray(rows)[0], start)
    return layers


class Vmapped:
    """Many networks at once, by `vmap`, with one call per epoch."""

    def __init__(self, cases: list[Case], starts: list[Layers]) -> None:
        """Compile the epoch.

        Args:
            cases: the samples of each network, all of one shape; the other settings are the same.
            starts: initial weights of each network.
        """
        case = cases[0]
        self._train = jax.jit(jax.vmap(_epoch_function(case)), donate_argnums=0)
        self._start = starts[0]
        self._state = jax.tree.map(lambda *each: jnp.stack(each), *map(_initial_state, starts))
        self._x = jnp.asarray(np.stack([each.x for each in cases]))
        self._y = jnp.asarray(np.stack([each.y for each in cases]).astype(np.int32))
        self._rows = np.tile(np.arange(case.samples, dtype=np.int32), (len(cases), 1))
        self._rng = np.random.default_rng(0)
        self._is_full = case.is_full

    def train_epoch(self) -> None:
        """Train one epoch, each network with a shuffle of its own."""
        self.follow(self._rows if self._is_full else self._rng.permuted(self._rows, axis=1))

    def follow(self, orders: NDArray[np.int32]) -> None:
        """Train one epoch on samples in the given (networks, samples) orders."""
        self._state = self._train(self._state, orders, self._x, self._y)
        self._state[0].block_until_ready()

    def layers(self, network: int) -> Layers:
        """Return weights and biases of each layer of one network."""
        return _layers(self._state[0][network], self._start)
