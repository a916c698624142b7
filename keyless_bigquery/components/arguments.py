"""Arguments of a component, read by the rules of the settings: all that is wrong is reported at once.

They come from a program of the user's own, from any language: a number may arrive as a float, and nothing has been
checked. Each is named in messages as the schema names it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

import pulumi

from keyless_bigquery.components import claims
from keyless_bigquery.settings.declaration import camel_case
from keyless_bigquery.settings.problems import HIDDEN, Problem, Values, nearest

_COMMAND = re.compile(r"pulumi config set (?:--path )?'?([\w.\[\]]+)'? VALUE", re.ASCII)
_WHERE = re.compile(r"from stack ('[^']*')")


def refused(component: str, problems: Sequence[Problem], *, late: bool = False) -> Exception:
    """The error that ends the program with its message alone.

    Args:
        component: Type and name of the component.
        problems: What is wrong, of each argument the first. A fix that sets a key of the config is one that gives an
            argument here.
        late: Whether something may have been made before it was known.

    Returns:
        A :class:`pulumi.RunError`; to a program in another language the host's own kind.
    """
    by_key = {problem.key: problem for problem in reversed(problems)}
    found = [problem for problem in problems if by_key[problem.key] is problem]
    count = "1 argument" if len(found) == 1 else f"{len(found)} arguments"
    lines = "\n".join(f"  - {problem}" for problem in found)
    text = f"{count} of {component} can't be used{'' if late else '; nothing of it was created'}.\n{lines}"
    text = _WHERE.sub(r"from component and stack, \1,", _COMMAND.sub(_argument, text))
    # The host of components shows no other error by its message alone where an output brings it.
    return pulumi.InputPropertiesError(text, []) if claims.served() else pulumi.RunError(text)


def _argument(command: re.Match[str]) -> str:
    """What stands for a command that sets a key of the config."""
    name, *place = command[1].split("[")
    return f"a list for the argument {name}" if place else f"argument {name}"


def values(
    declared: type,
    given: object,
    *,
    defaults: Mapping[str, str] = MappingProxyType({}),
    later: Collection[str] = (),
) -> Values:
    """The arguments as settings have them: text, under the keys of the schema. What can't be text is a problem.

    Args:
        declared: The TypedDict that declares the arguments.
        given: The arguments: a map from the names of Python.
        defaults: What holds where nothing is given, by the keys of the schema.
        later: Those that may be known later, and are then left out.
    """
    texts = dict(defaults)
    problems: list[Problem] = []
    names = [*declared.__annotations__]
    if not isinstance(given, Mapping):
        rule = "arguments are a map from their names"
        problems.append(Problem(key="args", value=HIDDEN, rule=rule, fix=f"They are: {', '.join(names)}."))
        given = {}
    for name, value in ((str(name), value) for name, value in given.items()):
        key = camel_case(name) if name in names else name
        if name not in names:
            # Its value may be a key or another secret, by mistake.
            rule, fix = "there is no such argument", nearest(name, names)
            problems.append(Problem(key=key, value=HIDDEN, rule=rule, fix=fix))
        elif value is None or value == "" or (name in later and isinstance(value, pulumi.Output)):
            continue
        else:
            text, verdict = as_text(value)
            texts[key] = text
            if verdict is not None:
                problems.append(Problem(key=key, value=text, rule=verdict[0], fix=verdict[1]))
                del texts[key]
    found = Values(texts, stack="")
    found.problems.extend(problems)
    return found


def as_text(value: object) -> tuple[str, tuple[str, str] | None]:
    """A value in the form in which Pulumi hands out one of the config, and what is wrong with it."""
    if isinstance(value, str):
        return value, None
    try:
        return json.dumps(_whole(value), allow_nan=False), None
    except _Later as held:
        if isinstance(held.value, pulumi.Resource):
            kind = type(held.value).__name__
            return f"a {kind}", ("it is a resource, and text is taken", "Give that output of it, such as its arn.")
        fix = "Give the value itself, or leave it out."
        return "an output", ("it decides what is created, and an output may be secret or known only later", fix)
    except (TypeError, ValueError, RecursionError):
        fix = "For example: a text."
        return f"a {type(value).__name__}", ("it must be text, a number, a boolean, or a list or map of those", fix)


class _Later(Exception):  # noqa: N818 (it never leaves this module)
    """A value holds an output or a resource."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def _whole(value: object) -> object:
    """The same with whole numbers as such: they arrive as floats from other languages."""
    if isinstance(value, pulumi.Output | pulumi.Resource):
        raise _Later(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(inner) for inner in value]
    return value
