"""IAM conditions: a binding that counts only where, and only while, its expression is true.

Source: Google, "Overview of IAM Conditions" and "Attribute reference for IAM Conditions". What can be read is
``request.time`` everywhere, and ``resource.name``, ``.type`` and ``.service`` where Google says that a resource has
them: projects, datasets and tables, but not service accounts.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from local_cloud.services.sts.functions import extract
from local_cloud.services.sts.lexer import macros, words

MOST_EXPRESSION_CHARACTERS = 4096
MOST_TITLE_CHARACTERS = 100
MOST_OPERATORS = 12
"""IAM quotas: logical operators in one condition."""

_DATASET = re.compile(r"projects/[^/]+/datasets/[^/]+")
_TABLE = re.compile(rf"{_DATASET.pattern}/tables/[^/]+")
_PROJECT = re.compile(r"projects/[^/]+")
_KINDS = (
    (_PROJECT, "cloudresourcemanager.googleapis.com", "Project"),
    (_DATASET, "bigquery.googleapis.com", "Dataset"),
    (_TABLE, "bigquery.googleapis.com", "Table"),
)
_LOGICAL = {"_&&_", "_||_", "!_"}
_CALLABLE = {
    *_LOGICAL,
    *("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_+_", "_-_", "@in"),
    *("startsWith", "endsWith", "extract", "timestamp", "duration"),
    *("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"),
    *("getHours", "getMinutes", "getSeconds"),
}


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The condition of a binding, as the API has it."""

    title: str
    expression: str
    description: str = ""

    def wire(self) -> dict[str, str]:
        """Write it as the API answers it; an empty description is left out."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a condition can ask about.

    Attributes:
        resource: Name of the resource that is asked for, not of the one whose policy has the binding.
        now: When.
    """

    resource: str
    now: datetime

    def variables(self) -> dict[str, Any]:
        """The variables of an expression. A kind of resource without attributes has none to read."""
        found: dict[str, Any] = {"request": {"time": self.now}, "resource": {}}
        for form, service, kind in _KINDS:
            if form.fullmatch(self.resource):
                found["resource"] = {"name": self.resource, "service": service, "type": f"{service}/{kind}"}
        return found


def condition_problem(condition: Condition) -> str | None:
    """Say what is wrong with a condition when a policy is set, or ``None``."""
    if not condition.title or len(condition.title) > MOST_TITLE_CHARACTERS:
        return f"must have a title of at most {MOST_TITLE_CHARACTERS} characters"
    if not condition.expression.strip() or len(condition.expression) > MOST_EXPRESSION_CHARACTERS:
        return f"must have an expression of at most {MOST_EXPRESSION_CHARACTERS} characters"
    try:
        # The library can't be stopped once it evaluates, and only macros could make it take long.
        repeated = sorted({macro.name for macro in macros(words(condition.expression))})
        program = _program(condition.expression)
    except ValueError as error:
        return f"isn't CEL: {error!s:.300}"
    if repeated:
        return f"calls {', '.join(repeated)}, which a condition here can't"
    unknown = sorted(set(program.variables()) - {"request", "resource"})
    if unknown:
        return f"reads {', '.join(unknown)}; only request.time and resource.name, .type and .service can be read"
    called = sorted(set(program.functions()) - _CALLABLE)
    if called:
        return f"calls {', '.join(called)}, which a condition here can't"
    operators = len(re.findall(r"&&|\|\||!(?!=)", condition.expression))
    if operators > MOST_OPERATORS:
        return f"has {operators} logical operators; the limit is {MOST_OPERATORS}"
    return None


def holds(condition: Condition, circumstances: Circumstances) -> bool:
    """Say whether a condition is true: an expression that fails, or gives no boolean, isn't."""
    import cel  # here, so that a server that never sees a condition doesn't load it

    context = cel.Context(variables=circumstances.variables(), functions={"extract": extract})
    try:
        return _program(condition.expression).execute(context) is True
    except (ValueError, TypeError, RuntimeError, KeyError, IndexError):
        return False


@lru_cache(maxsize=512)
def _program(expression: str) -> Any:  # noqa: ANN401  (the library's own class has no public name)
    import cel

    return cel.compile(expression)
