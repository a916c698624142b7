"""Arguments of a component, read by the rules of the settings: all that is wrong is reported at once.

They come from a program of the user's own, from any language: a number may arrive as a float, and nothing has been
checked. Messages name each as that program does: with the names of Python, or, to other languages, with the schema's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pulumi

from keyless_bigquery.components import claims
from keyless_bigquery.settings.declaration import camel_case
from keyless_bigquery.settings.problems import HIDDEN, Problem, Values, nearest, setting_of

_COMMAND = re.compile(r"pulumi config set (?:--path )?'?([\w.\[\]]+)'? VALUE", re.ASCII)
_CAMEL = re.compile(r"\b[a-z]+(?:[A-Z][a-z]*)+\b", re.ASCII)
_NEEDED = ("this setting has no default", "this argument has no default")
_WHERE = re.compile(r"from stack ('[^']*')")


def refused(declared: type, component: str, problems: Sequence[Problem], *, late: bool = False) -> Exception:
    """The error that ends the program with its message alone.

    Args:
        declared: The TypedDict that declares the arguments.
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
    names = {} if claims.served() else {camel_case(name): name for name in declared.__annotations__}
    lines = "\n".join(f"  - {_as_given(problem, names)}" for problem in found)
    text = f"{count} of {component} can't be used{'' if late else '; nothing of it was created'}.\n{lines}"
    # The host of components shows no other error by its message alone where an output brings it.
    return pulumi.InputPropertiesError(text, []) if claims.served() else pulumi.RunError(text)


def _as_given(problem: Problem, names: Mapping[str, str]) -> Problem:
    """A problem of an argument in place of one of a setting, with the arguments' other names, if they have some."""

    def renamed(text: str) -> str:
        return _CAMEL.sub(lambda word: names.get(word[0], word[0]), text)

    first = setting_of(problem.key)
    return replace(
        problem,
        key=renamed(first) + problem.key.removeprefix(first),
        rule=renamed(_WHERE.sub(r"from component and stack, \1,", problem.rule.replace(*_NEEDED))),
        fix=renamed(_COMMAND.sub(_argument, problem.fix)),
    )


def _argument(command: re.Match[str]) -> str:
    """What stands for a command that sets a key of the config: ``columns[0].name`` is a list of objects."""
    name, *inner = re.findall(r"[A-Za-z_]\w*|\[", command[1], re.ASCII)
    written = "VALUE"
    for part in reversed(inner):
        written = f"[{written}]" if part == "[" else f'{{"{part}": {written}}}'
    return f"argument {name} = {written}" if inner else f"argument {name}"


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
