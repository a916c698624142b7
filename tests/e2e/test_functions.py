"""Other functions in the place of the deployed one: what each prints, returns and raises, on the local cloud."""

from __future__ import annotations

from federation_emulator.core.trace import Link
from pulumi_offline.demo.scenario import EXPECTED_LOG
from pulumi_offline.stack_harness import StackHarness
from tests.doctor.changes import handler
from tests.runtime.conftest import FUNCTIONS

EVENT = {"asked by": "a test"}
READ = [Link.TOKEN_EXCHANGE, Link.IMPERSONATION, Link.JOB, Link.TABLE]


def article() -> str:
    return (FUNCTIONS / "article" / "handler.py").read_text()


def test_the_articles_function_reads_the_rows_with_the_clients_own_credentials(harness: StackHarness) -> None:
    with handler(harness, article()):
        cold, warm = harness.invoke(EVENT), harness.invoke(EVENT)
    for invocation in (cold, warm):
        assert invocation.returned == EVENT, invocation.log
        # And not a word of the look-up that google-auth's credentials make in the background, at a fixed host.
        assert [line for line in invocation.log.splitlines() if line] == EXPECTED_LOG
    # It knows nothing of the token that the start begins, and fetches its own: once for each client.
    assert [decision.link for decision in cold.decisions] == [*READ[:2], *READ]
    assert [decision.link for decision in warm.decisions] == READ
    assert all(decision.allowed for decision in (*cold.decisions, *warm.decisions))


BEYOND = """
import time
import requests

def lambda_handler(event, context):
    begun = time.monotonic()
    try:
        requests.get("https://iamcredentials.googleapis.com", timeout=20)
    except requests.exceptions.ProxyError:
        return time.monotonic() - begun
"""


def test_no_function_of_the_local_cloud_reaches_beyond_this_machine(harness: StackHarness) -> None:
    with handler(harness, BEYOND):
        invocation = harness.invoke()
    assert not invocation.failed, invocation.log
    assert 0 < invocation.returned < 2
