"""The container example does what its README says, and its image is what the README promises, as far as files show."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.auth.exceptions import RefreshError

from examples.container.boto3_supplier import Boto3Supplier
from federation_emulator.client.issuer import Issuer
from federation_emulator.ports import issuers
from keyless_bigquery.components.program import ROOT
from tests.emulator.chain import ACCOUNT, REGION, LocalAccount
from tests.emulator.processes.conftest import alive, eventually
from tests.http_server import json_answer
from tests.runtime import google_stand_in
from tests.runtime.conftest import FUNCTIONS, credential_configuration

ROWS, OWN_CLIENT = FUNCTIONS / "rows", FUNCTIONS / "own_client"
EXAMPLE = ROOT / "examples" / "container"
README = (EXAMPLE / "README.md").read_text()
DOCKERFILE = (EXAMPLE / "Dockerfile").read_text()


def test_a_task_reads_the_rows_and_another_role_is_refused_as_the_readme_says(tmp_path: Path) -> None:
    found = re.search(r"```bash\n(.*?)```", README, re.DOTALL)
    assert found
    # Functions of the tests' own, side by side: the same example calls the one or the other.
    for kept in (ROWS, OWN_CLIENT):
        (tmp_path / kept.name).mkdir()
        shutil.copy(kept / "handler.py", tmp_path / kept.name)
    event = tmp_path / "event.json"
    event.write_text('{"a": 1}')
    block = found[1].replace("lambda_src/example_event.json", str(event))
    block = block.replace("PYTHONPATH=lambda_src", f"PYTHONPATH={tmp_path / ROWS.name}")
    lines = [
        *block.splitlines(),
        f"main='env PYTHONPATH={tmp_path / OWN_CLIENT.name} .venv/bin/python -m examples.container.main'",
        "$cloud task orders-task --service-account orders-reader -- $main",
        "$cloud task orders-task -- sh -c 'env | grep -o ^AWS_[A-Z_]*; exit 7'; echo status $?",
        "$cloud task orders-task -- no-such-program; echo status $?",
    ]
    run = subprocess.run(
        ["bash", "-c", "set -m\n" + "\n".join([*lines, "echo pid $!", "kill -INT $!", "wait"])],
        cwd=ROOT,
        # A key of the user's own, which must not reach the container.
        env={**os.environ, "LOCAL_CLOUD_STATE": str(tmp_path / "state"), "AWS_ACCESS_KEY_ID": "AKIAPLANTED000000000"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    shown = run.stdout + run.stderr
    assert 'The query data:\nid=1, item=pear\nid=2, item=quince\n{"a": 1}\n' in run.stdout, shown
    assert run.stdout.count("The query data:") == 1
    assert '\n[[1, "pear"], [2, "quince"]]\n' in run.stdout, shown
    (refused,) = [line for line in run.stderr.splitlines() if line.startswith("ERROR ")]
    assert refused.startswith("ERROR token exchange failed: Google STS refused the subject token: unauthorized_client")
    # Named as ECS names it, and refused for its role.
    assert re.search(r"caller ARN +arn:aws:sts::210987654321:assumed-role/stranger/[0-9a-f]{32}\n", run.stdout), shown
    after = run.stdout.partition("assumed-role/stranger/")[2]
    assert sorted(re.findall(r"^AWS_.*", after, re.MULTILINE)) == [
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
    ]
    assert re.findall(r"^status .*", after, re.MULTILINE) == ["status 7", "status 1"]
    assert "error: no-such-program can't be run: No such file or directory" in run.stderr
    pid = re.search(r"^pid (\d+)$", run.stdout, re.MULTILINE)
    assert pid
    assert eventually(lambda: not alive(int(pid[1])))


@pytest.fixture
def irsa(aws_url: str, aws_folder: Path, tmp_path: Path) -> Iterator[Mapping[str, str]]:
    """A pod's environment under IRSA, without the role that it names."""
    token, now = tmp_path / "token", int(time.time())
    cluster = Issuer("https://oidc.example", algorithms=("RS256",))
    keys = aws_folder / issuers.FILE
    keys.write_text(json.dumps({cluster.uri: json.loads(cluster.key_set())}))
    claims = {"sub": "system:serviceaccount:shop:reader", "aud": "sts.amazonaws.com", "iat": now, "exp": now + 600}
    token.write_text(cluster.token(claims))
    iam = LocalAccount(aws_url).client("iam")
    made = iam.create_open_id_connect_provider(Url=cluster.uri, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[])
    yield {
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_REGION": REGION,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_SESSION_NAME": "orders-pod",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=made["OpenIDConnectProviderArn"])
    keys.unlink()


def role_for(aws_url: str, name: str, principal: Mapping[str, str], action: str) -> str:
    """Makes a role; its ARN."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    made = (
        LocalAccount(aws_url)
        .client("iam")
        .create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
    )
    return str(made["Role"]["Arn"])


def test_with_boto3_a_pod_under_irsa_reads_the_rows(aws_url: str, irsa: Mapping[str, str], tmp_path: Path) -> None:
    federated = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.example"}
    arn = role_for(aws_url, "irsa-reader", federated, "sts:AssumeRoleWithWebIdentity")
    with google_stand_in.running() as google:
        configuration = tmp_path / "credential-configuration.json"
        configuration.write_text(json.dumps(credential_configuration(google.url)))
        google.query = lambda _: json_answer({"jobComplete": True, "schema": google_stand_in.SCHEMA, "totalRows": "0"})
        done = subprocess.run(
            [sys.executable, "-m", "examples.container.main", "--boto3"],
            cwd=ROOT,
            env={
                **irsa,
                "AWS_ROLE_ARN": arn,
                "GOOGLE_APPLICATION_CREDENTIALS": str(configuration),
                "GOOGLE_CLOUD_PROJECT": "local-keyless",
                "BIGQUERY_TABLE": "local-keyless.shop.orders",
                "BIGQUERY_LOCATION": "US",
                "BIGQUERY_MAXIMUM_BYTES_BILLED": "1",
                "BIGQUERY_EMULATOR_HOST": google.url,
                "PATH": os.defpath,
                "PYTHONPATH": str(ROWS),
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "The query data:\n{}\n", "")
        assert "assumed-role" not in google.sent[0].body.decode()
        assert "x-amz-security-token" in google.sent[0].body.decode()


def supplied(monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]) -> Any:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return Boto3Supplier().get_aws_security_credentials(None, None)


def test_a_role_that_does_not_trust_the_cluster_is_refused(
    aws_url: str, irsa: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = role_for(aws_url, "not-for-pods", {"Service": "ecs-tasks.amazonaws.com"}, "sts:AssumeRole")
    with pytest.raises(RefreshError, match=r"boto3 gave no session: .*AccessDenied"):
        supplied(monkeypatch, {**irsa, "AWS_ROLE_ARN": arn})


def test_an_iam_users_keys_are_no_roles_session(irsa: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "AKIAPLANTED000000000", "AWS_SECRET_ACCESS_KEY": "planted"}
    rest = {name: value for name, value in irsa.items() if name != "AWS_WEB_IDENTITY_TOKEN_FILE"}
    with pytest.raises(RefreshError, match="boto3 found no role's session"):
        supplied(monkeypatch, {**rest, **keys})
    assert supplied(monkeypatch, {**rest, **keys, "AWS_SESSION_TOKEN": "token"}).session_token == "token"


def test_the_image_is_pinned_locked_and_has_no_root() -> None:
    assert re.findall(r"^ARG PYTHON=(.*)$", DOCKERFILE, re.MULTILINE) == ["python:3.14.0-slim-trixie"]
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${PYTHON}"}
    assert re.findall(r"^USER (.*)$", DOCKERFILE, re.MULTILINE) == ["10001:10001"]
    (install,) = re.findall(r"pip install (.*)$", DOCKERFILE, re.MULTILINE)
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install.split())
    locks = {"lambda_src/requirements.txt", "examples/container/requirements.txt"}
    assert set(re.findall(r"LOCK=(\S+)", DOCKERFILE)) == locks
    for lock in locks:
        assert re.search(r"^google-auth==.*\\\n    --hash=sha256:", (ROOT / lock).read_text(), re.MULTILINE)


def test_both_locks_have_the_same_versions_of_what_the_function_ships() -> None:
    versions = [
        set(re.findall(r"^([\w-]+==\S+)", lock.read_text(), re.MULTILINE))
        for lock in (ROOT / "lambda_src" / "requirements.txt", EXAMPLE / "requirements.txt")
    ]
    assert versions[0] < versions[1]
