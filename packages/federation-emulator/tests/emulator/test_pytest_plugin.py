"""The fixture of other people's tests, run as they would: a suite of its own in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from keyless_bigquery.components.program import ROOT

CONFTEST = 'pytest_plugins = ["federation_emulator.pytest_plugin"]\n'
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


def test_the_right_role_reads(local_google):
    with local_google.as_role("reader", service_account="reporter"):
        assert rows(local_google) == ["pear", "quince"]
    assert all(decision.allowed for decision in local_google.decisions())
    assert "AWS_SESSION_TOKEN" not in os.environ


def test_another_role_is_refused(local_google):
    with pytest.raises(LookupError):
        local_google.last_refusal()
    with local_google.as_role("stranger", service_account="reporter"), pytest.raises(OAuthError):
        refresh()
    assert local_google.last_refusal().refusal.part.value == "condition"
    assert len(local_google.decisions()) == 1


def test_a_grant_taken_away_is_seen_late_with_such_faults(local_google):
    path = "/v1/projects/-/serviceAccounts/reporter@local-keyless.iam.gserviceaccount.com"
    policy = local_google.call("POST", path + ":getIamPolicy")
    local_google.faults(iam_delay_seconds=300)
    local_google.call("POST", path + ":setIamPolicy", {"policy": {}})
    with local_google.as_role("reader", service_account="reporter"):
        refresh()
        local_google.clock.advance(minutes=6)
        with pytest.raises(RefreshError):
            refresh()
    local_google.faults()
    local_google.call("POST", path + ":setIamPolicy", {"policy": {"bindings": policy["bindings"]}})


def test_the_faults_of_the_last_test_are_over(local_google):
    with local_google.as_role("reader"):
        refresh()
"""


def test_a_suite_of_ones_own_gets_a_seeded_google_with_one_import(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_mine.py").write_text(SUITE)
    seed = ROOT / "packages/federation-emulator/src/federation_emulator/example.yaml"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nfederation_seed = {seed}\nfilterwarnings = error\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=90,
        check=False,
    )  # fmt: skip
    assert "4 passed" in run.stdout, run.stdout + run.stderr
