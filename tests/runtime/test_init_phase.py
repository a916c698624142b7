"""What the import of the handler begins in Lambda's init phase, and that it begins nothing anywhere else."""

from __future__ import annotations

import pytest

from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import IMPERSONATION_PATH, QUERY_PATH, TOKEN_PATH, GoogleStandIn, oauth_error
from tests.runtime.test_requests import ON_DEMAND

REFUSED = oauth_error("invalid_target", "The target service indicated is invalid.")


def test_the_token_is_on_its_way_before_the_bigquery_client_is_imported(function: PackagedFunction) -> None:
    options = {"hold_up_the_bigquery_client": True}
    done = function.invoke(events=(), environ=ON_DEMAND, options=options)
    assert done.report["import_seconds"] < 4


@pytest.mark.parametrize("initialization", [None, "snap-start", "another"])
def test_elsewhere_the_import_reaches_nothing(
    function: PackagedFunction, google: GoogleStandIn, initialization: str | None
) -> None:
    environ = {"AWS_LAMBDA_INITIALIZATION_TYPE": initialization}
    done = function.invoke(events=(), environ=environ, options={"join_threads": True})
    assert done.reached == set()
    assert google.sent == []


def test_a_refused_token_does_not_fail_the_start_and_the_first_invocation_fetches_its_own(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    good = google.exchange
    answers = iter([lambda _: REFUSED, good])
    google.exchange = lambda sent: next(answers)(sent)
    done = function.invoke(environ=ON_DEMAND)
    assert done.results[0]["returned"] == {"hello": "world"}
    assert done.stderr == ""
    assert google.paths == [TOKEN_PATH, TOKEN_PATH, IMPERSONATION_PATH, QUERY_PATH]


def test_what_is_wrong_is_said_by_the_invocation_in_the_same_words(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    google.exchange = lambda _: REFUSED
    lines = [function.invoke(environ=environ).errors for environ in ({}, ON_DEMAND)]
    assert lines[0] == lines[1]
    assert "token exchange failed: Google STS refused the subject token: invalid_target" in lines[0][0]
    assert google.paths == [TOKEN_PATH] * 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("GOOGLE_APPLICATION_CREDENTIALS", None), ("AWS_SESSION_TOKEN", None)],
)
def test_a_bad_variable_does_not_fail_the_start_either(
    function: PackagedFunction, google: GoogleStandIn, name: str, value: str | None
) -> None:
    done = function.invoke(environ={**ON_DEMAND, name: value})
    (line,) = done.errors
    assert name in line
    assert google.sent == []
