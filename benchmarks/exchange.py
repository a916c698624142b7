"""How many exchanges with impersonation the local Google does on one core, and how long each takes.

The forwarded AWS call is left out: a server in this process answers it at once, with a caller that the provider
trusts. Everything else is real: the served app in a process of its own on one core, the checks of the subject token,
mapping and condition, the policies, the trace. The load comes from this process on the other cores, with as many
connections at once as there are clients.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import multiprocessing
import os
import secrets
import statistics
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from urllib.parse import quote, urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.errors import BenchmarkError
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping, audience

PROJECT, NUMBER, ACCOUNT, REGION = "local-keyless", "123456789012", "210987654321", "us-east-1"
CLIENTS = 4
SECONDS = 5.0
_LIMIT_SECONDS = 30.0
_QUERY = "Action=GetCallerIdentity&Version=2011-06-15"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExchangeFigures:
    """What was measured.

    Attributes:
        pairs_per_second: Exchanges, each with its impersonation, a second.
        milliseconds: How long each exchange and each impersonation took together, as the client measured it.
    """

    pairs_per_second: float
    milliseconds: Sequence[float]

    @property
    def median(self) -> float:
        """The median time of a pair, in milliseconds."""
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        """The time that 99 of 100 pairs stay below, in milliseconds."""
        return statistics.quantiles(self.milliseconds, n=100)[98]


def measure_exchange(*, seconds: float = SECONDS, clients: int = CLIENTS) -> ExchangeFigures:
    """Start a server on one core, load it for some seconds, and end it."""
    cores = sorted(os.sched_getaffinity(0))
    try:
        return asyncio.run(_measure(cores, seconds=seconds, clients=clients))
    finally:
        os.sched_setaffinity(0, cores)


async def _measure(cores: Sequence[int], *, seconds: float, clients: int) -> ExchangeFigures:
    aws = await asyncio.start_server(_answer_as_aws, "127.0.0.1", 0)
    aws_url = f"http://127.0.0.1:{aws.sockets[0].getsockname()[1]}"
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    deployer_token = secrets.token_urlsafe(32)
    server = context.Process(target=_serve, args=(theirs, aws_url, deployer_token, cores[0]), daemon=True)
    server.start()
    try:
        if len(cores) > 1:
            os.sched_setaffinity(0, cores[1:])
        url = await asyncio.to_thread(_receive, ours)
        async with httpx.AsyncClient(base_url=url, timeout=_LIMIT_SECONDS, trust_env=False) as client:
            await _deploy(client, deployer_token)
            await _load(client, seconds=1.0, clients=clients)  # warm: imports, compiled expressions, connections
            began = time.monotonic()
            taken = await _load(client, seconds=seconds, clients=clients)
            elapsed = time.monotonic() - began
    finally:
        server.terminate()
        server.join(_LIMIT_SECONDS)
        aws.close()
    return ExchangeFigures(pairs_per_second=len(taken) / elapsed, milliseconds=taken)


def _receive(pipe: Connection) -> str:
    if not pipe.poll(_LIMIT_SECONDS):
        raise BenchmarkError(f"the measured server did not start within {_LIMIT_SECONDS:.0f} s")
    return str(pipe.recv())


def _serve(pipe: Connection, aws_url: str, deployer_token: str, core: int) -> None:
    """The measured process."""
    os.sched_setaffinity(0, [core])
    import uvicorn

    from federation_emulator.core.app import create_app
    from federation_emulator.core.config import CloudConfig
    from federation_emulator.servers.listening import listener, server_settings

    config = CloudConfig(
        project_id=PROJECT,
        project_number=NUMBER,
        aws_url=aws_url,
        bigquery_url="http://127.0.0.1:9",
        deployer_token=deployer_token,
        state_directory=None,
    )
    with listener(0) as bound:
        pipe.send(f"http://127.0.0.1:{bound.getsockname()[1]}")
        uvicorn.Server(server_settings(create_app(config))).run(sockets=[bound])


async def _answer_as_aws(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Whatever is asked, the trusted role's session is the caller."""
    arn = _TRUST.caller_arn
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{arn}</Arn><UserId>AROAEXAMPLE:reader</UserId><Account>{ACCOUNT}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    await reader.readuntil(b"\r\n\r\n")
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


_TRUST = TrustChain(aws_account_id=ACCOUNT, role_name="Reader", function_name="reader")
_POOL = f"projects/{NUMBER}/locations/global/workloadIdentityPools/bench-pool"
_PROVIDER = f"{_POOL}/providers/aws-provider"
_READER = f"reader@{PROJECT}.iam.gserviceaccount.com"


async def _deploy(client: httpx.AsyncClient, deployer_token: str) -> None:
    """What the program makes, as far as these two calls need it."""
    pools = f"/v1/projects/{PROJECT}/locations/global/workloadIdentityPools"
    provider = {
        "aws": {"accountId": ACCOUNT},
        "attributeMapping": attribute_mapping(),
        "attributeCondition": attribute_condition([_TRUST]),
    }
    binding = {"role": "roles/iam.workloadIdentityUser", "members": [_TRUST.principal_set(_POOL)]}
    apis = [f"{name}.googleapis.com" for name in ("iam", "sts", "iamcredentials")]
    for path, body in (
        (f"/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": apis}),
        (f"{pools}?workloadIdentityPoolId=bench-pool", {}),
        (f"{pools}/bench-pool/providers?workloadIdentityPoolProviderId=aws-provider", provider),
        (f"/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "reader"}),
        (f"/v1/projects/{PROJECT}/serviceAccounts/{_READER}:setIamPolicy", {"policy": {"bindings": [binding]}}),
    ):
        answer = await client.post(path, json=body, headers={"Authorization": f"Bearer {deployer_token}"})
        answer.raise_for_status()


def _form() -> dict[str, str]:
    """An exchange as google-auth sends it, signed with keys of no principal."""
    target = audience(_PROVIDER)
    host = f"sts.{REGION}.amazonaws.com"
    request = AWSRequest(
        method="POST", url=f"https://{host}/?{_QUERY}", headers={"host": host, "x-goog-cloud-target-resource": target}
    )
    keys = Credentials("ASIAEXAMPLEEXAMPLE00", secrets.token_urlsafe(30), secrets.token_urlsafe(90))
    SigV4Auth(keys, "sts", REGION).add_auth(request)
    headers = [{"key": name, "value": str(value)} for name, value in request.headers.items()]
    token = json.dumps({"url": request.url, "method": "POST", "headers": headers})
    return {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": target,
        "scope": _SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:ietf:params:aws:token-type:aws4_request",
        "subject_token": quote(token),
    }


async def _load(client: httpx.AsyncClient, *, seconds: float, clients: int) -> list[float]:
    """Exchange and impersonate for some seconds with some clients; how long each pair took, in milliseconds."""
    taken: list[float] = []
    deadline = time.monotonic() + seconds
    content = urlencode(_form()).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    async def run() -> None:
        while time.monotonic() < deadline:
            began = time.perf_counter()
            exchanged = await client.post("/v1/token", content=content, headers=form)
            exchanged.raise_for_status()
            made = await client.post(
                f"/v1/projects/-/serviceAccounts/{_READER}:generateAccessToken",
                json={"scope": [_SCOPE]},
                headers={"Authorization": f"Bearer {exchanged.json()['access_token']}"},
            )
            made.raise_for_status()
            taken.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(run() for _ in range(clients)))
    return taken
