"""What the two providers are given: without an endpoint nothing that is the local cloud's, with one all that they read.

The tables are about the official plugins: which setting, as ``pulumi up`` hands it over, leads each of their calls.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.core.endpoints import Endpoints
from keyless_bigquery.packaging import Target
from keyless_bigquery.settings import consistency
from pulumi_offline.shell import variables
from tests.components.recording import Recording, record
from tests.components.test_program_options import LOOK_UP, NETWORK, THEIRS, provider

GCP, AWS = "pulumi:providers:gcp", "pulumi:providers:aws"
GOOGLE_URL, AWS_URL = "http://127.0.0.1:8080", "http://127.0.0.1:4566"
LOCAL = {"googleEndpoint": GOOGLE_URL, "awsEndpoint": AWS_URL, "googleUniverseDomain": "local.invalid"}

IAM, BIGQUERY, PROJECTS, SERVICES, BILLING = (
    f"{api}CustomEndpoint" for api in ("iamBeta", "bigQuery", "resourceManager", "serviceUsage", "cloudBilling")
)
GOOGLE_CALLS: Mapping[str, set[str]] = {
    "gcp:bigquery/dataset:Dataset": {BIGQUERY},
    "gcp:bigquery/datasetAccess:DatasetAccess": {BIGQUERY},
    "gcp:bigquery/getDataset:getDataset": {BIGQUERY},
    "gcp:bigquery/getDatasets:getDatasets": {BIGQUERY},
    "gcp:bigquery/getTable:getTable": {BIGQUERY},
    "gcp:bigquery/getTables:getTables": {BIGQUERY},
    "gcp:bigquery/iamMember:IamMember": {BIGQUERY},
    "gcp:bigquery/table:Table": {BIGQUERY},
    "gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool": {IAM},
    "gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider": {IAM},
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": {IAM},
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": {IAM},
    "gcp:organizations/getProject:getProject": {PROJECTS, BILLING},
    "gcp:projects/iAMMember:IAMMember": {PROJECTS},
    "gcp:projects/service:Service": {SERVICES, PROJECTS},
    "gcp:serviceaccount/account:Account": {IAM},
    "gcp:serviceaccount/getAccount:getAccount": {IAM},
    "gcp:serviceaccount/iAMMember:IAMMember": {IAM},
}
"""Source: terraform-provider-google-beta, services/*/product.go (``CustomEndpointField``), and the client that each
resource and data source makes: a service account's is ``iambeta.NewClient``, a project's ``resourcemanager``'s."""

AWS_CALLS: Mapping[str, str] = {
    "aws:cloudwatch/eventRule:EventRule": "cloudwatchevents",
    "aws:cloudwatch/eventTarget:EventTarget": "cloudwatchevents",
    "aws:cloudwatch/logGroup:LogGroup": "logs",
    "aws:iam/role:Role": "iam",
    "aws:iam/rolePolicy:RolePolicy": "iam",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "iam",
    "aws:lambda/alias:Alias": "lambda",
    "aws:lambda/function:Function": "lambda",
    "aws:lambda/permission:Permission": "lambda",
}
"""Source: terraform-provider-aws, the client that each resource makes, and names/data for the keys, among which
``cloudwatchevents`` is an alias of ``events``. A function makes an EC2 client with ``replaceSecurityGroupsOnDestroy``
only."""

AWS_AT_START = {"iam", "sts"}
"""The account's number is asked there before any resource. Source: aws-sdk-go-base, ``GetAwsAccountIDAndPartition``."""


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> list[Recording]:
    """Programs that register every type of resource between them, on a local cloud."""
    monkeypatch.setattr(consistency, "_SNAP_START_SINCE", Target.host().runtime)  # the package is for this machine
    return [
        record(LOCAL | {"schedule": "rate(1 hour)", "snapStart": "true"}),
        record(LOCAL | NETWORK | {"access": "direct", "pool": "existing", "providerName": THEIRS}, answers=provider()),
    ]


def given(stack: Recording, cloud: str) -> dict[str, Any]:
    return dict(stack.only(cloud).inputs)


def test_without_an_endpoint_the_providers_are_given_nothing_that_is_for_a_local_cloud() -> None:
    stack = record()
    assert given(stack, GCP) == {
        "project": "my-project",
        "addPulumiAttributionLabel": "false",
        "batching": '{"enableBatching": true, "sendAfter": "100ms"}',
    }
    assert given(stack, AWS) == {
        "region": "us-east-1",
        "allowedAccountIds": '["210987654321"]',
        # The SDK's own defaults, which it sends when the program says nothing.
        "skipCredentialsValidation": "false",
        "skipRegionValidation": "true",
    }


def test_with_endpoints_nothing_is_asked_at_a_public_host_first() -> None:
    stack = record(LOCAL)
    assert given(stack, GCP) == given(record(), GCP) | {
        "universeDomain": "local.invalid",
        IAM: f"{GOOGLE_URL}/v1/",
        SERVICES: f"{GOOGLE_URL}/v1beta1/",
        PROJECTS: f"{GOOGLE_URL}/v1/",
        BIGQUERY: f"{GOOGLE_URL}/bigquery/v2/",
        BILLING: f"{GOOGLE_URL}/v1/",
    }
    endpoints = given(stack, AWS).pop("endpoints")
    assert given(stack, AWS) == given(record(), AWS) | {
        "skipCredentialsValidation": "true",
        "skipMetadataApiCheck": "true",
        "endpoints": endpoints,
    }
    assert set(json.loads(endpoints)[0].values()) == {AWS_URL}


@pytest.mark.parametrize(
    ("settings", "google", "aws"),
    [
        ({"googleEndpoint": "https://{service}-mine.p.googleapis.com"}, True, False),
        ({"googleUniverseDomain": "apis-sovereign.example"}, True, False),
        ({"awsEndpoint": AWS_URL}, False, True),
    ],
)
def test_what_is_set_for_one_cloud_does_not_reach_the_other(settings: dict[str, str], google: bool, aws: bool) -> None:
    plain, stack = record(), record(settings)
    assert (given(stack, GCP) != given(plain, GCP)) is google
    assert (given(stack, AWS) != given(plain, AWS)) is aws


def test_a_sovereign_universe_is_named_to_the_provider_which_refuses_its_credentials_otherwise() -> None:
    assert given(record({"googleUniverseDomain": "apis-sovereign.example"}), GCP)["universeDomain"] == (
        "apis-sovereign.example"
    )


def test_every_endpoint_that_a_resource_or_look_up_needs_is_set(everything: list[Recording]) -> None:
    assert set(AWS_CALLS) <= {resource.type for stack in everything for resource in stack.resources}
    for stack in everything:
        google, (aws,) = given(stack, GCP), json.loads(given(stack, AWS)["endpoints"])
        for kind in {resource.type for resource in stack.resources} | {LOOK_UP}:
            if kind.startswith("gcp:"):
                assert GOOGLE_CALLS[kind] <= set(google), kind
            elif kind.startswith("aws:"):
                assert AWS_CALLS[kind] in aws, kind
        assert set().union(*GOOGLE_CALLS.values()) <= set(google)
        assert set(aws) >= AWS_AT_START


def test_each_google_endpoint_has_the_form_that_the_plugin_insists_on(everything: list[Recording]) -> None:
    """Source: terraform-provider-google-beta, ``CustomEndpointValidator``."""
    urls = [url for key, url in given(everything[0], GCP).items() if key.endswith("CustomEndpoint")]
    assert len(urls) == 5
    assert [url for url in urls if not re.fullmatch(r".*/[^/]+/", url)] == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AWS_EC2_METADATA_DISABLED", "true"),  # AWS SDKs: no session of the instance they run on
        ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", ""),  # the plugin would ask iamcredentials.googleapis.com for a token
        ("PULUMI_GCP_SKIP_REGION_VALIDATION", "true"),  # it would ask compute.googleapis.com about GOOGLE_REGION
    ],
)
def test_a_local_run_keeps_out_what_a_shell_has_for_the_real_clouds(variable: str, value: str, tmp_path: Path) -> None:
    """Source: pulumi-gcp, provider/resources.go, ``preConfigureCallbackWithLogger``, which reads no endpoint."""
    endpoints = Endpoints(
        google_url=GOOGLE_URL, aws_url=AWS_URL, bigquery_url=GOOGLE_URL, project_id="p", project_number="1",
        aws_account_id="210987654321", aws_region="us-east-1", deployer_token="t",
    )  # fmt: skip
    assert variables(tmp_path, endpoints)[variable] == value
