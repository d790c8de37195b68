"""A trained network as an ONNX model: preparation, layers and predictions in one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.export.errors import ExportError

if TYPE_CHECKING:
    from core.export.model import ExportedModel

OPSET: Final = 17
"""Version of the operators; those used here have not changed since."""

_ACTIVATIONS: Final[dict[str, tuple[tuple[str, dict[str, Any]], ...]]] = {
    "tanh": (("Tanh", {}),),
    "sigmoid": (("Sigmoid", {}),),
    "relu": (("Relu", {}),),
    "leaky_relu": (("LeakyRelu", {"alpha": 0.01}),),
    "elu": (("Elu", {"alpha": 1.0}),),
    "selu": (("Selu", {}),),
    "softplus": (("Softplus", {}),),
    "linear": (),
}
"""Operators of the activations that are a single one."""


class _Graph:
    """Nodes and constants of a graph, each node with one output."""

    def __init__(self, helper: Any, numpy_helper: Any) -> None:
        self._helper, self._numpy_helper = helper, numpy_helper
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, dtype: Any) -> str:
        """Add a constant, and return its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(self._numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node, and return the name of its output."""
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def to_onnx(model: ExportedModel) -> bytes:
    """Return the content of an ONNX file.

    Its input `x` is (samples, features) in original units, its output `prediction` the (samples,
    classes) probabilities or the (samples, targets) predicted values. Features are double-precision,
    since they are scaled in that precision; the network has the precision of the run.

    Raises:
        ExportError: if the package onnx is missing, or the data are texts.
    """
    try:
        from onnx import TensorProto, checker, helper, numpy_helper
    except ImportError:
        raise ExportError(
            "the format onnx needs the package onnx: install nnfs-tui[onnx]"
        ) from None
    if model.preparation.text is not None:
        raise ExportError("the format onnx has no n-grams of texts; choose numpy, torch or keras")
    graph = _Graph(helper, numpy_helper)
    last = _network(graph, model, _inputs(graph, model, TensorProto))
    _output(graph, model, last, TensorProto)
    kinds = {"float32": TensorProto.FLOAT, "float64": TensorProto.DOUBLE}
    width = len(model.classes) or len(model.targets)
    result = kinds["float64" if model.output == "value" else str(model.layers[0].weights.dtype)]
    features = model.inputs - len(model.preparation.extra)
    x = helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["samples", features])
    y = helper.make_tensor_value_info("prediction", result, ["samples", width])
    made = helper.make_model(
        helper.make_graph(graph.nodes, "network", [x], [y], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        producer_name="nnfs-tui",
        doc_string=model.title,
        ir_version=8,
    )
    names = model.classes or model.targets
    helper.set_model_props(
        made, {"features": "\n".join(model.features), "predictions": "\n".join(names)}
    )
    checker.check_model(made)
    return bytes(made.SerializeToString())


def _inputs(graph: _Graph, model: ExportedModel, types: Any) -> str:
    """Add the preparation; return the name of the inputs of the network."""
    shift, scale, fill = (graph.constant(each, np.float64) for each in model.scale)
    known = graph.add("Where", graph.add("IsNaN", "x"), fill, "x")
    x = graph.add("Div", graph.add("Sub", known, shift), scale)
    if model.preparation.extra:
        first, second = (
            graph.add("Gather", x, graph.constant([at], np.int64), axis=1) for at in (0, 1)
        )
        columns = {
            "x1sq": lambda: graph.add("Mul", first, first),
            "x2sq": lambda: graph.add("Mul", second, second),
            "x1x2": lambda: graph.add("Mul", first, second),
            "sinx1": lambda: _sine(graph, first, types),
            "sinx2": lambda: _sine(graph, second, types),
        }
        more = [columns[each]() for each in model.preparation.extra]
        x = graph.add("Concat", x, *more, axis=1)
    single = model.layers[0].weights.dtype == np.float32
    return graph.add("Cast", x, to=types.FLOAT if single else types.DOUBLE)


def _sine(graph: _Graph, column: str, types: Any) -> str:
    # runtimes compute sines in single precision only
    sine = graph.add("Sin", graph.add("Cast", column, to=types.FLOAT))
    return graph.add("Cast", sine, to=types.DOUBLE)


def _network(graph: _Graph, model: ExportedModel, x: str) -> str:
    dtype = model.layers[0].weights.dtype
    for layer in model.layers:
        weights, biases = graph.constant(layer.weights, dtype), graph.constant(layer.biases, dtype)
        x = _activation(graph, graph.add("Gemm", x, weights, biases), layer.activation, dtype)
    return x


def _activation(graph: _Graph, z: str, name: str, dtype: Any) -> str:
    if name == "swish":
        return graph.add("Mul", z, graph.add("Sigmoid", z))
    if name == "gelu":
        half, root = graph.constant(0.5, dtype), graph.constant(0.5**0.5, dtype)
        error = graph.add("Erf", graph.add("Mul", z, root))
        share = graph.add("Add", graph.add("Mul", error, half), half)
        return graph.add("Mul", z, share)
    for operator, attributes in _ACTIVATIONS[name]:
        z = graph.add(operator, z, **attributes)
    return z


def _output(graph: _Graph, model: ExportedModel, z: str, types: Any) -> None:
    dtype = model.layers[0].weights.dtype
    if model.output == "value":
        shift, scale = (graph.constant(each, np.float64) for each in model.target_scale or ())
        scaled = graph.add("Mul", graph.add("Cast", z, to=types.DOUBLE), scale)
        graph.add("Add", scaled, shift, output="prediction")
    elif model.output == "sigmoid":
        positive = graph.add("Sigmoid", z)
        negative = graph.add("Sub", graph.constant(1, dtype), positive)
        graph.add("Concat", negative, positive, output="prediction", axis=1)
    elif model.output == "clipped":
        low, high = graph.constant(1e-6, dtype), graph.constant(1, dtype)
        clipped = graph.add("Clip", z, low, high)
        total = graph.add("ReduceSum", clipped, graph.constant([1], np.int64), keepdims=1)
        graph.add("Div", clipped, total, output="prediction")
    else:
        graph.add("Softmax", z, output="prediction", axis=1)
