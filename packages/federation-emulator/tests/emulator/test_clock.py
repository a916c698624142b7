"""The clock can be moved by who runs the server, forward only: what Google dates ages, what AWS dates does not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.auth.exceptions import OAuthError

from federation_emulator.core.clock import Ahead, ClockError, MovableClock
from tests.emulator.chain import BIGQUERY_PATH, POOL, POOL_PATH, POOLS_PATH, READER, SERVICES, Chain, token_of
from tests.emulator.google_server import PROJECT, Google, serving

CLOCK = "/_local/clock"
MONTH = 30 * 86400


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)


def test_a_deleted_pools_id_is_free_once_the_clock_has_passed_thirty_days(quiet_google: Google) -> None:
    names = [f"{name}.googleapis.com" for name in SERVICES]
    quiet_google.done("POST", f"/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": names})
    create = f"{POOLS_PATH}?workloadIdentityPoolId={POOL}"
    quiet_google.done("POST", create, {})
    quiet_google.done("DELETE", POOL_PATH)
    quiet_google.pass_time(MONTH - 60)
    assert quiet_google.call("POST", create, {}).status_code == 409
    assert quiet_google.done("GET", POOL_PATH)["state"] == "DELETED"
    quiet_google.pass_time(120)
    assert quiet_google.call("GET", POOL_PATH).status_code == 404
    assert quiet_google.done("POST", create, {})["response"]["state"] == "ACTIVE"


def test_moved_tokens_expire_and_a_signature_made_now_is_still_fresh(chain: Chain, as_function: object) -> None:
    assert as_function
    query = {"query": "SELECT 1", "useLegacySql": False}
    token = token_of(chain.credentials())
    chain.google.pass_time(3500)
    assert chain.google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=token).status_code == 200
    chain.google.pass_time(101)
    assert chain.google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=token).status_code == 401
    fresh = token_of(chain.credentials())
    assert chain.google.call("POST", f"{BIGQUERY_PATH}/queries", query, token=fresh).status_code == 200
    # The host's own clock does count.
    chain.google.clock.ahead = timedelta(minutes=16)
    with pytest.raises(OAuthError):
        token_of(chain.credentials())


def test_the_clock_shows_where_it_is(quiet_google: Google) -> None:
    assert quiet_google.done("GET", CLOCK)["aheadSeconds"] == 0
    quiet_google.pass_time(7)
    assert quiet_google.done("GET", CLOCK)["aheadSeconds"] == 7


NO_MOVES: list[tuple[dict[str, object], str]] = [
    ({"advanceSeconds": 0}, "only moves forward"),
    ({"advanceSeconds": -1}, "only moves forward"),
    ({"advanceSeconds": 10**30}, "at most 3660 days"),
    ({"advanceSeconds": 1.5}, "whole number"),
    ({"advanceSeconds": True}, "whole number"),
    ({"advanceSeconds": 1, "by": "me"}, "whole number"),
    ({}, "whole number"),
]


def test_a_move_that_is_none_is_refused_with_the_rule(quiet_google: Google) -> None:
    for body, why in NO_MOVES:
        refused = quiet_google.call("POST", CLOCK, body)
        assert refused.status_code == 400, body
        assert why in refused.json()["error"]["message"]
    assert quiet_google.done("GET", CLOCK)["aheadSeconds"] == 0


def test_only_the_deployer_moves_clock_or_faults_or_signs_tokens(chain: Chain, as_function: object) -> None:
    assert as_function
    chain.grant(f"/v1/projects/{PROJECT}", "roles/owner", f"serviceAccount:{READER}")
    owner = token_of(chain.credentials())
    for path in (CLOCK, "/_local/faults", "/_local/issuer"):
        for method in ("GET", "POST"):
            assert chain.google.call(method, path, {}, token=None).status_code == 401
            assert chain.google.call(method, path, {}, token=owner).status_code == 403
        assert chain.google.last_refusal().resource == path
        assert chain.google.done("GET", path)


def test_a_kept_state_keeps_how_far_the_clock_was_moved(tmp_path: Path) -> None:
    behind = {"aws_url": "http://127.0.0.1:9", "bigquery_url": "", "state_directory": tmp_path}
    with serving(**behind) as google:  # type: ignore[arg-type]  # one dictionary for both runs
        google.pass_time(MONTH)
    with serving(**behind) as google:  # type: ignore[arg-type]
        assert google.done("GET", CLOCK)["aheadSeconds"] == MONTH


def test_a_clock_moves_by_whole_steps_up_to_ten_years_and_keeps_each() -> None:
    kept: list[Ahead] = []
    clock = MovableClock(StoppedClock(), moved=kept.append)
    clock.advance(timedelta(days=3659))
    with pytest.raises(ClockError, match="at most 3660 days"):
        clock.advance(timedelta(days=2))
    assert clock.now() - clock.host() == timedelta(days=3659)
    assert [ahead.seconds for ahead in kept] == [3659 * 86400]


def test_a_move_that_could_not_be_kept_did_not_happen() -> None:
    def full(_ahead: Ahead) -> None:
        raise OSError("no space left on device")

    clock = MovableClock(StoppedClock(), moved=full)
    with pytest.raises(OSError, match="no space"):
        clock.advance(timedelta(days=1))
    assert clock.now() == clock.host()
