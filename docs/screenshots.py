"""Pictures for the documents, made from real runs (`make screenshots`)."""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from core.config.presets import preset
from core.process.client import TrainingProcess
from core.process.messages import State, Step
from tui.app import NnfsApp
from tui.drawing.rendering import TerminalLook

sys.path.insert(0, str(Path(__file__).parent))
from animated_svg import Frame, animated_svg


@dataclass(frozen=True)
class Picture:
    """A preset, paused after some epochs, in a terminal of a given size."""

    preset: str
    epochs: int
    size: tuple[int, int] = (120, 40)
    keys: tuple[str, ...] = ()
    look: TerminalLook = field(default_factory=TerminalLook)


LOOKS = {
    "dark": TerminalLook(),
    "light": TerminalLook(background="light"),
    "viridis-dark": TerminalLook(palette="viridis"),
    "viridis-light": TerminalLook(palette="viridis", background="light"),
    "sixteen": TerminalLook("16"),
    "console": TerminalLook("16", "console"),
    "no-color": TerminalLook("none"),
    "ascii": TerminalLook("256", "ascii"),
    "ascii-no-color": TerminalLook("none", "ascii"),
}
PICTURES = {
    f"terminals/{name}": Picture("iris", 60, (80, 24), look=look) for name, look in LOOKS.items()
}
INSPECTOR = Picture("xor", 120, keys=("i", "j", "j"))
FILM = {
    "xor": (1, 6, 12, 20, 30, 45, 60, 90, 130, 180),
    "moons": (1, 5, 12, 20, 32, 45, 60, 80, 100, 120),
}
"""Epochs of the frames of the animated picture, by preset."""
FILM_SIZE = (120, 40)
PACE = 0.5
"""Seconds per frame."""
LAST = 2.5
"""Seconds of the last frame of each preset."""


async def take(picture: Picture) -> tuple[str, Frame]:
    """Return the screen as the SVG of Textual, and its rows."""
    config = preset(picture.preset).config()
    app = NnfsApp(config, TrainingProcess(), paused=True, look=picture.look)
    run = app.training.run
    async with app.run_test(size=picture.size) as pilot:
        while run.state is not State.PAUSED:
            await pilot.pause(0.02)
        app.training.controller.train(Step(picture.epochs))
        while run.head_epoch < picture.epochs or run.state is not State.PAUSED:
            await pilot.pause(0.02)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause(0.5)
        title = f"nnfs-tui {picture.preset}"
        return app.export_screenshot(title=title), rows_of(app, 1.0)


async def scene(name: str, epochs: tuple[int, ...]) -> list[Frame]:
    """Return the screens of a run in progress, each at one of the epochs or right after it."""
    app = NnfsApp(preset(name).config(), TrainingProcess(), speed=30.0)
    frames = []
    async with app.run_test(size=FILM_SIZE) as pilot:
        for epoch in epochs:
            while app.training.run.head_epoch < epoch:
                await pilot.pause(0.02)
            await pilot.pause(0.1)
            frames.append(rows_of(app, LAST if epoch == epochs[-1] else PACE))
    return frames


def rows_of(app: NnfsApp, seconds: float) -> Frame:
    """Return the current screen."""
    return Frame([list(strip) for strip in app.screen._compositor.render_strips()], seconds)


def self_contained(svg: str) -> str:
    """Return the picture without references to fonts on other servers."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"Fira Code(?=[,;])", "ui-monospace, 'Cascadia Mono', Menlo, Consolas", svg)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def draw(name: str) -> str:
    """Return a picture as SVG."""
    if name == "learning":
        scenes = [asyncio.run(scene(each, epochs)) for each, epochs in FILM.items()]
        frames = [frame for each in scenes for frame in each]
        return animated_svg(frames, FILM_SIZE[0], "XOR, then moons, during training")
    if name == "inspector":
        _, frame = asyncio.run(take(INSPECTOR))
        return animated_svg([frame], INSPECTOR.size[0], "a hidden unit of XOR in the inspector")
    return self_contained(asyncio.run(take(PICTURES[name]))[0])


def main() -> None:
    """Create all pictures, or the named ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=["learning", "inspector", *PICTURES])
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        path = options.folder / f"{name}.svg"
        path.parent.mkdir(exist_ok=True)
        path.write_text(draw(name), encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main()
