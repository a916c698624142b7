"""What `template/` holds: few files, each with the facts of their one owner."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from keyless_bigquery import packaging
from keyless_bigquery.packaging.lock import LIBRARY
from keyless_bigquery.packaging.lock import read as read_lock
from keyless_bigquery.settings.settings import KEYS, Settings, SettingsError
from pulumi_offline.demo import scenario
from pulumi_offline.engine.pins import ROOT
from tests.template.making import TEMPLATE, VERSION, files_of

PACKAGES = ("federation-emulator", "keyless-tools", "pulumi-offline")


def test_it_is_about_twelve_files() -> None:
    assert len(files_of(TEMPLATE)) <= 13


@pytest.mark.parametrize("name", ["__main__.py", "Pulumi.local.yaml"])
def test_the_program_and_the_local_stack_are_those_of_this_repository(name: str) -> None:
    assert (TEMPLATE / name).read_bytes() == (ROOT / name).read_bytes()


def test_the_function_is_the_one_that_the_demo_knows() -> None:
    handler = (TEMPLATE / "lambda_src" / "handler.py").read_bytes()
    assert hashlib.sha256(handler).hexdigest() == scenario.SHIPPED


def test_the_functions_lock_has_what_the_library_imports_and_says_so() -> None:
    locked = read_lock((TEMPLATE / "lambda_src" / "requirements.txt").read_text())
    needed = (Path(packaging.__file__).parents[1] / "runtime" / "requirements.in").read_text()
    named = {entry.text.split(" ")[0] for entry in locked if LIBRARY in entry.needed_by}
    assert named == set(re.findall(r"^\w\S+", needed, re.MULTILINE))


def test_the_engine_fills_in_names_in_three_places_and_none_by_accident() -> None:
    held = {
        name: found
        for name in sorted(files_of(TEMPLATE))
        if (found := re.findall(r"\$\{(?:PROJECT|DESCRIPTION)\}", (TEMPLATE / name).read_text()))
    }
    assert held == {name: ["${PROJECT}", "${DESCRIPTION}"] for name in ("Pulumi.yaml", "README.md")}


def test_it_asks_for_each_setting_that_must_be_set_and_declares_no_other() -> None:
    project = yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text())
    asked = project["template"]["config"]
    assert "config" not in project, "the defaults are the library's"
    assert set(asked) <= set(KEYS)
    with pytest.raises(SettingsError) as refused:
        Settings.read({}, stack="dev")
    must_be_set = {problem.key for problem in refused.value.problems}
    assert must_be_set == {key for key, question in asked.items() if "default" not in question}


def test_a_setting_that_is_asked_for_is_offered_its_default() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    for key, question in yaml.safe_load((TEMPLATE / "Pulumi.yaml").read_text())["template"]["config"].items():
        assert question.get("default", "") == declared[key]["default"]


def test_this_repository_is_no_template_itself() -> None:
    assert "template" not in yaml.safe_load((ROOT / "Pulumi.yaml").read_text())


def test_every_version_is_the_librarys_and_packages_name_each_other_exactly() -> None:
    for package in PACKAGES:
        project = tomllib.loads((ROOT / "packages" / package / "pyproject.toml").read_text())["project"]
        assert project["version"] == VERSION
        siblings = [one for one in project["dependencies"] if one.startswith(("keyless-bigquery", *PACKAGES))]
        # The emulator's wheel stands alone: it carries what it needs of the library.
        assert siblings or package == "federation-emulator"
        assert all(one.endswith(f"=={VERSION}") for one in siblings), siblings
    for name in ("requirements.txt", "requirements-dev.txt", "README.md", ".github/workflows/delivery.yml"):
        text = (TEMPLATE / name).read_text()
        pinned = re.findall(r"^keyless-\S+==(\S+)$|@v(\d[\d.]+)(?:#|$)|# v(\S+)$", text, re.MULTILINE | re.ASCII)
        assert pinned
        assert {"".join(found) for found in pinned} == {VERSION}, name
    served = (ROOT / "component" / "requirements.txt").read_text()
    assert f"keyless-bigquery[pulumi]=={VERSION}\n" in served
