"""What the gateway adds to a query: the same one asked of the BigQuery emulator and through the gateway, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from federation_emulator.servers.sockets import reachable
from keyless_bigquery.components import outputs
from pulumi_offline.stack_harness import StackHarness

PAIRS = 300
_WARM_UP = 20
_LIMIT_SECONDS = 30.0
_NO_KEPT = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True, kw_only=True)
class GatewayFigures:
    """What was measured, in milliseconds.

    Attributes:
        direct: Each query asked of the BigQuery emulator itself.
        gateway: The same ones through the gateway, with the deployer's token.
    """

    direct: Sequence[float]
    gateway: Sequence[float]

    @property
    def overhead(self) -> Sequence[float]:
        """How much longer the gateway took, pair by pair."""
        return [through - straight for through, straight in zip(self.gateway, self.direct, strict=True)]

    @property
    def median(self) -> float:
        """The median of the overhead."""
        return statistics.median(self.overhead)


def measure_gateway(stage: StackHarness, *, pairs: int = PAIRS) -> GatewayFigures:
    """Ask in pairs, the order within a pair changing from one to the next.

    The gateway has a connection that stays open. The emulator has one for each query, as the gateway opens them, and is
    given what the gateway makes of the query: what is executed, and what it may read.

    Args:
        stage: A deployed stack with rows in its table.
        pairs: How many pairs count; some more go before them.
    """
    cloud = stage.cloud
    project, dataset, table = stage.output(outputs.TABLE).split(".")
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
    }
    socket = httpx.HTTPTransport(uds=reachable(cloud.bigquery_url.removeprefix("unix:")), limits=_NO_KEPT)
    straight = httpx.Client(base_url="http://localhost", transport=socket, timeout=_LIMIT_SECONDS)
    headers = {"Authorization": f"Bearer {cloud.deployer_token}"}
    through = httpx.Client(base_url=cloud.google_url, headers=headers, timeout=_LIMIT_SECONDS, trust_env=False)
    taken: dict[str, list[float]] = {"direct": [], "gateway": []}
    with straight, through:
        ways = [
            ("direct", straight, "/execute", execution),
            ("gateway", through, f"/bigquery/v2/projects/{cloud.project_id}/queries", query),
        ]
        for number in range(_WARM_UP + pairs):
            for name, client, path, body in ways if number % 2 else reversed(ways):
                began = time.perf_counter()
                answer = client.post(path, json=body)
                taken[name].append((time.perf_counter() - began) * 1000)
                answer.raise_for_status()
    return GatewayFigures(direct=taken["direct"][_WARM_UP:], gateway=taken["gateway"][_WARM_UP:])
