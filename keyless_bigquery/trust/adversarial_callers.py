"""Callers who must stay out: each imitates a role of ours in a way that some mapping or condition falls for. Pure.

That all of them are kept out proves nothing about the next one; ``keyless_bigquery.trust.named_roles`` proves. They are
here to name one who gets in, and to catch a proof that is wrong.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator

from keyless_bigquery.trust.attributes import Assertion
from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import TrustChain


def caller_of(trust: TrustChain, *, role_id: str = "AROAEXAMPLEEXAMPLEAA") -> Assertion:
    """The caller that runs as a role.

    Args:
        trust: The role.
        role_id: Its unique id, which only AWS knows; by default one that is made up.
    """
    return _caller(trust, trust.caller_arn, f"{role_id}:{trust.function_name}")


def arn_of(caller: Assertion) -> str:
    """By which ARN a caller is known: in a token that AWS signed it is the subject."""
    return caller.arn if isinstance(caller, Caller) else str(caller.get("sub", ""))


def with_audience(caller: Assertion, audience: str) -> Assertion:
    """The same caller; of a token also its audience, where that is known.

    It is text, since the function asks for one. Source: AWS IAM, "Understanding token claims".
    """
    return caller if isinstance(caller, Caller) or not audience else {**caller, "aud": audience}


def _caller(trust: TrustChain, arn: str, user_id: str) -> Assertion:
    """A caller in the role's account, as the provider knows it.

    Of a token the claims that each has, but for audience and times, which the provider itself checks. Source: AWS IAM,
    "Understanding token claims".
    """
    if not isinstance(trust.subject_token, AwsOidc):
        return Caller(account=trust.aws_account_id, arn=arn, user_id=user_id)
    return {
        "iss": trust.subject_token.issuer,
        "sub": arn,
        "https://sts.amazonaws.com/": {"aws_account": trust.aws_account_id, "principal_id": arn},
    }


def unnamed(text: str) -> str:
    """A role name that can't have been named in ``text``, the same each time."""
    return f"nobody-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def strangers(trust: TrustChain, *, stranger: str) -> Iterator[Assertion]:
    """Callers who aren't the role, most telling first.

    Args:
        trust: The role that they imitate, and its function.
        stranger: A role name that is named nowhere, from :func:`unnamed`.
    """
    for name in _role_names(trust.role_name, stranger):
        if name != trust.role_name:
            yield caller_of(dataclasses.replace(trust, role_name=name))
    yield caller_of(dataclasses.replace(trust, role_name=stranger, function_name=trust.role_name))
    for arn in _other_arns(trust.aws_account_id, trust.role_name, trust.function_name):
        if arn != trust.caller_arn:
            yield _caller(trust, arn, "AIDAEXAMPLEEXAMPLEAA")
    yield caller_of(dataclasses.replace(trust, aws_account_id=f"{(int(trust.aws_account_id) + 1) % 10**12:012d}"))


def _role_names(role_name: str, stranger: str) -> Iterator[str]:
    yield stranger
    yield from (f"{role_name}2", f"{role_name}x", f"{role_name}-{stranger}", f"x{role_name}", f"{stranger}-{role_name}")
    yield f"{role_name}{stranger}{role_name}"
    yield from (role_name[:-1] or "x", role_name[:-1] + ("z" if role_name.endswith("y") else "y"))
    yield from (role_name.lower(), role_name.upper(), role_name.swapcase())
    yield from (f"assumed-role{role_name}", f"{role_name}assumed-role")
    for sign in ".-_@=,+":
        yield role_name.replace(sign, "x")


def _other_arns(account_id: str, role_name: str, session_name: str) -> Iterator[str]:
    iam, sts = f"arn:aws:iam::{account_id}", f"arn:aws:sts::{account_id}"
    yield f"{iam}:user/assumed-role/{role_name}/{session_name}"
    yield f"{iam}:user/{sts}:assumed-role/{role_name}/{session_name}"
    yield f"{iam}:user/{role_name}"
    yield f"{iam}:user/{role_name}/{session_name}"
    yield f"{iam}:role/{role_name}"
    yield f"{iam}:role/{role_name}/{session_name}"
    yield f"{iam}:role/{session_name}/{role_name}"
    yield f"{sts}:assumed-role/{role_name}/{session_name}"
    yield f"{iam}:role/assumed-role/{role_name}/{session_name}"
    yield f"{iam}:root"
    yield f"{sts}:federated-user/{role_name}"
    yield f"{sts}:federated-user/assumed-role/{role_name}/{session_name}"
    yield f"arn:aws-cn:sts::{account_id}:assumed-role/{role_name}/{session_name}"
    yield ""
