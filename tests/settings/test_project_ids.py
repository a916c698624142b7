"""The settings and the function take the same project ids, and each refusal of a setting has its reason."""

from __future__ import annotations

import json

import pytest

from keyless_bigquery import rules
from keyless_bigquery.runtime import environment
from keyless_bigquery.runtime.environment import Environment
from keyless_bigquery.runtime.errors import ConfigurationError
from keyless_bigquery.settings.settings import Settings, SettingsError
from keyless_bigquery.trust.names import PROJECT_ID
from tests.bootstrap import given
from tests.components.recording import DEFAULTS, REQUIRED
from tests.runtime.test_environment import VARIABLES

FORM, NUMBER, DOMAIN = "6 to 30 lower-case letters", "that is a project number", "a legacy project id with a domain"
REFUSED: dict[str, str] = {
    "example.com:project": DOMAIN,
    "google.com:old-project-1": DOMAIN,
    "sub.example.co.uk:my-project": DOMAIN,
    "EXAMPLE.com:my-project": DOMAIN,
    "example.com:": DOMAIN,
    "example.com:my-project\n": DOMAIN,
    "example:my-project": FORM,
    "a": FORM,
    "a" * 5: FORM,
    "a" * 31: FORM,
    "my-project-": FORM,
    "-my-project": FORM,
    "1my-project": FORM,
    "My-Project": FORM,
    "MY-PROJECT": FORM,
    "my_project": FORM,
    "my.project": FORM,
    "my project": FORM,
    " my-project": FORM,
    "my-project ": FORM,
    "my-project\n": FORM,
    "my-project\u0661": FORM,
    "\u00e4-project": FORM,
    "my-project\u2011a": FORM,
    "projects/my-project": FORM,
    "projects/123456789012": FORM,
    "`my-project`": FORM,
    "my-project:": FORM,
    "123456789012": NUMBER,
    "1": NUMBER,
    "\u0661\u0662\u0663\u0664\u0665\u0666": FORM,
}
TAKEN = ("a" * 6, "a" * 30, "my-project", "a1234567", "a--------b", "xn--project-1")
KEYS = ("googleProject", "poolProject", "dataProject")
BOOTSTRAP_KEYS = (*KEYS, "identityProject")


def settings(**changed: str) -> Settings:
    return Settings.read(DEFAULTS | REQUIRED | changed, stack="dev")


def variables(**changed: str) -> Environment:
    return Environment.from_environ(VARIABLES | changed)


@pytest.mark.parametrize("value", TAKEN)
def test_a_project_id_is_taken_by_settings_and_function(value: str) -> None:
    assert rules.project_id(value) is None
    read = settings(**dict.fromkeys(KEYS, value), tables=json.dumps([f"{value}.d.t", f"{value}.d"]))
    assert {read.google_project, read.pool_project, read.data_project} == {value}
    assert variables(GOOGLE_CLOUD_PROJECT=value).project == value
    assert variables(BIGQUERY_TABLE=f"{value}.d.t", BIGQUERY_TABLES=f"{value}.d.t").table == f"{value}.d.t"


@pytest.mark.parametrize(("value", "reason"), REFUSED.items())
def test_what_is_no_project_id_is_refused_by_each_setting_of_both_programs(value: str, reason: str) -> None:
    for read, keys in ((settings, KEYS), (given.settings, BOOTSTRAP_KEYS)):
        for key in keys:
            with pytest.raises(SettingsError) as refused:
                read(**{key: value})
            assert any(problem.key == key and reason in problem.rule for problem in refused.value.problems)


@pytest.mark.parametrize("value", REFUSED)
def test_what_is_no_project_id_is_refused_by_the_function_as_project_table_and_dataset(value: str) -> None:
    for changed in (
        {environment.PROJECT: value},
        {environment.TABLE: f"{value}.d.t"},
        {environment.TABLES: f"{VARIABLES[environment.TABLE]},{value}.d.t"},
        {environment.TABLES: f"{VARIABLES[environment.TABLE]},{value}.d"},
    ):
        with pytest.raises(ConfigurationError, match=next(iter(changed))):
            variables(**changed)


@pytest.mark.parametrize("name", ["example.com:my-project.sales.orders", "example.com:my-project.sales"])
def test_a_listed_table_of_a_project_with_a_domain_is_refused_for_the_domain(name: str) -> None:
    with pytest.raises(SettingsError, match=DOMAIN):
        settings(tables=json.dumps([name]))
    with pytest.raises(SettingsError, match="joined by dots here"):
        settings(tables=json.dumps(["my-project:sales.orders"]))


def test_the_function_has_the_programs_form_although_it_ships_without_it() -> None:
    assert environment._PROJECT_ID == PROJECT_ID
