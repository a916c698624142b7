"""What the gateway adds to a query: the same one asked of the BigQuery emulator and through the gateway, in turn."""

from __future__ import annotations

import time

import httpx

from federation_emulator.servers.sockets import reachable
from keyless_bigquery.components import outputs
from pulumi_offline.stack_harness import StackHarness

_PAIRS = 300
_WARM_UP = 20
_LIMIT_SECONDS = 30.0


def overhead(stack: StackHarness) -> tuple[float, ...]:
    """How much longer each query of a deployed stack's table takes through the gateway, in milliseconds.

    Asked in pairs, the order within a pair changing from one to the next. The gateway has a connection that stays open.
    The emulator has one for each query, as the gateway opens them, and is given what the gateway makes of the query:
    what is executed, and what it may read.
    """
    cloud = stack.cloud
    project, dataset, table = stack.output(outputs.TABLE).split(".")
    query = {"query": f"SELECT user_id, name FROM `{project}.{dataset}.{table}`", "useLegacySql": False}  # noqa: S608  (a name of ours)
    execution = {
        "job": "benchmark",
        "kind": "SELECT",
        "target": [],
        "tables": [[project, dataset, table]],
        "statements": [f'SELECT user_id, name FROM "{project}__{dataset}"."{table}"'],  # noqa: S608  (likewise)
        "values": {},
        "dry": False,
        "limit_seconds": _LIMIT_SECONDS,
        "most_rows": 10_000,
        "int64_timestamps": False,
    }
    socket = httpx.HTTPTransport(
        uds=reachable(cloud.bigquery_url.removeprefix("unix:")), limits=httpx.Limits(max_keepalive_connections=0)
    )
    headers = {"Authorization": f"Bearer {cloud.deployer_token}"}
    added = []
    with (
        httpx.Client(base_url="http://localhost", transport=socket, timeout=_LIMIT_SECONDS) as straight,
        httpx.Client(base_url=cloud.google_url, headers=headers, timeout=_LIMIT_SECONDS, trust_env=False) as through,
    ):
        ways = (
            (-1, straight, "/execute", execution),
            (1, through, f"/bigquery/v2/projects/{cloud.project_id}/queries", query),
        )
        for number in range(_WARM_UP + _PAIRS):
            difference = 0.0
            for sign, client, path, body in ways if number % 2 else reversed(ways):
                began = time.perf_counter()
                answer = client.post(path, json=body)
                difference += sign * (time.perf_counter() - began) * 1000
                answer.raise_for_status()
            added.append(difference)
    return tuple(added[_WARM_UP:])
