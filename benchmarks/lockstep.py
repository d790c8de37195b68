"""Throughput of many runs trained at once, compared with single runs and with JAX's vmap, on one core.

Microseconds of processor time per epoch and network: the minimum of alternating turns, and their range.
`training` is shuffling, gradient and update of every batch; `whole` adds the loss and accuracy of
training and test samples, as every run measures them. JAX trains as many networks with one call per
epoch of a jitted vmap, without measuring; it is left out if it is not installed.

`python -m benchmarks.lockstep rates` prints success rates of XOR instead: of 1,000 runs at once, and of
1,000 single runs with other seeds.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})
# one core for all contenders, including the threads of JAX
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import importlib.util
import sys
from itertools import pairwise
from math import inf, sqrt
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core import RunConfig, Trainer
from core.config.presets import preset
from core.lockstep.trainer import Lockstep

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS: Final = 7
SECONDS: Final = 0.2
"""Approximate duration of a turn."""

LANES: Final = (1, 8, 32, 64, 256)
FOREVER: Final = 10**8

CASES: Final = {
    "xor (4), full batch": preset("xor").config(epochs=FOREVER),
    "moons (8), batch 20": RunConfig(hidden=(8,), batch_size=20, epochs=FOREVER),
    "moons (8, 8), batch 32": RunConfig(epochs=FOREVER),
    "moons (8, 8), batch 32, relu": RunConfig(epochs=FOREVER, activation="relu"),
    "spiral (16, 16), batch 32": preset("spiral").config(epochs=FOREVER),
}


def single(config: RunConfig) -> dict[str, Callable[[], object]]:
    """Return functions that train one epoch of a single run."""
    alone, whole = Trainer(config), Trainer(config)

    def train() -> None:
        alone.batches.begin()
        alone.batches.advance(inf)

    return {"training": train, "whole": whole.train_epoch}


def at_once(config: RunConfig, lanes: int) -> dict[str, Callable[[], object]]:
    """Return functions that train one epoch of several runs."""
    configs = [config.changed(seed=seed) for seed in range(lanes)]
    alone, whole = Lockstep(configs), Lockstep(configs)
    active = [list(range(len(stack.runs))) for stack in alone.stacks]

    def train() -> None:
        for stack, runs in zip(alone.stacks, active, strict=True):
            stack.train_epoch(runs)

    return {"training": train, "whole": whole.train_epoch}


def by_jax(config: RunConfig, lanes: int) -> Callable[[], object]:
    """Return a function that trains one epoch of several networks by JAX's vmap: tanh or relu, Adam."""
    import jax
    from jax import numpy as jnp

    starts = Lockstep([config.changed(seed=seed) for seed in range(lanes)])
    x = jnp.asarray(np.stack([each.x_train for each in starts.data]), jnp.float32)
    y = jnp.asarray(np.stack([each.y_train for each in starts.data]))
    samples = x.shape[1]
    size = samples if isinstance(config.batch_size, str) else config.batch_size
    single_run = Trainer(config).network
    shapes = list(pairwise(single_run.sizes))
    activation = {"tanh": jnp.tanh, "relu": jax.nn.relu}[config.activations[0]]
    rate, beta1, beta2, epsilon = config.learning_rate, 0.9, 0.999, 1e-8

    def loss(parameters: Any, inputs: Any, targets: Any) -> Any:
        values, start = inputs, 0
        for number, (rows, columns) in enumerate(shapes, 1):
            stop = start + rows * columns
            weights = parameters[start:stop].reshape(rows, columns)
            values = values @ weights + parameters[stop : stop + columns]
            start = stop + columns
            if number < len(shapes):
                values = activation(values)
        logs = jax.nn.log_softmax(values)
        return -jnp.take_along_axis(logs, targets[:, None], axis=1).mean()

    def step(state: Any, batch: Any) -> Any:
        parameters, first, second, count = state
        gradient = jax.grad(loss)(parameters, *batch)
        count = count + 1
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient * gradient
        corrected = jnp.sqrt(second / (1 - beta2**count)) + epsilon
        parameters = parameters - rate * first / (1 - beta1**count) / corrected
        return parameters, first, second, count

    def epoch(state: Any, key: Any, inputs: Any, targets: Any) -> Any:
        key, now = jax.random.split(key)
        if size < samples:
            order = jax.random.permutation(now, samples)
            inputs, targets = inputs[order], targets[order]
        whole = samples // size * size
        batches = (
            inputs[:whole].reshape(-1, size, inputs.shape[1]),
            targets[:whole].reshape(-1, size),
        )
        state, _ = jax.lax.scan(lambda each, batch: (step(each, batch), None), state, batches)
        if whole < samples:
            state = step(state, (inputs[whole:], targets[whole:]))
        return state, key

    train = jax.jit(jax.vmap(epoch))
    parameters = jnp.asarray(np.stack([starts.parameters(run) for run in range(lanes)]))
    zeros = jnp.zeros_like(parameters)
    state = parameters, zeros, zeros, jnp.zeros(lanes, jnp.float32)
    keys = jax.random.split(jax.random.PRNGKey(0), lanes)

    def run() -> None:
        nonlocal state, keys
        state, keys = train(state, keys, x, y)
        jax.block_until_ready(state)

    return run


def turn(train: Callable[[], object]) -> float:
    """Return the processor time of an epoch in microseconds, over a turn."""
    started, epochs = process_time(), 0
    while process_time() - started < SECONDS:
        train()
        epochs += 1
    return (process_time() - started) / epochs * 1e6


def measure(contenders: dict[str, tuple[Callable[[], object], int]]) -> dict[str, list[float]]:
    """Return the times per network of all contenders, in alternating turns."""
    for train, _ in contenders.values():
        train()
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(TURNS):
        for name, (train, lanes) in contenders.items():
            times[name].append(turn(train) / lanes)
    return times


def print_case(name: str, config: RunConfig) -> None:
    contenders: dict[str, tuple[Callable[[], object], int]] = {
        f"{what} single": (train, 1) for what, train in single(config).items()
    }
    for lanes in LANES:
        for what, train in at_once(config, lanes).items():
            contenders[f"{what} {lanes}"] = train, lanes
        if has_jax():
            contenders[f"jax {lanes}"] = by_jax(config, lanes), lanes
    times = measure(contenders)
    print(f"\n{name}")
    for what in ("training", "whole"):
        alone = times[f"{what} single"]
        print(f"  {what:<9} single run {described(alone)}")
        for lanes in LANES:
            ours = times[f"{what} {lanes}"]
            text = (
                f"  {what:<9} {lanes:>3} at once {described(ours)}, {min(alone) / min(ours):5.1f}×"
            )
            if what == "training" and f"jax {lanes}" in times:
                peer = times[f"jax {lanes}"]
                text += f"; JAX {described(peer)}, {min(peer) / min(ours):.2f} of ours"
            print(text, flush=True)


def described(times: list[float]) -> str:
    return f"{min(times):8,.2f} µs ({min(times):,.1f} to {max(times):,.1f})"


def has_jax() -> bool:
    return importlib.util.find_spec("jax") is not None


def solved_at_once(config: RunConfig, seeds: range) -> int:
    lockstep = Lockstep([config.changed(seed=seed) for seed in seeds])
    lockstep.run()
    return sum(lockstep.metrics(run).train_score == 1 for run in range(len(seeds)))


def solved_singly(config: RunConfig, seeds: range) -> int:
    count = 0
    for seed in seeds:
        trainer = Trainer(config.changed(seed=seed))
        while trainer.stopped is None:
            metrics = trainer.train_epoch()
        count += metrics.train_score == 1
    return count


def print_rates(runs: int = 1_000) -> None:
    print(f"XOR solved after 500 epochs, of {runs:,} runs at once and {runs:,} single runs")
    for activation in ("tanh", "sigmoid", "relu"):
        for units in (2, 3, 4):
            config = preset("xor").config(hidden=(units,), activation=activation)
            started = process_time()
            ours = solved_at_once(config, range(runs))
            between = process_time()
            theirs = solved_singly(config, range(runs, 2 * runs))
            share = (ours + theirs) / 2 / runs
            error = sqrt(2 * share * (1 - share) / runs) * runs
            seconds = between - started, process_time() - between
            print(
                f"{activation:<8} {units} units: {ours:>5} and {theirs:>5}; difference "
                f"{abs(ours - theirs) / max(error, 1e-9):.1f} standard errors; {seconds[0]:.1f} and "
                f"{seconds[1]:.1f} s",
                flush=True,
            )


def main() -> None:
    if "rates" in sys.argv[1:]:
        print_rates()
        return
    print("microseconds of processor time per epoch and network; float32, softmax, Adam, one core")
    for name, config in CASES.items():
        if not sys.argv[1:] or any(word in name for word in sys.argv[1:]):
            print_case(name, config)


if __name__ == "__main__":
    main()
