"""How much memory this process can use, and the error for what does not fit into it."""

from __future__ import annotations

import os
import resource
import sys
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Thread

UNKNOWN: Final = 1 << 40
"""Bytes to assume where the system does not say."""


MEGABYTE: Final = 1_000_000

THREAD: Final = 41_000_000
"""Bytes of address space that OpenBLAS reserves for each of its threads but the first."""


LEFT: Final = 50_000_000
"""Bytes that are left for the work: OpenBLAS tries its buffers at several addresses, a thread has a
stack, and the library is imported to compute something."""


M_ARENA_MAX: Final = -8
"""Of <malloc.h>: how many heaps there are at most."""

PRODUCT: Final = 128
"""Rows and columns of a matrix that is too large for the products without a buffer."""


class Library(NamedTuple):
    """A library that is imported when it is needed.

    Attributes:
        name: for the user.
        module: its name in Python.
        size: bytes of address space that it takes with one thread.
    """

    name: str
    module: str
    size: int


SCIPY: Final = Library("SciPy", "scipy", 78_000_000)
SCIKIT_LEARN: Final = Library("scikit-learn", "sklearn", 178_000_000)


class NotEnoughMemory(MemoryError):  # noqa: N818 (as MemoryError, whose place it takes)
    """One sentence on what needs how much memory, and what to reduce."""


@cache
def total_memory() -> int:
    """Return the bytes that this process could use: the computer's, or its own limit."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        total = UNKNOWN
    limit = _limit()
    return total if limit is None else min(total, limit)


@contextmanager
def memory_for(what: str, size: int, advice: str) -> Iterator[None]:
    """Raise NotEnoughMemory, with one sentence, when memory runs out within the block.

    It is raised at once where the size alone is more than there is: the system lends memory that it
    does not have, and ends the process later.

    Args:
        what: needs the memory.
        size: in bytes, at least.
        advice: what to reduce, as "choose fewer units".
    """
    told = f", about {size / 1e6:,.0f} MB" if size >= MEGABYTE else ""
    sentence = f"there is not enough memory for {what}{told}; {advice}"
    if size > total_memory():
        raise NotEnoughMemory(sentence)
    try:
        yield
    except NotEnoughMemory:
        raise
    except MemoryError:
        raise NotEnoughMemory(sentence) from None


def start_thread(thread: Thread) -> None:
    """Start a thread; raises NotEnoughMemory, with one sentence, when there is no room for its stack."""
    try:
        thread.start()
    except RuntimeError:
        raise NotEnoughMemory("there is not enough memory for a thread") from None


def reserve_for_products() -> None:
    """Let OpenBLAS allocate its buffer for matrix products before threads and arrays need memory.

    It allocates at the first product, and ends the process when it gets nothing then. Under a limit,
    threads share one heap: one of its own reserves 64 MB of address space for a few kilobytes.
    """
    import numpy as np

    if sys.platform == "linux" and _limit() is not None:
        from ctypes import CDLL

        with suppress(AttributeError):  # not every C library has it
            CDLL(None).mallopt(M_ARENA_MAX, 1)
    matrix = np.ones((PRODUCT, PRODUCT), np.float32)
    np.matmul(matrix, matrix)


@contextmanager
def importing(library: Library) -> Iterator[None]:
    """Raise NotEnoughMemory, with one sentence, when a library cannot be imported within the block.

    That is checked before: OpenBLAS, which the libraries bring along, ends the process or never
    returns when it gets no memory, and the linker raises ImportError.
    """
    threads = int(os.environ.get("OPENBLAS_NUM_THREADS", 0)) or os.cpu_count() or 1
    size = library.size + (threads - 1) * THREAD + LEFT
    what = f"to import {library.name}"
    if library.module not in sys.modules:
        require(what, size)
    try:
        yield
    except ModuleNotFoundError:
        raise
    except (ImportError, MemoryError):
        limit = _limit()
        if limit is None:
            raise
        raise _too_low(what, size, limit) from None


def require(what: str, size: int) -> None:
    """Raise NotEnoughMemory when so many bytes more are beyond the limit of this process.

    Args:
        what: needs them, as "for the screen".
        size: in bytes of address space.
    """
    limit = _limit()
    if limit is not None and _address_space() + size > limit:
        raise _too_low(what, size, limit)


def _too_low(what: str, size: int, limit: int) -> NotEnoughMemory:
    return NotEnoughMemory(
        f"there is not enough memory {what}, about {size / 1e6:,.0f} MB; raise the limit of "
        f"{limit / 1e6:,.0f} MB for this process (ulimit -v)"
    )


def _address_space() -> int:
    """Return the bytes that this process has in use or reserved; 0 where the system does not say."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _limit() -> int | None:
    """Return the bytes of address space that this process may use, or None for any number."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit
