"""Recognisable secrets go through the whole chain, and are looked for wherever anything is written or printed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.console.render import render_chain
from federation_emulator.core.endpoints import TOKEN_FILE
from keyless_bigquery.components import outputs
from keyless_bigquery.components.program import package_cache
from keyless_bigquery.trust.trust import CREDENTIAL_CONFIGURATION_FILE
from pulumi_offline.stack_harness import StackHarness
from tests.emulator.chain import LocalAccount
from tests.emulator.signing import document, form, header

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
NAMES = {"serviceAccountId": "bq-planted", "datasetId": "keyless_planted", "functionName": "keyless-planted"}
ROLE = "Planted-Reader"


class _PlantedKeys(LocalCloud):
    """The same cloud for a deployer with a recognisable AWS secret: an administrator's, not the owner's."""

    def __init__(self, cloud: LocalCloud, planted: Mapping[str, str]) -> None:
        self.__dict__.update(vars(cloud))
        self.planted = planted

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self.planted}


def _administrator(cloud: LocalCloud) -> dict[str, str]:
    """The keys of a new IAM user who may do everything, as environment variables."""
    iam = LocalAccount(cloud.aws_url, cloud.aws_account_id).client("iam")
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.create_user(UserName="administrator")
    iam.put_user_policy(UserName="administrator", PolicyName="everything", PolicyDocument=policy)
    keys = iam.create_access_key(UserName="administrator")["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}


@pytest.fixture(scope="module")
def planted() -> dict[str, str]:
    """Every secret by what it is. Tests add what comes to be on the way."""
    return {}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planted")


@pytest.fixture(scope="module")
def written(cloud: LocalCloud, folder: Path, planted: dict[str, str]) -> Iterator[dict[str, str]]:
    """A chain that was allowed and one that was refused; everything that was written of it, by where."""
    keys = _administrator(cloud)
    planted["the deployer's token"] = cloud.deployer_token
    planted["the deployer's AWS secret"] = keys["AWS_SECRET_ACCESS_KEY"]
    with StackHarness(_PlantedKeys(cloud, keys), folder, {**NAMES, "roleName": ROLE}) as harness:
        harness.up()
        try:
            read = harness.invoke({})
            assert not read.failed, read.log
            planted |= _secrets_of_the_function(ROLE)
            planted |= _walk_by_hand(harness)
            harness.remove_binding()
            harness.forget_tokens()
            refused = harness.invoke({})
            assert refused.failed
            yield {
                "the function's log": read.log + refused.log,
                "the function's answer": json.dumps([read.returned, refused.returned]),
                "the trace": json.dumps(_get(cloud, "/_local/decisions")),
                "the resources": json.dumps(_get(cloud, "/_local/resources")),
                "explain": render_chain(cloud.decisions()),
                "the stack": json.dumps(harness.stack.export_stack().deployment),
                "the outputs": json.dumps({name: output.value for name, output in harness.stack.outputs().items()}),
            }
        finally:
            harness.destroy()


def _get(cloud: LocalCloud, path: str) -> object:
    headers = {"Authorization": f"Bearer {cloud.deployer_token}"}
    answer = httpx.get(cloud.google_url + path, headers=headers, timeout=20, trust_env=False)
    answer.raise_for_status()
    return answer.json()


def _secrets_of_the_function(role: str) -> dict[str, str]:
    """The role's keys in the environment of the function's own process."""
    sought = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    for process in Path("/proc").glob("[0-9]*/environ"):
        try:
            entries = process.read_text(errors="replace").split("\0")
        except OSError:
            continue  # it ended, or is another user's
        environment = dict(entry.partition("=")[::2] for entry in entries)
        if environment.get("AWS_LAMBDA_FUNCTION_NAME") == NAMES["functionName"] and all(map(environment.get, sought)):
            return {f"the function's {name}": environment[name] for name in sought}
    raise AssertionError(f"no process of the function with role {role} was found")


def _walk_by_hand(harness: StackHarness) -> dict[str, str]:
    """The chain once more from here, where its tokens can be seen."""
    cloud, audience = harness.cloud, harness.output(outputs.AUDIENCE)
    keys = LocalAccount(cloud.aws_url).assume(ROLE)
    signed = document(keys, target=audience)
    with httpx.Client(base_url=cloud.google_url, timeout=20, trust_env=False) as client:
        exchanged = client.post("/v1/token", data=form(signed, audience=audience))
        assert exchanged.status_code == 200, exchanged.text
        federated = str(exchanged.json()["access_token"])
        account = quote(harness.output(outputs.SERVICE_ACCOUNT))
        made = client.post(
            f"/v1/projects/-/serviceAccounts/{account}:generateAccessToken",
            json={"scope": [SCOPE]},
            headers={"Authorization": f"Bearer {federated}"},
        )
        assert made.status_code == 200, made.text
    return {
        "a role's secret": keys.secret,
        "a role's session token": keys.token,
        "a signature": header(signed, "authorization")["value"].rpartition("Signature=")[2],
        "a federated token": federated,
        "an access token": str(made.json()["accessToken"]),
    }


def _found(secret: Mapping[str, str], content: str | bytes) -> list[str]:
    text = content if isinstance(content, bytes) else content.encode()
    return [what for what, value in secret.items() if value.encode() in text]


def test_nothing_that_is_written_holds_a_secret(written: dict[str, str], planted: dict[str, str]) -> None:
    assert len(planted) == 9
    assert all(len(value) >= 16 for value in planted.values())
    for where, text in written.items():
        assert len(text) > 2, f"{where} was not looked at"
        assert _found(planted, text) == [], where


def test_no_file_of_the_stack_or_the_cloud_holds_a_secret(
    written: dict[str, str], planted: dict[str, str], folder: Path, cloud: LocalCloud
) -> None:
    assert written
    files = [path for place in (folder, cloud.folder) for path in place.rglob("*") if path.is_file()]
    looked_at = {path.name for path in files}
    assert {"local.json", "plugins.log", "serve.log", "aws.log", "bigquery.log"} <= looked_at
    for path in files:
        expected = ["the deployer's token"] if path.name == TOKEN_FILE else []
        assert _found(planted, path.read_bytes()) == expected, path


def test_the_package_of_the_function_holds_no_secret(written: dict[str, str], planted: dict[str, str]) -> None:
    audience = json.loads(written["the outputs"])[outputs.AUDIENCE]
    looked_at = 0
    for path in package_cache().glob("**/*.zip"):
        try:
            package = zipfile.ZipFile(path)
        except FileNotFoundError:
            continue  # pruned by a build of another test's
        with package:
            names = package.namelist()
            if CREDENTIAL_CONFIGURATION_FILE not in names:
                continue
            if audience.encode() not in package.read(CREDENTIAL_CONFIGURATION_FILE):
                continue  # another run's
            looked_at += 1
            for name in names:
                assert _found(planted, package.read(name)) == [], f"{path}: {name}"
    assert looked_at == 1
