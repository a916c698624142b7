"""What a read takes in memory and time, for ten rows and for a million."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Goal, ratio
from benchmarks.many_rows import serving
from benchmarks.plots import Line, Lines
from benchmarks.programs import programs
from benchmarks.report import Figures, Result, Table
from benchmarks.starting import Program, Start, start
from infra import function_environment
from infra.trust import GoogleEndpoints, TrustChain
from keyless_bigquery.runtime.environment import AWS_REGIONS, AWS_SESSION, CREDENTIALS_FILE
from local_cloud.credentials import UNIVERSE

_FEW, _MANY, _MOST = 10, 10_000, 1_000_000
_COUNTS = (_FEW, _MANY, _MOST)
_ROUNDS = 3
_MEGABYTE = 1_000_000
_MILLISECONDS = 1000
_MICROSECONDS = 1_000_000
_PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/bench-pool/providers/aws-lambda"
_ACCOUNT = "reader@local-keyless.iam.gserviceaccount.com"
_FLAT = Goal(bound=1.1)
_CAPTION = (
    "The rows come from a stand-in of the wire's shape that answers from memory, in pages as large as BigQuery's: the"
    " local BigQuery takes too long for a million. A fresh process for each run; what is printed goes to a file. Peak"
    " memory is the most that was resident, of the whole process."
)

Starts = Mapping[Program, Mapping[int, Sequence[Start]]]
"""Of each candidate and number of rows, its start in each round."""


def measure() -> Result:
    """Reads few, many and a million rows with each candidate, in turn."""
    with programs() as candidates, TemporaryDirectory(prefix="keyless-bench-") as folder:
        compared = (candidates.ours, candidates.naive_compiled, candidates.pandas_compiled)
        starts: dict[Program, dict[int, list[Start]]] = {
            program: {count: [] for count in _COUNTS} for program in compared
        }
        for count in _COUNTS:
            with serving(count) as url:
                variables = _variables(url, Path(folder))
                for _ in range(_ROUNDS):
                    for program in compared:
                        starts[program][count].append(start(program, variables))
    return Result(tables=tuple(_tables(candidates.ours, starts)), plots=tuple(_plots(starts)))


def _variables(url: str, folder: Path) -> dict[str, str]:
    """The environment of a function whose Google is at ``url``, where nobody looks at its credentials."""
    endpoints = GoogleEndpoints(universe_domain=UNIVERSE, base_url=url)
    trust = TrustChain(aws_account_id="210987654321", role_name="Reader", function_name="reader", endpoints=endpoints)
    configuration = folder / "credential-configuration.json"
    configuration.write_text(trust.credential_configuration(provider_name=_PROVIDER, service_account_email=_ACCOUNT))
    told: dict[str, str] = function_environment.variables(
        project="local-keyless",
        table="local-keyless.made.made",
        columns=("user_id", "name"),
        location="US",
        maximum_bytes_billed=100_000_000,
        endpoints=endpoints,
    )
    session = dict.fromkeys((*AWS_SESSION, *AWS_REGIONS), "nobody")
    return {**told, **session, CREDENTIALS_FILE: str(configuration), "PATH": os.defpath, "NO_PROXY": "127.0.0.1"}


def _tables(ours: Program, starts: Starts) -> Iterator[Table]:
    yield Figures(
        title="Peak memory, many rows against few",
        figures=tuple(
            ratio(
                f"{program.name}: {_MOST:,} rows / {_FEW}",
                [one.peak_bytes for one in by_count[_MOST]],
                [one.peak_bytes for one in by_count[_FEW]],
                goal=_FLAT if program == ours else None,
            )
            for program, by_count in starts.items()
        ),
        caption=_CAPTION,
    )
    yield Figures(
        title="Time for each further row",
        figures=(
            *(
                ratio(
                    f"{program.name}: from {_MANY:,} to {_MOST:,} rows / from {_FEW} to {_MANY:,}",
                    _for_each_row(by_count, _MANY, _MOST),
                    _for_each_row(by_count, _FEW, _MANY),
                )
                for program, by_count in starts.items()
            ),
            *(
                Figure(
                    name=f"{program.name}: from {_MANY:,} to {_MOST:,} rows",
                    unit="microseconds",
                    runs=tuple(seconds * _MICROSECONDS for seconds in _for_each_row(by_count, _MANY, _MOST)),
                )
                for program, by_count in starts.items()
            ),
        ),
        caption="1 means that time is linear. Of the first invocation of a process, without what hangs on no row.",
    )
    yield Figures(title="Peak memory", figures=tuple(_of_each(starts, "MB", _megabytes)))
    yield Figures(title="The first invocation", figures=tuple(_of_each(starts, "ms", _milliseconds)))


def _plots(starts: Starts) -> Iterator[Lines]:
    for name, title, upward, value in (
        ("rows-memory", "Peak memory of a read", "MB", _megabytes),
        ("rows-time", "The first invocation", "ms", _milliseconds),
    ):
        yield Lines(
            name=name,
            title=title,
            across="rows",
            upward=upward,
            lines=tuple(_line(program.name, by_count, value) for program, by_count in starts.items()),
        )


def _line(name: str, by_count: Mapping[int, Sequence[Start]], value: Callable[[Start], float]) -> Line:
    points = tuple((count, statistics.median(map(value, runs))) for count, runs in by_count.items())
    return Line(name=name, points=points)


def _of_each(starts: Starts, unit: str, value: Callable[[Start], float]) -> Iterator[Figure]:
    for program, by_count in starts.items():
        for count, runs in by_count.items():
            yield Figure(name=f"{program.name}: {count:,} rows", unit=unit, runs=tuple(map(value, runs)))


def _for_each_row(by_count: Mapping[int, Sequence[Start]], few: int, many: int) -> list[float]:
    """Seconds for each row beyond ``few``, up to ``many``, round by round."""
    pairs = zip(by_count[few], by_count[many], strict=True)
    return [(more.invocations[0] - less.invocations[0]) / (many - few) for less, more in pairs]


def _megabytes(one: Start) -> float:
    return one.peak_bytes / _MEGABYTE


def _milliseconds(one: Start) -> float:
    return one.invocations[0] * _MILLISECONDS
