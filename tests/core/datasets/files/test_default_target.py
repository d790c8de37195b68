"""The target of a file in which the last column cannot be it."""

from pathlib import Path

import numpy as np
import pytest

from tests.core.datasets.files.samples import Folder, notes_of, table

ROWS = 60
RNG = np.random.default_rng(3)
SIZE, MASS = ([round(float(value), 3) for value in RNG.gamma(2, 5, ROWS)] for _ in range(2))
COUNT = RNG.integers(3, 9, ROWS).tolist()
CARS = [f"{maker} model{at % 30}" for at, maker in enumerate(["audi", "ford", "saab"] * 20)]
TEXTS = [f"this is message number {at} about{' some' * (at % 7)} things" for at in range(ROWS)]
HAM = ["ham" if at % 3 else "spam" for at in range(ROWS)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def one_hot(classes: int) -> list[list[int]]:
    labels = RNG.integers(0, classes, ROWS)
    labels[:classes] = np.arange(classes)
    return [[int(each == at) for each in labels.tolist()] for at in range(classes)]


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_one_hot_columns_at_the_end_are_one_target(folder: Folder, classes: int) -> None:
    columns, names = one_hot(classes), [f"k{at}" for at in range(classes)]
    content = table(SIZE, MASS, *columns, names=",".join(["a", "b", *names]))
    data = folder.read(content)
    assert data.feature_names == ("a", "b")
    assert data.class_names == tuple(names)
    assert data.y.tolist() == np.argmax(columns, axis=0).tolist()
    assert "--task regression predicts them as numbers" in notes_of(data)
    numbers = folder.read(content, task="regression")
    assert numbers.target_names == tuple(names)
    assert numbers.y.T.tolist() == columns
    # the same columns, requested
    assert folder.read(content, target=tuple(names)).class_names == tuple(names)
    assert folder.read(content, target=(f"3-{classes + 2}",)).class_names == tuple(names)


def test_one_hot_columns_may_contain_false_and_true(folder: Folder) -> None:
    columns = [["True" if each else "False" for each in column] for column in one_hot(3)]
    content = table(SIZE, MASS, *columns, names="a,b,k1,k2,k3")
    data = folder.read(content)
    assert (data.feature_names, data.class_names) == (("a", "b"), ("k1", "k2", "k3"))
    assert [columns[label][at] for at, label in enumerate(data.y.tolist())] == ["True"] * ROWS
    assert folder.read(content, task="regression").y.sum() == ROWS
    # other words are categories
    other = folder.read(content.replace("False", "no").replace("True", "yes"))
    assert other.class_names == ("no", "yes")


def test_y_after_x_is_a_coordinate(folder: Folder) -> None:
    assert folder.read(table(COUNT, COUNT, SIZE, names="X,Y,area")).target_names == ("area",)
    assert folder.read(table(SIZE, MASS, names="x,y")).target_names == ("y",)
    assert folder.read(table(SIZE, SIZE, MASS, names="size,x,y")).target_names == ("y",)


def test_a_first_column_of_two_words_is_suggested(folder: Folder) -> None:
    first, last = (RNG.choice(list(letters), ROWS).tolist() for letters in ("ep", "dglm"))
    other = RNG.choice(list("fsy"), ROWS).tolist()
    content = table(first, other, other[::-1], last, names="e,f,g,d").partition("\n")[2]
    data = folder.read(content)
    assert data.class_names == ("d", "g", "l", "m")
    assert "'column 1' has two values, and may be the target: use --target 1." in data.notes
    assert folder.read(content, target=("1",)).class_names == ("e", "p")


def test_columns_of_zeros_and_ones_that_are_not_one_hot_are_features(folder: Folder) -> None:
    columns = one_hot(3)
    columns[1][5] = 1 - columns[1][5]
    data = folder.read(table(SIZE, MASS, *columns, names="a,b,k1,k2,k3"))
    assert data.class_names == ("0", "1")
    assert data.feature_names == ("a", "b", "k1", "k2")


def test_one_hot_arrays_are_classes(folder: Folder) -> None:
    y = np.eye(3)[np.arange(ROWS) % 3]
    data = folder.read(folder.npz(x=np.column_stack([SIZE, MASS]), y=y), name="f.npz")
    assert data.class_names == ("y1", "y2", "y3")
    assert data.y.tolist() == [at % 3 for at in range(ROWS)]


@pytest.mark.parametrize("header", [True, False])
def test_names_in_the_last_column_are_not_the_target(folder: Folder, header: bool) -> None:
    content = table(SIZE, MASS, COUNT, CARS, names="economy,mass,cylinders,car name")
    data = folder.read(content if header else content.partition("\n")[2])
    assert data.target_names == ("economy" if header else "column 1",)
    assert "the first column, as " in notes_of(data)
    assert "contains names; --target NAME selects another" in notes_of(data)
    assert len(data.feature_names) == 2


def test_the_last_column_that_is_left_is_the_target_after_an_id(folder: Folder) -> None:
    numbers = list(range(ROWS))
    data = folder.read(table(numbers, MASS, SIZE, CARS, names="id,mass,size,car"))
    assert data.target_names == ("size",)
    assert data.feature_names == ("mass",)


def test_names_as_the_requested_target_are_refused(folder: Folder) -> None:
    content = table(SIZE, MASS, CARS, names="a,b,car")
    assert "has 30 different values in 60 rows" not in notes_of(folder.read(content))
    names = [f"car{at}" for at in range(40)]
    said = folder.refused(table(SIZE[:40], names, names="a,car"), target=("car",))
    assert "has 40 different values in 40 rows, so they are names and not classes" in said
    data = folder.read(table(MASS, SIZE, names="a,b"), task="classification", target=("b",))
    assert "'b' is a number or an id; --task regression" in notes_of(data)


@pytest.mark.parametrize("text_first", [True, False])
@pytest.mark.parametrize("header", ["", "yes"])
def test_texts_and_their_classes_are_recognised(
    folder: Folder, text_first: bool, header: str
) -> None:
    columns = [TEXTS, HAM] if text_first else [HAM, TEXTS]
    content = table(*columns, names="v1,v2") if header else table(*columns, names="").lstrip("\n")
    data = folder.read(content, header=bool(header))
    assert data.class_names == ("ham", "spam")
    assert data.texts == tuple(TEXTS)
    assert "contains texts: the target is" in notes_of(data)


def test_texts_next_to_an_id_are_recognised(folder: Folder) -> None:
    content = table(list(range(ROWS)), TEXTS, HAM, names="id,text,label")
    assert folder.read(content).texts == tuple(TEXTS)


def test_texts_among_other_columns_are_advised_and_the_option_works(folder: Folder) -> None:
    content = table(SIZE, TEXTS, HAM, names="size,the text,label")
    data = folder.read(content)
    assert data.feature_names == ("size",)
    assert "use --text 'the text' to learn from its texts" in notes_of(data)
    assert folder.read(content, text="the text").texts == tuple(TEXTS)
    said = folder.refused(content, target=("the text",))
    assert "contains texts; learn from them with --text 'the text' --target label" in said
    assert folder.read(content, text="the text", target=("label",)).class_names == ("ham", "spam")


@pytest.mark.parametrize("header", [True, False])
def test_a_first_column_of_few_words_may_be_the_target(folder: Folder, header: bool) -> None:
    numbers = [at * 7919 % 10_007 for at in range(ROWS)]
    content = table(numbers, HAM, SIZE, MASS, names="id,letter,size,mass")
    content = content if header else content.partition("\n")[2]
    data = folder.read(content)
    name, option = ("letter", "letter") if header else ("column 2", "2")
    assert f"'{name}' may be the target: use --target {option}." in data.notes
    assert folder.read(content, target=(option,)).class_names == ("ham", "spam")
    assert ("'column 1' differs in every row; if it is an id, use --exclude 1." in data.notes) == (
        not header
    )


@pytest.mark.parametrize(
    ("columns", "names", "is_said"),
    [
        ([COUNT, SIZE, SIZE[::-1], MASS], "", True),
        ([COUNT, SIZE, SIZE[::-1], MASS], "rooms,a,b,rent", False),
        ([COUNT, SIZE, SIZE[::-1], COUNT], "", False),
        ([SIZE, COUNT, SIZE[::-1], MASS], "", False),
        ([[chr(97 + at % 26) for at in range(ROWS)], SIZE, SIZE[::-1], COUNT], "", True),
        ([SIZE, HAM, SIZE[::-1], MASS], "a,kind,b,c", False),
        ([HAM, HAM[::-1], SIZE, MASS], "a,b,c,d", False),
    ],
    ids=["integers", "named", "classes", "second", "letters", "category", "several"],
)
def test_classes_in_the_first_column_are_suggested(
    folder: Folder, columns: list[list[object]], names: str, is_said: bool
) -> None:
    content = table(*columns, names=names).lstrip("\n")
    data = folder.read(content, header=bool(names))
    assert ("may be the target" in notes_of(data)) == is_said


def test_classes_in_front_of_pixels_are_the_target(folder: Folder) -> None:
    labels = [at % 10 for at in range(ROWS)]
    zeros = [0] * ROWS  # the corners of all images
    content = table(labels, zeros, COUNT, SIZE, zeros, names="")
    data = folder.read(content.lstrip("\n"))
    assert data.y.tolist() == labels
    assert "The target is 'column 1', the first column, as 'column 5' is the same" in notes_of(data)
