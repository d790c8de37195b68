"""The formats of exports: one row per format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from core.config.errors import quoted, suggestion
from core.dataclass import dataclass
from core.datasets.prepare import no_progress
from core.export.errors import ExportError
from core.export.frameworks import FRAMEWORKS
from core.export.onnx_model import to_onnx
from core.export.report import to_html
from core.export.script import script
from core.export.tables import to_csv, to_json, to_npz

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from core.datasets.dataset import ProgressCallback
    from core.export.exported_run import ExportedRun


@dataclass(frozen=True)
class Format:
    """One entry of the registry.

    Attributes:
        name: value of the option `--to`.
        suffix: of the file; of two that fit, the longer one decides.
        description: what the file contains, for lists.
        parts: yields the content of the file; text is UTF-8.
    """

    name: str
    suffix: str
    description: str
    parts: Callable[[ExportedRun, ProgressCallback], Iterable[str | bytes]]

    def write(
        self, run: ExportedRun, file: BinaryIO, progress: ProgressCallback = no_progress
    ) -> None:
        """Write a run to a file.

        Args:
            run: what is written.
            file: receives the content.
            progress: is called during long exports; what it raises ends the export.

        Raises:
            ExportError: when the format cannot represent the run.
            OSError: when the file cannot be written.
        """
        file.writelines(
            part.encode() if isinstance(part, str) else part for part in self.parts(run, progress)
        )


def _script(framework: str, run: ExportedRun, _: ProgressCallback) -> Iterator[str]:
    yield script(run.model, FRAMEWORKS[framework], run.command)


FORMATS: Final = {
    each.name: each
    for each in (
        Format(
            "csv",
            ".csv",
            "metrics of every epoch",
            lambda run, progress: to_csv(run.rows, progress),
        ),
        Format(
            "json",
            ".json",
            "settings, metrics, preparation and weights",
            lambda run, progress: to_json(run.model, run.rows, run.command, progress),
        ),
        Format(
            "npz",
            ".npz",
            "metrics and weights",
            lambda run, progress: [to_npz(run.model, run.rows, progress)],
        ),
        Format("numpy", ".py", "a script that needs only NumPy", partial(_script, "numpy")),
        Format("torch", ".torch.py", "a script with a PyTorch network", partial(_script, "torch")),
        Format("keras", ".keras.py", "a script with a Keras network", partial(_script, "keras")),
        Format(
            "sklearn",
            ".sklearn.py",
            "a script with a scikit-learn network",
            partial(_script, "sklearn"),
        ),
        Format("onnx", ".onnx", "a model for ONNX runtimes", lambda run, _: [to_onnx(run.model)]),
        Format(
            "html", ".html", "a report for a browser, in one file", lambda run, _: [to_html(run)]
        ),
    )
}
"""By name."""
ENDINGS: Final = ".html, .py, .torch.py, .keras.py, .sklearn.py, .onnx, .csv, .json, .npz or .svg"
"""Endings of file names, for messages; .svg is a picture, which the screen writes."""


def format_of_file(name: str) -> Format:
    """Return the format of a file name, such as `moons.html` or `moons.torch.py`.

    Raises:
        ExportError: for an unknown ending.
    """
    found = [each for each in FORMATS.values() if name.endswith(each.suffix)]
    if not found:
        raise ExportError(f"{quoted(name)} has no known ending: expected {ENDINGS}")
    return max(found, key=lambda each: len(each.suffix))


def format_of(name: str) -> Format:
    """Return the format of that name.

    Raises:
        ExportError: for an unknown name.
    """
    if name not in FORMATS:
        raise ExportError(
            f"{quoted(name)} is not a format: expected one of {', '.join(FORMATS)}"
            f"{suggestion(name, FORMATS)}"
        )
    return FORMATS[name]
