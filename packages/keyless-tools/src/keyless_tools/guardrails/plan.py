"""The one reader of what `pulumi preview --json` prints. It takes a whole preview, or refuses and says what is wrong.

What it demands is what the engine writes: for each step its operation, the resource's URN and the states that go with
that operation; and a summary whose counts are those of the steps. Source: `PreviewDigest` and `PreviewStep` in Pulumi's
`sdk/go/common/display/preview.go`, and previews of 3.259.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from federation_emulator.expected import ExpectedError

UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a text that it doesn't know yet. Source: `pulumi.runtime.rpc`."""

SAME = "same"
_REFRESH = "refresh"
_NEW_STATE = frozenset(
    {
        *("create", "update", "replace", "same", "create-replacement", "import", "import-replacement"),
        *("read", "read-replacement"),
    }
)
"""Operations after which the stack has the resource."""

_OLD_STATE = frozenset(
    {
        *("update", "replace", "same", "create-replacement", "import-replacement", "read-replacement", "refresh"),
        *("delete", "delete-replaced", "discard", "discard-replaced", "read-discard", "remove-pending-replace"),
    }
)
"""Operations on a resource that the stack has already."""

_COUNTED = frozenset({"create", "update", "delete", "replace"})
"""Operations that the summary counts each time. Those unchanged it counts, too, whether they are shown or not."""

_SHOWN = 200


class PreviewError(ExpectedError):
    """A text isn't a whole preview; the message is one sentence, and may quote it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the engine would do.

    Attributes:
        steps: Each step as the engine writes it, checked.
        unchanged: How many resources stay as they are.
        errors: Why the preview itself failed; empty if it didn't.
    """

    steps: tuple[Mapping[str, Any], ...]
    unchanged: int
    errors: tuple[str, ...]

    @property
    def hidden(self) -> int:
        """How many unchanged resources have no step: all but the stack itself, without `--show-sames`."""
        return max(0, self.unchanged - sum(bool(step["op"] == SAME) for step in self.steps))


def read_plan(text: str) -> Plan:
    """Reads a preview.

    Args:
        text: What `pulumi preview --json` printed.

    Raises:
        PreviewError: It is anything else, or not all of it.
    """
    try:
        # Bytes that were no UTF-8 are lone surrogates here, which JSON itself can only write as escapes.
        text.encode()
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except RecursionError as problem:
        raise _error("it is nested too deep") from problem
    except ValueError as problem:
        begins = f"; it begins with {text[:60]!r}" if text.strip() else "; it is empty"
        raise _error(f"{problem}{begins}") from problem
    if not isinstance(document, dict):
        raise _error(f"it is {_kind(document)}, and no object")
    errors = _errors(document.get("diagnostics"))
    steps = document.get("steps")
    if not isinstance(steps, list) or not (steps or errors):
        # A program that fails before its first resource leaves no step.
        if not (errors and steps is None):
            raise _error(
                f"`steps` is {_kind(steps) if steps != [] else 'empty'}; a preview has the stack's own at least"
            )
        steps = []
    plan = Plan(
        steps=tuple(_step(step, f"steps[{place}]") for place, step in enumerate(steps)),
        unchanged=_summary(document.get("changeSummary")).get(SAME, 0),
        errors=errors,
    )
    if not errors:
        _agree(plan, _summary(document.get("changeSummary")))
    return plan


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"{twice[:_SHOWN]!r} is there twice in one object")
    return made


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _error(problem: str) -> PreviewError:
    return PreviewError(
        f"this isn't what `pulumi preview --json` prints: {problem}. Make it with `pulumi preview --json --show-sames`,"
        " and pass on all of it"
    )


def _kind(value: object) -> str:
    """A JSON value's type, in words."""
    if value is None:
        return "missing"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return kinds[type(value)]


def _errors(diagnostics: object) -> tuple[str, ...]:
    for place, one in enumerate(_list(diagnostics, "diagnostics")):
        if not isinstance(one, dict) or not all(isinstance(one.get(key), str) for key in ("message", "severity")):
            raise _error(f"`diagnostics[{place}]` has no text `message` and `severity`")
    found = [one["message"].strip() for one in _list(diagnostics, "diagnostics") if one["severity"] == "error"]
    return tuple(found)


def _summary(summary: object) -> Mapping[str, int]:
    if not isinstance(summary, dict):
        raise _error(f"`changeSummary` is {_kind(summary)}, and no object")
    for name, count in summary.items():
        if type(count) is not int or count < 0:
            raise _error(f"`changeSummary` counts {str(count)[:_SHOWN]!r} of {name[:_SHOWN]!r}")
    return summary


def _step(step: object, where: str) -> Mapping[str, Any]:
    if not isinstance(step, dict):
        raise _error(f"`{where}` is {_kind(step)}, and no object")
    operation, urn = step.get("op"), step.get("urn")
    if not isinstance(operation, str) or operation not in _NEW_STATE | _OLD_STATE:
        raise _error(f"`{where}.op` is {str(operation)[:_SHOWN]!r}, which is no operation that is known here")
    if not isinstance(urn, str) or urn.count("::") < 3:  # urn:pulumi:STACK::PROJECT::TYPE::NAME
        raise _error(f"`{where}.urn` is {str(urn)[:_SHOWN]!r}, and no URN")
    for name, needed in (("newState", operation in _NEW_STATE), ("oldState", operation in _OLD_STATE)):
        if needed or step.get(name) is not None:
            _state(step.get(name), f"{where}.{name}")
    if operation in _NEW_STATE:
        _of_this_urn(step["newState"], urn, f"{where}.newState")
    for name in ("diffReasons", "replaceReasons"):
        if not all(isinstance(reason, str) for reason in _list(step.get(name), f"{where}.{name}")):
            raise _error(f"`{where}.{name}` holds something that is no text")
    return step


def _state(state: object, where: str) -> None:
    if not isinstance(state, dict):
        raise _error(f"`{where}` is {_kind(state)}, and no object")
    for name, kind in (("urn", str), ("type", str), ("custom", bool)):
        if not isinstance(state.get(name), kind) or not (state[name] or kind is bool):
            raise _error(f"`{where}.{name}` is {_kind(state.get(name))}")
    for name in ("inputs", "outputs"):
        if not isinstance(state.get(name, {}), dict):
            raise _error(f"`{where}.{name}` is {_kind(state[name])}, and no object")
    for name in ("protect", "retainOnDelete"):
        if not isinstance(state.get(name, False), bool):
            raise _error(f"`{where}.{name}` is {_kind(state[name])}, and no boolean")


def _of_this_urn(state: Mapping[str, Any], urn: str, where: str) -> None:
    """Sees that a state is the named resource's: rules go by its type. A former one may have had another name."""
    kind = urn.split("::")[2].rpartition("$")[2]
    if state["urn"] != urn or state["type"] != kind:
        raise _error(
            f"`{where}` is of {state['urn'][:_SHOWN]!r}, {state['type'][:_SHOWN]!r}, and not of {urn[:_SHOWN]!r}"
        )


def _list(value: object, where: str) -> Sequence[Any]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _error(f"`{where}` is {_kind(value)}, and no list")
    return value


def _agree(plan: Plan, summary: Mapping[str, int]) -> None:
    """Sees that every step is there.

    What is unchanged is shown only with `--show-sames`, and a refresh may count what it finds as what it comes to.
    """
    counts = Counter(str(step["op"]) for step in plan.steps)
    for operation in sorted(_COUNTED | {SAME}):
        shown, counted = counts[operation], summary.get(operation, 0)
        unseen = counted if operation == SAME else counts[_REFRESH]
        if not shown <= counted <= shown + unseen:
            raise _error(f"`changeSummary` counts {counted} of `{operation}`, and `steps` has {shown}")
