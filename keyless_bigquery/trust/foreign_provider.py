"""Whether another team's provider lets in our functions, and no other caller in their name. Pure.

A platform team's provider serves others too, and may change. What is demanded of it is what this project demands of
its own: the binding and the condition both are exact, so that one mistake in either opens nothing. What can't be
read is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from keyless_bigquery.trust.adversarial_callers import arn_of, caller_of, strangers, unnamed, with_audience
from keyless_bigquery.trust.attributes import (
    MOST_ATTRIBUTE_BYTES,
    SUBJECT,
    Assertion,
    Attributes,
    MappingError,
    condition_holds,
    condition_problem,
    map_attributes,
    mapping_problem,
)
from keyless_bigquery.trust.lexer import Kind, words
from keyless_bigquery.trust.named_roles import Bound, bound, text_of
from keyless_bigquery.trust.names import MOST_SUBJECT_BYTES, ROLE_ATTRIBUTE
from keyless_bigquery.trust.subject_tokens import AwsOidc, AwsSignature, SubjectToken
from keyless_bigquery.trust.trust import TrustChain, attribute_condition

_ROLE = f"attribute.{ROLE_ATTRIBUTE}"
_SHOWN_STRANGERS = 2

AWS, OIDC = AwsSignature.kind, AwsOidc.kind
"""The kinds of provider that can be used, each for its own kind of subject token."""


@dataclass(frozen=True, kw_only=True)
class ForeignProvider:
    """A provider as its owner made it. Fields are those of the IAM v1 API, ``WorkloadIdentityPoolProvider``.

    Args:
        aws_account_id: ``aws.accountId``.
        attribute_mapping: Empty: Google's own for AWS.
        attribute_condition: Empty: none.
        state: ``ACTIVE`` or ``DELETED``.
        disabled: Whether it refuses every exchange.
        kind: :data:`AWS`, :data:`OIDC`, another kind's name, or empty if it has none that is known.
        issuer: ``oidc.issuerUri``.
        allowed_audiences: ``oidc.allowedAudiences``.
        has_keys: It has ``oidc.jwksJson``.
        audience: ``https:`` and its own full name, which the function's token names; empty: unknown.
    """

    aws_account_id: str
    attribute_mapping: Mapping[str, str]
    attribute_condition: str
    state: str = "ACTIVE"
    disabled: bool = False
    kind: str = AWS
    issuer: str = ""
    allowed_audiences: tuple[str, ...] = ()
    has_keys: bool = False
    audience: str = ""


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
        readers: The roles that are to be let in: at least one, all of one account and with one kind of subject token.
    """
    return list(_Case(provider, tuple(readers), readers[0].aws_account_id, readers[0].subject_token).refusals())


@dataclass(frozen=True)
class _Case:
    provider: ForeignProvider
    readers: tuple[TrustChain, ...]
    account: str
    token: SubjectToken

    @property
    def _exact(self) -> str:
        """The expression of which it is known that no two roles, and no user and role, get the same value."""
        return self.token.mapping[_ROLE]

    @property
    def _mapping_fix(self) -> str:
        return f"map {SUBJECT} from {self.token.caller} and {_ROLE} from {self._exact}"

    def refusals(self) -> Iterator[Refusal]:
        yield from self._state()
        unreadable = [*self._callers(), *self._mapping()]
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

    def _callers(self) -> Iterator[Refusal]:
        """Whose word it takes: one account's of AWS, or that of its issuer."""
        kind = self.provider.kind
        if kind != self.token.kind:
            yield Refusal(
                rule=f"with subjectToken {self.token.name} the provider must be an {self.token.kind} provider",
                actual=f"kind {kind}" if kind else "another kind",
                fix=f"name a provider of the kind {self.token.kind.lower()}, or change subjectToken",
            )
        elif isinstance(self.token, AwsOidc):
            yield from self._issuer(self.token.issuer)
        elif (found := self.provider.aws_account_id) != self.account:
            yield Refusal(
                rule="the provider must trust the account of the function's role",
                actual=f"{f'account {found}' if found else 'no account'} instead of {self.account}",
                fix=f"name a provider for account {self.account}"
                + (f", or deploy the function in account {found}" if found else ""),
            )

    def _issuer(self, needed: str) -> Iterator[Refusal]:
        if self.provider.issuer != needed:
            yield Refusal(
                rule="the provider must trust the issuer of the account's tokens, awsTokenIssuer, letter by letter",
                actual=f"{self.provider.issuer or 'no issuer'} instead of {needed}",
                fix=f"name a provider whose issuer is {needed}",
            )
        if self.provider.has_keys:
            yield Refusal(
                rule="the provider must take the issuer's own keys",
                actual="uploaded keys (jwksJson), with which their owner can sign a token in any role's name",
                fix="remove the uploaded keys",
            )
        if self.provider.allowed_audiences:
            yield Refusal(
                rule="the provider must allow no audience but its own name, so that a token that was given to another"
                " service is refused",
                actual=f"allowed audiences {', '.join(self.provider.allowed_audiences)}",
                fix="remove them: the provider's own name is then the only audience",
            )

    def _mapping(self) -> Iterator[Refusal]:
        if problem := mapping_problem(self.provider.attribute_mapping):
            yield Refusal(rule="the attribute mapping must be valid", actual=problem, fix=self._mapping_fix)
            return
        # Google's own mapping, where none is given, is for AWS.
        mapping = self.provider.attribute_mapping or AwsSignature.mapping
        if not _same(mapping[SUBJECT], self.token.caller):
            yield Refusal(
                rule=f"{SUBJECT} must be {self.token.caller}, so that audit logs name the function",
                actual=mapping[SUBJECT],
                fix=f"map {SUBJECT} from {self.token.caller}",
            )
        expression = mapping.get(_ROLE)
        if expression is None or not _same(expression, self._exact):
            known_of = "Google's own expression" if isinstance(self.token, AwsSignature) else self._exact
            yield Refusal(
                rule=f"{_ROLE}, which the binding names, must be mapped so that no other caller gets "
                f"the role's value; that is known of {known_of} only",
                actual="no such attribute" if expression is None else expression,
                fix=self._mapping_fix,
            )
        for reader in self.readers:
            yield from self._mapped(reader)

    def _mapped(self, reader: TrustChain) -> Iterator[Refusal]:
        mapping, caller, ours = self.provider.attribute_mapping, caller_of(reader), reader.role_arn
        try:
            attributes = map_attributes(mapping, with_audience(caller, self.provider.audience))
        except MappingError as problem:
            yield Refusal(
                rule="the mapping must give values for the function",
                actual=f"{problem}{_of_user_id(mapping.values())}",
                fix=f"map only what {self.token.always}",
            )
            return
        if (value := attributes.custom.get(ROLE_ATTRIBUTE)) is not None and value != ours:
            yield Refusal(
                rule=f"{_ROLE} of the function must be its role's ARN, {ours}",
                actual=value or "an empty value",
                fix=self._mapping_fix,
            )
        subject, together = len(attributes.subject.encode()), attributes.size()
        if subject > MOST_SUBJECT_BYTES or together > MOST_ATTRIBUTE_BYTES:
            yield Refusal(
                rule=f"{SUBJECT} may have {MOST_SUBJECT_BYTES} bytes, all attributes together {MOST_ATTRIBUTE_BYTES}",
                actual=f"{subject} and {together} for {reader.caller_arn}",
                fix="shorten roleName or functionName, or map fewer attributes",
            )
        for stranger in strangers(reader, stranger=unnamed(" ".join(mapping.values()))):
            if (theirs := self._attributes(stranger)) and theirs.custom.get(ROLE_ATTRIBUTE) == ours:
                yield Refusal(
                    rule=f"{_ROLE} must not be {ours} for any principal but that role",
                    actual=f"{arn_of(stranger)} gets it too",
                    fix=self._mapping_fix,
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
        limit = bound(condition, account_id=self.account, role_attribute=ROLE_ATTRIBUTE, subject_token=self.token)
        admitted = [
            arn_of(stranger) or "an empty ARN"
            for reader in self.readers
            for stranger in strangers(reader, stranger=unnamed(condition))
            if not self._is_named(stranger, limit) and self._admits(stranger)
        ]
        if admitted or not limit.closed:
            who = " and ".join(admitted[:_SHOWN_STRANGERS])
            yield Refusal(
                rule=f"the attribute condition must name each role that it admits in full, {self.token.in_full}, in "
                f"account {self.account}",
                actual=f"{who} would be admitted by {condition}" if who else f"no proof of that in {condition}",
                fix=f"narrow it; here {_clauses(self.readers)} is all that is needed",
            )

    def _is_named(self, stranger: Assertion, limit: Bound) -> bool:
        """Whether it is one of ours, or a role that the condition names for another team."""
        names = {reader.role_name for reader in self.readers} | (limit.names or set() if limit.closed else set())
        family = self.token.family(self.account)
        return any(self.token.is_of(f"{family}{name}", arn_of(stranger)) for name in names)

    def _admits(self, caller: Assertion) -> bool:
        attributes = self._attributes(caller)
        try:
            known, condition = with_audience(caller, self.provider.audience), self.provider.attribute_condition
            return attributes is not None and condition_holds(condition, known, attributes)
        except MappingError:
            return False

    def _attributes(self, caller: Assertion) -> Attributes | None:
        """What a caller is mapped to; ``None`` if the mapping fails, and so refuses it."""
        try:
            return map_attributes(self.provider.attribute_mapping, with_audience(caller, self.provider.audience))
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
