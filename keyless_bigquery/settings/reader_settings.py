"""What one reader may choose: a function, its role, its account and the table that it reads."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from keyless_bigquery import rules
from keyless_bigquery.settings import columns, declaration, event_rules, own_variables
from keyless_bigquery.settings.columns import Column
from keyless_bigquery.settings.declaration import (
    Kind,
    Scope,
    named,
    number,
    objects,
    optional,
    optional_number,
    setting,
    text,
    texts,
)
from keyless_bigquery.settings.problems import Values, as_text
from keyless_bigquery.trust.subject_tokens import subject_token
from keyless_bigquery.trust.trust import GoogleEndpoints, TrustChain

MOST_TABLES = 50
"""Most tables and datasets that a reader lists. Lambda bounds all variables together, these names too, to 4 KB."""

MOST_READERS = 20
"""Most readers of one stack: their roles have to fit into the provider's condition, 4096 characters in all."""

ONLY_READER = "reader"
"""What the reader of a stack without a list of readers is called in the outputs."""


def slug(name: str) -> str:
    """A name, such as a stack's, in the characters that every name here may have."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _name(values: Values) -> str:
    """The reader's name in the list; empty where there is no list.

    Empty for an invalid one as well: names derived from it would be invalid, too, and one problem is enough.
    """
    name = None if values.inherited is None else values.own("name")
    return name if name and rules.reader_name(name) is None else ""


def _derived(values: Values, prefix: str) -> str:
    # Two hyphens, which neither a stack's slug nor a reader's name has: the reader `x` of stack `dev` must not get the
    # names of stack `dev-x`.
    name = _name(values)
    return f"{prefix}{slug(values.stack)}{name and f'--{name}'}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """One reader: its settings, and what they follow from. Field names are the config keys in snake case.

    Args:
        name: Its name in the list; empty for the reader of a stack that has no list.
        trust: The one AWS identity that this reader is.
        columns_key: The setting that lists this reader's columns and no other's.
        columns_listed: That setting lists them; otherwise they are inherited, or the default.
    """

    service_account_id: str = setting(
        named(lambda values: _derived(values, "bq-" if _name(values) else "bq-reader-"), rules.service_account_id),
        "The part of the service account's e-mail before the @. Empty gives bq-reader-STACK.",
        scope=Scope.IDENTITY,
    )
    role_name: str = setting(
        named(lambda values: _derived(values, "keyless-bigquery-"), rules.role_name),
        "Name of the function's execution role, which is what Google trusts. Empty gives keyless-bigquery-STACK.",
        scope=Scope.IDENTITY,
    )
    function_name: str = setting(
        named(lambda values: _derived(values, "keyless-bigquery-"), rules.function_name),
        "Name of the function. Empty gives keyless-bigquery-STACK.",
        scope=Scope.IDENTITY,
    )
    dataset_id: str = setting(
        Kind(
            read=lambda values, key: (
                values.optional(key, rules.dataset_id) or f"keyless_{slug(values.stack).replace('-', '_')}"
            )
        ),
        "Id of the dataset. Empty gives keyless_STACK; with table=existing it must be set.",
        scope=Scope.INHERITED,
    )
    table_id: str = setting(
        named(lambda values: _name(values).replace("-", "_") or "users", rules.table_id),
        "Id of the table. Empty gives users.",
        scope=Scope.IDENTITY,
    )
    tables: tuple[str, ...] = setting(
        texts(rules.table_or_dataset, MOST_TABLES),
        "What else the function may read. Each project.dataset.table, or project.dataset for a whole dataset, which is"
        f" wide: everything in it, also what is added later. At most {MOST_TABLES}.",
        default=[],
        scope=Scope.INHERITED,
    )
    columns: tuple[Column, ...] = setting(
        objects(columns.read),
        "The columns that the function selects, each an object with name, type, mode and description; an own table is"
        " made of them. Empty gives user_id and name. With table=existing a name is enough.",
        default=[],
        scope=Scope.INHERITED,
    )
    handler: str = setting(
        text(rules.handler),
        "The function in lambda_src that is called, as module.function. Readers may each have another.",
        default="handler.lambda_handler",
        scope=Scope.INHERITED,
    )
    environment: Mapping[str, str] = setting(
        Kind(read=lambda values, _: own_variables.read(values), type="object"),
        "The function's own environment variables, by name. No secret: every principal that may read the function's"
        " configuration sees them. A reader's own are added to the stack's, and replace those of the same name.",
        default={},
        scope=Scope.INHERITED,
    )
    memory_mb: int = setting(
        number(128, 10240),
        "Memory of a function in MiB. The processor's share grows with it.",
        default=512,
        scope=Scope.INHERITED,
    )
    timeout_seconds: int = setting(
        number(10, 900),
        "Time limit of one invocation, 10 to 900. Every network call ends within it.",
        default=60,
        scope=Scope.INHERITED,
    )
    reserved_concurrency: int | None = setting(
        optional_number(0, 10_000),
        "Most invocations of a function at a time, kept free for it; 0 stops it. Empty: what the account has left.",
        scope=Scope.INHERITED,
    )
    schedule: str | None = setting(
        optional(event_rules.schedule),
        "When EventBridge starts the function: rate(1 hour), or cron(0 6 * * ? *) in UTC. Empty: never.",
        scope=Scope.INHERITED,
    )
    verify_event: str | None = setting(
        Kind(read=lambda values, key: values.optional(key, event_rules.event), type=None),  # text or a map
        "An event, as JSON, with which `keyless verify` invokes the function once, when the chain works. Empty: it"
        " doesn't.",
        scope=Scope.INHERITED,
    )
    name: str
    trust: TrustChain
    columns_key: str
    columns_listed: bool

    @property
    def label(self) -> str:
        """What it is called in the outputs."""
        return self.name or ONLY_READER

    @property
    def suffix(self) -> str:
        """What the logical names of its resources end in: nothing where there is no list of readers."""
        return f"-{self.name}" if self.name else ""

    def logical_name(self, base: str) -> str:
        """A resource's logical name: its own among the readers', and the plain one where there is no list."""
        return base + self.suffix


def listed(values: Values) -> list[Mapping[str, object]]:
    """The entries of the list of readers, as they are configured; empty if there is no list."""
    return values.entries("readers", dict, MOST_READERS)


def read(values: Values) -> tuple[ReaderSettings, ...]:
    """The stack's readers: the listed ones, or the one that the stack's own settings describe."""
    entries = listed(values)
    if not entries:
        return (_reader(values, values),)
    for key in _keys(Scope.IDENTITY):
        if (value := values.own(key)) is not None:
            rule = f"it names one thing, and this stack lists {len(entries)} readers"
            values.add(key, value, rule, f"Remove it, and set {key} in the reader that it belongs to.")
    return tuple(_reader(_entry(values, place, entry), values) for place, entry in enumerate(entries))


def _keys(*scopes: Scope) -> list[str]:
    return [one.key for one in declaration.declared(ReaderSettings) if one.scope in scopes]


def _entry(stack: Values, place: int, entry: Mapping[str, object]) -> Values:
    """The settings of one reader in the list, after the checks that concern only those."""
    given = {key: as_text(value) for key, value in entry.items()}
    values = Values(given, stack=stack.stack, path=f"readers[{place}].", inherited=stack)
    values.refuse_unknown(("name", *_keys(*Scope)))
    if (dataset := values.own("datasetId")) and stack.value("table") != "existing":
        rule = "the stack makes one dataset for all its tables, and this would be another one"
        values.add("datasetId", dataset, rule, "Remove it here, or read tables that exist: table=existing")
    values.text("name", rules.reader_name)
    return values


def _reader(values: Values, stack: Values) -> ReaderSettings:
    own = declaration.read(ReaderSettings, values)
    return ReaderSettings(
        name=_name(values),
        trust=TrustChain(
            aws_account_id=stack.value("awsAccountId") or "",
            role_name=own["role_name"],
            function_name=own["function_name"],
            endpoints=GoogleEndpoints(
                universe_domain=stack.value("googleUniverseDomain") or "",
                base_url=stack.value("functionGoogleEndpoint") or stack.value("googleEndpoint"),
            ),
            subject_token=subject_token(stack.value("subjectToken"), stack.value("awsTokenIssuer")),
        ),
        columns_key=f"{values.path}columns",
        columns_listed=values.own("columns") not in {None, "[]"},
        **own,
    )
