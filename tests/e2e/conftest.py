"""The session's deployed stack, with a cold function for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_offline.stack_harness import StackHarness

_OFFICIAL_LIMIT_SECONDS = 400
"""An `up` with official plugins takes about 22 s, and a test makes up to six of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of this folder the time that they take with official plugins."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_OFFICIAL_LIMIT_SECONDS))


@pytest.fixture
def harness(deployed: StackHarness) -> StackHarness:
    """The deployed stack with a cold function. A test that changes it by hand puts it back before it asserts."""
    deployed.forget_tokens()
    return deployed
