"""The limit: a C loop, compiled for one network, with its sizes as constants."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.peers.case import Contender

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.peers.case import Case, Layers

SOURCE: Final = Path(__file__).with_name("c_loop.c")
FLAGS: Final = ("-O3", "-march=native", "-ffast-math", "-fPIC", "-std=gnu11")


def missing() -> str:
    """Return why there is no C loop, in one sentence, or an empty string."""
    if _compiler() is None:
        return "The C loop is left out: there is no C compiler (cc, or the one named by CC)."
    return ""


def contender(case: Case) -> Contender | None:
    """Return the loop compiled for a case; None, with a sentence that says why, if it cannot be."""
    if missing():
        return None
    try:
        library = _build(case)
    except subprocess.CalledProcessError:
        print(f"{case.name}: the compiler does not accept the C loop, which is left out.")
        return None
    x, y = np.ascontiguousarray(case.x), case.y.astype(np.int32)
    start = case.start()
    weights = np.concatenate([np.vstack([each, biases]).ravel() for each, biases in start])
    order = np.arange(case.samples, dtype=np.int32)

    def reset() -> None:
        library.load(_floats(x), _integers(y), _floats(weights))

    def train(epochs: int) -> None:
        library.train(ctypes.c_long(epochs))

    def follow(given: NDArray[np.int64], epochs: int) -> None:
        order[:] = given
        library.follow(_integers(order), ctypes.c_int(epochs))

    def layers() -> Layers:
        flat, found, at = np.empty_like(weights), [], 0
        library.store(_floats(flat))
        for matrix, biases in start:
            size = matrix.size + biases.size
            rows = flat[at : at + size].reshape(-1, len(biases))
            found.append((rows[:-1], rows[-1]))
            at += size
        return found

    return Contender("C loop", reset, train, follow, layers)


def _compiler() -> str | None:
    return shutil.which(os.environ.get("CC", "cc"))


def _build(case: Case) -> Any:
    """Return the loaded library for a case."""
    sizes = [case.x.shape[1], *case.hidden, case.classes]
    rows = [
        f"L({max(n - 1, 0)}, {n}, {n + 1}, {inputs}, {units})"
        for n, (inputs, units) in enumerate(pairwise(sizes))
    ]
    constants = {
        "FEATURES": sizes[0],
        "CLASSES": sizes[-1],
        "SAMPLES": case.samples,
        "BATCH": min(case.batch, case.samples),
        "RATE": f"{case.rate}f",
        "HIDDEN": " ".join(rows[:-1]),
        "HIDDEN_REVERSED": " ".join(rows[-2::-1]),
        "LAST": rows[-1],
    }
    compiler = _compiler() or "cc"
    with tempfile.TemporaryDirectory() as folder:
        unit, library = f"{folder}/loop.o", f"{folder}/loop.so"
        defined = [f"-D{name}={value}" for name, value in constants.items()]
        command = [compiler, *FLAGS, *defined, "-c", str(SOURCE), "-o", unit]
        subprocess.run(command, check=True, capture_output=True)
        # linked with -ffast-math, a library would switch off denormals for NumPy, too
        command = [compiler, "-shared", unit, "-o", library, "-lm"]
        subprocess.run(command, check=True, capture_output=True)
        return ctypes.CDLL(library)


def _floats(array: NDArray[np.float32]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_float))


def _integers(array: NDArray[np.int32]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_int32))
