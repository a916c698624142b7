"""Every field that the API documents is sent once: nothing is silently dropped.

Source: Google's discovery document of BigQuery v2, as google-api-python-client ships and pins it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from federation_emulator.core.google_methods import document
from federation_emulator.services.bigquery.fields import FIELDS, Fate, fate_of, properties
from keyless_bigquery.components.program import ROOT
from tests.emulator.chain import BIGQUERY_PATH
from tests.emulator.google_server import NUMBER, PROJECT, Google
from tests.fields.document import FILE, written

DATASETS = f"{BIGQUERY_PATH}/datasets"
TABLES = f"{DATASETS}/fields/tables"
COLUMNS = [{"name": "dt", "type": "DATE", "mode": "NULLABLE"}, {"name": "f", "type": "STRING", "mode": "NULLABLE"}]
BY_DAY = {"type": "DAY", "field": "dt"}
TAG = {"names": [f"projects/{PROJECT}/locations/us/taxonomies/12/policyTags/34"]}
DEFAULT = {"projectId": PROJECT, "datasetId": "fields"}
READER = {"role": "READER", "specialGroup": "projectReaders"}
NO_LEGACY = {"useLegacySql": False}

# message.field: what is sent, and what is answered by insert and get; a third entry is what else is sent with it
SAMPLES: dict[str, tuple[Any, ...]] = {
    "Dataset.access": ([READER], [READER]),
    "Dataset.datasetReference": ({"projectId": NUMBER}, {"projectId": PROJECT}),
    "Dataset.defaultPartitionExpirationMs": ("86400000", "86400000"),
    "Dataset.defaultTableExpirationMs": (3_600_000, "3600000"),
    "Dataset.description": ("d", "d"),
    "Dataset.friendlyName": ("f", "f"),
    "Dataset.labels": ({"a": "b"}, {"a": "b"}),
    "Dataset.location": ("us", "US"),
    "Dataset.maxTimeTravelHours": ("48", "48"),
    "Dataset.storageBillingModel": ("PHYSICAL", "PHYSICAL"),
    "Table.clustering": ({"fields": ["f"]}, {"fields": ["f"]}),
    "Table.description": ("d", "d"),
    "Table.expirationTime": (4_102_444_800_000, "4102444800000"),
    "Table.friendlyName": ("f", "f"),
    "Table.kind": ("bigquery#table", "bigquery#table"),
    "Table.labels": ({"a": "b"}, {"a": "b"}),
    "Table.requirePartitionFilter": (True, True, {"timePartitioning": BY_DAY}),
    "Table.schema": ({"fields": COLUMNS}, {"fields": COLUMNS}),
    "Table.tableReference": ({}, {"projectId": PROJECT}),
    "Table.timePartitioning": (BY_DAY, BY_DAY),
    "TableFieldSchema.description": ("d", "d"),
    "TableFieldSchema.fields": (COLUMNS, COLUMNS, {"type": "RECORD"}),
    "TableFieldSchema.mode": ("repeated", "REPEATED"),
    "TableFieldSchema.name": ("c", "c"),
    "TableFieldSchema.policyTags": (TAG, TAG),
    "TableFieldSchema.rangeElementType": ({"type": "DATE"}, {"type": "DATE"}, {"type": "RANGE"}),
    "TableFieldSchema.type": ("int64", "INTEGER"),
    "TableSchema.fields": (COLUMNS, COLUMNS),
    "TimePartitioning.expirationMs": ("86400000", "86400000"),
    "TimePartitioning.field": ("dt", "dt"),
    "TimePartitioning.requirePartitionFilter": (True, True),
    "TimePartitioning.type": ("MONTH", "MONTH"),
    "Clustering.fields": (["f", "dt"], ["f", "dt"]),
    "ViewDefinition.query": ("SELECT 1 AS a", "SELECT 1 AS a", NO_LEGACY),
    "ViewDefinition.useLegacySql": (False, False, {"query": "SELECT 1 AS a"}),
}
WITHIN = {"TimePartitioning": "timePartitioning", "Clustering": "clustering", "ViewDefinition": "view"}
QUERY_SAMPLES: dict[str, Any] = {
    "defaultDataset": DEFAULT,
    "dryRun": True,
    "formatOptions": {"useInt64Timestamp": True},
    "jobCreationMode": "JOB_CREATION_OPTIONAL",
    "jobTimeoutMs": "60000",
    "jobType": "QUERY",
    "kind": "bigquery#queryRequest",
    "labels": {"a": "b"},
    "location": "US",
    "maxResults": 1,
    "maximumBytesBilled": "20000000",
    "parameterMode": "NAMED",
    "preserveNulls": True,
    "priority": "BATCH",
    "query": "SELECT 1 AS a",
    "queryParameters": [{"name": "p", "parameterType": {"type": "INT64"}, "parameterValue": {"value": "1"}}],
    "requestId": "r1",
    "timeoutMs": 10_000,
    "useInt64Timestamp": True,
    "useLegacySql": False,
    "useQueryCache": True,
}


def sample(schema: dict[str, Any], depth: int = 3) -> Any:
    """A value of a field's type that asks for something."""
    if "$ref" in schema:
        return sample(document("bigquery.v2")["schemas"][schema["$ref"]], depth)
    kind = schema.get("type")
    if kind == "object":
        if "additionalProperties" in schema:
            return {"a": sample(schema["additionalProperties"], depth - 1)}
        inner = [each for each in (schema.get("properties") or {}).items() if depth and not each[1].get("readOnly")]
        return {name: sample(each, depth - 1) for name, each in inner[:1]}
    if kind == "array":
        return [sample(schema["items"], depth - 1)]
    if kind in {"integer", "number"}:
        return 5
    if "enum" in schema:
        return schema["enum"][-1]
    return {"boolean": True}.get(str(kind), "5" if schema.get("format") else "x")


def named(fate: Fate, *messages: str) -> list[tuple[str, str]]:
    return [(each, name) for each in messages for name in sorted(properties(each)) if fate_of(each, name) is fate]


def within(message: str, name: str, value: Any, more: dict[str, Any]) -> dict[str, Any]:
    """A table with one field of one of its messages."""
    table: dict[str, Any] = {"schema": {"fields": COLUMNS}}
    if message == "Table":
        return {**table, **more, name: value}
    if message == "TableSchema":
        return {"schema": {"fields": COLUMNS, name: value}}
    if message == "TableFieldSchema":
        return {"schema": {"fields": [*COLUMNS, {"name": "c", "type": "STRING", **more, name: value}]}}
    if message == "ViewDefinition":
        return {"view": {"query": "SELECT 1 AS a", **NO_LEGACY, **more, name: value}}
    of_time = BY_DAY if message == "TimePartitioning" else {}
    return {**table, WITHIN[message]: {**of_time, **more, name: value}}


def read(message: str, name: str, resource: dict[str, Any]) -> Any:
    if message == "TableSchema":
        return resource["schema"].get(name)
    if message == "TableFieldSchema":
        return resource["schema"]["fields"][-1].get(name)
    return (resource[WITHIN[message]] if message in WITHIN else resource).get(name)


@pytest.fixture(scope="module")
def dataset(enabled: Google) -> str:
    """The path of a dataset."""
    enabled.done("POST", DATASETS, {"datasetReference": {"datasetId": "fields"}})
    return f"{DATASETS}/fields"


def made(google: Google, message: str, body: dict[str, Any]) -> tuple[str, Any]:
    """A new dataset or table: its path, and the answer."""
    kind, path = ("dataset", DATASETS) if message == "Dataset" else ("table", TABLES)
    google.call("DELETE", f"{path}/one")
    reference = {**body.get(f"{kind}Reference", {}), f"{kind}Id": "one"}
    return f"{path}/one", google.call("POST", path, {**body, f"{kind}Reference": reference})


RESOURCES = ("Dataset", "Table", "TableSchema", "TableFieldSchema", "TimePartitioning", "Clustering", "ViewDefinition")


def test_each_field_that_google_documents_has_a_fate_and_no_other() -> None:
    for message, listed in FIELDS.items():
        assert {name for name in properties(message) if fate_of(message, name)} == set(properties(message))
        assert set(listed) <= set(properties(message)), message
    effective = [
        f"{message}.{name}" for fate in (Fate.ENFORCED, Fate.KEPT) for message, name in named(fate, *RESOURCES)
    ]
    # What these two hold is the fields of other messages, which are sent.
    assert set(effective) - set(SAMPLES) == {"Table.view"}


@pytest.mark.parametrize(("message", "name"), named(Fate.REFUSED, *RESOURCES))
def test_what_is_not_offered_is_named_by_insert_and_patch(
    enabled: Google, dataset: str, message: str, name: str
) -> None:
    value = sample(properties(message)[name])
    body = {name: value} if message == "Dataset" else within(message, name, value, {})
    _, refused = made(enabled, message, body)
    assert (refused.status_code, f"{message}.{name}" in refused.json()["error"]["message"]) == (501, True), refused.text
    plain = (
        {"view": {"query": "SELECT 1 AS a", **NO_LEGACY}}
        if message == "ViewDefinition"
        else within("Table", "kind", None, {})
    )
    path, there = made(enabled, message, {} if message == "Dataset" else plain)
    assert there.ok, there.text
    changed = enabled.call("PATCH", path, body)
    assert (changed.status_code, f"{message}.{name}" in changed.text) == (501, True), changed.text
    assert dataset


@pytest.mark.parametrize("key", sorted(SAMPLES))
def test_what_is_kept_is_answered_by_insert_get_and_patch(enabled: Google, dataset: str, key: str) -> None:
    message, _, name = key.partition(".")
    sent, answered, *more = SAMPLES[key]
    body = {name: sent} if message == "Dataset" else within(message, name, sent, *(more or [{}]))
    path, created = made(enabled, message, body)
    assert created.ok, created.text
    resources = [created.json(), enabled.done("GET", path)]
    resources.append(enabled.done("PATCH", path, {"description": "another", **body} if name != "description" else body))
    for resource in resources:
        found = read(message, name, resource)
        assert answered.items() <= found.items() if isinstance(answered, dict) else found == answered
    assert dataset


@pytest.mark.parametrize(("message", "name"), named(Fate.OUTPUT, "Dataset", "Table"))
def test_what_only_answers_have_is_ignored(enabled: Google, dataset: str, message: str, name: str) -> None:
    value = sample(properties(message)[name])
    body = {name: value} if message == "Dataset" else within(message, name, value, {})
    path, created = made(enabled, message, body)
    assert created.ok, created.text
    assert created.json().get(name) != value or name == "kind"
    assert enabled.done("PATCH", path, {name: value}).get(name) == enabled.done("GET", path).get(name)
    assert dataset


@pytest.mark.parametrize("message", ["QueryRequest", "JobConfigurationQuery", "JobConfiguration", "DataFormatOptions"])
def test_a_query_s_settings_are_taken_or_named(enabled: Google, dataset: str, message: str) -> None:
    for name, described in properties(message).items():
        refused = fate_of(message, name) in {Fate.REFUSED, Fate.OUTPUT}
        value = sample(described) if refused else QUERY_SAMPLES.get(name)
        query: dict[str, Any] = {"query": "SELECT 1 AS a", **NO_LEGACY}
        if message == "QueryRequest":
            answered = enabled.call("POST", f"{BIGQUERY_PATH}/queries", {**query, name: value})
        elif message == "DataFormatOptions":
            body = {**query, "formatOptions": {name: value}}
            answered = enabled.call("POST", f"{BIGQUERY_PATH}/queries", body)
        else:
            inner = {**query, name: value} if message == "JobConfigurationQuery" else query
            outer = {name: value} if message == "JobConfiguration" and name != "query" else {}
            answered = enabled.call("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": {"query": inner, **outer}})
        if fate_of(message, name) is Fate.REFUSED:
            assert (answered.status_code, f"{message}.{name}" in answered.text) == (501, True), (name, answered.text)
        else:
            assert answered.ok, (name, answered.text)
    assert dataset


def test_what_the_client_for_java_sends_for_what_it_leaves_out_asks_for_nothing(enabled: Google) -> None:
    """Source: the body that google-cloud-bigquery 2.76.0 sends."""
    body: dict[str, Any] = {
        "formatOptions": {"timestampOutputFormat": "TIMESTAMP_OUTPUT_FORMAT_UNSPECIFIED", "useInt64Timestamp": False},
        "jobCreationMode": "JOB_CREATION_MODE_UNSPECIFIED",
        "query": "SELECT 1 AS a",
        "queryResultsFormat": "STRUCT_ENCODING",
        **NO_LEGACY,
    }
    assert enabled.call("POST", f"{BIGQUERY_PATH}/queries", body).ok
    asking = {**body, "formatOptions": {"timestampOutputFormat": "INT64"}}
    assert enabled.call("POST", f"{BIGQUERY_PATH}/queries", asking).status_code == 501


def test_a_job_answers_its_settings_as_they_were_given(enabled: Google, dataset: str) -> None:
    given = {name: QUERY_SAMPLES[name] for name in ("defaultDataset", "priority", "queryParameters", "useQueryCache")}
    query = {"query": "SELECT @p AS a", **NO_LEGACY, **given}
    labels = {"labels": {"a": "b"}}
    job = enabled.done("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": {"query": query, **labels}})
    found = enabled.done("GET", f"{BIGQUERY_PATH}/jobs/{job['jobReference']['jobId']}")["configuration"]
    assert given.items() <= found["query"].items()
    assert found["labels"] == {"a": "b"}
    bad = {"query": {"query": "SELECT 1", **NO_LEGACY}, "labels": {"A": "b"}}
    assert enabled.call("POST", f"{BIGQUERY_PATH}/jobs", {"configuration": bad}).status_code == 400
    assert dataset


def test_a_request_that_comes_again_is_the_same_job(enabled: Google, dataset: str) -> None:
    enabled.done("POST", TABLES, {"tableReference": {"tableId": "again"}, "schema": {"fields": COLUMNS}})
    insert = {"query": "INSERT INTO fields.again (f) VALUES ('x')", **NO_LEGACY}
    jobs = [
        enabled.done("POST", f"{BIGQUERY_PATH}/queries", {**insert, "requestId": each})["jobReference"]["jobId"]
        for each in ("one", "one", "two")
    ]
    assert (jobs[0] == jobs[1], jobs[0] == jobs[2]) == (True, False)
    assert enabled.done("GET", f"{TABLES}/again/data")["totalRows"] == "2"
    enabled.clock.ahead += timedelta(minutes=16)
    again = enabled.done("POST", f"{BIGQUERY_PATH}/queries", {**insert, "requestId": "one"})
    assert again["jobReference"]["jobId"] not in jobs
    assert dataset


@pytest.mark.parametrize(
    "body",
    [
        {"defaultTableExpirationMs": "60000"},
        {"maxTimeTravelHours": "47"},
        {"maxTimeTravelHours": "50"},
        {"maxTimeTravelHours": "192"},
        {"storageBillingModel": "X"},
    ],
)
def test_a_value_beyond_google_s_limits_is_refused(enabled: Google, dataset: str, body: dict[str, Any]) -> None:
    assert enabled.call("PATCH", dataset, body).status_code == 400


def test_the_table_in_the_document_is_this_one() -> None:
    text = (ROOT / FILE).read_text()
    assert text == written(text), "run `make fields`"
