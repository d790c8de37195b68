"""The manual page, from the parser and the table of settings: `python -m tui.cli.man_page`.

hatch_build.py writes it into the wheel.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from core import __version__
from core.config.presets import PRESETS
from core.config.run_config import settings
from core.config.value_types import line_of, words_of
from tui.cli.arguments import COMMANDS, parser

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

ENVIRONMENT: Final = {
    "NNFS_TUI_RUN_DIR": "folder of saved runs",
    "NNFS_TUI_KEEP_RUNS": "number of newest runs to keep",
    "NO_COLOR": "if it has any value, no colours",
    "TERM, COLORTERM, COLORFGBG": "the colours of the terminal",
    "LC_ALL, LC_CTYPE, LANG": "only ASCII if the first that is set does not name UTF-8",
    "XDG_CONFIG_HOME, XDG_STATE_HOME": "folders of the preferences file and of saved runs",
}
STATUS: Final = {
    "0": "success",
    "1": "a run diverged or could not be saved, or a check failed",
    "2": "invalid arguments, settings, data or saved runs",
    "130": "interrupted",
}


def man_page() -> str:
    """Return the page in the format of man(7)."""
    root = parser()
    parts = [
        f'.TH NNFS\\-TUI 1 "" "nnfs\\-tui {__version__}" "User Commands"',
        ".SH NAME",
        "nnfs\\-tui \\- watch a neural network, written from scratch in NumPy, learn",
        ".SH SYNOPSIS",
        ".B nnfs\\-tui",
        "[\\fICOMMAND\\fR] [\\fIPRESET\\fR] [\\fIoptions\\fR]",
        ".SH DESCRIPTION",
        _escaped(
            "Trains a small neural network in the background, and shows its loss, its decision "
            "boundary and every number in it while it learns. Without a command, it watches the "
            "preset moons. On the screen, ? lists all keys."
        ),
        ".SH COMMANDS",
    ]
    groups = {each.name: each.group for each in settings()}
    helps = {each.name: each.help for each in settings()}
    for name, text in COMMANDS.items():
        actions = root.of_command(name).actions()
        arguments = [str(each.metavar) for each in actions if not each.option_strings]
        accepted = dict.fromkeys(groups[each.dest] for each in actions if _is_setting(each, helps))
        own = [each for each in actions if not _is_setting(each, helps)]
        parts.append(f".SS {_escaped(' '.join(['nnfs-tui', name, *arguments]))}")
        parts.append(_escaped(f"{text[0].upper()}{text[1:]}."))
        if accepted:
            some = (
                f" of {' and '.join(accepted)}" if len(accepted) < len(set(groups.values())) else ""
            )
            parts.append(f"Accepts the settings{some} below.")
        for action in own:
            if "--help" not in action.option_strings:
                parts += _entry(action)
    parts += [".SH SETTINGS", *_settings()]
    parts += [".SH PRESETS", *_table({each.name: each.description for each in PRESETS.values()})]
    parts += [".SH ENVIRONMENT", *_table(ENVIRONMENT), ".SH EXIT STATUS", *_table(STATUS)]
    parts += [".SH FILES", *_table({"~/.config/nnfs-tui/preferences.toml": "preferences"})]
    return "\n".join(parts) + "\n"


def _is_setting(action: argparse.Action, helps: dict[str, str]) -> bool:
    """Return whether an option is that of a setting, and not another of the same name."""
    return action.dest in helps and (action.help or "").replace("%%", "%").startswith(
        helps[action.dest]
    )


def _settings() -> Iterator[str]:
    group = ""
    for setting in settings():
        if setting.group != group:
            group = setting.group
            yield f".SS {_escaped(group.capitalize())}"
        default = setting.write(setting.default)
        yield from (".TP", f"\\fB{_escaped(setting.flag)}\\fR \\fIVALUE\\fR")
        text = f"{setting.help}; {setting.value_type.accepts}; default {default}"
        yield _escaped(text)
        words = {word: line_of(setting.value_type, word) for word in words_of(setting.value_type)}
        described = {word: line for word, line in words.items() if line}
        if described:
            yield from (".RS", *_table(described), ".RE")


def _entry(action: argparse.Action) -> Iterator[str]:
    value = f" \\fI{_escaped(str(action.metavar))}\\fR" if action.metavar else ""
    names = [f"\\fB{_escaped(each)}\\fR" for each in action.option_strings]
    yield from (".TP", f"{', '.join(names)}{value}".lstrip())
    yield _escaped((action.help or "").replace("%%", "%"))


def _table(rows: dict[str, str]) -> Iterator[str]:
    for name, text in rows.items():
        yield from (".TP", f"\\fB{_escaped(name)}\\fR", _escaped(text))


def _escaped(text: str) -> str:
    """Return a text in which no character has a meaning for man(7)."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^(?=[.'])", "\\\\&", escaped, flags=re.MULTILINE)


if __name__ == "__main__":
    print(man_page(), end="")  # noqa: T201
