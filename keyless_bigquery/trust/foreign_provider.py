"""Whether a provider that somebody else owns lets in our functions, and nobody in their name. Pure.

A platform team's provider serves others too, and may change. What is demanded of it is what this project demands of
its own: the binding and the condition both are exact, so that one mistake in either opens nothing. What can't be
read is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyless_bigquery.trust.adversarial_callers import caller_of, role_arn, strangers, unnamed
from keyless_bigquery.trust.attributes import (
    DEFAULT_AWS_MAPPING,
    MOST_ATTRIBUTE_BYTES,
    SUBJECT,
    Attributes,
    MappingError,
    condition_holds,
    condition_problem,
    map_attributes,
    mapping_problem,
)
from keyless_bigquery.trust.caller import Caller
from keyless_bigquery.trust.lexer import Kind, words
from keyless_bigquery.trust.named_roles import Bound, bound, text_of
from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES

_ROLE = "aws_role"
_EXACT_ROLE_EXPRESSIONS = (DEFAULT_AWS_MAPPING[f"attribute.{_ROLE}"],)
"""Expressions of which it is known that no two roles, and no user and role, get the same value."""

_SHOWN_STRANGERS = 2


@dataclass(frozen=True, kw_only=True)
class ForeignProvider:
    """A provider as its owner made it. Fields are those of the IAM v1 API, ``WorkloadIdentityPoolProvider``.

    Args:
        aws_account_id: ``aws.accountId``; empty if it is no AWS provider.
        attribute_mapping: Empty: Google's own for AWS.
        attribute_condition: Empty: none.
        state: ``ACTIVE`` or ``DELETED``.
        disabled: Whether it refuses every exchange.
    """

    aws_account_id: str
    attribute_mapping: Mapping[str, str]
    attribute_condition: str
    state: str = "ACTIVE"
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A function that is to be let in.

    Args:
        role_name: Name of its execution role.
        function_name: Its own name, which Lambda makes the session's.
        clause: The condition that would admit exactly this role, for the fix.
    """

    role_name: str
    function_name: str
    clause: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a provider must not be used.

    Attributes:
        rule: What must hold.
        actual: What was found instead.
        fix: What its owner can do.
    """

    rule: str
    actual: str
    fix: str

    def __str__(self) -> str:
        return f"{self.rule}; actual: {self.actual}. Fix: {self.fix}."


def refusals(
    provider: ForeignProvider, readers: Sequence[Reader], *, aws_account_id: str, role_attribute: str = _ROLE
) -> list[Refusal]:
    """Say every reason why a provider must not be used; none if it is fit.

    Args:
        provider: The provider.
        readers: Who is to be let in, at least one.
        aws_account_id: The account of the readers' roles.
        role_attribute: Bare name of the attribute that the readers' bindings name.
    """
    return list(_Case(provider, tuple(readers), aws_account_id, role_attribute).refusals())


@dataclass(frozen=True)
class _Case:
    provider: ForeignProvider
    readers: tuple[Reader, ...]
    account: str
    attribute: str

    def refusals(self) -> Iterator[Refusal]:
        yield from self._state()
        unreadable = [*self._account(), *self._mapping()]
        yield from unreadable
        condition = self.provider.attribute_condition
        if not condition.strip():
            yield Refusal(
                rule="the provider must have an attribute condition, so that the binding doesn't stand alone",
                actual="none, which admits every identity of the account",
                fix=f"set it to {_clauses(self.readers)}",
            )
        elif problem := condition_problem(condition):
            yield Refusal(
                rule="the attribute condition must be valid", actual=problem, fix=f"set it to {_clauses(self.readers)}"
            )
        elif not unreadable:
            # Whom it admits can only be said once it is known what it reads.
            yield from self._condition(condition)

    def _state(self) -> Iterator[Refusal]:
        if self.provider.state != "ACTIVE":
            yield Refusal(
                rule="the provider must be ACTIVE",
                actual=self.provider.state or "no state",
                fix="undelete it; Google keeps it for 30 days",
            )
        if self.provider.disabled:
            yield Refusal(rule="the provider must not be disabled", actual="disabled", fix="enable it again")

    def _account(self) -> Iterator[Refusal]:
        found = self.provider.aws_account_id
        if not found:
            yield Refusal(
                rule="the provider must be an AWS provider",
                actual="another kind",
                fix="name a provider of the kind aws",
            )
        elif found != self.account:
            yield Refusal(
                rule="the provider must trust the account of the function's role",
                actual=f"account {found} instead of {self.account}",
                fix=f"name a provider for account {self.account}, or deploy the function in account {found}",
            )

    def _mapping(self) -> Iterator[Refusal]:
        if problem := mapping_problem(self.provider.attribute_mapping):
            yield Refusal(rule="the attribute mapping must be valid", actual=problem, fix=self._mapping_fix())
            return
        mapping = self.provider.attribute_mapping or DEFAULT_AWS_MAPPING
        if not _same(mapping[SUBJECT], "assertion.arn"):
            yield Refusal(
                rule=f"{SUBJECT} must be assertion.arn, so that audit logs name the function",
                actual=mapping[SUBJECT],
                fix=f"map {SUBJECT} from assertion.arn",
            )
        expression = mapping.get(f"attribute.{self.attribute}")
        if expression is None or not any(_same(expression, known) for known in _EXACT_ROLE_EXPRESSIONS):
            yield Refusal(
                rule=f"attribute.{self.attribute}, which the binding names, must be mapped so that nobody else gets "
                "the role's value; that is known of Google's own expression only",
                actual="no such attribute" if expression is None else expression,
                fix=self._mapping_fix(),
            )
        for reader in self.readers:
            yield from self._mapped(reader)

    def _mapped(self, reader: Reader) -> Iterator[Refusal]:
        mapping, key = self.provider.attribute_mapping, f"attribute.{self.attribute}"
        caller, ours = self._caller(reader), role_arn(self.account, reader.role_name)
        try:
            attributes = map_attributes(mapping, caller)
        except MappingError as problem:
            yield Refusal(
                rule="the mapping must give values for the function",
                actual=f"{problem}{_of_user_id(mapping.values())}",
                fix="map only what an AWS assertion has: account, arn, userid",
            )
            return
        if (value := attributes.custom.get(self.attribute)) is not None and value != ours:
            yield Refusal(
                rule=f"{key} of the function must be its role's ARN, {ours}",
                actual=value or "an empty value",
                fix=self._mapping_fix(),
            )
        subject, together = len(attributes.subject.encode()), attributes.size()
        if subject > MOST_SUBJECT_BYTES or together > MOST_ATTRIBUTE_BYTES:
            yield Refusal(
                rule=f"{SUBJECT} may have {MOST_SUBJECT_BYTES} bytes, all attributes together {MOST_ATTRIBUTE_BYTES}",
                actual=f"{subject} and {together} for {caller.arn}",
                fix="shorten roleName or functionName, or map fewer attributes",
            )
        for stranger in self._strangers(reader, " ".join(mapping.values())):
            if (theirs := self._attributes(stranger)) and theirs.custom.get(self.attribute) == ours:
                yield Refusal(
                    rule=f"{key} must not be {ours} for anybody but that role",
                    actual=f"{stranger.arn} gets it too",
                    fix=self._mapping_fix(),
                )
                return

    def _condition(self, condition: str) -> Iterator[Refusal]:
        kept_out = [reader for reader in self.readers if not self._admits(self._caller(reader))]
        if kept_out:
            callers = ", ".join(self._caller(reader).arn for reader in kept_out)
            yield Refusal(
                rule="the attribute condition must let the function in",
                actual=f"{callers} refused by {condition}{_of_user_id([condition])}",
                fix=f"add to it: || {_clauses(kept_out)}",
            )
        limit = bound(condition, account_id=self.account, role_attribute=self.attribute)
        admitted = [
            stranger.arn or "an empty ARN"
            for reader in self.readers
            for stranger in self._strangers(reader, condition)
            if not self._is_named(stranger, limit) and self._admits(stranger)
        ]
        if admitted or not limit.closed:
            who = " and ".join(admitted[:_SHOWN_STRANGERS])
            yield Refusal(
                rule="the attribute condition must name each role that it admits in full, from arn:aws:sts to the "
                f"slash after the role, in account {self.account}",
                actual=f"{who} would be admitted by {condition}" if who else f"no proof of that in {condition}",
                fix=f"narrow it; for this stack {_clauses(self.readers)} is all that is needed",
            )

    def _is_named(self, stranger: Caller, limit: Bound) -> bool:
        """Whether it is one of ours, or a role that the condition names for somebody else."""
        names = {reader.role_name for reader in self.readers}
        if limit.closed:
            names |= limit.names or set()
        return any(stranger.arn.startswith(f"{role_arn(self.account, name)}/") for name in names)

    def _caller(self, reader: Reader) -> Caller:
        return caller_of(self.account, reader.role_name, reader.function_name)

    def _strangers(self, reader: Reader, text: str) -> Iterator[Caller]:
        return strangers(self.account, reader.role_name, reader.function_name, stranger=unnamed(text))

    def _admits(self, caller: Caller) -> bool:
        attributes = self._attributes(caller)
        try:
            return attributes is not None and condition_holds(self.provider.attribute_condition, caller, attributes)
        except MappingError:
            return False

    def _attributes(self, caller: Caller) -> Attributes | None:
        """What a caller is mapped to; ``None`` if the mapping fails, and so refuses it."""
        try:
            return map_attributes(self.provider.attribute_mapping, caller)
        except MappingError:
            return None

    def _mapping_fix(self) -> str:
        return f"map {SUBJECT} from assertion.arn and attribute.{self.attribute} from {_EXACT_ROLE_EXPRESSIONS[0]}"


def _same(expression: str, known: str) -> bool:
    """Whether two expressions are the same but for white space, remarks and the kind of quotes."""
    return _meaning(expression) == _meaning(known)


def _meaning(expression: str) -> list[tuple[Kind, str]]:
    return [(word.kind, word.text if (text := text_of(word)) is None else text) for word in words(expression)]


def _of_user_id(expressions: Iterable[str]) -> str:
    """A remark where an expression reads what only AWS knows of a role."""
    if any(word.text == "userid" for expression in expressions for word in words(expression)):
        return " (it reads assertion.userid, which nobody can know beforehand)"
    return ""


def _clauses(readers: Sequence[Reader]) -> str:
    return " || ".join(f"({reader.clause})" if len(readers) > 1 else reader.clause for reader in readers)
