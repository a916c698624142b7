"""Decisions survive JSON, are bounded, and read as one chain."""

from __future__ import annotations

import json

import pytest

from federation_emulator.console.render import render_chain, render_in_short
from federation_emulator.core.clock import SystemClock
from federation_emulator.core.errors import not_found
from federation_emulator.core.parts import Check, Link, Part, check_of
from federation_emulator.core.trace import LONGEST_VALUE, Refusal, Refused, Trace, from_json, refuse, to_json
from tests.emulator.chain import ACCOUNT, MEMBER, POOL, PROVIDER, READER, ROLE, Chain, token_of


def refusal(actual: str = "this") -> Refused:
    return Refused(
        Refusal(part=Part.CONDITION, rule="rule", actual=actual, expected="that", fix="so"),
        not_found("what the client sees"),
    )


def test_a_block_that_ends_is_allowed_and_one_that_is_left_by_a_refusal_is_refused() -> None:
    trace = Trace(SystemClock())
    with trace.deciding(Link.JOB, resource="p") as allowed:
        allowed.passed(Part.TOKEN, "known", "#12345678")
    with pytest.raises(Refused), trace.deciding(Link.TABLE, resource="t", parent=allowed.id):
        raise refusal()
    first, second = trace.after(None)
    assert (first.allowed, second.allowed, second.parent) == (True, False, first.id)
    assert trace.after(first.id) == [second]
    assert trace.after("unknown") == [first, second]


def test_a_refusal_has_the_name_of_the_check_that_failed() -> None:
    trace = Trace(SystemClock())
    with pytest.raises(Refused), trace.deciding(Link.TOKEN_EXCHANGE, resource="an audience"):
        refuse(Part.REQUEST, rule="r", actual="a", expected="e", fix="f", answer=not_found(""), check=Check.AUDIENCE)
    with trace.deciding(Link.TOKEN_EXCHANGE, resource="an audience"):
        pass
    refused, allowed = read = from_json(json.loads(json.dumps(to_json(trace.after(None)))))
    assert read == trace.after(None)
    assert (refused.refused_at, refused.rule, refused.actual, refused.expected, refused.fix) == (
        "audience", "r", "a", "e", "f"
    )  # fmt: skip
    assert (allowed.refused_at, allowed.rule, allowed.actual, allowed.expected, allowed.fix) == (None,) * 5


@pytest.mark.parametrize(
    ("link", "part", "check"),
    [
        (Link.TOKEN_EXCHANGE, Part.CALLER, "signature"),
        (Link.TOKEN_EXCHANGE, Part.ATTRIBUTES, "attribute mapping"),
        (Link.TOKEN_EXCHANGE, Part.CONDITION, "attribute condition"),
        (Link.IMPERSONATION, Part.PERMISSION, "impersonation binding"),
        (Link.JOB, Part.PERMISSION, "job permission"),
        (Link.TABLE, Part.PERMISSION, "table permission"),
        (Link.ADMINISTRATION, Part.PERMISSION, "permission"),
        (Link.TABLE, Part.TOKEN, "access token"),
    ],
)
def test_each_part_of_each_link_has_a_check(link: Link, part: Part, check: str) -> None:
    assert check_of(link, part) == check


@pytest.mark.parametrize("written", [None, [{}], [{"id": "1"}], "text"])
def test_what_is_no_list_of_decisions_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="no list of decisions"):
        from_json(written)


def test_a_quiet_decision_is_recorded_only_when_refused() -> None:
    trace = Trace(SystemClock())
    with trace.deciding(Link.ADMINISTRATION, resource="r", quiet=True):
        pass
    assert trace.after(None) == []
    with pytest.raises(Refused), trace.deciding(Link.ADMINISTRATION, resource="r", quiet=True):
        raise refusal()
    assert len(trace.after(None)) == 1


def test_the_record_and_its_values_are_bounded() -> None:
    trace = Trace(SystemClock(), kept=3)
    for _ in range(5):
        with pytest.raises(Refused), trace.deciding(Link.JOB, resource="x" * 10_000):
            raise refusal("y" * 10_000)
    decisions = trace.after(None)
    assert len(decisions) == 3
    last = decisions[-1]
    assert last.refusal is not None
    assert len(last.refusal.actual) == len(last.resource) == LONGEST_VALUE + 1


def test_a_chain_reads_from_the_caller_to_the_permission(chain: Chain, as_function: object) -> None:
    assert as_function
    with chain.client() as client:
        assert client.query_and_wait(chain.sql("SELECT user_id FROM {users}")).total_rows == 3
    decisions = chain.google.decisions()[-4:]
    assert from_json(json.loads(json.dumps(to_json(decisions)))) == decisions
    lines = render_chain(decisions).splitlines()
    links = [line.split("  ")[0].strip() for line in lines if not line.startswith(" ")]
    assert [link.removesuffix(" allowed") for link in links] == [
        "token exchange",
        "impersonation",
        "job creation",
        "table access",
    ]
    labels = [line[2:14].strip() for line in lines[1:] if line.startswith("  ")]
    order = [label for label in labels[:8] if label != "request"]
    assert order == ["caller ARN", "attributes", "condition", "principal", "token", *order[5:]]
    assert f"  caller ARN   arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/reader-function" in lines
    assert f"roles/bigquery.dataViewer for serviceAccount:{READER}" in lines[-1]


def test_a_refused_chain_reports_what_is_expected_and_the_fix(chain: Chain, as_function: object) -> None:
    assert as_function
    chain.revoke(f"/v1/projects/local-keyless/serviceAccounts/{READER}", "roles/iam.workloadIdentityUser", MEMBER)
    with pytest.raises(Exception, match="Unable to acquire impersonated credentials"):
        token_of(chain.credentials())
    text = render_chain(chain.google.decisions()[-2:])
    assert "impersonation   REFUSED" in text
    for word in ("✗ iam.serviceAccounts.getAccessToken is needed on", "actual ", "expected ", "fix "):
        assert word in text
    short = render_in_short([*chain.google.decisions()[-2:]] * 2).splitlines()
    assert [line for line in short if not line.startswith(" ")] == [
        f"token exchange  allowed  .../{POOL}/providers/{PROVIDER}",
        f"impersonation   REFUSED  serviceAccount:{READER.partition('@')[0]}@...",
    ]
    assert "expected  roles/iam.workloadIdentityUser for principal:.../" in "\n".join(short)
