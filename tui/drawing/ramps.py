"""Ramps of colours: steps of equal size from one colour to another.

The steps are equal in OKLab (Ottosson 2020), where a straight line from a grey keeps its hue and changes
its lightness in one direction. In sRGB, blue would turn violet on its way to grey.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Triple: TypeAlias = tuple[float, float, float]

_TO_LMS: Final = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_OKLAB: Final = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_OKLAB: Final = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_LMS: Final = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def oklab(colour: str) -> Triple:
    """Return lightness, from 0 to 1, and the two colour axes of `#rrggbb`."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    long, medium, short = (part ** (1 / 3) for part in _times(_TO_LMS, (red, green, blue)))
    return _times(_TO_OKLAB, (long, medium, short))


def from_oklab(lightness: float, a: float, b: float) -> str:
    """Return the nearest `#rrggbb`."""
    long, medium, short = (part**3 for part in _times(_FROM_OKLAB, (lightness, a, b)))
    linear = (min(1.0, max(0.0, part)) for part in _times(_FROM_LMS, (long, medium, short)))
    return "#" + "".join(
        f"{round(255 * (12.92 * part if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055)):02x}"
        for part in linear
    )


def ramp(start: str, end: str, steps: int) -> list[str]:
    """Return `steps` + 1 colours from one to the other."""
    one, other = oklab(start), oklab(end)
    between = (_mixed(one, other, step / steps) for step in range(1, steps))
    return [start, *(from_oklab(*each) for each in between), end]


def through(colours: Sequence[str], count: int) -> list[str]:
    """Return `count` colours on the way through some, which are spread evenly over them.

    The first and the last ones are the ends; each of the others is the centre of its share.
    """
    fixed = [oklab(colour) for colour in colours]
    found = []
    for level in range(count):
        place = min(max((level + 0.5) / count * len(fixed) - 0.5, 0.0), len(fixed) - 1.0)
        before = min(int(place), len(fixed) - 2)
        found.append(from_oklab(*_mixed(fixed[before], fixed[before + 1], place - before)))
    return found


def _mixed(one: Triple, other: Triple, share: float) -> Triple:
    first, second, third = (
        here + (there - here) * share for here, there in zip(one, other, strict=True)
    )
    return first, second, third


def _times(matrix: tuple[Triple, ...], vector: Triple) -> Triple:
    first, second, third = (
        sum(part * each for part, each in zip(row, vector, strict=True)) for row in matrix
    )
    return first, second, third
