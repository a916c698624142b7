"""The session's deployed stack, with a cold function for each test."""

from __future__ import annotations

import pytest

from local_cloud.stage import Stage


@pytest.fixture
def stage(deployed: Stage) -> Stage:
    """The deployed stack with a cold function. Whoever changes it by hand puts it back before asserting."""
    deployed.forget_tokens()
    return deployed
