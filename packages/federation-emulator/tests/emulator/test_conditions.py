"""Conditions of bindings: what may be written in one, and what makes one true."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from federation_emulator.core.conditions import Circumstances, Condition, condition_problem, untruth
from federation_emulator.core.permission_names import CREATE_JOB, GET_ACCESS_TOKEN, GET_DATA
from federation_emulator.core.permissions import Binding, Grant, Miss, Policy, decide
from keyless_bigquery.trust.principals import Principal
from tests.pace import paced_seconds

NOW = datetime(2026, 11, 24, 23, 30, 5, 123000, tzinfo=UTC)  # a Tuesday; in Berlin it is Wednesday already
TABLE = "projects/p/datasets/d/tables/t"
READER = Principal(member="serviceAccount:reader@p.iam.gserviceaccount.com")
VIEWER = "roles/bigquery.dataViewer"


def condition(expression: str, title: str = "t") -> Condition:
    return Condition(title=title, expression=expression)


def asked(resource: str = TABLE, permission: str = GET_DATA) -> Circumstances:
    return Circumstances(resource=resource, permission=permission, now=NOW)


@pytest.mark.parametrize(
    "expression",
    [
        "true",
        f"resource.name == '{TABLE}'",
        "resource.name.startsWith('projects/p/datasets/d/tables/') && resource.name.endsWith('/t')",
        "resource.name.extract('datasets/{dataset}/') == 'd'",
        "resource.type == 'bigquery.googleapis.com/Table' && resource.service == 'bigquery.googleapis.com'",
        "resource.type in ['bigquery.googleapis.com/Dataset', 'bigquery.googleapis.com/Table']",
        "resource.type != 'bigquery.googleapis.com/Dataset' ? true : false",
        "request.time < timestamp('2026-12-01T00:00:00Z')",
        "request.time < timestamp('2026-11-24T00:00:00Z') + duration('86400s')",
        "request.time - timestamp('2026-11-24T00:00:00Z') > duration('23h')",
        "request.time.getFullYear() == 2026 && request.time.getMonth() == 10 && request.time.getDate() == 24",
        "request.time.getDayOfMonth() == 23 && request.time.getDayOfWeek() == 2 && request.time.getDayOfYear() == 327",
        "request.time.getHours() == 23 && request.time.getMinutes() == 30 && request.time.getSeconds() == 5",
        "request.time.getMilliseconds() == 123",
        "request.time.getHours('Europe/Berlin') == 0 && request.time.getDayOfWeek('Europe/Berlin') == 3",
        "request.time.getHours('-08:00') == 15 && request.time.getHours('+05:30') == 5 && "
        "request.time.getMinutes('+05:30') == 0",
        "request.time.getDate('Europe/Berlin') == 25 && request.time.getDayOfMonth('Europe/Berlin') == 24 && "
        "request.time.getDayOfYear('UTC') == 327 && request.time.getMonth('UTC') == 10",
        "!(request.time > timestamp('2027-01-01T00:00:00Z'))",
    ],
)
def test_a_condition_is_true_where_google_says_so_and_its_opposite_is_not(expression: str) -> None:
    opposite = condition(f"!({expression})")
    assert condition_problem(condition(expression)) is None
    assert untruth(condition(expression), asked()) == ""
    assert untruth(opposite, asked()) == f"is false: {opposite.expression}"


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("timestamp('never') < request.time", "can't be evaluated"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('100000h') > request.time", "can't be evaluated"),
        ("request.time.getHours('Nowhere/Nope') >= 0", "no getHours in the time zone 'Nowhere/Nope'"),
        ("request.time.getHours('../../etc/passwd') >= 0", "is no time zone"),
        ("request.time.getHours('') >= 0", "is no time zone"),
        ("resource.name.extract('no template') == ''", "must have exactly one {name}"),
        ("resource.name.startsWith(1)", "can't be evaluated"),
        ("resource.name < 1", "can't be evaluated"),
        ("9223372036854775807 + 1 > 0", "can't be evaluated"),
        ("resource.name", "gives no boolean"),
        ("1", "gives no boolean"),
        ("'true'", "gives no boolean"),
    ],
)
def test_an_expression_that_fails_or_gives_no_boolean_grants_nothing(expression: str, text: str) -> None:
    assert condition_problem(condition(expression)) is None, "Google finds this out only when it evaluates"
    assert text in untruth(condition(expression), asked())


@pytest.mark.parametrize(
    ("resource", "permission", "attributes"),
    [
        ("projects/p/datasets/d", "bigquery.tables.list", {"name", "service", "type"}),
        ("projects/p", CREATE_JOB, {"service", "type"}),
        ("projects/p", "resourcemanager.projects.get", {"service", "type"}),
        ("projects/p", "iam.workloadIdentityPools.get", set()),
        ("projects/p", "serviceusage.services.enable", set()),
        ("projects/p/serviceAccounts/reader@p.iam.gserviceaccount.com", GET_ACCESS_TOKEN, set()),
        ("projects/p/datasets/d/tables/t/more", GET_DATA, set()),
    ],
)
def test_only_what_google_gives_attributes_has_any(resource: str, permission: str, attributes: set[str]) -> None:
    circumstances = asked(resource, permission)
    assert circumstances.attributes().keys() == attributes
    for name in ("name", "service", "type"):
        reads = condition(f"resource.{name} != 'x'")
        assert (untruth(reads, circumstances) == "") is (name in attributes)
    assert untruth(condition("request.time.getFullYear() == 2026"), circumstances) == ""


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("", "must have an expression"),
        ("true &&", "isn't CEL"),
        ("assertion.arn == 'x'", "reads assertion"),
        ("resource.owner == 'x'", "reads resource.owner"),
        ("request.auth.claims == 'x'", "reads request.auth"),
        ("resource == resource", "reads resource=="),
        ("true || resource.", "isn't CEL"),
        ("resource['name'] == 'x'", "calls _[_]"),
        ("resource.name.matches('.*')", "calls matches"),
        ("resource.name.contains('x')", "calls contains"),
        ("resource.matchTag('a/b', 'c')", "calls matchTag"),
        ("api.getAttribute('x', []).hasOnly(['y'])", "calls"),
        ("[1].all(x, true)", "calls all"),
        ("has(resource.name)", "calls has"),
        ("!" * 13 + "true", "13 logical operators"),
        (" && ".join(["true"] * 14), "13 logical operators"),
        ("'" + "x" * 4100 + "' == ''", "limit is 4096"),
        ("(" * 40 + "true" + ")" * 40, "nests brackets"),
        ("'a'" + " + 'a'" * 100 + " == ''", "copies of strings"),
    ],
)
def test_an_expression_that_could_never_be_evaluated_is_a_problem(expression: str, text: str) -> None:
    problem = condition_problem(condition(expression))
    assert problem is not None
    assert text in problem


def test_a_text_that_only_looks_like_an_operator_or_a_variable_is_none() -> None:
    assert condition_problem(condition("'!!!!!!!!!!!!! && resource.owner' != resource.name")) is None
    assert condition_problem(condition("true", title="")) is not None
    assert condition_problem(condition("true", title="x" * 101)) is not None


def test_the_longest_condition_takes_no_time() -> None:
    long = condition("[" + ", ".join(["resource.name"] * 250) + "] != [resource.name]")
    assert condition_problem(long) is None
    assert untruth(long, asked()) == ""
    assert paced_seconds(lambda: untruth(long, asked()), limit=0.05) < 0.05


def test_a_conditional_binding_counts_where_it_is_true_and_is_explained_where_it_is_not() -> None:
    on_d = condition("resource.name.startsWith('projects/p/datasets/d/')", title="only d")
    policy = Policy(bindings=(Binding(role=VIEWER, members=(READER.member,), condition=on_d),))
    project = ("projects/p", policy)
    grant = decide(READER, GET_DATA, [(TABLE, Policy()), project], now=NOW)
    assert isinstance(grant, Grant)
    assert grant.sentence().endswith(f", where {on_d.expression}")
    other = TABLE.replace("/d/", "/e/")
    miss = decide(READER, GET_DATA, [(other, Policy()), project], now=NOW)
    assert isinstance(miss, Miss)
    assert miss.actual.startswith(f"the binding's condition is false: {on_d.expression} ('only d' of {VIEWER} for ")
    assert other in miss.actual
    unconditional = Policy(bindings=(*policy.bindings, Binding(role=VIEWER, members=(READER.member,))))
    assert isinstance(decide(READER, GET_DATA, [(other, Policy()), ("projects/p", unconditional)], now=NOW), Grant)


@pytest.mark.parametrize(
    "expression",
    [
        "request.time < request.time + duration('999999999h')",
        "request.time > request.time - duration('999999999h')",
        "request.time < timestamp('2020-01-01T00:00:00Z') + duration('99999999999999999999h')",
        "request.time < timestamp('9999-12-31T23:59:59Z') + duration('1s')",
        "request.time > timestamp('0001-01-01T00:00:00Z') - duration('1s')",
        "duration('315576000001s') > duration('1s')",
        "duration('-315576000001s') < duration('1s')",
        "duration('200000000000s') + duration('200000000000s') > duration('1s')",
        "duration('1e9h') > duration('1s')",
        "duration('--1h') > duration('1s')",
        "!(duration('NaNs') > duration('1s'))",
        "duration('\u0663h') > duration('1s')",
        "duration('1d') > duration('1s') || duration('1h') > duration('1d')",
        "'1e9h'.duration() > duration('1s')",
        "request.time > timestamp('0000-01-01T00:00:00Z')",
        "request.time > timestamp('0001-01-01T00:00:00+23:59')",
        "request.time < timestamp('9999-12-31T23:59:59-23:59')",
        "request.time < timestamp('10000-01-01T00:00:00Z')",
        "request.time > timestamp('2016-12-31T23:59:60Z')",
        "request.time > timestamp('\u0662020-01-01T00:00:00Z')",
        "request.time > timestamp('2020-01-01 00:00:00Z')",
        "request.time > timestamp(0)",
        "request.time.getHours('+\u0660\u0661:00') >= 0",
        "request.time.getFullYear() + 9223372036854775807 > 0",
        "9223372036854775807 + 1 < 0",
        "0u - 1u > 0u",
        "!(resource.name < 5)",
        "!('a' in 5)",
    ],
)
def test_what_overflows_or_is_of_another_kind_grants_nothing(expression: str) -> None:
    written = condition(expression)
    assert condition_problem(written) is not None or "can't be evaluated" in untruth(written, asked())


@pytest.mark.parametrize(
    "expression",
    [
        "duration('315576000000s') > duration('0s')",
        "duration('1h30m') == duration('5400s') && duration('1.5h') == duration('-0s') + duration('90m')",
        "duration('0') == duration('0s') && duration('-1ms') < duration('1us')",
        "request.time < timestamp('9999-12-31T23:59:59.999999999Z')",
        "request.time > timestamp('0001-01-01T00:00:00Z')",
        "timestamp('2026-11-25T00:00:00+01:00') == timestamp('2026-11-24T23:00:00Z')",
        "'duration(\\'1d\\')' != resource.name // duration('1d')",
    ],
)
def test_times_within_their_range_are_read(expression: str) -> None:
    assert condition_problem(condition(expression)) is None
    assert untruth(condition(expression), asked()) == ""


@pytest.mark.parametrize(
    "expression",
    [
        "request.time != 'never'",
        "!(request.time == 'never')",
        "resource.name != 5",
        "resource.name != 5u && true",
        "true || resource.name == true",
        "(resource.name) != ((request.time))",
        "request.time - request.time != timestamp('2020-01-01T00:00:00Z')",
        "request.time + duration('1s') != duration('1s')",
        "duration('1s') != 1",
        "request.time.getHours() != '5'",
        "request.time.getHours('UTC') != duration('5h')",
        "resource.name.startsWith('a') != 'true'",
        "resource.name.extract('{a}/x') != 1",
        "resource.name in [1, 2]",
        "!(resource.name in [request.time])",
        "resource.name in ['a', 1]",
        "request.time != null",
        "null != resource.name",
        "(true ? resource.name : 5) != 'a'",
        "-1 != 'a'",
    ],
)
def test_a_comparison_of_different_kinds_is_refused(expression: str) -> None:
    assert "has a " in str(condition_problem(condition(expression)))


@pytest.mark.parametrize(
    "expression",
    [
        "resource.name == 'a' || resource.name != \"b\" + 'c'",
        "resource.name in ['a', 'b'] == true",
        "request.time - request.time == duration('0s')",
        "request.time - duration('1h') != request.time",
        "request.time.getHours() == 5 || request.time.getMonth('UTC') != 1 - 2",
        "1 == 1.0 && 1u != 2",
        "(resource.type == 'a' ? 1 : 2) == 1",
        "duration('1s') == -duration('1s') || !resource.name.startsWith('a') == true",
        "[1] == [2] || 'a' in []",
    ],
)
def test_a_comparison_of_one_kind_is_taken(expression: str) -> None:
    problem = condition_problem(condition(expression))
    assert problem is None or "has a " not in problem
