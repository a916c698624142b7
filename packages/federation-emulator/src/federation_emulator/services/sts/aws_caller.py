"""Asking AWS who signed a request, by sending it on exactly as it was signed."""

from __future__ import annotations

import asyncio
from typing import NoReturn

import httpx

from federation_emulator.core.errors import unavailable, unimplemented
from federation_emulator.core.trace import Part, refuse
from federation_emulator.services.sts.aws_answer import MOST_ANSWER_BYTES, NoAnswer, read_answer
from federation_emulator.services.sts.model import QUERY, AwsRefusal, SignedRequest
from keyless_bigquery.trust.caller import Caller


async def ask_aws(client: httpx.AsyncClient, signed: SignedRequest, *, limit_seconds: float) -> Caller | AwsRefusal:
    """Send a signed GetCallerIdentity to the configured AWS and read its answer.

    The signed ``Host`` header is kept; where the request goes is the client's base URL alone.

    The limit is for the whole call: an answer that comes drop by drop has no longer.

    Raises:
        Refused: 501, there is no AWS; 503, AWS did not answer in time, or not with an answer that can be read.
    """
    if not client.base_url.host:
        refuse(
            Part.CALLER,
            rule="AWS must say who signed the request",
            actual="this local Google runs without an AWS",
            expected="a local AWS that answers GetCallerIdentity",
            fix="start it without `--without aws`, or with --aws-endpoint URL",
            answer=unimplemented("This local Google runs without an AWS (--without aws): OIDC providers only."),
        )
    try:
        async with asyncio.timeout(limit_seconds):
            body, status = await _send(client, signed)
        return read_answer(body, status)
    except TimeoutError:
        _refuse_answer(f"no whole answer within {limit_seconds:g} s")
    except httpx.HTTPError as problem:
        _refuse_answer(type(problem).__name__)
    except NoAnswer as problem:
        _refuse_answer(str(problem))


async def _send(client: httpx.AsyncClient, signed: SignedRequest) -> tuple[bytes, int]:
    headers = {**signed.headers, "accept-encoding": "identity"}
    async with client.stream("POST", f"/?{QUERY}", headers=headers, content=b"") as response:
        received = bytearray()
        async for chunk in response.aiter_raw():
            received += chunk
            if len(received) > MOST_ANSWER_BYTES:
                break
        return bytes(received), response.status_code


def _refuse_answer(actual: str) -> NoReturn:
    refuse(
        Part.CALLER,
        rule="AWS must say who signed the request",
        actual=actual,
        expected="AWS's answer to GetCallerIdentity",
        fix="see whether the AWS that the local cloud was started with answers at all",
        answer=unavailable(f"AWS STS could not be asked: {actual}."),
    )
