"""How many requests a read takes, in a new process and in a warm one, by both ways of access."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.counting import ELSEWHERE, Counter, counting
from benchmarks.deployment import DIRECT, Deployment, deployed
from benchmarks.figures import Figure, Goal
from benchmarks.programs import Programs, programs
from benchmarks.report import Figures, Listing, Result
from benchmarks.starting import Program, start
from keyless_bigquery.runtime.environment import API_ENDPOINT, CREDENTIALS_FILE

_PUBLIC_UNIVERSE = "googleapis.com"
_WARM = 3
_WAYS: Mapping[str, tuple[Mapping[str, object], int]] = {"impersonated": ({}, 3), "direct": (DIRECT, 2)}
"""For each way of access: the stack's settings, and the goal of a cold read."""
_WARM_GOAL = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class Counted:
    """What one candidate sent.

    Args:
        way: How it was let in.
        program: Who.
        cold: In a new process, up to the end of its first invocation.
        warm: In one more invocation, by kind.
    """

    way: str
    program: Program
    cold: tuple[str, ...]
    warm: tuple[str, ...]


def measure() -> Result:
    """Counts what each candidate sends, in one invocation and in some more of the same process."""
    with programs() as candidates:
        counted = [one for way in _WAYS for one in _counted(way, candidates)]
    figures = [figure for one in counted for figure in _figures(one, has_goal=one.program == candidates.ours)]
    listing = Listing(
        title="What is sent",
        columns=("package", "access", "cold", "warm"),
        rows=tuple((one.program.name, one.way, _in_words(one.cold), _in_words(one.warm)) for one in counted),
    )
    caption = (
        "As in Google's own universe, where google-auth also looks up where an account may be used; what would have"
        " left the machine is refused, and counted once however often it is tried again."
    )
    return Result(tables=(Figures(title="Requests of one read", figures=tuple(figures), caption=caption), listing))


def _figures(one: Counted, *, has_goal: bool) -> Iterator[Figure]:
    for state, sent, bound in (("cold", one.cold, _WAYS[one.way][1]), ("warm", one.warm, _WARM_GOAL)):
        goal = Goal(bound=bound) if has_goal else None
        yield Figure(name=f"{one.program.name}, {one.way}, {state}", unit="requests", runs=(len(sent),), goal=goal)


def _counted(way: str, candidates: Programs) -> Iterator[Counted]:
    settings, _ = _WAYS[way]
    with deployed(settings) as deployment, counting(deployment.cloud.google_url) as counter:
        variables = _by_way_of(counter, deployment)
        for program in (candidates.ours, candidates.floor, candidates.naive_compiled, candidates.pandas_compiled):
            start(program, variables)
            cold = counter.taken()
            start(program, variables, invocations=1 + _WARM)
            more = counter.taken()
            warm = _without_repeats(_share(more, cold))
            yield Counted(way=way, program=program, cold=_without_repeats(cold), warm=warm)


def _by_way_of(counter: Counter, deployment: Deployment) -> dict[str, str]:
    """The environment of a process all of whose requests pass the counter."""
    variables = deployment.variables()
    google = deployment.cloud.google_url
    configuration = json.loads(Path(variables[CREDENTIALS_FILE]).read_text().replace(google, counter.url))
    path = deployment.folder / "counted-configuration.json"
    path.write_text(json.dumps(configuration | {"universe_domain": _PUBLIC_UNIVERSE}))
    return {
        **variables,
        CREDENTIALS_FILE: str(path),
        API_ENDPOINT: counter.url,
        "HTTP_PROXY": counter.url,
        "HTTPS_PROXY": counter.url,
    }


def _without_repeats(sent: tuple[str, ...]) -> tuple[str, ...]:
    """The requests, each that was refused here once: it is tried again, and elsewhere it would be answered."""
    refused = [request for request in dict.fromkeys(sent) if request.startswith(ELSEWHERE)]
    return (*(request for request in sent if request not in refused), *refused)


def _share(more: tuple[str, ...], cold: tuple[str, ...]) -> tuple[str, ...]:
    """What one of the further invocations sent: the requests beyond the first one's, a third of each kind."""
    further = list(more)
    for request in cold:
        with contextlib.suppress(ValueError):
            further.remove(request)
    return tuple(request for request in dict.fromkeys(further) for _ in range(round(further.count(request) / _WARM)))


def _in_words(sent: tuple[str, ...]) -> str:
    groups = [(request, len(list(same))) for request, same in itertools.groupby(sent)]
    return ", ".join(f"{request} ({count} times)" if count > 1 else request for request, count in groups) or "nothing"
