"""Microseconds per epoch compared with PyTorch eager, scikit-learn, and a compiled loop as the limit.

All contenders train the same network on the same data with the same batch size, Adam, tanh, softmax and
float32, on one thread, and shuffle every epoch. They take turns, so that a slower machine affects all
of them; medians are printed. This engine is measured without evaluation, like PyTorch, and with the
loss and accuracy of training and test samples (here equally many). scikit-learn is called once per
epoch, as a live display requires, and once for all epochs.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})

import sys
import warnings
from dataclasses import dataclass
from itertools import pairwise
from math import exp, inf, log
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numba
import numpy as np
import torch
from sklearn.datasets import load_digits, load_iris, make_moons
from sklearn.neural_network import MLPClassifier

from core import RunConfig, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

REPEATS: Final = 7
SECONDS: Final = 0.15
"""Approximate duration of a turn."""

RATE: Final = 0.01


@dataclass(frozen=True)
class Case:
    """One network on one data set."""

    name: str
    x: NDArray[np.float32]
    y: NDArray[np.int64]
    hidden: tuple[int, ...]
    batch: int

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1


def cases() -> list[Case]:
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([0, 1, 1, 0])
    moons = make_moons(200, noise=0.2, random_state=0)
    iris, digits = load_iris(return_X_y=True), load_digits(return_X_y=True)
    rows = [
        ("xor (4), full batch", corners, (4,), 4),
        ("moons (3), full batch", moons, (3,), 200),
        ("moons (8), batch 20", moons, (8,), 20),
        ("moons (8, 8), batch 32", moons, (8, 8), 32),
        ("iris (64, 32), batch 32", iris, (64, 32), 32),
        ("digits (64), batch 64", (digits[0] / 16, digits[1]), (64,), 64),
        ("digits (256, 128), batch 64", (digits[0] / 16, digits[1]), (256, 128), 64),
    ]
    return [
        Case(name, np.asarray(x, np.float32), np.asarray(y, np.int64), hidden, batch)
        for name, (x, y), hidden, batch in rows
    ]


def ours(case: Case) -> tuple[Trainer, Callable[[int], object], Callable[[int], object]]:
    config = RunConfig(hidden=case.hidden, batch_size=case.batch, learning_rate=RATE, epochs=10**8)
    trainer = Trainer.from_data(config, case.x, case.y, case.x[:1], case.y[:1])
    batches = trainer.batches

    def alone(epochs: int) -> None:
        for _ in range(epochs):
            batches.begin()
            batches.advance(inf)
        batches.next = 0

    whole = Trainer.from_data(config, case.x, case.y, case.x, case.y)

    def measured(epochs: int) -> None:
        for _ in range(epochs):
            whole.train_epoch()

    return trainer, alone, measured


def pytorch(case: Case) -> Callable[[int], object]:
    sizes = (case.x.shape[1], *case.hidden, case.classes)
    layers: list[torch.nn.Module] = []
    for inputs, units in pairwise(sizes):
        layers += [torch.nn.Linear(inputs, units), torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    loss = torch.nn.CrossEntropyLoss()
    x, y = torch.from_numpy(case.x), torch.from_numpy(case.y)
    whole = case.batch >= len(y)

    def step(inputs: torch.Tensor, targets: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss(model(inputs), targets).backward()
        optimizer.step()

    def train(epochs: int) -> None:
        for _ in range(epochs):
            if whole:
                step(x, y)
                continue
            order = torch.randperm(len(y))
            for start in range(0, len(y), case.batch):
                part = order[start : start + case.batch]
                step(x[part], y[part])

    return train


def _classifier(case: Case, **options: Any) -> MLPClassifier:
    return MLPClassifier(
        case.hidden,
        activation="tanh",
        alpha=0,
        batch_size=min(case.batch, len(case.y)),
        learning_rate_init=RATE,
        **options,
    )


def sklearn_by_epoch(case: Case) -> Callable[[int], object]:
    """Return a function that trains one epoch per call, as a live display requires."""
    model, classes = _classifier(case), np.arange(case.classes)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            model.partial_fit(case.x, case.y, classes=classes)

    return train


def sklearn_at_once(case: Case) -> Callable[[int], object]:
    def train(epochs: int) -> None:
        model = _classifier(case, max_iter=epochs, tol=0, n_iter_no_change=10**8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(case.x, case.y)

    return train


@numba.njit  # type: ignore[untyped-decorator]
def _compiled_update(w1: Any, b1: Any, w2: Any, b2: Any, g: Any, m: Any, v: Any, t: int) -> None:
    """One Adam step."""
    inputs, units = w1.shape
    outputs = len(b2)
    one, two = inputs * units, (inputs + 1) * units
    first = np.float32(1 / (1 - 0.9**t))
    second = np.float32(1 / (1 - 0.999**t))
    for p in range(g.size):
        m[p] = np.float32(0.9) * m[p] + np.float32(0.1) * g[p]
        v[p] = np.float32(0.999) * v[p] + np.float32(0.001) * g[p] * g[p]
        change = np.float32(0.01) * m[p] * first / (np.sqrt(v[p] * second) + np.float32(1e-8))
        if p < one:
            w1[p // units, p % units] -= change
        elif p < two:
            b1[p - one] -= change
        elif p < two + units * outputs:
            w2[(p - two) // outputs, (p - two) % outputs] -= change
        else:
            b2[p - two - units * outputs] -= change


@numba.njit  # type: ignore[untyped-decorator]
def _compiled_epoch(
    x: Any,
    y: Any,
    order: Any,
    batch: int,
    w1: Any,
    b1: Any,
    w2: Any,
    b2: Any,
    g: Any,
    m: Any,
    v: Any,
    t: int,
) -> int:
    """Train one epoch of a network with one hidden layer, with all operations fused into loops."""
    samples, inputs = x.shape
    units, outputs = w2.shape
    a = np.empty(units, np.float32)
    z = np.empty(outputs, np.float32)
    start = 0
    while start < samples:
        stop = min(start + batch, samples)
        count = np.float32(stop - start)
        g[:] = 0
        one, two = inputs * units, (inputs + 1) * units
        for at in range(start, stop):
            row = order[at]
            for j in range(units):
                total = b1[j]
                for i in range(inputs):
                    total += x[row, i] * w1[i, j]
                a[j] = np.tanh(total)
            highest = np.float32(-1e30)
            for k in range(outputs):
                total = b2[k]
                for j in range(units):
                    total += a[j] * w2[j, k]
                z[k] = total
                highest = max(highest, total)
            whole = np.float32(0)
            for k in range(outputs):
                z[k] = np.exp(z[k] - highest)
                whole += z[k]
            for k in range(outputs):
                z[k] = z[k] / whole / count
            z[y[row]] -= np.float32(1) / count
            for k in range(outputs):
                g[two + units * outputs + k] += z[k]
            for j in range(units):
                back = np.float32(0)
                for k in range(outputs):
                    g[two + j * outputs + k] += a[j] * z[k]
                    back += w2[j, k] * z[k]
                back *= np.float32(1) - a[j] * a[j]
                g[one + j] += back
                for i in range(inputs):
                    g[i * units + j] += x[row, i] * back
        t += 1
        _compiled_update(w1, b1, w2, b2, g, m, v, t)
        start = stop
    return t


def compiled(case: Case) -> Callable[[int], object] | None:
    if len(case.hidden) != 1:
        return None
    rng = np.random.default_rng(0)
    inputs, (units,), outputs = case.x.shape[1], case.hidden, case.classes
    w1 = rng.normal(0, 0.3, (inputs, units)).astype(np.float32)
    w2 = rng.normal(0, 0.3, (units, outputs)).astype(np.float32)
    b1, b2 = np.zeros(units, np.float32), np.zeros(outputs, np.float32)
    g, m, v = (np.zeros(w1.size + units + w2.size + outputs, np.float32) for _ in range(3))
    order = np.arange(len(case.y))
    state = {"t": 0}

    def train(epochs: int) -> None:
        for _ in range(epochs):
            if case.batch < len(order):
                rng.shuffle(order)
            state["t"] = _compiled_epoch(
                case.x, case.y, order, case.batch, w1, b1, w2, b2, g, m, v, state["t"]
            )

    train(3)
    return train


def microseconds(contenders: list[Callable[[int], object] | None]) -> list[float | None]:
    """Return the median time per epoch of each contender, measured in turns."""
    epochs = []
    for each in contenders:
        if each is not None:
            each(3)
            started = perf_counter()
            each(5)
            epochs.append(max(5, int(5 * SECONDS / (perf_counter() - started))))
        else:
            epochs.append(0)
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(REPEATS):
        for each, count, taken in zip(contenders, epochs, times, strict=True):
            if each is not None:
                started = perf_counter()
                each(count)
                taken.append((perf_counter() - started) / count * 1e6)
    return [median(taken) if taken else None for taken in times]


def geometric_mean(values: list[float]) -> float:
    return exp(sum(map(log, values)) / len(values))


def main() -> None:
    torch.set_num_threads(1)
    chosen = sys.argv[1:]
    print("microseconds per epoch, medians; one thread, float32, tanh, softmax, Adam\n")
    heads = ["ours", "measured", "PyTorch", "ratio", "partial_fit", "ratio", "fit", "ratio"]
    heads += ["compiled", "ours by it", "calls/step"]
    print(f"{'':<28}" + "".join(f"{head:>12}" for head in heads))
    ratios: list[list[float]] = [[], [], []]
    for case in cases():
        if chosen and not any(word in case.name for word in chosen):
            continue
        trainer, alone, measured = ours(case)
        peers = [pytorch(case), sklearn_by_epoch(case), sklearn_at_once(case)]
        times = microseconds([alone, measured, *peers, compiled(case)])
        mine, limit = times[0] or inf, times[-1]
        shown = [f"{mine:,.1f}", f"{times[1]:,.1f}"]
        for peer, known in zip(times[2:5], ratios, strict=True):
            known.append((peer or inf) / mine)
            shown += [f"{peer:,.0f}", f"{known[-1]:.1f}"]
        shown += ["–", "–"] if limit is None else [f"{limit:,.1f}", f"{mine / limit:.2f}"]
        shown.append(f"{trainer.batches.calls - 1}")  # without the call that counts the step
        print(f"{case.name:<28}" + "".join(f"{text:>12}" for text in shown), flush=True)
    eager, by_epoch, at_once = (geometric_mean(known) for known in ratios)
    print(
        f"\ngeometric means of peer / ours: PyTorch {eager:.1f} (wanted 17), least {min(ratios[0]):.1f} "
        f"(wanted 3); scikit-learn epoch by epoch {by_epoch:.1f} (wanted 14), at once {at_once:.1f}"
    )


if __name__ == "__main__":
    main()
