"""Time per frame of each panel; a hidden panel must cost nothing.

    python -m benchmarks.panels [preset ...]

Milliseconds of processor time to draw one frame after the network has changed, at 58×20 cells; the peer
is the interval between frames. Then a frame of the whole screen with one panel, compared with all.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import asyncio
import sys
from statistics import median
from time import process_time
from typing import Final

from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.process.messages import State
from tests.tui.sessions import session_after
from tui.app import NnfsApp
from tui.panels.registry import PANELS
from tui.panels.view_options import ViewOptions

FRAMES: Final = 40
BETWEEN: Final = 100.0
SIZE: Final = (58, 20)


def cost(name: str) -> None:
    session = session_after(PRESETS[name].config(diagnostics=True), 20, State.TRAINING)
    network = session.network
    assert network is not None
    for kind in PANELS:
        panel = kind(session, ViewOptions(inspecting=True))
        panel.draw(*SIZE)
        times = []
        for _ in range(FRAMES):
            network.parameters[:] *= 1.0001
            panel.invalidate()
            started = process_time()
            panel.draw(*SIZE)
            times.append((process_time() - started) * 1000)
        share = median(times) / BETWEEN
        print(f"{name:<10}{panel.label:<12}{median(times):>8.2f} ms  ratio {share:.3f}")


async def hidden_panels(name: str) -> None:
    app = NnfsApp(PRESETS[name].config(), TrainingProcess(), paused=True)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.training
        while not len(screen.run.timeline):
            await pilot.pause(0.05)
        drawn: dict[str, int] = {}
        for panel in screen.panels:

            def counted(width: int, height: int, panel: object = panel) -> object:
                label = panel.label  # type: ignore[attr-defined]
                drawn[label] = drawn.get(label, 0) + 1
                return type(panel).draw(panel, width, height)  # type: ignore[attr-defined]

            panel.draw = counted  # type: ignore[assignment, method-assign]
        for _ in range(10):
            screen.frames._paint_panels()
        shown = {panel.label for panel in screen.panels if panel.display}
        others = sum(count for label, count in drawn.items() if label not in shown)
        print(
            f"{name}: {len(shown)} panels shown were drawn {sum(drawn.values()) - others} times in "
            f"10 frames, the {len(screen.panels) - len(shown)} others {others} times"
        )


def main() -> None:
    names = sys.argv[1:] or ["moons", "digits"]
    for name in names:
        cost(name)
    asyncio.run(hidden_panels(names[0]))


if __name__ == "__main__":
    main()
