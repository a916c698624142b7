"""An execution role's ARN, taken apart: what the trust is built from. Pure."""

from __future__ import annotations

import re

from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES
from keyless_bigquery.trust.subject_tokens import AwsOidc, AwsSignature, SubjectToken
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain, TrustError

_ROLE = re.compile(r"arn:aws:iam::[0-9]{12}:role/(?:[!-.0-~]+/)*[A-Za-z0-9_+=,.@-]{1,64}")
_OF_A_SERVICE = ":role/aws-service-role/"
_EXAMPLE = "For example: arn:aws:iam::210987654321:role/my-function-role"


def trust_of_role(
    arn: str, *, function_name: str | None, endpoints: GoogleEndpoints, subject_token: SubjectToken | None = None
) -> TrustChain:
    """The trust in a role that exists.

    A path is left out, since it is no part of an assumed role's ARN; a role's name is unique in its account without it.
    Source: AWS IAM, "IAM identifiers".

    Args:
        arn: The role's ARN, as IAM shows it.
        function_name: The session's name: in Lambda the function's. ``None``: any session of the role.
        endpoints: Where the function finds Google's APIs.
        subject_token: By what the role shows who it is; ``None``: by a signed request.

    Raises:
        TrustError: There is a :func:`problem`.
    """
    token = subject_token or AwsSignature()
    if (verdict := problem(arn, function_name=function_name, subject_token=token)) is not None:
        raise TrustError(f"roleArn is {arn[:200]!r}: {'. '.join(verdict)}")
    return _trust(arn, function_name, endpoints, token)


def problem(
    arn: str, *, function_name: str | None = None, subject_token: SubjectToken | None = None
) -> tuple[str, str] | None:
    """What is wrong with a role, and how to fix it; ``None``: nothing is.

    It is no ARN of a role, or of a partition that Google can't verify; only a service of AWS can assume it; role and
    session are too long for ``google.subject``; or it has a path, of which AWS doesn't document whether a signed
    token's subject has it.
    """
    if _ROLE.fullmatch(arn) is None:
        return _wrong(arn), _EXAMPLE
    if _OF_A_SERVICE in arn:
        # Source: AWS IAM, "Create a service-linked role".
        return "it is a service-linked role, which no function can run as", "Name the function's execution role."
    token = subject_token or AwsSignature()
    if isinstance(token, AwsOidc) and arn.count("/") > 1:
        return (
            "AWS documents no subject of a token for a role with a path, and the condition names the subject exactly",
            "Use a role without a path, or set subjectToken to aws-signature.",
        )
    subject = _trust(arn, function_name, GoogleEndpoints(), token).caller_arn
    if (length := len(subject.encode())) > MOST_SUBJECT_BYTES:
        return (
            f"google.subject would be {subject!r}, {length} bytes long, and Google STS takes at most"
            f" {MOST_SUBJECT_BYTES}",
            "Shorten the name of the role or of the function.",
        )
    return None


def account_of(arn: str) -> str:
    """The account of a role without a :func:`problem`."""
    return arn.split(":")[4]


def _trust(arn: str, function_name: str | None, endpoints: GoogleEndpoints, token: SubjectToken) -> TrustChain:
    return TrustChain(
        aws_account_id=account_of(arn),
        role_name=arn.rpartition("/")[2],
        function_name=function_name or "",
        endpoints=endpoints,
        subject_token=token,
    )


def _wrong(arn: str) -> str:
    if other := re.match(r"arn:(aws-[a-z-]+):", arn):
        return f"Google's AWS providers verify callers of the partition aws alone, not of {other[1]:.40}"
    if arn.startswith("arn:aws:sts:"):
        return "it is a session's; the role itself is needed, as `aws iam get-role --role-name NAME` shows it"
    return "it must be the ARN of an IAM role, with the account's 12 digits"
