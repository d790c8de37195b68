"""Values of categories and classes that are written in several ways."""

from pathlib import Path
from string import ascii_letters

import pytest

from tests.core.datasets.files.samples import Folder, notes_of, table


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_case_and_blanks_do_not_make_another_class(folder: Folder) -> None:
    cells = ["yes", "Yes ", " no", "NO", "yes", "no", "YES", "no"]
    data = folder.read(table(list(range(8)), cells, names="a,y"))
    assert data.class_names == ("no", "yes")
    assert data.y.tolist() == [1, 1, 0, 0, 1, 0, 1, 0]
    assert (
        "Read as the same value of 'y': 'yes' (2) = 'Yes' (1) = 'YES' (1), 'no' (3) = 'NO' (1)."
        in data.notes
    )
    assert "Blanks around values are ignored in 'y' (2 cells)." in data.notes


def test_features_are_merged_too(folder: Folder) -> None:
    cells = ["true", "True", "FALSE", "false", "true", "new  york", "New York"]
    data = folder.read(table(cells, list(range(7)), names="a,y"))
    assert data.feature_names == ("a=FALSE", "a=new  york", "a=true")
    assert data.x.argmax(axis=1).tolist() == [2, 2, 0, 0, 2, 1, 1]


def test_a_full_stop_does_not_make_another_class(folder: Folder) -> None:
    both = table(list(range(6)), [">50K", "<=50K", ">50K.", "<=50K.", ">50K", "<=50K"], names="a,y")
    data = folder.read(both)
    assert data.class_names == ("<=50K", ">50K")
    assert "'>50K' (2) = '>50K.' (1)" in notes_of(data)
    one = folder.read(table(list(range(4)), [">50K.", "<=50K."] * 2, names="a,y"))
    assert one.class_names == ("<=50K.", ">50K.")
    assert "same value" not in notes_of(one)


def test_many_spellings_of_few_values_are_few_categories(folder: Folder) -> None:
    words = ["alpha", "beta", "gamma", "delta", "omega", "kappa", "sigma"]
    cells = [f(word) for word in words for f in (str.lower, str.title, str.upper, str.swapcase)]
    data = folder.read(table(cells, list(range(28)), names="a,y"))
    assert len(data.feature_names) == 7


def test_letters_are_an_alphabet_if_there_are_many(folder: Folder) -> None:
    few = folder.read(table(list(range(8)), list("mfMFmfmf"), names="a,y"))
    assert few.class_names == ("f", "m")
    many = folder.read(table(list(range(104)), list(ascii_letters * 2), names="a,y"))
    assert len(many.class_names) == 52


def test_strings_of_npz_files_are_merged(folder: Folder) -> None:
    content = folder.npz(x=[[1], [2], [3], [4]], y=["yes", "Yes", "no", "no"])
    assert folder.read(content, name="f.npz").class_names == ("no", "yes")
