"""A token in its last minutes: renewed beside a query, by both ways of access, and never while somebody waits."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.http_server import Answer, Handler, Request, json_answer
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import (
    IMPERSONATION_PATH,
    QUERY_PATH,
    TOKEN_PATH,
    GoogleStandIn,
    oauth_error,
)

LAST_MINUTES = 200
"""Seconds that a token is good for which google-auth calls stale at once."""

REFUSED: Handler = lambda _: oauth_error("invalid_grant", "no")  # noqa: E731 - one answer among others


def federated(token: str, seconds: int) -> Handler:
    return lambda _: json_answer({"access_token": token, "token_type": "Bearer", "expires_in": seconds})


def impersonated(token: str, seconds: int) -> Handler:
    expiry = datetime.now(UTC) + timedelta(seconds=seconds)
    return lambda _: json_answer({"accessToken": token, "expireTime": f"{expiry:%Y-%m-%dT%H:%M:%SZ}"})


def in_turn(*answers: Handler) -> Handler:
    left = iter(answers)
    return lambda sent: next(left)(sent)


def shown(google: GoogleStandIn) -> list[str | None]:
    """The token of each query."""
    return [sent.authorization for sent in google.sent if sent.path == QUERY_PATH]


@pytest.mark.parametrize("access", ["impersonation", "direct"])
def test_the_query_goes_on_with_the_old_token_and_the_next_one_has_the_new(
    function: PackagedFunction, google: GoogleStandIn, access: str
) -> None:
    service = "impersonation" if access == "impersonation" else "exchange"
    answer = impersonated if access == "impersonation" else federated
    function.configure(universe_domain="googleapis.com", impersonated=access == "impersonation")
    setattr(google, service, in_turn(answer("old", LAST_MINUTES), answer("new", 3600)))
    done = function.invoke(events=(1, 2, 3, 4))
    assert [result.get("returned") for result in done.results] == [1, 2, 3, 4], done.printed
    assert done.stderr == ""
    assert shown(google) == ["Bearer old", "Bearer old", "Bearer new", "Bearer new"]
    fetched = [sent.path for sent in google.sent if sent.path != QUERY_PATH]
    assert fetched == ([TOKEN_PATH, IMPERSONATION_PATH] * 2 if access == "impersonation" else [TOKEN_PATH] * 2)


def test_no_query_waits_for_a_renewal(function: PackagedFunction, google: GoogleStandIn) -> None:
    def slow() -> Iterator[bytes]:
        deadline = time.monotonic() + 5
        while len(shown(google)) < 2 and time.monotonic() < deadline:
            time.sleep(0.005)
        yield json.dumps({"access_token": "federated", "token_type": "Bearer", "expires_in": 3600}).encode()

    def after_the_query(_: Request) -> Answer:
        return Answer(parts=slow())

    google.exchange = in_turn(google.exchange, after_the_query)
    google.impersonation = in_turn(impersonated("old", LAST_MINUTES), impersonated("new", 3600))
    done = function.invoke(events=(1, 2, 3))
    assert [result.get("returned") for result in done.results] == [1, 2, 3], done.printed
    assert shown(google) == ["Bearer old", "Bearer old", "Bearer new"]
    assert done.results[1]["seconds"] < 4


def test_a_renewal_that_is_refused_is_tried_by_the_next_invocation_and_told_by_none(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    google.exchange = in_turn(google.exchange, REFUSED, google.exchange)
    google.impersonation = in_turn(impersonated("old", LAST_MINUTES), impersonated("new", 3600))
    done = function.invoke(events=(1, 2, 3, 4))
    assert [result.get("returned") for result in done.results] == [1, 2, 3, 4], done.printed
    assert done.stderr == ""
    assert shown(google) == ["Bearer old"] * 3 + ["Bearer new"]


def test_a_token_that_has_expired_is_fetched_by_the_invocation_that_needs_it_and_a_refusal_told(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    google.exchange = in_turn(google.exchange, REFUSED, google.exchange)
    google.impersonation = in_turn(impersonated("old", -1), impersonated("new", 3600))
    done = function.invoke(events=(1, 2, 3))
    # google-auth's fetch of the first is taken as it came; it has expired when the second invocation begins.
    assert [result.get("raised") for result in done.results] == [None, "TokenExchangeError", None]
    assert len(done.errors) == 1
    assert shown(google) == ["Bearer old", "Bearer new"]
