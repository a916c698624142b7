"""A Node function that exists becomes keyless by a layer and variables: its code stays as it is."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_gcp as gcp
import pytest

from federation_emulator.core.roles import make_roles
from keyless_bigquery.components.credential_layer import CredentialLayer
from keyless_bigquery.components.federated_role import FederatedRole
from pulumi_offline.stack_harness import StackHarness
from tests import npm
from tests.e2e.test_federated_role import dataset_of_tables

CODE = Path(__file__).parent / "node_function"
NAME, ROLE, STRANGER = "existing-node", "Existing-Node", "Existing-Stranger"


def test_a_node_function_reads_a_row_with_layer_and_variables_and_under_another_role_it_is_refused(
    deployed: StackHarness, function: Any
) -> None:
    dataset_of_tables(deployed, "layer", "rows", "others")
    assert "Could not load the default credentials" in invoke(deployed, function)

    own = deployed.beside("layer")
    own.stack.workspace.program = lambda: program(deployed)
    own.up()
    assert set(own.up()) == {"same"}
    environment = json.loads(own.output("environment").replace("'", '"'))
    assert environment == {"GOOGLE_APPLICATION_CREDENTIALS": "/opt/credential-configuration.json"}
    function.update_function_configuration(
        FunctionName=NAME,
        Layers=[own.output("layer")],
        Environment={"Variables": environment | local_variables(deployed)},
    )
    assert json.loads(invoke(deployed, function)) == [{"name": "of rows"}]
    assert "Access Denied" in invoke(deployed, function, table="others")

    function.update_function_configuration(FunctionName=NAME, Role=role_arn(deployed, STRANGER))
    assert "rejected by the attribute condition" in invoke(deployed, function)
    own.destroy()
    function.update_function_configuration(FunctionName=NAME, Role=role_arn(deployed, ROLE))
    assert "invalid_target" in invoke(deployed, function)


@pytest.fixture
def function(deployed: StackHarness) -> Iterator[Any]:
    """The client of Lambda, in which the function was made with what npm installed and a role of its own."""
    packed = io.BytesIO()
    installed = npm.packages(CODE)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        zipped.write(CODE / "index.js", "index.js")
        for file in installed.rglob("*"):
            zipped.write(file, file.relative_to(installed))
    make_roles(deployed.cloud.endpoints, [ROLE, STRANGER])
    functions: Any = deployed.aws("lambda")
    functions.create_function(
        FunctionName=NAME,
        Runtime="nodejs22.x",
        Handler="index.handler",
        Role=role_arn(deployed, ROLE),
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
        Environment={"Variables": local_variables(deployed)},
    )
    yield functions
    functions.delete_function(FunctionName=NAME)


def program(stage: StackHarness) -> None:
    """What a user adds for a function that exists."""
    url, project = stage.cloud.google_url, stage.cloud.project_id
    google = gcp.Provider(
        "google",
        project=project,
        iam_beta_custom_endpoint=f"{url}/v1/",
        resource_manager_custom_endpoint=f"{url}/v1/",
        big_query_custom_endpoint=f"{url}/bigquery/v2/",
        service_usage_custom_endpoint=f"{url}/v1beta1/",
        cloud_billing_custom_endpoint=f"{url}/v1/",
    )
    endpoints = [aws.ProviderEndpointArgs(**dict.fromkeys(("iam", "lambda_", "logs", "sts"), stage.cloud.aws_url))]
    amazon = aws.Provider("aws", region=stage.cloud.aws_region, skip_metadata_api_check=True, endpoints=endpoints)
    options = pulumi.ResourceOptions(providers=[google, amazon])
    role = FederatedRole(
        "existing-node",
        {
            "role_arn": role_arn(stage, ROLE),
            "google_project": project,
            "tables": [f"{project}.layer.rows"],
            "google_endpoint": url,
        },
        options,
    )
    arn = f"arn:aws:lambda:{stage.cloud.aws_region}:{stage.cloud.endpoints.aws_account_id}:function:{NAME}"
    layer = CredentialLayer(
        "existing-node-credentials",
        {"credential_configuration": role.credential_configuration, "function_arn": arn},
        options,
    )
    pulumi.export("layer", layer.arn)
    pulumi.export("environment", layer.environment)


def local_variables(stage: StackHarness) -> dict[str, str]:
    """The project, and in place of Google's public host the local one, as the client for Node wants it: with a path."""
    return {
        "GOOGLE_CLOUD_PROJECT": stage.cloud.project_id,
        "BIGQUERY_EMULATOR_HOST": f"{stage.cloud.google_url}/bigquery/v2",
    }


def role_arn(stage: StackHarness, name: str) -> str:
    return f"arn:aws:iam::{stage.cloud.endpoints.aws_account_id}:role/{name}"


def invoke(stage: StackHarness, functions: Any, *, table: str = "rows") -> str:
    """What the function returns, or why it failed."""
    query = f"SELECT name FROM `{stage.cloud.project_id}.layer.{table}`"
    answer = functions.invoke(FunctionName=NAME, Payload=json.dumps({"query": query}).encode())
    return str(answer["Payload"].read().decode())
