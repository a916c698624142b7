"""A local Google of its own for each test, before servers that the whole session shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.emulator.chain import REGION, ROLE, Chain, Keys, LocalAccount, deploy, token_of
from tests.emulator.google_server import PROJECT, Google, serving

_AWAY = "http://127.0.0.1:9"


@pytest.fixture
def google(aws_url: str, bigquery_url: str) -> Iterator[Google]:
    """A fresh local Google, in memory."""
    with serving(aws_url=aws_url, bigquery_url=bigquery_url) as running:
        yield running


@pytest.fixture
def quiet_google() -> Iterator[Google]:
    """A fresh local Google with nothing behind it: both servers refuse the connection."""
    with serving(aws_url=_AWAY, bigquery_url=_AWAY) as running:
        yield running


@pytest.fixture(scope="module")
def shared() -> Iterator[Google]:
    """The same for a module whose tests don't depend on its state, or look for their own requests."""
    with serving(aws_url=_AWAY, bigquery_url=_AWAY) as running:
        yield running


@pytest.fixture(scope="session")
def aws(aws_url: str) -> LocalAccount:
    """The provider's AWS account."""
    return LocalAccount(aws_url)


@pytest.fixture
def chain(google: Google, aws: LocalAccount) -> Chain:
    """Everything deployed on Google's side."""
    return deploy(google, aws)


@pytest.fixture(scope="module")
def deployed(aws_url: str, bigquery_url: str) -> Iterator[Chain]:
    """One chain for a module: what is refused changes nothing, and what is taken does no harm to the next test."""
    with serving(aws_url=aws_url, bigquery_url=bigquery_url) as google:
        made = deploy(google, LocalAccount(aws_url))
        made.grant(f"/v1/projects/{PROJECT}", "roles/orgpolicy.policyAdmin", "user:deployer@local.invalid")
        yield made


@pytest.fixture(scope="session")
def role_keys(aws: LocalAccount) -> Keys:
    """Session keys of the role that the chain trusts."""
    return aws.assume(ROLE)


@pytest.fixture
def as_function(monkeypatch: pytest.MonkeyPatch, role_keys: Keys) -> Keys:
    """The environment that Lambda gives the function: the trusted role's session keys."""
    set_environment(monkeypatch, role_keys)
    return role_keys


@pytest.fixture
def federated(chain: Chain, as_function: Keys) -> str:
    """A federated token of the trusted role."""
    assert as_function.token
    return token_of(chain.direct_credentials())


def set_environment(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> None:
    """Put AWS keys where google-auth looks for them first."""
    values = {
        "AWS_ACCESS_KEY_ID": keys.key,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_SESSION_TOKEN": keys.token,
        "AWS_REGION": REGION,
    }
    for name, value in values.items():
        if value:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
