"""A local Google for each case, deployed, before servers and tables that all cases share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.denials.world import World
from tests.emulator.chain import Keys, LocalAccount, deploy
from tests.emulator.conftest import aws, google, role_keys  # noqa: F401  (fixtures)
from tests.emulator.google_server import Google, serving


@pytest.fixture(scope="session")
def dataset(aws: LocalAccount, bigquery_url: str) -> str:  # noqa: F811  (the fixtures imported above)
    """The tables that cases read and never write: once for all of them, since they take the most time to make."""
    with serving(aws_url=aws.url, bigquery_url=bigquery_url) as first:
        return deploy(first, aws).dataset


@pytest.fixture
def world(
    google: Google,  # noqa: F811
    aws: LocalAccount,  # noqa: F811
    role_keys: Keys,  # noqa: F811
    bigquery_url: str,
    dataset: str,
) -> Iterator[World]:
    """A deployed chain in which the right caller gets rows."""
    chain = deploy(google, aws, dataset=dataset)
    made = World(chain, right_keys=role_keys, keys=role_keys, bigquery_url=bigquery_url)
    with made.ending:
        yield made
