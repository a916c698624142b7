"""What the gateway adds to a query: the same one asked of the warehouse and through the gateway, in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from infra import outputs
from local_cloud.stage import Stage

PAIRS = 300
_WARM_UP = 20
_LIMIT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class GatewayFigures:
    """What was measured, in milliseconds.

    Attributes:
        direct: Each query asked of the warehouse itself.
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


def measure_gateway(stage: Stage, *, pairs: int = PAIRS) -> GatewayFigures:
    """Ask in pairs, the order within a pair changing from one to the next, over connections that stay open.

    Args:
        stage: A deployed stack with rows in its table.
        pairs: How many pairs count; some more go before them.
    """
    cloud = stage.cloud
    table = stage.output(outputs.TABLE)
    query = {"query": f"SELECT user_id, name FROM `{table}`", "useLegacySql": False}  # noqa: S608  (a name of ours)
    path = f"/bigquery/v2/projects/{cloud.project_id}/queries"
    taken: dict[str, list[float]] = {"direct": [], "gateway": []}
    with httpx.Client(timeout=_LIMIT_SECONDS, trust_env=False) as client:

        def ask(name: str, url: str, headers: dict[str, str]) -> None:
            began = time.perf_counter()
            answer = client.post(url + path, json=query, headers=headers)
            taken[name].append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()

        ways: list[tuple[Any, ...]] = [
            ("direct", cloud.warehouse_url, {}),
            ("gateway", cloud.google_url, {"Authorization": f"Bearer {cloud.deployer_token}"}),
        ]
        for number in range(_WARM_UP + pairs):
            for way in ways if number % 2 else reversed(ways):
                ask(*way)
    return GatewayFigures(direct=taken["direct"][_WARM_UP:], gateway=taken["gateway"][_WARM_UP:])
