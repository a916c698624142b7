"""The bug report: what a maintainer needs, without a name, a number or a secret of the reporter, and without markup."""

from __future__ import annotations

import re

import pytest

from federation_emulator.console.placeholders import Placeholders
from tests.emulator.google_server import Google
from tests.emulator.signing import form

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJyZXBvOmFjbWUvc2hvcCJ9.c2lnbmF0dXJlLW9mLWl0"
PLANTED = (
    "ya29.c.b0Aaekm1K-planted_access-token",
    "ASIA4EXAMPLE5PLANTED",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "hunter",
)


def report_of(google: Google, decision_id: str) -> str:
    return str(google.done("GET", f"/_local/decisions/{decision_id}")["report"])


FIELDS = ("audience", "scope", "grant_type", "requested_token_type", "subject_token_type", "subject_token")


@pytest.mark.parametrize(
    ("field", "secret"), [*((field, JWT) for field in FIELDS), *(("audience", secret) for secret in PLANTED)]
)
def test_a_secret_that_a_client_sent_where_a_name_belongs_is_not_in_the_report(
    shared: Google, field: str, secret: str
) -> None:
    answer = shared.session.post(f"{shared.url}/v1/token", data=form("token", **{field: secret}), timeout=20)
    assert answer.status_code in {400, 401, 403}
    report = report_of(shared, shared.decisions()[-1].id)
    assert "token exchange REFUSED" in report
    assert not [part for part in re.split(r"[./]", secret) if part in report and len(part) > 1]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # What is public stays
        ("the caller must belong to the provider's AWS account", None),
        ("iam.serviceAccounts.getAccessToken is needed on the API bigquery.googleapis.com", None),
        ("roles/bigquery.dataViewer, roles/owner", None),
        ("signed 20261129T223241Z, now 2026-11-29T22:32:41Z, within 15 minutes, #ae083a7f", None),
        ("host sts.eu-west-1.amazonaws.com, region eu-west-1, alg RS256", None),
        ("user:deployer@local.invalid", None),
        # Names, by where they stand
        ("arn:aws:sts::210987654321:assumed-role/Shop/fn", "arn:aws:sts::ACCOUNT-1:assumed-role/ROLE-1/SESSION-1"),
        ("projects/shop-eu/datasets/sales/tables/users", "projects/PROJECT-1/datasets/DATASET-1/tables/TABLE-1"),
        ("projects/123456789012", "projects/PROJECT-NUMBER-1"),
        ("workloadIdentityPools/p1/providers/q", "workloadIdentityPools/POOL-1/providers/PROVIDER-1"),
        ("a@shop.iam.gserviceaccount.com is disabled", "USER-1@PROJECT-1.iam.gserviceaccount.com is disabled"),
        ("user:ann@shop.example", "user:USER-1@DOMAIN-1.VALUE-1"),
        ("projects/shop/roles/auditor", "projects/PROJECT-1/roles/VALUE-1"),
        # Expressions: their literals are names, whatever they look like
        ("attribute.team == 'billing' || has(assertion.x)", "attribute.team == 'VALUE-1' || has(assertion.x)"),
        ("assertion.sub.startsWith('repo:acme/shop:')", "assertion.sub.startsWith('repo:VALUE-1/VALUE-2:')"),
        ("assertion.team in ['a', \"b c\"]", "assertion.team in ['VALUE-1', \"VALUE-2 VALUE-3\"]"),
        ("assertion.team == 'it\\'s secret'", "assertion.team == 'VALUE-1\\'VALUE-2 VALUE-3'"),
        ("assertion.team == 'billing and mor…", "assertion.team == 'VALUE-1 VALUE-2 VALUE-3…"),
        ("binding names attribute.team = billing", "binding names attribute.team = VALUE-1"),
        ("another, for alg RS256, kid mine", "another, for alg RS256, kid VALUE-1"),
        # A name is found in prose too, and equal stays equal
        ("projects/shop and project shop", "projects/PROJECT-1 and project PROJECT-1"),
        ("role/reader, role/Reader, role/reader", "role/ROLE-1, role/ROLE-2, role/ROLE-1"),
        ("prüfer", "VALUE-1"),
    ],
)
def test_names_are_replaced_and_what_is_public_stays(text: str, written: str | None) -> None:
    assert Placeholders().replace(text) == (written or text)


def test_a_value_alone_is_a_name_however_plain() -> None:
    assert Placeholders().replace("payments", is_value=True) == "VALUE-1"
    assert Placeholders().replace("payments") == "payments"


def test_nothing_that_a_caller_sent_is_markup_where_a_report_is_pasted(shared: Google) -> None:
    sent = "x``` `````` <b>@someone #1 \u202e\n# title\n- [ ] item"
    shared.session.post(f"{shared.url}/v1/token", data=form("token", audience=sent), timeout=20)
    report = report_of(shared, shared.decisions()[-1].id)
    # Fences are longer than any run inside, as CommonMark closes a block by one at least as long.
    outside = re.split(r"^(`{3,})[a-z]+\n.*?\n\1$", report, flags=re.MULTILINE | re.DOTALL)
    assert len(outside) == 7
    assert outside[0].startswith("**token exchange REFUSED**")
    assert not re.search(r"[<@#`]|someone|title|item", "".join(outside[0::2]))
    assert "someone" not in report
    assert "\u202e" not in report


def test_a_report_has_the_policies_and_the_versions(shared: Google) -> None:
    assert shared.call("GET", "/v1/projects/123456789012/serviceAccounts/x/keys", token="bad").status_code == 401
    report = report_of(shared, shared.decisions()[-1].id)
    assert '"role": "roles/owner"' in report
    assert re.search(r"^federation-emulator [0-9.]+, Python 3[0-9.]+, ", report, re.MULTILINE | re.ASCII)
