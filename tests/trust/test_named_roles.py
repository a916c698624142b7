"""Whoever a condition admits is among those whom its words were found to name; tried on conditions of every shape."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyless_bigquery.trust.attributes import (
    MappingError,
    condition_holds,
    condition_problem,
    map_attributes,
)
from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.named_roles import Bound, bound
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING

ACCOUNT = "210987654321"
ROLES = f"arn:aws:sts::{ACCOUNT}:assumed-role/"
USERS = f"arn:aws:iam::{ACCOUNT}:user/"
NAMES = ("a", "b", "aa", "ab", "a-b")
CALLERS = [
    Caller(account=ACCOUNT, arn=arn, user_id="AIDA1")
    for arn in (
        *(f"{ROLES}{role}/{session}" for role, session in itertools.product(NAMES, ("a", "b"))),
        *(
            f"{USERS}{path}{name}"
            for path, name in itertools.product(("", "a/", "assumed-role/a/", ROLES + "a/"), "ab")
        ),
        f"arn:aws:sts::{ACCOUNT}:federated-user/a",
    )
]
ATTRIBUTES = [map_attributes(DEFAULT_AWS_MAPPING, caller) for caller in CALLERS]
SHAPES = [
    "assertion.arn.startsWith('{roles}{name}/')",
    "assertion.arn.startsWith('{roles}{name}/{other}')",
    "assertion.arn.startsWith('{roles}{name}')",
    "google.subject.startsWith('{roles}')",
    "attribute.aws_role.startsWith('{roles}{name}')",
    "assertion.arn == '{roles}{name}/{other}'",
    "'{roles}{name}/{other}' == google.subject",
    "assertion.arn in ['{roles}{name}/a', '{users}{other}']",
    "assertion.arn == '{users}{name}'",
    "attribute.aws_role == '{roles}{name}'",
    "attribute.aws_role == '{users}{name}'",
    "attribute.aws_role in ['{roles}{name}', '{roles}{other}',]",
    "attribute.aws_role in ['{roles}{name}', '{users}assumed-role/{other}']",
    "assertion.arn.extract('assumed-role/{{x}}/') == '{name}'",
    "assertion.arn.extract('assumed-role/{{x}}/') in ['{name}', '{other}']",
    "assertion.arn.extract('user/{{x}}/') == '{name}'",
    "assertion.arn.extract('assumed-role/{{x}}') == '{name}/{other}'",
    "google.subject.split('/')[1] == '{name}'",
    "assertion.arn.split('/')[2] == '{name}'",
    "assertion.arn.split('-')[1] in ['{name}']",
    "assertion.arn.matches('^{roles}{name}/')",
    "assertion.arn.matches('^{roles}({name}|{other})/.*$')",
    "assertion.arn.matches('^{roles}{name}/|{other}')",
    "assertion.arn.matches('^{roles}{name}/?')",
    "assertion.arn.matches('^{roles}{name}')",
    "assertion.arn.matches('{roles}{name}/')",
    "assertion.arn.contains('{name}')",
    "assertion.arn.endsWith('/{name}')",
    "assertion.arn != '{roles}{name}/{other}'",
    "true",
    "false",
]
TESTS = st.builds(
    lambda shape, name, other: shape.format(roles=ROLES, users=USERS, name=name, other=other),
    st.sampled_from(SHAPES),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
)
CONDITIONS = st.recursive(
    TESTS,
    lambda inner: st.builds(
        lambda shape, *parts: shape.format(*parts),
        st.sampled_from(
            [
                "({}) && ({})",
                "{} || {}",
                "{} && {}",
                "({} || {})",
                "!({})",
                "({} ? {} : {})",
                "{} || {} && {}",
                "{} && {} ? {} : true",
            ]
        ),
        inner,
        inner,
        inner,
    ),
    max_leaves=3,
)


def limit(condition: str) -> Bound:
    return bound(condition, account_id=ACCOUNT, role_attribute="aws_role")


def admitted(condition: str) -> list[str]:
    """Whom Google would admit, asked one by one."""
    found = []
    for caller, attributes in zip(CALLERS, ATTRIBUTES, strict=True):
        try:
            if condition_holds(condition, caller, attributes):
                found.append(caller.arn)
        except MappingError:
            continue
    return found


def is_named(arn: str, names: frozenset[str], condition: str) -> bool:
    if arn.startswith(ROLES):
        return arn.removeprefix(ROLES).split("/")[0] in names
    return f"'{arn}'" in condition


@settings(max_examples=300, deadline=None)
@given(CONDITIONS)
def test_whoever_is_admitted_is_named(condition: str) -> None:
    assert condition_problem(condition) is None
    found = limit(condition)
    if found.closed:
        assert found.names is not None
        assert not [arn for arn in admitted(condition) if not is_named(arn, found.names, condition)]
    if found.names is not None:
        roles = [arn for arn in admitted(condition) if arn.startswith(ROLES)]
        assert not [arn for arn in roles if not is_named(arn, found.names, condition)]


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (f"assertion.arn.startsWith('{ROLES}a/')", {"a"}),
        (f"assertion.arn.startsWith('{ROLES}a')", None),
        (f"attribute.aws_role in ['{ROLES}a', '{ROLES}b']", {"a", "b"}),
        (f"attribute.aws_role in['{ROLES}a']", {"a"}),
        (f"attribute.aws_rolein['{ROLES}a']", None),
        (f"attribute.other == '{ROLES}a'", None),
        (f"assertion.arn == '{USERS}a'", set()),
        (f"assertion.arn.startsWith('{ROLES}a/') && true", {"a"}),
        (f"assertion.arn.startsWith('{ROLES}a/') || false", None),
        (f"(assertion.arn.startsWith('{ROLES}a/')) == (true)", None),
        (f"assertion.arn.startsWith('{ROLES}a/') ? true : true", None),
        ("assertion.arn.split('/')[1] == 'a'", None),
        (f"assertion.arn.split('/')[1] == 'a' && assertion.arn.startsWith('{ROLES}')", {"a"}),
        (f"(assertion.arn.split('/')[1] == 'a' || true) && assertion.arn.startsWith('{ROLES}')", None),
        (f"assertion.arn.matches('^{ROLES}(?:a|b)/[^/]+$')", {"a", "b"}),
        (f"assertion.arn.matches('^{ROLES}a/.*|b')", None),
        (f"assertion.arn.startsWith('{ROLES.replace(ACCOUNT, '1' * 12)}a/')", None),
    ],
)
def test_what_names_its_roles_in_full_is_told_from_what_does_not(condition: str, names: set[str] | None) -> None:
    found = limit(condition)
    assert (found.names if found.closed else None) == (None if names is None else frozenset(names))
