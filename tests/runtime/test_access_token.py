"""The token's life: who fetches it when, who waits for whom, and what a failure in a thread may cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import google.auth.exceptions
import google.oauth2.credentials as oauth2
import pytest
from google.auth.credentials import Credentials

from keyless_bigquery.runtime.access_token import FETCH_SECONDS, SETTLING_SECONDS, AccessToken, TokenSource
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.deadline import MARGIN_SECONDS, OutOfTimeError, TimeLimit
from tests.runtime.conftest import credential_configuration

FRESH, STALE, EXPIRED = timedelta(hours=1), timedelta(minutes=3), timedelta(minutes=-1)
"""Lifetimes that are left. google-auth calls the last 3 minutes and 45 seconds stale."""

Answer = Callable[[TimeLimit], Credentials]


def token(value: str, left: timedelta = FRESH) -> Credentials:
    """A token and its expiry, as google-auth has them."""
    return oauth2.Credentials(token=value, expiry=(datetime.now(UTC) + left).replace(tzinfo=None))  # type: ignore[no-untyped-call]  # google-auth has no types


class Scripted(TokenSource):
    """Gives these tokens in turn; ``threads`` names the thread of each fetch."""

    def __init__(self, *answers: Credentials | Answer) -> None:
        super().__init__(
            CredentialConfiguration(path=Path("x"), content=credential_configuration("http://127.0.0.1:9"))
        )
        self._answers = iter(answers)
        self.threads: list[bool] = []

    def fetch(self, limit: TimeLimit) -> Credentials:
        self.threads.append(threading.current_thread() is not threading.main_thread())
        answer = next(self._answers)
        return answer if isinstance(answer, Credentials) else answer(limit)


def held(source: TokenSource, *, seconds: float = 10.0) -> AccessToken:
    made = AccessToken(source)
    made.limit.begin(int((seconds + MARGIN_SECONDS) * 1000))
    return made


def shown(credentials: AccessToken) -> str:
    """What a request to BigQuery shows."""
    headers: dict[str, str] = {}
    credentials.before_request(None, "POST", "https://bigquery.googleapis.com/", headers)
    return headers["authorization"].removeprefix("Bearer ")


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """Something to wait for in vain, until the test has ended."""
    event = threading.Event()
    yield event
    event.set()


def refused(_: TimeLimit) -> Credentials:
    raise google.auth.exceptions.RefreshError("no")  # type: ignore[no-untyped-call]  # google-auth has no types


def test_a_request_without_a_token_fetches_one_and_the_next_uses_it() -> None:
    source = Scripted(token("first"))
    credentials = held(source)
    assert [shown(credentials), shown(credentials)] == ["first", "first"]
    assert source.threads == [False]


def test_a_token_about_to_expire_is_used_while_the_next_is_fetched_in_a_thread() -> None:
    def slow(_: TimeLimit) -> Credentials:
        assert used.wait(5)
        return token("second")

    used = threading.Event()
    source = Scripted(token("first", STALE), slow)
    credentials = held(source)
    assert [shown(credentials), shown(credentials)] == ["first", "first"]
    used.set()
    credentials.settle()
    assert shown(credentials) == "second"
    assert source.threads == [False, True]


def test_one_renewal_is_tried_in_an_invocation_however_many_pages_it_reads() -> None:
    source = Scripted(token("first", STALE), refused, token("second"))
    credentials = held(source)
    assert {shown(credentials) for _ in range(9)} == {"first"}
    credentials.settle()
    assert source.threads == [False, True]
    # And one more in the next.
    assert shown(credentials) == "first"
    credentials.settle()
    assert shown(credentials) == "second"


def test_a_renewal_that_failed_is_harmless_until_the_token_has_expired() -> None:
    source = Scripted(token("first", STALE), refused, token("second"))
    credentials = held(source)
    assert [shown(credentials), shown(credentials)] == ["first", "first"]
    credentials.settle()
    credentials.expiry = token("", EXPIRED).expiry
    assert shown(credentials) == "second"
    assert source.threads == [False, True, False]


def test_an_error_in_the_thread_is_met_again_where_it_can_be_told(capfd: pytest.CaptureFixture[str]) -> None:
    credentials = held(Scripted(refused, refused))
    credentials.begin()
    with pytest.raises(google.auth.exceptions.RefreshError):
        shown(credentials)
    assert capfd.readouterr() == ("", "")


def test_without_a_thread_to_be_had_the_request_fetches_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    source = Scripted(token("own"))
    credentials = held(source)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        credentials.begin()
    assert shown(credentials) == "own"
    assert source.threads == [False]


def test_a_first_request_waits_for_the_token_that_is_on_its_way() -> None:
    def slow(_: TimeLimit) -> Credentials:
        threading.Event().wait(0.1)
        return token("ahead")

    source = Scripted(slow)
    credentials = held(source)
    credentials.begin()
    assert shown(credentials) == "ahead"
    assert source.threads == [True]


def test_a_fetch_that_hangs_costs_an_invocation_no_more_than_its_time(never: threading.Event) -> None:
    def hanging(_: TimeLimit) -> Credentials:
        never.wait()
        return token("late")

    def none_left(limit: TimeLimit) -> Credentials:
        assert limit.seconds_left == 0
        raise OutOfTimeError(host="sts.googleapis.com")

    credentials = held(Scripted(hanging, none_left), seconds=0.2)
    credentials.begin()
    begun = time.monotonic()
    with pytest.raises(OutOfTimeError) as told:
        shown(credentials)
    assert time.monotonic() - begun < 1
    # The error of a request of the invocation's own, which names the host; not one of a thread.
    assert told.value.host == "sts.googleapis.com"


def test_a_thread_that_hangs_at_the_end_of_an_invocation_is_given_up(never: threading.Event) -> None:
    def hanging(_: TimeLimit) -> Credentials:
        never.wait()
        return token("late")

    source = Scripted(hanging, token("own"))
    credentials = held(source)
    credentials.begin()
    begun = time.monotonic()
    credentials.settle(0.1)
    # Frozen here, perhaps for hours. The next invocation does not wait for it again, nor ever takes its token.
    assert shown(credentials) == "own"
    assert time.monotonic() - begun < 1
    never.set()
    assert shown(credentials) == "own"


def test_what_a_thread_fetched_while_nobody_waited_is_taken() -> None:
    source = Scripted(token("ahead"))
    credentials = held(source)
    credentials.begin()
    for thread in threading.enumerate():
        if thread.name == "token":
            thread.join(5)
    assert shown(credentials) == "ahead"


def test_the_waits_leave_room_for_a_fetch_within_the_shortest_timeout() -> None:
    shortest_timeout_seconds = 10
    left = shortest_timeout_seconds - MARGIN_SECONDS - FETCH_SECONDS
    assert left > SETTLING_SECONDS
