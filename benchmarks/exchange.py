"""How many exchanges with impersonation the local Google does on one core, how long each takes, and what a day leaves.

The forwarded AWS call is left out: a server in this process answers it at once, with a caller that the provider
trusts. Everything else is real: the served app in a process of its own on one core, the checks of the subject token,
mapping and condition, the policies, the trace. The load comes from this process on the other cores, each client with a
connection of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from multiprocessing.connection import Connection
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.errors import BenchmarkError
from benchmarks.processes import resident_bytes
from federation_emulator.core.upstream import Upstream
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping, audience

_T = TypeVar("_T")

_PROJECT, _NUMBER, _ACCOUNT, _REGION = "local-keyless", "123456789012", "210987654321", "us-east-1"
_LIMIT_SECONDS = 30.0
_MOST_ANSWER_BYTES = 64 * 1024
_DAY_STEPS, _EXCHANGES_IN_A_STEP = 144, 60
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TRUST = TrustChain(aws_account_id=_ACCOUNT, role_name="Reader", function_name="reader")
_POOL = f"projects/{_NUMBER}/locations/global/workloadIdentityPools/bench-pool"
_CALLER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    f"<Arn>{_TRUST.caller_arn}</Arn><UserId>AROAEXAMPLE:reader</UserId><Account>{_ACCOUNT}</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
_AWS_ANSWER = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(_CALLER)}\r\n\r\n{_CALLER}".encode()
_READER = f"reader@{_PROJECT}.iam.gserviceaccount.com"


@dataclass(frozen=True, kw_only=True)
class Load:
    """So many clients for some seconds; all together ``rate`` exchanges a second, or as many as they can."""

    clients: int
    seconds: float
    rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class Day:
    """Resident memory after the first two hours and at the end of a day, in bytes."""

    early: int
    late: int


def exchanges(load: Load) -> list[float]:
    """Starts a server on one core, loads it, and ends it.

    Returns:
        How long each exchange and its impersonation took together, in milliseconds.

    Raises:
        BenchmarkError: The server doesn't start, or refuses.
    """

    async def measure(server: _Server) -> list[float]:
        await _run(server, Load(clients=load.clients, seconds=1.0))  # warm: imports, compiled expressions
        return await _run(server, load)

    return _with_server(measure)


def a_day() -> Day:
    """Exchanges every ten seconds for a day of the local Google's clock, which is put ahead in steps of ten minutes.

    Raises:
        BenchmarkError: As of :func:`exchanges`.
    """

    async def measure(server: _Server) -> Day:
        memory = []
        async with _client(server) as client:
            for _ in range(_DAY_STEPS):
                for _ in range(_EXCHANGES_IN_A_STEP):
                    await client.exchange()
                await client.administer("/_local/clock", {"advanceSeconds": 600})
                memory.append(resident_bytes(server.pid))
        return Day(early=max(memory[:12]), late=max(memory[-12:]))

    return _with_server(measure)


def _with_server(measure: Callable[[_Server], Awaitable[_T]]) -> _T:
    cores = sorted(os.sched_getaffinity(0))
    try:
        return asyncio.run(_measured(cores, measure))
    finally:
        os.sched_setaffinity(0, cores)


async def _measured(cores: list[int], measure: Callable[[_Server], Awaitable[_T]]) -> _T:
    aws = await asyncio.get_running_loop().create_server(_Aws, "127.0.0.1", 0)
    aws_url = f"http://127.0.0.1:{aws.sockets[0].getsockname()[1]}"
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    token = secrets.token_urlsafe(32)
    process = context.Process(target=_serve, args=(theirs, aws_url, token, cores[0]), daemon=True)
    process.start()
    try:
        if len(cores) > 1:
            os.sched_setaffinity(0, cores[1:])
        if not await asyncio.to_thread(ours.poll, _LIMIT_SECONDS):
            raise BenchmarkError(f"the measured server did not start within {_LIMIT_SECONDS:.0f} s")
        server = _Server(url=ours.recv(), pid=process.pid or 0, deployer_token=token)
        async with _client(server) as client:
            await _deploy(client)
        return await measure(server)
    finally:
        process.terminate()
        process.join(_LIMIT_SECONDS)
        aws.close()


def _serve(pipe: Connection, aws_url: str, deployer_token: str, core: int) -> None:
    """The measured process."""
    os.sched_setaffinity(0, [core])
    import uvicorn

    from federation_emulator.core.app import create_app
    from federation_emulator.core.config import CloudConfig
    from federation_emulator.servers.listening import listener, server_settings

    config = CloudConfig(
        project_id=_PROJECT,
        project_number=_NUMBER,
        aws_url=aws_url,
        bigquery_url="http://127.0.0.1:9",
        deployer_token=deployer_token,
        state_directory=None,
    )
    with listener(0) as bound:
        pipe.send(f"http://127.0.0.1:{bound.getsockname()[1]}")
        uvicorn.Server(server_settings(create_app(config))).run(sockets=[bound])


class _Aws(asyncio.Protocol):
    """Names the trusted role's session as the caller, whatever is asked, as often as a connection asks."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(b"\r\n\r\n"):
            self._received = b""
            self._transport.write(_AWS_ANSWER)


@dataclass(frozen=True, kw_only=True)
class _Server:
    url: str
    pid: int
    deployer_token: str


class _Client:
    """A caller of the local Google with one connection."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._upstream = Upstream(server.url)
        self._form = urlencode(_form()).encode()

    async def exchange(self) -> float:
        """Exchanges and impersonates; how many milliseconds that took."""
        began = time.perf_counter()
        exchanged = await self._post("/v1/token", self._form, "application/x-www-form-urlencoded")
        await self._post(
            f"/v1/projects/-/serviceAccounts/{_READER}:generateAccessToken",
            json.dumps({"scope": [_SCOPE]}).encode(),
            "application/json",
            token=exchanged["access_token"],
        )
        return (time.perf_counter() - began) * 1000

    async def administer(self, path: str, body: Mapping[str, object]) -> None:
        """Calls as the deployer."""
        await self._post(path, json.dumps(body).encode(), "application/json", token=self._server.deployer_token)

    def close(self) -> None:
        self._upstream.close()

    async def _post(self, path: str, body: bytes, kind: str, *, token: str | None = None) -> dict[str, str]:
        headers = {"content-type": kind, **({"authorization": f"Bearer {token}"} if token else {})}
        answer = await self._upstream.send(
            "POST",
            path,
            headers=headers,
            body=body,
            limit_seconds=_LIMIT_SECONDS,
            most_bytes=_MOST_ANSWER_BYTES,
            repeatable=True,
        )
        if answer.status != HTTPStatus.OK:
            raise BenchmarkError(f"POST {path} was answered with {answer.status}: {answer.body[:300]!r}")
        read: dict[str, str] = json.loads(answer.body)
        return read


@contextlib.asynccontextmanager
async def _client(server: _Server) -> AsyncIterator[_Client]:
    client = _Client(server)
    try:
        yield client
    finally:
        client.close()


async def _deploy(client: _Client) -> None:
    """What the program makes, as far as these two calls need it."""
    pools = f"/v1/projects/{_PROJECT}/locations/global/workloadIdentityPools"
    provider = {
        "aws": {"accountId": _ACCOUNT},
        "attributeMapping": attribute_mapping(),
        "attributeCondition": attribute_condition([_TRUST]),
    }
    binding = {"role": "roles/iam.workloadIdentityUser", "members": [_TRUST.principal_set(_POOL)]}
    apis = [f"{name}.googleapis.com" for name in ("iam", "sts", "iamcredentials")]
    for path, body in (
        (f"/v1/projects/{_PROJECT}/services:batchEnable", {"serviceIds": apis}),
        (f"{pools}?workloadIdentityPoolId=bench-pool", {}),
        (f"{pools}/bench-pool/providers?workloadIdentityPoolProviderId=aws-provider", provider),
        (f"/v1/projects/{_PROJECT}/serviceAccounts", {"accountId": "reader"}),
        (f"/v1/projects/{_PROJECT}/serviceAccounts/{_READER}:setIamPolicy", {"policy": {"bindings": [binding]}}),
    ):
        await client.administer(path, body)


def _form() -> dict[str, str]:
    """An exchange as google-auth sends it, signed with keys of no principal."""
    target = audience(f"{_POOL}/providers/aws-provider")
    host = f"sts.{_REGION}.amazonaws.com"
    request = AWSRequest(
        method="POST",
        url=f"https://{host}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"host": host, "x-goog-cloud-target-resource": target},
    )
    keys = Credentials("ASIAEXAMPLEEXAMPLE00", secrets.token_urlsafe(30), secrets.token_urlsafe(90))
    SigV4Auth(keys, "sts", _REGION).add_auth(request)
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


async def _run(server: _Server, load: Load) -> list[float]:
    """How long each exchange of the load took; a late one counts from when it was due."""
    taken: list[float] = []
    began = time.perf_counter()

    async def keep_asking(number: int) -> None:
        async with _client(server) as client:
            count = 0
            while (now := time.perf_counter() - began) < load.seconds:
                late = 0.0
                if load.rate is not None:
                    due = (number + count * load.clients) / load.rate
                    if due > now:
                        await asyncio.sleep(due - now)
                    late = max(0.0, time.perf_counter() - began - due) * 1000
                    count += 1
                taken.append(late + await client.exchange())

    await asyncio.gather(*(keep_asking(number) for number in range(load.clients)))
    return taken
