"""Errors of settings."""

import pytest

from core.config.errors import LONGEST_QUOTED, ConfigError, quoted
from core.config.run_config import settings
from core.config.settings import Setting


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", "''"),
        ("fast", "'fast'"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("a" * LONGEST_QUOTED, f"'{'a' * LONGEST_QUOTED}'"),
        ("ab" * 5000, f"'{'ab' * 33}a…{'b' + 'ab' * 16}'"),
        ([1, 2], "[1, 2]"),
        ([4096] * 5000, f"{repr([4096] * 5000)[:67]}…{repr([4096] * 5000)[-33:]}"),
    ],
)
def test_a_long_value_is_shown_without_its_middle(value: object, shown: str) -> None:
    assert quoted(value) == shown


@pytest.mark.parametrize("each", settings(), ids=lambda each: each.name)
def test_a_long_value_of_any_setting_does_not_hide_what_is_expected(each: Setting) -> None:
    for value in ("z" * 5000, "9" * 5000, ["z" * 5000], (3.5,) * 5000):
        try:
            each.check(value)
        except ConfigError as error:
            sentence = str(error)
            assert sentence.index("expected") < 200
            assert sentence.index(each.value_type.accepts) < 200
