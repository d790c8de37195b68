"""This engine: training alone, and with the loss and accuracy of training and test samples."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from benchmarks.peers.case import Contender
from core import RunConfig, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from benchmarks.peers.case import Case, Layers


def training(case: Case, loss: str = "softmax_cross_entropy") -> Contender:
    """Return the training steps alone, as the peers take them."""
    # a trainer has test samples, though nothing measures them
    trainer = _trainer(case, loss, tests=1)
    batches = trainer.batches

    def train(epochs: int) -> None:
        for _ in range(epochs):
            batches.begin()
            batches.advance(inf)
        batches.next = 0

    outputs = 1 if loss == "binary_cross_entropy" else None
    return _contender("ours", trainer, train, case.start(outputs), outputs)


def measured(case: Case) -> Contender:
    """Return whole epochs, which measure the training samples and as many test samples."""
    trainer = _trainer(case, "softmax_cross_entropy", tests=case.samples)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            trainer.train_epoch()

    return _contender("ours, measured", trainer, train, case.start())


def _trainer(case: Case, loss: str, tests: int) -> Trainer:
    config = RunConfig(
        hidden=case.hidden,
        batch_size=case.batch,
        learning_rate=case.rate,
        loss=loss,
        epochs=10**8,
    )
    return Trainer.from_data(config, case.x, case.y, case.x[:tests], case.y[:tests])


def _contender(
    name: str,
    trainer: Trainer,
    train: Callable[[int], object],
    start: Layers,
    outputs: int | None = None,
) -> Contender:
    network, batches = trainer.network, trainer.batches
    network.set_weights(*zip(*start, strict=True))
    state = trainer.state()

    def follow(order: NDArray[np.int64], epochs: int) -> None:
        for _ in range(epochs):
            batches.begin()
            if batches.order is not None:
                batches.order[:] = order
            batches.advance(inf)
        batches.next = 0

    def layers() -> Layers:
        return list(zip(network.weights, network.biases, strict=True))

    return Contender(name, lambda: trainer.restore(state), train, follow, layers, outputs)
