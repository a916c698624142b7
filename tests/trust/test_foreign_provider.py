"""Another team's provider is used only if it can be shown that no other caller comes in by our name."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyless_bigquery.trust.adversarial_callers import arn_of, caller_of, strangers, unnamed
from keyless_bigquery.trust.attributes import (
    Assertion,
    MappingError,
    condition_holds,
    map_attributes,
)
from keyless_bigquery.trust.foreign_provider import ForeignProvider, Refusal, refusals
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING
from keyless_bigquery.trust.trust import TrustChain
from tests.trust.test_named_roles import CALLERS, CONDITIONS, NAMES

ACCOUNT, ROLE, FUNCTION = "210987654321", "team.reader", "reader-fn"
ROLES = f"arn:aws:sts::{ACCOUNT}:assumed-role/"
CLAUSE = f"assertion.account == '{ACCOUNT}' && assertion.arn.startsWith('{ROLES}{ROLE}/')"
READER = TrustChain(aws_account_id=ACCOUNT, role_name=ROLE, function_name=FUNCTION)
FIT = ForeignProvider(aws_account_id=ACCOUNT, attribute_mapping={}, attribute_condition=CLAUSE)
ROLE_EXPRESSION = DEFAULT_AWS_MAPPING["attribute.aws_role"]


def judged(readers: tuple[TrustChain, ...] = (READER,), **changes: Any) -> list[Refusal]:
    return refusals(dataclasses.replace(FIT, **changes), readers)


def with_role(expression: str, **more: str) -> dict[str, str]:
    return {"google.subject": "assertion.arn", "attribute.aws_role": expression, **more}


def test_a_provider_like_our_own_is_fit() -> None:
    assert judged() == []


@pytest.mark.parametrize(
    ("changes", "rule", "actual"),
    [
        ({"kind": "OIDC"}, "must be an AWS provider", "kind OIDC"),
        ({"kind": ""}, "must be an AWS provider", "another kind"),
        ({"aws_account_id": ""}, "must trust the account", "no account"),
        ({"aws_account_id": "111122223333"}, "must trust the account", "111122223333"),
        ({"state": "DELETED"}, "must be ACTIVE", "DELETED"),
        ({"state": ""}, "must be ACTIVE", "no state"),
        ({"disabled": True}, "must not be disabled", "disabled"),
        ({"attribute_condition": ""}, "must have an attribute condition", "none"),
        ({"attribute_condition": "  "}, "must have an attribute condition", "none"),
        ({"attribute_condition": "assertion.arn =="}, "condition must be valid", "CEL"),
        ({"attribute_condition": "assertion.arn.reverse() == 'x'"}, "condition must be valid", "calls reverse"),
        ({"attribute_mapping": {"attribute.aws_role": ROLE_EXPRESSION}}, "mapping must be valid", "google.subject"),
        ({"attribute_mapping": with_role("assertion.arn.")}, "mapping must be valid", "CEL"),
        ({"attribute_mapping": {"google.subject": "assertion.arn"}}, "which the binding names", "no such attribute"),
        (
            {"attribute_mapping": with_role(ROLE_EXPRESSION) | {"google.subject": "assertion.userid"}},
            "google.subject must be assertion.arn",
            "assertion.userid",
        ),
    ],
)
def test_what_makes_a_provider_unfit_is_the_only_thing_named(changes: dict[str, Any], rule: str, actual: str) -> None:
    [found] = judged(**changes)
    assert rule in found.rule
    assert actual in found.actual
    assert found.fix
    assert str(found) == f"{found.rule}; actual: {found.actual}. Fix: {found.fix}."


def test_every_reason_is_given_at_once() -> None:
    found = judged(state="DELETED", disabled=True, aws_account_id="", attribute_condition="")
    assert len(found) == 4


@pytest.mark.parametrize(
    "mapping",
    [
        DEFAULT_AWS_MAPPING,
        with_role(ROLE_EXPRESSION.replace(" ", "\n  ").replace("'", '"') + " // as Google has it"),
        with_role(ROLE_EXPRESSION, **{"google.groups": "['a']", "attribute.account": "assertion.account"}),
    ],
)
def test_googles_own_expression_is_known_however_it_is_laid_out(mapping: dict[str, str]) -> None:
    assert judged(attribute_mapping=mapping) == []


@pytest.mark.parametrize(
    ("expression", "stranger"),
    [
        ("assertion.arn.extract('assumed-role/{role_name}/')", None),
        ("assertion.account", None),
        ("assertion.arn", None),
        (f"'{ROLES}{ROLE}'", f"{ROLES}nobody-"),
        (f"'{ROLES}' + assertion.arn.extract('assumed-role/{{role}}/')", "user/assumed-role/team.reader/"),
        (f"'{ROLES}' + assertion.arn.split('/')[1]", "user/team.reader"),
        (f"assertion.arn.startsWith('{ROLES}{ROLE}') ? '{ROLES}{ROLE}' : ''", f"{ROLES}{ROLE}2/"),
        (f"assertion.arn.lowerAscii().contains('{ROLES}{ROLE}/') ? '{ROLES}{ROLE}' : ''", f"{ROLES}TEAM.READER/"),
        (f"assertion.arn.endsWith('{ROLE}/{FUNCTION}') ? '{ROLES}{ROLE}' : ''", f"{ROLES}x{ROLE}/"),
        (f"assertion.arn.matches('{ROLES}team.reader/') ? '{ROLES}{ROLE}' : ''", f"{ROLES}teamxreader/"),
        (f"assertion.arn.startsWith('{ROLES}{ROLE}/') ? '{ROLES}{ROLE}' : 'none'", "unknown, and so refused"),
    ],
)
def test_another_expression_is_refused_and_who_gets_our_value_named(expression: str, stranger: str | None) -> None:
    found = judged(attribute_mapping=with_role(expression))
    assert "must be mapped so that no other caller" in found[0].rule
    assert found[0].actual == expression
    assert ROLE_EXPRESSION in found[0].fix
    if stranger is None:
        assert "must be its role's ARN" in found[1].rule
    elif stranger.startswith(("arn:", "user/")):
        assert "for any principal but that role" in found[1].rule
        assert stranger in found[1].actual
    else:
        assert len(found) == 1


def test_a_mapping_that_fails_for_the_function_is_refused_for_any_attribute() -> None:
    [found] = judged(attribute_mapping=with_role(ROLE_EXPRESSION, **{"attribute.other": "assertion.sub"}))
    assert "must give values" in found.rule
    assert "assertion.sub" in found.actual


@pytest.mark.parametrize(("length", "fits"), [(127, True), (128, False)])
def test_the_subject_may_have_127_bytes(length: int, fits: bool) -> None:
    name = "f" * (length - len(f"{ROLES}{ROLE}/"))
    found = judged((dataclasses.replace(READER, function_name=name),))
    assert (found == []) is fits
    assert all("may have 127 bytes" in refusal.rule for refusal in found)


def test_of_several_readers_the_one_that_is_kept_out_is_named() -> None:
    other = dataclasses.replace(READER, role_name=f"{ROLE}2", function_name="other-fn")
    clause = CLAUSE.replace(f"{ROLE}/", f"{ROLE}2/")
    [found] = judged((READER, other))
    assert found.fix == f"add to it: || {clause}"
    assert f"{ROLE}2/other-fn" in found.actual
    both = f"({CLAUSE}) || (assertion.arn.startsWith('{ROLES}{ROLE}2/'))"
    assert judged((READER, other), attribute_condition=both) == []
    [broad] = judged((READER, other), attribute_condition="assertion.arn != ''")
    assert f"({CLAUSE}) || ({clause})" in broad.fix


def test_a_text_can_not_have_named_its_unnamed_role() -> None:
    assert unnamed(CLAUSE) == unnamed(CLAUSE)
    assert unnamed(CLAUSE) not in CLAUSE
    assert unnamed(CLAUSE) != unnamed(CLAUSE + " ")


@given(st.text("abRz09_+=,.@-", min_size=1, max_size=64))
def test_no_stranger_has_the_role_itself(name: str) -> None:
    trust = dataclasses.replace(READER, role_name=name)
    assert not [s for s in map(arn_of, strangers(trust, stranger=unnamed(name))) if s.startswith(f"{trust.role_arn}/")]


# An independent oracle: who gets in is asked of the rules by which Google decides, and who is meant read off the ARN.
def let_in(condition: str, mapping: dict[str, str], caller: Assertion) -> str | None:
    """The role attribute of a caller who is let in."""
    try:
        attributes = map_attributes(mapping, caller)
        return attributes.custom.get("aws_role") if condition_holds(condition, caller, attributes) else None
    except MappingError:
        return None


@settings(max_examples=80, deadline=None)
@given(
    role=st.sampled_from(NAMES),
    others=CONDITIONS,
    join=st.sampled_from(["{ours} || {others}", "({others}) || {ours}", "{ours} && ({others})", "{others}"]),
    mapping=st.sampled_from([{}, with_role("assertion.arn.extract('assumed-role/{x}/')"), with_role(ROLE_EXPRESSION)]),
)
def test_a_fit_provider_lets_in_only_who_is_named_and_gives_our_value_to_our_role_only(
    role: str, others: str, join: str, mapping: dict[str, str]
) -> None:
    ours = f"assertion.arn.startsWith('{ROLES}{role}/')"
    condition = join.format(ours=ours, others=others)
    reader = TrustChain(aws_account_id=ACCOUNT, role_name=role, function_name="b")
    if judged((reader,), attribute_condition=condition, attribute_mapping=mapping):
        return
    assert let_in(condition, mapping, caller_of(reader)) == f"{ROLES}{role}"
    for caller in CALLERS:
        value = let_in(condition, mapping, caller)
        if value is not None:
            found = re.match(rf"{ROLES}([^/]+)/", caller.arn)
            named = rf"(?<![ab-]){re.escape(found[1])}(?![ab-])" if found else f"'{re.escape(caller.arn)}'"
            assert re.search(named, condition), f"{caller.arn} isn't named"
            assert (value == f"{ROLES}{role}") is (found is not None and found[1] == role)


def test_a_role_whose_name_is_the_beginning_of_the_others_is_among_those_who_are_tried() -> None:
    trust = dataclasses.replace(READER, role_name="reader", function_name="fn")
    tried = [arn_of(caller) for caller in strangers(trust, stranger="other")]
    assert "arn:aws:sts::210987654321:assumed-role/reade/fn" in tried
    assert "arn:aws:sts::210987654321:assumed-role/readery/fn" not in tried
