"""NPZ files of the user: arrays that are read, and errors that reject a file."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.dataset import DataError
from core.datasets.files import Source
from core.datasets.files.read import read
from tests.core.datasets.files.samples import (
    Folder,
    fuzzed,
    no_word,
)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


X4 = np.arange(8.0).reshape(4, 2)
Y4 = np.array([0, 1, 0, 1])


def test_arrays_are_features_and_classes(folder: Folder) -> None:
    data = folder.read(folder.npz(x=X4, y=Y4, class_names=["no", "yes"]), name="f.npz")
    assert data.x.tolist() == X4.tolist()
    assert (data.feature_names, data.class_names) == (("x1", "x2"), ("no", "yes"))
    data = folder.read(folder.npz(X=X4, target=["b", "a", "b", "a"]), name="f.npz")
    assert (data.class_names, data.y.tolist()) == (("a", "b"), [1, 0, 1, 0])
    named = folder.npz(data=X4[:, 0], label=[0.1, 0.2, 0.3, 0.4], feature_names=["w"])
    data = folder.read(named, name="f.npz")
    assert (data.feature_names, data.target_names) == (("w",), ("label",))


def test_arrays_are_chosen_by_name(folder: Folder) -> None:
    content = folder.npz(u=X4, v=X4[:, 1], w=Y4, z=X4 * 1.5)
    data = folder.read(content, name="f.npz", features=("u", "v"), target=("z",))
    assert data.feature_names == ("u 1", "u 2", "v")
    assert data.target_names == ("z1", "z2")
    assert data.y.tolist() == (X4 * 1.5).tolist()


def test_columns_of_the_array_of_features_are_chosen_by_name_or_number(folder: Folder) -> None:
    x = np.arange(12.0).reshape(4, 3)
    data = folder.read(folder.npz(x=x, y=Y4), name="f.npz", features=("x3", "1"))
    assert (data.feature_names, data.x.tolist()) == (("x3", "x1"), x[:, [2, 0]].tolist())
    given = folder.npz(x=x, y=Y4, feature_names=["a", "b", "c"])
    data = folder.read(given, name="f.npz", features=("b",))
    assert (data.feature_names, data.x.tolist()) == (("b",), x[:, 1:2].tolist())
    data = folder.read(folder.npz(x=x, y=Y4), name="f.npz", features=("x",))
    assert data.feature_names == ("x1", "x2", "x3")
    with pytest.raises(DataError, match="no feature 'x4'; expected one of 'x1', 'x2', 'x3'"):
        folder.read(folder.npz(x=x, y=Y4), name="f.npz", features=("x4",))


def test_pictures_keep_all_their_pixels(folder: Folder) -> None:
    pixels = np.zeros((6, 2, 3), np.uint8)
    pixels[3:, 1, 2] = 255
    data = folder.read(folder.npz(x=pixels, y=[0, 1] * 3), name="f.npz")
    assert data.image == (2, 3)
    assert data.x.shape == (6, 6)


def test_arrays_in_columns_and_compressed_ones_are_read(folder: Folder) -> None:
    path = folder.path / "f.npz"
    np.savez_compressed(path, x=np.asfortranarray(X4.astype(">f4")), y=Y4.astype(np.int8))
    assert read(Source(str(path)), no_word).x.tolist() == X4.tolist()


def test_texts_can_be_in_an_array(folder: Folder) -> None:
    content = folder.npz(t=["a b", "c\nd", "e", "f"], y=Y4)
    data = folder.read(content, name="f.npz", text="t")
    assert data.texts == ("a b", "c d", "e", "f")


BAD_ARRAYS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "objects": (
        {"x": X4, "y": np.array([1, None, "a", []], object)},
        {},
        "'y' contains Python objects",
    ),
    "lengths": ({"x": X4, "y": [1, 2, 3]}, {}, "'y' has 3 rows, 'x' has 4"),
    "infinite": ({"x": [[1, 2], [3, np.inf]], "y": [1, 2]}, {}, "'x', row 2, column 2 is infinite"),
    "no x": ({"a": X4, "y": Y4}, {}, "--features"),
    "no y": ({"x": X4, "b": Y4}, {}, "--target"),
    "unknown": ({"x": X4, "y": Y4}, {"target": ("yy",)}, "no array 'yy'; expected one of 'x', 'y'"),
    "both": ({"x": X4, "y": Y4}, {"target": ("x",)}, "both the features and the target"),
    "words": ({"x": [["a"], ["b"]], "y": [1, 2]}, {}, "expected numbers"),
    "complex": ({"x": X4 * 1j, "y": Y4}, {}, "complex128: expected numbers"),
    "one number": ({"x": 3.0, "y": Y4}, {}, "the shape ()"),
    "nothing": ({"x": np.empty((0, 2)), "y": []}, {}, "the shape (0, 2)"),
    "deep target": ({"x": X4, "y": np.ones((4, 2, 2))}, {}, "the shape (4, 2, 2)"),
    "names": ({"x": X4, "y": Y4, "feature_names": ["a"]}, {}, "1 names for 2 features"),
    "classes": (
        {"x": X4, "y": Y4 + 1, "class_names": ["a", "b"]},
        {},
        "from 1 to 2, but there are 2 class names",
    ),
    "no text": ({"t": X4, "y": Y4}, {"text": "t"}, "not a one-dimensional array of texts"),
}


@pytest.mark.parametrize("case", BAD_ARRAYS)
def test_bad_arrays_are_refused_in_a_sentence(folder: Folder, case: str) -> None:
    arrays, asked, part = BAD_ARRAYS[case]
    assert part in folder.refused(folder.npz(**arrays), name="f.npz", **asked)


def test_a_file_that_is_no_archive_is_refused(folder: Folder) -> None:
    assert "not an NPZ file" in folder.refused(b"PK\x03\x04", name="f.npz")
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert "no array" in folder.refused(empty.getvalue(), name="f.npz")


@pytest.mark.parametrize(
    "dimensions", ["(1000000000000,)", "(0, 1000000000000)", "(9999, 2)", "(-4, 2)"]
)
def test_a_size_that_is_only_claimed_takes_no_memory(folder: Folder, dimensions: str) -> None:
    header = (
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': {dimensions}, }}".ljust(117) + "\n"
    )
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(64)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("x.npy", array)
        archive.writestr("y.npy", array)
    said = folder.refused(packed.getvalue(), name="f.npz")
    assert "claims the shape" in said


@fuzzed
@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_damaged_archive_is_refused_or_read(folder: Folder, at: int, byte: int) -> None:
    content = bytearray(folder.npz("good.npz", x=X4, y=Y4))
    content[at % len(content)] = byte
    folder.try_reading(Source(folder.write(bytes(content), "bad.npz")))
