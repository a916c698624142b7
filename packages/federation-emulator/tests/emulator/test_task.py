"""The stand-in for a container credentials endpoint: who shows its token gets a session, and no other caller does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from federation_emulator.core.roles import RoleError, SessionKeys
from federation_emulator.servers.task import credentials_endpoint
from keyless_bigquery.runtime.aws_credentials import RoleSessionSupplier
from keyless_bigquery.runtime.deadline import TimeLimit

REGION = "us-east-1"


def keys(number: int) -> SessionKeys:
    return SessionKeys(
        access_key_id=f"ASIA{number}",
        secret_access_key="secret",
        session_token="token",
        expires=datetime(2999, 1, 1, tzinfo=UTC),
        region=REGION,
    )


@pytest.fixture
def where() -> Iterator[dict[str, str]]:
    """The variables that lead to an endpoint which has two sessions to give and then none."""
    left = iter([keys(1), keys(2)])

    def give() -> SessionKeys:
        try:
            return next(left)
        except StopIteration:
            raise RoleError("the role is gone") from None

    with credentials_endpoint(give) as variables:
        yield variables


def ask(where: dict[str, str], token: str | None, **more: str) -> httpx.Response:
    headers = {name.replace("_", "-").encode(): value.encode() for name, value in more.items()}
    if token is not None:
        headers[b"Authorization"] = token.encode("latin-1")
    return httpx.get(where["AWS_CONTAINER_CREDENTIALS_FULL_URI"], headers=headers, timeout=5, trust_env=False)


def test_each_question_gets_a_session_of_its_own(where: dict[str, str]) -> None:
    limit = TimeLimit()
    limit.begin(20_000)
    supplier = RoleSessionSupplier({**where, "AWS_REGION": REGION}, limit)
    given = [supplier.get_aws_security_credentials(None, None) for _ in range(2)]
    assert [session.access_key_id for session in given] == ["ASIA1", "ASIA2"]


@pytest.mark.parametrize("token", [None, "", "wrong", "ÿ"])
def test_without_its_token_no_caller_gets_one(where: dict[str, str], token: str | None) -> None:
    answer = ask(where, token)
    assert answer.status_code == 401
    assert "AccessKeyId" not in answer.text
    assert ask(where, where["AWS_CONTAINER_AUTHORIZATION_TOKEN"]).json()["AccessKeyId"] == "ASIA1"


def test_a_role_that_is_gone_is_reported(where: dict[str, str]) -> None:
    answers = [ask(where, where["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 400]
    assert answers[2].json() == {"code": "RoleError", "message": "the role is gone"}


def test_a_web_page_gets_none_though_it_shows_the_token(where: dict[str, str]) -> None:
    token = where["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    assert ask(where, token, Origin="http://attacker.example").status_code == 403
    assert ask(where, token, Sec_Fetch_Site="cross-site").status_code == 403
    assert ask(where, token, Host="attacker.example").status_code == 421
    assert ask(where, token).json()["AccessKeyId"] == "ASIA1"
