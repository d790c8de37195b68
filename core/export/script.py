"""A Python script that reproduces a trained network: its preparation, its weights, its predictions.

The scripts for all frameworks have the same frame, in which `Framework` supplies the network. They
contain no text of the user except as a Python literal or an escaped comment.
"""

from __future__ import annotations

import base64
from textwrap import dedent, indent, wrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array
    from core.export.model import ExportedModel, Output

MOST_READABLE: Final = 4000
"""Numbers of a network up to which they are written as decimals; more are written in base64."""
WIDTH: Final = 100

_OUTPUTS: Final[dict[Output, str]] = {
    "softmax": """
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return z / z.sum(axis=1, keepdims=True)
        """,
    "sigmoid": """
        positive = 0.5 + 0.5 * np.tanh(0.5 * z)
        return np.hstack([1 - positive, positive])
        """,
    "clipped": """
        z = np.clip(z, 1e-6, 1)  # the outputs are fitted to one-hot rows
        return z / z.sum(axis=1, keepdims=True)
        """,
    "value": """
        return z * TARGET_SCALE + TARGET_SHIFT
        """,
}
"""The body of `predict`, after the logits z."""

_EXTRA: Final = {
    "x1sq": "x[:, 0] ** 2",
    "x2sq": "x[:, 1] ** 2",
    "x1x2": "x[:, 0] * x[:, 1]",
    "sinx1": "np.sin(x[:, 0])",
    "sinx2": "np.sin(x[:, 1])",
}
"""The formulas of `core.datasets.preparation.EXTRA_FEATURES`."""

_WORDS: Final = '''
    def ngrams(text):
        """Return the words of a text, and the groups of neighbouring words."""
        words = re.findall(r"(?u)\\b\\w\\w+\\b", text.lower())
        return [
            " ".join(words[at : at + n])
            for n in range(SHORTEST, LONGEST + 1)
            for at in range(len(words) - n + 1)
        ]
    '''
_CHARACTERS: Final = '''
    def ngrams(text):
        """Return the groups of neighbouring characters within the words of a text."""
        found = []
        for word in re.sub(r"\\s\\s+", " ", text.lower()).split():
            word = f" {word} "
            for n in range(SHORTEST, LONGEST + 1):
                found += [word[at : at + n] for at in range(max(len(word) - n, 0) + 1)]
                if len(word) <= n:
                    break
        return found
    '''
_TEXTS: Final = '''
    def features(texts):
        """Return the TF-IDF of texts, (samples, features), each row of length 1."""
        x = np.zeros((len(texts), len(FEATURES)))
        column = {name: at for at, name in enumerate(FEATURES)}
        for row, text in zip(x, texts):
            for name in ngrams(text):
                if name in column:
                    row[column[name]] += 1
        x *= IDF
        length = np.sqrt((x * x).sum(axis=1, keepdims=True))
        return x / np.where(length == 0, 1, length)
    '''

_READ_NUMBERS: Final = '''
    def read_samples():
        """Return the samples of the command line; raise ValueError for a value that is no number."""
        lines = [",".join(sys.argv[1:])] if sys.argv[1:] else sys.stdin.read().splitlines()
        rows = [line.split(",") for line in lines if line.strip()]
        if not rows:
            raise ValueError("there is no sample: expected values separated by commas")
        samples = []
        for number, row in enumerate(rows, 1):
            if len(row) != len(FEATURES):
                expected = f"expected {len(FEATURES)} values in the order of FEATURES"
                raise ValueError(f"sample {number}: {expected}, not {len(row)}")
            samples.append([])
            for name, text in zip(FEATURES, row):
                try:
                    value = float(text.strip() or "nan")
                except ValueError:
                    value = np.inf
                if np.isinf(value):
                    where = f"sample {number}, {name!r}"
                    raise ValueError(f"{where}: expected a finite number, not {text.strip()!r}")
                samples[-1].append(value)
        return samples
    '''
_READ_TEXTS: Final = '''
    def read_samples():
        """Return the texts of the command line; raise ValueError if there are none."""
        texts = sys.argv[1:] or sys.stdin.read().splitlines()
        if not texts:
            raise ValueError("there is no text: expected arguments, or lines of standard input")
        return texts
    '''
_MAIN: Final = """
    if __name__ == "__main__":
        try:
            given = read_samples()
        except ValueError as error:
            print(f"{sys.argv[0]}: {error}", file=sys.stderr)
            sys.exit(2)
        for row in predict(given):
    """


@dataclass(frozen=True)
class Framework:
    """The parts of a script that one framework supplies.

    Attributes:
        needs: names of the packages, for the description.
        imports: import statements; NumPy is imported always.
        network: returns the code that defines `logits(x)`, for (samples, inputs) `x`.
    """

    needs: str
    imports: tuple[str, ...]
    network: Callable[[ExportedModel], str]


def script(model: ExportedModel, framework: Framework, command: str) -> str:
    """Return the script for a model.

    Args:
        model: the trained network.
        framework: computes the network.
        command: the command line that trains it again.
    """
    text = model.preparation.text
    readable = sum(each.weights.size + each.biases.size for each in model.layers) <= MOST_READABLE
    network = dedent(framework.network(model)).strip()
    modules = ["sys"]
    modules += ["base64"] if not readable else []
    modules += ["math"] if "math." in network else []
    modules += ["re"] if text is not None else []
    parts = [
        _description(model, framework, command),
        "\n".join(f"import {each}" for each in sorted(modules)),
        "\n".join(sorted(["import numpy as np", *framework.imports], key=_order)),
        _constants(model, readable=readable),
        *_preparation(model),
        network,
        _predict(model.output),
        _main(model),
    ]
    return "\n\n".join(parts[:4]) + "\n\n\n" + "\n\n\n".join(parts[4:]) + "\n"


def _order(line: str) -> tuple[bool, str]:
    """Return the place of an import statement among others, as linters sort them."""
    return line.startswith("from"), line


def comment(text: str) -> str:
    """Return a text as one line of a comment, with control characters escaped."""
    return "# " + "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def _description(model: ExportedModel, framework: Framework, command: str) -> str:
    given = "texts" if model.preparation.text is not None else "features in original units"
    what = "probabilities of the classes" if model.classes else "predicted values"
    return "\n".join(
        [
            "#!/usr/bin/env python3",
            comment(model.title),
            comment(f"Trained with: {command}"),
            '"""A network trained by nnfs-tui, with the preparation of its inputs.',
            "",
            f"It needs {framework.needs}. predict(x) returns {what} for {given}.",
            *_usage(model),
            '"""',
        ]
    )


def _usage(model: ExportedModel) -> list[str]:
    """Return the lines of the description about the command line."""
    if model.preparation.text is not None:
        return ["From the command line: texts as arguments, or as lines of standard input."]
    return [
        "From the command line: the values of a sample as arguments, or one sample per line of",
        "standard input; values are separated by commas, in the order of FEATURES, and an empty",
        "value is a missing one.",
    ]


def _constants(model: ExportedModel, *, readable: bool) -> str:
    lines = [_assigned("FEATURES", model.features)]
    if model.classes:
        lines.append(_assigned("CLASSES", model.classes))
    else:
        lines.append(_assigned("TARGETS", model.targets))
    text = model.preparation.text
    if text is not None:
        lines += [f"SHORTEST, LONGEST = {text.ngrams[0]}, {text.ngrams[1]}"]
        lines += [f"IDF = np.array({_nested(text.idf)})"]
    shift, scale, fill = model.scale
    for name, values in (("SHIFT", shift), ("SCALE", scale), ("FILL", fill)):
        lines.append(f"{name} = np.array({_nested(values)})")
    targets = model.target_scale
    if targets is not None:
        for name, values in zip(("TARGET_SHIFT", "TARGET_SCALE"), targets, strict=True):
            lines.append(f"{name} = np.array({_nested(values)})")
    dtype = model.layers[0].weights.dtype
    if not readable:
        lines += ["", "", "def array(text, *shape):", f'    """Return the {dtype} in base64."""']
        lines += [
            f'    return np.frombuffer(base64.b64decode(text), "<f{dtype.itemsize}").reshape(shape)'
        ]
        lines += ["", ""]
    lines.append("# weights (inputs, units) and biases (units,) of each layer")
    lines.append("LAYERS = [")
    write = _decimals if readable else _encoded
    for layer in model.layers:
        lines += ["    (", indent(write(layer.weights), " " * 8) + ","]
        lines += [indent(write(layer.biases), " " * 8) + ",", "    ),"]
    return "\n".join([*lines, "]"])


def _assigned(name: str, values: tuple[str, ...]) -> str:
    text = f"{name} = {list(values)!r}"
    if len(text) <= WIDTH:
        return text
    return f"{name} = [\n" + "".join(f"    {each!r},\n" for each in values) + "]"


def _number(value: Any) -> str:
    """Return the shortest decimal that gives the same number of its precision."""
    if np.isfinite(value):
        return str(value)
    return "np.nan" if np.isnan(value) else "np.inf" if value > 0 else "-np.inf"


def _nested(values: Array) -> str:
    """Return numbers as a Python list, in lines."""
    if values.ndim > 1:
        rows = ",\n".join(_nested(row) for row in values)
        return f"[\n{indent(rows, '    ')},\n]" if len(values) else "[]"
    text = ", ".join(map(_number, values))
    if len(text) <= WIDTH - 20:
        return f"[{text}]"
    return "[\n" + "".join(f"    {line}\n" for line in wrap(text, WIDTH - 20)) + "]"


def _decimals(values: Array) -> str:
    return f"np.array({_nested(values)}, np.{values.dtype})"


def _encoded(values: Array) -> str:
    data = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
    lines = wrap(base64.b64encode(data).decode(), WIDTH - 12)
    shape = ", ".join(map(str, values.shape))
    text = "\n".join(f'    "{line}"' for line in lines)
    return f"array(\n{text},\n    {shape},\n)"


def _preparation(model: ExportedModel) -> list[str]:
    """Return the functions that compute the inputs of the network."""
    parts, text = [], model.preparation.text
    if text is not None:
        parts = [_WORDS if text.analyzer == "word" else _CHARACTERS, _TEXTS]
    given = "texts" if text is not None else "(samples, features) in original units"
    x = "features(x)" if text is not None else "np.asarray(x, float)"
    lines = [
        "def prepare(x):",
        f'    """Return the inputs of the network for {given}."""',
        f"    x = {x}",
        "    x = (np.where(np.isnan(x), FILL, x) - SHIFT) / SCALE",
    ]
    if model.preparation.extra:
        more = ", ".join(_EXTRA[each] for each in model.preparation.extra)
        lines.append(f"    x = np.column_stack([x, {more}])")
    lines.append(f"    return x.astype(np.{model.layers[0].weights.dtype})")
    return [*(dedent(each).strip() for each in parts), "\n".join(lines)]


def _predict(output: Output) -> str:
    what = "values (samples, targets)" if output == "value" else "probabilities (samples, classes)"
    body = indent(dedent(_OUTPUTS[output]).strip(), "    ")
    return f'def predict(x):\n    """Return the predicted {what}."""\n    z = logits(prepare(x))\n{body}'


def _main(model: ExportedModel) -> str:
    read = _READ_TEXTS if model.preparation.text is not None else _READ_NUMBERS
    of_class = 'print(CLASSES[row.argmax()], f"{row.max():.4f}")'
    shown = of_class if model.classes else "print(*row)"
    return f"{dedent(read).strip()}\n\n\n{dedent(_MAIN).strip()}\n        {shown}"
