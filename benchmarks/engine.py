"""Microseconds of processor time per epoch, compared with each peer at its best and with a C loop.

All contenders train the same network from the same initial weights with the same batch size, Adam,
tanh, softmax and float32, on one core, and shuffle every epoch. Before its time counts, each takes the
same steps as this engine, on samples in the same order, and must reach the same loss.

They take turns, each from the initial weights. The table has the minimum of the turns and their range,
and the ratio to this engine: that of the minima, and the range of those within a turn; above 1, this
engine takes less time. It is measured without evaluation, like its peers, and with the loss and accuracy
of training samples and as many test samples.

- C loop, the limit: one network compiled with its sizes as constants, vectorised.
- JAX: one epoch is one compiled call, or many epochs are (`lax.scan`).
- PyTorch: eager `nn.Module` and `optim.Adam`; plain tensors with the fused Adam; formulas written by
  hand, with `out=` and buffers that are allocated once.
- scikit-learn: called for each epoch, as a live display requires, and for all. Two classes have a single
  output.

A peer that is not installed, or the C loop without a compiler, is left out. `python -m benchmarks.engine
moons` measures the cases whose names contain a word.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})
# with the functions for this processor, as those of the peers are
os.environ.pop("OPENBLAS_CORETYPE", None)
# one core for all contenders, including the threads of JAX
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import importlib.util
import sys
from time import process_time
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.datasets import load_digits, load_iris, make_moons

from benchmarks.peers import by_sklearn, c_loop, ours
from benchmarks.peers.case import Case, check
from core.runs.cpu_kernels import kernels

if TYPE_CHECKING:
    from benchmarks.peers.case import Contender

TURNS: Final = 7
SECONDS: Final = 0.1
"""Least duration of a turn."""


def cases() -> list[Case]:
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    moons = make_moons(200, noise=0.2, random_state=0)
    iris, digits = load_iris(return_X_y=True), load_digits(return_X_y=True)
    pixels = digits[0] / 16, digits[1]
    return [
        _case("XOR (4), full batch", corners, (4,), 4, epochs=300),
        _case("moons (3), full batch", moons, (3,), 200, epochs=300),
        _case("moons (8), batch 20", moons, (8,), 20),
        _case("moons (8, 8), batch 32", moons, (8, 8), 32),
        _case("iris (64, 32), batch 32", iris, (64, 32), 32),
        _case("digits (64), batch 64", pixels, (64,), 64, many=10, epochs=20),
        _case("digits (256, 128), batch 64", pixels, (256, 128), 64, many=10, epochs=10),
    ]


def _case(
    name: str, data: Any, hidden: tuple[int, ...], batch: int, many: int = 100, epochs: int = 100
) -> Case:
    x, y = np.asarray(data[0], np.float32), np.asarray(data[1], np.int64)
    return Case(name, x, y, hidden, batch, many=many, epochs=epochs)


def contenders(case: Case) -> list[Contender]:
    """Return this engine first, then its peers; those that are not there are left out."""
    found = [ours.training(case), ours.measured(case)]
    loop = c_loop.contender(case)
    if loop is not None:
        found.append(loop)
    if _has("jax"):
        from benchmarks.peers import by_jax

        found += by_jax.contenders(case)
    if _has("torch"):
        from benchmarks.peers import by_torch

        found += by_torch.contenders(case)
    return found + by_sklearn.contenders(case)


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def turn(contender: Contender, epochs: int) -> float:
    """Return the microseconds of processor time per epoch, of training from the initial weights."""
    seconds, count = 0.0, 0
    while seconds < SECONDS:
        contender.reset()
        started = process_time()
        contender.train(epochs)
        seconds += process_time() - started
        count += epochs
    return seconds / count * 1e6


def measure(case: Case, found: list[Contender]) -> dict[str, list[float]]:
    """Return the times of all contenders, in alternating turns."""
    for each in found:
        each.reset()
        each.train(each.multiple)
    times: dict[str, list[float]] = {each.name: [] for each in found}
    for _ in range(TURNS):
        for each in found:
            times[each.name].append(turn(each, case.epochs))
    return times


def print_case(case: Case, times: dict[str, list[float]]) -> dict[str, str]:
    """Print the times of a case, and return the ratio of each peer to this engine."""
    print(f"\n{case.name}: {case.samples} samples, {case.epochs} epochs from the initial weights")
    mine = times["ours"]
    ratios = {}
    for name, taken in times.items():
        text = f"  {name:<24}{min(taken):>10,.2f} µs ({min(taken):,.2f} to {max(taken):,.2f})"
        if taken is not mine:
            within = [each / own for each, own in zip(taken, mine, strict=True)]
            ratios[name] = f"{_short(min(taken) / min(mine))}×"
            text = f"{text:<64}{ratios[name]} ({_short(min(within))} to {_short(max(within))})"
        print(text, flush=True)
    return {"ours": f"{min(mine):,.1f} µs", **ratios}


def _short(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.3f}"


def main() -> None:
    print(str(__doc__).split("\n", maxsplit=1)[0])
    print(f"processor functions: {kernels()}")
    for reason in (c_loop.missing(), *_left_out()):
        if reason:
            print(reason)
    chosen = sys.argv[1:]
    rows: dict[str, dict[str, str]] = {}
    for case in cases():
        if not chosen or any(word in case.name for word in chosen):
            found = contenders(case)
            # the same steps with one output, for scikit-learn
            single = [ours.training(case, "binary_cross_entropy")] if case.classes == 2 else []
            check(case, [*found[:1], *single, *found[1:]])
            rows[case.name] = print_case(case, measure(case, found))
    print("\nratios of the minima:\n")
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    print(" | ".join(["case", *names]))
    for title, row in rows.items():
        print(" | ".join([title, *(row.get(name, "–") for name in names)]))


def _left_out() -> list[str]:
    return [
        f"{name} is left out: it is not installed."
        for name, package in (("JAX", "jax"), ("PyTorch", "torch"))
        if not _has(package)
    ]


if __name__ == "__main__":
    main()
