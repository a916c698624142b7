"""What an exchange must satisfy, link by link. Pure: values in, a value or ``Refused`` out.

Texts are Google's where they are publicly known; FIDELITY.md says which are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from federation_emulator.core.errors import OAuthError
from federation_emulator.core.trace import Check, Part, Trail, refuse
from federation_emulator.services.iam.model import Pool, PoolState, Provider
from federation_emulator.services.sts.exchange_rules import INVALID_TARGET
from federation_emulator.services.sts.model import AwsRefusal
from keyless_bigquery.trust import attributes as cel
from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.lexer import words
from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES
from keyless_bigquery.trust.principals import Principal, federated_principal

_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:aws:(?:sts|iam)::(?P<account>[0-9]{12}):[\x21-\x7e]{1,2000}")
_USER_ID = re.compile(r"[\x21-\x7e]{1,200}")


def check_provider(
    name: str, *, project_number: str, pool: Pool | None, provider: Provider | None, now: datetime
) -> Provider:
    """Insist that pool and provider exist under the project's number and are active.

    Raises:
        Refused: ``invalid_target``; the refusal says which of the possible reasons it was.
    """
    project = name.split("/")[1]
    pool_state = PoolState.ABSENT if pool is None else pool.state(now)
    state = PoolState.ABSENT if provider is None else provider.state(now)
    if project != project_number:
        actual, expected = f"project {project}", f"the project's number, {project_number}"
        fix = "write the project's number in the audience, not its id: gcloud projects describe"
    elif pool_state is not PoolState.ACTIVE:
        actual, expected = f"pool is {pool_state.value}", "an active pool"
        fix = "create, enable or undelete the pool: gcloud iam workload-identity-pools describe"
    elif state is not PoolState.ACTIVE or provider is None:
        actual, expected = f"provider is {state.value}", "an active provider"
        fix = "create, enable or undelete the provider: gcloud iam workload-identity-pools providers describe"
    else:
        return provider
    return refuse(
        Part.REQUEST,
        check=Check.AUDIENCE,
        rule="the audience must name an active provider of an active pool",
        actual=f"{actual}: {name}",
        expected=expected,
        fix=fix,
        answer=OAuthError("invalid_target", INVALID_TARGET),
    )


def check_caller(answer: Caller | AwsRefusal, provider: Provider) -> Caller:
    """Believe AWS's answer, and insist on the provider's account.

    Raises:
        Refused: AWS refused the request; or the caller is of another account (Google's text for that is not
            publicly known, so this one is ours).
    """
    if isinstance(answer, AwsRefusal):
        refuse(
            Part.CALLER,
            rule="AWS must accept the signed request",
            actual=f"{answer.code}: {answer.message}",
            expected="GetCallerIdentity answered by AWS",
            fix="check that key, secret and session token belong together and have not expired",
            answer=OAuthError(
                "invalid_grant",
                f"Received invalid AWS response of type {answer.code} with error message: {answer.message}",
            ),
        )
    arn = _ARN.fullmatch(answer.arn)
    known = _ACCOUNT.fullmatch(answer.account) and _USER_ID.fullmatch(answer.user_id)
    if arn is None or not known or arn["account"] != answer.account:
        refuse(
            Part.CALLER,
            rule="AWS's answer must hold an ARN and the account in it",
            actual=f"{answer.arn[:200]}, account {answer.account[:20]}",
            expected="arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION",
            fix="only the standard partition (arn:aws:) is supported",
            answer=OAuthError("invalid_grant", "Received invalid AWS response."),
        )
    if answer.account != provider.account_id:
        refuse(
            Part.CALLER,
            check=Check.AWS_ACCOUNT,
            rule="the caller must belong to the provider's AWS account",
            actual=f"account {answer.account} ({answer.arn})",
            expected=f"account {provider.account_id}",
            fix="run in the provider's account, or set the provider's aws.accountId to the caller's",
            answer=OAuthError(
                "invalid_grant",
                f"The AWS account {answer.account} of the given credential is not the account of the provider.",
            ),
        )
    return answer


def identify(provider: Provider, assertion: cel.Assertion, trail: Trail) -> Principal:
    """Map what was vouched for to attributes, test the condition, and name the principal.

    Raises:
        Refused: A mapping gave no value, a value is too long, or the condition isn't true.
    """
    mapped = _mapped(provider, assertion)
    shown = ", ".join(mapped.shown())
    trail.passed(Part.ATTRIBUTES, "the attribute mapping gives a subject within Google's limits", shown)
    _check_condition(provider, assertion, mapped)
    trail.passed(
        Part.CONDITION, "the attribute condition is true", provider.attribute_condition or "none set on the provider"
    )
    return federated_principal(
        pool=provider.pool_name, subject=mapped.subject, attributes=mapped.custom, groups=mapped.groups or ()
    )


def _mapped(provider: Provider, assertion: cel.Assertion) -> cel.Attributes:
    try:
        mapped = cel.map_attributes(provider.attribute_mapping, assertion)
    except cel.MappingError as problem:
        _refuse_value(problem.attribute, str(problem))
    if not mapped.subject:
        _refuse_value("google.subject", "the expression gave an empty string")
    length, total = len(mapped.subject.encode()), mapped.size()
    if length > MOST_SUBJECT_BYTES:
        _refuse_size("google.subject", length, MOST_SUBJECT_BYTES)
    if total > cel.MOST_ATTRIBUTE_BYTES:
        _refuse_size("all mapped attributes", total, cel.MOST_ATTRIBUTE_BYTES)
    return mapped


def _check_condition(provider: Provider, assertion: cel.Assertion, mapped: cel.Attributes) -> None:
    problem = ""
    try:
        holds = cel.condition_holds(provider.attribute_condition, assertion, mapped)
    except cel.MappingError as failure:
        holds, problem = False, f"; {failure}"
    if not holds:
        if isinstance(assertion, Caller):
            shown, means = assertion.arn, "call from the role that the condition names"
        else:
            shown = _claims(provider.attribute_condition, assertion) or mapped.subject
            means = "send a token with the claims that the condition asks for"
        refuse(
            Part.CONDITION,
            rule="the provider's attribute condition must be true",
            actual=f"{shown}{problem}",
            expected=provider.attribute_condition,
            fix=f"{means}; to admit this one, name it in condition and binding",
            answer=OAuthError("unauthorized_client", "The given credential is rejected by the attribute condition."),
        )


def _claims(condition: str, claims: Mapping[str, Any]) -> str:
    """The claims that a condition reads, with what the token has there."""
    found = words(condition)
    reads = (
        last.text
        for first, sign, last in zip(found, found[1:], found[2:], strict=False)
        if first.text == "assertion" and sign.text in {".", "["}
    )
    return ", ".join(
        f"{name} = {claims[name]!r:.200}" if name in claims else f"no {name}" for name in dict.fromkeys(reads)
    )


def _refuse_value(attribute: str, actual: str) -> NoReturn:
    refuse(
        Part.ATTRIBUTES,
        rule=f"the mapping must give a value for {attribute}",
        actual=actual,
        expected="a string; an AWS assertion has only account, arn and userid, an OIDC one its token's claims",
        fix="correct the provider's attribute mapping",
        answer=OAuthError(
            "unauthorized_client", f"Could not obtain a value for {attribute} from the given credential."
        ),
    )


def _refuse_size(name: str, size: int, limit: int) -> NoReturn:
    subject = name if name != "google.subject" else "mapped attribute google.subject"
    refuse(
        Part.ATTRIBUTES,
        rule=f"{name} may have at most {limit} bytes",
        actual=f"{size} bytes",
        expected=f"at most {limit} bytes",
        fix="shorten role or function name, or map the ARN without its session",
        answer=OAuthError(
            "invalid_request",
            f"The size of {subject} exceeds the {limit} bytes limit. Either modify your attribute mapping or the "
            f"incoming assertion to produce a mapped attribute that is less than {limit} bytes.",
        ),
    )
