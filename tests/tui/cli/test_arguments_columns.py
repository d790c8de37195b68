"""Options that name columns: entries with a minus sign, and files that are read with them."""

from pathlib import Path

import pytest

from core.config.run_config import setting
from tui.cli.arguments import parser, with_negative_entries
from tui.cli.main import main

ROWS = "".join(f"{at},{at * 7 % 11 / 2},{at * 5 % 13 / 2},{at % 2}\n" for at in range(24))


@pytest.mark.parametrize(
    ("given", "features", "exclude"),
    [
        (["--features", "-id"], "-id", None),
        (["--features", "2-10,-5"], "2-10,-5", None),
        (["--features", "-5", "--exclude", "-id,a"], "-5", "-id,a"),
        (["--features=-id", "--lr", "1"], "-id", None),
        (["--exclude", "none"], None, "none"),
    ],
)
def test_a_minus_sign_begins_an_entry_and_not_an_option(
    given: list[str], features: str | None, exclude: str | None
) -> None:
    options = parser().parse_args(with_negative_entries(["train", *given]))
    assert (options.features, options.exclude) == (features, exclude)


def test_an_option_after_another_is_not_its_value() -> None:
    assert with_negative_entries(["--features", "--lr", "-1"]) == ["--features", "--lr", "-1"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("auto", None),
        ("none", ()),
        ("-id, name", ("-id", "name")),
        ('"none"', ("none",)),
        ("none,age", ("none", "age")),
        ('"a,b",2-5', ("a,b", "2-5")),
    ],
)
def test_the_setting_is_read_and_written(text: str, value: tuple[str, ...] | None) -> None:
    exclude = setting("exclude")
    assert exclude.read(text) == value
    written = exclude.value_type.write(value)  # type: ignore[attr-defined]
    assert exclude.read(written) == value


@pytest.mark.parametrize(
    ("options", "left_out"),
    [
        ([], "'id' (counts the rows)"),
        (["--exclude", "-id"], ""),
        (["--features", "-id"], ""),
        (["--exclude", "none"], ""),
    ],
)
def test_the_summary_of_a_run_reports_excluded_columns(
    options: list[str],
    left_out: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.csv").write_text(f"id,a,b,kind\n{ROWS}")
    assert main(["train", "f.csv", "--epochs", "1", "--no-save", *options]) == 0
    printed = capfd.readouterr().err
    assert ("Excluded" in printed) == bool(left_out)
    assert left_out in printed
