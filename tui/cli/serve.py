"""The program in a browser: `nnfs-tui serve`, with textual-serve (the extra `web`).

Each visitor has a process and a run of their own, which is saved when the page is closed. There is no
password: whoever reaches the address controls the program. By default that is this computer only, and
pages of other sites cannot use the browser of its user to do so.
"""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from tui.cli.arguments import COMMANDS, UsageError, read_count

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
HOST, PORT = "127.0.0.1", "8000"
MOST_PORT: Final = 65_535
TERMINAL: Final = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
"""Description of the terminal in the browser."""
SERVED: Final = ("watch", "resume")
"""Commands that have a screen."""


def serve_options(given: Sequence[str]) -> tuple[str, int, list[str]]:
    """Return host, port and the command that each visitor runs.

    Raises:
        UsageError: for an invalid port, or a command without a screen.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", default=PORT)
    try:
        options, rest = parser.parse_known_args(given)
    except argparse.ArgumentError as error:
        raise UsageError(f"missing value for {error.argument_name}") from None
    if not options.host:
        raise UsageError("invalid value '' for --host: expected a name or an address")
    if rest and rest[0] in COMMANDS.keys() - {*SERVED}:
        raise UsageError(f"serve has a screen, and {rest[0]} has none: expected watch or resume")
    command = rest if rest and rest[0] in SERVED else ["watch", *rest]
    return options.host, read_count("--port", options.port, MOST_PORT), command


def serve(host: str, port: int, command: Sequence[str]) -> int:
    """Serve a command until ctrl+c.

    Raises:
        UsageError: if textual-serve is not installed, or the address cannot be used.
    """
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError:
        raise UsageError(
            "serve needs the package textual-serve: pip install 'nnfs-tui[web]'"
        ) from None

    class ProgramServer(Server):  # type: ignore[misc]
        """Server of one command, for pages of its own only."""

        def initialize_logging(self) -> None:
            logging.basicConfig(level=logging.WARNING, format="nnfs-tui: %(message)s")

        async def on_startup(self, app: Any) -> None:
            del app
            print(f"nnfs-tui: open {address(host, port)} in a browser; ctrl+c ends", flush=True)  # noqa: T201

        async def handle_index(self, request: Any) -> Any:
            _check(request)
            # the address that the browser knows, also for a server that listens on all of them
            self.public_url = f"{request.scheme}://{request.host}"
            return await super().handle_index(request)

        async def handle_websocket(self, request: Any) -> Any:
            _check(request)
            return await super().handle_websocket(request)

    def _check(request: Any) -> None:
        if not is_allowed(host, request.host, request.headers.get("Origin")):
            raise web.HTTPForbidden(text="this page may not use nnfs-tui")

    if host not in LOOPBACK:
        print(  # noqa: T201
            f"nnfs-tui: warning: everyone who reaches {address(host, port)} controls the program, which "
            "reads and writes files as you; there is no password and no encryption",
            file=sys.stderr,
        )
    os.environ.update(TERMINAL)
    for name in ("TMUX", "STY", "SSH_TTY"):
        os.environ.pop(name, None)
    line = shlex.join([sys.executable, "-P", "-m", "tui.cli.main", *command])
    try:
        ProgramServer(line, host, port, title="nnfs-tui").serve()
    except OSError as error:
        raise UsageError(f"{address(host, port)} cannot be used: {error.strerror}") from None
    return 0


def address(host: str, port: int) -> str:
    """Return the address of a page."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_allowed(bound: str, host: str, origin: str | None) -> bool:
    """Return whether a request may use the program.

    Another site's page, open in the same browser, could otherwise connect to this computer, directly or
    with a name of its own that it resolves to 127.0.0.1.

    Args:
        bound: the address that the server listens on.
        host: the Host header.
        origin: the Origin header, which browsers send with a web socket.
    """
    if bound in LOOPBACK and urlsplit(f"//{host}").hostname not in LOOPBACK:
        return False
    return origin is None or urlsplit(origin).netloc == host
