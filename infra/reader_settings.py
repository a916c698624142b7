"""What one reader may choose: a function, its role, its account and the table that it reads."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping

from infra import columns, own_variables, rules
from infra.columns import Column
from infra.problems import Values, as_text
from infra.trust import GoogleEndpoints, TrustChain

IDENTITY_KEYS = ("roleName", "functionName", "serviceAccountId", "tableId")
"""Settings that name one thing each: with several readers each reader has its own."""

INHERITED_KEYS = (
    *("datasetId", "tables", "columns", "handler", "environment"),
    *("memoryMb", "timeoutSeconds", "reservedConcurrency", "schedule", "verifyEvent"),
)
"""Settings that a reader takes from the stack where it has none of its own; of ``environment`` each variable."""

MOST_TABLES = 50
"""Most tables and datasets that a reader lists. Lambda bounds all variables together, these names too, to 4 KB."""

MOST_READERS = 20
"""Most readers of one stack: their roles have to fit into the provider's condition, 4096 characters in all."""

ONLY_READER = "reader"
"""What the reader of a stack without a list of readers is called in the outputs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReaderSettings:
    """One reader. Field names are the config keys in snake case.

    Args:
        name: Its name in the list; empty for the reader of a stack that has no list.
        trust: The one AWS identity that this reader is.
        tables: What else it may read: tables as ``project.dataset.table``, whole datasets as ``project.dataset``.
        columns_key: The setting that lists this reader's columns and no other's.
        columns_listed: That setting lists them; otherwise they are inherited, or the default.
        handler: The function that is called, as ``module.function``.
        environment: The user's own environment variables.
    """

    name: str
    trust: TrustChain
    service_account_id: str
    dataset_id: str
    table_id: str
    tables: tuple[str, ...]
    columns: tuple[Column, ...]
    columns_key: str
    columns_listed: bool
    handler: str
    environment: Mapping[str, str]
    memory_mb: int
    timeout_seconds: int
    reserved_concurrency: int | None
    schedule: str | None
    verify_event: str | None

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


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shared:
    """What all readers of a stack have in common, and each needs to be read.

    Args:
        aws_account_id: The account that holds their roles.
        endpoints: Where their functions find Google's APIs.
        own_table: The stack makes their tables.
    """

    aws_account_id: str
    endpoints: GoogleEndpoints
    own_table: bool


def slug(stack: str) -> str:
    """The stack's name in the characters that every name here may have."""
    return re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")


def listed(values: Values) -> list[Mapping[str, object]]:
    """The entries of the list of readers, as they are configured; empty if there is no list.

    Args:
        values: The stack's settings; what is wrong with the list is added to their problems.
    """
    return values.entries("readers", dict, MOST_READERS)


def read(values: Values, shared: Shared) -> tuple[ReaderSettings, ...]:
    """The stack's readers: the listed ones, or the one that the stack's own settings describe.

    Args:
        values: The stack's settings; what is wrong is added to their problems.
        shared: What the readers have in common.
    """
    entries = listed(values)
    if not entries:
        return (_reader(values, "", shared, path=""),)
    for key in IDENTITY_KEYS:
        if (value := values.own(key)) is not None:
            rule = f"it names one thing, and this stack lists {len(entries)} readers"
            values.add(key, value, rule, f"Remove it, and set {key} in the reader that it belongs to.")
    return tuple(_listed(values, place, entry, shared) for place, entry in enumerate(entries))


def _listed(stack: Values, place: int, entry: Mapping[str, object], shared: Shared) -> ReaderSettings:
    given = {key: as_text(value) for key, value in entry.items()}
    path = f"readers[{place}]."
    values = Values(given, stack=stack.stack, path=path, inherited=stack)
    values.refuse_unknown(("name", *IDENTITY_KEYS, *INHERITED_KEYS))
    if values.own("datasetId") and shared.own_table:
        rule = "the stack makes one dataset for all its tables, and this would be another one"
        values.add(
            "datasetId", values.own("datasetId"), rule, "Remove it here, or read tables that exist: table=existing"
        )
    name = values.text("name", rules.reader_name)
    # Names derived from a bad one would be bad, too: one problem is told, not five.
    return _reader(values, name if rules.reader_name(name) is None else "", shared, path=path)


def _reader(values: Values, name: str, shared: Shared, *, path: str) -> ReaderSettings:
    stack = slug(values.stack)
    # Two hyphens, which neither a stack's slug nor a reader's name has: the reader `x` of stack `dev` must not get the
    # names of stack `dev-x`.
    suffix = f"--{name}" if name else ""
    return ReaderSettings(
        name=name,
        trust=TrustChain(
            aws_account_id=shared.aws_account_id,
            role_name=values.named("roleName", f"keyless-bigquery-{stack}{suffix}", rules.role_name),
            function_name=values.named("functionName", f"keyless-bigquery-{stack}{suffix}", rules.function_name),
            endpoints=shared.endpoints,
        ),
        service_account_id=values.named(
            "serviceAccountId", f"bq-{'reader-' if not name else ''}{stack}{suffix}", rules.service_account_id
        ),
        dataset_id=values.optional("datasetId", rules.dataset_id) or f"keyless_{stack.replace('-', '_')}",
        table_id=values.named("tableId", name.replace("-", "_") if name else "users", rules.table_id),
        tables=values.texts("tables", rules.table_or_dataset, MOST_TABLES),
        columns=columns.read(values, "columns", own_table=shared.own_table),
        columns_key=f"{path}columns",
        columns_listed=values.own("columns") not in {None, "[]"},
        handler=values.text("handler", rules.handler),
        environment=own_variables.read(values),
        memory_mb=values.number("memoryMb", 128, 10240),
        timeout_seconds=values.number("timeoutSeconds", 10, 900),
        reserved_concurrency=values.optional_number("reservedConcurrency", 0, 10_000),
        schedule=values.optional("schedule", rules.schedule),
        verify_event=values.optional("verifyEvent", rules.event),
    )
