"""Arguments of a component, read by the rules of the settings: all that is wrong is reported at once.

They come from a program of the user's own, from any language: a number may arrive as a float, and nothing has been
checked. Each is named in messages as the schema names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

import pulumi

from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.settings.declaration import camel_case
from keyless_bigquery.settings.problems import Problem, Values

_COMMAND = re.compile(r"pulumi config set (?:--path )?'?([\w.\[\]]+)'? VALUE", re.ASCII)
_WHERE = re.compile(r"from stack ('[^']*')")


def refused(component: str, problems: Sequence[Problem], *, late: bool = False) -> pulumi.RunError:
    """The error that ends the program with its message alone.

    Args:
        component: Type and name of the component.
        problems: What is wrong, of each argument the first. A fix that sets a key of the config is one that gives an
            argument here.
        late: Whether something may have been made before it was known.
    """
    by_key = {problem.key: problem for problem in reversed(problems)}
    found = [problem for problem in problems if by_key[problem.key] is problem]
    count = "1 argument" if len(found) == 1 else f"{len(found)} arguments"
    lines = "\n".join(f"  - {problem}" for problem in found)
    text = f"{count} of {component} can't be used{'' if late else '; nothing of it was created'}.\n{lines}"
    return pulumi.RunError(_WHERE.sub(r"from component and stack, \1,", _COMMAND.sub(r"argument \1", text)))


def values(declared: type, given: Mapping[str, object], *, stack: str = "", later: Collection[str] = ()) -> Values:
    """The arguments as settings have them: text, under the keys of the schema. What can't be text is a problem.

    Args:
        declared: The TypedDict that declares the arguments.
        given: The arguments, by the names of Python.
        stack: Of what derived names are made.
        later: Those that may be known later, and are then left out.
    """
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    names = [*declared.__annotations__]
    for name, value in given.items():
        key = camel_case(name) if name in names else name
        if name not in names:
            near = get_close_matches(name, names, n=1)
            fix = f"Did you mean {near[0]}?" if near else f"They are: {', '.join(names)}."
            problems.append(Problem(key=key, value=one_line(value, 80), rule="there is no such argument", fix=fix))
        elif value is None or (name in later and isinstance(value, pulumi.Output)):
            continue
        else:
            text, verdict = as_text(value)
            texts[key] = text
            if verdict is not None:
                problems.append(Problem(key=key, value=text, rule=verdict[0], fix=verdict[1]))
                del texts[key]
    found = Values(texts, stack=stack)
    found.problems.extend(problems)
    return found


def as_text(value: object) -> tuple[str, tuple[str, str] | None]:
    """A value in the form in which Pulumi hands out one of the config, and what is wrong with it."""
    if isinstance(value, str):
        return value, None
    try:
        return json.dumps(_whole(value), allow_nan=False), None
    except _Later:
        fix = "Give the value itself, or leave it out."
        return "an output", ("it decides what is created, and an output may be known only later", fix)
    except (TypeError, ValueError, RecursionError):
        fix = "For example: a text."
        return f"a {type(value).__name__}", ("it must be text, a number, a boolean, or a list or map of those", fix)


class _Later(Exception):  # noqa: N818 (it never leaves this module)
    """A value holds an output."""


def _whole(value: object) -> object:
    """The same with whole numbers as such: they arrive as floats from other languages."""
    if isinstance(value, pulumi.Output | pulumi.Resource):
        raise _Later
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value
