"""Columns with a policy tag: read only by who holds fine-grained access to the tag, whatever else they hold.

Sources: Google, "Introduction to column-level access control" and "Restrict access with column-level access control".
The Data Catalog, where each tag has a policy of its own, isn't served: what counts is the taxonomy's project.
"""

from __future__ import annotations

from collections.abc import Iterable

from federation_emulator.core.access import authorize
from federation_emulator.core.context import Cloud
from federation_emulator.core.permission_names import FINE_GRAINED_GET
from federation_emulator.core.tokens import Token
from federation_emulator.core.trace import Link
from federation_emulator.services.bigquery import rules, understanding
from federation_emulator.services.bigquery.columns_of import columns_of
from federation_emulator.services.bigquery.gate import policies_on
from federation_emulator.services.bigquery.model import ProjectName, TableName
from federation_emulator.services.bigquery.reading import Reader, Reading
from federation_emulator.services.bigquery.sql import Statement
from federation_emulator.services.bigquery.sql.tasks import FindProtected
from federation_emulator.services.bigquery.sql.writing import Writing


async def permit_protected(
    cloud: Cloud, reader: Reader, statement: Statement, sql: str, reading: Reading, writing: Writing
) -> None:
    """Decide the protected columns that a statement reads, by itself and through its views.

    A view counts with all columns that it selects, whichever the statement takes from it.

    Args:
        cloud: The cloud.
        reader: Who reads.
        statement: The statement.
        sql: Its text.
        reading: What it reads.
        writing: How it is written, wildcards and all.

    Raises:
        Refused: 403, a column is protected and the reader has no fine-grained access; 400, columns that can't be
            resolved where some are protected.
    """
    changed = [need.on for need in statement.needs if isinstance(need.on, TableName)]
    protected = frozenset(
        (table, column)
        for table in {*reading.base, *changed}
        if (tagged := cloud.column_tags.get(table.resource)) is not None
        for column in tagged.tags
    )
    if not protected:
        return
    texts = [(sql, writing, {*reading.named, *changed})]
    for name in reading.views:
        if (view := cloud.views.get(name.resource)) is not None:
            project, default = view.home(name)
            selected = await understanding.analyse(cloud, view.query, project=project, default=default)
            texts.append((view.query, Writing(project=project, default=default), set(selected.reads)))
    for text, written, named in texts:
        columns = tuple([await columns_of(cloud, table) for table in sorted(named)])
        task = FindProtected(sql=text, writing=written, columns=columns, protected=tuple(sorted(protected)))
        read = await understanding.find_protected(cloud, task)
        permit_columns(cloud, reader.token, read, parent=reader.decision)


def permit_columns(
    cloud: Cloud, token: Token, columns: Iterable[tuple[TableName, str]], *, parent: str | None = None
) -> None:
    """Decide protected columns, one by one.

    Args:
        cloud: The cloud.
        token: Who reads.
        columns: Tables and columns that have a tag.
        parent: The job's decision, if it is one; else the token's.

    Raises:
        Refused: 403, no fine-grained access to a tag.
    """
    for table, column in columns:
        tagged = cloud.column_tags.get(table.resource)
        if tagged is None:
            continue
        tag = tagged.tags[column]
        with cloud.trace.deciding(
            Link.TABLE, resource=f"{table.resource} column {column}", principal=token.principal.member, parent=parent
        ) as trail:
            trail.parent = trail.parent or token.decision
            policies = [(tag, policies_on(cloud, ProjectName(project=tag.split("/")[1]))[0][1])]
            authorize(token, FINE_GRAINED_GET, policies, trail, rules.column_denied(table, column, tag))
