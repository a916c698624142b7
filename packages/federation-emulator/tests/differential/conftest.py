"""The gateway and the tables that all statements are about, once for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.differential.gateway import Gateway, opened
from tests.differential.shop import Shop, make_shop, remove_shop


@pytest.fixture(scope="session")
def gateway(bigquery_url: str) -> Iterator[Gateway]:
    """A gateway before the session's engine."""
    with opened(bigquery_url) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def shop(gateway: Gateway) -> Iterator[Shop]:
    """The tables."""
    yield make_shop(gateway)
    remove_shop(gateway)
