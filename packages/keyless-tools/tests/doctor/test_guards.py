"""What guards rows besides grants, one row each: what the doctor reports of it, and whether it can be sure."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from keyless_tools.doctor.answer import JSON, Absent, Answer, Found, Hidden
from keyless_tools.doctor.expected import Expected
from keyless_tools.doctor.finding import Link, Verdict
from keyless_tools.doctor.links import guards
from keyless_tools.doctor.links.table_kinds import reads_of
from keyless_tools.doctor.observed import Guarded, Listed, Seen
from keyless_tools.doctor.report import NOT_SEEN, PASSED, Walked, exit_code
from keyless_tools.doctor.walk import walk
from tests.doctor import healthy
from tests.doctor.healthy import ACCOUNT, CHAIN, TABLE, changed

KEY = "projects/k/locations/us/keyRings/r/cryptoKeys/c"
TAG = "projects/p/locations/us/taxonomies/1/policyTags/2"
COLUMNS: list[Any] = [{"name": "user_id"}, {"name": "name"}]
BASE = "their-project.raw.users"
VIEW = {"type": "VIEW", "view": {"query": f"SELECT user_id, name FROM `{BASE}`", "useLegacySql": False}}


def of_table(**fields: Any) -> Seen:
    """A healthy chain whose first table has these fields besides."""
    return changed(table=Found(value={"location": "US", "schema": {"fields": COLUMNS}, **fields}))


def external(form: str, uri: str, **more: str) -> dict[str, Any]:
    return {
        "type": "EXTERNAL",
        "externalDataConfiguration": {"sourceFormat": form, "sourceUris": [uri], **more},
    }


def in_column(place: int, **fields: Any) -> dict[str, Any]:
    columns = [*COLUMNS, {"name": "total"}]
    columns[place] = {**columns[place], **fields}
    return {"schema": {"fields": columns}}


FILTER = "every query must filter by the partitioning column"


@pytest.mark.parametrize(
    ("fields", "verdict", "parts"),
    [
        ({}, Verdict.OK, ("nothing but the grants",)),
        ({"type": "TABLE"}, Verdict.OK, ("nothing but the grants",)),
        (
            external("GOOGLE_SHEETS", "https://docs.google.com/spreadsheets/d/1"),
            Verdict.FAILED,
            ("an external table (GOOGLE_SHEETS, https://docs.google.com/spreadsheets/d/1)",),
        ),
        (external("CSV", "https://drive.google.com/open?id=1"), Verdict.FAILED, ("an external table (CSV",)),
        (
            external("PARQUET", "gs://bucket/x/*.parquet"),
            Verdict.UNKNOWN,
            ("roles/storage.objectViewer on bucket", "`gcloud storage buckets get-iam-policy gs://bucket`"),
        ),
        (
            external("PARQUET", "gs://bucket/x", connectionId="p.us.c"),
            Verdict.UNKNOWN,
            ("service account of the connection p.us.c",),
        ),
        (external("BIGTABLE", "https://googleapis.com/bigtable/x"), Verdict.UNKNOWN, ("roles/bigtable.reader",)),
        (external("AVRO", "s3://bucket/x"), Verdict.UNKNOWN, ("a right to the source",)),
        ({"biglakeConfiguration": {"connectionId": "p.us.c"}}, Verdict.UNKNOWN, ("connection p.us.c",)),
        (
            {"view": {"query": "SELECT 1 FROM [p:d.t]", "useLegacySql": True}, "type": "VIEW"},
            Verdict.FAILED,
            ("a view in legacy SQL",),
        ),
        (in_column(1, policyTags={"names": [TAG]}), Verdict.UNKNOWN, (
            f"column name is protected by {TAG}",
            "roles/datacatalog.categoryFineGrainedReader",
            f"`gcloud data-catalog taxonomies policy-tags get-iam-policy {TAG}`",
        )),
        (
            in_column(1, fields=[{"name": "x", "fields": [{"name": "y", "policyTags": {"names": [TAG]}}]}]),
            Verdict.UNKNOWN,
            (f"column name is protected by {TAG}",),
        ),
        (
            in_column(0, dataPolicies=[{"name": "projects/p/locations/us/dataPolicies/d"}]),
            Verdict.UNKNOWN,
            ("column user_id is protected by projects/p/locations/us/dataPolicies/d",),
        ),
        (in_column(2, policyTags={"names": [TAG]}), Verdict.OK, ("column total", "SELECT * is refused or masked")),
        ({"requirePartitionFilter": True, "timePartitioning": {"field": "dt"}}, Verdict.UNKNOWN, (f"{FILTER} dt",)),
        (
            {"timePartitioning": {"type": "DAY", "requirePartitionFilter": True}},
            Verdict.UNKNOWN,
            (f"{FILTER} _PARTITIONTIME", "a SELECT without WHERE is refused"),
        ),
        (
            {"requirePartitionFilter": True, "rangePartitioning": {"field": "id"}},
            Verdict.UNKNOWN,
            (f"{FILTER} id",),
        ),
        (
            {"encryptionConfiguration": {"kmsKeyName": KEY}},
            Verdict.UNKNOWN,
            (f"encrypted with {KEY}", "service agent", f"`gcloud kms keys get-iam-policy {KEY}`"),
        ),
        ({"expirationTime": "1893456000000"}, Verdict.OK, ("expires at 2030-01-01 00:00 UTC",)),
        ({"expirationTime": "1735689600000"}, Verdict.FAILED, ("expires at 2025-01-01 00:00 UTC",)),
        ({"expirationTime": "?"}, Verdict.OK, ()),
        (
            {
                "type": "SNAPSHOT",
                "snapshotDefinition": {"baseTableReference": {"projectId": "p", "datasetId": "d", "tableId": "t"}},
            },
            Verdict.OK,
            ("a snapshot of p.d.t",),
        ),
        ({"cloneDefinition": {}}, Verdict.OK, ("a clone of ?.?.?",)),
        ({"type": "NEW_KIND"}, Verdict.UNKNOWN, ("of the kind NEW_KIND",)),
    ],
)  # fmt: skip
def test_what_a_table_is_has_its_line(fields: dict[str, Any], verdict: Verdict, parts: tuple[str, ...]) -> None:
    finding = guards.guards(CHAIN, of_table(**fields))
    assert finding.verdict is verdict, finding
    assert [part for part in parts if part not in finding.actual] == []
    assert bool(finding.fix) == bool(finding.expected) == (verdict is Verdict.FAILED)


@pytest.mark.parametrize(
    ("dataset", "verdict", "part"),
    [
        (
            {"type": "LINKED", "linkedDatasetSource": {"sourceDataset": {"projectId": "p", "datasetId": "d"}}},
            Verdict.UNKNOWN,
            "in a dataset linked to p.d",
        ),
        ({"type": "EXTERNAL", "externalDatasetReference": {"connection": "c"}}, Verdict.UNKNOWN, "the connection c"),
        ({"type": "BIGLAKE_ICEBERG"}, Verdict.UNKNOWN, "of the type BIGLAKE_ICEBERG"),
        ({"type": "PUBLIC"}, Verdict.OK, "nothing but the grants"),
    ],
)
def test_what_its_dataset_is_has_its_line(dataset: JSON, verdict: Verdict, part: str) -> None:
    finding = guards.guards(CHAIN, changed(dataset=Found(value=dataset)))
    assert (finding.verdict, part in finding.actual) == (verdict, True), finding


# Row access policies: no rows, and no error


@pytest.mark.parametrize(
    ("answer", "verdict", "part"),
    [
        (Found(value={}), Verdict.OK, "nothing but the grants"),
        (
            Found(value={"rowAccessPolicies": [{"rowAccessPolicyReference": {"policyId": "eu_only"}}]}),
            Verdict.UNKNOWN,
            "row access policies eu_only; a reader that none of them names gets no rows, and no error",
        ),
        (Absent(), Verdict.UNKNOWN, "its list is not there"),
        (Hidden(permission="bigquery.rowAccessPolicies.list"), Verdict.UNKNOWN, "you lack the permission"),
        (None, Verdict.OK, "nothing but the grants"),
    ],
)
def test_row_access_policies_are_reported_or_that_they_were_not_seen(
    answer: Answer[JSON] | None, verdict: Verdict, part: str
) -> None:
    around = {TABLE: Guarded(row_policies=answer, reads={}, more_reads=False)}
    finding = guards.guards(CHAIN, changed(guarded=around))
    assert (finding.verdict, part in finding.actual) == (verdict, True), finding
    assert (verdict is Verdict.OK) or "`bq ls --row_access_policies my-project:keyless_dev.users`" in finding.actual


# Views


def a_view(*, dataset: Answer[JSON], policy: Answer[JSON], chain: Expected = CHAIN) -> Seen:
    looked = Listed(table=None, policy=policy, dataset=dataset, project_policy=Found(value={}))
    around = {str(chain.table): Guarded(row_policies=None, reads={BASE: looked}, more_reads=False)}
    return dataclasses.replace(of_table(**VIEW), guarded=around)


def in_list(entry: JSON) -> Answer[JSON]:
    return Found(value={"access": [entry]})


ITSELF = {"projectId": "my-project", "datasetId": "keyless_dev", "tableId": "users"}
NO: Answer[JSON] = Found(value={})


@pytest.mark.parametrize(
    ("dataset", "policy", "verdict", "part"),
    [
        (in_list({"view": ITSELF}), NO, Verdict.OK, f"its query reads {BASE}, whose dataset authorises it"),
        (
            in_list({"dataset": {"dataset": {"projectId": "my-project", "datasetId": "keyless_dev"}}}),
            NO,
            Verdict.OK,
            "authorises it",
        ),
        (
            NO,
            healthy.policy("roles/bigquery.dataViewer", ACCOUNT),
            Verdict.OK,
            f"roles/bigquery.dataViewer for {ACCOUNT}",
        ),
        (in_list({"role": "READER", "userByEmail": healthy.EMAIL}), NO, Verdict.OK, "on dataset their-project.raw"),
        (in_list({"view": {**ITSELF, "tableId": "others"}}), NO, Verdict.FAILED, "does not authorise it"),
        (NO, NO, Verdict.FAILED, f"its query reads {BASE}, whose dataset does not authorise it"),
        (Hidden(permission="bigquery.datasets.get"), NO, Verdict.UNKNOWN, "you lack the permission"),
        (NO, Hidden(permission="bigquery.tables.getIamPolicy"), Verdict.UNKNOWN, "or that the view is authorised"),
        # A field that is taken for a table, as in EXTRACT(DATE FROM event.at).
        (Absent(), Absent(), Verdict.UNKNOWN, "it is not there, or is no table"),
    ],
)
def test_a_view_is_read_through_only_where_it_is_authorised_or_its_tables_are_granted(
    dataset: Answer[JSON], policy: Answer[JSON], verdict: Verdict, part: str
) -> None:
    finding = guards.guards(CHAIN, a_view(dataset=dataset, policy=policy))
    assert (finding.verdict, part in finding.actual) == (verdict, True), finding
    if verdict is Verdict.FAILED:
        assert (
            '{"view": {"projectId": "my-project", "datasetId": "keyless_dev", "tableId": "users"}}' in finding.expected
        )
        assert finding.fix.startswith("bq show --format=prettyjson their-project:raw > dataset.json && ")


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("SELECT 1 AS id", ""),
        ("select * from raw.users", "my-project.raw.users"),
        ("SELECT o.id, o.name FROM `p-1.d.orders` AS o, raw.items i", "p-1.d.orders my-project.raw.items"),
        ("SELECT * FROM `p`.`d`.`t` JOIN p2.d.t USING (id)", "p.d.t p2.d.t"),
        ("WITH c AS (SELECT * FROM a.b) SELECT * FROM c CROSS JOIN UNNEST(c.list)", "my-project.a.b"),
        ("SELECT * FROM d.t, t.list", "my-project.d.t"),
        ("SELECT EXTRACT(YEAR FROM t.at) FROM d.t AS t -- FROM x.y", "my-project.d.t"),
        ("SELECT 'FROM x.y', \"FROM x.z\" FROM d.events_* /* JOIN e.f */", "my-project.d.events_*"),
        ("SELECT * FROM p.d.function(1)", ""),
    ],
)
def test_the_tables_of_a_query_are_those_that_it_names(query: str, reads: str) -> None:
    found = reads_of({"view": {"query": query}}, "my-project")
    assert " ".join(map(str, found)) == reads
    assert reads_of({"materializedView": {"query": query}}, "my-project") == found


def test_a_view_is_never_taken_for_seen_whole() -> None:
    assert reads_of({"view": {"query": "SELECT * FROM p.d.INFORMATION_SCHEMA.TABLES"}}, "p") == ()
    around = {TABLE: Guarded(row_policies=None, reads={}, more_reads=True)}
    finding = guards.guards(CHAIN, changed(guarded=around))
    assert finding.verdict is Verdict.UNKNOWN
    assert "`bq show --view my-project:keyless_dev.users`" in finding.actual


def test_what_was_not_seen_is_never_called_all_checks_passed() -> None:
    findings = walk(CHAIN, of_table(**external("CSV", "gs://b/x")))
    assert exit_code([Walked(reader="r", findings=findings)]) == NOT_SEEN
    (unseen,) = [finding for finding in findings if finding.verdict is Verdict.UNKNOWN]
    assert unseen.link is Link.GUARDS
    assert exit_code([Walked(reader="r", findings=walk(CHAIN, healthy.SEEN))]) == PASSED
