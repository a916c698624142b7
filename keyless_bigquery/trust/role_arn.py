"""An execution role's ARN, taken apart: what the trust is built from. Pure."""

from __future__ import annotations

import re

from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain, TrustError

_ROLE = re.compile(r"arn:aws:iam::(?P<account>[0-9]{12}):role/(?:[!-.0-~]+/)*(?P<name>[A-Za-z0-9_+=,.@-]{1,64})")
_EXAMPLE = "For example: arn:aws:iam::210987654321:role/my-function-role"


def trust_of_role(arn: str, *, function_name: str | None, endpoints: GoogleEndpoints) -> TrustChain:
    """The trust in a role that exists.

    A path is left out, since it is no part of an assumed role's ARN; a role's name is unique in its account without it.
    Source: AWS IAM, "IAM identifiers".

    Args:
        arn: The role's ARN, as IAM shows it.
        function_name: The session's name: in Lambda the function's. ``None``: any session of the role.
        endpoints: Where the function finds Google's APIs.

    Raises:
        TrustError: It is no ARN of a role, or of a partition that Google can't verify; or role and session are too long
            for ``google.subject``.
    """
    found = _ROLE.fullmatch(arn)
    if found is None:
        raise TrustError(f"roleArn is {arn[:200]!r}: {_rule(arn)}. {_EXAMPLE}")
    trust = TrustChain(
        aws_account_id=found["account"],
        role_name=found["name"],
        function_name=function_name or "",
        endpoints=endpoints,
    )
    if (length := len(trust.caller_arn.encode())) > MOST_SUBJECT_BYTES:
        raise TrustError(
            f"google.subject would be {trust.caller_arn!r}, {length} bytes long, and Google STS takes at most"
            f" {MOST_SUBJECT_BYTES}. Shorten the name of the role or of the function"
        )
    return trust


def _rule(arn: str) -> str:
    if re.match(r"arn:aws-[a-z-]+:", arn):
        return "Google's AWS providers verify callers of the partition aws alone, not of China or GovCloud"
    if arn.startswith("arn:aws:sts:"):
        return "it is a session's; the role itself is needed, as `aws iam get-role --role-name NAME` shows it"
    return "it must be the ARN of an IAM role, with the account's 12 digits"
