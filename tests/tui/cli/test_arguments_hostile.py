"""Invalid arguments are quoted in one sentence, without control characters."""

import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.config.run_config import settings
from tui.cli.main import main

HOSTILE = {
    "title": "\x1b]0;pwned\x07\x1b[31m",
    "8-bit control": "\x9b31m\x85",
    "bytes": os.fsdecode(b"\xff\xfe\x1b[2J"),
    "NUL": "a\0b",
    "directions": "\u202e\u2066\u200fabc",
    "accents": "\u0301\u0301e" + "\u0301" * 50,
    "markup": "[bold]x[/]%s{}%(prog)s",
    "lines": "a\nb\r\tc\x0b",
    "long": "A" * 100_000,
    "long file": "A" * 100_000 + ".csv",
    "digits": "9" * 10_000,
    "empty": "",
}
PLACES = {
    "preset": ["train", "{}"],
    "number": ["train", "--lr", "{}"],
    "word": ["train", "--loss", "{}"],
    "units": ["train", "--hidden", "x{}"],
    "features": ["train", "xor", "--features", "{}"],
    "settings": ["train", "--config", "{}"],
    "column": ["train", "--data", "here.csv", "--target", "x{}"],
    "data": ["train", "--data", "{}"],
    "data set": ["datasets", "{}"],
    "option": ["train", "--{}="],
    "another": ["presets", "x{}"],
    "pace": ["watch", "--speed", "{}"],
    "log": ["train", "--log", "no folder/x{}"],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("given", HOSTILE)
def test_it_is_told_in_one_printable_sentence(
    given: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here.csv").write_text("a,b,kind\n1,2,x\n2,3,y\n3,4,x\n4,6,y\n")
    status = main([each.format(HOSTILE[given]) for each in PLACES[place]])
    told = capfd.readouterr()
    assert status == 2
    assert told.out == ""
    assert told.err.startswith("nnfs-tui: ")
    assert told.err.removesuffix("\n").isprintable()
    assert len(told.err) < 2_000
    assert told.err.count("A") <= 200  # a long value does not hide the sentence around it


@pytest.fixture
def odd_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe that nothing writes to, and a file of 2 GB that takes no room."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket")
    with Path("sparse").open("wb") as file:
        file.truncate(2 << 30)


@pytest.mark.parametrize("option", ["--config", "--data", "--log"])
@pytest.mark.parametrize("name", ["pipe", "link", "socket", "sparse", "/dev/zero", "."])
def test_a_file_without_an_end_is_refused_at_once(
    option: str, name: str, odd_files: None, capfd: pytest.CaptureFixture[str]
) -> None:
    if option == "--log" and name in {"sparse", "/dev/zero"}:
        pytest.skip("these can be written")
    assert main(["train", "--no-save", "--epochs", "1", option, name]) == 2
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert Path(name).name in told.err


def test_a_log_is_written_to_a_pipe_that_is_read(
    odd_files: None, capfd: pytest.CaptureFixture[str]
) -> None:
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert main(["train", "xor", "--no-save", "--epochs", "2", "--log", "pipe"]) == 0
    assert os.read(reader, 1 << 16).count(b"\n") == 4
    os.close(reader)


@pytest.mark.parametrize("option", [*(each.flag for each in settings()), "--config", "--log"])
def test_dashes_are_a_value_like_any_other(
    option: str, odd_files: None, capfd: pytest.CaptureFixture[str]
) -> None:
    status = main(["train", "xor", "--no-save", "--epochs", "1", f"{option}=--"])
    told = capfd.readouterr().err
    # a column or a missing value may be called so, and has no effect on XOR
    assert status == (0 if option in {"--target", "--na", "--text", "--encoding", "--log"} else 2)
    named = ("--: ", "invalid value '--' for", "no feature '-'")  # the last one: not the column -
    assert status == 0 or any(each in told for each in named)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lr", "1e300"],
        ["--lr", "5e-324"],
        ["--lr", "1e300", "--schedule", "cosine", "--warmup", "1"],
        ["--l1", "1e300", "--l2", "1e300", "--diagnostics"],
        ["--weight-decay", "1e300", "--optimizer", "adamw"],
        ["--clip-norm", "1e-300", "--clip-value", "1e300"],
        ["--huber-delta", "1e300", "--dataset", "sine", "--loss", "huber"],
        ["--noise", "-0.0", "--dataset", "spiral"],
        ["--data", "huge.csv"],
        ["--data", "huge.csv", "--preprocess", "minmax"],
        ["--data", "huge.csv", "--preprocess", "none"],
        ["--data", "huge.csv", "--features-extra", "x1sq,x2sq", "--preprocess", "none"],
        ["--data", "huge.csv", "--target", "a", "--task", "regression"],
        ["--data", "tiny.csv"],
        ["--data", "tiny.csv", "--target", "a", "--task", "regression"],
    ],
)
@pytest.mark.parametrize("command", ["train", "check"])
def test_extreme_numbers_are_computed_or_refused_without_a_warning(
    command: str, arguments: list[str], odd_files: None, capfd: pytest.CaptureFixture[str]
) -> None:
    """The settings of pytest turn a warning into an exception."""
    rows = "".join(
        f"{at % 7 - 3}e{{0}},{(at * 5) % 11}.5e{{0}},{'xy'[at % 2]}\n" for at in range(30)
    )
    for name, exponent in (("huge", "307"), ("tiny", "-320")):
        Path(f"{name}.csv").write_text("a,b,kind\n" + rows.format(exponent))
    rest = ["--no-save", "--epochs", "2"] if command == "train" else []
    assert main([command, "xor", *arguments, *rest]) in {0, 1, 2}
    assert "Warning" not in capfd.readouterr().err


def test_too_large_a_network_is_a_sentence_that_names_its_size() -> None:
    program = [
        sys.executable,
        "-m",
        "tui.cli.main",
        "train",
        "digits",
        "--hidden",
        "4096,4096,4096",
    ]
    done = subprocess.run(
        program,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (700 << 20, 700 << 20)),
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "33,869,834 parameters" in done.stderr
    assert " MB; choose fewer" in done.stderr
