"""What Google trusts: its APIs, the pool, the organisation's leave, the provider, and how it reads the caller."""

from __future__ import annotations

from keyless_bigquery.trust import provider_answer
from keyless_bigquery.trust.attributes import MappingError, condition_holds, map_attributes
from keyless_bigquery.trust.foreign_provider import Refusal, refusals
from keyless_bigquery.trust.members import difference, matches
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING, MOST_SUBJECT_BYTES
from keyless_bigquery.trust.organisation import needed_values, permits
from keyless_bigquery.trust.subject_tokens import AwsOidc
from keyless_bigquery.trust.trust import attribute_mapping
from keyless_tools.doctor import fixes
from keyless_tools.doctor.answer import JSON, Absent, Answer, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Judgement, failed, not_looked, not_seen, not_there, ok, unknown
from keyless_tools.doctor.identity import caller_of, principal_of
from keyless_tools.doctor.observed import Seen

_OIDC = "oidc"
_NO_PROVIDER = "there is no provider to look at"


def services(_: Expected, seen: Seen) -> Judgement:
    """Every API that the chain uses is on."""
    off: dict[str, list[str]] = {}
    for project, names in seen.services.items():
        for name, answer in names.items():
            if not isinstance(answer, Found | Absent):
                return not_seen(f"{name} in {project}", answer)
            if isinstance(answer, Absent) or answer.value.get("state") != "ENABLED":
                off.setdefault(project, []).append(name)
    if off:
        return failed(
            "; ".join(f"off in {project}: {', '.join(names)}" for project, names in off.items()),
            expected="on; a change takes minutes to be seen",
            fix=fixes.enable_services(off),
        )
    return ok(f"{sum(map(len, seen.services.values()))} are on in {', '.join(seen.services)}")


def pool(expected: Expected, seen: Seen) -> Judgement:
    """The pool is there, and can be used."""
    create = fixes.up(expected.stack) if expected.pool_is_ours else _pool(expected, "create")
    undelete, enable = _pool(expected, "undelete"), _pool(expected, "update", "--no-disabled")
    return _active(f"pool {expected.pool_name}", seen.pool, create=create, undelete=undelete, enable=enable)


def organisation_policy(expected: Expected, seen: Seen) -> Judgement:
    """The organisation allows a provider of this AWS account, which it asks when one is made or changed."""
    there = isinstance(seen.provider, Found)
    later = "it acts when a provider is made or changed, and this one is there"
    for constraint, value in needed_values(expected.trust).items():
        answer = seen.organisation_policies[constraint]
        if isinstance(answer, Absent):
            return not_looked(f"{constraint} does not exist here")
        if not isinstance(answer, Found):
            unseen = not_seen(constraint, answer)
            return not_looked(f"{unseen.actual}; {later}") if there else unseen
        if not permits(answer.value.get("listPolicy") or {}, value):
            refused = f"{constraint} does not allow {value} in {expected.pool_project}"
            if there:
                return ok(f"{refused}: {later}, but `pulumi up` will be refused when it has to change it")
            fix = fixes.allow_value(constraint, value, project=expected.pool_project)
            return failed(refused, expected=f"{value} among its allowed values", fix=fix)
    return ok(f"allows {' and '.join(needed_values(expected.trust).values())}")


def provider(expected: Expected, seen: Seen) -> Judgement:
    """The provider is there, and can be used."""
    kind, trusted = _kind(expected)
    flags = [trusted, f"--attribute-condition={expected.condition}"]
    if kind == _OIDC:  # Google has a mapping of its own for AWS alone
        flags.append(_mapping_flag(expected))
    create = fixes.up(expected.stack) if expected.pool_is_ours else _provider(expected, f"create-{kind}", *flags)
    undelete, enable = _provider(expected, "undelete"), _provider(expected, f"update-{kind}", "--no-disabled")
    return _active(f"provider {expected.provider_name}", seen.provider, create=create, undelete=undelete, enable=enable)


def account(expected: Expected, seen: Seen) -> Judgement:
    """The provider admits the function's AWS account."""
    needed = expected.trust.aws_account_id
    if not isinstance(seen.provider, Found):
        return not_looked(_NO_PROVIDER)
    if isinstance(expected.trust.subject_token, AwsOidc):
        return _issuer(expected, seen.provider.value, expected.trust.subject_token.issuer)
    found = seen.provider.value.get("aws", {}).get("accountId")
    if found is None:
        fix = fixes.up(expected.stack)
        return failed("the provider is not one for AWS", expected=f"AWS account {needed}", fix=fix)
    if found != needed:
        fix = _changed(expected, f"--account-id={needed}")
        return failed(
            f"the provider admits the account {found}", expected=f"{needed}, which the function is in", fix=fix
        )
    return ok(found)


def _issuer(expected: Expected, provider: JSON, needed: str) -> Judgement:
    """The provider admits tokens of the account's issuer, checked with the issuer's own keys, for itself alone."""
    oidc = provider.get("oidc")
    if oidc is None:
        return failed("the provider is not one for OIDC", expected=f"issuer {needed}", fix=fixes.up(expected.stack))
    found = oidc.get("issuerUri")
    if found != needed:
        fix = _changed(expected, f"--issuer-uri={needed}")
        return failed(f"the provider admits tokens of {found}", expected=f"{needed}, the account's own", fix=fix)
    if added := [name for name in ("allowedAudiences", "jwksJson") if oidc.get(name)]:
        # How gcloud clears either isn't documented: its owner decides.
        fix = fixes.up(expected.stack) if expected.pool_is_ours else _provider(expected, "describe")
        needed = "neither: the provider's own name as audience, and the issuer's keys"
        return failed(f"the provider has {' and '.join(added)}", expected=needed, fix=fix)
    return ok(f"{found}; whether the account has outbound federation enabled isn't checked, the function reports it")


def mapping(expected: Expected, seen: Seen) -> Judgement:
    """The mapping gives the function the principal that the bindings name."""
    if not isinstance(seen.provider, Found):
        return not_looked(_NO_PROVIDER)
    found = dict(seen.provider.value.get("attributeMapping") or DEFAULT_AWS_MAPPING)
    fix = _changed(expected, _mapping_flag(expected))
    needed = f"a mapping that makes it {expected.principal}"
    try:
        attributes = map_attributes(found, caller_of(expected, seen.role))
    except MappingError as problem:
        actual = f"{problem.attribute or 'an expression'} gives no value: {problem}"
        return failed(actual, expected=needed, fix=fix)
    shown, size = ", ".join(attributes.shown()), len(attributes.subject.encode())
    if not 0 < size <= MOST_SUBJECT_BYTES:
        limit = f"1 to {MOST_SUBJECT_BYTES} bytes of google.subject"
        return failed(f"{size} bytes: {shown}", expected=limit, fix=fix)
    principal = principal_of(expected, attributes)
    if not matches(expected.principal, principal):
        return failed(difference(expected.principal, principal), expected=needed, fix=fix)
    as_written = (
        ""
        if found == attribute_mapping(expected.trust.subject_token)
        else "not the stack's own, but it gives the same principal: "
    )
    return ok(as_written + shown)


def condition(expected: Expected, seen: Seen) -> Judgement:
    """The condition is true for the function."""
    if not isinstance(seen.provider, Found):
        return not_looked(_NO_PROVIDER)
    found = seen.provider.value.get("attributeCondition", "")
    caller = caller_of(expected, seen.role)
    try:
        attributes = map_attributes(seen.provider.value.get("attributeMapping") or DEFAULT_AWS_MAPPING, caller)
    except MappingError as problem:
        return unknown(f"without attributes it can't be evaluated: {problem}")
    try:
        holds, why = condition_holds(found, caller, attributes), ""
    except MappingError as problem:
        holds, why = False, f" ({problem})"
    if not holds:
        fix = _changed(expected, f"--attribute-condition={expected.condition}")
        needed = f"true, as {expected.condition} is"
        return failed(f"false for {expected.trust.caller_arn}{why}: {found}", expected=needed, fix=fix)
    but = ""
    if expected.pool_is_ours and found != expected.condition:
        written = f"it reads {found}" if found else "there is none, so that every role of the account may come"
        but = f", but not the stack's own: {written}. `{fixes.up(expected.stack)}` puts it back"
    elif not expected.pool_is_ours and (reasons := _unfit(expected, seen.provider.value)):
        but = f", but the next `pulumi up` will refuse this provider: {reasons[0]}"
    return ok(f"true for {expected.trust.caller_arn}{but}")


def _unfit(expected: Expected, provider: JSON) -> list[Refusal]:
    """Why another team's provider would not be used again, though it lets the function in."""
    return refusals(provider_answer.read(provider), [expected.trust])


def _active(what: str, answer: Answer[JSON], *, create: str, undelete: str, enable: str) -> Judgement:
    if not isinstance(answer, Found):
        return not_there(what, answer, fix=create)
    found = answer.value
    if found.get("state") == "DELETED":
        until = found.get("expireTime", "an unknown time")
        return failed(f"{what} is deleted, and can be had back until {until}", expected="ACTIVE", fix=undelete)
    if found.get("disabled"):
        return failed(f"{what} is disabled; was it on purpose?", expected="enabled", fix=enable)
    return ok(f"{what} is {found.get('state', 'ACTIVE')}")


def _changed(expected: Expected, flag: str) -> str:
    """What changes the provider: the stack if it is the stack's, else its owner."""
    return (
        fixes.up(expected.stack) if expected.pool_is_ours else _provider(expected, f"update-{_kind(expected)[0]}", flag)
    )


def _kind(expected: Expected) -> tuple[str, str]:
    """The provider's kind, as ``gcloud`` calls it, and the flag that says whose word it takes."""
    token = expected.trust.subject_token
    if isinstance(token, AwsOidc):
        return _OIDC, f"--issuer-uri={token.issuer}"
    return "aws", f"--account-id={expected.trust.aws_account_id}"


def _mapping_flag(expected: Expected) -> str:
    mapping = attribute_mapping(expected.trust.subject_token)
    return "--attribute-mapping=" + ",".join(f"{key}={expression}" for key, expression in mapping.items())


def _pool(expected: Expected, verb: str, *flags: str) -> str:
    return fixes.pool(verb, *flags, pool_id=expected.pool_id, project=expected.pool_project)


def _provider(expected: Expected, verb: str, *flags: str) -> str:
    of = {"provider_id": expected.provider_id, "pool_id": expected.pool_id, "project": expected.pool_project}
    return fixes.provider(verb, *flags, **of)
