"""A condition of another team's provider names each role that it admits in full, or is refused with a stranger."""

from __future__ import annotations

import dataclasses

import pytest

from keyless_bigquery.trust.attributes import condition_problem
from tests.trust.test_foreign_provider import ACCOUNT, CLAUSE, FUNCTION, READER, ROLE, ROLES, judged

EXACT = [
    CLAUSE,
    f"({CLAUSE})",
    f"assertion.arn.startsWith('{ROLES}{ROLE}/')",
    f"google.subject.startsWith('{ROLES}{ROLE}/')",
    f'assertion.arn.startsWith("{ROLES}{ROLE}/{FUNCTION}")',
    f"assertion.arn == '{ROLES}{ROLE}/{FUNCTION}'",
    f"'{ROLES}{ROLE}/{FUNCTION}' == google.subject",
    f"assertion.arn in ['{ROLES}{ROLE}/{FUNCTION}', 'arn:aws:iam::{ACCOUNT}:user/bob']",
    f"attribute.aws_role == '{ROLES}{ROLE}'",
    f"'{ROLES}{ROLE}' == attribute.aws_role",
    f"attribute.aws_role in ['{ROLES}{ROLE}', '{ROLES}{ROLE}2',]",
    f"assertion.arn.startsWith('{ROLES}') && assertion.arn.extract('assumed-role/{{role}}/') == '{ROLE}'",
    f"assertion.arn.startsWith('{ROLES}') && assertion.arn.extract('assumed-role/{{r}}/') in ['{ROLE}', 'other']",
    f"assertion.arn.startsWith('{ROLES}team') && assertion.arn.split('/')[1] in ['{ROLE}']",
    f"assertion.arn.matches(r'^{ROLES}(other|team-x)/.*$') || {CLAUSE}",
    f"(attribute.aws_role == '{ROLES}other' || attribute.aws_role == '{ROLES}{ROLE}') && !has(assertion.sub)",
    f"{CLAUSE} || assertion.arn.startsWith('{ROLES}{ROLE}2/')",
    f"{CLAUSE} && (assertion.arn.endsWith('/{FUNCTION}') || assertion.arn.endsWith('/other'))",
    f"{CLAUSE} && (size(assertion.userid) > 3 ? true : false)",
    f"assertion.arn != '' && {CLAUSE} || attribute.aws_role == '{ROLES}other' && assertion.account == '{ACCOUNT}'",
]


@pytest.mark.parametrize("condition", EXACT)
def test_a_condition_that_names_its_roles_in_full_is_fit(condition: str) -> None:
    assert condition_problem(condition) is None
    assert judged(attribute_condition=condition) == []


def test_a_pattern_of_names_written_out_is_fit() -> None:
    reader = dataclasses.replace(READER, role_name="team-reader")
    for rest in ("", ".*", ".+$", "[^/]+$"):
        condition = f"assertion.arn.matches('^{ROLES}(team-reader|other)/{rest}')"
        assert judged((reader,), attribute_condition=condition) == []


BROAD = [
    ("true", "nobody-"),
    ("assertion.arn != ''", "nobody-"),
    (f"assertion.account == '{ACCOUNT}'", "nobody-"),
    (f"assertion.arn.startsWith('{ROLES}')", "nobody-"),
    (f"assertion.arn.startsWith('arn:aws:sts::{ACCOUNT}:')", "nobody-"),
    (f"assertion.arn.startsWith('{ROLES}team')", f"{ROLE}2"),
    (f"assertion.arn.startsWith('{ROLES}{ROLE}')", f"{ROLE}2"),
    (f"assertion.arn.contains('{ROLE}')", f"{ROLE}2"),
    (f"assertion.arn.contains('/{ROLE}/')", "user/"),
    (f"assertion.arn.contains('assumed-role/{ROLE}/')", "user/assumed-role/"),
    (f"assertion.arn.endsWith('/{FUNCTION}')", "nobody-"),
    (f"assertion.arn.endsWith('/{ROLE}/{FUNCTION}')", "user/"),
    (f"assertion.arn.endsWith('{ROLE}/{FUNCTION}')", f"x{ROLE}"),
    (f"assertion.arn.extract('assumed-role/{{role}}/') == '{ROLE}'", "user/assumed-role/"),
    (f"assertion.arn.extract('assumed-role/{{role}}/') in ['{ROLE}']", "user/assumed-role/"),
    (f"assertion.arn.split('/')[1] == '{ROLE}'", "user/"),
    (f"'{ROLE}' in assertion.arn.split('/')", "user/"),
    (f"assertion.arn.lowerAscii().startsWith('{ROLES}{ROLE}/')", "TEAM.READER"),
    (f"assertion.arn.matches('{ROLE}')", f"{ROLE}2"),
    (f"assertion.arn.matches('^{ROLES}team.reader/')", "teamxreader"),
    (f"assertion.arn.matches('^{ROLES}team[.]reader')", f"{ROLE}2"),
    (f"assertion.arn.matches('{ROLES}team[.]reader/')", "user/arn:aws:sts"),
    (f"assertion.arn.matches('^{ROLES}[a-z.]+/')", f"{ROLE}x"),
    (f"attribute.aws_role.startsWith('{ROLES}{ROLE}')", f"{ROLE}2"),
    (f"attribute.aws_role.endsWith('/{ROLE}')", "user/assumed-role/"),
    ("attribute.aws_role != ''", "nobody-"),
    (f"attribute.aws_role != '{ROLES}other'", "nobody-"),
    (f"!assertion.arn.startsWith('{ROLES}other/')", "nobody-"),
    (f"{CLAUSE} || assertion.account == '{ACCOUNT}'", "nobody-"),
    (f"{CLAUSE} || true", "nobody-"),
    (f"assertion.account == '{ACCOUNT}' || {CLAUSE}", "nobody-"),
    (f"({CLAUSE}) || (assertion.arn.startsWith('{ROLES}team'))", f"{ROLE}2"),
    (f"{CLAUSE} ? true : assertion.account == '{ACCOUNT}'", "nobody-"),
    (f"assertion.arn.startsWith('{ROLES}') && (assertion.arn.contains('{ROLE}') || false)", f"{ROLE}2"),
    (f"['{ROLE}'].exists(r, assertion.arn.contains(r))", f"{ROLE}2"),
    (f"size(assertion.arn) == {len(f'{ROLES}{ROLE}/{FUNCTION}')}", "team.readey"),
    (f"assertion.arn.startsWith('{ROLES}') && assertion.arn.extract('role/{{role}}/') != 'other'", "nobody-"),
    # No caller that we thought of gets in by these, and yet they name no role in full.
    (f"{CLAUSE} || assertion.arn.startsWith('{ROLES}other-')", None),
    (f"{CLAUSE} || assertion.arn.startsWith('{ROLES}other')", None),
    (f"{CLAUSE} || assertion.arn.matches('^{ROLES}(other|b*)/')", None),
    (f"{CLAUSE} || assertion.arn.matches('^{ROLES}other/?')", None),
    (f"{CLAUSE} || assertion.arn.matches('^{ROLES}other/|^x')", None),
    (f"{CLAUSE} || assertion.arn.matches('^{ROLES}other/{{0}}')", None),
    (f"{CLAUSE} || attribute.aws_role == 'arn:aws:iam::{ACCOUNT}:user/bob'", None),
    (f"{CLAUSE} || attribute.aws_role == '{ROLES}other/x'", None),
    (f"{CLAUSE} || assertion.arn.extract('assumed-role/{{role}}/') == 'other'", None),
    (f"['{ROLE}'].exists(r, assertion.arn.startsWith('{ROLES}' + r + '/'))", None),
    (f"assertion['arn'].startsWith('{ROLES}{ROLE}/')", None),
    (f"({CLAUSE}) == true", None),
    (f"!(!({CLAUSE}))", None),
    (f"{CLAUSE} || assertion.arn.startsWith('''{ROLES}other/''')", None),
]


@pytest.mark.parametrize(("condition", "stranger"), BROAD)
def test_a_condition_that_admits_others_is_refused_and_one_of_them_named(condition: str, stranger: str | None) -> None:
    assert condition_problem(condition) is None
    [found] = judged(attribute_condition=condition)
    assert "must name each role that it admits in full" in found.rule
    assert CLAUSE in found.fix
    if stranger is None:
        assert found.actual == f"no proof of that in {condition}"
    else:
        admitted, _, _ = found.actual.partition(" would be admitted by ")
        assert stranger in admitted
        assert admitted.count(" and ") <= 1, "two are enough"


@pytest.mark.parametrize(
    ("condition", "remark"),
    [
        (f"attribute.aws_role == '{ROLES}other'", ""),
        (f"attribute.aws_role == '{ROLE}'", ""),
        (f"assertion.arn == '{ROLES}{ROLE}'", ""),
        (f"assertion.arn.startsWith('{ROLES}{ROLE.upper()}/')", ""),
        (f"{CLAUSE} && assertion.sub == 'x'", ""),
        (f"{CLAUSE} && assertion.userid.startsWith('AROAREAL:')", "userid"),
    ],
)
def test_a_condition_that_keeps_our_function_out_is_refused_with_the_clause_to_add(condition: str, remark: str) -> None:
    found = judged(attribute_condition=condition)[0]
    assert "must let the function in" in found.rule
    assert f"{ROLES}{ROLE}/{FUNCTION} refused" in found.actual
    assert remark in found.actual
    assert found.fix == f"add to it: || {CLAUSE}"


def test_a_boolean_is_needed_not_a_value_that_looks_true() -> None:
    assert "must let the function in" in judged(attribute_condition="assertion.arn")[0].rule
