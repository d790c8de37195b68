"""Frozen dataclasses whose definition takes a quarter of the time.

`dataclasses.dataclass` compiles six methods for each frozen class; with 170 classes, that was a sixth of
the time until the first frame. Here only `__init__` is compiled, and all classes share the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    from dataclasses import FrozenInstanceError, fields
    from dataclasses import dataclass as _dataclass
    from operator import attrgetter

    def dataclass(cls=None, /, *, frozen=False, eq=True, slots=False, **options):
        """Like `dataclasses.dataclass`, except that `order` and `unsafe_hash` exclude `frozen`."""
        if not frozen or slots:
            return _dataclass(cls, frozen=frozen, eq=eq, slots=slots, **options)
        if cls is None:
            return lambda cls: dataclass(cls, frozen=True, eq=eq, **options)
        own = vars(cls)
        methods = {"__setattr__": _set_once, "__delattr__": _refuse}
        if eq:
            methods["__eq__"] = own.get("__eq__", _eq)
            methods["__hash__"] = own.get("__hash__") or _hash
        if "__repr__" not in own:
            methods["__repr__"] = _repr
        cls = _dataclass(cls, eq=False, repr=False, **options)
        compared = [each.name for each in fields(cls) if each.compare]
        cls._compared = attrgetter(*compared) if compared else type
        for name, method in methods.items():
            setattr(cls, name, method)
        return cls

    def _set_once(self, name, value):
        """Set an attribute in `__init__`, where it has no value yet."""
        if name in self.__dict__ or name not in self.__dataclass_fields__:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        self.__dict__[name] = value

    def _refuse(_, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _eq(self, other):
        if self.__class__ is not other.__class__:
            return NotImplemented
        return self._compared(self) == self._compared(other)

    def _hash(self):
        return hash(self._compared(self))

    def _repr(self):
        shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
        return f"{self.__class__.__qualname__}({', '.join(shown)})"
