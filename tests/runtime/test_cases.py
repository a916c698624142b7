"""Each case of the table, through the packaged function, verify and the doctor: none is taken for another."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console

from keyless_bigquery.attempt import Attempt, of_answer
from keyless_tools.doctor.answer import Found
from keyless_tools.doctor.google_api import read as read_answer
from keyless_tools.doctor.observed import Guarded, Listed, Seen
from keyless_tools.doctor.report import PASSED, Walked, exit_code, print_report
from keyless_tools.doctor.walk import walk
from tests.docs.pages import read
from tests.doctor.healthy import CHAIN, changed
from tests.http_server import Answer, json_answer, serving
from tests.runtime.conftest import PackagedFunction
from tests.runtime.google_stand_in import GoogleStandIn, google_error, oauth_error, page
from tests.runtime.table import REFERENCE
from tests.runtime.test_diagnosis import verified

CASES = Path(__file__).with_name("cases.md")
OURS = "Access Denied: Table local-keyless:keyless_local.users: User does not have permission to query it"
THEIRS = "Access Denied: Table their-project:raw.users: User does not have permission to query it"
TAG = "projects/p/locations/us/taxonomies/1/policyTags/2"
KEY = "projects/k/locations/us/keyRings/r/cryptoKeys/c"
HTML = b"<html><title>Blocked</title>No.</html>"
FILTER = (
    "Cannot query over table 'local-keyless.keyless_local.users' without a filter over column(s) 'dt' that can be used"
    " for partition elimination"
)
BEHIND = (
    "Received invalid AWS response of type SignatureDoesNotMatch with error message: Signature expired:"
    " 20261129T120000Z is now earlier than 20261129T120100Z (20261129T121600Z - 15 min.)"
)
QUOTA_PROJECT = {
    "error": {
        "code": 403,
        "message": "Caller does not have required permission to use project theirs.",
        "status": "PERMISSION_DENIED",
        "details": [{"reason": "USER_PROJECT_DENIED", "metadata": {"consumer": "projects/theirs"}}],
    }
}


def of_table(**fields: Any) -> dict[str, Any]:
    """What the doctor sees where the table has these fields besides."""
    columns = fields.pop("columns", [{"name": "user_id"}, {"name": "name"}])
    return {"table": Found(value={"location": "US", "schema": {"fields": columns}, **fields})}


def external(form: str, uri: str) -> dict[str, Any]:
    return of_table(type="EXTERNAL", externalDataConfiguration={"sourceFormat": form, "sourceUris": [uri]})


def guarded(*, policies: Any = None, reads: Mapping[str, Listed] | None = None) -> dict[str, Any]:
    """What the doctor sees around the table."""
    around = Guarded(row_policies=Found(value=policies or {}), reads=reads or {}, more_reads=False)
    return {"guarded": {str(CHAIN.table): around}}


def denied(message: str) -> Answer:
    return google_error(403, "accessDenied", message)


UNREADABLE = Listed(
    table=Found(value={}), policy=Found(value={}), dataset=Found(value={"access": []}), project_policy=Found(value={})
)
RUNNING = json_answer({"jobReference": REFERENCE, "jobComplete": False, "status": {"state": "RUNNING"}})


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is wrong: what BigQuery or STS answers the function, its variables, and what the doctor sees of it."""

    query: Answer | None = None
    exchange: Answer | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    proxy: Answer | None = None
    seen: Mapping[str, Any] = field(default_factory=dict)


SET_UP = {
    "a selected column has a policy tag": Case(
        query=denied(f"User has neither fine-grained reader nor masked get permission, policy tag {TAG} on column x"),
        seen=of_table(columns=[{"name": "user_id"}, {"name": "name", "policyTags": {"names": [TAG]}}]),
    ),
    "the table is a view over another dataset, which does not authorise it": Case(
        query=denied(THEIRS),
        seen=of_table(type="VIEW", view={"query": "SELECT 1 FROM `their-project.raw.users`"})
        | guarded(reads={"their-project.raw.users": UNREADABLE}),
    ),
    "the table is external, its files in Cloud Storage": Case(
        query=denied("reader@p.iam.gserviceaccount.com does not have storage.objects.list access to the bucket"),
        seen=external("CSV", "gs://bucket/*.csv"),
    ),
    "the table is external, a Google Sheet": Case(
        query=denied("Access Denied: BigQuery BigQuery: Permission denied while getting Drive credentials."),
        seen=external("GOOGLE_SHEETS", "https://docs.google.com/spreadsheets/d/1"),
    ),
    "the table's key is not open to BigQuery": Case(
        query=denied("Cloud KMS Error: Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied"),
        seen=of_table(encryptionConfiguration={"kmsKeyName": KEY}),
    ),
    "the table requires a partition filter": Case(
        query=google_error(400, "invalidQuery", FILTER),
        seen=of_table(requirePartitionFilter=True, timePartitioning={"type": "DAY", "field": "dt"}),
    ),
    "a row access policy names another reader": Case(
        query=page([]),
        seen=guarded(policies={"rowAccessPolicies": [{"rowAccessPolicyReference": {"policyId": "emea"}}]}),
    ),
    "the dataset is in another location": Case(
        query=google_error(
            404, "notFound", "Not found: Dataset local-keyless:keyless_local was not found in location US"
        ),
        seen={"dataset": Found(value={"location": "asia-northeast1"})},
    ),
    "the grant on the table is new": Case(query=denied(OURS)),
    "a guard that no row knows": Case(query=denied("Access Denied: BigQuery BigQuery: A guard that is not known.")),
    "the query is slow": Case(query=RUNNING),
    "a page of HTML with 403 in BigQuery's place": Case(query=Answer(status=403, body=HTML)),
    "a page of HTML with 200 in BigQuery's place": Case(query=Answer(body=HTML)),
    "the proxy wants a login": Case(proxy=Answer(status=407, body=HTML)),
    "the clock is 16 minutes behind": Case(exchange=oauth_error("invalid_grant", BEHIND)),
    "AWS_REGION ends in a space": Case(environ={"AWS_REGION": "us-east-1 "}),
    "the deployer's quota project is not the deployer's": Case(
        seen={"table": read_answer(403, QUOTA_PROJECT, service="bigquery", permission="bigquery.tables.get")}
    ),
}


class Row(NamedTuple):
    """A case, and what each tool reports of it: pieces of text, joined by semicolons."""

    case: str
    function: str
    verify: str
    doctor: str


(TABLE,) = read(CASES).tables
ROWS = [Row(*(cell.strip() for cell in row)) for row in TABLE.rows[1:]]


def test_the_table_has_each_case_once() -> None:
    assert [row.case for row in ROWS] == list(SET_UP)


@pytest.mark.parametrize("row", ROWS, ids=[row.case for row in ROWS])
def test_each_tool_reports_the_case_as_what_it_is(function: PackagedFunction, google: GoogleStandIn, row: Row) -> None:
    case = SET_UP[row.case]
    with environment(case, google) as environ:
        (result,) = function.invoke(environ=environ, milliseconds=4_000).results
    line = result.get("message", "")
    check_function(row, line, result)
    check_verify(row, line)
    check_doctor(row, line, changed(**case.seen))


@contextmanager
def environment(case: Case, google: GoogleStandIn) -> Iterator[Mapping[str, str]]:
    """The variables under which the function meets the case."""
    if (query := case.query) is not None:
        google.query = lambda _: query
        google.more = lambda _: query
    if (exchange := case.exchange) is not None:
        google.exchange = lambda _: exchange
    if case.proxy is None:
        yield case.environ
        return
    with serving(case.proxy) as proxy:
        address = proxy.url.removeprefix("http://")
        yield {
            **case.environ,
            "BIGQUERY_EMULATOR_HOST": "https://bigquery.invalid",
            "HTTPS_PROXY": f"http://user:planted-password@{address}",
        }


def check_function(row: Row, line: str, result: Mapping[str, Any]) -> None:
    if row.function.startswith("returns"):
        assert "returned" in result
        return
    assert [part for part in row.function.split("; ") if part not in line] == [], line
    assert "planted-password" not in line


def check_verify(row: Row, line: str) -> None:
    tries, printed = verified(attempt_of(line))
    expected = {"passes": (1, "answered after"), "not transient": (1, "not transient, so not tried again: ")}
    if row.verify == "waits":
        assert (tries > 1, "gave up after 600.0 s" in printed) == (True, True)
    else:
        assert tries == expected[row.verify][0]
        assert expected[row.verify][1] in printed


def attempt_of(line: str) -> Attempt:
    """What Lambda answers of an invocation that raised this line; without one, of the probe that was answered."""
    if not line:
        return of_answer(log="", failed=False, payload='{"keyless-bigquery": {"tables": []}}')
    return of_answer(log="", failed=True, payload=json.dumps({"errorType": "ReaderError", "errorMessage": line}))


def check_doctor(row: Row, line: str, seen: Seen) -> None:
    """The doctor with the function's line in the log, and once more without: what fails is never reported as passed."""
    link, verdict, *parts = (part.strip() for one in row.doctor.split("; ") for part in one.split(": ", 1))
    log = [(1767225600000, "START RequestId: 1"), *([(1767225600001, f"ERROR {line}")] if line else [])]
    found = walk(CHAIN, changed(seen, last_log=Found(value=log)))
    walked, printed = Walked(reader="reader", findings=found), io.StringIO()
    print_report(Console(file=printed, width=2_000), [walked])
    (named,) = [finding for finding in found if finding.link.value == link]
    assert named.verdict.value.lower() == verdict, named
    report = f"{named.actual} {named.expected} {named.fix}"
    assert [part for part in parts if part not in report] == [], report
    assert exit_code([walked]) != PASSED
    assert "all checks passed" not in printed.getvalue()
