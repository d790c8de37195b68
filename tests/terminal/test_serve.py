"""The program in a real browser, headless Chromium, by its DevTools protocol."""

import asyncio
import base64
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pyte
import pytest

from tests.terminal.terminal import PATIENCE, is_alive

PROGRAM = Path(sys.executable).with_name("nnfs-tui")
CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)


def free_port() -> str:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return str(bound.getsockname()[1])


def first_match(process: "subprocess.Popen[str]", pattern: str) -> str:
    """Return the first line of output that matches."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found[1]
    pytest.fail(f"ended without {pattern!r}: {''.join(lines)}")


class Page:
    """A page of the browser, and the screen that its web socket has received."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._sent = 0
        self._results: dict[int, Any] = {}
        self.size = (0, 0)
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    async def do(self, method: str, **parameters: object) -> Any:
        """Send a command, and return its result."""
        self._sent += 1
        sent = self._sent
        await self._socket.send_json({"id": sent, "method": method, "params": parameters})
        while sent not in self._results:
            await self._receive()
        return self._results.pop(sent)

    async def _receive(self) -> None:
        message = await asyncio.wait_for(self._socket.receive_json(), PATIENCE)
        if "id" in message:
            assert "error" not in message, message
            self._results[message["id"]] = message["result"]
        elif message["method"] == "Network.webSocketCreated":
            size = dict(re.findall(r"(width|height)=(\d+)", message["params"]["url"]))
            self._screen.resize(int(size["height"]), int(size["width"]))
        elif message["method"] == "Network.webSocketFrameReceived":
            frame = message["params"]["response"]
            if frame["opcode"] == 2:
                self._stream.feed(base64.b64decode(frame["payloadData"]))
        elif message["method"] == "Network.webSocketFrameSent":
            text = message["params"]["response"]["payloadData"]
            if size := dict(re.findall(r'"(width|height)": ?(\d+)', text)):
                self._screen.resize(int(size["height"]), int(size["width"]))

    async def until(self, *seen: str) -> str:
        """Receive until the screen shows all these texts."""
        while not all(text in "\n".join(self._screen.display) for text in seen):
            await self._receive()
        return "\n".join(self._screen.display)

    async def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            text = {"text": key} if kind == "keyDown" else {}
            await self.do("Input.dispatchKeyEvent", type=kind, key=key, **text)


async def watch(devtools: str, address: str, picture: Path) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession() as session:
        async with session.put(f"http://{devtools}/json/new?about:blank") as reply:
            target = (await reply.json())["webSocketDebuggerUrl"]
        async with session.ws_connect(target, max_msg_size=0) as connection:
            page = Page(connection)
            await page.do("Network.enable")
            await page.do("Page.enable")
            # the page asks for a font of another site, which it does not need
            await page.do("Network.setBlockedURLs", urls=["https://*"])
            await page.do("Page.navigate", url=address)
            await page.until("TRAINING", "loss", "boundary", "network")
            await page.do(
                "Runtime.evaluate", expression="document.querySelector('textarea').focus()"
            )
            await page.press(" ")
            await page.until("PAUSED")
            await asyncio.sleep(0.5)  # until the page has faded in
            shot = await page.do("Page.captureScreenshot", format="png")
            picture.write_bytes(base64.b64decode(shot["data"]))
        # a page of another site
        socket_address = f"{address.replace('http', 'ws', 1)}/ws"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(socket_address, headers={"Origin": "http://other.example"})
        assert refused.value.status == 403


def test_a_browser_shows_the_run_and_pauses_it(tmp_path: Path) -> None:
    pytest.importorskip("textual_serve", reason="textual-serve is not installed")
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    runs = tmp_path / "runs"
    picture = Path(os.environ.get("NNFS_TUI_SCREENSHOT", tmp_path / "screen.png"))
    command = [str(PROGRAM), "serve", "moons", "--port", free_port(), "--run-dir", str(runs)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    browser = subprocess.Popen(
        [
            *(
                CHROMIUM,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--window-size=1280,800",
            ),
            *(
                "--remote-debugging-port=0",
                f"--user-data-dir={tmp_path / 'profile'}",
                "about:blank",
            ),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        address = first_match(server, r"(http://\S+)")
        devtools = first_match(browser, r"ws://([^/]+)/")
        asyncio.run(watch(devtools, address, picture))
        assert picture.stat().st_size > 20_000  # an empty page has about 5,000
    finally:
        browser.kill()
        browser.wait()
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0
        for stream in (browser.stdout, server.stdout):
            assert stream is not None
            stream.close()
    assert not is_alive(server.pid)
    (saved,) = runs.glob("moons-*")
    assert saved.name.startswith("moons-")
