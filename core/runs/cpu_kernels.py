"""Processor kernels of OpenBLAS and NumPy: others give different last bits of results."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Final

_NUMPY: Final = "numpy._core._multiarray_umath"
_CORE_NAMES: Final = (
    "scipy_openblas_get_corename64_",  # as NumPy's wheels are built
    "scipy_openblas_get_corename",
    "openblas_get_corename64_",
    "openblas_get_corename",
)


@cache
def kernels() -> str:
    """Return the kernels of this process, such as `x86_64 SkylakeX X86_V3 X86_V4`.

    They are the machine, OpenBLAS's name of the processor core, and the instruction sets that NumPy uses
    beyond its baseline, as far as this build of NumPy provides them.
    """
    return " ".join([os.uname().machine, *_blas_core(), *_numpy_targets()])


def _blas_core() -> list[str]:
    # private names of NumPy, checked by a test; without them less is recorded
    with suppress(ImportError, AttributeError, OSError):
        from ctypes import CDLL, c_char_p

        library = CDLL(
            import_module(_NUMPY).__file__
        )  # also finds symbols of the libraries that it is linked with
        for name in _CORE_NAMES:
            with suppress(AttributeError):
                ask = getattr(library, name)
                ask.restype, ask.argtypes = c_char_p, ()
                return [(ask() or b"").decode(errors="replace")]
    return []


def _numpy_targets() -> list[str]:
    with suppress(ImportError, AttributeError):
        numpy = import_module(_NUMPY)
        return [each for each in numpy.__cpu_dispatch__ if numpy.__cpu_features__.get(each)]
    return []
