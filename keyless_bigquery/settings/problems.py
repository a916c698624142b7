"""What is wrong with the settings, collected: all of it is reported at once, each with key, value, rule and fix."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from keyless_bigquery.command_line import command_line
from keyless_bigquery.rules import Rule
from keyless_bigquery.runtime.printable import one_line

_LONGEST_SHOWN = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One setting that can't be used: its config key, the value, the rule it breaks, and how to fix it."""

    key: str
    value: str | None
    rule: str
    fix: str

    def __str__(self) -> str:
        shown = "is not set" if self.value is None else f"is {_short(self.value)!r}"
        return one_line(f"{self.key} {shown}: {self.rule}. {self.fix}")


HIDDEN = "[not shown]"
"""What a message has in place of a value that is, or may be, a secret."""


def setting_of(path: str) -> str:
    """The setting that a path into it begins with: ``readers`` of ``readers[0].environment.NAME``."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def as_text(value: object) -> str:
    """A value inside a list or object of the config, in the form in which Pulumi hands out a value by itself."""
    return value if isinstance(value, str) else json.dumps(value)


def nearest(name: str, names: Collection[str], *, otherwise: str = "They are") -> str:
    """The fix of a name that there is not: the one that is meant, or all that there are."""
    near = get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"{otherwise}: {', '.join(names)}."


class SettingsError(ValueError):
    """The stack's settings can't be used. Nothing has been created.

    Args:
        problems: All that is wrong, in the order in which ``Pulumi.yaml`` declares the settings.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 setting" if len(self.problems) == 1 else f"{len(self.problems)} settings"
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"{count} of this stack can't be used; nothing was created.\n{lines}")


class Values:
    """Takes values out of the config by key, and collects what is wrong instead of stopping at the first.

    Args:
        given: Config keys without namespace, and their values as Pulumi hands them out: text. An empty text counts as
            not set.
        stack: The stack's name, of which derived names are made.
        path: What is put before a key of ``given`` in messages.
        inherited: Where a key is looked for that ``given`` doesn't have.
        secret: The settings whose values the engine keeps as secrets; none of them is shown.
    """

    def __init__(
        self,
        given: Mapping[str, str],
        *,
        stack: str,
        path: str = "",
        inherited: Values | None = None,
        secret: frozenset[str] = frozenset(),
    ) -> None:
        self.problems: list[Problem] = [] if inherited is None else inherited.problems
        self.stack = stack
        self._given = {key: value for key, value in given.items() if value}
        self.path = path
        self.inherited = inherited
        self.secret: frozenset[str] = secret if inherited is None else inherited.secret

    def own(self, key: str) -> str | None:
        """The value given here, whatever is inherited; ``None``: none is."""
        return self._given.get(key)

    def value(self, key: str) -> str | None:
        """The value given here, or else the inherited one."""
        value = self.own(key)
        return self.inherited.value(key) if value is None and self.inherited is not None else value

    def place_of(self, key: str) -> str:
        """The key as messages name it: with the path of the place that sets it, or should."""
        base = setting_of(key)
        inherited = self.inherited if base not in self._given else None
        return self.path + key if inherited is None or inherited.value(base) is None else inherited.place_of(key)

    def text(self, key: str, rule: Rule, how_to_find: str = "") -> str:
        """A value that must be there. Empty when it isn't, which is then a problem."""
        value = self.value(key)
        if value is None:
            fix = f"{how_to_find} Set it with: {_set(self.place_of(key))} VALUE".lstrip()
            self.add(key, None, "this setting has no default", fix)
            return ""
        return self._checked(key, value, rule)

    def optional(self, key: str, rule: Rule) -> str | None:
        """A value that may be absent."""
        value = self.value(key)
        return None if value is None else self._checked(key, value, rule)

    def named(self, key: str, derived: str, rule: Rule) -> str:
        """A name: the one given here, or the derived one. It is never inherited, since a name belongs to one thing."""
        value = self.own(key)
        if value is not None:
            return self._checked(key, value, rule)
        verdict = rule(derived)
        if verdict is not None:
            reason = f"the name derived from stack {self.stack!r} is invalid: {verdict[0]}"
            fix = f"Choose one with: {_set(self.place_of(key))} VALUE"
            self.add(key, derived, reason, fix)
        return derived

    def entries(self, key: str, kind: type, most: int) -> list[Any]:
        """A list, of texts or of objects; empty when it isn't set or invalid, which is then a problem."""
        value = self.value(key)
        if value is None:
            return []
        what = "texts" if kind is str else "objects"
        try:
            found = json.loads(value)
        except ValueError:
            found = None
        if not isinstance(found, list) or not all(isinstance(entry, kind) for entry in found):
            example = f"pulumi config set --path '{key}[0]{'' if kind is str else '.name'}' VALUE"
            self.add(key, value, f"it must be a list of {what}", f"For example: {example}")
            return []
        if len(found) > most:
            self.add(key, value, f"it has {len(found)} entries, and at most {most} are taken", "Make it shorter.")
            return []
        return found

    def mapping(self, key: str) -> dict[str, object]:
        """An object that is given here, whatever is inherited; empty when it isn't set or is of another kind."""
        value = self.own(key)
        if value is None:
            return {}
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return found
        example = command_line("pulumi", "config", "set", "--path", f"{self.place_of(key)}.NAME")
        self.add(key, HIDDEN, "it must be an object of names and values", f"For example: {example} VALUE")
        return {}

    def refuse_unknown(self, keys: Sequence[str]) -> None:
        """Makes a problem of each unknown key: most likely a misspelt one, whose default would be used."""
        for key in sorted(set(self._given) - set(keys)):
            value, fix = self._given[key], nearest(key, keys, otherwise="The keys are")
            if setting_of(key) in keys:
                value, fix = HIDDEN, f"It is a path: {command_line('pulumi', 'config', 'set', '--path', key)} VALUE"
            self.add(key, value, "there is no such setting", fix)

    def raise_problems(self, keys: Sequence[str]) -> None:
        """Refuses the settings if there is a problem.

        Args:
            keys: The settings in their order, which is that of the problems; unknown keys come last.

        Raises:
            SettingsError: With all problems.
        """
        order = {key: place for place, key in enumerate(keys)}
        if self.problems:
            raise SettingsError(sorted(self.problems, key=lambda one: order.get(setting_of(one.key), len(order))))

    def add(self, key: str, value: str | None, rule: str, fix: str) -> None:
        """Adds a problem, unless it is known."""
        place = self.place_of(key)
        shown = HIDDEN if value is not None and setting_of(place) in self.secret else value
        problem = Problem(key=place, value=shown, rule=rule, fix=fix)
        if problem not in self.problems:
            self.problems.append(problem)

    def _checked(self, key: str, value: str, rule: Rule) -> str:
        verdict = rule(value)
        if verdict is not None:
            self.add(key, value, *verdict)
        return value


def _set(key: str) -> str:
    """The command that sets a key, without the value. Inside a list it is a path."""
    return command_line("pulumi", "config", "set", *(["--path"] if "[" in key else []), key)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
