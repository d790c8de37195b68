"""Every export of every kind of run gives the predictions of the run."""

import io
import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.datasets.prepare import load
from core.export.errors import ExportError
from core.export.exported_run import ExportedRun
from core.export.formats import FORMATS, format_of
from core.export.frameworks import FRAMEWORKS, KERAS, NUMPY, SKLEARN, TORCH
from core.export.script import comment
from core.nn.activations import ACTIVATIONS
from core.training.epoch_log import COLUMNS
from tests.core.runs.test_reader import run_of, saved

CLOSE = 1e-6
HOSTILE = 'a"""\nimport os\r\u2028\\'
CONFIGS: dict[str, dict[str, Any]] = {
    "two classes": {"dataset": "xor", "hidden": (4,)},
    "batch normalisation": {"dataset": "moons", "batch_norm": True, "hidden": (8, 8)},
    "one output": {"dataset": "moons", "loss": "binary_cross_entropy", "hidden": (5,)},
    "one-hot outputs": {"dataset": "blobs", "loss": "mean_squared_error", "hidden": (5,)},
    "hinge": {"dataset": "blobs", "loss": "hinge", "hidden": ()},
    "regression": {"dataset": "bumps", "hidden": (6,)},
    "scaled features": {"dataset": "iris", "hidden": (6,), "activation": "sigmoid"},
    "computed inputs": {
        "dataset": "circles",
        "hidden": (3,),
        "features_extra": ("x1sq", "x2sq", "x1x2", "sinx1", "sinx2"),
    },
    "double precision": {"dataset": "moons", "dtype": "float64", "hidden": (4,)},
    "no biases": {"dataset": "moons", "bias": False, "hidden": (4,)},
    "many weights": {"dataset": "digits", "hidden": (64,), "activation": "relu"},
    **{name: {"dataset": "moons", "hidden": (4,), "activation": name} for name in ACTIVATIONS},
}


def exported(folder: Path, **settings: Any) -> ExportedRun:
    """Return a run of three epochs that was saved and read again."""
    trainer = Trainer(RunConfig(**settings))
    return ExportedRun.read(saved(folder, trainer, run_of(trainer, 3)))


def samples_of(run: ExportedRun) -> Any:
    return run.data.preparation.features(np.asarray(run.data.x_test, float))


def expected_of(run: ExportedRun) -> Any:
    return run.data.preparation.in_units(run.network.predict(run.data.x_test))


def content_of(run: ExportedRun, name: str) -> bytes:
    file = io.BytesIO()
    format_of(name).write(run, file)
    return file.getvalue()


def module_of(text: str) -> dict[str, Any]:
    values: dict[str, Any] = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), values)
    return values


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the frameworks themselves
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", CONFIGS)
def test_a_script_gives_the_predictions_of_the_run(
    name: str, framework: str, tmp_path: Path
) -> None:
    pytest.importorskip(framework)
    run = exported(tmp_path, **CONFIGS[name])
    if framework == "sklearn" and not {each.activation for each in run.model.layers} <= {*SKLEARN}:
        with pytest.raises(ExportError, match="scikit-learn has no activation"):
            content_of(run, framework)
        return
    module = module_of(content_of(run, framework).decode())
    found, expected = module["predict"](samples_of(run)), expected_of(run)
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=CLOSE)
    assert tuple(module["FEATURES"]) == run.data.feature_names


@pytest.mark.parametrize("name", CONFIGS)
def test_an_onnx_model_gives_the_predictions_of_the_run(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    run = exported(tmp_path, **CONFIGS[name])
    session = runtime.InferenceSession(content_of(run, "onnx"))
    (found,) = session.run(None, {"x": samples_of(run)})
    np.testing.assert_allclose(found, expected_of(run), rtol=CLOSE, atol=CLOSE)


def test_onnx_without_its_package_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = exported(tmp_path, **CONFIGS["two classes"])
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExportError, match=r"install nnfs-tui\[onnx\]"):
        content_of(run, "onnx")


def test_every_activation_is_in_each_table() -> None:
    for table in (NUMPY, TORCH, KERAS):
        assert table.keys() == ACTIVATIONS.keys()
    assert SKLEARN.keys() <= ACTIVATIONS.keys()


@pytest.mark.parametrize("analyzer", ["char", "word"])
def test_the_script_of_a_run_on_texts_takes_texts(analyzer: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "dataset": "languages",
        "hidden": (4,),
        "ngrams": analyzer,
        "vocabulary": 60,
    }
    run = exported(tmp_path, **settings)
    texts = [*load(run.model.config).texts[:20], "", "a  b\tc"]
    expected = run.network.predict(run.data.preparation.inputs_of_texts(texts))
    module = module_of(content_of(run, "numpy").decode())
    np.testing.assert_allclose(module["predict"](texts), expected, rtol=CLOSE, atol=CLOSE)


def test_a_script_predicts_missing_values_and_samples_of_the_command_line(tmp_path: Path) -> None:
    run = exported(tmp_path, **CONFIGS["scaled features"])
    script = tmp_path / "network.py"
    script.write_text(content_of(run, "numpy").decode(), encoding="utf-8")
    x = samples_of(run)[:2]
    x[1, 2] = np.nan
    lines = "\n".join(
        ",".join("" if each != each else repr(float(each)) for each in row) for row in x
    )
    done = subprocess.run(
        [sys.executable, script], input=lines, text=True, capture_output=True, check=True
    )
    predicted = run.network.predict(run.data.preparation.inputs(x))
    names = [run.model.classes[each] for each in predicted.argmax(axis=1)]
    assert [line.split()[0] for line in done.stdout.splitlines()] == names
    one = subprocess.run(
        [sys.executable, script, *map(repr, x[0].tolist())], text=True, capture_output=True
    )
    assert one.stdout == done.stdout.splitlines(keepends=True)[0]


@pytest.mark.parametrize(
    ("arguments", "lines", "sentence"),
    [
        ([], "\n", "there is no sample: expected values separated by commas"),
        (["1", "two"], "", "sample 1, 'x2': expected a finite number, not 'two'"),
        ([], "1,2\n1,inf", "sample 2, 'x2': expected a finite number, not 'inf'"),
        ([], "1,2\n1,2,3\n", "sample 2: expected 2 values in the order of FEATURES, not 3"),
    ],
)
def test_a_script_refuses_bad_samples_in_one_sentence(
    arguments: list[str], lines: str, sentence: str, tmp_path: Path
) -> None:
    run = exported(tmp_path, **CONFIGS["two classes"])
    script = tmp_path / "network.py"
    script.write_text(content_of(run, "numpy").decode(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, *arguments], input=lines, text=True, capture_output=True
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{script}: {sentence}\n".replace("x2", run.model.features[1])


def test_text_of_the_user_cannot_leave_a_comment() -> None:
    assert comment(HOSTILE).isprintable()


def test_tables_have_every_epoch_of_the_run_once(tmp_path: Path) -> None:
    run = exported(tmp_path, dataset="moons", hidden=(4,))
    header, *lines = content_of(run, "csv").decode().splitlines()
    assert header.split(",")[:3] == ["epoch", "train_loss", "test_loss"]
    rows = np.array([line.split(",") for line in lines], float)
    np.testing.assert_array_equal(rows[:, 0], range(4))
    np.testing.assert_array_equal(rows[:, 1], run.rows[:, COLUMNS.index("train_loss")])
    values = json.loads(content_of(run, "json").decode())
    assert values["metrics"]["train_loss"] == rows[:, 1].tolist()
    assert RunConfig.from_mapping(values["config"]) == run.model.config
    np.testing.assert_array_equal(
        np.array(values["layers"][0]["weights"], np.float32), run.network.weights[0]
    )
    arrays = np.load(io.BytesIO(content_of(run, "npz")))
    np.testing.assert_array_equal(arrays["weights_1"], run.network.weights[0])
    np.testing.assert_array_equal(arrays["test_loss"], rows[:, 2])


class Reader(HTMLParser):
    """Collects the text and the addresses of a page, and checks that tags are closed."""

    VOID = frozenset({"meta"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("name", ["two classes", "regression", "scaled features", "many weights"])
def test_a_report_is_whole_and_needs_no_network(name: str, tmp_path: Path) -> None:
    run = exported(tmp_path, **CONFIGS[name])
    text = content_of(run, "html").decode()
    page = Reader()
    page.feed(text)
    assert page.open == []
    assert page.addresses == []
    assert run.command in " ".join(page.words)
    assert text.count("<svg") == (
        3 if len(run.data.feature_names) == 2 and run.model.classes else 2
    )
    assert ("Confusion matrix" in text) == bool(run.model.classes)


def test_names_in_a_report_are_escaped(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    rows = [f"{x / 7},{-x},{'<b>1' if x % 2 else '<i>0'}" for x in range(1, 30)]
    file.write_text("\n".join(["<script>,b,c", *rows]))
    run = exported(tmp_path / "runs", data=str(file), hidden=(2,))
    text = content_of(run, "html").decode()
    assert "<script>" not in text
    assert "<b>1" not in text


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ExportError, match=r"expected one of csv, .* did you mean onnx"):
        format_of("onx")
    assert all(each.suffix.startswith(".") for each in FORMATS.values())
