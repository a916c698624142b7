"""What Google trusts: its APIs, the pool, the organisation's leave, the provider, and how it reads the caller."""

from __future__ import annotations

from keyless_bigquery.trust.attributes import DEFAULT_AWS_MAPPING, MappingError, condition_holds, map_attributes
from keyless_bigquery.trust.foreign_provider import ForeignProvider, Reader, Refusal, refusals
from keyless_bigquery.trust.members import difference, matches
from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES
from keyless_bigquery.trust.organisation import AWS_ISSUER, needed_values, permits
from keyless_bigquery.trust.trust import ROLE_ATTRIBUTE, attribute_condition
from keyless_tools.doctor import fixes
from keyless_tools.doctor.answer import JSON, Absent, Found, Hidden, Off, Silent
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Finding, Link, failed, not_looked, not_seen, not_there, ok, unknown
from keyless_tools.doctor.identity import caller_of, principal_of
from keyless_tools.doctor.observed import Seen

_NO_PROVIDER = "there is no provider to look at"


def services(_: Expected, seen: Seen) -> Finding:
    """Every API that the chain uses is on."""
    off: dict[str, list[str]] = {}
    for project, names in seen.services.items():
        for name, answer in names.items():
            if isinstance(answer, Hidden | Off | Silent):
                return not_seen(Link.SERVICES, f"{name} in {project}", answer)
            if isinstance(answer, Absent) or answer.value.get("state") != "ENABLED":
                off.setdefault(project, []).append(name)
    if off:
        return failed(
            Link.SERVICES,
            "; ".join(f"off in {project}: {', '.join(names)}" for project, names in off.items()),
            expected="on; a change takes minutes to be seen",
            fix=fixes.enable_services(off),
        )
    count = sum(len(names) for names in seen.services.values())
    return ok(Link.SERVICES, f"{count} are on in {', '.join(seen.services)}")


def pool(expected: Expected, seen: Seen) -> Finding:
    """The pool is there, and good for something."""
    link, name = Link.POOL, expected.pool_name
    if not isinstance(seen.pool, Found):
        fix = fixes.up(expected.stack) if expected.pool_is_ours else _pool(expected, "create")
        return not_there(link, f"pool {name}", seen.pool, fix=fix)
    return _active(
        link,
        f"pool {name}",
        seen.pool.value,
        undelete=_pool(expected, "undelete"),
        enable=_pool(expected, "update", "--no-disabled"),
    )


def organisation_policy(expected: Expected, seen: Seen) -> Finding:
    """The organisation allows a provider of this AWS account, which it asks when one is made or changed."""
    link = Link.ORGANISATION_POLICY
    there = isinstance(seen.provider, Found)
    later = "it acts when a provider is made or changed, and this one is there"
    for constraint, value in needed_values(expected.trust.aws_account_id).items():
        answer = seen.organisation_policies[constraint]
        if isinstance(answer, Found):
            if not permits(answer.value.get("listPolicy") or {}, value):
                refused = f"{constraint} does not allow {value} in {expected.pool_project}"
                if there:
                    return ok(link, f"{refused}: {later}, but `pulumi up` will be refused when it has to change it")
                fix = fixes.allow_by_organisation(constraint, value, project=expected.pool_project)
                return failed(link, refused, expected=f"{value} among its allowed values", fix=fix)
        elif isinstance(answer, Absent):
            return not_looked(link, f"{constraint} does not exist here")
        else:
            finding = not_seen(link, constraint, answer)
            return not_looked(link, f"{finding.actual}; {later}") if there else finding
    return ok(link, f"allows {AWS_ISSUER} and the account {expected.trust.aws_account_id}")


def provider(expected: Expected, seen: Seen) -> Finding:
    """The provider is there, and good for something."""
    link, name = Link.PROVIDER, expected.provider_name
    if not isinstance(seen.provider, Found):
        trusted = (f"--account-id={expected.trust.aws_account_id}", f"--attribute-condition={expected.condition}")
        fix = fixes.up(expected.stack) if expected.pool_is_ours else _provider(expected, "create-aws", *trusted)
        return not_there(link, f"provider {name}", seen.provider, fix=fix)
    return _active(
        link,
        f"provider {name}",
        seen.provider.value,
        undelete=_provider(expected, "undelete"),
        enable=_provider(expected, "update-aws", "--no-disabled"),
    )


def account(expected: Expected, seen: Seen) -> Finding:
    """The provider admits the function's AWS account."""
    link, needed = Link.ACCOUNT, expected.trust.aws_account_id
    if not isinstance(seen.provider, Found):
        return not_looked(link, _NO_PROVIDER)
    found = seen.provider.value.get("aws", {}).get("accountId")
    if found is None:
        return failed(
            link, "the provider is not one for AWS", expected=f"AWS account {needed}", fix=fixes.up(expected.stack)
        )
    if found != needed:
        return failed(
            link,
            f"the provider admits the account {found}",
            expected=f"{needed}, which the function is in",
            fix=_changed(expected, f"--account-id={needed}"),
        )
    return ok(link, found)


def mapping(expected: Expected, seen: Seen) -> Finding:
    """The mapping gives the function the principal that the bindings name."""
    link = Link.MAPPING
    if not isinstance(seen.provider, Found):
        return not_looked(link, _NO_PROVIDER)
    found = dict(seen.provider.value.get("attributeMapping") or DEFAULT_AWS_MAPPING)
    fix = _changed(expected, "--attribute-mapping=" + ",".join(f"{k}={v}" for k, v in expected.mapping.items()))
    needed = f"a mapping that makes it {expected.principal}"
    try:
        attributes = map_attributes(found, caller_of(expected, seen.role))
    except MappingError as problem:
        return failed(
            link, f"{problem.attribute or 'an expression'} gives no value: {problem}", expected=needed, fix=fix
        )
    shown = ", ".join(attributes.shown())
    if not 0 < len(attributes.subject.encode()) <= MOST_SUBJECT_BYTES:
        limit = f"1 to {MOST_SUBJECT_BYTES} bytes of google.subject"
        return failed(link, f"{len(attributes.subject.encode())} bytes: {shown}", expected=limit, fix=fix)
    principal = principal_of(expected, attributes)
    if not matches(expected.principal, principal):
        return failed(link, difference(expected.principal, principal), expected=needed, fix=fix)
    as_written = "" if found == dict(expected.mapping) else "not the stack's own, but it gives the same principal: "
    return ok(link, as_written + shown)


def condition(expected: Expected, seen: Seen) -> Finding:
    """The condition is true for the function."""
    link = Link.CONDITION
    if not isinstance(seen.provider, Found):
        return not_looked(link, _NO_PROVIDER)
    found = seen.provider.value.get("attributeCondition", "")
    caller = caller_of(expected, seen.role)
    fix = _changed(expected, f"--attribute-condition={expected.condition}")
    try:
        attributes = map_attributes(seen.provider.value.get("attributeMapping") or DEFAULT_AWS_MAPPING, caller)
    except MappingError as problem:
        return unknown(link, f"without attributes it can't be evaluated: {problem}")
    try:
        holds, why = condition_holds(found, caller, attributes), ""
    except MappingError as problem:
        holds, why = False, f" ({problem})"
    if not holds:
        return failed(
            link, f"false for {caller.arn}{why}: {found}", expected=f"true, as {expected.condition} is", fix=fix
        )
    if expected.pool_is_ours and found != expected.condition:
        again = fixes.up(expected.stack)
        written = f"it reads {found}" if found else "there is none, so that every role of the account may come"
        return ok(link, f"true for {caller.arn}, but not the stack's own: {written}. `{again}` puts it back")
    if not expected.pool_is_ours and (reasons := _unfit(expected, seen.provider.value)):
        return ok(link, f"true for {caller.arn}, but the next `pulumi up` will refuse this provider: {reasons[0]}")
    return ok(link, f"true for {caller.arn}")


def _unfit(expected: Expected, provider: JSON) -> list[Refusal]:
    """Why somebody else's provider would not be used again, though it lets the function in."""
    trust = expected.trust
    return refusals(
        ForeignProvider(
            aws_account_id=provider.get("aws", {}).get("accountId", ""),
            attribute_mapping=provider.get("attributeMapping") or {},
            attribute_condition=provider.get("attributeCondition", ""),
        ),
        [Reader(role_name=trust.role_name, function_name=trust.function_name, clause=attribute_condition([trust]))],
        aws_account_id=trust.aws_account_id,
        role_attribute=ROLE_ATTRIBUTE,
    )


def _active(link: Link, what: str, found: JSON, *, undelete: str, enable: str) -> Finding:
    if found.get("state") == "DELETED":
        until = found.get("expireTime", "an unknown time")
        return failed(link, f"{what} is deleted, and can be had back until {until}", expected="ACTIVE", fix=undelete)
    if found.get("disabled"):
        return failed(link, f"{what} is disabled; was it on purpose?", expected="enabled", fix=enable)
    return ok(link, f"{what} is {found.get('state', 'ACTIVE')}")


def _changed(expected: Expected, flag: str) -> str:
    """What changes the provider: the stack if it is the stack's, else its owner."""
    return fixes.up(expected.stack) if expected.pool_is_ours else _provider(expected, "update-aws", flag)


def _pool(expected: Expected, verb: str, *flags: str) -> str:
    return fixes.pool(verb, *flags, pool_id=expected.pool_id, project=expected.pool_project)


def _provider(expected: Expected, verb: str, *flags: str) -> str:
    return fixes.provider(
        verb, *flags, provider_id=expected.provider_id, pool_id=expected.pool_id, project=expected.pool_project
    )
