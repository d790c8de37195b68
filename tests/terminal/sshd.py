"""OpenSSH server on a loopback port, with temporary keys, and its clients."""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from tests.terminal.terminal import PATIENCE, Terminal, is_alive

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin"
_KERNELS = ("OPENBLAS_", "NPY_", "GLIBC_TUNABLES")
"""Beginnings of the variables that select kernels of the processor.

A session does not inherit them. Without them, the last bits of a run may differ from those computed by
the test.
"""
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile {folder}/pid
AuthorizedKeysFile {folder}/user.pub
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
"""


def missing() -> str:
    """Return the programs of OpenSSH that are missing, or ""."""
    programs = ("sshd", "ssh", "ssh-keygen")
    return next((each for each in programs if not shutil.which(each, path=_PATH)), "")


class Sshd:
    """A server that admits the user who runs it, until the context ends.

    What a client runs has its home, and where programs keep their state, in the folder: nothing of
    the person's own is read or written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.home = folder / "home"
        self.home.mkdir()
        for name in ("host", "user"):
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, parents=True, exist_ok=True)  # for its privileges
        self._log = (folder / "log").open("wb")
        for _ in range(5):
            # another process may take the port between the two
            self._port = _free_port()
            if self._start():
                break
        else:
            self._log.close()
            raise OSError((folder / "log").read_text(encoding="utf-8"))
        host = (folder / "host.pub").read_text(encoding="ascii")
        (folder / "known").write_text(f"[127.0.0.1]:{self._port} {host}", encoding="ascii")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for pid in (*self.sessions(), *self.programs()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.kill()
        self._server.wait()
        self._log.close()

    def connect(self, *arguments: str, size: tuple[int, int] = (120, 40)) -> Terminal:
        """Run `ssh -t host nnfs-tui ...` in a terminal of its own."""
        program = Path(sys.executable).with_name("nnfs-tui")
        kept = {name: value for name, value in os.environ.items() if name.startswith(_KERNELS)}
        kept |= {"HOME": f"{self.home}", "XDG_STATE_HOME": f"{self.home}/state", "LANG": "C.UTF-8"}
        remote = ["env", *(f"{name}={value}" for name, value in kept.items()), str(program)]
        return Terminal(*self._client(), shlex.join([*remote, *arguments]), size=size)

    def sessions(self) -> list[int]:
        """Return the processes of the server that serve one connection each."""
        return _descendants(self._server.pid, "sshd")

    def programs(self) -> list[int]:
        """Return what runs of all that was started over a connection, whoever its parent is now."""
        mark = f"HOME={self.home}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with suppress(OSError):
                    if mark in (entry / "environ").read_bytes() and is_alive(int(entry.name)):
                        found.append(int(entry.name))
        return found

    def until_nothing_is_left(self) -> None:
        """Wait until no program that was started over a connection runs any more."""
        deadline = monotonic() + PATIENCE
        while left := self.programs():
            commands = [Path(f"/proc/{pid}/cmdline") for pid in left]
            assert monotonic() < deadline, [each.read_bytes() for each in commands if each.exists()]

    def _client(self) -> list[str]:
        folder = self._folder
        options = {
            "BatchMode": "yes",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(folder / "known"),
        }
        told = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        key = ["-F", "none", "-i", str(folder / "user"), "-p", str(self._port)]
        return [_program("ssh"), "-t", *key, *told, "-l", _user(), "127.0.0.1"]

    def _start(self) -> bool:
        """Start the server; tell whether it listens."""
        config = self._folder / "config"
        config.write_text(_CONFIG.format(port=self._port, folder=self._folder), encoding="utf-8")
        self._server = subprocess.Popen(
            [_program("sshd"), "-D", "-e", "-f", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        deadline = monotonic() + PATIENCE
        while self._server.poll() is None:
            assert monotonic() < deadline
            if (self._folder / "pid").exists():  # which it writes once it listens
                return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run([_program(program), *arguments], check=True, timeout=PATIENCE)


def _program(name: str) -> str:
    found = shutil.which(
        name, path=_PATH
    )  # sshd is often not on the path, and requires an absolute one
    assert found is not None
    return found


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def _descendants(pid: int, name: str) -> list[int]:
    """Return the descendants of a process with this name, nearest first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                head, _, rest = (entry / "stat").read_text().rpartition(")")
                if head.partition("(")[2].startswith(name):
                    children.setdefault(int(rest.split()[1]), []).append(int(entry.name))
    found, front = [], [pid]
    while front:
        front = [child for each in front for child in children.get(each, [])]
        found += front
    return found
