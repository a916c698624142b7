"""Sending thousands of requests, each watched: no 5xx, no hang, no answer that an oracle can't justify."""

from __future__ import annotations

import http.client
import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

HANG_SECONDS = 1.0
"""Of processor time: the server is a thread of the tests' own process. A machine that stops for a moment uses none."""
_LIMIT_SECONDS = 10.0
SEED = int(os.environ.get("KEYLESS_FUZZ_SEED", "20261124"))
REQUESTS = int(os.environ.get("KEYLESS_FUZZ_REQUESTS", "2000"))
"""All requests of this folder together; each test takes its share. ``make soak`` sends 10,000."""


@dataclass(frozen=True)
class Sent:
    """A request as it goes out."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds of processor time."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """One kept connection."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=_LIMIT_SECONDS)

    def send(self, sent: Sent) -> Answer:
        """Send and wait."""
        began = time.process_time()
        self._connection.request(sent.method, sent.path, body=sent.body, headers=sent.headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return Answer(answer.status, body, time.process_time() - began)

    def close(self) -> None:
        """Give the connection up."""
        self._connection.close()


def problem_of(client: Client, sent: Sent) -> tuple[str, Answer]:
    """Send, and say what is wrong with the answer whatever the request was; empty if nothing."""
    answer = client.send(sent)
    if answer.seconds > HANG_SECONDS:
        return f"took {answer.seconds:.1f} s", answer
    if answer.status >= 500:
        return f"answered {answer.status}: {answer.body[:200]!r}", answer
    try:
        answer.json()
    except ValueError:
        return f"answered {answer.status} with no JSON", answer
    return "", answer


Attempt = TypeVar("Attempt")
Change = Callable[[random.Random, Attempt], str]
"""Does something to an attempt, and says what in words that hold no secret."""


@dataclass
class Fuzzer(Generic[Attempt]):
    """Makes attempts, damages them, and judges what comes of them.

    Attributes:
        name: Mixed into the seed, so that tests don't share their random numbers.
        fresh: Makes an undamaged attempt.
        changes: The kinds of damage.
        judge: Sends an attempt and says what is wrong with the outcome; empty if nothing.
    """

    name: str
    fresh: Callable[[random.Random], Attempt]
    changes: Sequence[Change[Attempt]]
    judge: Callable[[Attempt], str]

    def run(self, count: int) -> None:
        """Make so many attempts.

        Raises:
            AssertionError: One went wrong; the text has what is needed to see it again, and no secret.
        """
        for index in range(count):
            seed = f"{SEED}/{self.name}/{index}"
            rng = random.Random(seed)
            kinds = [
                (rng.choice(self.changes), rng.random()) for _ in range(rng.choice([0, 1, 1, 1, 1, 1, 1, 2, 2, 3]))
            ]
            problem, _ = self._tried(seed, kinds)
            if problem:
                raise AssertionError(self._report(seed, kinds, problem))

    def _tried(self, seed: str, kinds: Sequence[tuple[Change[Attempt], float]]) -> tuple[str, list[str]]:
        attempt = self.fresh(random.Random(seed))
        done = [change(random.Random(f"{seed}/{number}"), attempt) for change, number in kinds]
        return self.judge(attempt), done

    def _report(self, seed: str, kinds: list[tuple[Change[Attempt], float]], problem: str) -> str:
        for left_out in list(kinds):
            fewer = [kind for kind in kinds if kind is not left_out]
            again, _ = self._tried(seed, fewer)
            if again:
                kinds, problem = fewer, again
        _, done = self._tried(seed, kinds)
        return f"{problem}\nafter: {'; '.join(done) or 'nothing'}\nKEYLESS_FUZZ_SEED={SEED}, attempt {seed}"
