"""How long a warm invocation takes, compared with one POST with a token in hand: two processes, invoked in turn."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import google.auth.aws
import google.auth.transport.requests

from benchmarks.counting import counting
from benchmarks.deployment import Deployment, deployed
from benchmarks.figures import Figure, Goal, percentile, ratio
from benchmarks.packaging import usual
from benchmarks.programs import programs
from benchmarks.report import Figures, Result
from benchmarks.starting import Paced, Program, paced, start
from keyless_bigquery.components import outputs
from keyless_bigquery.packaging import Target
from keyless_bigquery.runtime.environment import API_ENDPOINT

_PAIRS = 1000
_BLOCK = 100
_WARM_UP = 20
_MILLISECONDS = 1000
_GOAL = Goal(bound=1.3)
_CAPTION = (
    f"{_PAIRS} invocations of each, one of the one after one of the other. The POST is urllib3's, with a token in hand"
    " and the body that the function sends; its answer is received, not read. A run is a block of"
    f" {_BLOCK} invocations. The query itself is the local BigQuery's: the dearer it is, the nearer the ratio is to 1."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pairs:
    """How long each invocation took, in seconds, in their order."""

    ours: Sequence[float]
    raw: Sequence[float]


def measure() -> Result:
    """Invokes both, one after the other, a thousand times."""
    raw = Program(name="one POST", folder=usual("raw", Target.host(), bytecode=True), reads=False)
    with programs() as candidates, deployed() as deployment:
        variables = deployment.variables()
        posted = variables | _raw_variables(deployment, candidates.ours, variables)
        most = _WARM_UP + _PAIRS
        with (
            paced(candidates.ours, variables, invocations=most) as ours,
            paced(raw, posted, invocations=most) as post,
        ):
            pairs = _in_turn(ours, post)
    return Result(tables=(Figures(title="A warm invocation", figures=_figures(pairs), caption=_CAPTION),))


def _in_turn(ours: Paced, post: Paced) -> Pairs:
    taken: dict[Paced, list[float]] = {ours: [], post: []}
    for number in range(_WARM_UP + _PAIRS):
        for one in (ours, post) if number % 2 else (post, ours):
            taken[one].append(one.invoke())
    return Pairs(ours=taken[ours][_WARM_UP:], raw=taken[post][_WARM_UP:])


def _figures(pairs: Pairs) -> tuple[Figure, ...]:
    blocks = {
        share: ([_of_block(values, share) for values in _blocks(pairs.ours)],
                [_of_block(values, share) for values in _blocks(pairs.raw)])
        for share in (50, 99)
    }  # fmt: skip
    return (
        ratio("p50, ours / one POST", *blocks[50], goal=_GOAL),
        ratio("p99, ours / one POST", *blocks[99]),
        *(
            Figure(name=f"p{share}, {name}", unit="ms", runs=tuple(runs))
            for share, both in blocks.items()
            for name, runs in zip(("ours", "one POST"), both, strict=True)
        ),
        Figure(name="p99 of all, ours", unit="ms", runs=(_of_block(pairs.ours, 99),)),
        Figure(name="p99 of all, one POST", unit="ms", runs=(_of_block(pairs.raw, 99),)),
    )


def _blocks(values: Sequence[float]) -> list[Sequence[float]]:
    return [values[first : first + _BLOCK] for first in range(0, len(values), _BLOCK)]


def _of_block(values: Sequence[float], share: int) -> float:
    return percentile(values, share) * _MILLISECONDS


def _raw_variables(deployment: Deployment, ours: Program, variables: Mapping[str, str]) -> dict[str, str]:
    """What the POST needs: the function's own body, seen on its way, and a token that was fetched as it does."""
    with counting(deployment.cloud.google_url) as counter:
        start(ours, {**variables, API_ENDPOINT: counter.url})
        body = counter.last_body
    path = f"/bigquery/v2/projects/{deployment.cloud.project_id}/queries"
    return {
        "RAW_URL": deployment.cloud.google_url + path,
        "RAW_BODY": body.decode(),
        "RAW_TOKEN": _token(deployment, variables),
    }


def _token(deployment: Deployment, variables: Mapping[str, str]) -> str:
    """An access token of the function's."""

    class Session(google.auth.aws.AwsSecurityCredentialsSupplier):
        def get_aws_security_credentials(self, *_: object) -> google.auth.aws.AwsSecurityCredentials:
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            return google.auth.aws.AwsSecurityCredentials(*(variables[name] for name in names))

        def get_aws_region(self, *_: object) -> str:
            return variables["AWS_REGION"]

    configuration = json.loads(deployment.stage.output(outputs.CREDENTIAL_CONFIGURATION))
    del configuration["credential_source"]
    credentials = google.auth.aws.Credentials.from_info(  # type: ignore[no-untyped-call]  # google-auth has no types
        configuration,
        scopes=["https://www.googleapis.com/auth/bigquery"],
        aws_security_credentials_supplier=Session(),
    )
    credentials.refresh(google.auth.transport.requests.Request())
    return str(credentials.token)
