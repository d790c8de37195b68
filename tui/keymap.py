"""Keys that the user has chosen for actions, by the names of the actions in the table of keys."""

from __future__ import annotations

from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from core.config.errors import quoted, suggestion
from core.dataclass import dataclass
from tui.keys import KEYS, Key, glyphs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

RESERVED: Final = frozenset(f"ctrl+{letter}" for letter in "cqzplhijm")
"""Keys that always quit, suspend, open the command palette or redraw the screen, or that terminals send
for backspace, tab and enter."""
_NAMED: Final = frozenset(
    {
        *("space", "enter", "tab", "escape", "backspace", "insert", "delete"),
        *("home", "end", "pageup", "pagedown", "up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    }
)
ACCEPTED: Final = (
    "a character such as w or ?, a name such as space, f6 or pageup, or ctrl+ and a letter"
)


@dataclass(frozen=True)
class Keymap:
    """The keys of the actions whose keys were changed.

    Attributes:
        keys: keys by name of the action.
        problems: a sentence for each entry that is not used.
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def for_textual(self) -> dict[str, str]:
        """Return the keys in the form of `App.set_keymap`."""
        return {
            name: ",".join("comma" if key == "," else key for key in keys)
            for name, keys in self.keys.items()
        }

    def shown(self, shown: str, actions: Mapping[str, str] | None = None) -> str:
        """Return keys of the footer or the help, such as `space` or `← →`, as they are now.

        Args:
            shown: the default keys.
            actions: names of the actions by these; those of the training screen if None.
        """
        if not self.keys:
            return shown  # without work, since the footer is drawn in each frame
        actions = _actions() if actions is None else actions
        words = []
        for word in shown.split(" "):
            keys = self.keys.get(actions.get(word, ""))
            words.append(glyphs_of(keys[0]) if keys else word)
        return " ".join(words)


def actions_of(keys: Iterable[Key[Any]]) -> dict[str, str]:
    """Return the names of the actions by their keys in the footer."""
    return {key.shown: key.action for key in keys if key.handler is not None}


@cache
def _actions() -> dict[str, str]:
    return actions_of(KEYS)


def keymap_for(app: object) -> Keymap:
    """Return the keymap of an application, or the default one."""
    keymap = getattr(app, "keymap", None)
    return keymap if isinstance(keymap, Keymap) else _DEFAULT


def keymap_of(entries: Mapping[str, object]) -> Keymap:
    """Return the keys of a table of actions; entries that cannot be used are reported."""
    problems: list[str] = []
    chosen: dict[str, tuple[str, ...]] = {}
    screens = rows_by_screen() if entries else {}
    known_actions = dict.fromkeys(action for rows in screens.values() for action in rows)
    for action, value in entries.items():
        if action not in known_actions:
            known = suggestion(action, known_actions)
            problems.append(
                f"unknown action {quoted(action)}: expected one of nnfs-tui help keys{known}"
            )
            continue
        keys = _read(value)
        if isinstance(keys, str):
            is_reserved = keys.strip("'").lower() in RESERVED
            accepted = f"none of {', '.join(sorted(RESERVED))}" if is_reserved else ACCEPTED
            problems.append(f"invalid key {keys} for {action}: expected {accepted}")
        else:
            chosen[action] = keys
    while conflict := next(
        filter(None, (_conflict(chosen, each) for each in screens.items())), None
    ):
        key, action, other = conflict
        del chosen[action]
        problems.append(
            f"invalid key {quoted(key)} for {action}: it is the key of {other}, expected a free one"
        )
    return Keymap(chosen, tuple(problems))


_DEFAULT: Final = Keymap()


def _read(value: object) -> tuple[str, ...] | str:
    """Return the names of one key or of several; for an invalid one, its text."""
    values: Sequence[object] = value if isinstance(value, list) else [value]
    keys = []
    for each in values:
        key = _key_name(each) if isinstance(each, str) else ""
        if not key:
            return quoted(each)
        keys.append(key)
    return tuple(dict.fromkeys(keys)) or "[]"


def _key_name(text: str) -> str:
    """Return the name of a key in Textual, or an empty string."""
    if len(text) == 1:
        return ("space" if text == " " else text) if text.isprintable() else ""
    name = text.strip().lower().replace(" ", "")
    name = {"esc": "escape", "return": "enter", "del": "delete"}.get(name, name)
    *modifiers, base = name.split("+")
    if name in RESERVED or not set(modifiers) <= {"ctrl", "shift", "alt"}:
        return ""
    is_letter = len(base) == 1 and base.isascii() and base.isalpha()
    return name if base in _NAMED or (modifiers == ["ctrl"] and is_letter) else ""


def rows_by_screen() -> dict[str, dict[str, Key[Any]]]:
    """Return the rows of each screen by action; the words that name the screen, empty for training."""
    from tui.compare.keys import KEYS as COMPARISON
    from tui.seeds.keys import KEYS as SEEDS
    from tui.sweep.keys import KEYS as SWEEP

    screens: dict[str, tuple[Key[Any], ...]] = {
        "": KEYS,
        "in a comparison": COMPARISON,
        "with many seeds": SEEDS,
        "in a sweep": SWEEP,
    }
    return {
        where: {key.action: key for key in rows if key.handler is not None}
        for where, rows in screens.items()
    }


def _conflict(
    chosen: Mapping[str, tuple[str, ...]], screen: tuple[str, Mapping[str, Key[Any]]]
) -> tuple[str, str, str] | None:
    """Return a key of two actions of a screen, the chosen one that loses it, and the other one."""
    where, rows = screen
    owners = {
        key: action
        for action, row in rows.items()
        if action not in chosen
        for key in row.keys.split(",")
    }
    for action, keys in chosen.items():
        for key in keys if action in rows else ():
            if owners.setdefault(key, action) != action:
                return key, action, f"{owners[key]} {where}".rstrip()
    return None
