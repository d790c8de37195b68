"""Files for forges and registries: they parse, agree with the package, and name no invented address."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSIONS = [
    each.rpartition(" ")[2]
    for each in PROJECT["classifiers"]
    if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
]
OUTSIDE = {
    "https://keepachangelog.com",
    "https://semver.org",
    "https://www.contributor-covenant.org",
}
"""Addresses of others in the files for forges."""


def loaded(name: str) -> Any:
    """Return the content of a YAML file."""
    yaml = pytest.importorskip("yaml", reason="PyYAML, which Dask depends on, is not installed")
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def matrices(name: str) -> list[dict[str, list[str]]]:
    jobs = loaded(f".github/workflows/{name}")["jobs"].values()
    return [job["strategy"]["matrix"] for job in jobs if "strategy" in job]


def test_the_program_is_tested_with_the_versions_that_it_claims() -> None:
    assert len(VERSIONS) == 4
    assert matrices("ci.yml") == [{"python": VERSIONS}]
    (release,) = matrices("release.yml")
    assert release == {"system": ["ubuntu-latest", "macos-latest"], "python": VERSIONS}


def test_only_the_job_that_publishes_has_an_identity() -> None:
    workflow = loaded(".github/workflows/release.yml")
    permissions = {name: job.get("permissions", {}) for name, job in workflow["jobs"].items()}
    assert permissions == {"build": {}, "test": {}, "publish": {"id-token": "write"}}
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["publish"]["needs"] == "test"


def test_the_citation_agrees_with_the_package() -> None:
    citation = loaded("CITATION.cff")
    assert citation["title"] == PROJECT["name"]
    assert citation["license"] == PROJECT["license"]
    assert [each["name"] for each in citation["authors"]] == [
        each["name"] for each in PROJECT["authors"]
    ]


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_each_field_of_an_issue_form_has_a_label(form: str) -> None:
    body = loaded(f".github/ISSUE_TEMPLATE/{form}.yml")["body"]
    assert all(field["attributes"]["label"] for field in body)
    assert len({field["id"] for field in body}) == len(body)


def test_no_address_is_invented() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in (*ROOT.glob("*.md"), ROOT / "CITATION.cff", *ROOT.rglob(".github/**/*.*"))
        if path.is_file()
    ]
    found = {each for text in texts for each in re.findall(r"https?://[\w.-]+", text)}
    assert found == OUTSIDE
    assert all(url.partition("/")[0] == "REPOSITORY" for url in PROJECT["urls"].values())
