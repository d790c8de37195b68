"""Printed help on a command, a preset, a data set or a setting; lists of presets and data sets."""

from __future__ import annotations

import os
import re
import shlex
import sys
from textwrap import fill
from typing import TYPE_CHECKING, Final

from core.config.errors import quoted, suggestion
from core.config.presets import PRESETS
from core.config.run_config import RunConfig, settings
from core.config.value_types import hyphenated, line_of, words_of
from core.datasets import DATASETS
from tui.cli.arguments import COMMANDS, UsageError, parser
from tui.preferences import preferences_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.config.presets import Preset
    from core.config.settings import Setting
    from core.datasets.dataset import DatasetInfo

NARROWEST: Final = 40
WIDEST: Final = 100
INDENT: Final = "  "
PREFERENCES: Final = """\
preferences, read from {path}

  palette = "viridis"       # or blue-orange
  background = "light"      # or dark
  speed = 100               # epochs per second, or "max"
  view = "watch"            # or inspect, diagnose, data, everything
  title = false             # keep the title of the terminal
  progress = true           # in the tab or the task bar
  notify = true             # when a run ends while another window has the focus

  [keys]                    # names of actions: nnfs-tui help keys
  pause = "w"
  help = ["f6", "?"]        # several keys for one action
  save-data = "ctrl+w"

Options of the command line override them. An entry that cannot be used is reported
when the program starts, and has its default. A key of the focused panel comes first.
"""


def explain(words: Sequence[str]) -> int:
    """Print the help on a topic, or the general help.

    Raises:
        UsageError: for an unknown topic.
    """
    topic = " ".join(words).strip()
    name = hyphenated(topic.removeprefix("--"))
    options = {each.option: each for each in settings()}
    by_name = options | {hyphenated(each.name): each for each in settings()}
    datasets = {hyphenated(each): info for each, info in DATASETS.items()}
    if not name or name == "help":
        text = parser().format_help()
    elif name == "keys":
        text = _keys()
    elif name == "preferences":
        text = PREFERENCES.format(path=preferences_place())
    elif name in COMMANDS:
        text = parser().of_command(name).format_help()
    elif name in PRESETS and not topic.startswith("--"):
        text = _of_preset(PRESETS[name])
    elif name in datasets and not topic.startswith("--"):
        text = _of_dataset(datasets[name])
    elif (positive := name.removeprefix("no-")) in by_name:
        text = _of_setting(by_name[positive])
    elif option := _of_option(f"--{name}"):
        text = option
    else:
        known = [*COMMANDS, *PRESETS, *datasets, *by_name, "keys", "preferences"]
        raise UsageError(
            f"{quoted(topic)} is not a topic of the help: expected a command, a preset, a data set "
            f"or a setting{suggestion(name, known) or '; see nnfs-tui help'}"
        )
    print(text.rstrip())  # noqa: T201
    return 0


def list_presets() -> int:
    """Print the presets, each with its settings."""
    width = 2 + max(map(len, PRESETS))
    for preset in PRESETS.values():
        text = preset.config().describe()
        print(f"{preset.name:<{width}}{preset.description}\n{'':<{width}}{text}")  # noqa: T201
    print("\nnnfs-tui help NAME explains a preset")  # noqa: T201
    return 0


def list_datasets() -> int:
    """Print the built-in data sets."""
    width = 2 + max(map(len, DATASETS))
    for info in DATASETS.values():
        name, facts = hyphenated(info.name), _facts(info)
        print(f"{name:<{width}}{info.description}\n{'':<{width}}{facts}")  # noqa: T201
    print("\nnnfs-tui datasets NAME describes a data set or a file")  # noqa: T201
    return 0


def _keys() -> str:
    """Return the keys and the names of their actions."""
    from tui.keymap import rows_by_screen

    found: dict[str, tuple[str, str, str]] = {}
    for where, keys in rows_by_screen().items():
        for action, key in keys.items():
            text = f"{where}: {key.help}" if where else key.help
            found.setdefault(action, (key.shown, action, text))
    rows = [*found.values()]
    widths = [2 + max(len(row[at]) for row in rows) for at in (0, 1)]
    lines = [f"  {key:<{widths[0]}}{action:<{widths[1]}}{text}" for key, action, text in rows]
    return "\n".join(["keys, and the names of their actions in the preferences file:", *lines])


def _of_preset(preset: Preset) -> str:
    config, default = preset.config(), RunConfig()
    info = DATASETS[config.dataset]
    options = [
        f"{each.flag} {shlex.quote(each.write(getattr(config, each.name)))}"
        for each in config.differences(default)
    ]
    lines = [
        f"{preset.name}, a preset",
        "",
        _paragraph(preset.description),
        _paragraph(config.describe()),
        "",
        _paragraph(f"data set {hyphenated(info.name)}: {info.description} ({_facts(info)})"),
    ]
    if options:
        lines += ["", "Its settings, where they differ from the defaults:", *_columns(options)]
    else:
        lines += ["", "Its settings are the defaults."]
    lines += [
        "",
        "Run it:",
        *_commands(
            {
                preset.name: "train and watch",
                f"{preset.name} --lr 0.05 --seed 1": "with other settings",
                f"train {preset.name}": "train without a screen",
            }
        ),
        "",
        "nnfs-tui help watch lists all options; on the screen, the key h opens them",
    ]
    return "\n".join(lines)


def _of_dataset(info: DatasetInfo) -> str:
    name = hyphenated(info.name)
    same = [each.name for each in PRESETS.values() if each.dataset == info.name]
    lines = [f"{name}, a data set", "", _paragraph(info.description), _paragraph(_facts(info)), ""]
    lines += _commands(
        dict.fromkeys(same, "a preset that uses it")
        | {f"--dataset {name}": "train and watch", f"datasets {name}": "columns and first rows"}
    )
    return "\n".join(lines)


def _commands(commands: dict[str, str]) -> list[str]:
    """Return command lines with their effects, aligned."""
    width = 3 + max(map(len, commands))
    return [f"  nnfs-tui {command:<{width}}{effect}" for command, effect in commands.items()]


def _of_setting(setting: Setting) -> str:
    default = setting.write(setting.default)
    lines = [
        f"{setting.flag}, a setting of the group {setting.group}",
        "",
        _paragraph(setting.help),
        _paragraph(f"expected {setting.value_type.accepts}"),
        _paragraph(f"default {default}"),
    ]
    described = [(word, line_of(setting.value_type, word)) for word in words_of(setting.value_type)]
    described = [(word, line) for word, line in described if line]
    if described:
        width = 2 + max(len(word) for word, _ in described)
        lines += ["", *(f"  {word:<{width}}{line}" for word, line in described)]
    return "\n".join(lines)


def _of_option(flag: str) -> str:
    """Return the help on an option that is no setting, or an empty string."""
    helps = {name: parser().of_command(name) for name in COMMANDS}
    commands = [name for name, each in helps.items() if flag in each.flags()]
    if not commands or not flag.startswith("--"):
        return ""
    # commands with the same text are named together
    texts: dict[str, list[str]] = {}
    for command in commands:
        lines = helps[command].format_help().split("\n")
        first = next(
            at for at, line in enumerate(lines) if re.match(rf"  ([^ ]+, )*{flag}\b", line)
        )
        # the option ends where the next one, or the next group, begins
        ends = (at for at in range(first + 1, len(lines)) if not lines[at].startswith("   "))
        text = "\n".join(lines[first : next(ends, len(lines))])
        texts.setdefault(text, []).append(command)
    return "\n\n".join(
        f"{flag}, an option of {', '.join(names)}\n\n{text}" for text, names in texts.items()
    )


def _facts(info: DatasetInfo) -> str:
    if info.targets:
        text = f"{info.targets} number{'s' * (info.targets > 1)} to predict"
    else:
        text = f"{info.classes} classes"
    if info.any_classes:
        text += " (any number with --classes)"
    features = f"{info.features} feature{'s' * (info.features != 1)}"
    return f"{'texts' if info.texts else features}, {text}, {info.samples} samples"


def _width() -> int:
    try:
        width = os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):  # no terminal
        width = 80
    return min(max(width, NARROWEST), WIDEST)


def _paragraph(text: str) -> str:
    return fill(
        text, _width(), initial_indent=INDENT, subsequent_indent=INDENT, break_on_hyphens=False
    )


def _columns(options: list[str]) -> list[str]:
    return [
        line.replace("\0", " ")
        for line in _paragraph(" ".join(each.replace(" ", "\0") for each in options)).split("\n")
    ]
