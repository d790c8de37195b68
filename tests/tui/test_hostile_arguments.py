"""What is given on the command line comes back in one sentence, and steers no terminal."""

import os
from pathlib import Path

import pytest

from tui.cli import main

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
