"""The function, as packaged: unpacked from its zip and run by a clean interpreter that sees nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from keyless_bigquery import packaging as package
from keyless_bigquery.components.program import FUNCTION, LIBRARY, package_cache
from keyless_bigquery.runtime import BigQueryReader
from keyless_bigquery.runtime.access_token import AccessToken, TokenSource
from keyless_bigquery.runtime.credentials import CredentialConfiguration
from keyless_bigquery.runtime.environment import Environment
from tests.runtime import credentials_endpoint, google_stand_in
from tests.runtime.credentials_endpoint import CredentialsEndpoint
from tests.runtime.google_stand_in import GoogleStandIn

AWS_SECRETS = {
    "AWS_ACCESS_KEY_ID": "ASIAPLANTEDKEYID0000",
    "AWS_SECRET_ACCESS_KEY": "planted-aws-secret-key-9z8y7x6w",
    "AWS_SESSION_TOKEN": "planted-aws-session-token-0a1b2c3d",
}
IN_CONTAINER = {**dict.fromkeys(AWS_SECRETS), "AWS_CONTAINER_AUTHORIZATION_TOKEN": credentials_endpoint.TOKEN}
"""What differs where the role's session is at an endpoint; its address comes on top."""

TABLE = "local-keyless.keyless_local.users"
PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/pool/providers/aws"
FUNCTIONS = Path(__file__).with_name("functions")
"""Functions of the tests' own: what a user does to `lambda_src` changes none of them."""

RUNNER = Path(__file__).with_name("runner.py")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one process did.

    ``results`` has an entry for each invocation: ``{"returned": …}`` or ``{"raised": type, "message": …, "trace": …}``.
    """

    stdout: str
    stderr: str
    results: list[dict[str, Any]]
    seconds: float
    report: dict[str, Any]

    @property
    def reached(self) -> set[str]:
        """What the process connected to."""
        return {f"http://{host}:{port}" for host, port in self.report["reached"]}

    @property
    def printed(self) -> str:
        return self.stdout + self.stderr + json.dumps(self.results)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if line]


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackagedFunction:
    """The unpacked zip, and the environment it is run in."""

    folder: Path
    environ: Mapping[str, str]
    report: Path

    def configure(self, *, universe_domain: str, impersonated: bool = True) -> None:
        """Writes the credential configuration anew."""
        file = self.report.with_name("credential-configuration.json")
        configuration = {**json.loads(file.read_text()), "universe_domain": universe_domain}
        if not impersonated:
            del configuration["service_account_impersonation_url"]
        file.write_text(json.dumps(configuration))

    def by_signed_token(self, url: str) -> dict[str, str]:
        """Writes the credential configuration anew, for tokens that AWS signs. Returns the variable that it needs."""
        file = self.report.with_name("credential-configuration.json")
        file.write_text(json.dumps(token_configuration(url)))
        return {"AWS_ENDPOINT_URL_STS": url}

    def handler(self, source: str) -> dict[str, str]:
        """Puts another function into the package. Returns the variable that names it."""
        module = f"handler_{hashlib.sha256(source.encode()).hexdigest()[:16]}"
        (self.folder / f"{module}.py").write_text(source)
        return {"KEYLESS_HANDLER": f"{module}.lambda_handler"}

    def run(
        self, script: Path, request: Mapping[str, Any], *, environ: Mapping[str, str | None] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs a script where only the package and the standard library can be imported; it writes ``report``."""
        changed = {**self.environ, **(environ or {})}
        asked = {**request, "report": str(self.report)}
        return subprocess.run(
            [sys.executable, "-S", "-E", "-s", "-B", "-W", "error", str(script), json.dumps(asked)],
            cwd=self.folder,
            env={name: value for name, value in changed.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def invoke(
        self,
        *,
        events: tuple[Any, ...] = ({"hello": "world"},),
        milliseconds: int = 20_000,
        environ: Mapping[str, str | None] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Outcome:
        """Invokes the handler once for each event, all in one process."""
        request = {"events": events, "milliseconds": milliseconds, **(options or {})}
        begun = time.monotonic()
        done = self.run(RUNNER, request, environ=environ)
        seconds = time.monotonic() - begun
        assert done.returncode == 0, done.stderr
        report = json.loads(self.report.read_text())
        return Outcome(
            stdout=done.stdout, stderr=done.stderr, results=report["results"], seconds=seconds, report=report
        )


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package for this machine, unpacked, without its credential configuration."""
    archive = package.build(
        target=package.Target.host(),
        function=FUNCTIONS / "rows",
        library=LIBRARY,
        lock=FUNCTION / "requirements.txt",
        cache=package_cache(),
    )
    folder = tmp_path_factory.mktemp("task-root")
    with zipfile.ZipFile(archive) as zipped:
        zipped.extractall(folder)
    return folder


# One server each for a whole module: ending one takes a fifth of a second.


@pytest.fixture(scope="module")
def google_server() -> Iterator[GoogleStandIn]:
    with google_stand_in.running() as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def endpoint_server() -> Iterator[CredentialsEndpoint]:
    with credentials_endpoint.running() as scripted:
        yield scripted


@pytest.fixture
def google(google_server: GoogleStandIn) -> GoogleStandIn:
    google_server.begin()
    return google_server


@pytest.fixture
def endpoint(endpoint_server: CredentialsEndpoint) -> CredentialsEndpoint:
    endpoint_server.begin()
    return endpoint_server


@pytest.fixture
def function(unpacked: Path, google: GoogleStandIn, tmp_path: Path) -> PackagedFunction:
    """The packaged function, with everything in its environment that Lambda and the program put there."""
    configuration = tmp_path / "credential-configuration.json"
    configuration.write_text(json.dumps(credential_configuration(google.url)))
    return PackagedFunction(
        folder=unpacked, report=tmp_path / "report.json", environ=variables(google.url, configuration)
    )


@pytest.fixture
def reader(google: GoogleStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BigQueryReader:
    """A reader in this process, of a function whose Google is the scripted one."""
    configuration = tmp_path / "credential-configuration.json"
    configuration.write_text(json.dumps(credential_configuration(google.url)))
    environ = variables(google.url, configuration)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    token = AccessToken(TokenSource(CredentialConfiguration.from_file(configuration)))
    return BigQueryReader(Environment.from_environ(environ), token)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger that may let the next request through is asked again at once."""
    monkeypatch.setattr("keyless_bigquery.runtime.transport._PAUSES_SECONDS", (0.0, 0.0))


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16)
        yield listening.getsockname()[1]


def variables(url: str, configuration: Path) -> dict[str, str]:
    """What Lambda and the program put into a function's environment, for Google at ``url``."""
    return {
        **AWS_SECRETS,
        "AWS_REGION": "us-east-1",
        "GOOGLE_APPLICATION_CREDENTIALS": str(configuration),
        "GOOGLE_CLOUD_PROJECT": "local-keyless",
        "BIGQUERY_TABLE": TABLE,
        "BIGQUERY_LOCATION": "US",
        "BIGQUERY_MAXIMUM_BYTES_BILLED": "104857600",
        "BIGQUERY_EMULATOR_HOST": url,
        "PATH": os.defpath,
        # What would leave this machine ends at a closed port, at once.
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
    }


def credential_configuration(url: str) -> dict[str, Any]:
    """What the program writes, for Google at ``url``."""
    return {
        "universe_domain": "local.invalid",
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{PROVIDER}",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "token_url": f"{url}{google_stand_in.TOKEN_PATH}",
        "credential_source": {
            "environment_id": "aws1",
            "region_url": "http://169.254.169.254/latest/meta-data/placement/availability-zone",
            "url": "http://169.254.169.254/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url": (
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15"
            ),
        },
        "service_account_impersonation_url": (f"{url}{google_stand_in.IMPERSONATION_PATH}"),
    }


def token_configuration(url: str) -> dict[str, Any]:
    """What the program writes where AWS signs the subject token."""
    configuration = credential_configuration(url)
    del configuration["credential_source"]
    return {**configuration, "subject_token_type": "urn:ietf:params:oauth:token-type:jwt"}
