"""Throughput of many runs trained at once, compared with single runs and with JAX's vmap, on one core.

Microseconds of processor time per epoch and network: the minimum of alternating turns, and their range.
`training` is shuffling, gradient and update of every batch; `whole` adds the loss and accuracy of
training and test samples, as every run measures them. JAX trains as many networks with one call per
epoch of a jitted vmap, without measuring, from the same initial weights on the same samples; it is left
out if it is not installed. The C loop, the limit of what one core can do, trains one network after the
other.

OpenBLAS multiplies with the functions for this processor, whatever the environment selects, as the other
contenders do; `python -m benchmarks.lockstep avx2` with those for x86 processors without AVX-512.

`python -m benchmarks.lockstep rates` prints success rates of XOR instead: of 1,000 runs at once, and of
1,000 single runs with other seeds.
"""

from __future__ import annotations

import os
import sys

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})
if "avx2" in sys.argv:
    os.environ["OPENBLAS_CORETYPE"] = "Haswell"
else:
    os.environ.pop("OPENBLAS_CORETYPE", None)
# one core for all contenders, including the threads of JAX
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import importlib.util
from math import inf, sqrt
from time import process_time
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.peers import c_loop
from benchmarks.peers.case import AGREEMENT, CHECKED_EPOCHS, Case
from core import RunConfig, Trainer
from core.config.presets import preset
from core.lockstep.trainer import Lockstep
from core.runs.cpu_kernels import kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.peers.by_jax import Vmapped
    from benchmarks.peers.case import Layers

TURNS: Final = 7
SECONDS: Final = 0.1
"""Approximate duration of a turn."""

LANES: Final = (1, 8, 64, 256)
FOREVER: Final = 10**8

C_EPOCHS: Final = 100
"""Epochs of one call of the C loop, which are too short to be measured one by one."""

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


def case_of(config: RunConfig) -> tuple[Case, Layers]:
    """Return the network and the samples of a run, and its initial weights."""
    trainer = Trainer(config)
    samples, data = len(trainer.data.y_train), trainer.data
    case = Case(
        config.dataset,
        data.x_train.astype(np.float32),
        data.y_train.astype(np.int64),
        config.hidden,
        samples if isinstance(config.batch_size, str) else config.batch_size,
        config.learning_rate,
        activation=config.activations[0],
    )
    network = trainer.network
    return case, list(zip(network.weights, network.biases, strict=True))


def by_jax(config: RunConfig, lanes: int) -> Vmapped:
    """Return as many networks in JAX."""
    from benchmarks.peers.by_jax import Vmapped

    found = [case_of(config.changed(seed=seed)) for seed in range(lanes)]
    return Vmapped([case for case, _ in found], [start for _, start in found])


def check_jax(config: RunConfig) -> None:
    """Raise SystemExit if JAX does not compute what single runs compute."""
    peer = by_jax(config, 2)
    for run in range(2):
        case, _ = case_of(config.changed(seed=run))
        order = np.arange(case.samples)
        trainer = Trainer(config.changed(seed=run))
        for _ in range(CHECKED_EPOCHS):
            if not run:
                peer.follow(np.tile(order.astype(np.int32), (2, 1)))
            trainer.batches.begin()
            if trainer.batches.order is not None:
                trainer.batches.order[:] = order
            trainer.batches.advance(inf)
        network = trainer.network
        ours = case.loss(list(zip(network.weights, network.biases, strict=True)))
        theirs = case.loss(peer.layers(run))
        if not np.isclose(theirs, ours, rtol=AGREEMENT, atol=0):
            raise SystemExit(f"JAX trains something else: loss {theirs:.6f}, expected {ours:.6f}")


def by_c(config: RunConfig) -> Callable[[], object] | None:
    """Return a function that trains one epoch of a C loop, None without a compiler."""
    case, _ = case_of(config)
    contender = c_loop.contender(case) if case.activation == "tanh" else None
    if contender is None:
        return None
    contender.reset()
    return lambda: contender.train(C_EPOCHS)


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
            contenders[f"jax {lanes}"] = by_jax(config, lanes).train_epoch, lanes
    loop = by_c(config)
    if loop is not None:
        contenders["C"] = loop, C_EPOCHS
    if has_jax():
        check_jax(config)
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
                text += f"; JAX {described(peer)}, {min(peer) / min(ours):.2f}×"
            print(text, flush=True)
    if "C" in times:
        print(f"  C loop, training alone  {described(times['C'])}")


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
    print(f"processor functions: {kernels()}")
    print(c_loop.missing() or "The C loop has tanh only.")
    words = [word for word in sys.argv[1:] if word != "avx2"]
    for name, config in CASES.items():
        if not words or any(word in name for word in words):
            print_case(name, config)


if __name__ == "__main__":
    main()
