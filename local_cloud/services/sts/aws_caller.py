"""Asking AWS who signed a request, by sending it on exactly as it was signed."""

from __future__ import annotations

from xml.etree import ElementTree

import httpx

from local_cloud.errors import unavailable
from local_cloud.services.sts.model import AwsRefusal, Caller, SignedRequest
from local_cloud.services.sts.subject_token import QUERY

MOST_ANSWER_BYTES = 64 * 1024


async def ask_aws(client: httpx.AsyncClient, signed: SignedRequest) -> Caller | AwsRefusal:
    """Send a signed GetCallerIdentity to the configured AWS and read its answer.

    The signed ``Host`` header is kept; where the request goes is the client's base URL alone.

    Raises:
        ApiError: 503, AWS did not answer in time, or not with an answer that can be read.
    """
    try:
        async with client.stream("POST", f"/?{QUERY}", headers=dict(signed.headers), content=b"") as response:
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > MOST_ANSWER_BYTES:
                    raise unavailable(f"AWS answered more than {MOST_ANSWER_BYTES} bytes to GetCallerIdentity.")
    except httpx.HTTPError as problem:
        raise unavailable(f"AWS STS could not be asked: {type(problem).__name__}.") from problem
    return _read(bytes(received), response.status_code)


def _read(body: bytes, status: int) -> Caller | AwsRefusal:
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  (our own AWS's answer, at most 64 KiB)
    except ElementTree.ParseError as problem:
        raise unavailable(f"AWS STS answered {status} without XML.") from problem
    fields = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in root.iter()}
    if status == 200 and all(fields.get(name) for name in ("Account", "Arn", "UserId")):
        return Caller(account=fields["Account"], arn=fields["Arn"], user_id=fields["UserId"])
    if status != 200 and fields.get("Code"):
        return AwsRefusal(code=fields["Code"], message=fields.get("Message", ""))
    raise unavailable(f"AWS STS answered {status} with something other than a caller or an error.")
