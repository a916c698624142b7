"""The probe: the library's own answer to one event, before the function, without a row."""

from __future__ import annotations

from tests.http_server import json_answer
from tests.runtime.conftest import TABLE, PackagedFunction
from tests.runtime.google_stand_in import IMPERSONATION_PATH, TOKEN_PATH, GoogleStandIn, google_error

PROBE = {"keyless-bigquery": "probe"}
JOBS = "/bigquery/v2/projects/local-keyless/jobs"
ALSO = """
def lambda_handler(event, context):
    print("called with", event)
"""
NO_FILTER = (
    "Cannot query over table 'local-keyless.keyless_local.users' without a filter over column(s) 'day' that can be used"
    " for partition elimination"
)


def test_the_probe_fetches_a_token_and_plans_a_query_of_the_table_and_the_function_is_not_called(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    google.more = lambda _: json_answer({"jobReference": {}, "status": {"state": "DONE"}})
    done = function.invoke(events=(PROBE,), environ=function.handler(ALSO))
    assert done.results[0]["returned"] == {"keyless-bigquery": {"tables": [TABLE], "filtered": []}}
    assert done.printed.count("called with") == 0
    assert google.paths == [TOKEN_PATH, IMPERSONATION_PATH, JOBS]
    planned = google.sent[-1].json["configuration"]
    assert planned["dryRun"] is True
    assert planned["query"]["query"] == f"SELECT `user_id`, `name` FROM `{TABLE}`"


def test_any_other_event_is_the_functions(function: PackagedFunction, google: GoogleStandIn) -> None:
    events = ({**PROBE, "and": 1}, {"keyless-bigquery": "other"}, "probe", [PROBE], None)
    done = function.invoke(events=events, environ=function.handler(ALSO))
    assert done.stdout == "".join(f"called with {event}\n" for event in events)
    assert google.sent == []


def test_a_table_that_requires_a_filter_is_named_and_no_failure(
    function: PackagedFunction, google: GoogleStandIn
) -> None:
    google.more = lambda _: google_error(400, "invalidQuery", NO_FILTER)
    answer = function.invoke(events=(PROBE,)).results[0]["returned"]
    assert answer == {"keyless-bigquery": {"tables": [TABLE], "filtered": [TABLE]}}
    google.more = lambda _: google_error(400, "invalidQuery", "Unrecognized name: day")
    assert function.invoke(events=(PROBE,)).results[0]["raised"] == "QueryError"


def test_a_refused_table_is_the_probes_failure(function: PackagedFunction, google: GoogleStandIn) -> None:
    google.more = lambda _: google_error(403, "accessDenied", "Access Denied: Table p:d.users: no permission")
    done = function.invoke(events=(PROBE,))
    assert done.results[0]["raised"] == "TableAccessError"
    assert done.errors == [f"ERROR {done.results[0]['message']}"]
