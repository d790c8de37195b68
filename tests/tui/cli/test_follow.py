"""The command follow without a screen."""

import json
from pathlib import Path

import pytest

from tui.cli.main import main


def test_a_summary_of_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        "epoch,loss,val_loss\n" + "".join(f"{at},{9 - at},{abs(at - 4)}\n" for at in range(9))
    )
    assert main(["follow", str(path), "--once"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "epoch 8 · 9 rows"
    assert lines[1].split() == ["loss", "1.0000"]
    assert lines[2].split() == ["val_loss", "4.0000", "best", "0.0000", "at", "epoch", "4"]


def test_lines_until_the_run_is_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.jsonl"
    records = [
        {"event": "epoch", "epoch": 1, "train_loss": 0.5},
        {"event": "end", "stopped": "epochs"},
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in records))
    assert main(["follow", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == ["epoch 1  train_loss 0.5000", "over: epochs"]


def test_what_cannot_be_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["follow", str(tmp_path / "nothing")]) == 2
    assert "no file or folder" in capsys.readouterr().err
    assert main(["follow", str(tmp_path), "--once"]) == 1
    assert "the folder has no CSV file" in capsys.readouterr().err
    assert main(["follow", str(tmp_path), "--epochs", "many"]) == 2
    assert "--epochs" in capsys.readouterr().err


def test_a_log_that_the_program_writes_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log.jsonl"
    assert main(["train", "xor", "--epochs", "30", "--no-save", "--log", str(log)]) == 0
    capsys.readouterr()
    assert main(["follow", str(log), "--once"]) == 0
    assert "train_loss" in capsys.readouterr().out


def test_a_saved_run_by_its_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = ["--run-dir", str(tmp_path)]
    assert main(["train", "xor", "--epochs", "30", *runs]) == 0
    capsys.readouterr()
    for words in ([], ["xor"], [str(next(tmp_path.iterdir()))]):
        assert main(["follow", *words, *runs]) == 0  # it has ended
        assert capsys.readouterr().out.startswith("epoch 30  train_loss ")
    assert main(["follow", "moons", *runs]) == 2
    assert "no file or folder 'moons' to follow, and no run" in capsys.readouterr().err
    assert main(["follow", "xor", "--epochs", "3", *runs]) == 2
