"""Whether another team's provider lets in our functions, and no other caller in their name. Pure.

A platform team's provider serves others too, and may change. What is demanded of it is what this project demands of
its own: the binding and the condition both are exact, so that one mistake in either opens nothing. What can't be
read is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyless_bigquery.trust.adversarial_callers import caller_of, strangers, unnamed
from keyless_bigquery.trust.attributes import (
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
from keyless_bigquery.trust.names import DEFAULT_AWS_MAPPING, MOST_SUBJECT_BYTES, ROLE_ATTRIBUTE
from keyless_bigquery.trust.trust import TrustChain, attribute_condition

_ROLE = f"attribute.{ROLE_ATTRIBUTE}"
_EXACT_EXPRESSION = DEFAULT_AWS_MAPPING[_ROLE]
"""The expression of which it is known that no two roles, and no user and role, get the same value."""

_MAPPING_FIX = f"map {SUBJECT} from assertion.arn and {_ROLE} from {_EXACT_EXPRESSION}"

_SHOWN_STRANGERS = 2

AWS = "AWS"
"""The kind of provider that can be used."""


@dataclass(frozen=True, kw_only=True)
class ForeignProvider:
    """A provider as its owner made it. Fields are those of the IAM v1 API, ``WorkloadIdentityPoolProvider``.

    Args:
        aws_account_id: ``aws.accountId``.
        attribute_mapping: Empty: Google's own for AWS.
        attribute_condition: Empty: none.
        state: ``ACTIVE`` or ``DELETED``.
        disabled: Whether it refuses every exchange.
        kind: :data:`AWS`, another kind's name, or empty if it has none that is known.
    """

    aws_account_id: str
    attribute_mapping: Mapping[str, str]
    attribute_condition: str
    state: str = "ACTIVE"
    disabled: bool = False
    kind: str = AWS


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a provider must not be used."""

    rule: str
    actual: str
    fix: str

    def __str__(self) -> str:
        return f"{self.rule}; actual: {self.actual}. Fix: {self.fix}."


def refusals(provider: ForeignProvider, readers: Sequence[TrustChain]) -> list[Refusal]:
    """Every reason why a provider must not be used; none if it is fit.

    Args:
        provider: The provider.
        readers: The roles that are to be let in: at least one, all of one account.
    """
    return list(_Case(provider, tuple(readers), readers[0].aws_account_id).refusals())


@dataclass(frozen=True)
class _Case:
    provider: ForeignProvider
    readers: tuple[TrustChain, ...]
    account: str

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
        kind, found = self.provider.kind, self.provider.aws_account_id
        if kind != AWS:
            yield Refusal(
                rule="the provider must be an AWS provider",
                actual=f"kind {kind}" if kind else "another kind",
                fix="name a provider of the kind aws",
            )
        elif found != self.account:
            yield Refusal(
                rule="the provider must trust the account of the function's role",
                actual=f"{f'account {found}' if found else 'no account'} instead of {self.account}",
                fix=f"name a provider for account {self.account}"
                + (f", or deploy the function in account {found}" if found else ""),
            )

    def _mapping(self) -> Iterator[Refusal]:
        if problem := mapping_problem(self.provider.attribute_mapping):
            yield Refusal(rule="the attribute mapping must be valid", actual=problem, fix=_MAPPING_FIX)
            return
        mapping = self.provider.attribute_mapping or DEFAULT_AWS_MAPPING
        if not _same(mapping[SUBJECT], "assertion.arn"):
            yield Refusal(
                rule=f"{SUBJECT} must be assertion.arn, so that audit logs name the function",
                actual=mapping[SUBJECT],
                fix=f"map {SUBJECT} from assertion.arn",
            )
        expression = mapping.get(_ROLE)
        if expression is None or not _same(expression, _EXACT_EXPRESSION):
            yield Refusal(
                rule=f"{_ROLE}, which the binding names, must be mapped so that no other caller gets "
                "the role's value; that is known of Google's own expression only",
                actual="no such attribute" if expression is None else expression,
                fix=_MAPPING_FIX,
            )
        for reader in self.readers:
            yield from self._mapped(reader)

    def _mapped(self, reader: TrustChain) -> Iterator[Refusal]:
        mapping, caller, ours = self.provider.attribute_mapping, caller_of(reader), reader.role_arn
        try:
            attributes = map_attributes(mapping, caller)
        except MappingError as problem:
            yield Refusal(
                rule="the mapping must give values for the function",
                actual=f"{problem}{_of_user_id(mapping.values())}",
                fix="map only what an AWS assertion has: account, arn, userid",
            )
            return
        if (value := attributes.custom.get(ROLE_ATTRIBUTE)) is not None and value != ours:
            yield Refusal(
                rule=f"{_ROLE} of the function must be its role's ARN, {ours}",
                actual=value or "an empty value",
                fix=_MAPPING_FIX,
            )
        subject, together = len(attributes.subject.encode()), attributes.size()
        if subject > MOST_SUBJECT_BYTES or together > MOST_ATTRIBUTE_BYTES:
            yield Refusal(
                rule=f"{SUBJECT} may have {MOST_SUBJECT_BYTES} bytes, all attributes together {MOST_ATTRIBUTE_BYTES}",
                actual=f"{subject} and {together} for {caller.arn}",
                fix="shorten roleName or functionName, or map fewer attributes",
            )
        for stranger in strangers(reader, stranger=unnamed(" ".join(mapping.values()))):
            if (theirs := self._attributes(stranger)) and theirs.custom.get(ROLE_ATTRIBUTE) == ours:
                yield Refusal(
                    rule=f"{_ROLE} must not be {ours} for any principal but that role",
                    actual=f"{stranger.arn} gets it too",
                    fix=_MAPPING_FIX,
                )
                return

    def _condition(self, condition: str) -> Iterator[Refusal]:
        kept_out = [reader for reader in self.readers if not self._admits(caller_of(reader))]
        if kept_out:
            callers = ", ".join(reader.caller_arn for reader in kept_out)
            yield Refusal(
                rule="the attribute condition must let the function in",
                actual=f"{callers} refused by {condition}{_of_user_id([condition])}",
                fix=f"add to it: || {_clauses(kept_out)}",
            )
        limit = bound(condition, account_id=self.account, role_attribute=ROLE_ATTRIBUTE)
        admitted = [
            stranger.arn or "an empty ARN"
            for reader in self.readers
            for stranger in strangers(reader, stranger=unnamed(condition))
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
        """Whether it is one of ours, or a role that the condition names for another team."""
        names = {reader.role_name for reader in self.readers} | (limit.names or set() if limit.closed else set())
        return any(stranger.arn.startswith(f"arn:aws:sts::{self.account}:assumed-role/{name}/") for name in names)

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


def _same(expression: str, known: str) -> bool:
    """Whether two expressions are the same but for white space, remarks and the kind of quotes."""
    return _meaning(expression) == _meaning(known)


def _meaning(expression: str) -> list[tuple[Kind, str]]:
    return [(word.kind, word.text if (text := text_of(word)) is None else text) for word in words(expression)]


def _of_user_id(expressions: Iterable[str]) -> str:
    """A remark where an expression reads what only AWS knows of a role."""
    if any(word.text == "userid" for expression in expressions for word in words(expression)):
        return " (it reads assertion.userid, which can't be known beforehand)"
    return ""


def _clauses(readers: Sequence[TrustChain]) -> str:
    """The conditions that would admit exactly these roles."""
    clauses = [attribute_condition([reader]) for reader in readers]
    return " || ".join(f"({clause})" for clause in clauses) if len(clauses) > 1 else clauses[0]
