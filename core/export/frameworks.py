"""The networks of the exported scripts: NumPy, PyTorch, Keras and scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.export.errors import ExportError
from core.export.script import Framework

if TYPE_CHECKING:
    from core.export.model import ExportedModel

NUMPY: Final = {
    "tanh": "np.tanh(z)",
    "sigmoid": "0.5 + 0.5 * np.tanh(0.5 * z)",
    "relu": "np.maximum(z, 0)",
    "leaky_relu": "np.maximum(z, 0.01 * z)",
    "elu": "np.where(z > 0, z, np.expm1(np.minimum(z, 0)))",
    "selu": "1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))",
    "gelu": "z * 0.5 * (1 + np.vectorize(math.erf, otypes=[float])(z / math.sqrt(2)))",
    "softplus": "np.logaddexp(z, 0)",
    "swish": "z * (0.5 + 0.5 * np.tanh(0.5 * z))",
    "linear": "z",
}
"""Formulas of the activations."""
TORCH: Final = {
    "tanh": "Tanh()",
    "sigmoid": "Sigmoid()",
    "relu": "ReLU()",
    "leaky_relu": "LeakyReLU(0.01)",
    "elu": "ELU()",
    "selu": "SELU()",
    "gelu": "GELU()",
    "softplus": "Softplus()",
    "swish": "SiLU()",
    "linear": "Identity()",
}
KERAS: Final = {
    name: f'keras.layers.Activation("{word}")'
    for name, word in {
        **{each: each for each in NUMPY if each not in {"leaky_relu", "swish"}},
        "swish": "silu",
    }.items()
} | {"leaky_relu": "keras.layers.LeakyReLU(negative_slope=0.01)"}
SKLEARN: Final = {"tanh": "tanh", "sigmoid": "logistic", "relu": "relu", "linear": "identity"}


def _hidden(model: ExportedModel) -> tuple[str, ...]:
    return tuple(layer.activation for layer in model.layers[:-1])


def _numpy(model: ExportedModel) -> str:
    names = [*_hidden(model), "linear"]
    table = "".join(f'    "{name}": lambda z: {NUMPY[name]},\n' for name in dict.fromkeys(names))
    return (
        f"ACTIVATIONS = {{\n{table}}}\nNAMES = {names!r}\n\n\n"
        "def logits(x):\n"
        '    """Return the outputs of the last layer, (samples, outputs)."""\n'
        "    for (weights, biases), name in zip(LAYERS, NAMES):\n"
        "        x = ACTIVATIONS[name](x @ weights + biases)\n"
        "    return x\n"
    )


def _torch(model: ExportedModel) -> str:
    lines = []
    for layer in model.layers:
        inputs, units = layer.weights.shape
        lines.append(f"    torch.nn.Linear({inputs}, {units}),")
        if layer is not model.layers[-1]:
            lines.append(f"    torch.nn.{TORCH[layer.activation]},")
    double = ".double()" if model.layers[0].weights.dtype.itemsize == 8 else ""
    return "\n".join(
        [
            "network = torch.nn.Sequential(",
            *lines,
            f"){double}",
            "dense = [each for each in network if isinstance(each, torch.nn.Linear)]",
            "with torch.no_grad():",
            "    for layer, (weights, biases) in zip(dense, LAYERS):",
            "        layer.weight.copy_(torch.tensor(weights.T))",
            "        layer.bias.copy_(torch.tensor(biases))",
            "",
            "",
            "def logits(x):",
            '    """Return the outputs of the last layer, (samples, outputs)."""',
            "    with torch.no_grad():",
            "        return network(torch.from_numpy(x)).numpy()",
        ]
    )


def _keras(model: ExportedModel) -> str:
    lines = [f"    keras.Input(({model.inputs},)),"]
    for layer in model.layers:
        lines.append(f"    keras.layers.Dense({layer.weights.shape[1]}),")
        if layer is not model.layers[-1]:
            lines.append(f"    {KERAS[layer.activation]},")
    return "\n".join(
        [
            f'keras.config.set_floatx("{model.layers[0].weights.dtype}")',
            "network = keras.Sequential([",
            *lines,
            "])",
            "network.set_weights([each for layer in LAYERS for each in layer])",
            "",
            "",
            "def logits(x):",
            '    """Return the outputs of the last layer, (samples, outputs)."""',
            "    return network.predict(x, verbose=0)",
        ]
    )


def _sklearn(model: ExportedModel) -> str:
    hidden = _hidden(model)
    names = set(hidden) or {"linear"}
    if len(names) > 1:
        raise ExportError(
            "scikit-learn has one activation for all hidden layers; this network has "
            f"{', '.join(sorted(names))}"
        )
    (name,) = names
    if name not in SKLEARN:
        raise ExportError(
            f"scikit-learn has no activation {name}: expected one of {', '.join(SKLEARN)}"
        )
    sizes = tuple(layer.weights.shape[1] for layer in model.layers[:-1])
    outputs = model.layers[-1].weights.shape[1]
    return "\n".join(
        [
            "# the regressor returns the outputs of the last layer",
            f'network = MLPRegressor({sizes!r}, activation="{SKLEARN[name]}")',
            "network.coefs_ = [weights for weights, _ in LAYERS]",
            "network.intercepts_ = [biases for _, biases in LAYERS]",
            f"network.n_layers_, network.n_outputs_ = {len(model.layers) + 1}, {outputs}",
            f'network.n_features_in_, network.out_activation_ = {model.inputs}, "identity"',
            "",
            "",
            "def logits(x):",
            '    """Return the outputs of the last layer, (samples, outputs)."""',
            "    return network.predict(x).reshape(len(x), -1)",
        ]
    )


FRAMEWORKS: Final = {
    "numpy": Framework("only NumPy", (), _numpy),
    "torch": Framework("NumPy and PyTorch", ("import torch",), _torch),
    "keras": Framework("NumPy and Keras 3", ("import keras",), _keras),
    "sklearn": Framework(
        "NumPy and scikit-learn", ("from sklearn.neural_network import MLPRegressor",), _sklearn
    ),
}
"""By name of the format."""
