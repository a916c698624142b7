"""Which roles a condition can admit at most: a proof from its words, not an experiment with callers. Pure.

A condition is read as ``||`` and ``&&`` of tests. A test that names a role in full bounds who passes it; one that
isn't understood bounds nothing. So ``&&`` is bounded as soon as one side is, ``||`` only if both are, and whatever
else CEL can say (negation, ``?:``, macros, calls not listed here) counts as open to every principal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from keyless_bigquery.trust.lexer import Kind, Word, words
from keyless_bigquery.trust.subject_tokens import AwsSignature, SubjectToken

_PLAIN = re.compile(r"[rR]?(?:'(?P<single>[^'\\]*)'|\"(?P<double>[^\"\\]*)\")")
_IS_ONE_OF = re.compile(r" (?:== ''|in \[ ''(?: , '')*(?: ,)? \])")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_EXTRACTED = re.compile(r"assumed-role/\{[A-Za-z0-9_]+\}/")
_PATTERN_OF_ROLES = re.compile(
    r"(?:(?P<one>[\w-]+)|\((?:\?:)?(?P<several>[\w-]+(?:\|[\w-]+)*)\))/(?P<rest>.*)", re.ASCII
)
_ANY_SESSION = frozenset({"", ".*", ".*$", ".+", ".+$", "[^/]*$", "[^/]+$"})


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Who passes at most.

    Attributes:
        only_roles: Everybody who passes is an assumed role of the account, or a principal whose ARN is written out.
        names: The assumed roles of the account that pass are among these; ``None``: they may be any.
    """

    only_roles: bool = False
    names: frozenset[str] | None = None

    @property
    def closed(self) -> bool:
        """Whether everybody who passes is named in full."""
        return self.only_roles and self.names is not None

    def __and__(self, other: Bound) -> Bound:
        known = [bound.names for bound in (self, other) if bound.names is not None]
        return Bound(
            only_roles=self.only_roles or other.only_roles,
            names=frozenset.intersection(*known) if known else None,
        )

    def __or__(self, other: Bound) -> Bound:
        return Bound(
            only_roles=self.only_roles and other.only_roles,
            names=None if self.names is None or other.names is None else self.names | other.names,
        )


_ANYBODY = Bound()


def bound(condition: str, *, account_id: str, role_attribute: str, subject_token: SubjectToken | None = None) -> Bound:
    """Bound who can pass a condition.

    Args:
        condition: A condition that :func:`~keyless_bigquery.trust.attributes.condition_problem` found nothing wrong
            with.
        account_id: The account whose roles are meant.
        role_attribute: Bare name of the attribute that holds the role's ARN without session, by the kind's own mapping.
            ``google.subject`` must be the caller's ARN.
        subject_token: What the provider takes; by default a signed request.
    """
    token = subject_token or AwsSignature()
    return _Reader(
        family=token.family(account_id),
        caller=token.caller.replace(".", " . "),
        role_attribute=role_attribute,
        sessions=isinstance(token, AwsSignature),
    ).read(words(condition))


def text_of(word: Word) -> str | None:
    """What a string says; ``None`` if it isn't one, or is written with escapes or three quotes."""
    found = _PLAIN.fullmatch(word.text) if word.kind is Kind.TEXT else None
    return None if found is None else found["single"] if found["single"] is not None else found["double"]


@dataclass(frozen=True, kw_only=True)
class _Reader:
    family: str
    caller: str
    role_attribute: str
    sessions: bool
    """The caller's ARN ends in a session, behind a slash after the role's name; otherwise it is the role's own."""

    def read(self, found: Sequence[Word]) -> Bound:
        signs = {text for text, _ in _outside_brackets(found)}
        if "?" in signs:
            return _ANYBODY
        for sign in ("||", "&&"):
            if sign in signs:
                sides = (self.read(side) for side in _split(found, sign))
                return reduce(Bound.__or__ if sign == "||" else Bound.__and__, sides)
        inner = _inside_brackets(found)
        return self.read(inner) if inner is not None else self._test(found)

    def _test(self, found: Sequence[Word]) -> Bound:
        """One test: who is asked about, and what is asked."""
        shape = " ".join("''" if text_of(word) is not None else word.text for word in found)
        texts = [text for word in found if (text := text_of(word)) is not None]
        role = f"attribute . {self.role_attribute}"
        for who in (self.caller, "google . subject", role):
            if shape == f"'' == {who}" or (shape.startswith(who) and _IS_ONE_OF.fullmatch(shape.removeprefix(who))):
                return self._role_arns(texts) if self.sessions and who == role else self._whole_arns(texts)
            if not self.sessions:
                continue  # a beginning may be that of another role's ARN, and a part that of another path's
            if shape == f"{who} . startsWith ( '' )":
                return self._prefix(texts[0])
            if who != role and shape.startswith(f"{who} . "):
                return self._part(shape.removeprefix(f"{who} . "), texts)
        return _ANYBODY

    def _whole_arns(self, arns: Sequence[str]) -> Bound:
        roles = [arn.removeprefix(self.family) for arn in arns if arn.startswith(self.family)]
        return Bound(
            only_roles=True, names=frozenset(role.partition("/")[0] if self.sessions else role for role in roles)
        )

    def _role_arns(self, arns: Sequence[str]) -> Bound:
        names = [arn.removeprefix(self.family) for arn in arns if arn.startswith(self.family)]
        if len(names) < len(arns) or not all(names) or any("/" in name for name in names):
            return _ANYBODY
        return Bound(only_roles=True, names=frozenset(names))

    def _prefix(self, prefix: str) -> Bound:
        if not prefix.startswith(self.family):
            return _ANYBODY
        name, closed, _ = prefix.removeprefix(self.family).partition("/")
        return Bound(only_roles=True, names=frozenset({name}) if closed else None)

    def _part(self, shape: str, texts: Sequence[str]) -> Bound:
        if shape == "matches ( '' )":
            return self._pattern(texts[0])
        how, *names = texts or [""]
        for call, understood in (
            ("extract ( '' )", _EXTRACTED.fullmatch(how) is not None),
            ("split ( '' ) [ 1 ]", how == "/"),
        ):
            if understood and all(names) and shape.startswith(call) and _IS_ONE_OF.fullmatch(shape.removeprefix(call)):
                return Bound(names=frozenset(names))
        return _ANYBODY

    def _pattern(self, pattern: str) -> Bound:
        anchored = f"^{self.family}"
        found = _PATTERN_OF_ROLES.fullmatch(pattern.removeprefix(anchored))
        if not pattern.startswith(anchored) or found is None or found["rest"] not in _ANY_SESSION:
            return _ANYBODY
        return Bound(only_roles=True, names=frozenset((found["one"] or found["several"]).split("|")))


def _outside_brackets(found: Sequence[Word]) -> Iterator[tuple[str, int]]:
    depth = 0
    for index, word in enumerate(found):
        if word.kind is Kind.SIGN:
            depth -= word.text in _CLOSING
            if not depth:
                yield word.text, index
            depth += word.text in _OPENING


def _split(found: Sequence[Word], sign: str) -> Iterator[Sequence[Word]]:
    start = 0
    for text, index in _outside_brackets(found):
        if text == sign:
            yield found[start:index]
            start = index + 1
    yield found[start:]


def _inside_brackets(found: Sequence[Word]) -> Sequence[Word] | None:
    """What stands between an opening parenthesis and its own closing one, if these are the first word and the last."""
    outside = [index for text, index in _outside_brackets(found) if text in "()"]
    if outside[:2] == [0, len(found) - 1] and found[0].text == "(":
        return found[1:-1]
    return None
