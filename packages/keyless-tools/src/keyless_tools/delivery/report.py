"""A preview as Markdown for a pull request: what is lost first, then a table, then the diff as far as it fits."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from keyless_bigquery.command_line import command_line
from keyless_bigquery.runtime.printable import as_lines, one_line
from keyless_tools.doctor.finding import Finding
from keyless_tools.guardrails.plan import SAME, Plan

LIMIT_CHARACTERS = 60_000
"""GitHub takes comments of at most 65,536 characters; the rest is for the marker and what a reader adds."""

_LONGEST_TABLE = 100
_LONGEST_COMMAND = 2_000
_SHORTEST_DIFF = 200
_PARTS_OF_A_REPLACEMENT = frozenset({"create-replacement", "delete-replaced"})
"""The engine lists a replacement as three steps; `replace` stands for all of them."""

_LOSING = frozenset({"delete", "replace"})
"""Steps by which something that exists goes away."""


def preview(stack: str, plan: Plan, diff: str, *, limit: int = LIMIT_CHARACTERS) -> str:
    """The report of a preview, of at most so many characters.

    Components are left out: they are nothing but the resources in them.

    Args:
        stack: The stack's name.
        plan: The same preview as JSON, with `--show-sames`.
        diff: What `pulumi preview --diff` prints.
        limit: Most characters.
    """
    steps = [step for step in plan.steps if step["op"] not in _PARTS_OF_A_REPLACEMENT and _state(step)["custom"]]
    changes = [step for step in steps if step["op"] != SAME]
    head = [f"### {code(stack)}: {_counted(changes, unchanged=len(steps) - len(changes))}", ""]
    if losing := [code(_name(step)) for step in changes if step["op"] in _LOSING]:
        head += [f"> **Deleted or replaced:** {', '.join(losing[:_LONGEST_TABLE])}", ""]
    if changes:
        head += [*_table(changes), ""]
    return _with_block("\n".join([*head, ""]), "the diff", "diff", diff, limit)


def failure(what: str, output: str, *, limit: int = LIMIT_CHARACTERS) -> str:
    """The report of what failed, as Markdown such as ``The preview of `dev```, with the engine's output."""
    return _with_block(f"### {what} failed\n\n", "the engine's output", "text", output, limit)


def drift(stack: str, diff: str, added: Sequence[Finding] = (), *, limit: int = LIMIT_CHARACTERS) -> str:
    """The report of a refresh, and of what was added by hand.

    Args:
        stack: The stack's name.
        diff: What `pulumi refresh --preview-only --diff` prints; empty if nothing differs.
        added: What the doctor found that the stack didn't make.
        limit: Most characters.
    """
    more = "".join(
        f"- {code(finding.actual, _LONGEST_COMMAND)}\n  To remove it: {code(finding.fix, _LONGEST_COMMAND)}\n"
        for finding in added
    )
    if more:
        more = f"Added by hand to what {code(stack)} made; `pulumi up` leaves it as it is:\n\n{more}\n"
    if not diff:
        return more[:limit]
    head = more + (
        f"Something in the clouds differs from what was last deployed as {code(stack)}. Below, what was deployed is on"
        " the left of each arrow and what is there now on the right.\n\n"
        f"To put it back: {code(command_line('pulumi', 'up', '--refresh', '--stack', stack))}. To keep it: change the"
        f" program to match, then {code(command_line('pulumi', 'refresh', '--stack', stack))}.\n\n"
    )
    return _with_block(head, "the difference", "diff", diff, limit)


def _counted(changes: Sequence[Mapping[str, Any]], *, unchanged: int) -> str:
    """In words, such as `2 to create, 1 to update, 23 unchanged`."""
    parts = [f"{count} to {one_line(operation)}" for operation, count in Counter(s["op"] for s in changes).items()]
    return ", ".join([*parts, f"{unchanged} unchanged"] if unchanged or not parts else parts)


def _table(changes: Sequence[Mapping[str, Any]]) -> list[str]:
    """One row for each change; what it is because of only where the engine gives any reason."""
    reasons = [step.get("replaceReasons") or step.get("diffReasons") or () for step in changes]
    rows = [["step", "resource", "type", "because of"], ["---"] * 4]
    rows += [
        [one_line(step["op"]), code(_name(step)), code(_state(step)["type"]), ", ".join(map(code, because))]
        for step, because in zip(changes[:_LONGEST_TABLE], reasons, strict=False)
    ]
    if len(changes) > _LONGEST_TABLE:
        rows.append(["…", f"{len(changes) - _LONGEST_TABLE} more", "", ""])
    return [f"| {' | '.join(row if any(reasons) else row[:3])} |" for row in rows]


def _name(step: Mapping[str, Any]) -> str:
    return str(step["urn"]).rpartition("::")[2]


def _state(step: Mapping[str, Any]) -> Mapping[str, Any]:
    state: Mapping[str, Any] = step.get("newState") or step["oldState"]
    return state


def code(text: str, longest: int = 200) -> str:
    """A code span of at most so many characters: no mention, link or cell border in the text comes out of it."""
    shown = one_line(re.sub(r"\s+", " ", text), longest)
    return "`" + shown.replace("`", "'").replace("|", "¦") + "`"


def _with_block(head: str, title: str, language: str, text: str, limit: int) -> str:
    """The head, then the text folded away and cut to what is left of the limit."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    opening = f"<details><summary>{title}</summary>\n\n{fence}{language}\n"
    closing = f"\n{fence}\n\n</details>\n"
    note = "… {} more lines: the run's log has them all"
    room = limit - len(head) - len(opening) - len(closing) - len(note) - 10
    if room < _SHORTEST_DIFF:
        return head[: limit - 60] + "\n\n… the run's log has the rest\n"
    lines = as_lines(text.strip()).split("\n")
    kept: list[str] = []
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            kept.append(note.format(len(lines) - len(kept)))
            break
        kept.append(line)
    return head + opening + "\n".join(kept) + closing
