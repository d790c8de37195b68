"""`nnfs-tui check`: compares backpropagation with central differences, layer by layer, for any run."""

from __future__ import annotations

from textwrap import fill
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from core.datasets.prepare import prepare
from core.nn.gradcheck import STEP, TOLERANCE, Objective, check_gradients
from core.nn.initializers import INITIALIZERS
from core.nn.regularization import Penalty
from core.randomness import stream
from core.training.components import build_network, memory_of_training
from tui.drawing import number_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.nn.gradcheck import TensorCheck
    from core.nn.network import Network

SAMPLES: Final = 32
"""Number of training samples: more add time, but no information."""

MOST_OF_A_TENSOR: Final = 400
"""Numbers that are checked per tensor, since each takes two passes."""

SECONDS: Final = 20.0
"""Approximate limit of the duration: in a slow network fewer numbers are checked."""

KINKED: Final = ("relu", "leaky_relu")
HEADINGS: Final = ("layer", "tensor", "numbers", "‖gradient‖", "ratio")


@np.errstate(all="ignore")  # the table shows overflows
def check(config: RunConfig, perturb: Callable[[Array], None] | None = None) -> int:
    """Print the comparison, one tensor per line, and a verdict; return the exit status.

    Args:
        config: the run, which is checked in float64 regardless of its own precision.
        perturb: function that changes the gradient first, to make the check fail in tests.
    """
    config = config.changed(dtype="float64")
    data = prepare(config)
    with memory_of_training(config, data):
        return _check(config, data, perturb)


def _check(config: RunConfig, data: DataSplit, perturb: Callable[[Array], None] | None) -> int:
    network = build_network(config, data)
    _draw(network, config)
    x, y = data.x_train[:SAMPLES], data.y_train[:SAMPLES]
    penalty = None
    if config.penalized:
        penalty = Penalty(network, config.l1, config.l2, config.penalize_biases)
    dropped = ", without dropout" if any(config.dropouts) else ""
    print(f"{config.describe(network.sizes)}\n{network.loss.name}, {len(y)} samples{dropped}\n")  # noqa: T201
    print(_row(HEADINGS))  # noqa: T201
    checks: list[TensorCheck] = []
    names = [*config.activations, "output"]
    objective = Objective(network, x, y, penalty)
    objective.value()
    started = perf_counter()
    objective.value()
    passes = SECONDS / max(perf_counter() - started, 1e-6)
    tensors = sum(
        3 if layer.norm is not None else 2 if layer.biases.size else 1 for layer in network.layers
    )
    most = min(MOST_OF_A_TENSOR, max(3, int(passes / 2 / tensors)))
    for each in check_gradients(network, x, y, penalty, perturb, most):
        checks.append(each)
        layer = f"{each.layer} {names[each.layer - 1]}"
        count = f"{each.size:,}"
        if each.checked < each.size:
            count = f"{each.checked} of {count}"
        ratio = f"{each.ratio:.1e}" if each.ratio else "0"
        verdict = "agrees" if each.passed else "DIFFERS"
        if not each.norm and each.passed:
            verdict = "both zero"
        print(_row((layer, each.name, count, number_format.brief(each.norm), ratio)), verdict)  # noqa: T201
    print(f"\n{fill(_meaning(checks, config), 88)}")  # noqa: T201
    return 0 if all(each.passed for each in checks) else 1


def _draw(network: Network, config: RunConfig) -> None:
    """Draw the weights of the run, and nonzero biases: some activations have a kink at zero."""
    initializer, rng = INITIALIZERS[config.initializer], stream(config.seed, "weights")
    network.initialize(initializer, rng)
    for layer in network.layers:
        layer.biases[:] = rng.normal(0, 0.3, layer.biases.shape)
        if layer.norm is not None:
            layer.norm.gamma[:] = rng.uniform(0.5, 1.5, layer.units)
            layer.norm.beta[:] = rng.normal(0, 0.3, layer.units)


def _row(texts: tuple[str, ...]) -> str:
    layer, tensor, count, norm, ratio = texts
    return f"{layer:<14}{tensor:<10}{count:>16}{norm:>14}{ratio:>12} "


def _meaning(checks: list[TensorCheck], config: RunConfig) -> str:
    different = [f"{each.name} of layer {each.layer}" for each in checks if not each.passed]
    how = (
        f"ratio = |a − n| / (|a| + |n|), with a by backpropagation and n by central differences of "
        f"the loss, h = {STEP:g}, in float64. Below {TOLERANCE:g} the two agree; a gradient that is "
        "1 % wrong gives 5e-3."
    )
    if not any(each.norm for each in checks):
        return f"Every gradient is zero: there is nothing to compare. {how}"
    zero = sum(not each.norm for each in checks)
    if not different and zero:
        others = len(checks) - zero
        return f"{others} tensors agree, and the gradients of {zero} are zero in both. {how}"
    if not different:
        return f"All {len(checks)} tensors agree: backpropagation is right for this run. {how}"
    kinks = ""
    if set(config.activations) & set(KINKED) or config.loss in {"hinge", "mean_absolute_error"}:
        kinks = (
            " A slightly larger ratio may be due to a kink between the points: try another --seed."
        )
    return f"Backpropagation is wrong, or not smooth, in {', '.join(different)}. {how}{kinks}"
