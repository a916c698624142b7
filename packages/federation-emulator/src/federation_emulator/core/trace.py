"""The decision record: what was looked at, which rule decided, and how near a refusal came to an allow.

A decision never holds a token, a signature or a key. A token appears as ``#`` and eight hex digits of its hash,
enough to follow it from one decision to the next and useless for anything else.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn, cast

from federation_emulator.core.clock import Clock, rfc3339
from federation_emulator.core.errors import ApiError, OAuthError
from federation_emulator.core.parts import Check as Check
from federation_emulator.core.parts import Link as Link
from federation_emulator.core.parts import Part as Part
from federation_emulator.core.parts import check_of

KEPT_DECISIONS = 2000
"""How many decisions are remembered; older ones are forgotten first."""

KEPT_PERMISSIONS = 5_000
"""How many uses of different permissions are remembered."""

LONGEST_VALUE = 600
"""Characters of an actual or expected value that are kept."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was looked at and found right."""

    part: Part
    rule: str
    actual: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a decision went against the caller.

    Attributes:
        rule: The rule that was broken, as a sentence.
        actual: The value found.
        expected: The value that would have passed, or the nearest one.
        fix: What a person can do about it.
        check: The check, where it is finer than the part.
    """

    part: Part
    rule: str
    actual: str
    expected: str
    fix: str
    check: Check | None = None


class Refused(Exception):  # noqa: N818  (read as "raise Refused(...)": a verdict, not a malfunction)
    """A rule said no: the refusal for the trace, and the error that the client sees."""

    def __init__(self, refusal: Refusal, answer: ApiError | OAuthError) -> None:
        super().__init__(refusal.rule)
        self.refusal = refusal
        self.answer = answer


def refuse(
    part: Part,
    *,
    rule: str,
    actual: str,
    expected: str,
    fix: str,
    answer: ApiError | OAuthError,
    check: Check | None = None,
) -> NoReturn:
    """Refuse a request: the fields of a :class:`Refusal` for the trace, and the error that the client gets.

    Raises:
        Refused: Always.
    """
    raise Refused(Refusal(part=part, rule=rule, actual=actual, expected=expected, fix=fix, check=check), answer)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One decision, allowed or refused.

    Attributes:
        id: Unique in this process and the next; ``decisions?after=`` takes it.
        time: RFC 3339, UTC.
        resource: What was asked for: an audience, a service account, a project, a table.
        principal: Who asked, as an IAM member; empty while unknown.
        steps: What was found right, in order.
        refusal: Why not; ``None`` when allowed.
        parent: The decision that issued the token used here; ``None`` at the start of a chain.
    """

    id: str
    time: str
    link: Link
    allowed: bool
    resource: str
    principal: str
    steps: tuple[Step, ...]
    refusal: Refusal | None = None
    parent: str | None = None

    @property
    def refused_at(self) -> str | None:
        """The check that failed, one of :class:`Check`; ``None`` when allowed."""
        if self.refusal is None:
            return None
        return str(self.refusal.check or check_of(self.link, self.refusal.part))

    @property
    def rule(self) -> str | None:
        """The rule that was broken, as a sentence; ``None`` when allowed."""
        return self.refusal.rule if self.refusal else None

    @property
    def actual(self) -> str | None:
        """The value found; ``None`` when allowed."""
        return self.refusal.actual if self.refusal else None

    @property
    def expected(self) -> str | None:
        """The value that would have passed, or the nearest one; ``None`` when allowed."""
        return self.refusal.expected if self.refusal else None

    @property
    def fix(self) -> str | None:
        """What a person can do about it; ``None`` when allowed."""
        return self.refusal.fix if self.refusal else None


def to_json(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """Write decisions as JSON values."""
    return [
        {
            **vars(decision),
            "steps": [vars(step) for step in decision.steps],
            "refusal": decision.refusal and vars(decision.refusal),
        }
        for decision in decisions
    ]


def from_json(written: object) -> list[Decision]:
    """Read what :func:`to_json` wrote.

    Raises:
        ValueError: A field is missing, or a link or part has a name that this version doesn't know.
    """
    try:
        return [_decision(one) for one in cast("list[dict[str, Any]]", written)]
    except (TypeError, KeyError) as error:
        raise ValueError(f"no list of decisions: {error}") from error


def _decision(written: dict[str, Any]) -> Decision:
    steps = tuple(Step(**{**step, "part": Part(step["part"])}) for step in written["steps"])
    refusal = written["refusal"]
    if refusal is not None:
        check = refusal["check"]
        refusal = Refusal(**{**refusal, "part": Part(refusal["part"]), "check": check and Check(check)})
    return Decision(**{**written, "link": Link(written["link"]), "steps": steps, "refusal": refusal})


@dataclass
class Trail:
    """A decision while it is being made: rules add steps, the route names the principal; ``now`` is when it began."""

    id: str
    now: datetime
    link: Link
    resource: str
    principal: str = ""
    parent: str | None = None
    steps: list[Step] = field(default_factory=list)

    def passed(self, part: Part, rule: str, actual: str) -> None:
        """Note one thing found right."""
        self.steps.append(Step(part=part, rule=rule, actual=_bounded(actual)))


def _bounded(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else value[:LONGEST_VALUE] + "…"


class Trace:
    """A bounded record of decisions, oldest forgotten first.

    Attributes:
        run: Names this process; every decision's id begins with it. Tokens outlive a restart and may point at
            decisions of the process before.
        used: (principal, permission, the binding that gave it) of all that was allowed, each once, up to a limit.
    """

    def __init__(self, clock: Clock, *, kept: int = KEPT_DECISIONS) -> None:
        self._clock = clock
        self._decisions: deque[Decision] = deque(maxlen=kept)
        self.run = secrets.token_hex(3)
        self.used: dict[tuple[str, str, str], None] = {}
        self._count = 0

    @contextmanager
    def deciding(
        self, link: Link, *, resource: str, principal: str = "", parent: str | None = None, quiet: bool = False
    ) -> Iterator[Trail]:
        """Record what is decided inside the block: allowed at its end, refused when ``Refused`` leaves it.

        ``parent`` is the decision that issued the token in use. A ``quiet`` one is recorded only if refused.
        """
        self._count += 1
        trail = Trail(
            id=f"{self.run}-{self._count:06d}",
            now=self._clock.now(),
            link=link,
            resource=_bounded(resource),
            principal=principal,
            parent=parent,
        )
        try:
            yield trail
        except Refused as refused:
            self._record(trail, refused.refusal)
            raise
        for step in trail.steps:
            if step.part is Part.PERMISSION and len(self.used) < KEPT_PERMISSIONS:
                self.used[trail.principal, step.rule, step.actual] = None
        if not quiet:
            self._record(trail, None)

    def after(self, decision_id: str | None) -> list[Decision]:
        """Return the decisions recorded after the one named; all of them if that one is unknown."""
        decisions = list(self._decisions)
        for index, decision in enumerate(decisions):
            if decision.id == decision_id:
                return decisions[index + 1 :]
        return decisions

    def _record(self, trail: Trail, refusal: Refusal | None) -> None:
        if refusal is not None:
            refusal = replace(refusal, actual=_bounded(refusal.actual), expected=_bounded(refusal.expected))
        self._decisions.append(
            Decision(
                id=trail.id,
                time=rfc3339(self._clock.now()),
                link=trail.link,
                allowed=refusal is None,
                resource=trail.resource,
                principal=trail.principal,
                steps=tuple(trail.steps),
                refusal=refusal,
                parent=trail.parent,
            )
        )
