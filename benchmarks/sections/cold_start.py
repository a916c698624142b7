"""How soon a fresh process has its handler ready, and its first row printed: ours, what others ship, and the floor."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import machine
from benchmarks.deployment import deployed
from benchmarks.errors import ColdCacheError
from benchmarks.figures import Figure, Goal, ratio
from benchmarks.file_cache import put_out, share_held, take_in
from benchmarks.programs import Programs, programs
from benchmarks.report import Figures, Result, Table
from benchmarks.starting import Program, Start, start

_WARM, _COLD = "warm", "cold"
_DELAYS = (0, 20)
_ROUNDS = {_WARM: 10, _COLD: 6}
"""With each delay: whether the handler is ready does not hang on it, so there are twice as many starts of that."""
_HEAVY_EVERY = 3
"""What takes seconds runs in each third round only."""
_MILLISECONDS = 1000
_STILL_HELD = 0.02

Runs = Mapping[str, list[Start | None]]
"""Of each candidate, by name, its start in each round; ``None`` where it did not run."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rounds:
    """What was measured under one condition.

    Args:
        cache: The file cache was ``warm`` or ``cold`` with respect to the package.
        delay: Milliseconds added to each request.
        runs: The starts.
    """

    cache: str
    delay: int
    runs: Runs


def measure() -> Result:
    """Starts each candidate in turn, round after round, with warm and cold files, near and far from Google."""
    with programs() as candidates, deployed() as deployment:
        variables = deployment.variables()
        measured = [
            Rounds(cache=cache, delay=delay, runs={program.name: [] for program in candidates.all()})
            for cache in _ROUNDS
            for delay in _DELAYS
        ]
        for cache, count in _ROUNDS.items():
            for number in range(count):
                for rounds in _with(measured, cache):
                    deployment.delay(rounds.delay)
                    _add_round(rounds, candidates, variables, with_heavy=number % _HEAVY_EVERY == 0)
    return Result(
        tables=tuple(_tables(candidates, measured)),
        versions=machine.versions("google-auth", "google-cloud-bigquery", "requests", "urllib3"),
    )


def _add_round(rounds: Rounds, candidates: Programs, variables: Mapping[str, str], *, with_heavy: bool) -> None:
    """Starts each candidate once, in turn."""
    heavy = (candidates.pandas, candidates.pandas_compiled)
    for program in candidates.all():
        rests = program in heavy and not with_heavy
        rounds.runs[program.name].append(None if rests else _start(program, variables, cache=rounds.cache))


def _start(program: Program, variables: Mapping[str, str], *, cache: str) -> Start:
    if cache == _WARM:
        take_in(program.folder)
    else:
        put_out(program.folder)
        held = share_held(program.folder)
        if held > _STILL_HELD:
            raise ColdCacheError(
                f"{held:.0%} of {program.folder} stayed in the file cache: is it mapped by another process, or on a"
                " file system in memory? KEYLESS_CACHE names another place"
            )
    return start(program, variables)


def _tables(candidates: Programs, measured: Sequence[Rounds]) -> Iterator[Table]:
    yield Figures(
        title="Handler ready: how many times longer others take",
        figures=tuple(_ready_ratios(candidates, measured)),
        caption="Each ratio is of two starts of one round. Ours has bytecode, and so has the floor in our packaging.",
    )
    for cache in (_COLD, _WARM):
        yield Figures(
            title=f"From the start of the process to the handler's end of import, {cache} files",
            figures=tuple(_of_each(candidates, _with(measured, cache), lambda one: one.ready)),
            caption=_CAPTIONS[cache],
        )
    yield Figures(
        title="Processor time until the handler is ready, warm files",
        figures=(
            *_cpu_ratios(candidates, _with(measured, _WARM)),
            *_of_each(candidates, _with(measured, _WARM), lambda one: one.ready_cpu),
        ),
        caption="All threads. A busy machine hardly disturbs it, and it is what bounds a function with a share of a"
        " processor.",
    )
    yield Figures(
        title="First row printed: how many times longer others take", figures=tuple(_row_ratios(candidates, measured))
    )
    for rounds in measured:
        yield Figures(
            title=f"From the start of the process to the first row, {rounds.cache} files, {rounds.delay} ms added to"
            " each request",
            figures=tuple(_of_each(candidates, [rounds], lambda one: one.row)),
        )


_CAPTIONS = {
    _COLD: "The package's files were put out of the file cache before each start (posix_fadvise) and seen to be out"
    " (mincore); the interpreter and its library stay warm. No bytecode is written.",
    _WARM: "Every file of the package was read before each start. No bytecode is written.",
}


def _with(measured: Sequence[Rounds], cache: str) -> list[Rounds]:
    return [rounds for rounds in measured if rounds.cache == cache]


def _of_each(
    candidates: Programs, measured: Sequence[Rounds], value: Callable[[Start], float | None]
) -> Iterator[Figure]:
    """A figure for each candidate that has the value, over all of these rounds."""
    for program in candidates.all():
        starts = [one for rounds in measured for one in rounds.runs[program.name] if one is not None]
        values = [found * _MILLISECONDS for one in starts if (found := value(one)) is not None]
        if values:
            yield Figure(name=program.name, unit="ms", runs=tuple(values))


def _ready_ratios(candidates: Programs, measured: Sequence[Rounds]) -> Iterator[Figure]:
    def compared(above: Program, below: Program, cache: str, goal: Goal | None = None) -> Figure:
        return _ratio(_with(measured, cache), above, below, lambda one: one.ready, name=cache, goal=goal)

    ours = candidates.ours
    for cache in (_COLD, _WARM):
        yield compared(candidates.naive, ours, cache, Goal(bound=4.5, more=True))
        yield compared(candidates.naive_compiled, ours, cache, Goal(bound=1.8, more=True))
        yield compared(ours, candidates.floor, cache, Goal(bound=1.3))
        yield compared(ours, candidates.floor_usual, cache)
        yield compared(candidates.pandas, ours, cache)
        yield compared(candidates.pandas_compiled, ours, cache)


def _cpu_ratios(candidates: Programs, measured: Sequence[Rounds]) -> Iterator[Figure]:
    for above, below in ((candidates.naive, candidates.ours), (candidates.ours, candidates.floor)):
        yield _ratio(measured, above, below, lambda one: one.ready_cpu, name=_WARM)


def _row_ratios(candidates: Programs, measured: Sequence[Rounds]) -> Iterator[Figure]:
    for rounds in measured:
        name = f"{rounds.cache}, {rounds.delay} ms"
        for above, below in (
            (candidates.naive, candidates.ours),
            (candidates.naive_compiled, candidates.ours),
            (candidates.pandas, candidates.ours),
            (candidates.ours, candidates.floor),
        ):
            yield _ratio([rounds], above, below, lambda one: one.row, name=name)


def _ratio(
    measured: Sequence[Rounds],
    above: Program,
    below: Program,
    value: Callable[[Start], float | None],
    *,
    name: str,
    goal: Goal | None = None,
) -> Figure:
    """The ratio of two candidates, in each round that both ran in."""
    rounds = (pair for one in measured for pair in zip(one.runs[above.name], one.runs[below.name], strict=True))
    found = [(value(first), value(second)) for first, second in rounds if first and second]
    pairs = [(first, second) for first, second in found if first is not None and second is not None]
    return ratio(
        f"{above.name} / {below.name}, {name}",
        [first for first, _ in pairs],
        [second for _, second in pairs],
        goal=goal,
    )
