"""What is wrong with the settings, collected: all of it is told at once, each with key, value, rule and mend."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from infra import rules
from infra.command_line import command_line
from infra.rules import Rule
from keyless_bigquery.runtime.printable import one_line

_LONGEST_SHOWN = 200


@dataclasses.dataclass(frozen=True, kw_only=True)
class Problem:
    """One setting that can't be used: its config key, the value, the rule it breaks, and how to mend it."""

    key: str
    value: str | None
    rule: str
    mend: str

    def __str__(self) -> str:
        shown = "is not set" if self.value is None else f"is {_short(self.value)!r}"
        return one_line(f"{self.key} {shown}: {self.rule}. {self.mend}")


HIDDEN = "[not shown]"
"""What a message has in place of a value that is, or may be, a secret."""


def setting_of(path: str) -> str:
    """The setting that a path into it begins with: ``readers`` of ``readers[0].environment.NAME``."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def as_text(value: object) -> str:
    """A value inside a list or object of the config, in the form in which Pulumi hands out a value by itself."""
    return value if isinstance(value, str) else json.dumps(value)


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
        path: What is put before a key of ``given`` when it is told.
        inherited: Where a key is looked for that ``given`` doesn't have.
        secret: The settings whose values the engine keeps as secrets; none of them is shown.

    Attributes:
        problems: What is wrong so far.
        stack: As given.
        inherited: As given.
        secret: As given.
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
        self._path = path
        self.inherited = inherited
        self.secret: frozenset[str] = secret if inherited is None else inherited.secret

    def own(self, key: str) -> str | None:
        """The value given here, whatever is inherited; ``None``: none is."""
        return self._given.get(key)

    def told(self, key: str) -> str:
        """The key as it is told: with the path of the place that sets it, or should."""
        base = setting_of(key)
        inherited = self.inherited if base not in self._given else None
        return self._path + key if inherited is None or inherited._value(base) is None else inherited.told(key)

    def text(self, key: str, rule: Rule) -> str:
        """A value that must be there. Empty when it isn't or breaks the rule, which is then a problem."""
        value = self._value(key)
        if value is None:
            mend = f"Set it with: {_set(self.told(key))} VALUE"
            self.add(key, None, "this setting has no default", _HOW_TO_FIND.get(key, "") + mend)
            return ""
        return self._checked(key, value, rule)

    def optional(self, key: str, rule: Rule) -> str | None:
        """A value that may be absent."""
        value = self._value(key)
        return None if value is None else self._checked(key, value, rule)

    def named(self, key: str, derived: str, rule: Rule) -> str:
        """A name: the one given here, or the derived one. It is never inherited, since a name belongs to one thing."""
        value = self.own(key)
        if value is not None:
            return self._checked(key, value, rule)
        verdict = rule(derived)
        if verdict is not None:
            reason = f"the name derived from stack {self.stack!r} is no good: {verdict[0]}"
            mend = f"Choose one with: {_set(self.told(key))} VALUE"
            self.add(key, derived, reason, mend)
        return derived

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of a few values."""
        value = self.text(key, rules.one_of(allowed))
        return value if value in allowed else allowed[0]

    def number(self, key: str, least: int, most: int, *, allowed: Sequence[int] = ()) -> int:
        """A whole number. The least one when the value is no good, which is then a problem."""
        rule = rules.whole_number(least, most, allowed)
        value = self.text(key, rule)
        return int(value) if rule(value) is None else least

    def optional_number(self, key: str, least: int, most: int) -> int | None:
        """A whole number that may be absent."""
        value = self.optional(key, rules.whole_number(least, most))
        return int(value) if value is not None and value.isascii() and value.isdecimal() else None

    def switch(self, key: str) -> bool:
        """True or false."""
        return self.text(key, rules.one_of(("true", "false"))) == "true"

    def entries(self, key: str, kind: type, most: int) -> list[Any]:
        """A list, of texts or of objects; empty when it isn't set or no good, which is then a problem."""
        value = self._value(key)
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

    def texts(self, key: str, rule: Rule, most: int) -> tuple[str, ...]:
        """A list of texts that all keep one rule, none of them twice."""
        found = [str(entry) for entry in self.entries(key, str, most)]
        for place, value in enumerate(found):
            verdict = rule(value)
            if verdict is not None:
                self.add(f"{key}[{place}]", value, *verdict)
            elif value in found[:place]:
                self.add(f"{key}[{place}]", value, "it is in the list already", "Remove one of the two.")
        return tuple(found)

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
        example = command_line("pulumi", "config", "set", "--path", f"{self.told(key)}.NAME")
        self.add(key, HIDDEN, "it must be an object of names and values", f"For example: {example} VALUE")
        return {}

    def refuse_unknown(self, keys: Sequence[str]) -> None:
        """Makes a problem of each key that nobody reads: most likely a misspelt one, whose default would stand."""
        for key in sorted(set(self._given) - set(keys)):
            near, value = get_close_matches(key, keys, n=1), self._given[key]
            fix = f"Did you mean {near[0]}?" if near else f"The keys are: {', '.join(keys)}."
            if setting_of(key) in keys:
                value, fix = HIDDEN, f"It is a path: {command_line('pulumi', 'config', 'set', '--path', key)} VALUE"
            self.add(key, value, "there is no such setting", fix)

    def add(self, key: str, value: str | None, rule: str, mend: str) -> None:
        """Adds a problem, unless it is known."""
        place = self.told(key)
        shown = HIDDEN if value is not None and setting_of(place) in self.secret else value
        problem = Problem(key=place, value=shown, rule=rule, mend=mend)
        if problem not in self.problems:
            self.problems.append(problem)

    def _value(self, key: str) -> str | None:
        value = self.own(key)
        if value is None and self.inherited is not None:
            return self.inherited._value(key)
        return value

    def _checked(self, key: str, value: str, rule: Rule) -> str:
        verdict = rule(value)
        if verdict is not None:
            self.add(key, value, *verdict)
        return value


_HOW_TO_FIND = {
    "googleProject": "`gcloud config get project` tells the current project. ",
    "awsAccountId": "`aws sts get-caller-identity --query Account --output text` tells it. ",
    "providerName": "`gcloud iam workload-identity-pools providers describe` tells it as `name`. ",
}


def _set(key: str) -> str:
    """The command that sets a key, without the value. Inside a list it is a path."""
    return command_line("pulumi", "config", "set", *(["--path"] if "[" in key else []), key)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}…"
