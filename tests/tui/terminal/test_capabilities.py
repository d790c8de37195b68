"""Every panel and dialog on each kind of terminal, in the glyphs and colours that it supports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

import tui
from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.process.messages import State, Step
from tests.tui.drawing.colour_difference import lab
from tests.tui.drawing.sent import SentCell, screen_of, sent, sent_colours, sent_pairs
from tests.tui.screens.test_training import Driver
from tests.tui.sessions import session_after
from tui.app import NnfsApp
from tui.drawing.cells import Cells, printable
from tui.drawing.glyphs import fallback, in_ascii
from tui.drawing.palette import (
    ACCENT,
    BOUNDARY,
    CLASS_FIELDS,
    CLASS_POINTS,
    DIVERGING,
    SEQUENTIAL,
    STEPS,
    TEST,
    TRAIN,
    TRAIN_MARKERS,
    indexed,
    ink,
)
from tui.drawing.rendering import (
    CERTAINTY,
    DIVERGING_GLYPHS,
    SEQUENTIAL_GLYPHS,
    CellRenderer,
    TerminalLook,
    picture_glyph,
)
from tui.drawing.terminal_text import terminal_text
from tui.drawing.themes import (
    BACKGROUNDS,
    MARK_CONTRAST,
    PALETTES,
    TEXT_CONTRAST,
    contrast,
    is_picture,
    luminance,
    theme,
)
from tui.panels.boundary.map_drawing import GUTTER
from tui.panels.boundary.map_view import MapView
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.view_options import ViewOptions
from tui.terminal.capabilities import is_relayed, is_utf8, terminal_look
from tui.terminal.escape_codes import palette_entry, parse_sgr

MONO = TerminalLook("none", "ascii")
THEMES = list(product(PALETTES, BACKGROUNDS))
WALK = (
    *("0", "9", "i", "u", "escape", "U", "6", "8", "5", "z", "z"),
    *("question_mark", "escape", "h", "down", "down", "escape", "e", "escape", "A", "escape"),
    *("v", "escape", "colon", "escape", "P", "escape", "ctrl+s", "escape"),
    *("ctrl+p", "l", "o", "escape", "escape", "h", "slash", "l", "escape", "escape"),
)


@asynccontextmanager
async def watching(preset: str, look: TerminalLook, size: tuple[int, int]) -> AsyncIterator[Driver]:
    process = TrainingProcess()
    app = NnfsApp(PRESETS[preset].config(), process, paused=True, look=look)
    try:
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await driver.until_state(State.PAUSED)
            app.training.controller.train(Step(20))
            await driver.until(lambda: driver.epoch == 20)
            await driver.settled()
            yield driver
            assert not app.faults, app.faults[-1].trace
    finally:
        process.close()


def styles_of(driver: Driver) -> set[Style]:
    compositor = driver.app.screen._compositor
    strips = compositor.render_strips(compositor.size)
    return {style for strip in strips for _, style, _ in strip if style is not None}


@pytest.mark.parametrize(
    ("look", "size"),
    [
        (MONO, (120, 40)),
        (TerminalLook("256", "ascii", "viridis", "light"), (80, 24)),
        (TerminalLook("256"), (120, 40)),
        (TerminalLook("16", "console"), (80, 24)),
        (TerminalLook("none", "unicode"), (120, 40)),
    ],
)
async def test_every_panel_and_dialog_is_drawn_with_what_the_terminal_has(
    look: TerminalLook, size: tuple[int, int]
) -> None:
    read: set[Style] = set()
    roles: set[tuple[str, str]] = set()
    async with watching("iris", look, size) as driver:
        for key in WALK:
            await driver.press(key)
            if not look.is_plain:
                roles |= roles_of_letters(driver)
                for cell in letters_in_front(driver, read):
                    pair = cell.foreground, cell.background
                    # in ASCII a letter may be a sample on a map
                    on_map = look.glyphs == "ascii" and pair[1] in pictures_of(look)
                    least = MARK_CONTRAST if on_map else TEXT_CONTRAST
                    assert contrast(*pair) >= least, (key, cell)
            text = driver.text()
            foreign = {glyph for glyph in text if fallback(glyph, look.glyphs) != glyph} - {"\n"}
            assert not foreign, (key, foreign, text)
            assert all(len(printable(line)) == size[0] for line in text.split("\n"))
            if look.is_plain:
                for style in styles_of(driver):
                    colour, paper = style.color, style.bgcolor
                    assert paper is None or paper.is_default
                    assert colour is None or colour.is_default or look.colours == "16"
                    assert colour is None or colour.number is None or colour.number < 16
        assert driver.is_on_top()
        assert look.is_plain or len(read) > 20
    if not look.is_plain and look.glyphs == "unicode":
        pairs = sorted(roles)
        assert len(pairs) > 20
        for palette, background in THEMES:
            colours = sent_pairs(replace(look, palette=palette, background=background), pairs)
            for pair, each in zip(pairs, colours, strict=True):
                assert contrast(*each) >= TEXT_CONTRAST, (palette, background, pair)


def letters_in_front(driver: Driver, known: set[Style]) -> list[SentCell]:
    """Return a letter or digit, as it is sent, in each style of the screen that is not yet known.

    Cells around a dialog are left out.
    """
    screen, found = driver.app.screen, []
    # a dialog's own containers are as large as the screen
    own = [each.region for each in screen.walk_children(Widget) if each.region != screen.region]
    for row, strip in enumerate(screen_of(driver.app)):
        column = 0
        for text, style, _ in strip:
            offset = next((at for at, glyph in enumerate(text) if glyph.isalnum()), None)
            if offset is not None and style is not None and style not in known:
                at = column + offset
                if driver.is_on_top() or any(region.contains(at, row) for region in own):
                    known.add(style)
                    found.append(Segment(text[offset], style))
            column += cell_len(text)
    return sent([Strip(found)]) if found else []


def roles_of_letters(driver: Driver) -> set[tuple[str, str]]:
    """Return the roles of the text that panels draw, and of its background."""
    known = {*driver.app.look.theme.colours, "legible"}
    return {
        (style.color.name, style.bgcolor.name)
        for strip in screen_of(driver.app)
        for text, style, _ in strip
        if style is not None and style.color is not None and style.bgcolor is not None
        if style.color.name in known and style.bgcolor.name in known
        if any(glyph.isalnum() for glyph in text)
    }


def pictures_of(look: TerminalLook) -> set[str]:
    return {look.theme.colour(role) for role in look.theme.colours if is_picture(role)}


async def test_the_focus_is_seen_without_colours() -> None:
    async with watching("xor", MONO, (120, 40)) as driver:

        def frame(title: str) -> str:
            return next(part for part in driver.text().split("+") if part.startswith(f" {title} "))

        await driver.until(lambda: "==" in frame("1 loss"))
        await driver.press("tab")
        await driver.until(lambda: "==" not in frame("1 loss"))
        await driver.press("h")
        await driver.until(lambda: ">hidden" in driver.text())
        await driver.press("escape", "A")
        await driver.until(lambda: any(style.reverse for style in styles_of(driver)))


@pytest.mark.parametrize("preset", ["moons", "iris", "digits"])
def test_the_class_of_each_cell_of_a_map_is_read_without_colours(preset: str) -> None:
    session = session_after(PRESETS[preset].config(), 15)
    network, data = session.network, session.data
    assert network is not None
    assert data is not None
    panel = BoundaryPanel(session, ViewOptions(show_test=False))
    cells = panel.draw(90, 34)
    rows = 34 - 2 - 2
    view = panel._picture
    assert isinstance(view, MapView)
    points = view.plane.features(view.window.points())
    predicted = network.predict(data.preparation.inputs(points)).argmax(axis=1)
    pixels = predicted.reshape(2 * rows, -1)
    classes = {
        picture_glyph(field): label
        for label in range(network.classes)
        for field in CLASS_FIELDS[label]
    }
    classes.pop(" ")  # uncertain
    assert len(classes) >= 2 * network.classes  # no glyph stands for two classes
    samples = {
        (int(row) // 2, int(column))
        for row, column in zip(view.train.rows, view.train.columns, strict=True)
    }
    form, read = CellRenderer(MONO), 0
    for row in range(rows):
        line = cells.strip(1 + row, form).text[1 + GUTTER : -1]
        for column, glyph in enumerate(line):
            if (row, column) in samples or glyph == " ":
                continue
            assert classes[glyph] in pixels[2 * row : 2 * row + 2, column]
            read += 1
    assert read > 0.5 * rows * pixels.shape[1]


def test_a_letter_tells_the_class_of_a_sample() -> None:
    form = CellRenderer(MONO)
    cells = Cells(len(TRAIN_MARKERS), 1)
    for label, marker in enumerate(TRAIN_MARKERS):
        cells.write(0, label, marker, ink(CLASS_POINTS[label]))
    assert cells.strip(0, form).text == "ABCDEFGHIJKLM"
    # letters are classes only
    cells.write(0, 0, "●◆▲▼", ink(ACCENT))
    assert cells.strip(0, form).text[:4] == "o*^v"


def test_signs_and_steps_of_a_scale_differ_without_colours() -> None:
    for scale in (DIVERGING, SEQUENTIAL):
        glyphs_of_scale = [picture_glyph(role) for role in scale]
        wanted = DIVERGING_GLYPHS if scale is DIVERGING else SEQUENTIAL_GLYPHS
        assert "".join(dict.fromkeys(glyphs_of_scale)) == wanted
        assert max(map(glyphs_of_scale.count, wanted)) == len(scale) // len(wanted)
    glyphs = [glyph for triple in CERTAINTY for glyph in triple]
    assert len(set(glyphs)) == len(glyphs)


def test_curves_differ_without_colours() -> None:
    cells = Cells(2, 1)
    cells.write(0, 0, "⠒", ink(indexed(TRAIN)))
    cells.write(0, 1, "⠒", ink(indexed(TEST)))
    assert cells.strip(0, CellRenderer(MONO)).text == "*o"
    assert cells.strip(0, CellRenderer(TerminalLook("none", "unicode"))).text == "⠒o"
    assert cells.strip(0).text == "⠒⠒"


def test_what_is_two_cells_wide_stays_so() -> None:
    cells = Cells(6, 1)
    cells.write(0, 0, "漢字é", ink())
    assert cells.strip(0, CellRenderer(MONO)).text == "????e "
    assert in_ascii("ŷ = √(η·x₁²)") == "y = V(n.x12)"


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_text_stands_out_from_what_is_behind_it(palette: str, background: str) -> None:
    look = TerminalLook("256", palette=palette, background=background)
    words = ("dim", "text", "bright", "accent", "warning", "alarm", "reader")
    curves = [f"curve {name}" for name in ("train", "test", "penalized", "validation", "linear")]
    points = CLASS_POINTS[:10]
    # further classes repeat the colours of others
    roles = [role for role in look.theme.colours if is_picture(role)]
    pictures = list({look.theme.colour(role): role for role in roles}.values())
    smooth = theme(palette, background)
    for mark, behind in product((*points, BOUNDARY), filter(is_picture, smooth.colours)):
        assert contrast(*smooth.pair(mark, behind)) >= MARK_CONTRAST, (mark, behind)
    papers = ("deep", "raised", "sunk", "tinted", "mistake", "warning", "bright", "accent")
    text = [(role, "paper") for role in (*words, *curves, *points)]
    text += product(("legible", "text", "bright"), pictures)
    text += product(("legible",), papers)
    for pair, colours in zip(text, sent_pairs(look, text), strict=True):
        assert contrast(*colours) >= TEXT_CONTRAST, pair
    marks = list(product((*points, BOUNDARY), pictures))
    for pair, colours in zip(marks, sent_pairs(look, marks), strict=True):
        assert contrast(*colours) >= MARK_CONTRAST, pair
    # shows that the check can fail
    assert contrast("#767676", "#121212") < TEXT_CONTRAST


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_each_colour_is_sent_as_it_is(palette: str, background: str) -> None:
    look = TerminalLook("256", palette=palette, background=background)
    roles = list(look.theme.colours)
    assert sent_colours(look, roles) == [look.theme.colour(role) for role in roles]


SIXTEEN = {
    "xterm": "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 "
    "7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff",
    "VGA": "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "PuTTY": "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb "
    "555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
}
"""The first 16 colours as the common terminals define them."""


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("terminal", SIXTEEN)
def test_text_in_one_of_16_colours_stands_out(terminal: str, background: str) -> None:
    look = TerminalLook("16", background=background)
    values = SIXTEEN[terminal].split()
    paper = "#000000" if background == "dark" else "#ffffff"
    form, used = CellRenderer(look), set()
    for role in (*look.theme.colours, "legible"):
        for behind in ("paper", "deep", role):
            for bold in (False, True):
                style = form.style(ink(role, behind, bold=bold))
                parameters = Strip.render_ansi(style, ColorSystem.TRUECOLOR)
                colour = parse_sgr(parameters).foreground
                if colour == "39":
                    continue
                number = int(colour) - (30 if int(colour) < 90 else 82)
                # most of these terminals make bold colours bright
                shown = {number, number | 8 if style.bold else number}
                used |= shown
                for each in shown:
                    assert contrast("#" + values[each], paper) >= TEXT_CONTRAST, (role, each)
    assert len(used) >= 5
    # blue on black, a former colour of a class
    assert contrast("#0000aa", "#000000") < TEXT_CONTRAST


def test_every_entry_of_the_palette_is_its_own_nearest() -> None:
    for number in range(16, 256):
        if number < 232:
            steps = (0, 95, 135, 175, 215, 255)
            colour = tuple(steps[(number - 16) // part % 6] for part in (36, 6, 1))
        else:
            colour = (8 + 10 * (number - 232),) * 3
        assert palette_entry(*colour) == number
    assert palette_entry(1, 2, 3) == 16
    assert palette_entry(20, 20, 20) == 233  # #121212, and not Rich's #1c1c1c


@pytest.mark.parametrize("dichromacy", ["protanopia", "deuteranopia"])
@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_colour_blind_eyes_tell_the_classes_and_signs_apart(
    palette: str, background: str, dichromacy: str
) -> None:
    chosen = theme(palette, background)

    def apart(one: str, other: str) -> float:
        seen = [lab(chosen.colour(role), dichromacy) for role in (one, other)]
        return float(np.linalg.norm(seen[0] - seen[1]))

    for one, other in combinations(range(3), 2):
        assert apart(CLASS_FIELDS[one][-1], CLASS_FIELDS[other][-1]) >= 15
    assert apart(CLASS_POINTS[0], CLASS_POINTS[1]) >= 20
    for strength in range(STEPS // 2, STEPS + 1):
        assert apart(DIVERGING[STEPS - strength], DIVERGING[STEPS + strength]) >= 20
    # green and red of the same lightness, which protanopes and deuteranopes confuse
    assert np.linalg.norm(lab("#87875f", dichromacy) - lab("#af875f", dichromacy)) < 20


@pytest.mark.parametrize(("palette", "background"), THEMES)
def test_a_scale_from_zero_grows_in_lightness_alone(palette: str, background: str) -> None:
    chosen = theme(palette, background)
    steps = [luminance(chosen.colour(role)) for role in SEQUENTIAL]
    assert steps == sorted(steps, reverse=background == "light")


def test_all_colours_are_of_the_256() -> None:
    steps = {"00", "5f", "87", "af", "d7", "ff"}
    greys = {f"{8 + 10 * step:02x}" for step in range(24)}
    for palette, background in THEMES:
        for colour in theme(palette, background, smooth=False).colours.values():
            parts = {colour[at : at + 2] for at in (1, 3, 5)}
            assert parts <= steps or (len(parts) == 1 and parts <= greys)


@pytest.mark.parametrize(
    ("environment", "colours", "glyphs"),
    [
        ({"TERM": "xterm-256color", "LANG": "en_US.UTF-8"}, "256", "unicode"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor", "unicode"),
        ({"TERM": "xterm-direct"}, "truecolor", "unicode"),
        ({"TERM": "tmux-256color", "COLORTERM": "truecolor"}, "256", "unicode"),
        ({"TERM": "screen", "COLORTERM": "24bit"}, "256", "unicode"),
        ({"TERM": "xterm-16color"}, "16", "unicode"),
        ({"TERM": "xterm"}, "256", "unicode"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "truecolor", "unicode"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "none", "unicode"),
        ({"TERM": "XTerm-new"}, "256", "unicode"),
        ({"TERM": "xterm-kitty"}, "256", "unicode"),
        ({"TERM": "xterm-color"}, "16", "unicode"),
        ({"TERM": "putty"}, "256", "unicode"),
        ({"TERM": "alacritty"}, "256", "unicode"),
        ({"TERM": "foot"}, "256", "unicode"),
        ({"TERM": "vte-direct"}, "truecolor", "unicode"),
        ({"TERM": "konsole-16color"}, "16", "unicode"),
        ({"TERM": "screen-16color"}, "16", "unicode"),
        ({"TERM": "screen.linux"}, "16", "unicode"),
        ({"TERM": "rxvt"}, "16", "unicode"),
        ({"TERM": "cygwin"}, "16", "unicode"),
        ({"TERM": "ansi"}, "16", "unicode"),
        ({"TERM": "vt220"}, "none", "ascii"),
        ({}, "16", "unicode"),
        ({"TERM": "linux", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}, "16", "console"),
        ({"TERM": "vt100"}, "none", "ascii"),
        ({"TERM": "xterm-mono", "LANG": "C.UTF-8"}, "none", "unicode"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1", "COLORTERM": "24bit"}, "none", "unicode"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256", "unicode"),
        ({"TERM": "no-such-terminal"}, "16", "unicode"),
        ({"TERM": "xterm-256color", "LC_ALL": "C", "LANG": "C.UTF-8"}, "256", "ascii"),
        ({"TERM": "xterm-256color", "LC_CTYPE": "de_DE.ISO-8859-1"}, "256", "ascii"),
    ],
)
def test_the_environment_tells_what_the_terminal_shows(
    environment: dict[str, str], colours: str, glyphs: str
) -> None:
    look = terminal_look(environment)
    assert (look.colours, look.glyphs) == (colours, glyphs)


def test_options_go_before_the_environment() -> None:
    environment = {"TERM": "dumb", "NO_COLOR": "1", "LC_ALL": "C", "COLORFGBG": "0;15"}
    assert terminal_look(environment).background == "light"
    assert terminal_look({"COLORFGBG": "15;default;0"}).background == "dark"
    look = terminal_look(
        environment, colours="truecolor", ascii_only=False, palette="viridis", background="dark"
    )
    assert look == TerminalLook("truecolor", "unicode", "viridis", "dark")


def test_the_c_locale_is_no_utf8_though_python_says_so() -> None:
    # set by the interpreter if LANG is C
    assert not is_utf8({"LANG": "C", "LC_CTYPE": "C.UTF-8"})
    assert is_utf8({"LC_CTYPE": "C.UTF-8"})
    assert is_utf8({"LANG": "en_GB.utf8"})


def test_words_on_colours_follow_what_is_shown() -> None:
    told = "blue negative, orange positive; test samples (violet)"
    assert terminal_text(told, TerminalLook()) == told
    assert terminal_text(told, TerminalLook(palette="viridis")).startswith(
        "violet negative, yellow positive"
    )
    plain = terminal_text(told, MONO)
    assert "blue" not in plain
    assert "(o)" in plain
    assert terminal_text("η·√v", MONO) == "eta*sqrt v"


def test_every_glyph_in_the_sources_has_a_stand_in() -> None:
    glyphs = {glyph for file in Path(tui.__path__[0]).rglob("*.py") for glyph in file.read_text()}
    without = {glyph for glyph in glyphs if fallback(glyph, "ascii") == "?"} - {"?"}
    assert not without
    assert fallback("漢", "ascii") == "?"


@pytest.mark.parametrize(
    ("environment", "terminal", "relayed"),
    [
        ({"TERM": "xterm-256color"}, "/dev/pts/1", False),
        ({"TERM": "xterm-256color", "TMUX": "/tmp/tmux-0/default,1,0"}, "/dev/pts/1", True),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts-0.host"}, "/dev/pts/1", True),
        ({"TERM": "tmux-256color"}, "/dev/pts/1", True),
        # a tmux at the client: the program has the terminal of sshd
        ({"TERM": "tmux-256color", "SSH_TTY": "/dev/pts/1"}, "/dev/pts/1", False),
        ({"TERM": "screen", "SSH_TTY": "/dev/pts/1", "TMUX": "x"}, "/dev/pts/2", True),
    ],
)
def test_what_answers_on_this_side_of_the_line_is_recognised(
    environment: dict[str, str], terminal: str, relayed: bool
) -> None:
    assert is_relayed(environment, terminal) is relayed
