"""How much memory this process can use, and the error for what does not fit into it."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN: Final = 1 << 40
"""Bytes to assume where the system does not say."""


class NotEnoughMemory(MemoryError):  # noqa: N818 (as MemoryError, whose place it takes)
    """One sentence on what needs how much memory, and what to reduce."""


@cache
def total_memory() -> int:
    """Return the bytes that this process could use: the computer's, or its own limit."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        total = UNKNOWN
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return total if limit == resource.RLIM_INFINITY else min(total, limit)


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
    sentence = f"there is not enough memory for {what}, about {size / 1e6:,.0f} MB; {advice}"
    if size > total_memory():
        raise NotEnoughMemory(sentence)
    try:
        yield
    except NotEnoughMemory:
        raise
    except MemoryError:
        raise NotEnoughMemory(sentence) from None
