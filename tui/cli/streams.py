"""Standard streams and logs that may be closed or full: a one-sentence error instead of a traceback."""

from __future__ import annotations

import codecs
import errno
import io
import os
import sys
from typing import IO, TYPE_CHECKING, Final, TextIO

from tui.terminal.capabilities import is_utf8

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import ReadableBuffer

STDOUT: Final = 1
STDERR: Final = 2
USAGE_ERROR: Final = 2
LONGEST_REASON: Final = 1500

FALLBACKS: Final = "nnfs-tui.fallbacks"
"""Name of the codec error handler that replaces x₁ by x1."""


class OutputError(OSError):
    """Error of an output: one sentence with its name and the reason."""

    def __init__(self, what: str, error: OSError) -> None:
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        super().__init__(error.errno, reason or type(error).__name__)
        self._what = what
        self.saved_as = ""
        """Name of the run that was saved before the program ended for this reason."""

    def __str__(self) -> str:
        saved = f"; the run is saved; resume with: nnfs-tui resume {self.saved_as}"
        return f"{self._what} cannot be written: {self.strerror}{saved if self.saved_as else ''}"


class _Output(io.FileIO):
    """File that raises `OutputError` with its description."""

    def __init__(self, file: str | int, what: str, *, closefd: bool = True) -> None:
        super().__init__(file, "w", closefd=closefd)
        self._what = what
        self.failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError as error:
            self.failure = error
            raise
        except OSError as error:
            self.failure = OutputError(self._what, error)
            raise self.failure from None


class _Messages(io.FileIO):
    """Standard error: if it cannot be written, messages are lost, and the program continues."""

    def write(self, data: ReadableBuffer, /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def guard_streams() -> None:
    """Replace standard output and standard error by streams with defined errors if closed or full."""
    for descriptor in (0, STDOUT, STDERR):
        _fill(descriptor)
    if sys.stdout is None or not sys.stdout.isatty():
        sys.stdout = _like(sys.stdout, _Output(STDOUT, "the output", closefd=False))
    if sys.stderr is None or not sys.stderr.isatty():
        sys.stderr = _like(sys.stderr, _Messages(STDERR, "w", closefd=False))
        sys.stderr.reconfigure(line_buffering=True)


def _like(stream: IO[str] | None, raw: io.RawIOBase) -> io.TextIOWrapper:
    """Return a text stream for a file, with the encoding and buffering of another stream, if any."""
    known = stream if isinstance(stream, io.TextIOWrapper) else None
    encoding, errors = ("utf-8", None) if known is None else (known.encoding, known.errors)
    unbuffered = known is not None and known.write_through
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, write_through=unbuffered)


def set_encoding(
    streams: tuple[TextIO | None, ...], environment: Mapping[str, str], ascii_only: bool | None
) -> None:
    """Restrict streams to ASCII if the locale or the user's option requires it.

    Glyphs that the locale lacks must not raise errors, and Python writes UTF-8 even in the C locale.
    """
    for stream in streams:
        if not isinstance(stream, io.TextIOWrapper):
            continue
        if ascii_only or (ascii_only is None and not is_utf8(environment)):
            codecs.register_error(FALLBACKS, _replace_by_fallback)
            stream.reconfigure(encoding="ascii", errors=FALLBACKS)
        elif ascii_only is None:
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="replace")


def _replace_by_fallback(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from tui.drawing.glyphs import in_ascii

    return in_ascii(error.object[error.start : error.end]), error.end


def flush_output() -> None:
    """Flush standard output.

    Raises:
        OutputError: if that fails, or failed earlier, which `argparse` ignores.
        BrokenPipeError: if the reader has exited.
    """
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, _Output) and raw.failure is not None:
        raise raw.failure


def open_log(name: str, *, waits: bool) -> IO[str]:
    """Open a file for lines of JSON.

    Args:
        name: name of a file, or of a pipe that another program reads.
        waits: whether to wait if that program reads too slowly, instead of failing.

    Raises:
        OSError: if it cannot be opened; later, as `OutputError`, if it cannot be written.
        ValueError: for an invalid file name.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOCTTY
    # a pipe would block until there is a reader
    descriptor = os.open(name, flags | os.O_NONBLOCK, 0o666)
    os.set_blocking(descriptor, waits)
    return io.TextIOWrapper(io.BufferedWriter(_Output(descriptor, "the log")), "utf-8")


def stop_writing(*descriptors: int) -> None:
    """Discard buffered output, which the interpreter would report on exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)


def _fill(descriptor: int) -> None:
    """Occupy the descriptor of a closed standard stream, which the next opened file would get otherwise.

    Writing to it fails, as on a closed stream.
    """
    try:
        os.fstat(descriptor)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDONLY)
        if nowhere != descriptor:
            os.dup2(nowhere, descriptor)
            os.close(nowhere)
        os.set_inheritable(descriptor, True)


def escaped(text: str) -> str:
    """Return the text with control characters escaped."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def refuse(reason: str) -> int:
    """Print why arguments are not accepted, and return the exit status for that."""
    if len(reason) > LONGEST_REASON:  # an argument may be as long as a file
        reason = f"{reason[: LONGEST_REASON // 3]} … {reason[-LONGEST_REASON // 2 :]}"
    print(escaped(f"nnfs-tui: {reason}"), file=sys.stderr)  # noqa: T201
    return USAGE_ERROR
