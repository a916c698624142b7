"""How many requests a read costs, cold and warm, by both ways of access, in Google's own universe and in another."""

from __future__ import annotations

import pytest

from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import IMPERSONATION_PATH, QUERY_PATH, TOKEN_PATH, GoogleStandIn

ON_DEMAND = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
PUBLIC, OTHER = "googleapis.com", "local.invalid"
NOWHERE = "http://127.0.0.1:9"
"""The proxy at which everything ends that would leave the machine."""


@pytest.mark.parametrize(
    ("universe", "environ", "impersonated"),
    [(PUBLIC, ON_DEMAND, True), (OTHER, {}, True), (PUBLIC, {}, False), (OTHER, ON_DEMAND, False)],
)
def test_a_cold_read_fetches_one_token_and_a_warm_one_only_asks(
    function: PackagedFunction, google: GoogleStandIn, universe: str, environ: dict[str, str], impersonated: bool
) -> None:
    function.configure(universe_domain=universe, impersonated=impersonated)
    done = function.invoke(events=(1, 2, 3), environ=environ, options={"join_threads": True})
    assert [result.get("returned") for result in done.results] == [1, 2, 3], done.printed
    assert google.paths == [TOKEN_PATH, *([IMPERSONATION_PATH] if impersonated else []), *[QUERY_PATH] * 3]
    assert done.reached == {google.url}


def test_google_auths_own_credentials_would_look_up_regions_in_the_background(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    """The control of the test above: what it watches does see the look-up, which leaves the machine."""
    function.configure(universe_domain=PUBLIC)
    options = {"as_google_auth_does": True, "join_threads": True}
    assert function.invoke(events=(), options=options).reached == {google.url, NOWHERE}
