"""Features that determine the target are reported; good predictors are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.core.datasets.files.samples import Folder, table

ROWS = 60
RNG = np.random.default_rng(11)
SIZE = [round(float(value), 4) for value in RNG.normal(size=ROWS)]
KIND = [("setosa", "versicolor", "virginica")[at] for at in RNG.integers(0, 3, ROWS).tolist()]
PRICE = [round(float(value), 2) for value in RNG.gamma(2, 100, ROWS)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def leakage(folder: Folder, target: list[Any], **columns: list[Any]) -> list[str]:
    content = table(SIZE, *columns.values(), target, names=",".join(["size", *columns, "target"]))
    return [note for note in folder.read(content).notes if note.startswith("Leakage: ")]


@pytest.mark.parametrize(
    "codes",
    [
        {"setosa": "setosa", "versicolor": "versicolor", "virginica": "virginica"},
        {"setosa": 0, "versicolor": 1, "virginica": 2},
        {"setosa": "S", "versicolor": "T", "virginica": "R"},
        {"setosa": 0.25, "versicolor": -7, "virginica": 1e9},
    ],
)
def test_a_recoding_of_the_classes_is_reported(folder: Folder, codes: dict[str, Any]) -> None:
    (sentence,) = leakage(folder, KIND, code=[codes[each] for each in KIND])
    assert sentence == (
        "Leakage: 'code' determines the target 'target': it has one value per class; if it is computed "
        "from the target, use --exclude code."
    )


def test_one_hot_columns_of_the_target_are_reported(folder: Folder) -> None:
    columns = {
        f"is_{at}": [int(each == name) for each in KIND]
        for at, name in enumerate(["setosa", "versicolor", "virginica"])
    }
    (sentence,) = leakage(folder, KIND, **columns)
    assert "'is_0', 'is_1', 'is_2' determine the target 'target'" in sentence
    assert "--exclude is_0,is_1,is_2." in sentence
    # one of them is enough if it is named after its class
    (sentence,) = leakage(folder, KIND, species_setosa=columns["is_0"])
    assert "'species_setosa' determines" in sentence
    assert leakage(folder, KIND, is_round=columns["is_0"]) == []


def test_a_recoded_class_of_two_is_reported(folder: Folder) -> None:
    target = [int(each == "setosa") for each in KIND]
    (sentence,) = leakage(folder, target, alive=["yes" if each else "no" for each in target])
    assert "'alive' determines the target 'target'" in sentence


@pytest.mark.parametrize(
    "copy",
    [
        PRICE,
        [each * 0.93 for each in PRICE],
        [round(each * 1.8 + 32, 1) for each in PRICE],
        [-each for each in PRICE],
    ],
)
def test_a_linear_copy_of_a_number_is_reported(folder: Folder, copy: list[float]) -> None:
    (sentence,) = leakage(folder, PRICE, copy=copy)
    assert "'copy' determines the target 'target', as a linear function" in sentence


@pytest.mark.parametrize(
    "feature",
    [
        [each + noise for each, noise in zip(PRICE, SIZE, strict=True)],
        [each**1.01 for each in PRICE],
        [round(each, -2) for each in PRICE],
        [7.5] * ROWS,
        [1e300 * each for each in SIZE],
        [10 * at for at in range(ROWS)],
    ],
)
def test_a_good_predictor_of_a_number_is_not_leakage(folder: Folder, feature: list[float]) -> None:
    assert leakage(folder, PRICE, feature=feature) == []


def test_a_straight_line_of_equal_steps_is_an_example(folder: Folder) -> None:
    assert (
        leakage(folder, [3 * at + 7 for at in range(ROWS)], area=[37 * at for at in range(ROWS)])
        == []
    )


def test_a_good_predictor_of_classes_is_not_leakage(folder: Folder) -> None:
    place = {"setosa": 0.0, "versicolor": 10.0, "virginica": 20.0}
    shifted = [place[each] + size for each, size in zip(KIND, SIZE, strict=True)]
    assert leakage(folder, KIND, length=shifted) == []
    # classes are pure, but more than one value belongs to a class
    odour = [f"{each} {at % 2}" for at, each in enumerate(KIND)]
    assert leakage(folder, KIND, odour=odour) == []
    # one exception is enough
    code = [place[each] for each in KIND]
    code[7] = 20.0 - code[7] if code[7] != 10 else 0.0
    assert leakage(folder, KIND, code=code) == []


def test_the_only_feature_may_be_exact(folder: Folder) -> None:
    data = folder.read(table(PRICE, [2 * each for each in PRICE], names="x,y"))
    assert not any(note.startswith("Leakage") for note in data.notes)


def test_few_rows_are_a_coincidence(folder: Folder) -> None:
    content = table([0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1], names="a,b,target")
    assert not any(note.startswith("Leakage") for note in folder.read(content).notes)


def test_an_excluded_feature_is_not_reported(folder: Folder) -> None:
    content = table(SIZE, SIZE[::-1], KIND, KIND, names="a,b,copy,target")
    assert any("Leakage" in note for note in folder.read(content).notes)
    assert not any("Leakage" in note for note in folder.read(content, exclude=("copy",)).notes)


def test_summands_of_the_target_are_reported(folder: Folder) -> None:
    casual, registered = (RNG.integers(10, 900, ROWS).tolist() for _ in range(2))
    total = [a + b for a, b in zip(casual, registered, strict=True)]
    same = [7] * ROWS
    (sentence,) = leakage(folder, total, same=same, casual=casual, registered=registered)
    assert sentence == (
        "Leakage: 'casual', 'registered' determine the target 'target', which is their sum or "
        "difference; if they are computed from the target, use --exclude casual,registered."
    )
    profit = [round(a - b, 2) for a, b in zip(PRICE, casual, strict=True)]
    assert "'revenue', 'cost'" in leakage(folder, profit, revenue=PRICE, cost=casual)[0]
    # neither a noisy sum, nor one with weights, nor one of all features
    noisy = [each + round(float(RNG.normal()) * 20) for each in total]
    assert leakage(folder, noisy, casual=casual, registered=registered) == []
    weighted = [2 * a + b for a, b in zip(casual, registered, strict=True)]
    assert leakage(folder, weighted, casual=casual, registered=registered) == []
    every = [round(a + b, 4) for a, b in zip(SIZE, PRICE, strict=True)]
    assert leakage(folder, every, price=PRICE) == []
