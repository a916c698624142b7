"""Whatever is configured is usable, or refused with key, value, rule and fix, and never with a traceback."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.settings.declaration import Scope
from keyless_bigquery.settings.problems import setting_of
from keyless_bigquery.settings.settings import DECLARED, KEYS, Settings, SettingsError
from tests.components.recording import DEFAULTS, REQUIRED

GOOD = DEFAULTS | REQUIRED
LISTS = ("columns", "readers", "subnetIds", "securityGroupIds", "environment", "tables")

ODD = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.sampled_from(
        [
            *("true", "False", "null", "[]", "{}", "[[]]", '[{"name": 7}]', '"', "0", "-1", "1e9", "½", "١٢", " "),
            *("a" * 5000, "../..", "`", "'; DROP", "*", "projects/1", "http://[", "https://[::1", "rate(1 hours)"),
            *("arn:aws:kms:eu-west-1:1:key/x", "gcp-x", "https://{service}.x/{service}", "http://127.0.0.1:99999"),
        ]
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["orders", "users", "Orders", "", "x" * 70])
OF_A_READER = [one.key for one in DECLARED if one.scope is not Scope.STACK]
READER = st.builds(
    lambda name, more: {**more, "name": name},
    NAMES,
    st.dictionaries(st.sampled_from([*OF_A_READER, "surplus"]), ODD | JSON | NAMES, max_size=3),
)


def problems(changed: dict[str, str], stack: str = "dev") -> list[Any]:
    """What is wrong with these settings; fails on any other error."""
    try:
        Settings.read(GOOD | changed, stack=stack)
    except SettingsError as refused:
        return list(refused.problems)
    return []


def assert_complete(found: list[Any]) -> None:
    for problem in found:
        line = str(problem)
        assert setting_of(problem.key) in KEYS or "no such setting" in problem.rule, line
        assert problem.rule.strip(), line
        assert problem.fix.strip(), line
        assert " is " in line, line
        assert one_line(line) == line, line
        assert len(line) < 2000, line


@given(key=st.sampled_from(KEYS), value=ODD)
@settings(max_examples=400, deadline=None)
def test_any_value_of_any_setting_is_taken_or_refused_with_a_whole_sentence(key: str, value: str) -> None:
    assert_complete(problems({key: value}))


@given(changed=st.dictionaries(st.sampled_from(KEYS), ODD, min_size=2, max_size=12), stack=st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_settings_of_any_stack_together_are_taken_or_refused_with_whole_sentences(
    changed: dict[str, str], stack: str
) -> None:
    assert_complete(problems(changed, stack))


@given(key=st.sampled_from(LISTS), value=JSON)
@settings(max_examples=200, deadline=None)
def test_any_json_in_place_of_a_list_is_taken_or_refused(key: str, value: object) -> None:
    assert_complete(problems({key: json.dumps(value)}))


@given(readers=st.lists(READER, min_size=1, max_size=4), access=st.sampled_from(["direct", "impersonation"]))
@example(readers=[{"name": "users"}, {"name": "users"}], access="direct")
@settings(max_examples=200, deadline=None)
def test_any_list_of_readers_is_refused_or_gives_each_of_them_names_of_its_own(
    readers: list[dict[str, object]], access: str
) -> None:
    changed = {"readers": json.dumps(readers), "access": access}
    found = problems(changed)
    assert_complete(found)
    if not found:
        taken = Settings.read(GOOD | changed, stack="dev").readers
        for names in (
            [reader.trust.role_arn.casefold() for reader in taken],
            [reader.trust.function_name.casefold() for reader in taken],
            [reader.table_id for reader in taken],
            [reader.label for reader in taken],
        ):
            assert len(set(names)) == len(readers)


WRONG = dict.fromkeys(KEYS, "{a b")
"""What no setting takes: no name, number, list, address or JSON."""


@pytest.mark.parametrize("key", KEYS)
def test_each_setting_wrong_in_turn_is_the_one_that_is_named(key: str) -> None:
    (problem,) = problems({key: WRONG[key]})
    assert setting_of(problem.key) == key
    assert_complete([problem])


def test_every_setting_wrong_at_once_is_one_message_in_the_order_of_pulumi_yaml() -> None:
    found = problems(WRONG)
    named = list(dict.fromkeys(setting_of(problem.key) for problem in found))
    assert named == list(KEYS)
