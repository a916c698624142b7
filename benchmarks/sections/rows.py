"""What a read takes in time and memory: few rows and many, narrow and wide, with each request taking longer or less."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Goal, ratio
from benchmarks.many_rows import serving
from benchmarks.packaging import Program, programs
from benchmarks.report import Table
from benchmarks.starting import Start, start
from federation_emulator.core.credentials import UNIVERSE
from keyless_bigquery.runtime import environment
from keyless_bigquery.runtime.environment import AWS_REGIONS, AWS_SESSION, CREDENTIALS_FILE
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain

_NARROW, _WIDE = 2, 40
_FEW, _MANY, _MOST = 10, 10_000, 1_000_000
_COUNTS = (_MANY, 300_000, _MOST)
_FAR = 50
_MILLISECONDS = (0, 20, _FAR)
_ROUNDS = 3
_CELLS = 2_000_000
"""Of more there is one round, at the longest way only, of ours alone: the usual handler takes minutes for them."""

_MEGABYTE = 1_000_000
_PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/bench-pool/providers/aws-lambda"
_ACCOUNT = "reader@local-keyless.iam.gserviceaccount.com"
_OURS, _USUAL = "ours", "naive, with bytecode"
_AS_FAST = Goal(bound=1.0)
_SMALL = Goal(bound=64)
_FLAT = Goal(bound=1.6)
_CAPTION = (
    "The rows come from a stand-in of the wire's shape that answers from memory, in pages as large as BigQuery's: the"
    " local BigQuery takes too long for a million. Each request waits as long as the row says before it is answered. A"
    " fresh process for each run, of which the first invocation is measured; what is printed goes to a file."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One result, and how long each request waits for its answer."""

    columns: int
    count: int
    milliseconds: int

    def __str__(self) -> str:
        return f"{self.count:,} rows of {self.columns} columns, {self.milliseconds} ms"


Starts = Mapping[Case, Mapping[str, Sequence[Start]]]
"""Of each result and candidate, its start in each round."""


def cases() -> tuple[tuple[Case, int], ...]:
    """What is read, and in how many rounds."""
    found = [
        (Case(columns=columns, count=count, milliseconds=milliseconds), _ROUNDS if columns * count <= _CELLS else 1)
        for milliseconds in _MILLISECONDS
        for columns in (_NARROW, _WIDE)
        for count in (*((_FEW,) if milliseconds == 0 else ()), *_COUNTS)
    ]
    return tuple((case, rounds) for case, rounds in found if rounds > 1 or case.milliseconds == _FAR)


def measure() -> tuple[Table, ...]:
    """Reads each result with each candidate, in turn."""
    starts: dict[Case, dict[str, list[Start]]] = {}
    with programs() as candidates, TemporaryDirectory(prefix="keyless-bench-") as folder:
        for case, rounds in cases():
            compared = _compared(candidates, case)
            starts[case] = {program.name: [] for program in compared}
            with serving(case.count, columns=case.columns, delay_seconds=case.milliseconds / 1000) as url:
                variables = _variables(url, Path(folder))
                for _ in range(rounds):
                    for program in compared:
                        starts[case][program.name].append(start(program, variables))
    return tuple(_tables(starts))


def _compared(candidates: Mapping[str, Program], case: Case) -> tuple[Program, ...]:
    ours, usual = candidates[_OURS], candidates[_USUAL]
    if case.columns * case.count > _CELLS:
        return (ours,)
    if case.columns == _WIDE:
        return ours, dataclasses.replace(usual, handler="every_column")
    # A data frame reads the same pages, and takes as long at any distance.
    return ours, usual, *((candidates["pandas, with bytecode"],) if case.milliseconds == _FAR else ())


def _variables(url: str, folder: Path) -> dict[str, str]:
    """The environment of a function whose Google is at ``url``, where its credentials are not checked."""
    endpoints = GoogleEndpoints(universe_domain=UNIVERSE, base_url=url)
    trust = TrustChain(aws_account_id="210987654321", role_name="Reader", function_name="reader", endpoints=endpoints)
    configuration = folder / "credential-configuration.json"
    configuration.write_text(trust.credential_configuration(provider_name=_PROVIDER, service_account_email=_ACCOUNT))
    variables = {
        environment.PROJECT: "local-keyless",
        environment.TABLE: "local-keyless.made.made",
        environment.LOCATION: "US",
        environment.MAXIMUM_BYTES_BILLED: "100000000",
        environment.API_ENDPOINT: url,
    }
    session = dict.fromkeys((*AWS_SESSION, *AWS_REGIONS), "none")
    return {**variables, **session, CREDENTIALS_FILE: str(configuration), "PATH": os.defpath, "NO_PROXY": "127.0.0.1"}


def _tables(starts: Starts) -> Iterator[Table]:
    each = [(case, name, found) for case, runs in starts.items() for name, found in runs.items()]
    yield Table(
        title="Time, against the others",
        figures=tuple(
            ratio(
                f"{_OURS} / {name}: {case}",
                _seconds(starts[case][_OURS]),
                _seconds(found),
                goal=_AS_FAST if case.milliseconds == _FAR and name == _USUAL else None,
            )
            for case, name, found in each
            if name != _OURS and case.count > _FEW
        ),
        caption=_CAPTION,
    )
    yield Table(
        title="Peak memory, many rows against few",
        figures=tuple(
            ratio(
                f"{name}: {case} / {_FEW} rows",
                [one.peak_bytes for one in found],
                [one.peak_bytes for one in few[name]][: len(found)],
                goal=_FLAT if name == _OURS else None,
            )
            for case, name, found in each
            if case.count == _MOST and name in (few := starts[Case(columns=case.columns, count=_FEW, milliseconds=0)])
        ),
        caption="The most that was resident, of the whole process.",
    )
    yield Table(
        title="Peak memory",
        figures=tuple(
            Figure(
                name=f"{name}: {case}",
                unit="MB",
                runs=tuple(one.peak_bytes / _MEGABYTE for one in found),
                goal=_SMALL if name == _OURS else None,
            )
            for case, name, found in each
        ),
    )
    yield Table(
        title="Time",
        figures=tuple(Figure(name=f"{name}: {case}", unit="s", runs=_seconds(found)) for case, name, found in each),
    )


def _seconds(runs: Sequence[Start]) -> tuple[float, ...]:
    return tuple(one.invocations[0] for one in runs)
