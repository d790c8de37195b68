"""Options of `serve`, and requests that are refused."""

import pytest

from tui.cli.main import main
from tui.cli.serve import address, is_allowed, serve_options


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ("127.0.0.1", 8000, ["watch"])),
        (
            ["xor", "--port", "81", "--lr", "0.1"],
            ("127.0.0.1", 81, ["watch", "xor", "--lr", "0.1"]),
        ),
        (["resume", "--host=::"], ("::", 8000, ["resume"])),
    ],
)
def test_all_other_arguments_are_those_of_the_command(
    given: list[str], expected: tuple[str, int, list[str]]
) -> None:
    assert serve_options(given) == expected


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (["--port", "x"], "invalid value 'x' for --port: expected a whole number from 1 to 65535"),
        (["--port"], "missing value for --port"),
        (["--host", ""], "invalid value '' for --host"),
        (["xor", "--lr", "fast"], "invalid value 'fast' for --lr"),
        (["train", "xor"], "train has none: expected watch or resume"),
        (["--json"], "option '--json' belongs to"),
    ],
)
def test_a_wrong_argument_is_reported_before_anything_is_served(
    given: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *given]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bound", "host", "origin", "allowed"),
    [
        ("127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("127.0.0.1", "localhost:8000", None, True),
        ("::1", "[::1]:8000", "http://[::1]:8000", True),
        ("127.0.0.1", "127.0.0.1:8000", "http://other.example", False),
        ("127.0.0.1", "127.0.0.1:8000", "http://127.0.0.1:9000", False),
        ("127.0.0.1", "other.example:8000", "http://other.example:8000", False),
        ("0.0.0.0", "lab.example:8000", "http://lab.example:8000", True),
        ("0.0.0.0", "lab.example:8000", "http://other.example", False),
        ("127.0.0.1", "", "null", False),
    ],
)
def test_only_pages_of_the_server_may_use_it(
    bound: str, host: str, origin: str | None, allowed: bool
) -> None:
    assert is_allowed(bound, host, origin) is allowed


def test_an_ipv6_address_is_in_brackets() -> None:
    assert address("::1", 8000) == "http://[::1]:8000"
