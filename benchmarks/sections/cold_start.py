"""How soon a fresh process has its handler ready, and its first row printed: ours, what others ship, and the floor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.deployment import deployed
from benchmarks.errors import BenchmarkError
from benchmarks.figures import Figure, Goal, ratio
from benchmarks.file_cache import evict, prefetch, share_held
from benchmarks.packaging import Program, programs
from benchmarks.report import Table
from benchmarks.starting import Start, start

_COLD, _WARM = "cold", "warm"
_ROUNDS = {_WARM: 10, _COLD: 6}
"""With each delay: whether the handler is ready does not hang on it, so there are twice as many starts of that."""
_DELAYS = (0, 20)
"""Milliseconds added to each request."""
_HEAVY_EVERY = 3
"""pandas takes seconds, and runs in each third round only."""
_MILLISECONDS = 1000
_STILL_HELD = 0.02

_COMPARED = (
    ("naive, usual zip", "ours", Goal(bound=4.5, more=True)),
    ("naive, with bytecode", "ours", Goal(bound=1.8, more=True)),
    ("ours", "floor, our packaging", Goal(bound=1.3)),
    ("ours", "floor, usual zip", None),
    ("pandas, usual zip", "ours", None),
    ("pandas, with bytecode", "ours", None),
)
"""What is divided by what, and the goal until the handler is ready."""

_CAPTIONS = {
    _COLD: "The package's files were evicted from the file cache before each start (posix_fadvise), which was checked"
    " (mincore); the interpreter and its library stay warm. No bytecode is written.",
    _WARM: "Every file of the package was read before each start. No bytecode is written.",
}

Runs = Mapping[str, list[Start | None]]
"""Of each candidate, by name, its start in each round; ``None`` where it did not run."""
Value = Callable[[Start], float | None]


def measure() -> tuple[Table, ...]:
    """Starts each candidate in turn, round after round, with warm and cold files, near and far from Google."""
    measured: dict[tuple[str, int], dict[str, list[Start | None]]] = {}
    with programs() as candidates, deployed() as deployment:
        variables = deployment.variables()
        for cache, count in _ROUNDS.items():
            for number in range(count):
                for delay in _DELAYS:
                    deployment.delay(delay)
                    runs = measured.setdefault((cache, delay), {name: [] for name in candidates})
                    for name, program in candidates.items():
                        rests = name.startswith("pandas") and number % _HEAVY_EVERY
                        runs[name].append(None if rests else _start(program, variables, cache=cache))
    return tuple(_tables(measured))


def _start(program: Program, variables: Mapping[str, str], *, cache: str) -> Start:
    if cache == _WARM:
        prefetch(program.folder)
    else:
        evict(program.folder)
        held = share_held(program.folder)
        if held > _STILL_HELD:
            raise BenchmarkError(
                f"{held:.0%} of {program.folder} stayed in the file cache: is it mapped by another process, or on a"
                " file system in memory? KEYLESS_CACHE names another place"
            )
    return start(program, variables)


def _tables(measured: Mapping[tuple[str, int], Runs]) -> Iterator[Table]:
    of_cache = {cache: [runs for (one, _), runs in measured.items() if one == cache] for cache in (_COLD, _WARM)}
    yield Table(
        title="Handler ready: how many times longer others take",
        figures=tuple(
            _ratio(runs, above, below, lambda one: one.ready, name=cache, goal=goal)
            for cache, runs in of_cache.items()
            for above, below, goal in _COMPARED
        ),
        caption="Each ratio is of two starts of one round. Ours has bytecode, and so has the floor in our packaging.",
    )
    for cache, runs in of_cache.items():
        yield Table(
            title=f"From the start of the process to the handler's end of import, {cache} files",
            figures=tuple(_times(runs, lambda one: one.ready)),
            caption=_CAPTIONS[cache],
        )
    yield Table(
        title="First row printed: how many times longer others take",
        figures=tuple(
            _ratio([runs], above, below, lambda one: one.row, name=f"{cache}, {delay} ms")
            for (cache, delay), runs in measured.items()
            for above, below, _ in _COMPARED
        ),
    )
    for (cache, delay), rounds in measured.items():
        yield Table(
            title=f"From the start of the process to the first row, {cache} files, {delay} ms added to each request",
            figures=tuple(_times([rounds], lambda one: one.row)),
        )


def _times(measured: Sequence[Runs], value: Value) -> Iterator[Figure]:
    """A figure for each candidate that has the value, over all of these rounds."""
    for name in measured[0]:
        starts = [one for runs in measured for one in runs[name] if one is not None]
        values = [found * _MILLISECONDS for one in starts if (found := value(one)) is not None]
        if values:
            yield Figure(name=name, unit="ms", runs=tuple(values))


def _ratio(
    measured: Sequence[Runs], above: str, below: str, value: Value, *, name: str, goal: Goal | None = None
) -> Figure:
    """The ratio of two candidates, in each round that both ran in."""
    rounds = [pair for runs in measured for pair in zip(runs[above], runs[below], strict=True)]
    pairs = [(value(first), value(second)) for first, second in rounds if first and second]
    found = [(first, second) for first, second in pairs if first is not None and second is not None]
    return ratio(f"{above} / {below}, {name}", [one for one, _ in found], [other for _, other in found], goal=goal)
