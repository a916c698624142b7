"""IAM conditions: a binding that counts only where, and only while, its expression is true.

Source: Google, "Overview of IAM Conditions", "Attribute reference for IAM Conditions" and "Resource attributes for IAM
Conditions". What can be read is ``request.time`` everywhere, and ``resource.name``, ``.type`` and ``.service`` where
Google says that a resource has them: datasets and tables, and all but the name of a project. Service accounts and
pools have none. And which roles a ``setIamPolicy`` on a project would grant or revoke, in the one form that "Set limits
on granting roles" gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from federation_emulator.core.condition_kinds import kinds_problem
from federation_emulator.core.timestamp_functions import LONGEST, PARTS, part, read_duration, read_timestamp
from keyless_bigquery.trust.expressions import ExpressionError, evaluate, expression_problem
from keyless_bigquery.trust.functions import Functions
from keyless_bigquery.trust.lexer import Kind, LexicalError, Word, words

MOST_EXPRESSION_CHARACTERS = 4096
MOST_TITLE_CHARACTERS = 100
MOST_DESCRIPTION_CHARACTERS = 256
MOST_OPERATORS = 12
"""IAM quotas: logical operators in one condition."""

_BIGQUERY = "bigquery.googleapis.com"
_RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"
_READABLE = {"request": ("time",), "resource": ("name", "type", "service")}
_API = "api"
MODIFIED_GRANTS = "iam.googleapis.com/modifiedGrantsByRole"
_MODIFIED_ONLY = ("api", ".", "getAttribute", "(", MODIFIED_GRANTS, ",", "[", "]", ")", ".", "hasOnly", "(", "[")
_LOGICAL = frozenset({"&&", "||", "!"})
_CALLABLE = frozenset(
    {
        *("_&&_", "_||_", "!_", "_?_:_"),
        *("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "@in"),
        *("startsWith", "endsWith", "extract", "timestamp", "duration", "getAttribute", "hasOnly"),
        *PARTS,
    }
)


class _Kind(NamedTuple):
    """A kind of resource that has attributes: which names are of it, and by which permissions it is asked for."""

    form: re.Pattern[str]
    permissions: tuple[str, ...]
    service: str
    type: str
    named: bool


_KINDS = (
    # Whether Google writes a project's id or its number in resource.name is not published, so a project has no name.
    _Kind(re.compile(r"projects/[^/]+"), ("resourcemanager.", "bigquery."), _RESOURCE_MANAGER, "Project", named=False),
    _Kind(re.compile(r"projects/[^/]+/datasets/[^/]+"), ("bigquery.",), _BIGQUERY, "Dataset", named=True),
    _Kind(re.compile(r"projects/[^/]+/datasets/[^/]+/tables/[^/]+"), ("bigquery.",), _BIGQUERY, "Table", named=True),
)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The condition of a binding, as the API has it."""

    title: str
    expression: str
    description: str = ""
    location: str = ""

    def wire(self) -> dict[str, str]:
        """Write it as the API answers it; what is empty is left out."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a condition can ask about.

    Attributes:
        resource: Name of the resource that is asked for, not of the one whose policy has the binding.
        modified_roles: Roles whose grants the request would change; none for a request that changes no policy.
    """

    resource: str
    permission: str
    now: datetime
    modified_roles: Collection[str] = ()

    def attributes(self) -> dict[str, str]:
        """The attributes of the resource; none for a kind that has none, or if the permission is on something else."""
        for kind in _KINDS:
            if kind.form.fullmatch(self.resource) and self.permission.startswith(kind.permissions):
                found = {"service": kind.service, "type": f"{kind.service}/{kind.type}"}
                return {**found, "name": self.resource} if kind.named else found
        return {}


def condition_problem(condition: Condition) -> str | None:
    """Say what is wrong with a condition when a policy is set, or ``None``."""
    if not condition.title or len(condition.title) > MOST_TITLE_CHARACTERS:
        return f"must have a title of at most {MOST_TITLE_CHARACTERS} characters"
    if not condition.expression.strip():
        return "must have an expression"
    try:
        found = words(condition.expression)
    except LexicalError as problem:
        return f"isn't CEL: {problem}"
    operators = sum(word.kind is Kind.SIGN and word.text in _LOGICAL for word in found)
    if operators > MOST_OPERATORS:
        return f"has {operators} logical operators; the limit is {MOST_OPERATORS}"
    return (
        expression_problem(
            condition.expression, (*_READABLE, _API), MOST_EXPRESSION_CHARACTERS, calls=_CALLABLE, macros_too=False
        )
        or _unreadable(found)
        or _api_problem(found)
        or kinds_problem(found)
    )


def _unreadable(found: Sequence[Word]) -> str | None:
    """Say what is read or asked after that isn't there: an expression that reads it could only ever fail."""
    texts = [word.text if word.kind is not Kind.TEXT else "''" for word in found]
    if "has" in texts:
        return "calls has, which a condition here can't"
    for index, text in enumerate(texts):
        if text not in _READABLE or (index and texts[index - 1] == "."):
            continue
        if texts[index + 1 : index + 2] != ["."] or "".join(texts[index + 2 : index + 3]) not in _READABLE[text]:
            read = "".join(texts[index : index + 3])
            return f"reads {read}; only request.time and resource.name, .type and .service can be read"
    return None


def _api_problem(found: Sequence[Word]) -> str | None:
    """Say that the API attribute is read in another form than the documented one, which could mean anything."""
    texts = [word.text[1:-1] if word.kind is Kind.TEXT else word.text for word in found]
    for index, word in enumerate(found):
        if word.kind is Kind.NAME and word.text in {_API, "getAttribute", "hasOnly"}:
            start = index - _MODIFIED_ONLY.index(word.text)
            if start < 0 or tuple(texts[start : start + len(_MODIFIED_ONLY)]) != _MODIFIED_ONLY:
                return f"calls {word.text} in another form than api.getAttribute('{MODIFIED_GRANTS}', []).hasOnly([…])"
    return None


def untruth(condition: Condition, circumstances: Circumstances) -> str:
    """Say in words that follow "the condition" why it isn't true; empty if it is.

    An expression that fails, or gives no boolean, isn't true.
    """
    attributes = circumstances.attributes()
    variables: dict[str, Any] = {"request": {"time": circumstances.now}, "resource": attributes, _API: ""}
    try:
        value = evaluate(condition.expression, variables, _Functions(circumstances.modified_roles))
    except ExpressionError as problem:
        has = ", ".join(sorted(attributes)) or "no attributes"
        return f"can't be evaluated: {problem} ({circumstances.resource} has {has})"
    if value is True:
        return ""
    return f"is false: {condition.expression}" if value is False else f"gives no boolean: {condition.expression}"


class _Functions(Functions):
    """The functions of a condition: those of a mapping, times, and the parts of a timestamp in a time zone."""

    instead = {"timestamp": "timestamp_", "duration": "duration_"}  # noqa: RUF012  (the base class says ClassVar)

    def __init__(self, modified_roles: Collection[str]) -> None:
        super().__init__()
        self._modified_roles = modified_roles
        self._together = timedelta()

    def by_name(self) -> dict[str, Callable[..., object]]:
        times = {
            "timestamp_": self._checked(read_timestamp, datetime.fromtimestamp(0, UTC)),
            "duration_": self._checked(self._duration, timedelta()),
        }
        granting: dict[str, Callable[..., object]] = {
            "getAttribute": lambda _api, _name, default: list(self._modified_roles) or default,
            "hasOnly": lambda present, allowed: set(present) <= set(allowed),
        }
        parts = {name: self._checked(partial(part, name), -1) for name in PARTS}
        return {**super().by_name(), **times, **granting, **parts}

    def _duration(self, text: object) -> timedelta:
        read = read_duration(text)
        self._together += abs(read)
        if self._together > LONGEST:
            # The library would add them beyond what CEL's durations hold.
            raise ValueError(f"all durations together are longer than {LONGEST.days} days")
        return read

    def _checked(self, function: Callable[..., object], instead: object) -> Callable[..., object]:
        """A function that keeps its first problem, and gives something of its type in place of the result."""

        def read(*arguments: object) -> object:
            try:
                return function(*arguments)
            except (TypeError, ValueError) as problem:
                self.problem = self.problem or str(problem)
                return instead

        return read
