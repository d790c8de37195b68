"""Metrics and weights of a run in formats of tables and arrays: CSV, JSON and NPZ."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.training.epoch_log import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from core.datasets.dataset import ProgressCallback
    from core.export.model import ExportedModel

CHUNK: Final = 10_000
"""Epochs that are written at once, and between two reports of progress."""
WRITING: Final = "writing the metrics"


def used_columns(rows: NDArray[np.float64]) -> list[int]:
    """Return the columns of `epoch_log.COLUMNS` that have a value in any epoch."""
    return [at for at in range(len(COLUMNS)) if np.isfinite(rows[:, at]).any()]


def to_csv(rows: NDArray[np.float64], progress: ProgressCallback) -> Iterator[str]:
    """Yield (epochs, columns) metrics as CSV, one line per epoch, with the names of the columns."""
    columns = used_columns(rows)
    yield ",".join(COLUMNS[at] for at in columns) + "\n"
    for start in range(0, len(rows), CHUNK):
        progress(WRITING, start / len(rows))
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(
            ["" if value != value else _plain(value) for value in row]
            for row in rows[start : start + CHUNK, columns].tolist()
        )
        yield text.getvalue()


def to_json(
    model: ExportedModel, rows: NDArray[np.float64], command: str, progress: ProgressCallback
) -> Iterator[str]:
    """Yield settings, metrics, preparation and weights as JSON; numbers that JSON lacks are null."""
    shift, scale, fill = model.scale
    preparation: dict[str, Any] = {
        "shift": _values(shift),
        "scale": _values(scale),
        "fill": _values(fill),
        "extra": list(model.preparation.extra),
    }
    if model.target_scale is not None:
        preparation |= dict(
            zip(("target_shift", "target_scale"), map(_values, model.target_scale), strict=True)
        )
    settings = json.dumps(
        {
            "title": model.title,
            "command": command,
            "config": model.config.as_dict(),
            "features": model.features,
            "classes": model.classes,
            "targets": model.targets,
            "preparation": preparation,
            "output": model.output,
            "layers": [
                {
                    "weights": _values(each.weights),
                    "biases": _values(each.biases),
                    "activation": each.activation,
                }
                for each in model.layers
            ],
        },
        ensure_ascii=False,
        allow_nan=False,
    )
    yield settings.removesuffix("}") + ', "metrics": {'
    columns = used_columns(rows)
    for count, at in enumerate(columns):
        yield f'{", " if count else ""}"{COLUMNS[at]}": ['
        for start in range(0, len(rows), CHUNK):
            progress(WRITING, (count + start / len(rows)) / len(columns))
            values = json.dumps(_values(rows[start : start + CHUNK, at]), allow_nan=False)
            yield (", " if start else "") + values[1:-1]
        yield "]"
    yield "}}"


def to_npz(model: ExportedModel, rows: NDArray[np.float64], progress: ProgressCallback) -> bytes:
    """Return the metrics and the weights as the content of an NPZ file."""
    shift, scale, fill = model.scale
    arrays: dict[str, Any] = {"shift": shift, "scale": scale, "fill": fill}
    for number, layer in enumerate(model.layers, 1):
        arrays |= {f"weights_{number}": layer.weights, f"biases_{number}": layer.biases}
    arrays["activations"] = np.array([each.activation for each in model.layers])
    if model.target_scale is not None:
        arrays |= dict(zip(("target_shift", "target_scale"), model.target_scale, strict=True))
    arrays |= {COLUMNS[at]: rows[:, at] for at in used_columns(rows)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for count, (name, array) in enumerate(arrays.items()):
            progress(WRITING, count / len(arrays))
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
    return content.getvalue()


def _plain(value: float) -> str:
    return str(int(value)) if isfinite(value) and value == int(value) else repr(value)


def _values(array: NDArray[Any]) -> Any:
    """Return nested lists, with None for NaN and infinity."""
    if array.ndim > 1:
        return [_values(row) for row in array]
    return [value if isfinite(value) else None for value in array.tolist()]
