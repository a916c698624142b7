"""What a CREATE statement says of a table or dataset besides its columns, as the REST API has it.

Source: Google, "Data definition language (DDL) statements in GoogleSQL" (``table_option_list``, ``schema_option_list``,
PARTITION BY, CLUSTER BY).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from federation_emulator.services.bigquery.ids import INGESTION_COLUMNS
from federation_emulator.services.bigquery.sql.errors import UnreadableSqlError

if TYPE_CHECKING:
    from sqlglot import exp

_TEXTS = {"description": "description", "friendly_name": "friendlyName"}
_DAYS = {
    "default_table_expiration_days": "defaultTableExpirationMs",
    "default_partition_expiration_days": "defaultPartitionExpirationMs",
}


def resource_of(tree: exp.Create, literals: Mapping[str, object]) -> dict[str, Any]:
    """Read the properties of a CREATE statement.

    Raises:
        UnreadableSqlError: One isn't offered.
    """
    from sqlglot import exp

    properties = tree.args.get("properties")
    resource: dict[str, Any] = {}
    partitioning: dict[str, Any] = {}
    for item in properties.expressions if properties else []:
        # Exact types: EXTERNAL, TEMP and MATERIALIZED are subclasses of Property.
        if type(item) is exp.LocationProperty and str(tree.args.get("kind")).upper() == "SCHEMA":
            resource["location"] = _text(item.this, literals)
        elif type(item) is exp.PartitionedByProperty:
            resource["timePartitioning"] = _partitioning(item.this)
        elif type(item) in {exp.Cluster, exp.ClusterProperty}:
            resource["clustering"] = {"fields": [column.name for column in item.expressions]}
        elif type(item) is exp.SchemaCommentProperty:
            resource["description"] = _text(item.this, literals)
        elif type(item) is exp.Property:
            _option(item, literals, resource, partitioning)
        elif type(item) is not exp.LikeProperty:
            raise UnreadableSqlError("CREATE is offered for plain tables, views and schemas", type(item).__name__)
    if partitioning:
        if "timePartitioning" not in resource:
            raise UnreadableSqlError("partitions that expire need PARTITION BY", "partition_expiration_days alone")
        resource["timePartitioning"] |= partitioning
    return resource


def _option(
    item: exp.Property, literals: Mapping[str, object], resource: dict[str, Any], partitioning: dict[str, Any]
) -> None:
    from sqlglot import exp

    name, value = item.name.lower(), item.args.get("value")
    if name in _TEXTS:
        resource[_TEXTS[name]] = _text(value, literals)
    elif name == "require_partition_filter" and isinstance(value, exp.Boolean):
        resource["requirePartitionFilter"] = bool(value.this)
    elif name == "partition_expiration_days" and isinstance(value, exp.Literal) and not value.is_string:
        partitioning["expirationMs"] = str(int(float(value.this) * 86_400_000))
    elif name in _DAYS and isinstance(value, exp.Literal) and not value.is_string:
        resource[_DAYS[name]] = str(int(float(value.this) * 86_400_000))
    elif name == "labels" and isinstance(value, exp.Array):
        pairs = [each.expressions for each in value.expressions]
        resource["labels"] = {_text(key, literals): _text(text, literals) for key, text in pairs}
    else:
        raise UnreadableSqlError("OPTIONS has description, friendly_name, labels and partition options", name[:60])


def _partitioning(node: object) -> dict[str, Any]:
    from sqlglot import exp

    unit, column = "DAY", node
    if isinstance(node, exp.DateTrunc | exp.TimestampTrunc | exp.DatetimeTrunc):
        unit, column = str(node.text("unit")).upper(), node.this
    elif isinstance(node, exp.TsOrDsToDate | exp.Date):
        column = node.this
    if isinstance(column, exp.TsOrDsToDate | exp.Date | exp.Timestamp):
        column = column.this
    if not isinstance(column, exp.Column | exp.Identifier) or unit not in {"DAY", "HOUR", "MONTH", "YEAR"}:
        raise UnreadableSqlError("a table is partitioned by a column, by day, hour, month or year", type(node).__name__)
    if column.name.upper() in INGESTION_COLUMNS:
        return {"type": unit}
    return {"type": unit, "field": column.name}


def _text(node: object, literals: Mapping[str, object]) -> str:
    from sqlglot import exp

    value = literals.get(node.name, node.name) if isinstance(node, exp.Literal) and node.is_string else None
    if not isinstance(value, str):
        raise UnreadableSqlError("an option's text is a string", type(node).__name__)
    return value
