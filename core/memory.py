"""Memory limits of this process, and the error for an operation that exceeds them."""

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
"""Bytes that are assumed if the system does not report its memory."""


MEGABYTE: Final = 1_000_000

THREAD: Final = 41_000_000
"""Bytes of address space that OpenBLAS reserves for each thread except the first."""


LEFT: Final = 50_000_000
"""Bytes that must remain available: OpenBLAS tries its buffers at several addresses, a thread has a
stack, and the imported library needs memory for its computation."""


M_ARENA_MAX: Final = -8
"""Constant of <malloc.h>: maximal number of heaps."""

PRODUCT: Final = 128
"""Rows and columns of a matrix whose product requires OpenBLAS's buffer."""


class Library(NamedTuple):
    """A library that is imported on first use.

    Attributes:
        name: name in messages.
        module: name of the Python module.
        size: bytes of address space that it needs with one thread.
    """

    name: str
    module: str
    size: int


SCIPY: Final = Library("SciPy", "scipy", 78_000_000)
SCIKIT_LEARN: Final = Library("scikit-learn", "sklearn", 178_000_000)


class NotEnoughMemory(MemoryError):  # noqa: N818 (as MemoryError, whose place it takes)
    """Error whose message states the operation, its memory and what to reduce."""


@cache
def total_memory() -> int:
    """Return the memory available to this process in bytes: the computer's, or its own limit."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        total = UNKNOWN
    limit = _limit()
    return total if limit is None else min(total, limit)


@contextmanager
def memory_for(what: str, size: int, advice: str) -> Iterator[None]:
    """Raise NotEnoughMemory if memory runs out within the block.

    It is raised at once if the size exceeds the total memory: the system overcommits, and would kill
    the process later.

    Args:
        what: the operation, for the message.
        size: lower bound of the memory in bytes.
        advice: what to reduce, such as "choose fewer units".
    """
    amount = f", about {size / 1e6:,.0f} MB" if size >= MEGABYTE else ""
    sentence = f"there is not enough memory for {what}{amount}; {advice}"
    if size > total_memory():
        raise NotEnoughMemory(sentence)
    try:
        yield
    except NotEnoughMemory:
        raise
    except MemoryError:
        raise NotEnoughMemory(sentence) from None


def start_thread(thread: Thread) -> None:
    """Start a thread; raise NotEnoughMemory if there is no memory for its stack."""
    try:
        thread.start()
    except RuntimeError:
        raise NotEnoughMemory("there is not enough memory for a thread") from None


def reserve_for_products() -> None:
    """Make OpenBLAS allocate its buffer for matrix products before threads and arrays need memory.

    OpenBLAS allocates at the first product, and exits if that fails. If there is a limit, threads share
    one heap: a separate one reserves 64 MB of address space for a few kilobytes.
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
    """Raise NotEnoughMemory if there is no memory to import a library within the block.

    This is checked before the import: without memory, OpenBLAS, which the libraries include, exits or
    never returns, and the linker raises ImportError.
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
    """Raise NotEnoughMemory if `size` more bytes would exceed the limit of this process.

    Args:
        what: the purpose, such as "for the screen".
        size: bytes of address space.
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
    """Return the address space of this process in bytes; 0 if the system does not report it."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * resource.getpagesize()


def _limit() -> int | None:
    """Return the limit of the address space of this process in bytes, or None if there is none."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit
