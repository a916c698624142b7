"""How long a warm invocation takes, compared with one POST with a token in hand: two processes, invoked in turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.counting import counting
from benchmarks.deployment import Deployment, deployed
from benchmarks.figures import Figure, Goal, percentile, ratio
from benchmarks.packaging import Program, programs, usual
from benchmarks.report import Table
from benchmarks.starting import paced, start
from keyless_bigquery.packaging import Target
from keyless_bigquery.runtime.environment import API_ENDPOINT

_PAIRS = 1000
_BLOCK = 100
_WARM_UP = 20
_MILLISECONDS = 1000
_OURS, _POST = "ours", "one POST"
_CAPTION = (
    f"{_PAIRS} invocations of each, one of the one after one of the other. The POST is urllib3's, with a token in hand"
    " and the body that the function sends; its answer is received, not read. A run is a block of"
    f" {_BLOCK} invocations. The query itself is the local BigQuery's: the dearer it is, the nearer the ratio is to 1."
)


def measure() -> tuple[Table, ...]:
    """Invokes both, one after the other, a thousand times."""
    raw = Program(name=_POST, folder=usual("raw", Target.host(), bytecode=True), reads=False)
    with programs() as candidates, deployed() as deployment:
        variables = deployment.variables()
        posted = variables | _raw_variables(deployment, candidates[_OURS], variables)
        most = _WARM_UP + _PAIRS
        with (
            paced(candidates[_OURS], variables, invocations=most) as ours,
            paced(raw, posted, invocations=most) as post,
        ):
            taken: dict[str, list[float]] = {_OURS: [], _POST: []}
            turns = [(_OURS, ours), (_POST, post)]
            for number in range(most):
                for name, process in turns if number % 2 else reversed(turns):
                    taken[name].append(process.invoke() * _MILLISECONDS)
    counted = {name: values[_WARM_UP:] for name, values in taken.items()}
    return (Table(title="A warm invocation", figures=tuple(_figures(counted)), caption=_CAPTION),)


def _figures(taken: Mapping[str, list[float]]) -> Iterator[Figure]:
    for share, goal in ((50, Goal(bound=1.3)), (99, None)):
        blocks = {
            name: [percentile(values[first : first + _BLOCK], share) for first in range(0, len(values), _BLOCK)]
            for name, values in taken.items()
        }
        yield ratio(f"p{share}, ours / one POST", blocks[_OURS], blocks[_POST], goal=goal)
        for name, runs in blocks.items():
            yield Figure(name=f"p{share}, {name}", unit="ms", runs=tuple(runs))
    for name, values in taken.items():
        yield Figure(name=f"p99 of all, {name}", unit="ms", runs=(percentile(values, 99),))


def _raw_variables(deployment: Deployment, ours: Program, variables: Mapping[str, str]) -> dict[str, str]:
    """What the POST needs: the function's own query, as it was sent with its token."""
    with counting(deployment.cloud.google_url) as counter:
        start(ours, {**variables, API_ENDPOINT: counter.url})
        sent = counter.last
    return {
        "RAW_URL": deployment.cloud.google_url + sent.target,
        "RAW_BODY": sent.body.decode(),
        "RAW_AUTHORIZATION": str(sent.authorization),
    }
