"""The fixture of other people's tests, run as they would: a suite of its own in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from keyless_bigquery.components.program import ROOT

SUITE = """
import os

import google.auth
import pytest
from google.auth.exceptions import OAuthError, RefreshError
from google.auth.transport.requests import Request
from google.cloud import bigquery

SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
ROWS = "SELECT item FROM `local-keyless.shop.orders` ORDER BY id"


def rows(google):
    credentials, project = google_auth_default()
    options = {"api_endpoint": google.url, "universe_domain": "local.invalid"}
    client = bigquery.Client(project=project, credentials=credentials, client_options=options)
    return [row.item for row in client.query_and_wait(ROWS)]


def google_auth_default():
    credentials, project = google.auth.default(scopes=SCOPES)
    return credentials, os.environ["GOOGLE_CLOUD_PROJECT"]


def refresh():
    google_auth_default()[0].refresh(Request())


def test_the_right_role_reads(federation):
    with federation.as_role("reader", service_account="reporter"):
        assert rows(federation) == ["pear", "quince"]
    assert all(decision.allowed for decision in federation.decisions())
    assert (federation.last.link, federation.last.refused_at, federation.last.fix) == ("table access", None, None)
    assert "AWS_SESSION_TOKEN" not in os.environ


def test_another_role_is_refused(federation):
    for nothing in (federation.last_refusal, lambda: federation.last):
        with pytest.raises(LookupError):
            nothing()
    with federation.as_role("stranger", service_account="reporter"), pytest.raises(OAuthError):
        refresh()
    assert federation.last_refusal() == federation.last
    assert (federation.last.link, federation.last.refused_at) == ("token exchange", "attribute condition")
    assert "assumed-role/stranger/" in federation.last.actual
    assert federation.last.rule and federation.last.expected and federation.last.fix
    assert len(federation.decisions()) == 1


def test_a_grant_taken_away_is_seen_late_with_such_faults(federation):
    path = "/v1/projects/-/serviceAccounts/reporter@local-keyless.iam.gserviceaccount.com"
    policy = federation.call("POST", path + ":getIamPolicy")
    federation.faults(iam_delay_seconds=300)
    federation.call("POST", path + ":setIamPolicy", {"policy": {}})
    with federation.as_role("reader", service_account="reporter"):
        refresh()
        federation.clock.advance(minutes=6)
        with pytest.raises(RefreshError):
            refresh()
    assert (federation.last.link, federation.last.refused_at) == ("impersonation", "impersonation binding")
    federation.faults()
    federation.call("POST", path + ":setIamPolicy", {"policy": {"bindings": policy["bindings"]}})


def test_the_faults_of_the_last_test_are_over(local_google, federation):
    assert local_google is federation
    with federation.as_role("reader"):
        refresh()


PROVIDERS = {"other-aws": {"account": "111122223333"}}
OTHER = {"aws": {"roles": ["other"]}, "pools": {"other-pool": {"providers": PROVIDERS}}}


@pytest.mark.federation(seed=OTHER)
def test_a_test_may_have_a_seed_of_its_own(federation):
    with federation.as_role("other"), pytest.raises(OAuthError):
        refresh()
    assert federation.last.refused_at == "AWS account"
"""


def test_a_suite_of_ones_own_gets_a_seeded_google_where_the_package_is_installed(tmp_path: Path) -> None:
    (tmp_path / "test_mine.py").write_text(SUITE)
    seed = ROOT / "packages/federation-emulator/src/federation_emulator/example.yaml"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nfederation_seed = {seed}\nfilterwarnings = error\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip
    assert "5 passed" in run.stdout, run.stdout + run.stderr
