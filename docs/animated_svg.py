"""An animated SVG of screens: each row is drawn once, and frames refer to the rows they show.

Blocks and braille dots are drawn as shapes, so that they are sharp in any font.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias
from xml.sax.saxutils import escape

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.segment import Segment

WIDTH: Final = 8
HEIGHT: Final = 16
BASELINE: Final = 12
MARGIN: Final = 12
DOT: Final = 2
"""Size of a braille dot."""
FONT: Final = "ui-monospace,'SF Mono','Cascadia Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace"
PAPER: Final = "#121212"
INK: Final = "#c8c8c8"

_BLOCKS: Final = {
    "█": (0, 0, 8, 16),
    "▀": (0, 0, 8, 8),
    "▄": (0, 8, 8, 8),
    "▌": (0, 0, 4, 16),
    "▐": (4, 0, 4, 16),
    "■": (1, 4, 7, 7),
    **{glyph: (0, 16 - 2 * at, 8, 2 * at) for at, glyph in enumerate("▁▂▃▄▅▆▇", 1)},
    **{glyph: (0, 0, 8 - at, 16) for at, glyph in enumerate("▉▊▋▌▍▎▏", 1)},
    "▔": (0, 0, 8, 2),
    "▕": (7, 0, 1, 16),
}
"""Rectangles of the block elements: left, top, width, height."""
_ARMS: Final = {
    **dict(
        zip(
            "─│┌┐└┘├┤┬┴┼",
            ("lr", "ud", "rd", "ld", "ru", "lu", "udr", "udl", "lrd", "lru", "lrud"),
            strict=True,
        )
    ),
    **dict(zip("╭╮╰╯╴╵╶╷", ("rd", "ld", "ru", "lu", "l", "u", "r", "d"), strict=True)),
}
"""Directions of the lines of the box-drawing characters."""
_ARM: Final = {"l": (0, 8, 5, 1), "r": (4, 8, 4, 1), "u": (4, 0, 1, 9), "d": (4, 8, 1, 8)}
_SHAPES: Final = {
    **{glyph: (block,) for glyph, block in _BLOCKS.items()},
    **{glyph: tuple(_ARM[arm] for arm in arms) for glyph, arms in _ARMS.items()},
    "━": ((0, 7, 8, 2),),
}
_BRAILLE: Final = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""Column and row of the dots of a braille pattern, by bit."""


Bar: TypeAlias = "tuple[int, int, int]"
"""A filled rectangle of a row: top, left, width."""
Pen: TypeAlias = "tuple[str, int]"
"""Colour and height of bars, which are drawn as one path, by the name of its class."""


@dataclass(frozen=True)
class Frame:
    """A screen, shown for some seconds."""

    rows: Sequence[Sequence[Segment]]
    seconds: float


def animated_svg(frames: Sequence[Frame], columns: int, title: str) -> str:
    """Return the frames as one endless animation; the first one where animations are not shown."""
    drawn: dict[str, str] = {}
    pens: dict[Pen, str] = {}
    shown: list[list[str]] = []
    for frame in frames:
        rows = []
        for row in frame.rows:
            picture = _row(row, pens)
            if picture:
                drawn.setdefault(picture, f"r{len(drawn)}")
            rows.append(drawn.get(picture, ""))
        shown.append(rows)
    height = len(frames[0].rows) * HEIGHT + 2 * MARGIN
    width = columns * WIDTH + 2 * MARGIN
    total = sum(frame.seconds for frame in frames)
    # frames of one length share their keyframes
    lengths = sorted({frame.seconds for frame in frames})
    style = [
        f"text{{font:13.3px {FONT};white-space:pre}}",
        *(f".{name}{{stroke:{ink};stroke-width:{high}}}" for (ink, high), name in pens.items()),
        ".f{visibility:hidden}#f0{visibility:visible}",
        *(
            f"@keyframes k{at}{{0%{{visibility:visible}}{100 * seconds / total:.4f}%"
            "{visibility:hidden}}"
            for at, seconds in enumerate(lengths)
        ),
        "@media (prefers-reduced-motion:reduce){.f{animation:none!important}}",
    ]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{''.join(style)}</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{PAPER}"/>',
        "<defs>",
        *(f'<g id="{name}">{picture}</g>' for picture, name in drawn.items()),
        "</defs>",
        f'<g transform="translate({MARGIN} {MARGIN})" shape-rendering="crispEdges">',
    ]
    start = 0.0
    for number, (frame, rows) in enumerate(zip(frames, shown, strict=True)):
        name = f"k{lengths.index(frame.seconds)}"
        animation = f"animation:{name} {total:g}s step-end {start:g}s infinite"
        lines.append(f'<g class="f" id="f{number}" style="{animation}">')
        lines += [f'<use href="#{row}" y="{HEIGHT * y}"/>' for y, row in enumerate(rows) if row]
        lines.append("</g>")
        start += frame.seconds
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _row(segments: Iterable[Segment], pens: dict[Pen, str]) -> str:
    """Return the shapes of one row: backgrounds, then blocks and dots by colour, then texts."""
    papers: dict[Pen, list[Bar]] = defaultdict(list)
    bars: dict[Pen, list[Bar]] = defaultdict(list)
    texts: list[str] = []
    column = 0
    for segment in segments:
        style = segment.style
        ink, paper = INK, PAPER
        if style is not None:
            ink = _colour(style.color, INK)
            paper = _colour(style.bgcolor, PAPER)
            if style.reverse:
                ink, paper = paper, ink
        width = cell_len(segment.text)
        if paper != PAPER and width:
            papers[paper, HEIGHT].append((0, column * WIDTH, width * WIDTH))
        bold = style is not None and bool(style.bold)
        texts += _glyphs(segment.text, column, ink, bars, bold=bold)
        column += width
    shapes = [
        f'<path class="{pens.setdefault(pen, f"p{len(pens)}")}" d="{_path(each, pen[1])}"/>'
        for pen, each in (*papers.items(), *bars.items())
    ]
    return "".join([*shapes, *texts])


def _glyphs(
    text: str,
    column: int,
    ink: str,
    bars: dict[Pen, list[Bar]],
    *,
    bold: bool,
) -> list[str]:
    """Add blocks and dots to the bars; return the other words as texts."""
    texts: list[str] = []
    word, start = "", column
    for glyph in f"{text} ":
        shapes = _SHAPES.get(glyph, ())
        is_dots = "\u2800" < glyph <= "\u28ff"
        if glyph.isspace() or shapes or is_dots:
            if word:
                weight = ' font-weight="bold"' if bold else ""
                texts.append(
                    f'<text x="{start * WIDTH}" y="{BASELINE}" fill="{ink}"{weight} '
                    f'textLength="{cell_len(word) * WIDTH}">{escape(word)}</text>'
                )
                word = ""
            for left, top, width, height in shapes:
                bars[ink, height].append((top, column * WIDTH + left, width))
            if is_dots:
                bars[ink, DOT] += _dots(ord(glyph) - 0x2800, column * WIDTH)
        else:
            if not word:
                start = column
            word += glyph
        column += cell_len(glyph)
    return texts


def _dots(bits: int, left: int) -> list[Bar]:
    return [
        (1 + 4 * down, left + 1 + 4 * across, DOT)
        for bit, (across, down) in enumerate(_BRAILLE)
        if bits >> bit & 1
    ]


def _path(bars: list[Bar], height: int) -> str:
    """Return horizontal lines as thick as the bars; adjacent bars share a line."""
    joined: list[list[int]] = []
    for top, left, width in sorted(bars):
        if joined and joined[-1][0] == top and sum(joined[-1][1:]) == left:
            joined[-1][2] += width
        else:
            joined.append([top, left, width])
    path, row, end = [], -1, 0
    for top, left, width in joined:
        middle = f"{top + height / 2:g}"
        path.append(f"M{left} {middle}h{width}" if top != row else f"m{left - end} 0h{width}")
        row, end = top, left + width
    return "".join(path)


def _colour(colour: object, default: str) -> str:
    triplet = getattr(colour, "triplet", None)
    return default if triplet is None else str(triplet.hex)
