"""Modules that are imported at run time, in fresh interpreters."""

import subprocess
import sys

from core.datasets import DATASETS


def modules_after(program: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


TOYS = [name for name, info in DATASETS.items() if info.generate is not None]


def test_training_on_toy_data_imports_neither_a_screen_nor_scikit_learn() -> None:
    assert len(TOYS) > 8
    modules = modules_after(
        "from core import RunConfig, Trainer\nimport core.process.worker\n"
        f"for name in {TOYS!r}: Trainer(RunConfig(dataset=name, epochs=1)).train_epoch()"
    )
    assert "numpy" in modules
    assert not modules & {"tui", "textual", "rich", "plotext", "sklearn", "scipy", "joblib"}


def test_the_version_costs_no_import_of_numpy() -> None:
    assert "numpy" not in modules_after("from core import __version__")


def test_the_screen_imports_no_scikit_learn_on_its_way() -> None:
    modules = modules_after("import tui.cli.main, tui.app, tui.cli.headless, tui.screens.settings")
    assert "textual" in modules
    assert not modules & {"sklearn", "scipy", "joblib"}
