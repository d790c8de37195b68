"""Frozen dataclasses behave like those of the standard library, which are the reference here."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field, replace
from functools import cached_property
from typing import Any

import pytest

from core.dataclass import dataclass


@dataclass(frozen=True)
class Point:
    """A point."""

    x: float
    y: float = 0.0
    note: str = field(default="", compare=False, repr=False)

    @cached_property
    def length(self) -> float:
        return abs(complex(self.x, self.y))


@dataclass(frozen=True)
class NamedPoint(Point):
    """A point with a name."""

    name: str = ""


@dataclass(frozen=True)
class Nothing:
    """No field."""


@dataclass(frozen=True, eq=False)
class Single:
    """Compared by identity."""

    x: int


@dataclass(frozen=True)
class Own:
    """Has methods of its own."""

    x: int

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        return "own"


REFERENCE: Any = dataclasses.make_dataclass("Point", [("x", float), ("y", float, 0.0)], frozen=True)


def test_no_field_can_be_changed_added_or_deleted() -> None:
    for point in (Point(1.0), NamedPoint(1.0)):
        for name in ("x", "note", "unknown"):
            with pytest.raises(FrozenInstanceError):
                setattr(point, name, 2.0)
        with pytest.raises(FrozenInstanceError):
            del point.x
        assert point.x == point.length == 1.0


def test_equality_and_hash_are_those_of_the_compared_fields() -> None:
    assert Point(1.0, note="a") == Point(1.0, note="b") != Point(1.0, 2.0)
    assert hash(Point(1.0, 2.0, "a")) == hash(REFERENCE(1.0, 2.0))
    assert Point(1.0) != NamedPoint(1.0) != NamedPoint(1.0, name="a")
    assert Point(1.0).__eq__((1.0, 0.0)) is NotImplemented
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert Single(1) != Single(1)
    assert len({Single(1), Single(1)}) == 2


def test_methods_of_the_class_itself_remain() -> None:
    assert Own(1) == Own(2)
    assert (hash(Own(1)), repr(Own(1))) == (7, "own")


def test_representation_copies_and_pickles() -> None:
    assert repr(Point(1.0, note="hidden")) == repr(REFERENCE(1.0))
    assert repr(Nothing()) == "Nothing()"
    point = NamedPoint(1.0, 2.0, name="a")
    for copied in (copy.copy(point), copy.deepcopy(point), pickle.loads(pickle.dumps(point))):
        assert copied == point
        assert copied is not point
    assert replace(point, y=3.0) == NamedPoint(1.0, 3.0, name="a")
