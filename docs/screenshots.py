"""Screenshots for the documents, made by Textual from real runs (`make screenshots`)."""

from __future__ import annotations

import argparse
import asyncio
import re
from dataclasses import dataclass, field
from pathlib import Path

from core.config.presets import preset
from core.process.client import TrainingProcess
from core.process.messages import State
from tui.app import NnfsApp
from tui.drawing.rendering import TerminalLook


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
PICTURES = {"moons": Picture("moons", 120)} | {
    f"terminals/{name}": Picture("iris", 60, (80, 24), look=look) for name, look in LOOKS.items()
}


async def take(picture: Picture) -> str:
    """Return the screen as SVG."""
    app = NnfsApp(
        preset(picture.preset).config(), TrainingProcess(), paused=True, look=picture.look
    )
    session = app.training.session
    async with app.run_test(size=picture.size) as pilot:
        while session.state is not State.PAUSED:
            await pilot.pause(0.02)
        app.training.action_step(picture.epochs)
        while len(session.timeline) <= picture.epochs:
            await pilot.pause(0.02)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause(0.2)
        return app.export_screenshot(title=f"nnfs-tui {picture.preset}")


def self_contained(svg: str) -> str:
    """Return the picture without references to fonts on other servers."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"Fira Code(?=[,;])", "ui-monospace, 'Cascadia Mono', Menlo, Consolas", svg)
    return re.sub(r"[ \t]+$", "", svg, flags=re.MULTILINE)


def main() -> None:
    """Create all pictures, or the named ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(PICTURES))
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        path = options.folder / f"{name}.svg"
        path.parent.mkdir(exist_ok=True)
        path.write_text(self_contained(asyncio.run(take(PICTURES[name]))), encoding="utf-8")
        print(path.name)


if __name__ == "__main__":
    main()
