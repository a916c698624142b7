"""What an organisation's policy allows. Source: Resource Manager API v1, `ListPolicy`."""

from __future__ import annotations

from typing import Any

import pytest

from keyless_bigquery.trust.organisation import only_values, permits


@pytest.mark.parametrize(
    ("list_policy", "only", "allows_a", "allows_b"),
    [
        ({}, (), True, True),
        ({"allValues": "ALLOW"}, (), True, True),
        ({"allValues": "DENY"}, ("none",), False, False),
        ({"allowedValues": ["a"]}, ("a",), True, False),
        ({"allowedValues": ["is:a"]}, ("is:a",), True, False),
        ({"deniedValues": ["a"]}, (), False, True),
        ({"deniedValues": ["is:a"], "allowedValues": ["a", "b"]}, ("a", "b"), False, True),
    ],
)
def test_a_policy_allows_what_it_lists_and_nothing_that_it_denies(
    list_policy: dict[str, Any], only: tuple[str, ...], allows_a: bool, allows_b: bool
) -> None:
    assert only_values(list_policy) == only
    assert permits(list_policy, "a") is allows_a
    assert permits(list_policy, "b") is allows_b
