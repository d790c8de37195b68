"""Pictures of images, as large as the room allows: the pixels of a sample, or one number per pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.cells import Cells
from tui.drawing.palette import DIVERGING, GREYS
from tui.panels.boundary.map_drawing import half_blocks

if TYPE_CHECKING:
    from core.arrays import Array, Labels


def scale_of(image: tuple[int, int], width: int, height: int) -> int:
    """Return how many times larger an image can be shown in a room; 0 if it has to be reduced."""
    rows, columns = image
    return max(0, min(2 * height // rows, width // columns))


def draw_pixels(values: Array, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return the pixels of a sample in white on black, on any background of the terminal.

    Args:
        values: (pixels,) features, row by row; the largest one is white.
        image: rows and columns.
        width: available columns.
        height: available rows.
    """
    low = min(0.0, float(np.nan_to_num(values).min(initial=0.0)))
    high = float(np.nan_to_num(values).max(initial=0.0))
    levels = quantize(values, len(GREYS), low, high if high > low else low + 1)
    return _picture(levels, image, width, height, GREYS, 0)


def draw_signed(values: Array, image: tuple[int, int], width: int, height: int) -> Cells:
    """Return a signed number per pixel, such as a weight, in the colours of signs."""
    high = float(np.abs(values).max(initial=0.0, where=np.isfinite(values))) or 1.0
    levels = quantize(values, len(DIVERGING), -high, high)
    return _picture(levels, image, width, height, DIVERGING, len(DIVERGING) // 2)


def _picture(
    levels: Labels,
    image: tuple[int, int],
    width: int,
    height: int,
    colours: tuple[str, ...],
    blank: int,
) -> Cells:
    if width < 1 or height < 1 or not levels.size:
        return Cells(0, 0)
    pixels = levels.reshape(image)
    scale = scale_of(image, width, height)
    if scale:
        pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    else:
        # a part of the pixels, evenly
        factor = max(-(-image[0] // (2 * height)), -(-image[1] // width))
        pixels = pixels[factor // 2 :: factor, factor // 2 :: factor]
    if len(pixels) % 2:
        pixels = np.concatenate([pixels, np.full_like(pixels[:1], blank)])
    return half_blocks(pixels, colours)
