"""Thousands of damaged exchanges: no 5xx, no hang, and none is let in unless it means the same as a good one.

The damage is seeded and knows the protocol: it drops, repeats, renames and recases headers, shifts dates, changes
signatures, URLs and encodings. Of the tools that do such things, schemathesis wants an OpenAPI document, which Google
does not publish for this method, and would not get past the form's first field; atheris looks for new paths in native
code, and this is Python that parses with the standard library. hypothesis does what it is good at, in the tests of the
pure functions.
"""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from tests.emulator.chain import OTHER_ACCOUNT, ROLE, Chain, Keys, LocalAccount
from tests.emulator.signing import document, form
from tests.fuzz.exchanges import CHANGES, Exchange, fresh, justified
from tests.fuzz.run import REQUESTS, Client, Fuzzer, problem_of

SHARE = 0.5


@pytest.fixture
def documents(role_keys: Keys) -> list[Any]:
    """Subject tokens of the one who may come in."""
    return [
        document(role_keys),
        document(role_keys, sign_target=False),
        document(role_keys, host="sts.amazonaws.com"),
        document(role_keys, host="sts.eu-west-1.amazonaws.com", region="eu-west-1"),
    ]


@pytest.fixture
def strangers(aws: LocalAccount, aws_url: str) -> list[Any]:
    """Well signed subject tokens of those who may not."""
    others = [
        aws.assume("Other-Role"),
        aws.assume(f"{ROLE}2"),
        aws.user(path=f"/assumed-role/{ROLE}/"),
        LocalAccount(aws_url, OTHER_ACCOUNT).assume(ROLE),
    ]
    return [document(keys) for keys in others]


def test_no_damaged_exchange_breaks_the_server_or_gets_in(
    chain: Chain, role_keys: Keys, documents: list[Any], strangers: list[Any]
) -> None:
    expected = {name: value for name, value in form("x").items() if name != "subject_token"}
    let_in = refused = 0

    def judge(made: Exchange) -> str:
        nonlocal let_in, refused
        sent = made.sent()
        problem, answer = problem_of(client, sent)
        if answer.status == 200 and not problem and not justified(sent, documents, expected):
            problem = "was let in"
        let_in, refused = let_in + (answer.status == 200), refused + (answer.status == 400)
        return problem

    with closing(Client(chain.google.url)) as client:
        count = int(REQUESTS * SHARE)
        Fuzzer("exchange", lambda rng: fresh(rng, [*documents, *documents, *strangers]), CHANGES, judge).run(count)
    # Both sides of the oracle were at work.
    assert let_in > count / 100
    assert refused > count / 3
    _check_no_secret(chain, [role_keys], [*documents, *strangers])


def _check_no_secret(chain: Chain, keys: list[Keys], documents: list[Any]) -> None:
    trace = json.dumps(chain.google.done("GET", "/_local/decisions"))
    secrets = [secret for each in keys for secret in (each.secret, each.token)]
    for made in documents:
        values = {entry["key"].lower(): entry["value"] for entry in made["headers"]}
        secrets += [values["authorization"].rpartition("=")[2], values.get("x-amz-security-token", "")]
    assert not [secret[:4] for secret in secrets if secret and secret in trace]


def test_the_oracle_knows_what_is_and_what_is_not_the_same(role_keys: Keys, documents: list[Any]) -> None:
    expected = {name: value for name, value in form("x").items() if name != "subject_token"}
    good = Exchange(document=documents[1], fields=expected)
    assert justified(good.sent(), documents, expected)
    for other in (
        Exchange(document={**documents[1], "method": "GET"}, fields=expected),
        Exchange(document=documents[1], fields={**expected, "scope": " "}),
        Exchange(document=documents[1], fields=expected, more=[("audience", expected["audience"])]),
        Exchange(document=documents[1], fields=expected, path="/v1/other"),
        Exchange(document=document(Keys(role_keys.key, "another-secret", role_keys.token)), fields=expected),
    ):
        assert not justified(other.sent(), documents, expected)
