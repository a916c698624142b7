"""Changes of a deployed stack by hand, each with its way back, as `Break` needs them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

import httpx

from keyless_bigquery.components import outputs
from keyless_bigquery.settings.reader_settings import ONLY_READER
from pulumi_offline.stack_harness import StackHarness


def role_name(stage: StackHarness) -> str:
    return stage.output(outputs.ROLE_ARN).rpartition("/")[2]


def account(stage: StackHarness) -> str:
    return f"/v1/projects/-/serviceAccounts/{stage.output(outputs.SERVICE_ACCOUNT)}"


def table(stage: StackHarness, reader: str = ONLY_READER) -> str:
    project, dataset, name = stage.output(outputs.TABLE, reader=reader).split(".")
    return f"/bigquery/v2/projects/{project}/datasets/{dataset}/tables/{name}"


def function(stage: StackHarness, **change: Any) -> None:
    stage.aws("lambda").update_function_configuration(FunctionName=stage.output(outputs.FUNCTION_NAME), **change)


@contextmanager
def variables(stage: StackHarness, **change: str | None) -> Iterator[None]:
    name = stage.output(outputs.FUNCTION_NAME)
    before = stage.aws("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    changed = {key: value for key, value in {**before, **change}.items() if value is not None}
    function(stage, Environment={"Variables": changed})
    yield
    function(stage, Environment={"Variables": before})


@contextmanager
def package(stage: StackHarness, files: Mapping[str, str]) -> Iterator[None]:
    client, name = stage.aws("lambda"), stage.output(outputs.FUNCTION_NAME)
    before = httpx.get(client.get_function(FunctionName=name)["Code"]["Location"], timeout=10).content
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    client.update_function_code(FunctionName=name, ZipFile=packed.getvalue())
    yield
    client.update_function_code(FunctionName=name, ZipFile=before)


@contextmanager
def handler(stage: StackHarness, source: str) -> Iterator[None]:
    """Another function in the place of the deployed one, with the library that it was deployed with."""
    client, name = stage.aws("lambda"), stage.output(outputs.FUNCTION_NAME)
    before = httpx.get(client.get_function(FunctionName=name)["Code"]["Location"], timeout=10).content
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(before)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if not PurePath(entry.filename).name.startswith("handler."):
                new.writestr(entry, old.read(entry))
        new.writestr("handler.py", source)
    client.update_function_code(FunctionName=name, ZipFile=packed.getvalue())
    try:
        yield
    finally:
        client.update_function_code(FunctionName=name, ZipFile=before)


@contextmanager
def service_off(stage: StackHarness, name: str) -> Iterator[None]:
    service = f"/v1/projects/{stage.cloud.project_id}/services/{name}"
    stage.google("POST", f"{service}:disable", {})
    yield
    stage.google("POST", f"{service}:enable", {})


@contextmanager
def provider(stage: StackHarness, **change: Any) -> Iterator[None]:
    path = f"/v1/{stage.output(outputs.PROVIDER_NAME)}"
    before, mask = stage.google("GET", path), ",".join(change)
    stage.google("PATCH", f"{path}?updateMask={mask}", change)
    yield
    stage.google("PATCH", f"{path}?updateMask={mask}", {key: before[key] for key in change if key in before})


@contextmanager
def members(stage: StackHarness, resource: str, role: str, member: str | None) -> Iterator[None]:
    """Gives a role to one member alone; to none for ``None``."""
    before = stage.google("POST", f"{resource}:getIamPolicy", {}).get("bindings", [])
    others = [binding for binding in before if binding["role"] != role]
    changed = [*others, {"role": role, "members": [member]}] if member else others
    assert changed != before
    stage.google("POST", f"{resource}:setIamPolicy", {"policy": {"bindings": changed}})
    yield
    stage.google("POST", f"{resource}:setIamPolicy", {"policy": {"bindings": before}})


def google_delete(stage: StackHarness, path: str) -> None:
    headers = {"Authorization": f"Bearer {stage.cloud.deployer_token}"}
    httpx.delete(stage.cloud.google_url + path, headers=headers, timeout=10).raise_for_status()


@contextmanager
def organisation_policy(stage: StackHarness, constraint: str, policy: Mapping[str, Any]) -> Iterator[None]:
    """Sets a policy of the project's organisation; that needs a role that its owner lacks."""
    project = f"/v1/projects/{stage.cloud.project_id}"
    before = stage.google("POST", f"{project}:getIamPolicy", {})["bindings"]
    owner = next(binding["members"] for binding in before if binding["role"] == "roles/owner")
    admin = {"role": "roles/orgpolicy.policyAdmin", "members": owner}
    stage.google("POST", f"{project}:setIamPolicy", {"policy": {"bindings": [*before, admin]}})
    stage.google("POST", f"{project}:setOrgPolicy", {"policy": {"constraint": constraint, **policy}})
    try:
        yield
    finally:
        stage.google("POST", f"{project}:clearOrgPolicy", {"constraint": constraint})
        stage.google("POST", f"{project}:setIamPolicy", {"policy": {"bindings": before}})
