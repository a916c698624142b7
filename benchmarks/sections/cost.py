"""What a million invocations cost on Lambda, by memory size and architecture: an estimate from measured work."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks import machine, packaging
from benchmarks.deployment import DIRECT, deployed
from benchmarks.figures import Figure
from benchmarks.lambda_cost import (
    GB_SECOND_DOLLARS,
    MEMORY_MB,
    QUERY_SECONDS,
    SOME_COLD,
    TOKEN_REQUEST_SECONDS,
    Work,
    dollars_per_million,
    waiting,
)
from benchmarks.report import Figures, Listing, Result
from benchmarks.starting import Program, start
from infra.package import Target
from infra.program import package_cache

_WAYS: Mapping[str, tuple[Mapping[str, object], int]] = {"impersonated": ({}, 3), "direct": (DIRECT, 2)}
"""For each way of access: the stack's settings, and how many requests its first read takes. Each other takes one."""

_STARTS = 9
_WARM = 100
_MILLISECONDS = 1000
_SHARES: Mapping[str, float] = {"warm": 0.0, f"{SOME_COLD:.0%} cold": SOME_COLD, "all cold": 1.0}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measured:
    """What the packaged function took of the processor, in seconds, by one way of access.

    Args:
        way: How it is let in.
        cold: Each start, from the interpreter's first line to the end of the first invocation.
        warm: An invocation after that, one value for each process.
    """

    way: str
    cold: tuple[float, ...]
    warm: tuple[float, ...]


def measure() -> Result:
    """Starts the packaged function on the local cloud, and reckons what its processor time would cost."""
    measured = [_measured(way, settings) for way, (settings, _) in _WAYS.items()]
    return Result(
        tables=(
            Figures(
                title="Processor time of one invocation",
                figures=tuple(figure for one in measured for figure in _figures(one)),
                caption="The packaged function in a process of its own, all threads, warm file cache, the interpreter's"
                " own start included and Lambda's runtime client not.",
            ),
            *(table(one) for one in measured),
        ),
        versions=machine.versions("google-auth", "google-cloud-bigquery"),
    )


def table(measured: Measured) -> Listing:
    """The estimate for one way of access."""
    requests = _WAYS[measured.way][1]
    warm = Work(cpu_seconds=statistics.median(measured.warm), wait_seconds=waiting(1))
    cold = Work(cpu_seconds=statistics.median(measured.cold), wait_seconds=waiting(requests))

    def dollars(memory: int, architecture: str, share: float) -> str:
        found = dollars_per_million(warm=warm, cold=cold, cold_share=share, memory_mb=memory, architecture=architecture)
        return f"{found:.2f}"

    rows = (
        (
            str(memory),
            *(f"{work.seconds(memory):.2f}" for work in (warm, cold)),
            *(dollars(memory, architecture, share) for architecture in GB_SECOND_DOLLARS for share in _SHARES.values()),
        )
        for memory in MEMORY_MB
    )
    return Listing(
        title=f"US dollars for a million invocations, {measured.way} (estimate)",
        columns=(
            "MB",
            "seconds warm",
            "cold",
            *(f"{architecture}: {share}" for architecture in GB_SECOND_DOLLARS for share in _SHARES),
        ),
        rows=tuple(rows),
        caption=f"Lambda alone, us-east-1. Assumed: {QUERY_SECONDS:g} s for the query, {TOKEN_REQUEST_SECONDS:g} s for"
        f" each request of a token (cold: {requests - 1}), and arm64 as fast as what was measured, which is"
        f" {Target.host().architecture} and not arm64.",
    )


def _measured(way: str, settings: Mapping[str, object]) -> Measured:
    kept = package_cache()
    kept.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="benchmark-", dir=kept.parent))
    try:
        ours = Program(
            name="ours",
            folder=packaging.unpacked(packaging.ours(Target.host()), folder),
            handler="keyless_bigquery.runtime.entry",
        )
        with deployed(settings) as deployment:
            variables = deployment.variables()
            start(ours, variables)
            pairs = [
                (start(ours, variables).cpu, start(ours, variables, invocations=1 + _WARM).cpu) for _ in range(_STARTS)
            ]
    finally:
        packaging.remove(folder)
    return Measured(
        way=way,
        cold=tuple(cold for cold, _ in pairs),
        warm=tuple((many - cold) / _WARM for cold, many in pairs),
    )


def _figures(measured: Measured) -> Iterator[Figure]:
    for name, values in (("cold", measured.cold), ("warm", measured.warm)):
        yield Figure(name=f"{measured.way}, {name}", unit="ms", runs=tuple(value * _MILLISECONDS for value in values))
