"""By what a role shows Google who it is: a request that it signed, or a token that AWS signed. Each is one object.

What differs between the two is said here and nowhere else: the provider's kind, mapping and condition, the value of the
role attribute, and the credential configuration's part about the subject token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING, ROLE_ATTRIBUTE

AWS_SIGNATURE, AWS_OIDC = "aws-signature", "aws-oidc"
"""The values of the setting ``subjectToken``."""

JWT = "urn:ietf:params:oauth:token-type:jwt"
"""Type of a signed token. Source: RFC 8693, section 3."""


@dataclass(frozen=True)
class AwsSignature:
    """A GetCallerIdentity request that the role signs and Google sends to AWS, for a provider of the kind ``aws``."""

    name: ClassVar[str] = AWS_SIGNATURE
    kind: ClassVar[str] = "AWS"
    token_type: ClassVar[str] = "urn:ietf:params:aws:token-type:aws4_request"  # noqa: S105 - the name of a type
    caller: ClassVar[str] = "assertion.arn"
    """The expression of the caller's ARN."""

    mapping: ClassVar[Mapping[str, str]] = DEFAULT_AWS_MAPPING
    """Google's own for AWS, written out, so that a change of Google's is seen."""

    in_full: ClassVar[str] = "from arn:aws:sts to the slash after the role"
    """How a condition names a role and no other."""

    always: ClassVar[str] = "an AWS assertion has: account, arn, userid"
    """What a mapping can read of every caller."""

    credential_source: ClassVar[Mapping[str, Any]] = {
        "environment_id": "aws1",
        "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
        "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
        "regional_cred_verification_url": (
            "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
        ),
    }
    """The ``169.254.169.254`` addresses are never called on Lambda, where the environment has keys and region, and the
    verification URL is only signed: Google calls it to check the subject token."""

    def family(self, account_id: str) -> str:
        """What the ARNs of an account's roles begin with."""
        return f"arn:aws:sts::{account_id}:assumed-role/"

    def caller_arn(self, role_arn: str, session: str) -> str:
        """What AWS says of a session of a role: the value of ``google.subject``."""
        return f"{role_arn}/{session}"

    def is_of(self, role_arn: str, caller_arn: str) -> bool:
        """Whether a caller runs as a role."""
        return caller_arn.startswith(f"{role_arn}/")

    def clause(self, role_arn: str) -> str:
        """What a condition must say to admit a role, its account named alongside.

        Anchored at the start of the ARN, so that no path or session name can imitate it, and ended by the slash before
        the session name, so that a role whose name only starts with this one is refused.
        """
        return f"{self.caller}.startsWith('{role_arn}/')"

    def condition(self, account_id: str, clauses: Sequence[str]) -> str:
        """The condition that admits these roles of one account."""
        anyone = " || ".join(clauses)
        return f"assertion.account == '{account_id}' && {anyone if len(clauses) == 1 else f'({anyone})'}"


@dataclass(frozen=True)
class AwsOidc:
    """A token that AWS signs for the role (GetWebIdentityToken), for a provider of the kind ``oidc``.

    Args:
        issuer: The account's own issuer, ``https://UUID.tokens.sts.global.api.aws``.
    """

    issuer: str

    name: ClassVar[str] = AWS_OIDC
    kind: ClassVar[str] = "OIDC"
    token_type: ClassVar[str] = JWT
    caller: ClassVar[str] = "assertion.sub"
    mapping: ClassVar[Mapping[str, str]] = {
        "google.subject": "assertion.sub",
        f"attribute.{ROLE_ATTRIBUTE}": "assertion.sub",
    }
    """The token's subject is the role's ARN itself, without a session. Source: AWS IAM, "Understanding token claims".
    """

    in_full: ClassVar[str] = "by == or in"
    always: ClassVar[str] = "every token of AWS's has: iss, sub, aud, the role's account and principal"
    credential_source: ClassVar[Mapping[str, Any]] = {}
    """None: no client asks AWS for the token by itself, so a supplier must."""

    def family(self, account_id: str) -> str:
        """As of :class:`AwsSignature`."""
        return f"arn:aws:iam::{account_id}:role/"

    def caller_arn(self, role_arn: str, session: str) -> str:
        """As of :class:`AwsSignature`."""
        del session
        return role_arn

    def is_of(self, role_arn: str, caller_arn: str) -> bool:
        """As of :class:`AwsSignature`."""
        return caller_arn == role_arn

    def clause(self, role_arn: str) -> str:
        """What a condition must say to admit a role: its whole ARN, which has no session that could differ."""
        return f"{self.caller} == '{role_arn}'"

    def condition(self, account_id: str, clauses: Sequence[str]) -> str:
        """As of :class:`AwsSignature`. The account is in each ARN."""
        del account_id
        return " || ".join(clauses)


SubjectToken = AwsSignature | AwsOidc


def subject_token(name: str | None, issuer: str | None) -> SubjectToken:
    """The one that the settings ``subjectToken`` and ``awsTokenIssuer`` choose."""
    return AwsOidc(issuer or "") if name == AWS_OIDC else AwsSignature()
