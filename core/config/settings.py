"""One row of the table of settings, and how a field of `RunConfig` carries it.

The command line, the hyperparameter dialog, the help and the TOML reader are all made from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from core.config.errors import ConfigError, suggestion
from core.config.value_types import as_text, words_of

if TYPE_CHECKING:
    from core.config.value_types import ValueType

Effect = Literal["live", "data", "network"]
"""What a change needs during a run: nothing, data drawn anew, or a new network."""

Group = Literal[
    "data", "file", "network", "loss", "optimiser", "schedule", "regularisation", "stopping", "run"
]
"""What belongs together in the help and in the dialog."""


@dataclass(frozen=True)
class Setting:
    """One row of the table of settings."""

    name: str
    value_type: ValueType
    help: str
    effect: Effect
    group: Group
    default: Any
    option: str

    @property
    def flag(self) -> str:
        """The command-line option."""
        return f"--{self.option}"

    def read(self, text: str) -> Any:
        """Return the value that a person wrote.

        Raises:
            ConfigError: when it is none that this setting takes.
        """
        return self._tried(self.value_type.read, text)

    def check(self, value: Any) -> Any:
        """Return the value in its canonical type; raises ConfigError.

        What a person would write for it is taken, too, as in a file.
        """
        return self._tried(
            self.value_type.read if isinstance(value, str) else self.value_type.check, value
        )

    def write(self, value: Any) -> str:
        """Return the text that `read` takes back."""
        write = getattr(self.value_type, "write", as_text)
        return str(write(value))

    def _tried(self, how: Any, value: Any) -> Any:
        try:
            return how(value)
        except (TypeError, ValueError, OverflowError):
            hint = suggestion(value, words_of(self.value_type)) if isinstance(value, str) else ""
            raise ConfigError(self.name, value, self.value_type.accepts + hint) from None


def declare(
    group: Group,
    default: Any,
    kind: ValueType,
    effect: Effect,
    help_: str,
    option: str | None = None,
) -> Any:
    """Return a field of a dataclass that carries its row of the table.

    Args:
        group: what it belongs to.
        default: its value unless one is given.
        kind: what values it takes.
        effect: what a change needs.
        help_: one line that says what it is.
        option: its name on the command line, where that is another.
    """
    metadata = {"kind": kind, "effect": effect, "group": group, "help": help_, "option": option}
    return field(default=default, metadata=metadata)


def table_of(config: type[Any]) -> tuple[Setting, ...]:
    """Return the rows that the fields of a dataclass carry, in their order."""
    return tuple(
        Setting(
            name=each.name,
            value_type=each.metadata["kind"],
            help=each.metadata["help"],
            effect=each.metadata["effect"],
            group=each.metadata["group"],
            default=each.default,
            option=each.metadata["option"] or each.name.replace("_", "-"),
        )
        for each in fields(config)
    )
