"""How many requests a read takes, in a new process and in a warm one, by both ways of access."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.counting import ELSEWHERE, Counter, counting
from benchmarks.deployment import Deployment, deployed
from benchmarks.figures import Figure, Goal
from benchmarks.packaging import programs
from benchmarks.report import Table
from benchmarks.starting import start
from keyless_bigquery.runtime.environment import API_ENDPOINT, CREDENTIALS_FILE

_PUBLIC_UNIVERSE = "googleapis.com"
_MORE = 3
_COMPARED = ("ours", "floor, our packaging", "naive, with bytecode", "pandas, with bytecode")
_WAYS: tuple[tuple[str, Mapping[str, object], int], ...] = (
    ("impersonated", {}, 3),
    ("direct", {"access": "direct"}, 2),
)
"""Each way of access: its name, the stack's settings, and the goal of a cold read."""


def measure() -> tuple[Table, ...]:
    """Counts what each candidate sends, in one invocation and in some more of the same process."""
    return (
        Table(
            title="Requests of one read",
            figures=tuple(_figures()),
            caption="As in Google's own universe, where google-auth also looks up where an account may be used; what"
            " would have left the machine is refused, and counted once however often it is tried again.",
        ),
    )


def _figures() -> Iterator[Figure]:
    with programs() as candidates:
        for way, settings, bound in _WAYS:
            with deployed(settings) as deployment, counting(deployment.cloud.google_url) as counter:
                variables = _by_way_of(counter, deployment)
                for name in _COMPARED:
                    start(candidates[name], variables)
                    cold = counter.taken()
                    start(candidates[name], variables, invocations=1 + _MORE)
                    warm = _share(counter.taken(), cold)
                    for state, sent, most in (("cold", cold, bound), ("warm", warm, 1)):
                        goal = Goal(bound=most) if name == "ours" else None
                        yield Figure(name=f"{name}, {way}, {state}", unit="requests", runs=(_count(sent),), goal=goal)


def _by_way_of(counter: Counter, deployment: Deployment) -> dict[str, str]:
    """The environment of a process all of whose requests pass the counter."""
    variables = deployment.variables()
    google = deployment.cloud.google_url
    configuration = json.loads(Path(variables[CREDENTIALS_FILE]).read_text().replace(google, counter.url))
    path = deployment.folder / "counted-configuration.json"
    path.write_text(json.dumps(configuration | {"universe_domain": _PUBLIC_UNIVERSE}))
    proxy = {"HTTP_PROXY": counter.url, "HTTPS_PROXY": counter.url}
    return {**variables, CREDENTIALS_FILE: str(path), API_ENDPOINT: counter.url, **proxy}


def _count(sent: tuple[str, ...]) -> int:
    """How many requests, each that was refused here once: it is tried again, and elsewhere it would be answered."""
    refused = [request for request in sent if request.startswith(ELSEWHERE)]
    return len(sent) - len(refused) + len(set(refused))


def _share(more: tuple[str, ...], cold: tuple[str, ...]) -> tuple[str, ...]:
    """What one of the further invocations sent: the requests beyond the first one's, a third of each kind."""
    further = list(more)
    for request in cold:
        with contextlib.suppress(ValueError):
            further.remove(request)
    return tuple(request for request in dict.fromkeys(further) for _ in range(round(further.count(request) / _MORE)))
