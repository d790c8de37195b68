"""Private names of libraries that the program uses: the list is complete, and each still exists.

The public API of these libraries has no substitute for them. A release may remove them without notice.
"""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest
from textual.widget import Widget

import core
import tui


class Borrowed(NamedTuple):
    library: str
    module: str
    owner: str  # a class, or empty for the module itself
    name: str
    user: str


BORROWED = [
    # an exception in a dialog closes that dialog instead of the program
    Borrowed("textual", "textual.app", "App", "_handle_exception", "tui.terminal_app"),
    Borrowed("textual", "textual._context", "", "active_message_pump", "tui.terminal_app"),
    Borrowed("textual", "textual.app", "App", "_driver", "tui.terminal_app"),
    Borrowed("textual", "textual.message_pump", "MessagePump", "_on_message", "tui.screens.live"),
    # the widgets that nothing covers
    Borrowed("textual", "textual.app", "App", "_driver", "tui.terminal.direct"),
    Borrowed("textual", "textual.screen", "Screen", "_compositor", "tui.terminal.direct"),
    # button tracking instead of any-motion tracking
    Borrowed("textual", "textual.driver", "Driver", "_mouse", "tui.terminal.driver"),
    Borrowed("textual", "textual.driver", "Driver", "_app", "tui.terminal.driver"),
    Borrowed(
        "textual",
        "textual.drivers.linux_driver",
        "LinuxDriver",
        "_enable_mouse_support",
        "tui.terminal.driver",
    ),
    Borrowed(
        "textual",
        "textual.drivers.linux_driver",
        "LinuxDriver",
        "_disable_mouse_support",
        "tui.terminal.driver",
    ),
    # the names of keys
    Borrowed("textual", "textual._xterm_parser", "", "XTermParser", "tui.terminal.input_parser"),
    Borrowed(
        "textual",
        "textual._xterm_parser",
        "XTermParser",
        "_sequence_to_key_events",
        "tui.terminal.input_parser",
    ),
    # a description is wrapped, a table is not
    Borrowed("Python", "argparse", "HelpFormatter", "_fill_text", "tui.cli.arguments"),
    # the options that a shell completes; `add_argument` of a group does not call that of the parser
    Borrowed("Python", "argparse", "_ActionsContainer", "_actions", "tui.cli.arguments"),
    # which instruction sets NumPy computes with
    Borrowed(
        "numpy", "numpy._core._multiarray_umath", "", "__cpu_features__", "core.runs.cpu_kernels"
    ),
    Borrowed(
        "numpy", "numpy._core._multiarray_umath", "", "__cpu_dispatch__", "core.runs.cpu_kernels"
    ),
]
DOCUMENTED = {"_exit", "_asdict", "_replace"}
"""Names with an underscore that Python documents: `os._exit`, and methods of named tuples."""


@pytest.mark.parametrize("borrowed", BORROWED, ids=lambda each: each.name)
def test_a_private_name_is_where_the_program_expects_it(borrowed: Borrowed) -> None:
    require(borrowed)


def require(borrowed: Borrowed) -> None:
    library, module, owner, name, user = borrowed
    release = "" if library == "Python" else f" {version(library)}"
    missing = f"{library}{release} has no {owner or module}.{name}, which {user} uses"
    try:
        home = importlib.import_module(module)
    except ImportError:
        pytest.fail(missing)
    if not (name in names_of(home, owner).defined if owner else hasattr(home, name)):
        pytest.fail(missing)


def test_the_program_uses_no_other_private_names() -> None:
    listed = {(each.user, each.name) for each in BORROWED} | {
        (each.user, part)
        for each in BORROWED
        for part in each.module.split(".")
        if part.startswith("_")
    }
    assert set(private_uses()) == {(user, name) for user, name in listed if is_private(name)}


class Names(NamedTuple):
    used: set[str]
    """Private attributes of anything."""
    of_self: set[str]
    """Private attributes of `self` and `super()`, and all methods."""
    defined: set[str]
    """Classes, methods, and assigned names."""


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


@cache
def tree_of(module: ModuleType) -> ast.Module:
    return ast.parse(Path(inspect.getfile(module)).read_text(encoding="utf-8"))


@cache
def names_of(module: ModuleType, owner: str = "") -> Names:
    """Return the names of a class, or of a module."""
    for node in tree_of(module).body:
        if isinstance(node, ast.ClassDef) and node.name == owner:
            return _names(node)
    return _names(tree_of(module))


def _names(tree: ast.AST) -> Names:
    names = Names(set(), set(), set())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.defined.add(node.name)
            names.of_self.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.defined.add(node.id)
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            names.used.add(node.attr)
            if isinstance(node.ctx, ast.Store):
                names.defined.add(node.attr)
            if ast.unparse(node.value) in {"self", "super()"}:
                names.of_self.add(node.attr)
    return names


def own_modules() -> list[ModuleType]:
    return [
        importlib.import_module(found.name)
        for package in (core, tui)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not found.name.endswith("__main__")
    ]


def private_uses() -> Iterator[tuple[str, str]]:
    """Yield modules of the program, and the private names of others that they use."""
    modules = own_modules()
    ours = {name for module in modules for name in names_of(module).defined}
    for module in modules:
        for name in names_of(module).used - ours - DOCUMENTED:
            yield module.__name__, name
        for node in ast.walk(tree_of(module)):
            text = node.value if isinstance(node, ast.Constant) else getattr(node, "module", None)
            if isinstance(text, str) and text.replace(".", "").isidentifier() and "._" in text:
                yield from ((module.__name__, part) for part in text.split(".") if is_private(part))
        for kind in vars(module).values():
            if isinstance(kind, type) and kind.__module__ == module.__name__:
                yield from ((module.__name__, name) for name in inherited(kind))


def inherited(kind: type) -> set[str]:
    """Return the private names that a class shares with bases of other packages."""
    bases = [
        (importlib.import_module(base.__module__), base.__name__)
        for base in kind.__mro__
        if base.__module__.partition(".")[0]
        in {"textual", "argparse", "rich", "asyncio", "threading"}
    ]
    theirs = {name for module, owner in bases for name in names_of(module, owner).defined}
    return names_of(importlib.import_module(kind.__module__), kind.__name__).of_self & {
        *filter(is_private, theirs)
    }


class Colliding(Widget):
    def __init__(self) -> None:
        super().__init__()
        self._name = "the widget's own, as far as Textual knows"


def test_an_attribute_that_collides_with_one_of_a_base_class_is_noticed() -> None:
    assert inherited(Colliding) == {"_name"}


def test_the_message_says_what_is_missing_where() -> None:
    with pytest.raises(
        pytest.fail.Exception, match=r"textual \S+ has no App\._gone, which tui\.x uses"
    ):
        require(Borrowed("textual", "textual.app", "App", "_gone", "tui.x"))
    with pytest.raises(
        pytest.fail.Exception, match=r"has no textual\._gone\.name, which tui\.x uses"
    ):
        require(Borrowed("textual", "textual._gone", "", "name", "tui.x"))
