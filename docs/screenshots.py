"""Make the pictures of the README: Textual's screenshots of real runs. Run by `make screenshots`."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from core.presets import preset
from core.process import State, TrainingProcess
from tui.app import NnfsApp

PICTURES = {
    "moons": ("moons", (120, 40), 120, ()),
    "xor": ("xor", (80, 24), 60, ()),
}


async def take(
    name: str, size: tuple[int, int], epochs: int, keys: tuple[str, ...], folder: Path, stem: str
) -> Path:
    """Train a preset for some epochs, pause, press keys, and save what the screen shows."""
    config = preset(name).config(epochs=epochs)
    app = NnfsApp(config, TrainingProcess(), speed=None)
    async with app.run_test(size=size) as pilot:
        while app.training.session.state is not State.FINISHED:
            await pilot.pause(0.02)
        for key in keys:
            await pilot.press(key)
        await pilot.pause()
        svg = app.export_screenshot(title=f"nnfs-tui {name}")
    # the picture must not ask the reader's browser for fonts from elsewhere
    start, end = svg.find("@font-face"), svg.rfind("@font-face")
    if start >= 0:
        svg = svg[:start] + svg[svg.index("}", end) + 1 :]
    path = folder / f"{stem}.svg"
    path.write_text(svg.replace("Fira Code", "monospace"), encoding="utf-8")
    return path


def main() -> None:
    """Take all of them, or those named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(PICTURES))
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "images")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    for stem in options.names:
        name, size, epochs, keys = PICTURES[stem]
        path = asyncio.run(take(name, size, epochs, keys, options.folder, stem))
        print(path.name)


if __name__ == "__main__":
    main()
