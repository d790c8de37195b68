"""Largest difference between each formula and PyTorch's result in float64; the target is below 1e-10.

Optimisers and whole networks take 100 steps. Deliberate differences are noted on their line. The exit
status is 1 if any difference is larger.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

from core import RunConfig, Trainer
from core.config.run_config import setting
from core.nn.activations import ACTIVATIONS
from core.nn.calls import run
from core.nn.initializers import INITIALIZERS
from core.nn.layers import Layer, TrainingPass
from core.nn.losses import LOSSES, Loss, balanced_class_weights
from core.nn.optimizers import OPTIMIZERS, Hyperparameters
from core.nn.regularization import clip_norm
from core.nn.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WANTED: Final = 1e-10
STEPS: Final = 100


def difference(ours: Any, theirs: Any) -> float:
    """Return the largest absolute difference, relative to values above 1."""
    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    return float(np.max(np.abs(a - b) / np.maximum(1.0, np.abs(b))))


def optimizers() -> Iterator[tuple[str, float]]:
    rows: list[tuple[str, Hyperparameters, Callable[[list[nn.Parameter]], torch.optim.Optimizer]]]
    optim = torch.optim
    rows = [
        ("sgd", Hyperparameters(0.05), lambda p: optim.SGD(p, 0.05)),
        ("momentum", Hyperparameters(0.05), lambda p: optim.SGD(p, 0.05, momentum=0.9)),
        ("nesterov", Hyperparameters(0.05, 0.8), lambda p: optim.SGD(p, 0.05, 0.8, nesterov=True)),
        ("adagrad", Hyperparameters(0.05), lambda p: optim.Adagrad(p, 0.05)),
        ("rmsprop", Hyperparameters(0.01), lambda p: optim.RMSprop(p, 0.01)),
        ("rmsprop", Hyperparameters(0.01, 0.7), lambda p: optim.RMSprop(p, 0.01, momentum=0.7)),
        ("adam", Hyperparameters(0.01), lambda p: optim.Adam(p, 0.01)),
        (
            "adamw",
            Hyperparameters(0.01, None, 0.1),
            lambda p: optim.AdamW(p, 0.01, weight_decay=0.1),
        ),
    ]
    rng = np.random.default_rng(0)
    for size in (20, 5000):  # Adam has one code path for few parameters and one for many
        start, gradients = rng.normal(size=size), rng.normal(size=(STEPS, size))
        for name, settings, make in rows:
            ours = start.copy()
            optimizer = OPTIMIZERS[name](ours, settings)
            theirs = nn.Parameter(torch.tensor(start))
            other = make([theirs])
            for gradient in gradients:
                optimizer.gradient[:] = gradient
                optimizer.step()
                theirs.grad = torch.tensor(gradient)
                other.step()
            momentum = "" if settings.momentum is None else f", momentum {settings.momentum}"
            yield f"{name}{momentum}, {size} parameters", difference(ours, theirs.detach())


def schedules() -> Iterator[tuple[str, float]]:
    schedulers = torch.optim.lr_scheduler
    rows: list[tuple[str, dict[str, Any], Callable[[Any], Any]]] = [
        ("step", {"epochs": 30, "decay": 0.5}, lambda o: schedulers.StepLR(o, 30, 0.5)),
        ("exponential", {"decay": 0.97}, lambda o: schedulers.ExponentialLR(o, 0.97)),
        (
            "inverse_time",
            {"decay": 0.1},
            lambda o: schedulers.LambdaLR(o, lambda t: 1 / (1 + 0.1 * t)),
        ),
        (
            "cosine",
            {"min_learning_rate": 0.01},
            lambda o: schedulers.CosineAnnealingLR(o, STEPS, 0.01),
        ),
        ("linear", {}, lambda o: schedulers.LinearLR(o, 1.0, 0.0, STEPS)),
        (
            "cosine after a warm-up of 9",
            {"warmup": 9, "epochs": STEPS},
            lambda o: schedulers.SequentialLR(
                o,
                [schedulers.LinearLR(o, 0.1, 1.0, 9), schedulers.CosineAnnealingLR(o, STEPS)],
                [9],
            ),
        ),
    ]
    for name, options, make in rows:
        schedule = Schedule.create(name.split()[0], 0.1, run_epochs=STEPS, **options)
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1)
        scheduler = make(optimizer)
        theirs = []
        for _ in range(STEPS):
            theirs.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        yield name, difference([schedule.rate(epoch) for epoch in range(STEPS)], theirs)
    losses = np.repeat(np.random.default_rng(0).uniform(0.5, 1, 12), 9)[:STEPS]
    schedule = Schedule.create("plateau", 0.1, run_epochs=STEPS, epochs=4, decay=0.3)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.1)
    # by default PyTorch skips changes of the rate below 1e-8; ours has no such rule
    plateau = schedulers.ReduceLROnPlateau(optimizer, factor=0.3, patience=4, eps=0.0)
    ours, theirs = [], []
    for epoch, loss in enumerate(losses.tolist()):
        schedule.observe(loss)
        plateau.step(loss)
        ours.append(schedule.rate(epoch))
        theirs.append(optimizer.param_groups[0]["lr"])
    yield "plateau", difference(ours, theirs)


def activations() -> Iterator[tuple[str, float]]:
    functions: dict[str, Any] = {
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": torch.relu,
        "leaky_relu": nn.functional.leaky_relu,
        "elu": nn.functional.elu,
        "selu": nn.functional.selu,
        "gelu": nn.functional.gelu,
        "softplus": lambda z: nn.functional.softplus(
            z, threshold=1000.0
        ),  # default 20: linear above it
        "swish": nn.functional.silu,
        "linear": lambda z: z,
    }
    values = np.concatenate([np.linspace(-30, 30, 601), np.random.default_rng(0).normal(size=200)])
    for name, activation in ACTIVATIONS.items():
        z = values.reshape(1, -1).copy()
        a = np.empty_like(z) if activation.keeps_input else z
        delta = np.ones_like(z)
        run([*activation.forward(z, a), *activation.backward(z, a, delta)])
        theirs = torch.tensor(values, requires_grad=True)
        output = functions[name](theirs)
        output.sum().backward()
        yield f"{name}, value", difference(a[0], output.detach())
        assert theirs.grad is not None
        yield f"{name}, slope", difference(delta[0], theirs.grad)


def losses() -> Iterator[tuple[str, float]]:
    rng = np.random.default_rng(0)
    f = nn.functional
    labels = rng.integers(0, 4, 50)
    two = labels % 2
    numbers = rng.normal(size=(50, 4))
    rows: list[tuple[str, dict[str, Any], Any, Any]] = [
        ("softmax_cross_entropy", {}, labels, f.cross_entropy),
        ("softmax_cross_entropy", {}, two, f.cross_entropy),
        (
            "softmax_cross_entropy",
            {"label_smoothing": 0.1},
            labels,
            lambda z, y: f.cross_entropy(z, y, label_smoothing=0.1),
        ),
        (
            "softmax_cross_entropy",
            {"label_smoothing": 0.1},
            two,
            lambda z, y: f.cross_entropy(z, y, label_smoothing=0.1),
        ),
        (
            "binary_cross_entropy",
            {},
            two,
            lambda z, y: f.binary_cross_entropy_with_logits(z[:, 0], y.double()),
        ),
        ("hinge", {}, labels, f.multi_margin_loss),
        ("mean_squared_error", {}, numbers, f.mse_loss),
        ("mean_absolute_error", {}, numbers, f.l1_loss),
        ("huber", {}, numbers, f.huber_loss),
        ("huber", {"huber_delta": 0.4}, numbers, lambda z, y: f.huber_loss(z, y, delta=0.4)),
    ]
    for name, options, y, function in rows:
        classes = 0 if y.ndim == 2 else int(y.max()) + 1
        loss = LOSSES[name](classes, 0 if classes else 4, **options)
        for scale in (1.0, 300.0):
            z = rng.normal(size=(loss.outputs, 50)) * scale
            mean, delta = loss_and_gradient(loss, z, y)
            theirs = torch.tensor(z.T.copy(), requires_grad=True)
            output = function(theirs, torch.tensor(y))
            output.backward()
            assert theirs.grad is not None
            told = ", ".join([name, *(f"{key} {value}" for key, value in options.items())])
            told += f", {classes} classes" if classes else ", numbers"
            told += f", logits of {scale:g}"
            yield f"{told}: value", difference(mean, output.detach())
            yield f"{told}: gradient", difference(delta.T, theirs.grad)


def weighted_losses() -> Iterator[tuple[str, float]]:
    """Compare losses with class weights; all are divided by the sum of the weights."""
    rng = np.random.default_rng(0)
    f = nn.functional
    for classes in (2, 4):
        y = rng.integers(0, classes, 50)
        y[:25] = 0
        counts = np.bincount(y, minlength=classes).tolist()
        weights = balanced_class_weights(counts)
        w, labels = torch.tensor(weights, dtype=torch.float64), torch.tensor(y)

        def of_each(losses: Any) -> Any:
            return (losses * w[labels]).sum() / w[labels].sum()  # noqa: B023

        rows: list[tuple[str, float, Any]] = [
            *(
                (
                    "softmax_cross_entropy",
                    smoothing,
                    lambda z, s: f.cross_entropy(z, labels, w, label_smoothing=s),  # noqa: B023
                )
                for smoothing in (0.0, 0.1)
            ),
            (
                "hinge",
                0.0,
                # weight= would divide by the number of samples
                lambda z, _: of_each(f.multi_margin_loss(z, labels, reduction="none")),  # noqa: B023
            ),
            (
                "mean_squared_error",
                0.0,
                lambda z, _: of_each(
                    f.mse_loss(z, f.one_hot(labels).double(), reduction="none").mean(1)  # noqa: B023
                ),
            ),
        ]
        if classes == 2:
            rows += [
                (
                    "binary_cross_entropy",
                    0.0,
                    lambda z, _: of_each(
                        f.binary_cross_entropy_with_logits(
                            z[:, 0],
                            labels.double(),  # noqa: B023
                            reduction="none",
                        )
                    ),
                ),
                (
                    "binary_cross_entropy",
                    0.1,
                    lambda z, s: f.cross_entropy(
                        torch.cat([torch.zeros_like(z), z], 1),
                        labels,  # noqa: B023
                        w,  # noqa: B023
                        label_smoothing=s,
                    ),
                ),
            ]
        for name, smoothing, function in rows:
            loss = LOSSES[name](classes, label_smoothing=smoothing, class_weights=weights)
            for scale in (1.0, 300.0):
                z = rng.normal(size=(loss.outputs, 50)) * scale
                mean, delta = loss_and_gradient(loss, z, y)
                theirs = torch.tensor(z.T.copy(), requires_grad=True)
                output = function(theirs, smoothing)
                output.backward()
                told = f"{name}{f', label_smoothing {smoothing}' if smoothing else ''}"
                told += f", {classes} classes, logits of {scale:g}"
                yield f"{told}: value", difference(mean, output.detach())
                yield f"{told}: gradient", difference(delta.T, theirs.grad)


def loss_and_gradient(loss: Loss, z: Any, y: Any) -> tuple[float, Any]:
    """Return the mean loss and its gradient, (outputs, samples)."""
    targets, delta = np.ascontiguousarray(loss.encode(y).T), np.empty_like(z)
    gradient, value = loss.gradient(z, delta), loss.value(z, targets)
    run([*gradient.before, *gradient.against(targets * gradient.scale), *gradient.after])
    run(value.calls)
    return value.total() / value.weight, delta


def batch_norm() -> Iterator[tuple[str, float]]:
    rng = np.random.default_rng(0)
    units, samples = 5, 16
    parameters = np.concatenate(
        [np.eye(units).ravel(), rng.uniform(0.5, 1.5, units), rng.normal(size=units)]
    )
    statistics = np.concatenate([np.zeros(units), np.ones(units)])
    layer = Layer(units, units, ACTIVATIONS["linear"], parameters, statistics)
    gradient = np.empty_like(parameters)
    ours = TrainingPass(layer, samples, gradient)
    theirs = nn.BatchNorm1d(units, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight[:] = torch.tensor(parameters[-2 * units : -units])
        theirs.bias[:] = torch.tensor(parameters[-units:])
    worst = dict.fromkeys(("output", "dx", "gamma", "beta", "running statistics"), 0.0)
    for _ in range(STEPS):
        x, dy = rng.normal(1, 3, (samples, units)), rng.normal(size=(samples, units))
        inputs = np.vstack([x.T, np.ones(samples)])
        run([ours.dense(inputs), *ours.after_dense])
        ours.delta[:] = dy.T
        run([*ours.backward(None), ours.gradient(inputs)])
        tensor = torch.tensor(x, requires_grad=True)
        theirs.zero_grad()
        output = theirs(tensor)
        output.backward(torch.tensor(dy))
        assert tensor.grad is not None
        assert theirs.weight.grad is not None
        assert theirs.running_mean is not None
        assert theirs.running_var is not None
        running = torch.cat([theirs.running_mean, theirs.running_var])
        pairs: dict[str, tuple[Any, Any]] = {
            "output": (ours.values.T, output.detach()),
            "dx": (ours.delta.T, tensor.grad),
            "gamma": (gradient[-2 * units : -units], theirs.weight.grad),
            "beta": (gradient[-units:], theirs.bias.grad),
            "running statistics": (statistics, running),
        }
        for name, (mine, other) in pairs.items():
            worst[name] = max(worst[name], difference(mine, other))
    yield from ((f"batch norm, {name}", value) for name, value in worst.items())


def initializers() -> Iterator[tuple[str, float]]:
    """Compare the range or standard deviation with which each generator is called."""
    init = nn.init
    theirs: dict[str, Callable[[torch.Tensor], Any]] = {
        "glorot": init.xavier_uniform_,
        "he": lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
        "lecun": lambda w: init.kaiming_uniform_(w, nonlinearity="linear"),
        "glorot_normal": init.xavier_normal_,
        "he_normal": lambda w: init.kaiming_normal_(w, nonlinearity="relu"),
        "lecun_normal": lambda w: init.kaiming_normal_(w, nonlinearity="linear"),
    }

    class Asked:
        """Generator that records the spread with which it is called."""

        def __init__(self) -> None:
            self.spread = 0.0

        def uniform(self, _: float, high: float, size: tuple[int, int]) -> Any:
            self.spread = high
            return np.zeros(size)

        def normal(self, _: float, scale: float, size: tuple[int, int]) -> Any:
            self.spread = scale
            return np.zeros(size)

    for name, function in theirs.items():
        asked = Asked()
        INITIALIZERS[name].draw(asked, 30, 20)
        seen: list[float] = []

        class Weights(torch.Tensor):  # type: ignore[misc]
            """Tensor that records the bounds with which it is filled."""

            def uniform_(self, *bounds: float, **_: Any) -> Any:
                seen.append(bounds[1])  # noqa: B023
                return self

            def normal_(self, *of: float, **_: Any) -> Any:
                seen.append(of[1])  # noqa: B023
                return self

        function(torch.zeros(20, 30, dtype=torch.float64).as_subclass(Weights))
        yield name, difference(asked.spread, seen[-1])


def clipping() -> Iterator[tuple[str, float]]:
    gradient = np.random.default_rng(0).normal(size=30) * 4
    theirs = nn.Parameter(torch.zeros(30, dtype=torch.float64))
    theirs.grad = torch.tensor(gradient)
    nn.utils.clip_grad_norm_([theirs], 1.5)
    run(clip_norm(gradient, 1.5))
    yield "clipping by norm", difference(gradient, theirs.grad)


def whole_networks() -> Iterator[tuple[str, float]]:
    """Compare the parameters after 100 epochs, from the same weights and in the same order."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 3)), rng.integers(0, 3, 40)
    y[:20] = 0
    for optimizer, options in (
        ("adam", {}),
        ("rmsprop", {}),
        ("adam", {"batch_norm": True}),
        ("nesterov", {"batch_norm": True}),
        ("adam", {"bias": False}),
        ("nesterov", {"bias": False, "batch_norm": True}),
        ("adam", {"class_weight": "balanced"}),
        ("nesterov", {"class_weight": "balanced", "batch_size": 12, "label_smoothing": 0.1}),
    ):
        base: dict[str, Any] = {"batch_size": "full", **options}
        config = RunConfig(
            hidden=(6, 5),
            activation=("tanh", "gelu"),
            optimizer=optimizer,
            learning_rate=0.01,
            l2=0.01,
            clip_norm=0.5,
            dtype="float64",
            **base,
        )
        trainer = Trainer.from_data(config, x, y, x, y)
        told = "".join(f", {name} {setting(name).write(value)}" for name, value in options.items())
        yield f"3-6-5-3, {optimizer}, L2, clipped{told}", _worst_of_network(trainer, x, y)


def _worst_of_network(trainer: Trainer, x: Any, y: Any) -> float:
    """Train together with PyTorch; return the largest difference of weights and predictions."""
    config = trainer.config
    modules: list[nn.Module] = []
    for layer, activation in zip(trainer.network.layers, (nn.Tanh(), nn.GELU(), None), strict=True):
        has_bias = config.bias and layer.norm is None
        linear = nn.Linear(layer.inputs, layer.units, bias=has_bias, dtype=torch.float64)
        with torch.no_grad():
            linear.weight[:] = torch.tensor(layer.weights.T.copy())
            if has_bias:
                linear.bias[:] = torch.tensor(layer.biases)
        modules.append(linear)
        if layer.norm is not None:
            modules.append(nn.BatchNorm1d(layer.units, dtype=torch.float64))
        if activation is not None:
            modules.append(activation)
    model = nn.Sequential(*modules)
    make: Any = {
        "adam": lambda p: torch.optim.Adam(p, 0.01),
        "rmsprop": lambda p: torch.optim.RMSprop(p, 0.01),
        "nesterov": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, nesterov=True),
    }[config.optimizer]
    other = make(model.parameters())
    weights = [module.weight for module in modules if isinstance(module, nn.Linear)]
    inputs, targets = torch.tensor(x), torch.tensor(y)
    counts = np.bincount(y).tolist()
    balanced = torch.tensor(balanced_class_weights(counts), dtype=torch.float64)
    class_weights = balanced if config.class_weight == "balanced" else None
    size = len(y) if isinstance(config.batch_size, str) else config.batch_size
    for _ in range(STEPS):
        trainer.train_epoch()
        order = trainer.batches.order
        shuffled = torch.arange(len(y)) if order is None else torch.tensor(order)
        for part in shuffled.split(size):
            other.zero_grad()
            loss = nn.functional.cross_entropy(
                model(inputs[part]),
                targets[part],
                class_weights,
                label_smoothing=config.label_smoothing,
            )
            penalty = torch.stack([(weight**2).sum() for weight in weights]).sum()
            torch.autograd.backward(loss + 0.005 * penalty)
            nn.utils.clip_grad_norm_(model.parameters(), 0.5)
            other.step()
    worst = max(
        difference(layer.weights.T, weight.detach())
        for layer, weight in zip(trainer.network.layers, weights, strict=True)
    )
    model.eval()
    logits = model(inputs)
    predicted = torch.softmax(logits, dim=1).detach()
    worst = max(worst, difference(trainer.network.predict(x), predicted))
    loss = nn.functional.cross_entropy(
        logits, targets, class_weights, label_smoothing=config.label_smoothing
    )
    return max(worst, difference(trainer.measure().train_loss, loss.detach()))


def main() -> int:
    parts = (
        optimizers,
        schedules,
        activations,
        losses,
        weighted_losses,
        batch_norm,
        initializers,
        clipping,
        whole_networks,
    )
    failed = count = 0
    for part in parts:
        print(f"{part.__name__.replace('_', ' ')}")
        for name, value in part():
            count += 1
            failed += not value < WANTED
            print(f"  {name:<88}{value:>9.1e}{'' if value < WANTED else '  OFF'}")
    print(f"\n{count} comparisons with torch {torch.__version__}, {failed} above {WANTED:g}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
