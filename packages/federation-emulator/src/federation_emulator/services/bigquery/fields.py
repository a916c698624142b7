"""What becomes of each field that BigQuery's API documents for datasets, tables, columns and queries. Pure.

This is the one place that says so: the routes ask it, SUPPORT.md is written from it, and a test compares it with
Google's discovery document. A field that only answers have is not listed where the document says ``readOnly``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from federation_emulator.core.errors import unimplemented
from federation_emulator.core.google_methods import document

_DOCUMENT = "bigquery.v2"
NOTHING: tuple[Any, ...] = (None, "", "0", False, {}, [])
"""Values that ask for nothing, which clients send for what they leave out."""

_DEFAULTS = {("QueryRequest", "queryResultsFormat"): "STRUCT_ENCODING"}
"""Names of what Google does anyway, which its client for Java sends."""


class Fate(StrEnum):
    """What becomes of a field that is sent."""

    ENFORCED = "enforced"
    KEPT = "kept"
    NO_EFFECT = "no effect"
    OUTPUT = "answers only"
    REFUSED = "501"


_E, _K, _N, _R = Fate.ENFORCED, Fate.KEPT, Fate.NO_EFFECT, Fate.REFUSED


def _refused(names: str) -> dict[str, tuple[Fate, str]]:
    return dict.fromkeys(names.split(), (_R, ""))


FIELDS: Mapping[str, Mapping[str, tuple[Fate, str]]] = {
    "Dataset": {
        "access": (_E, "who may read and change; conditions and routines in it are 501"),
        "datasetReference": (_E, "names what the URL names"),
        "defaultPartitionExpirationMs": (_K, "new partitioned tables have it; partitions do not expire"),
        "defaultTableExpirationMs": (_E, "new tables expire so long after"),
        "description": (_K, ""),
        "friendlyName": (_K, ""),
        "labels": (_K, ""),
        "location": (_E, "US where none is given; it stays; jobs run there"),
        "maxTimeTravelHours": (_K, "there is no time travel"),
        "storageBillingModel": (_K, "nothing is billed"),
        **_refused(
            "defaultCollation defaultEncryptionConfiguration defaultRoundingMode externalCatalogDatasetOptions "
            "externalDatasetReference isCaseInsensitive linkedDatasetSource resourceTags"
        ),
    },
    "Table": {
        "clustering": (_K, "its columns must exist"),
        "description": (_K, ""),
        "expirationTime": (_E, "the table is gone then, by the server's clock"),
        "friendlyName": (_K, ""),
        "kind": (_N, "the message's own name"),
        "labels": (_K, ""),
        "requirePartitionFilter": (_E, "queries without a filter are refused"),
        "schema": (_E, "below, as TableFieldSchema"),
        "tableReference": (_E, "names what the URL names"),
        "timePartitioning": (_E, "below, as TimePartitioning"),
        "view": (_E, "below, as ViewDefinition"),
        **_refused(
            "biglakeConfiguration cloneDefinition defaultCollation defaultRoundingMode encryptionConfiguration "
            "externalCatalogTableOptions externalDataConfiguration managedTableType materializedView "
            "maxStaleness model partitionDefinition rangePartitioning resourceTags snapshotDefinition tableConstraints "
            "tableReplicationInfo"
        ),
    },
    "TableSchema": {"fields": (_E, ""), **_refused("foreignTypeInfo")},
    "TableFieldSchema": {
        "description": (_K, ""),
        "fields": (_E, "columns inside a RECORD"),
        "mode": (_E, "REQUIRED columns are never NULL; those inside a RECORD may be"),
        "name": (_E, "BigQuery's rules of names"),
        "policyTags": (_E, "the column is refused to who has no fine-grained access"),
        "rangeElementType": (_E, "DATE, DATETIME, TIMESTAMP"),
        "type": (_E, "each but BIGNUMERIC and FOREIGN (501)"),
        **_refused(
            "categories collation dataGovernanceTagsInfo dataPolicies dataPolicyList defaultValueExpression "
            "foreignTypeDefinition generatedColumn maxLength precision roundingMode scale timestampPrecision"
        ),
    },
    "TimePartitioning": {
        "expirationMs": (_K, "partitions do not expire"),
        "field": (_E, "a DATE, DATETIME or TIMESTAMP; it stays"),
        "requirePartitionFilter": (_E, "the same as the table's"),
        "type": (_E, "DAY, HOUR, MONTH, YEAR; it stays"),
    },
    "Clustering": {"fields": (_K, "at most four, that exist")},
    "ViewDefinition": {
        "query": (_E, "readers need what it selects from, unless the view is authorised"),
        "useLegacySql": (_E, "must be false"),
        **_refused("foreignDefinitions privacyPolicy useExplicitColumnNames userDefinedFunctionResources"),
    },
    "QueryRequest": {
        "defaultDataset": (_E, ""),
        "dryRun": (_E, ""),
        "formatOptions": (_E, "below, as DataFormatOptions"),
        "jobCreationMode": (_N, "there is always a job"),
        "jobTimeoutMs": (_E, ""),
        "kind": (_N, "the message's own name"),
        "labels": (_K, ""),
        "location": (_E, "where its data is"),
        "maxResults": (_E, ""),
        "maximumBytesBilled": (_E, "BigQuery's minimum for each table counts"),
        "parameterMode": (_E, ""),
        "preserveNulls": (_N, "deprecated"),
        "query": (_E, ""),
        "queryParameters": (_E, "INTERVAL and RANGE are 501"),
        "requestId": (_E, "once more within 15 minutes is the same job"),
        "timeoutMs": (_E, ""),
        "useLegacySql": (_E, "must be false"),
        "useQueryCache": (_N, "nothing is cached"),
        **_refused(
            "arrowSerializationOptions connectionProperties continuous createSession "
            "destinationEncryptionConfiguration maxSlots queryResultsFormat reservation secureContext "
            "writeIncrementalResults"
        ),
    },
    "DataFormatOptions": {
        "useInt64Timestamp": (_E, "without it a TIMESTAMP is its seconds, as a float"),
        **_refused("timestampOutputFormat"),
    },
    "JobConfigurationQuery": {
        "defaultDataset": (_E, ""),
        "maximumBytesBilled": (_E, "BigQuery's minimum for each table counts"),
        "parameterMode": (_E, ""),
        "preserveNulls": (_N, "deprecated"),
        "priority": (_N, "jobs start at once"),
        "query": (_E, ""),
        "queryParameters": (_E, "INTERVAL and RANGE are 501"),
        "useLegacySql": (_E, "must be false"),
        "useQueryCache": (_N, "nothing is cached"),
        **_refused(
            "allowLargeResults clustering connectionProperties continuous createDisposition createSession "
            "destinationEncryptionConfiguration destinationTable flattenResults maximumBillingTier rangePartitioning "
            "schemaUpdateOptions scriptOptions secureContext tableDefinitions timePartitioning "
            "userDefinedFunctionResources writeDisposition writeIncrementalResults"
        ),
    },
    "JobConfiguration": {
        "dryRun": (_E, ""),
        "jobTimeoutMs": (_E, ""),
        "jobType": (_N, "answered as QUERY"),
        "labels": (_K, ""),
        "query": (_E, "below, as JobConfigurationQuery"),
        **_refused("copy extract load maxSlots reservation"),
    },
    "TableDataInsertAllRequest": {
        "kind": (_N, "the message's own name"),
        "rows": (_E, "all or none; insertId drops no row"),
        "traceId": (_N, "for Google's own use"),
        **_refused("ignoreUnknownValues skipInvalidRows templateSuffix"),
    },
}
"""Each message's fields: what becomes of one that is sent, and what else is to be said of it."""


def fate_of(message: str, field: str) -> Fate:
    """Say what becomes of a field.

    Raises:
        KeyError: Nothing was decided of it.
    """
    listed = FIELDS[message].get(field)
    if listed is not None:
        return listed[0]
    if properties(message)[field].get("readOnly"):
        return Fate.OUTPUT
    raise KeyError(f"{message}.{field}")


def properties(message: str) -> dict[str, Any]:
    """Return the fields of a message, as Google's discovery document describes them."""
    described: dict[str, Any] = document(_DOCUMENT)["schemas"][message]["properties"]
    return described


def accepted(message: str, body: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the fields of a body that are kept or enforced; of a resource that is there, as it is before.

    Raises:
        ApiError: 501, naming the first field that isn't offered, unless it asks for nothing or for what is there.
    """
    for name in sorted(body):
        asked = _asks(message, name, body[name]) and body[name] != (before or {}).get(name)
        if asked and fate_of(message, name) is Fate.REFUSED:
            raise unimplemented(f"{message}.{name} is not offered by the local cloud.")
    return {name: value for name, value in body.items() if fate_of(message, name) in {Fate.ENFORCED, Fate.KEPT}}


def _asks(message: str, field: str, value: object) -> bool:
    """Whether a value asks for something; the ``…_UNSPECIFIED`` of an enumeration doesn't (protobuf's zero value)."""
    if value in NOTHING or _DEFAULTS.get((message, field), ...) == value:
        return False
    return not (str(value).endswith("_UNSPECIFIED") and value in properties(message)[field].get("enum", ()))
