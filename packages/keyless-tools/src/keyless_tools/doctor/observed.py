"""What was seen of one reader's chain: an answer for each thing that was looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keyless_tools.doctor.answer import JSON, Answer


@dataclass(frozen=True, kw_only=True)
class Listed:
    """What was seen of a table or a whole dataset that a reader lists.

    Args:
        table: The table; ``None`` where a whole dataset is listed, as the next one.
        policy: The allow policy on it.
        dataset: The dataset, with its access list.
        project_policy: The allow policy of its project.
        tables: The list of a whole dataset's tables.
    """

    table: Answer[JSON] | None
    policy: Answer[JSON] | None
    dataset: Answer[JSON]
    project_policy: Answer[JSON]
    tables: Answer[JSON] | None = None


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """What was seen besides a table's grants.

    Args:
        row_policies: Its row access policies; ``None`` where its kind has none.
        reads: What a view reads, by its name.
        more_reads: It may read more than that.
    """

    row_policies: Answer[JSON] | None
    reads: Mapping[str, Listed]
    more_reads: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One look at everything.

    Args:
        function: ``GetFunction``.
        credential_configuration: The file in the function's package.
        function_policies: ``GetPolicy`` of the function and of its alias, by the alias; empty for the function's own.
        role: ``GetRole``.
        role_policies: Names of its inline policies, ARNs of those that are attached.
        log_group: The log group.
        services: Each API that is needed, by project and name.
        pool: The pool; a deleted one is answered for 30 days.
        provider: The provider, likewise.
        providers: The pool's providers, deleted ones left out.
        organisation_policies: Effective policies of the pool's project, by constraint.
        members_policy: Effective policy of the project that pays, on whom an allow policy may name.
        service_account: The account; ``None`` for direct access, as the next one.
        account_policy: The allow policy on it.
        project_policy: The allow policy of the project that pays.
        data_project_policy: The allow policy of the project that holds the data.
        dataset: The dataset, with its access list.
        table: The table.
        table_policy: The allow policy on it.
        listed: What else the reader may read, by its name.
        guarded: What is around each table that was found, by its name.
        at: When it was looked.
        last_log: The newest events of the function's log, oldest first: each its time in milliseconds and its text.
    """

    function: Answer[JSON]
    credential_configuration: Answer[str]
    function_policies: Mapping[str, Answer[JSON]]
    role: Answer[JSON]
    role_policies: Answer[JSON]
    log_group: Answer[JSON]
    services: Mapping[str, Mapping[str, Answer[JSON]]]
    pool: Answer[JSON]
    provider: Answer[JSON]
    providers: Answer[JSON]
    organisation_policies: Mapping[str, Answer[JSON]]
    members_policy: Answer[JSON]
    service_account: Answer[JSON] | None
    account_policy: Answer[JSON] | None
    project_policy: Answer[JSON]
    data_project_policy: Answer[JSON]
    dataset: Answer[JSON]
    table: Answer[JSON]
    table_policy: Answer[JSON]
    listed: Mapping[str, Listed]
    guarded: Mapping[str, Guarded]
    at: datetime
    last_log: Answer[Sequence[tuple[int, str]]]
