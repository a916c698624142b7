"""What the page about options says a preview shows is what the program registers."""

from __future__ import annotations

import re

import pytest

from keyless_bigquery.components.program import ROOT
from keyless_bigquery.packaging import Target
from keyless_bigquery.settings import consistency
from keyless_bigquery.settings.problems import setting_of
from keyless_bigquery.settings.settings import KEYS
from tests.components.recording import Recording, record
from tests.docs.config_lines import lines_of
from tests.docs.pages import read

PAGE = read(ROOT / "docs" / "options.md")
NOT_CHOICES = {
    *("awsAccountId", "googleProjectNumber", "providerId", "googleUniverseDomain", "googleEndpoint", "awsEndpoint"),
    *("roleName", "functionName", "serviceAccountId", "maximumBytesBilled"),
}
"""Names and addresses, which the page leaves to the other pages and to ``Pulumi.yaml``."""

EVERY_ADDITION = {
    "snapStart": "true",
    "schedule": "rate(1 hour)",
    "subnetIds": '["subnet-0123456789abcdef0"]',
    "securityGroupIds": '["sg-0123456789abcdef0"]',
    "environmentKmsKeyArn": "arn:aws:kms:us-east-1:210987654321:key/1234abcd",
    "subjectToken": "aws-oidc",
    "awsTokenIssuer": "https://0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0.tokens.sts.global.api.aws",
    "poolProject": "pool-project",
    "dataProject": "data-project",
}


def test_every_resource_that_a_preview_is_said_to_show_is_one_of_the_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consistency, "_SNAP_START_SINCE", Target.host().runtime)  # the package is for this machine
    made = _named(record(EVERY_ADDITION))
    shown = {span for span in PAGE.spans if re.fullmatch(r"[+~-] [a-z-]+…?", span)}
    assert {span[2:] for span in shown} - made == set()
    # What an option adds, the page must have.
    added = made - _named(record())
    assert added - {span[2:] for span in shown if span[0] == "+"} == set()


def _named(recorded: Recording) -> set[str]:
    # The page has an ellipsis for the project.
    return {re.sub(r"^pool-suffix-.+", "pool-suffix-…", resource.name) for resource in recorded.resources}


def test_every_choice_has_a_line_to_type() -> None:
    named = {setting_of(key) for commands in PAGE.commands for key, _, _ in lines_of(commands)}
    assert set(KEYS) - NOT_CHOICES - named == set()
