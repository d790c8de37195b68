"""The vocabulary check of `make lint` finds each word and opening that it lists."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[1] / ".ci" / "vocabulary.py"


def check(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(CHECK), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Saved runs.\n\nA run goes on.\n"""\n', "3: 'goes on'"),
        ("value = 1  # drawn anew\n", "1: 'anew'"),
        ("message = f\"{1}: 'x' was given; accepted is 1\"\n", "1: 'was given; accepted'"),
        ('def f():\n    """Tell whether it is."""\n', "2: opening 'Tell'"),
        ('class C:\n    """What is saved."""\n', "2: opening 'What'"),
        ('"""Constants."""\n\nLIMIT = 3\n"""Nobody needs more."""\n', "4: 'Nobody'"),
    ],
)
def test_each_kind_of_text_is_checked(tmp_path: Path, source: str, found: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    result = check(path)
    assert result.returncode == 1
    assert f"{path}:{found}" in result.stdout


def test_documents_are_checked_without_their_code(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text("Use `somebody`.\n\n```\nanew\n```\n\nIt is drawn anew.\n")
    result = check(path)
    assert result.returncode == 1
    assert result.stdout == f"{path}:7: 'anew': use again\n"


def test_plain_english_passes(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('"""Saved runs; files are untrusted input."""\n\ngoes_on = "resume the run"\n')
    assert check(path).returncode == 0
