"""Asking AWS who signed a request, by sending it on exactly as it was signed."""

from __future__ import annotations

from typing import NoReturn

from federation_emulator.core.errors import unavailable, unimplemented
from federation_emulator.core.trace import Part, refuse
from federation_emulator.core.upstream import Upstream, UpstreamError
from federation_emulator.services.sts.aws_answer import MOST_ANSWER_BYTES, NoAnswer, read_answer
from federation_emulator.services.sts.model import QUERY, AwsRefusal, SignedRequest
from keyless_bigquery.trust.caller import Caller


async def ask_aws(aws: Upstream, signed: SignedRequest, *, limit_seconds: float) -> Caller | AwsRefusal:
    """Send a signed GetCallerIdentity to the configured AWS and read its answer.

    The signed ``Host`` header is kept; where the request goes is the client's address alone.

    Raises:
        Refused: 503, AWS did not answer in time, or not with an answer that can be read.
    """
    try:
        answer = await aws.send(
            "POST",
            f"/?{QUERY}",
            headers={**signed.headers, "accept-encoding": "identity"},
            limit_seconds=limit_seconds,
            most_bytes=MOST_ANSWER_BYTES,
            repeatable=True,
        )
        return read_answer(answer.body, answer.status)
    except (UpstreamError, NoAnswer) as problem:
        _refuse_answer(str(problem))


def _refuse_answer(actual: str) -> NoReturn:
    refuse(
        Part.CALLER,
        rule="AWS must say who signed the request",
        actual=actual,
        expected="AWS's answer to GetCallerIdentity",
        fix="see whether the AWS that the local cloud was started with answers at all",
        answer=unavailable(f"AWS STS could not be asked: {actual}."),
    )


def refuse_without_aws() -> NoReturn:
    """Refuse a signed request where the local cloud was started without an AWS."""
    refuse(
        Part.CALLER,
        rule="AWS must say who signed the request",
        actual="this local Google runs without an AWS",
        expected="a local AWS that answers GetCallerIdentity",
        fix="start it without `--without aws`, or with --aws-endpoint URL",
        answer=unimplemented("This local Google runs without an AWS (--without aws): only OIDC providers serve."),
    )
