"""Decisions survive JSON, are bounded, and read as one chain."""

from __future__ import annotations

import json

import pytest

from federation_emulator.console.render import render_chain, render_in_short
from federation_emulator.core.clock import SystemClock
from federation_emulator.core.errors import not_found
from federation_emulator.core.trace import LONGEST_VALUE, Link, Part, Refusal, Refused, Trace, from_json, to_json
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
