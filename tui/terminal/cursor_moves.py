"""The shortest way of a terminal's cursor from one cell to another."""

from __future__ import annotations


def move(start: tuple[int, int] | None, row: int, column: int) -> str:
    """Return the sequence that moves the cursor; rows and columns count from 0.

    `start` is (row, column), or None where it is not known.
    """
    absolute = f"\x1b[{row + 1};{column + 1}H" if column else f"\x1b[{row + 1}H"
    if start is None:
        return absolute
    across = _across(start[1], column)
    if start[0] == row:
        return across
    down = "\x1b[B" if row == start[0] + 1 else f"\x1b[{row + 1}d"
    return min(absolute, down + across, key=len)


def _across(start: int, column: int) -> str:
    by = column - start
    if by > 0:
        return f"\x1b[{by if by > 1 else ''}C"
    ways = ["\b" * -by, f"\x1b[{column + 1}G"]
    return min(ways, key=len) if column else ("\r" if by else "")
