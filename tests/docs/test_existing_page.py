"""The page for a function that has a key: its code can be compiled, and names what the components make."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import boto3
import pytest
from google.cloud import bigquery

from keyless_bigquery.components.program import ROOT
from tests.docs.pages import read

PAGE = ROOT / "docs" / "existing.md"
MOST_WORDS, MOST_LINES = 900, 8
CODE = {token.info: token.content for token in read(PAGE).tokens if token.type == "fence" and token.info}
"""Each language's block."""

CHECKS = {
    "js": ("code.mjs", "{}", ("node", "--check")),
    "go": ("code.go", "package main\n\nfunc main() {{\n{}}}\n", ("gofmt", "-e", "-l")),
}
"""For each language, a file's name, what is around the code, and what reads it."""


def test_the_page_has_four_languages_each_before_and_after_in_few_lines() -> None:
    assert list(CODE) == ["python", "js", "go", "java"]
    for code in CODE.values():
        lines = code.splitlines()
        assert len(lines) <= MOST_LINES
        assert [line[3:] for line in lines if line.startswith("// ")] in ([], ["before", "after"])
    assert len(PAGE.read_text().split()) <= MOST_WORDS


def test_the_code_in_python_is_of_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    compile(CODE["python"], PAGE.name, "exec")
    assert callable(bigquery.Client.from_service_account_info)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    assert callable(boto3.client("secretsmanager").get_secret_value)


@pytest.mark.parametrize("language", CHECKS)
def test_the_code_in_another_language_can_be_read_by_its_tool(language: str, tmp_path: Path) -> None:
    name, around, command = CHECKS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (tmp_path / name).write_text(around.format(CODE[language]))
    done = subprocess.run([*command, name], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_the_file_is_where_the_layer_has_it() -> None:
    component = (ROOT / "component" / "README.md").read_text()
    assert "`GOOGLE_APPLICATION_CREDENTIALS`|`/opt/credential-configuration.json`" in component
    assert 'GOOGLE_APPLICATION_CREDENTIALS: "/opt/credential-configuration.json"' in PAGE.read_text()
