"""No two stacks of one Google project and one AWS account derive the same name for anything."""

from __future__ import annotations

import json
import re
from itertools import product

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from keyless_bigquery.settings.settings import POOL_SUFFIX_BYTES, Settings, SettingsError
from tests.components.recording import DEFAULTS, REQUIRED

STACK = st.from_regex(r"[a-cA-C0-1_.-]{1,8}", fullmatch=True)
"""Few letters, so that names that nearly agree come often. Source: Pulumi's own rule for stack names, but shorter."""

READERS = st.lists(st.from_regex(r"[a-c](-?[a-c0]){0,4}", fullmatch=True), max_size=2, unique=True)


def names(stack: str, readers: list[str]) -> set[tuple[str, str]]:
    """Everything that the stack derives: kind and name, as the cloud compares it."""
    listed = {"readers": json.dumps([{"name": name} for name in readers])} if readers else {}
    try:
        read = Settings.read(DEFAULTS | REQUIRED | listed, stack=stack)
    except SettingsError:
        return set()
    return {
        (kind, name.casefold())
        for reader in read.readers
        for kind, name in {
            "role": reader.trust.role_name,
            "function": reader.trust.function_name,
            "account": reader.service_account_id,
            "dataset": reader.dataset_id,
        }.items()
    }


@settings(deadline=None)
@given(STACK, READERS, STACK, READERS)
@example("a", ["b"], "a-b", [])
@example("reader", ["a"], "a", [])
@example("a.b", [], "a-b", [])
def test_two_stacks_never_derive_the_same_name(one: str, of_one: list[str], other: str, of_other: list[str]) -> None:
    assume(one != other)
    shared = names(one, of_one) & names(other, of_other)
    assert not shared


@pytest.mark.parametrize("stack", ["dev", "dev-2", "a", "0", "prod-eu-west-1"])
@pytest.mark.parametrize("readers", [[], ["orders"], ["orders", "users-2"]])
def test_a_plain_stack_name_derives_what_it_needs(stack: str, readers: list[str]) -> None:
    assert names(stack, readers)


def test_a_pool_id_with_its_random_suffix_is_never_one_of_another_stack() -> None:
    stacks = ["dev", "dev-2", "dev-00ff", "d", "dev-00ff-00ff"]
    prefixes = {stack: Settings.read(DEFAULTS | REQUIRED, stack=stack).pool_id_prefix for stack in stacks}
    suffix = f"[0-9a-f]{{{2 * POOL_SUFFIX_BYTES}}}"
    for one, other in product(stacks, stacks):
        if one != other:
            assert not re.fullmatch(prefixes[one] + suffix, prefixes[other] + "0" * 2 * POOL_SUFFIX_BYTES)
