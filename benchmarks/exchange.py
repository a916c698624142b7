"""How many exchanges with impersonation the local Google does on one core, and how long each takes.

The forwarded AWS call is left out: a server in this process answers it at once, with a caller that the provider
trusts. Everything else is real: the served app in a process of its own on one core, the checks of the subject token,
mapping and condition, the policies, the trace. The load comes from this process on the other cores, with as many
connections at once as there are clients.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import secrets
import time
from multiprocessing.connection import Connection
from urllib.parse import quote, urlencode

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.errors import BenchmarkError
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping, audience

_PROJECT, _NUMBER, _ACCOUNT, _REGION = "local-keyless", "123456789012", "210987654321", "us-east-1"
_CLIENTS = 4
_LIMIT_SECONDS = 30.0
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TRUST = TrustChain(aws_account_id=_ACCOUNT, role_name="Reader", function_name="reader")
_POOL = f"projects/{_NUMBER}/locations/global/workloadIdentityPools/bench-pool"
_READER = f"reader@{_PROJECT}.iam.gserviceaccount.com"


def exchanges(seconds: float) -> list[float]:
    """Starts a server on one core, loads it for some seconds, and ends it.

    Returns:
        How long each exchange and its impersonation took together, in milliseconds.

    Raises:
        BenchmarkError: The server doesn't start.
    """
    cores = sorted(os.sched_getaffinity(0))
    try:
        return asyncio.run(_measure(cores, seconds))
    finally:
        os.sched_setaffinity(0, cores)


async def _measure(cores: list[int], seconds: float) -> list[float]:
    aws = await asyncio.start_server(_answer_as_aws, "127.0.0.1", 0)
    aws_url = f"http://127.0.0.1:{aws.sockets[0].getsockname()[1]}"
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    token = secrets.token_urlsafe(32)
    server = context.Process(target=_serve, args=(theirs, aws_url, token, cores[0]), daemon=True)
    server.start()
    try:
        if len(cores) > 1:
            os.sched_setaffinity(0, cores[1:])
        if not await asyncio.to_thread(ours.poll, _LIMIT_SECONDS):
            raise BenchmarkError(f"the measured server did not start within {_LIMIT_SECONDS:.0f} s")
        async with httpx.AsyncClient(base_url=ours.recv(), timeout=_LIMIT_SECONDS, trust_env=False) as client:
            await _deploy(client, token)
            await _load(client, 1.0)  # warm: imports, compiled expressions, connections
            return await _load(client, seconds)
    finally:
        server.terminate()
        server.join(_LIMIT_SECONDS)
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


async def _answer_as_aws(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Names the trusted role's session as the caller, whatever is asked."""
    body = (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
        f"<Arn>{_TRUST.caller_arn}</Arn><UserId>AROAEXAMPLE:reader</UserId><Account>{_ACCOUNT}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    ).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    await reader.readuntil(b"\r\n\r\n")
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


async def _deploy(client: httpx.AsyncClient, deployer_token: str) -> None:
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
        answer = await client.post(path, json=body, headers={"Authorization": f"Bearer {deployer_token}"})
        answer.raise_for_status()


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


async def _load(client: httpx.AsyncClient, seconds: float) -> list[float]:
    """Exchange and impersonate for some seconds; how long each pair took, in milliseconds."""
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

    await asyncio.gather(*(run() for _ in range(_CLIENTS)))
    return taken
