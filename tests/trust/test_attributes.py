"""Google's extract, its default mapping, and conditions that only the boolean true satisfies."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.trust.attributes import (
    MappingError,
    condition_holds,
    condition_problem,
    map_attributes,
    mapping_problem,
)
from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.functions import extract
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING

ROLE = Caller(account="210987654321", arn="arn:aws:sts::210987654321:assumed-role/R/fn", user_id="AROA1:fn")
USER = Caller(account="210987654321", arn="arn:aws:iam::210987654321:user/assumed-role/R/u", user_id="AIDA1")


@pytest.mark.parametrize(
    ("value", "template", "found"),
    [
        ("a/b/c", "a/{x}/c", "b"),
        ("a/b/c", "{x}/b", "a"),
        ("a/b/c", "b/{x}", "c"),
        ("a/b/c", "{x}", "a/b/c"),
        ("a/b/a/c", "a/{x}/", "b"),
        ("a/b/c/b", "{x}/b", "a"),
        ("a/b", "z{x}/", ""),
        ("a/b", "a{x}z", ""),
        ("ab", "a{x}b", ""),
        ("", "{x}", ""),
        ("b/a", "a{x}b", ""),
    ],
)
def test_extract_takes_what_stands_between_the_first_occurrences(value: str, template: str, found: str) -> None:
    assert extract(value, template) == found


@pytest.mark.parametrize("template", ["", "abc", "{a}{b}", "{}", "{a b}", "{a"])
def test_a_template_without_exactly_one_name_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        extract("abc", template)


@given(before=st.text("ab/"), inside=st.text("xy"), after=st.text("cd/", min_size=1), end=st.text("ab/xycd"))
def test_extract_finds_what_was_put_between(before: str, inside: str, after: str, end: str) -> None:
    assert extract(f"{before}{inside}{after}{end}", f"{before}{{name}}{after}") == inside


def test_the_default_mapping_keeps_users_and_roles_apart() -> None:
    assert map_attributes({}, ROLE).custom["aws_role"] == "arn:aws:sts::210987654321:assumed-role/R"
    user = map_attributes({}, USER).custom["aws_role"]
    assert user == "arn:aws:iam::210987654321:user/assumed-role/R"
    assert mapping_problem(DEFAULT_AWS_MAPPING) is None


@pytest.mark.parametrize("expression", ["assertion.sub", "assertion.arn.extract('x')", "1", "assertion", "['a']"])
def test_a_mapping_without_a_string_is_an_error_naming_its_attribute(expression: str) -> None:
    with pytest.raises(MappingError) as raised:
        map_attributes({"google.subject": "assertion.arn", "attribute.a": expression}, ROLE)
    assert raised.value.attribute == "attribute.a"


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("", True),
        ("assertion.account == '210987654321'", True),
        ("assertion.account == '1'", False),
        ("assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/R/')", True),
        ("assertion.arn.startsWith('arn:aws:sts::210987654321:assumed-role/R2/')", False),
        ("attribute.aws_role == 'arn:aws:sts::210987654321:assumed-role/R'", True),
        ("google.subject.endsWith('/fn')", True),
        ("'R' in assertion.arn.split('/')", True),
        ("has(assertion.sub)", False),
        ("{'R': true}[assertion.arn.split('/')[1]]", True),
    ],
)
def test_a_condition_holds_or_not(condition: str, holds: bool) -> None:
    assert condition_problem(condition) is None
    assert condition_holds(condition, ROLE, map_attributes({}, ROLE)) is holds


@pytest.mark.parametrize("condition", ["assertion.arn", "1", "'true'", "assertion.sub == 'x'", "attribute.none == 'x'"])
def test_a_condition_that_is_not_a_boolean_does_not_hold(condition: str) -> None:
    with pytest.raises(MappingError):
        condition_holds(condition, ROLE, map_attributes({}, ROLE))
