"""Messages name the arguments of a component as the program that gives them does."""

from __future__ import annotations

import pytest

from keyless_bigquery.components import claims
from keyless_bigquery.components.arguments import refused
from keyless_bigquery.components.federated_role import FederatedRoleArgs
from keyless_bigquery.settings.problems import Problem


def test_a_fix_names_an_argument_as_the_program_has_to_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(key="roleArn", value="x", rule="a rule", fix="Set lookUpTables to false.")
    assert "role_arn is 'x': a rule. Set look_up_tables to" in str(refused(FederatedRoleArgs, "x", [problem]))
    # To a program in another language, as its schema has them.
    monkeypatch.setattr(claims, "served", lambda: True)
    assert "roleArn is 'x': a rule. Set lookUpTables to" in str(refused(FederatedRoleArgs, "x", [problem]))


@pytest.mark.parametrize(
    ("key", "argument"),
    [
        ("logLevel", "argument logLevel"),
        ("tables[0]", "argument tables = [VALUE]"),
        ("columns[0].name", 'argument columns = [{"name": VALUE}]'),
        ("environment.NAME", 'argument environment = {"NAME": VALUE}'),
    ],
)
def test_a_command_of_the_config_becomes_an_argument_of_the_same_form(key: str, argument: str) -> None:
    path = "--path " if set(key) & {"[", "."} else ""
    problem = Problem(key=key, value="x", rule="r", fix=f"For example: pulumi config set {path}'{key}' VALUE")
    assert str(refused(FederatedRoleArgs, "x", [problem])).endswith(f"For example: {argument}")
