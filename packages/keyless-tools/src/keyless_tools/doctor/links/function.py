"""The AWS side: the function, the role that it runs as, its environment, and its log."""

from __future__ import annotations

import json
from collections.abc import Iterator

from keyless_bigquery.components.role_policies import TOKEN_POLICY
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from keyless_tools.doctor import fixes
from keyless_tools.doctor.answer import JSON, Absent, Found
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Judgement, failed, not_looked, not_seen, not_there, ok, unknown
from keyless_tools.doctor.links.access import location_of
from keyless_tools.doctor.observed import Seen

LAMBDA = "Service lambda.amazonaws.com"
"""Who alone may assume the role."""


def settings(expected: Expected, seen: Seen) -> Judgement:
    """What is deployed is what is configured."""
    moved, undeployed = dict(expected.moved), list(expected.undeployed)
    location = location_of(seen.dataset, seen.table)
    if expected.table_is_ours and location and location.casefold() != expected.location.casefold():
        moved["bigqueryLocation"] = location
        undeployed.append(f"the dataset is in {location}, configured is {expected.location}")
    if moved or expected.dropped:
        return failed(
            "; ".join(undeployed),
            expected="the settings of the tables that are there: `pulumi up` would replace or delete one with its rows."
            " To move them on purpose: docs/living.md, What a change replaces",
            fix=fixes.restore_settings(expected.stack, moved)
            if moved
            else fixes.settings_of_the_last_deployment(expected.stack),
        )
    if not undeployed:
        return ok("what is deployed is what is configured")
    return failed(
        "; ".join(undeployed),
        expected="a stack that was deployed after its settings were changed",
        fix=fixes.deploy(expected.stack),
    )


def function(expected: Expected, seen: Seen) -> Judgement:
    """The function is there, can run, and runs as its role."""
    name, up = expected.function, fixes.up(expected.stack)
    place = {"function": expected.trust.function_name, "region": expected.region}
    if not isinstance(seen.function, Found):
        return not_there(f"function {name}", seen.function, fix=up)
    found = seen.function.value["Configuration"]
    if found["Role"] != expected.role_arn:
        needed = f"the role {expected.role_arn}, which is the one that Google trusts"
        return failed(f"{name} runs as {found['Role']}", expected=needed, fix=up)
    state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
    if "Failed" in (state, update):
        why = found.get("StateReason") or found.get("LastUpdateStatusReason") or "AWS does not say why"
        again = fixes.make_function_again(expected.stack, **place)
        return failed(f"{name} is {state}, its last update {update}: {why}", expected="Active", fix=again)
    if state == "Pending" and update != "InProgress":
        return failed(f"{name} is {state}", expected="Active", fix=fixes.wait_for_function(**place))
    if seen.function.value.get("Concurrency", {}).get("ReservedConcurrentExecutions") == 0:
        return failed(
            f"{name} has a reserved concurrency of 0, so that it never runs",
            expected="one above 0, or none",
            fix=fixes.run_again(expected.stack, reader=expected.place) if expected.paused else up,
        )
    # Until an update is done the function runs as it did before.
    still = ", and is being updated" if update == "InProgress" else ""
    return ok(f"{name} is {state} and runs as {expected.role_arn}{still}")


def role(expected: Expected, seen: Seen) -> Judgement:
    """The role is there, and Lambda alone may assume it."""
    name, fix = expected.trust.role_name, fixes.up(expected.stack)
    if not isinstance(seen.role, Found):
        return not_there(f"role {name}", seen.role, fix=fix)
    may_assume = sorted(set(_who_may_assume(seen.role.value["AssumeRolePolicyDocument"])))
    if may_assume != [LAMBDA]:
        needed = f"{LAMBDA} alone: any principal that assumes the role can read the table"
        return failed(f"{name} may be assumed by {', '.join(may_assume) or 'no principal'}", expected=needed, fix=fix)
    if TOKEN_POLICY in expected.inline_policies and isinstance(seen.role_policies, Found):
        if TOKEN_POLICY not in seen.role_policies.value["inline"]:
            needed = f"{TOKEN_POLICY}: without it AWS signs no token for the role"
            return failed(f"{name} has no policy {TOKEN_POLICY}", expected=needed, fix=fix)
        return ok(f"{name} may be assumed by {LAMBDA} alone; what its policy {TOKEN_POLICY} says isn't checked")
    return ok(f"{name} may be assumed by {LAMBDA} alone")


def variables(expected: Expected, seen: Seen) -> Judgement:
    """The function has the variables that the program gives it."""
    if not isinstance(seen.function, Found):
        return not_looked("there is no function to look at")
    given = seen.function.value["Configuration"].get("Environment") or {}
    if "Error" in given:
        return unknown(f"AWS can't decrypt it for you: {given['Error'].get('Message', 'AWS does not say why')}")
    found = given.get("Variables") or {}
    wrong = {name: value for name, value in expected.variables.items() if found.get(name) != value}
    if wrong:
        return failed(
            ", ".join(f"{name}={found[name]}" if name in found else f"{name} is not set" for name in wrong),
            expected=", ".join(f"{name}={value}" for name, value in wrong.items()),
            fix=fixes.up(expected.stack),
        )
    return ok(", ".join(f"{name}={value}" for name, value in expected.variables.items()))


def credential_configuration(expected: Expected, seen: Seen) -> Judgement:
    """The file in the package is what the provider needs."""
    name, answer = CREDENTIAL_CONFIGURATION_FILE, seen.credential_configuration
    if not isinstance(seen.function, Found):
        return not_looked("there is no function to look at")
    fix = fixes.make_function_again(expected.stack, function=expected.trust.function_name, region=expected.region)
    if isinstance(answer, Absent):
        return failed(f"the package holds no {name}", expected=name, fix=fix)
    if isinstance(answer, Found):
        text, which = answer.value, f"{name} in the package"
    else:
        unseen = not_seen("the file in the package", answer).actual
        text, which = expected.exported_configuration, f"the stack's output ({unseen})"
    needed = json.loads(expected.credential_configuration)
    try:
        found = json.loads(text)
    except ValueError:
        return failed(f"{which} is no JSON", expected="what the provider needs", fix=fix)
    differing = list(_differences(found, needed))
    if differing:
        return failed(
            f"{which}: " + ", ".join(f"{path} is {mine}" for path, mine, _ in differing),
            expected=", ".join(f"{path} is {other}" for path, _, other in differing),
            fix=fix,
        )
    return ok(f"{which} names {needed['audience']}")


def log_group(expected: Expected, seen: Seen) -> Judgement:
    """The function's log has a place."""
    if not isinstance(seen.log_group, Found):
        return not_there(f"log group {expected.log_group}", seen.log_group, fix=fixes.up(expected.stack))
    kept = seen.log_group.value.get("retentionInDays")
    return ok(f"{expected.log_group}, kept {f'{kept} days' if kept else 'for ever'}")


def _who_may_assume(document: JSON) -> Iterator[str]:
    """Each principal that a trust policy allows something, with its kind. Source: AWS, "Principal"."""
    statements = document.get("Statement") or []
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal", {})
        for kind, names in (principal if isinstance(principal, dict) else {"AWS": principal}).items():
            for name in [names] if isinstance(names, str) else names:
                yield f"{kind} {name}"


def _differences(found: object, needed: object, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where two JSON values differ: path, what is there, what should be."""
    if isinstance(found, dict) and isinstance(needed, dict):
        for key in sorted({*found, *needed}):
            yield from _differences(found.get(key), needed.get(key), f"{path}.{key}" if path else key)
    elif found != needed:
        yield path or "the whole", json.dumps(found), json.dumps(needed)
