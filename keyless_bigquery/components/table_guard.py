"""Before an own table is created, replaced or updated: whether its rows would lose something.

The hook compares the columns that are there with those of the settings. What the stack's state says of them is not
enough: a column may have been added by hand since, and the provider drops it with the next update of the table
(terraform-provider-google-beta, ``resourceBigQueryTableColumnDrop``). The table is looked up only where it would be
touched; a preview without changes asks nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from keyless_bigquery.components.hook_calls import ask
from keyless_bigquery.components.propagation import Refusal
from keyless_bigquery.runtime.printable import one_line
from keyless_bigquery.settings import schema_changes, schema_refusal
from keyless_bigquery.settings.schema_refusal import OwnTable

_TABLE = "gcp:bigquery/table:Table"
_LOOK_UP = "gcp:bigquery/getTable:getTable"
_NOT_SENT = frozenset({"deletionProtection", "deletionPolicy"})
"""Source: ``clientSideFields`` in ``resourceBigQueryTableUpdate``."""


def keeps_rows(table: OwnTable, *, google: pulumi.ProviderResource | None, name: str) -> pulumi.ResourceHook:
    """The hook that ends preview and deployment before the rows of a table lose something.

    It belongs before a create and an update of the table, and before an update of the component around it.

    Args:
        table: The table.
        google: The provider to look it up with; needs ``bigquery.tables.get``.
        name: The hook's name.
    """

    async def refuse(change: pulumi.ResourceHookArgs) -> None:
        live = await _live_columns(table, google)
        if live is None:
            return
        sent = change.type != _TABLE or _sends_columns(change.old_outputs, change.new_inputs)
        problem = schema_refusal.refusal(table, live) if sent else schema_refusal.stale(table, live)
        if problem is not None:
            raise pulumi.RunError(problem)

    return pulumi.ResourceHook(name, refuse, pulumi.ResourceHookOptions(on_dry_run=True))


def not_there(error: str, table: OwnTable) -> bool:
    """Whether an error of the look-up says that there is no table, or that BigQuery's API is not on yet."""
    return f"{table.path} not found" in error or Refusal.read(error) is not None


async def _live_columns(
    table: OwnTable, google: pulumi.ProviderResource | None
) -> Sequence[schema_changes.Column] | None:
    """The columns that the table has; ``None`` if there is none.

    Raises:
        pulumi.RunError: That can't be found out.
    """
    arguments = {"project": table.project, "datasetId": table.dataset_id, "tableId": table.table_id}
    try:
        found = await ask(_LOOK_UP, arguments, google)
        return schema_changes.columns_of(found.get("schema") or "")
    except Exception as error:  # the SDK raises a bare Exception with the provider's text
        if not_there(str(error), table):
            return None
        raise pulumi.RunError(
            f"table {table.dataset_id}.{table.table_id} can't be looked up, so what a change would do to its rows is"
            f" unknown, and nothing was changed: {one_line(str(error) or type(error).__name__)}. Check: the deployer's"
            f" credentials, and its role on project {table.project}: it needs bigquery.tables.get (for example"
            " roles/bigquery.dataOwner)."
        ) from error


def _sends_columns(state: Mapping[str, Any] | None, inputs: Mapping[str, Any] | None) -> bool:
    """Whether the provider would send anything: it compares the state with the inputs, and keeps some to itself."""
    if state is None or inputs is None:
        return True
    sent = [key for key in inputs if key not in _NOT_SENT and not key.startswith("__")]  # the bridge's own notes
    return any(not _same(key, state.get(key), inputs[key]) for key in sent)


def _same(key: str, old: object, new: object) -> bool:
    if key != "schema":
        return bool(old == new)
    return not schema_changes.changes(schema_changes.columns_of(old or ""), schema_changes.columns_of(new))
