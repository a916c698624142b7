"""The back-off: bounded, longer each time, jittered; it ends at once, at the limit, or with an answer."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyless_bigquery.attempt import Attempt, Failure
from keyless_tools.doctor.verify.waiting import Outcome, RetryPolicy, pauses, wait_for_success
from tests.doctor.users import FakeTime

ANSWER = Attempt(payload="{}", log="", failure=None)
LATE = Attempt(payload="", log="", failure=Failure(kind="impersonation", text="not yet", may_pass=True))
WRONG = Attempt(payload="", log="", failure=Failure(kind="configuration", text="never", may_pass=False))


def waited(*attempts: Attempt, limit: float = 600, seed: int = 0) -> tuple[Outcome, FakeTime]:
    """The last attempt comes again for ever; each takes a second."""
    time, coming = FakeTime(), itertools.chain(attempts, itertools.repeat(attempts[-1]))

    def invoke() -> Attempt:
        time.now += 1
        return next(coming)

    policy = RetryPolicy(limit_seconds=limit, time=time, jitter=random.Random(seed))
    return wait_for_success(invoke, policy, lambda *_: None), time


@given(seed=st.integers())
def test_pauses_grow_from_a_second_to_half_a_minute_and_each_is_jittered(seed: int) -> None:
    found = list(itertools.islice(pauses(random.Random(seed)), 12))
    whole = [1, 2, 4, 8, 16, 30, 30, 30, 30, 30, 30, 30]
    assert all(most / 2 <= pause <= most for pause, most in zip(found, whole, strict=True))
    assert len(set(found)) == len(found)


@given(seed=st.integers(), limit=st.floats(0, 2000))
def test_what_never_passes_ends_at_the_limit_and_no_try_begins_after_it(seed: int, limit: float) -> None:
    outcome, time = waited(LATE, limit=limit, seed=seed)
    assert outcome.attempt is LATE
    assert outcome.seconds == time.now
    assert limit <= time.now <= limit + 1.000001 or outcome.tries == 1
    assert outcome.tries == len(time.slept) + 1


def test_an_answer_ends_it_and_reports_how_long_it_took() -> None:
    outcome, time = waited(LATE, LATE, ANSWER)
    assert outcome == Outcome(attempt=ANSWER, tries=3, seconds=time.now)
    assert time.now == pytest.approx(3 + sum(time.slept))


@pytest.mark.parametrize("before", [0, 2])
def test_a_failure_that_waiting_does_not_change_ends_it_at_once(before: int) -> None:
    outcome, time = waited(*[LATE] * before, WRONG)
    assert outcome.attempt is WRONG
    assert outcome.tries == before + 1
    assert len(time.slept) == before


def test_it_says_before_each_pause_how_long_it_will_be() -> None:
    pauses_seen: list[tuple[int, float, str, float]] = []
    time, coming = FakeTime(), iter([LATE, LATE, ANSWER])
    policy = RetryPolicy(limit_seconds=60, time=time)
    wait_for_success(lambda: next(coming), policy, lambda n, s, f, pause: pauses_seen.append((n, s, f.text, pause)))
    assert [(tries, text) for tries, _, text, _ in pauses_seen] == [(1, "not yet"), (2, "not yet")]
    assert [pause for *_, pause in pauses_seen] == time.slept
