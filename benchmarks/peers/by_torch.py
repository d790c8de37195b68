"""PyTorch: as its tutorials train, with the fused Adam on plain tensors, and written by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks.peers.case import BETA1, BETA2, EPSILON, Contender

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.peers.case import Case, Layers

    Step = Callable[[torch.Tensor, torch.Tensor], object]


def contenders(case: Case) -> list[Contender]:
    """Return the three ways to train in PyTorch."""
    torch.set_num_threads(1)
    return [_eager(case), _fused(case), _by_hand(case)]


class _Samples:
    """Samples, and the loops over epochs and batches that all three share."""

    def __init__(
        self, case: Case, x: torch.Tensor | None = None, y: torch.Tensor | None = None
    ) -> None:
        self._x = torch.from_numpy(case.x) if x is None else x
        self._y = torch.from_numpy(case.y) if y is None else y
        self._batch, self._is_full = case.batch, case.is_full

    def train(self, step: Step, epochs: int) -> None:
        for _ in range(epochs):
            if self._is_full:
                step(self._x, self._y)
            else:
                self._epoch(step, torch.randperm(len(self._y)))

    def follow(self, step: Step, order: NDArray[np.int64], epochs: int) -> None:
        for _ in range(epochs):
            self._epoch(step, torch.from_numpy(order))

    def _epoch(self, step: Step, order: torch.Tensor) -> None:
        # one copy of all samples, and views of it, take less time than a copy for each batch
        x, y = self._x[order], self._y[order]
        for inputs, classes in zip(x.split(self._batch), y.split(self._batch), strict=True):
            step(inputs, classes)


def _eager(case: Case) -> Contender:
    sizes = (case.x.shape[1], *case.hidden, case.classes)
    modules: list[torch.nn.Module] = []
    for inputs, units in pairwise(sizes):
        modules += [torch.nn.Linear(inputs, units), torch.nn.Tanh()]
    model = torch.nn.Sequential(*modules[:-1])
    loss = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=case.rate)
    linear: list[Any] = modules[::2]
    samples = _Samples(case)

    def reset() -> None:
        nonlocal optimizer
        with torch.no_grad():
            for module, (weights, biases) in zip(linear, case.start(), strict=True):
                module.weight.copy_(torch.from_numpy(weights.T))
                module.bias.copy_(torch.from_numpy(biases))
        optimizer = torch.optim.Adam(model.parameters(), lr=case.rate)

    def step(inputs: torch.Tensor, classes: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss(model(inputs), classes).backward()
        optimizer.step()

    def layers() -> Layers:
        return [(each.weight.detach().numpy().T, each.bias.detach().numpy()) for each in linear]

    return Contender(
        "torch nn.Module",
        reset,
        lambda epochs: samples.train(step, epochs),
        lambda order, epochs: samples.follow(step, order, epochs),
        layers,
    )


def _fused(case: Case) -> Contender:
    parameters = [
        torch.from_numpy(each.copy()).requires_grad_() for layer in case.start() for each in layer
    ]
    optimizer = torch.optim.Adam(parameters, lr=case.rate, fused=True)
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    samples = _Samples(case)

    def reset() -> None:
        nonlocal optimizer
        with torch.no_grad():
            for layer, pair in zip(case.start(), pairs, strict=True):
                for values, parameter in zip(layer, pair, strict=True):
                    parameter.copy_(torch.from_numpy(values))
        optimizer = torch.optim.Adam(parameters, lr=case.rate, fused=True)

    def step(inputs: torch.Tensor, classes: torch.Tensor) -> None:
        values = inputs
        for weights, biases in pairs[:-1]:
            values = torch.addmm(biases, values, weights).tanh()
        logits = torch.addmm(pairs[-1][1], values, pairs[-1][0])
        loss = torch.nn.functional.cross_entropy(logits, classes)
        for parameter, gradient in zip(
            parameters, torch.autograd.grad(loss, parameters), strict=True
        ):
            parameter.grad = gradient
        optimizer.step()

    def layers() -> Layers:
        return [(weights.detach().numpy(), biases.detach().numpy()) for weights, biases in pairs]

    return Contender(
        "torch fused Adam",
        reset,
        lambda epochs: samples.train(step, epochs),
        lambda order, epochs: samples.follow(step, order, epochs),
        layers,
    )


class _ByHand:
    """Forward pass, backward pass and Adam as calls with `out=` on buffers that are allocated once.

    As in this engine, inputs and outputs of each layer have a last column of ones, so that weights and
    biases are one matrix, and all matrices are one vector.
    """

    def __init__(self, case: Case) -> None:
        start = [np.vstack(layer) for layer in case.start()]
        self._start = torch.from_numpy(np.concatenate([each.ravel() for each in start]))
        self.parameters = self._start.clone()
        self._gradient, self._first, self._second, self._scratch = (
            torch.zeros_like(self.parameters) for _ in range(4)
        )
        sizes = [each.size for each in start]
        self.matrices, gradients = (
            [part.view(each.shape) for part, each in zip(flat.split(sizes), start, strict=True)]
            for flat in (self.parameters, self._gradient)
        )
        self._rate, self._steps = case.rate, 0
        self._programs: dict[int, Callable[[torch.Tensor, torch.Tensor], None]] = {
            count: self._program(count, gradients)
            for count in {min(case.batch, case.samples), case.samples % case.batch} - {0}
        }

    def reset(self) -> None:
        self.parameters.copy_(self._start)
        self._first.zero_()
        self._second.zero_()
        self._steps = 0

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        self._programs[len(inputs)](inputs, targets)
        self._adam()

    def _program(
        self, count: int, gradients: list[torch.Tensor]
    ) -> Callable[[torch.Tensor, torch.Tensor], None]:
        """Return the function that writes the gradient for batches of one size."""
        outputs = [torch.ones(count, each.shape[1] + 1) for each in self.matrices[:-1]]
        values = [each[:, :-1] for each in outputs]
        logits, *deltas = [torch.empty(count, each.shape[1]) for each in self.matrices[::-1]]
        last, delta = self.matrices[-1], torch.empty_like(logits)
        hidden = list(zip(self.matrices[:-1], outputs, values, strict=True))
        back = list(
            zip(
                [each[:-1].t() for each in self.matrices[:0:-1]],
                [each.t() for each in outputs[::-1]],
                values[::-1],
                deltas,
                gradients[:0:-1],
                strict=True,
            )
        )
        first_gradient, share = gradients[0], 1 / count
        mm, addmm, tanh = torch.mm, torch.addmm, torch.tanh
        tanh_back = torch.ops.aten.tanh_backward.grad_input

        def program(inputs: torch.Tensor, targets: torch.Tensor) -> None:
            below = inputs
            for matrix, whole, block in hidden:
                mm(below, matrix, out=block)
                tanh(block, out=block)
                below = whole
            mm(below, last, out=logits)
            torch.softmax(logits, 1, out=delta)
            above = delta.sub_(targets)
            for weights, transposed, block, out, gradient in back:
                # the batch size divides each gradient, at no cost
                addmm(gradient, transposed, above, beta=0, alpha=share, out=gradient)
                mm(above, weights, out=out)
                above = tanh_back(out, block, grad_input=out)
            addmm(first_gradient, inputs.t(), above, beta=0, alpha=share, out=first_gradient)

        return program

    def _adam(self) -> None:
        self._steps += 1
        gradient, first, second, scratch = self._gradient, self._first, self._second, self._scratch
        first.lerp_(gradient, 1 - BETA1)
        second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        # ε and the learning rate are rescaled instead of both moments
        root = (1 - BETA2**self._steps) ** 0.5
        torch.sqrt(second, out=scratch).add_(EPSILON * root)
        self.parameters.addcdiv_(
            first, scratch, value=-self._rate * root / (1 - BETA1**self._steps)
        )


def _by_hand(case: Case) -> Contender:
    network = _ByHand(case)
    samples = _Samples(
        case,
        torch.from_numpy(np.hstack([case.x, np.ones((case.samples, 1), np.float32)])),
        torch.eye(case.classes)[torch.from_numpy(case.y)],
    )

    def train(epochs: int) -> None:
        with torch.inference_mode():
            samples.train(network.step, epochs)

    def follow(order: NDArray[np.int64], epochs: int) -> None:
        with torch.inference_mode():
            samples.follow(network.step, order, epochs)

    def layers() -> Layers:
        return [(each[:-1].numpy(), each[-1].numpy()) for each in network.matrices]

    return Contender("torch by hand, out=", network.reset, train, follow, layers)
