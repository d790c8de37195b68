"""The command `datasets`: a summary of a file, with the options that read it."""

from pathlib import Path

import pytest

from tui.cli.main import main

ROWS = "".join(f"{at};{at % 3};{at / 2:.1f};{'äb'[at % 2]}\n" for at in range(12))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "table.dat"
    path.write_text("n;m;h;kind\n" + ROWS, encoding="latin-1")
    return str(path)


def test_a_file_is_read_with_the_options_of_the_data(
    file: str, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ["--delimiter", "semicolon", "--header", "on", "--encoding", "latin-1"]
    options += ["--target", "h", "--features", "n,kind", "--test-size", "0.5"]
    assert main(["datasets", file, *options]) == 0
    shown = capfd.readouterr().out
    assert "Read as latin-1." in shown
    assert "kind=ä" in shown
    assert "Regression" in shown
    assert "test 6" in shown


def test_a_built_in_data_set_is_shown_with_options(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "blobs", "--classes", "7", "--samples", "70"]) == 0
    assert "70" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--header", "perhaps"], ("--header", "'perhaps'")),
        (["--delimiter", "ab"], ("--delimiter", "whitespace")),
        (["--encoding", "latin-1", "--target", "x"], ("no column 'x'",)),
        ([], ("--encoding latin-1",)),
        (["--data", "other.csv"], ("'--data' belongs to",)),
        (["--lr", "0.1"], ("'--lr' belongs to",)),
    ],
)
def test_an_invalid_option_is_refused(
    file: str, options: list[str], parts: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["datasets", file, *options]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    for part in parts:
        assert part in said


def test_the_recommended_option_is_accepted(
    file: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "blanks.txt"
    path.write_text("a  b\n1  2\n2  3\n4 5\n6 7\n")
    assert main(["datasets", str(path), "--delimiter", ";"]) == 2
    word = capfd.readouterr().err.rpartition("--delimiter ")[2].split()[0]
    assert main(["datasets", str(path), "--delimiter", word]) == 0
    assert main(["datasets", str(path), "--delimiter", "space"]) == 0
    assert main(["datasets", file, "--encoding", "latin-1"]) == 0


def test_options_without_a_name_are_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["datasets", "--delimiter", ";"]) == 2
    assert "name a data set or a file" in capfd.readouterr().err


def test_a_data_file_needs_no_suffix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("flowers").write_text("a b kind\n" + "1 2 x\n3 4 y\n5 5 x\n6 8 y\n" * 3)
    Path("xor").write_text("the preset has priority")
    Path("moon").mkdir()
    assert main(["check", "flowers"]) == 0
    assert "flowers" in capfd.readouterr().out
    assert main(["check", "xor"]) == 0
    assert main(["check", "moon"]) == 2
    assert "mean moons?" in capfd.readouterr().err
