"""The settings table: one row per setting, declared by a field of `RunConfig`.

The command line, the settings dialog, the help and the TOML reader are all generated from these rows.
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import TYPE_CHECKING, Any, Final, Literal

from core.config.errors import ConfigError, suggestion
from core.config.value_types import as_text, words_of
from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.config.value_types import ValueType

Effect = Literal[
    "in_place", "rates", "best", "monitor", "step", "penalty", "loss", "measure", "data", "network"
]
"""What changing a setting affects during a run.

in_place: the value is read when it is needed; nothing is rebuilt.
rates: in place, and the learning rate of the next step is shown.
best: in place, and the best epoch is searched from here on.
monitor: as `best`, and a plateau schedule compares losses from here on.
step: the training step is rebuilt; measured numbers stay.
penalty: as `step`, and divergence is measured against the new penalty.
loss: as `penalty`; losses before and after do not compare.
measure: as `step`, and other numbers are measured.
data: the samples are drawn or read again; losses before and after do not compare.
network: a new run begins.
"""

IN_PLACE: Final[frozenset[Effect]] = frozenset({"in_place", "rates", "best", "monitor"})
"""Effects that rebuild nothing, so that an epoch under way continues."""

Group = Literal[
    "data", "file", "network", "loss", "optimiser", "schedule", "regularisation", "stopping", "run"
]
"""Sections of the help and of the settings dialog."""


@dataclass(frozen=True)
class Setting:
    """One row of the settings table."""

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
        """Return the value for a text that the user typed; raises ConfigError."""
        return self._converted(self.value_type.read, text)

    def check(self, value: Any) -> Any:
        """Return the value in its canonical type; raises ConfigError.

        A text, such as one in a settings file, is read as if the user had typed it.
        """
        return self._converted(
            self.value_type.read if isinstance(value, str) else self.value_type.check, value
        )

    def write(self, value: Any) -> str:
        """Return the text from which `read` returns this value."""
        write = getattr(self.value_type, "write", as_text)
        return str(write(value))

    def _converted(self, convert: Callable[[Any], Any], value: Any) -> Any:
        try:
            return convert(value)
        except (TypeError, ValueError, OverflowError):
            hint = suggestion(value, words_of(self.value_type)) if isinstance(value, str) else ""
            raise ConfigError(self.name, value, self.value_type.accepts + hint) from None


def declare(
    group: Group,
    default: Any,
    value_type: ValueType,
    help: str,  # noqa: A002 (as in argparse)
    effect: Effect,
    *,
    option: str | None = None,
) -> Any:
    """Return a dataclass field that declares a row of the settings table.

    Args:
        group: the section of the help and the dialog.
        default: the value unless another is given.
        value_type: the values that the setting accepts.
        help: one line that says what it is.
        effect: what changing it during a run affects.
        option: the name on the command line, if it differs from the field's.
    """
    row = {"value_type": value_type, "group": group, "effect": effect, "help": help}
    return field(default=default, metadata={**row, "option": option})


def table_of(config: type[Any]) -> tuple[Setting, ...]:
    """Return the rows that the fields of a dataclass declare, in their order."""
    return tuple(
        Setting(
            name=each.name,
            default=each.default,
            **{**each.metadata, "option": each.metadata["option"] or each.name.replace("_", "-")},
        )
        for each in fields(config)
    )
