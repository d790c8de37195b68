"""In which bytes text leaves, and what is known of the terminal before anything else is imported."""

from __future__ import annotations

import codecs
import io
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

STAND_INS: Final = "nnfs-tui.stand-ins"
"""The name of the codecs' error handler that writes x1 for x₁."""

CANNOT_DRAW: Final = frozenset({"dumb", "unknown"})
"""Values of TERM for what has no cursor to be placed."""

_COLOURLESS: Final = re.compile(r"vt\d|wy\d|.*-(m|mono)$")


def can_draw(environment: Mapping[str, str]) -> bool:
    """Tell whether the terminal can place its cursor."""
    return environment.get("TERM", "").lower() not in CANNOT_DRAW


def is_colourless(term: str) -> bool:
    """Tell whether a terminal of that name is known to have one colour."""
    return _COLOURLESS.match(term) is not None


def is_utf8(environment: Mapping[str, str]) -> bool:
    """Tell whether the locale, as POSIX reads it from the environment, is in UTF-8.

    Where it says nothing at all, the terminal is taken for a modern one, as Python does.
    """
    named = {name: environment.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")}
    # Python itself puts this in the place of the C locale
    if named["LC_CTYPE"] in {"C.UTF-8", "C.utf8", "UTF-8"} and named["LANG"] in {"C", "POSIX"}:
        named["LC_CTYPE"] = ""
    chosen = next(filter(None, named.values()), "")
    if not chosen:
        return not is_colourless(environment.get("TERM", ""))
    return re.search(r"utf-?8", chosen, re.IGNORECASE) is not None


def set_encoding(
    streams: tuple[TextIO | None, ...], environment: Mapping[str, str], ascii_only: bool | None
) -> None:
    """Let nothing but ASCII through where the locale, or a person, wants no more.

    A locale without our glyphs is no reason to fail, and Python writes UTF-8 even in the C locale.
    """
    for stream in streams:
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if ascii_only or (ascii_only is None and not is_utf8(environment)):
            codecs.register_error(STAND_INS, _stand_ins)
            stream.reconfigure(encoding="ascii", errors=STAND_INS)
        elif ascii_only is None:
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="replace")


def _stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from tui.drawing.glyphs import in_ascii

    return in_ascii(error.object[error.start : error.end]), error.end
