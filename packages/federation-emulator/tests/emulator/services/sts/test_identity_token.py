"""OIDC tokens at the exchange: of the local AWS, and of an issuer whose keys were uploaded."""

from __future__ import annotations

from federation_emulator.core.trace import Link
from tests.emulator.chain import Chain, Keys, LocalAccount
from tests.emulator.identity import allow_tokens, aws_token, credentials, deploy_oidc


def test_a_role_reads_rows_with_a_token_of_the_local_aws(chain: Chain, aws: LocalAccount, role_keys: Keys) -> None:
    deploy_oidc(chain)
    allow_tokens(aws)
    with chain.client(credentials(chain.google, lambda: aws_token(aws, role_keys))) as client:
        rows = [tuple(row) for row in client.query_and_wait(chain.sql("SELECT name FROM {users} ORDER BY user_id"))]
    assert rows == [("users-1",), ("users-2",), ("users-3",)]
    exchanged = next(each for each in chain.google.decisions() if each.link is Link.TOKEN_EXCHANGE)
    assert [step.part.value for step in exchanged.steps] == [
        *("request", "request", *["subject token"] * 5, "attributes", "condition", "principal", "token"),
    ]
