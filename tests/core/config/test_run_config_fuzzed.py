"""Whatever a settings file contains, it is read or rejected with one sentence."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.config.errors import ConfigError
from core.config.run_config import RunConfig, read_toml, settings

fuzzed = hypothesis_settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
NAMES = [each.name for each in settings()]
WORDS = [
    "moons",
    "full",
    "auto",
    "none",
    "8,8",
    "relu,tanh",
    "1e999",
    "nan",
    "\x1b]0;x\x07",
    "-1",
    "٣",
    "",
]

scalars = st.one_of(
    st.integers(),
    st.integers(-3, 20),
    st.just(10**400),
    st.floats(),
    st.booleans(),
    st.sampled_from(WORDS),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.just(datetime(2024, 1, 2, tzinfo=UTC)),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)
tables = st.dictionaries(
    st.sampled_from(NAMES) | st.text(st.characters(exclude_categories=["Cs"])), values, max_size=5
)


def toml(value: Any) -> str:
    """Write a value as TOML does."""
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            return value.isoformat()
        case str():
            return json.dumps(value).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(key)} = {toml(each)}' for key, each in value.items())}}}"
    return str(value)


def refused_or_read(path: Path) -> None:
    """Check that the file is read or rejected, with no third outcome."""
    try:
        config = RunConfig(**read_toml(path))
    except ConfigError:
        return
    path.write_text(config.to_toml(), encoding="utf-8")
    assert RunConfig(**read_toml(path)) == config


@fuzzed
@given(tables)
@example({"hidden": [10**400]})
@example({"learning_rate": 10**400})
@example({"data": "a\0b"})
def test_any_values_are_refused_or_read(tmp_path: Path, table: dict[str, Any]) -> None:
    path = tmp_path / "run.toml"
    path.write_text("\n".join(f"{toml(key)} = {toml(value)}" for key, value in table.items()))
    refused_or_read(path)


@fuzzed
@given(st.binary(max_size=200) | st.text("=[]{}\"'\n.,#0x1eabc_-: ", max_size=80).map(str.encode))
@example(b"a=" + b"[" * 100_000)
@example(b"a=" + b"9" * 10_000)
@example(b"a=1\r\n\x00")
def test_any_bytes_are_refused_or_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    refused_or_read(path)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xef\xbb\xbfepochs = 3\n", ""),  # as Windows begins a file
        (b"epochs = 3\nepochs = 4\n", "a TOML file"),
        (b"data = '\xff'\n", "a TOML file"),
        (b"a" * 1_000_000 + b" = 1\n", "at most 32,768"),
        (b"a" * 30_000 + b" = 1\n", "for setting"),
        (b"'\x1b]0;x\x07' = 1\n", "a TOML file"),
        (b"a" + b".a" * 2_000 + b" = 1\n", "a TOML file|for setting"),
        (b"epochs = 0x" + b"f" * 30_000 + b"\n", "a whole number"),
    ],
)
def test_a_strange_settings_file_is_refused_or_read(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    if told:
        with pytest.raises(ConfigError, match=told):
            read_toml(path)
    else:
        assert read_toml(path) == {"epochs": 3}


@fuzzed
@given(st.sampled_from(settings()), st.sampled_from(WORDS) | st.text())
def test_any_text_for_a_setting_is_refused_or_read(each: Any, text: str) -> None:
    try:
        value = each.read(text)
    except ConfigError:
        return
    assert each.read(each.write(value)) == value
