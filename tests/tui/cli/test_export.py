"""`nnfs-tui export` writes a saved run, and never replaces a file by accident."""

from pathlib import Path

import pytest

from core import RunConfig, Trainer
from core.export.formats import FORMATS, format_of_file
from tests.core.runs.test_reader import run_of, saved
from tui.cli.main import main
from tui.cli.streams import USAGE_ERROR


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with one run, in another folder than the working directory."""
    trainer = Trainer(RunConfig(dataset="xor", hidden=(3,)))
    saved(tmp_path / "runs", trainer, run_of(trainer, 2))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("NNFS_TUI_RUN_DIR", str(tmp_path / "runs"))
    return tmp_path / "runs"


def test_a_run_is_written_under_its_name(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--to", "csv"]) == 0
    (name,) = (each.name for each in runs.iterdir())
    assert capsys.readouterr().out == f"{name} after epoch 2: {name}.csv\n"
    assert Path(f"{name}.csv").read_text().startswith("epoch,train_loss")


def test_scripts_for_several_frameworks_have_different_names(runs: Path) -> None:
    for name in ("numpy", "torch", "keras", "sklearn"):
        assert main(["export", "--to", name]) == 0
    (run,) = (each.name for each in runs.iterdir())
    names = {each.name: format_of_file(each.name).name for each in Path.cwd().iterdir()}
    assert names == {
        f"{run}.py": "numpy",
        f"{run}.torch.py": "torch",
        f"{run}.keras.py": "keras",
        f"{run}.sklearn.py": "sklearn",
    }


@pytest.mark.usefixtures("runs")
def test_a_file_that_exists_is_replaced_only_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.py").write_text("precious")
    assert main(["export", "--to", "numpy", "--output", "mine.py"]) == USAGE_ERROR
    assert "'mine.py' exists: choose another name" in capsys.readouterr().err
    assert Path("mine.py").read_text() == "precious"
    assert main(["export", "--to", "numpy", "--output", "mine.py", "--force"]) == 0
    assert "def predict" in Path("mine.py").read_text()


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "missing option --to: expected one of csv, json"),
        (["--to", "numpi"], "'numpi' is not a format"),
        (["--to", "csv", "--output", ""], "invalid value '' for --output"),
        (["--to", "csv", "--output", "no/such/folder.csv"], "a file that can be written"),
        (["nothing", "--to", "csv"], "nothing"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", *arguments]) == USAGE_ERROR
    output = capsys.readouterr()
    assert sentence in output.err
    assert output.err.count("\n") == 1
    assert not [*Path.cwd().iterdir()]


def test_the_help_lists_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    main(["help", "export"])
    text = capsys.readouterr().out
    assert all(each.description in text for each in FORMATS.values())
