"""A setting is declared once: all else that names it is made from the declaration."""

from __future__ import annotations

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.settings import declaration
from keyless_bigquery.settings.__main__ import main
from keyless_bigquery.settings.declaration import Scope, number, setting, text
from keyless_bigquery.settings.generated import config_block, option_table, updated
from keyless_bigquery.settings.problems import Values
from keyless_bigquery.settings.settings import DECLARED

MOST_FILES = 8
FOR_EXAMPLE = (
    *("reservedConcurrency", "logRetentionDays", "functionBytecode", "functionGoogleEndpoint", "verifyEvent"),
)
GIVES_ADVICE = re.compile(
    r"(.*/)?doctor/.*|docs/(?!options\.md).*|(.*/)?(README|CHANGELOG)\.md|Makefile|Pulumi\.\w+\.yaml|bootstrap/.*"
)
"""What names a setting as the thing to change, or chooses a value. No setting needs it to work."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Declaring:
    most_log_lines: int = setting(number(1, 10), "Most lines | pages.", default=5, scope=Scope.INHERITED)
    host_name: str = setting(text(lambda value: ("it must be x", "Say x.") if value != "x" else None), "Its name.")
    no_setting: str


def read(**given: str) -> tuple[dict[str, object], list[str]]:
    values = Values(given, stack="dev")
    found = declaration.read(Declaring, values)
    return found, [str(problem) for problem in values.problems]


def test_a_declaration_is_all_that_reading_and_checking_needs() -> None:
    assert [one.key for one in declaration.declared(Declaring)] == ["mostLogLines", "hostName"]
    assert read(mostLogLines="10", hostName="x") == ({"most_log_lines": 10, "host_name": "x"}, [])
    assert read(mostLogLines="11")[1] == [
        "mostLogLines is '11': it must be a whole number from 1 to 10. For example: 1",
        "hostName is not set: this setting has no default. Set it with: pulumi config set hostName VALUE",
    ]


def test_a_declaration_is_all_that_pulumi_yaml_and_the_documentation_need() -> None:
    settings = declaration.declared(Declaring)
    assert yaml.safe_load(config_block(settings)) == {
        "config": {
            "mostLogLines": {"type": "integer", "default": 5, "description": "Most lines | pages."},
            "hostName": {"type": "string", "default": "", "description": "Its name."},
        }
    }
    assert option_table(settings).splitlines()[2:] == [
        r"|`mostLogLines`|`5`|each reader|Most lines \| pages.|",
        "|`hostName`||stack|Its name.|",
    ]


def test_the_table_of_options_is_the_declared_one() -> None:
    page = ROOT / "docs" / "options.md"
    assert updated(page, DECLARED) == page.read_text(), "`make settings` writes it anew"


def test_a_file_is_written_between_its_marks_and_refused_without_them(tmp_path: Path) -> None:
    page, blank = tmp_path / "page.md", tmp_path / "blank.md"
    page.write_text("above\n<!-- settings: begin -->\nold\n<!-- settings: end -->\nbelow\n")
    main([str(page)])
    assert re.fullmatch(r"above\n<!-- .*\|`googleProject`\|.* -->\nbelow\n", page.read_text(), re.DOTALL)
    blank.write_text("above\n<!-- settings: end -->\n")
    with pytest.raises(ValueError, match="needs one line with 'settings: begin'"):
        main([str(blank)])


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git says which files are the project's")
@pytest.mark.parametrize("key", FOR_EXAMPLE)
def test_no_more_than_8_files_had_to_name_a_setting_documents_and_tests_included(key: str) -> None:
    (field,) = [one.field for one in DECLARED if one.key == key]
    named = subprocess.run(
        ["git", "grep", "--untracked", "-lwE", f"{key}|{field}"], cwd=ROOT, capture_output=True, text=True, timeout=20
    ).stdout.split()
    files = [path for path in named if not GIVES_ADVICE.fullmatch(path) and ROOT / path != Path(__file__)]
    assert 3 <= len(files) <= MOST_FILES, files
