"""Registry of the panels: finds the panel of every module in `tui.panels`, or of its `panel.py`."""

from __future__ import annotations

import string
from importlib import import_module
from pkgutil import iter_modules
from typing import Final

from textual.binding import Binding, BindingType

from tui import panels
from tui.panels.panel import Panel

KEY_ORDER: Final = f"1234567890{string.ascii_letters}"


def discover() -> tuple[type[Panel], ...]:
    """Return the classes that define a key, in the order of their keys."""
    found = []
    for module in iter_modules(panels.__path__, f"{panels.__name__}."):
        name = f"{module.name}.panel" if module.ispkg else module.name
        for value in [*vars(import_module(name)).values()]:
            is_panel = isinstance(value, type) and issubclass(value, Panel)
            if is_panel and value.__module__ == name and "key" in vars(value):
                found.append(value)
    return tuple(sorted(found, key=lambda panel: KEY_ORDER.index(panel.key)))


PANELS: Final = discover()

_CHARACTERS: Final = {"full_stop": ".", "comma": ",", "slash": "/", "backslash": "\\"}


def panel_keys() -> list[str]:
    """Return the keys that panels bind, by their names in Textual."""
    bound = (each for panel in PANELS for each in panel.BINDINGS)
    return list(dict.fromkeys(name for each in bound for name in _keys_of(each)))


def _keys_of(binding: BindingType) -> list[str]:
    keys = binding.key if isinstance(binding, Binding) else binding[0]
    return keys.split(",")


def keys_of(panel: Panel | type[Panel]) -> frozenset[str]:
    """Return the keys that a panel binds, by their names in Textual."""
    return frozenset(name for each in panel.BINDINGS for name in _keys_of(each))


def where_key_works(name: str) -> str:
    """Return a sentence on the panels that bind a key."""
    shown = _CHARACTERS.get(name, name)
    places = []
    for panel in PANELS:
        if any(name in _keys_of(each) for each in panel.BINDINGS):
            hint = panel.hints.get(name)
            # the cursor has keys of its own
            more = f": {hint}" if hint else ", with its cursor (m)" if "m" in panel.hints else ""
            places.append(f"the {panel.label} panel ({panel.key}){more}")
    return f"{shown} works in {'; in '.join(places)}"


def panel_hints() -> dict[str, str]:
    """Return the panels' own keys, each with a help text that names the panels."""
    hints: dict[str, dict[str, list[str]]] = {}
    for panel in PANELS:
        for key, hint in panel.hints.items():
            hints.setdefault(key, {}).setdefault(hint, []).append(panel.label)
    return {
        key: "; ".join(f"{', '.join(labels)}: {hint}" for hint, labels in by_hint.items())
        for key, by_hint in hints.items()
    }
