"""The preferences file: what is used, what is reported, and that any file lets the program start."""

import os
from pathlib import Path

import pytest

from tui.cli.main import main
from tui.preferences import MOST_BYTES, preferences_path, read_preferences


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "preferences.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_file_is_in_the_users_configuration_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/kim")
    expected = Path("/home/kim/.config/nnfs-tui/preferences.toml")
    assert preferences_path({}) == preferences_path({"XDG_CONFIG_HOME": "relative"}) == expected
    assert preferences_path({"XDG_CONFIG_HOME": "/c"}) == Path("/c/nnfs-tui/preferences.toml")


def test_valid_entries_are_used_and_each_invalid_one_is_reported(tmp_path: Path) -> None:
    text = '\ufeffpalette = "viridi"\nbackground = "light"\nspeed = 60\ncolour = 1\n'
    text += 'title = false\nnotify = "on"\n[keys]\nstep = "x"\n'
    found = read_preferences(written(tmp_path, text))
    assert found.values == {"background": "light", "speed": "60", "title": False}
    assert found.keys == {"step": "x"}
    palette, unknown, notify = found.problems
    assert "invalid value 'on' for notify: expected true or false" in notify
    assert "invalid value 'viridi' for palette: expected one of blue-orange, viridis" in palette
    names = "palette, background, view, speed, title, progress, notify, keys"
    assert f"unknown name 'colour': expected one of {names}" in unknown


@pytest.mark.parametrize("speed", ["true", "0", "-1", "nan", "inf", '"fast"', "[30]", "1e400"])
def test_an_invalid_speed_is_reported(tmp_path: Path, speed: str) -> None:
    found = read_preferences(written(tmp_path, f"speed = {speed}\n"))
    assert found.values == {}
    assert "for speed: expected a number from 0.01 to 1e+06 or max" in found.problems[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"palette = \xff", "it is not UTF-8 text"),
        (b"palette", "it is not valid TOML"),
        (b"#" * (MOST_BYTES + 1), f"expected at most {MOST_BYTES:,}"),
        (b"a=" + b"[" * 9000, "it is nested too deeply"),
        (b"a = " + b"9" * 5000, "it is not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_problem(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    found = read_preferences(written(tmp_path, content))
    assert (found.values, found.keys, len(found.problems)) == ({}, {}, 1)
    assert reason in found.problems[0]
    assert len(found.problems[0].splitlines()) == 1


def test_what_is_no_file_is_one_problem_and_a_missing_one_none(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name, reason in (
        ("folder", "it is a folder; expected a TOML file"),
        ("pipe", "a pipe"),
        ("dangling", "no such file"),
    ):
        (problem,) = read_preferences(tmp_path / name).problems
        assert reason in problem
    assert read_preferences(tmp_path / "missing").problems == ()
    assert read_preferences(None).problems == ()


def test_training_without_a_screen_neither_uses_nor_reports_preferences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nnfs-tui").mkdir()
    written(tmp_path / "nnfs-tui", 'speed = "max"\npalette = "none"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["xor", "--no-save"]) == 0
    output = capfd.readouterr()
    assert "500 of 500 epochs" in output.out  # speed max would have changed the number of epochs
    assert "training without a screen" in output.err
    assert "preferences" not in output.err
