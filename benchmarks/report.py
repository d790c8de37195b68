"""Output format of the benchmarks: one figure per line, with its peer, their ratio and the target."""

from __future__ import annotations

from statistics import median


def line(name: str, ours: list[float], peer: list[float], unit: str, wanted: str) -> str:
    """Return a line with the medians of interleaved repeats, their ratio, and the spread of `ours`."""
    mine, theirs = median(ours), median(peer)
    spread = f"{min(ours):,.4g} to {max(ours):,.4g}, n = {len(ours)}"
    return (
        f"{name:<45} {mine:>9,.4g} {unit} ({spread}); "
        f"peer {theirs:,.4g}; ratio {mine / theirs:.3f}; wanted {wanted}"
    )


def percentile(values: list[float], share: float) -> float:
    """Return the quantile of the values at `share`, from 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
