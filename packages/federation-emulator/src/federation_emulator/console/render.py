"""A chain of decisions as lines for a person: caller ARN → attributes → condition → principal → token → permission.

::

    token exchange  allowed  //iam.googleapis.com/projects/…/providers/aws
      caller ARN   arn:aws:sts::210987654321:assumed-role/reader/fn
      …
    impersonation   REFUSED  serviceAccount:reader@local-keyless.iam.gserviceaccount.com
      permission   ✗ iam.serviceAccounts.getAccessToken is needed on …
                   actual    binding names attribute.aws_role = …, principal has …
                   expected  …
                   fix       …
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from federation_emulator.core.trace import KEPT_DECISIONS, Decision, Part, Refusal
from federation_emulator.library import one_line

MOST_DESCENDANTS = 50
_LINK_WIDTH = 16
_PART_WIDTH = 12
_SHORTER = tuple(
    (re.compile(long, re.ASCII), short)
    for long, short in (
        (r"(?://iam\.googleapis\.com/)?projects/[0-9]+/locations/global/workloadIdentityPools/", ".../"),
        (r"arn:aws:sts::[0-9]{12}:", "arn:...:"),
        (r"projects/[a-z0-9-]+/serviceAccounts/", ""),
        (r"@[a-z0-9-]+\.iam\.gserviceaccount\.com", "@..."),
        (r"projects/([a-z0-9-]+)/datasets/(\w+)/tables/", r"\1.\2."),
        (r" #[0-9a-f]{8}, until [-0-9T:.Z]+", ""),
    )
)
"""What full names are cut to where there is one project, one account and one pool. Tokens are left out."""

_ORDER = {part: position for position, part in enumerate(Part)}


def not_kept(decision_id: str) -> str:
    """Say why there is no such decision, as the page and ``explain`` do."""
    kept = f"the federation emulator keeps the latest {KEPT_DECISIONS}, and starts without any"
    return f"Decision {decision_id:.40} is not kept: {kept}."


def lineage(decisions: Sequence[Decision], decision: Decision) -> list[Decision]:
    """The decision and those before it whose tokens it used, first one first."""
    known = {one.id: one for one in decisions}
    found = [decision]
    while (parent := found[0].parent) is not None and parent in known:
        found.insert(0, known[parent])
    return found


def descent(decisions: Sequence[Decision], decision: Decision) -> list[Decision]:
    """What came of a decision, oldest first: decisions on its token, theirs, and so on; the latest fifty."""
    within, found = {decision.id}, []
    # A job is recorded before the tables that it reads, a token's decision before those that use it.
    for one in decisions:
        if one.parent in within:
            within.add(one.id)
            found.append(one)
    return found[-MOST_DESCENDANTS:]


def render_chain(decisions: Sequence[Decision]) -> str:
    """Write decisions as text, each under the one that issued its token.

    Args:
        decisions: Any decisions, oldest first; one whose parent isn't among them starts a chain of its own.

    Returns:
        Lines joined by newlines, without one at the end. No colours, no secrets.
    """
    known = {decision.id for decision in decisions}
    children: dict[str | None, list[Decision]] = {}
    for decision in decisions:
        parent = decision.parent if decision.parent in known else None
        children.setdefault(parent, []).append(decision)
    return "\n".join(line for root in children.get(None, []) for line in _chain(root, children))


def render_in_short(decisions: Sequence[Decision]) -> str:
    """Write decisions as text: an allowed one on one line, a refused one whole but for its request; names are short.

    What comes again, for another token, is written once.
    """
    return "\n".join(dict.fromkeys(_in_short(decision) for decision in decisions))


def _in_short(decision: Decision) -> str:
    steps = tuple(step for step in decision.steps if decision.refusal and step.part not in {Part.REQUEST, Part.TOKEN})
    lines = list(_lines(dataclasses.replace(decision, steps=steps)))
    text = "\n".join(lines if decision.refusal else lines[:1])
    for long, short in _SHORTER:
        text = long.sub(short, text)
    return text


def _chain(decision: Decision, children: dict[str | None, list[Decision]]) -> Iterator[str]:
    yield from _lines(decision)
    for child in children.get(decision.id, []):
        yield from _chain(child, children)


def _lines(decision: Decision) -> Iterator[str]:
    yield _head(decision)
    if decision.principal and not any(step.part is Part.PRINCIPAL for step in decision.steps):
        yield _entry(Part.PRINCIPAL, decision.principal)
    for step in sorted(decision.steps, key=lambda step: _ORDER[step.part]):
        # The permission's name is the rule, and the binding what was seen: both are news. Elsewhere the rule
        # only repeats what the label says.
        value = f"{step.rule}: {step.actual}" if step.part in {Part.PERMISSION, Part.TOKEN} else step.actual
        yield _entry(step.part, value)
    if decision.refusal is not None:
        yield from _refusal(decision.refusal)


def _head(decision: Decision) -> str:
    verdict = "allowed" if decision.allowed else "REFUSED"
    return one_line(f"{decision.link.value:<{_LINK_WIDTH}}{verdict}  {decision.resource}")


def _entry(part: Part, value: str) -> str:
    return one_line(f"  {part.value:<{_PART_WIDTH}} {value}")


def _refusal(refusal: Refusal) -> Iterator[str]:
    yield _entry(refusal.part, f"✗ {refusal.rule}")
    indent = " " * (_PART_WIDTH + 3)
    for label, value in (("actual", refusal.actual), ("expected", refusal.expected), ("fix", refusal.fix)):
        yield one_line(f"{indent}{label:<9} {value}")
