"""Google's own clients in four languages, each as its documentation has it, against a local Google over https.

`make conformance` tries all and writes the table; `make test` tries the fast ones, and compares them with it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from federation_emulator.client.cloud import LocalCloud
from federation_emulator.client.issuer import Issuer, github_claims
from federation_emulator.client.remote import Remote
from federation_emulator.commands import parser, run
from federation_emulator.core.credentials import PUBLIC_UNIVERSE, audience
from federation_emulator.core.trace import Decision, Link, Part
from keyless_bigquery.components.program import ROOT
from tests.conformance.clients import Client, clients
from tests.conformance.table import COLUMNS, FILE, WORKS, read, written
from tests.emulator.chain import LocalAccount

SEED = ROOT / "packages/federation-emulator/src/federation_emulator/example.yaml"
WRITES = bool(os.environ.get("KEYLESS_CONFORMANCE"))
"""Whether everything is tried and the table written: then what is missing on this machine is a failure."""

WITHOUT = os.environ.get("KEYLESS_WITHOUT", "").split()
"""Languages that are left as they are in the table."""

SECONDS = 100
AT = datetime(2014, 8, 19, 12, 41, 35, 500_000, tzinfo=UTC)
ROWS = [{"id": 1, "item": "pear", "at": AT}, {"id": 2, "item": "quince", "at": AT}]
ISSUER = "https://issuer.example"
REPOSITORY = "octo/deploys"
POOLS = "/v1/projects/local-keyless/locations/global/workloadIdentityPools"
FUNCTION = """
import json, urllib.request
def handler(event, context):
    with urllib.request.urlopen("{google}/_local/health", timeout=20) as answer:
        return json.load(answer)
"""
TRIED: dict[str, dict[str, str]] = {}


class World:
    """A local Google, and clients that come to it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.remote = Remote(cloud.endpoints)
        self.folder = cloud.folder

    def used(self, role: str, *options: str) -> dict[str, str]:
        """What a shell has after `eval "$(federation-emulator use …)"`."""
        line = ["use", role, "--state", str(self.folder), "--provider", "workloads/aws-account", *options]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert run(parser().parse_args([*line, "--universe", PUBLIC_UNIVERSE])) == 0
        exported = (shlex.split(line.removeprefix("export "))[0] for line in printed.getvalue().splitlines())
        return {name: value for name, _, value in (each.partition("=") for each in exported)}

    def decided(self, after: str | None) -> list[Decision]:
        return self.remote.decisions(after)

    def run(
        self, command: list[str], role: str, *, account: str | None = None, configuration: Path | None = None
    ) -> tuple[dict[str, Any], list[Decision]]:
        """What a program prints in the environment of `use` alone, and what was decided meanwhile."""
        variables = self.used(role, *(["--service-account", account] if account else []))
        if configuration is not None:
            variables = {name: value for name, value in variables.items() if not name.startswith("AWS_")}
            variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(configuration)
        own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        query = {"QUERY": f"SELECT id, item, TIMESTAMP '{AT}' AS at FROM shop.orders ORDER BY id"}
        before = self.decided(None)[-1].id
        found = subprocess.run(
            command, env={**own, **variables, **query}, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr
        printed: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
        return printed, self.decided(before)


@pytest.fixture(scope="module")
def secure() -> Iterator[World]:
    with LocalCloud.start(options=["--seed", str(SEED), "--tls"]) as cloud:
        yield World(cloud)


@pytest.fixture(scope="module")
def plain() -> Iterator[World]:
    with LocalCloud.start(options=["--seed", str(SEED)]) as cloud:
        yield World(cloud)


@pytest.fixture(scope="module")
def issuer(secure: World) -> Issuer:
    """An issuer whose provider allows one repository."""
    made = Issuer(ISSUER, algorithms=("RS256",))
    body = {
        "oidc": {"issuerUri": ISSUER, "jwksJson": made.key_set()},
        "attributeMapping": {"google.subject": "assertion.sub"},
        "attributeCondition": f"assertion.repository == '{REPOSITORY}'",
    }
    secure.remote.post(f"{POOLS}/workloads/providers?workloadIdentityPoolProviderId=ci-jobs", body)
    return made


def oidc_configuration(world: World, issuer: Issuer, repository: str) -> Path:
    """A credential configuration whose token is in a file, as a CI job has it."""
    named = audience(world.cloud.endpoints, "workloads/ci-jobs")
    folder = world.folder / repository.partition("/")[2]
    folder.mkdir(exist_ok=True)
    claims = github_claims(repository, audience=f"https:{named}", now=datetime.now(UTC))
    (folder / "token").write_text(issuer.token(claims))
    configuration = {
        "universe_domain": PUBLIC_UNIVERSE,
        "type": "external_account",
        "audience": named,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{world.cloud.google_url}/v1/token",
        "credential_source": {"file": str(folder / "token"), "format": {"type": "text"}},
    }
    (folder / "configuration.json").write_text(json.dumps(configuration))
    return folder / "configuration.json"


def links(decisions: list[Decision]) -> list[tuple[Link, bool]]:
    return [(decision.link, decision.allowed) for decision in decisions]


EXCHANGED, IMPERSONATED = (Link.TOKEN_EXCHANGE, True), (Link.IMPERSONATION, True)


def allowed(printed: dict[str, Any], decisions: list[Decision]) -> str:
    right = printed == {"token": True} and EXCHANGED in links(decisions) and IMPERSONATED not in links(decisions)
    return WORKS if right else reason(printed)


def refused(printed: dict[str, Any], decisions: list[Decision]) -> str:
    found = decisions[-1].refusal if decisions else None
    right = "error" in printed and found is not None and found.part is Part.CONDITION
    return WORKS if right else reason(printed)


def queried(printed: dict[str, Any], decisions: list[Decision]) -> tuple[str, str]:
    """Cells of an impersonation and of a query by it."""
    impersonated = WORKS if IMPERSONATED in links(decisions) else reason(printed)
    rows = [{**row, "at": datetime.fromisoformat(row["at"])} for row in printed.get("rows", [])]
    return impersonated, WORKS if rows == ROWS else reason(printed)


def reason(printed: dict[str, Any]) -> str:
    """What is in a cell that is not as it should be."""
    return " ".join(str(printed.get("message", printed)).replace("|", "/").split())[:200]


def tried(client: Client, secure: World, issuer: Issuer) -> dict[str, str]:
    """The cells of a row, without the last."""
    token, query = ([*client.make(), mode] for mode in client.modes)
    impersonated, rows = queried(*secure.run(query, "reader", account="reporter"))
    right, wrong = (oidc_configuration(secure, issuer, name) for name in (REPOSITORY, "octo/others"))
    oidc = allowed(*secure.run(token, "reader", configuration=right))
    return {
        "allowed": allowed(*secure.run(token, "reader")),
        "refused": refused(*secure.run(token, "stranger", account="reporter")),
        "impersonated": impersonated,
        "query": rows,
        "OIDC": oidc if oidc != WORKS else refused(*secure.run(token, "reader", configuration=wrong)),
    }


def over_http(client: Client, plain: World) -> str:
    if client.https_only:
        printed, _ = plain.run([*client.make(), client.modes[0]], "reader")
        return f"no: {client.https_only}" if client.https_only in printed.get("message", "") else reason(printed)
    printed, decisions = plain.run([*client.make(), client.modes[1]], "reader", account="reporter")
    return next((cell for cell in queried(printed, decisions) if cell != WORKS), WORKS)


def missing(client: Client) -> str:
    """Why a row can't be tried here; empty if it can."""
    if WRITES and client.language in WITHOUT:
        return f"{client.language} is left out by KEYLESS_WITHOUT"
    lacking = client.missing()
    if lacking and WRITES:
        pytest.fail(f"{client.language} needs {', '.join(lacking)}; leave it out with WITHOUT={client.language}")
    return f"{client.language} needs {', '.join(lacking)}: its clients were not tried" if lacking else ""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "client",
    [pytest.param(each, id=each.name, marks=() if each.fast else pytest.mark.conformance) for each in clients()],
)
def test_a_client_is_allowed_and_refused_as_it_should_be(
    client: Client, secure: World, issuer: Issuer, request: pytest.FixtureRequest
) -> None:
    if why := missing(client):
        pytest.skip(why)
    cells = tried(client, secure, issuer)
    if WRITES:
        cells["http"] = over_http(client, request.getfixturevalue("plain"))
        TRIED[client.name] = cells
    else:
        assert cells.items() <= read(FILE.read_text())[client.name].items()
    assert {cell for name, cell in cells.items() if name != "http"} == {WORKS}, cells
    assert cells.get("http", WORKS) == (f"no: {client.https_only}" if client.https_only and WRITES else WORKS), cells


def test_a_function_of_the_local_aws_trusts_it_too(secure: World) -> None:
    code = {"main.py": FUNCTION.format(google=secure.cloud.google_url)}
    functions = LocalAccount(secure.cloud.aws_url).function("asking", code)
    answer = functions.invoke(FunctionName="asking", Payload="{}")
    assert json.loads(answer["Payload"].read()) == {"status": "ok"}


def test_the_table_has_each_client_and_column() -> None:
    before = read(FILE.read_text()) if FILE.exists() else {}
    nothing = dict.fromkeys(COLUMNS, "not tried")
    rows: list[tuple[Client, Mapping[str, str]]] = [
        (each, {name: (TRIED.get(each.name) or before.get(each.name, nothing))[name] for name in COLUMNS})
        for each in clients()
    ]
    if WRITES:
        FILE.write_text(written(rows))
    assert FILE.read_text() == written(rows), "run `make conformance`"
    assert not [each.name for each, cells in rows if "not tried" in cells.values()], "run `make conformance`"
