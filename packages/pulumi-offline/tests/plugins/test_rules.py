"""The stand-ins' rules without an engine: comparing, merging, refusing."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from pulumi_offline.engine.pins import ROOT
from pulumi_offline.plugins.aws import api_from as aws_api_from
from pulumi_offline.plugins.aws.api import AwsApi, Models
from pulumi_offline.plugins.aws.iam import live_document, same_document
from pulumi_offline.plugins.aws.log_group import LogGroup
from pulumi_offline.plugins.endpoints import loopback
from pulumi_offline.plugins.errors import ConfigError, PluginError, RefusedError, UnsupportedError
from pulumi_offline.plugins.gcp import api_from, columns
from pulumi_offline.plugins.gcp.dataset_access import has_entry, with_entry, without_entry
from pulumi_offline.plugins.gcp.members import has_member, titled, with_member, without_member
from pulumi_offline.plugins.gcp.services import Service
from pulumi_offline.plugins.kind import changes, deletion_allowed, live_inputs, previewed_update, refuse_unknown_inputs
from pulumi_offline.plugins.random_id import RandomId, served_by
from pulumi_offline.plugins.values import UNKNOWN

WANTED = {"role": "roles/viewer", "member": "serviceAccount:A@x"}
LOCAL = "http://127.0.0.1:8080"
GOOGLE = {
    "iamBetaCustomEndpoint": f"{LOCAL}/v1/",
    "serviceUsageCustomEndpoint": f"{LOCAL}/v1beta1/",
    "resourceManagerCustomEndpoint": f"{LOCAL}/v1/",
    "bigQueryCustomEndpoint": f"{LOCAL}/bigquery/v2/",
    "cloudBillingCustomEndpoint": f"{LOCAL}/v1/",
}
TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "t"}


def test_a_member_is_added_beside_what_is_there_and_only_it_is_taken_away() -> None:
    others = [{"role": "roles/viewer", "members": ["user:b@x"]}, {"role": "roles/owner", "members": ["user:c@x"]}]
    merged = with_member(others, WANTED)
    assert merged == [{"role": "roles/viewer", "members": ["user:b@x", WANTED["member"]]}, others[1]]
    assert with_member(merged, WANTED) == merged
    assert without_member(merged, WANTED) == others
    assert without_member([{"role": "roles/viewer", "members": [WANTED["member"]]}], WANTED) == []


def test_an_entry_is_added_to_an_access_list_beside_what_is_there_and_only_it_is_taken_away() -> None:
    expected = {"datasetId": "d", "role": "roles/bigquery.dataViewer", "userByEmail": "a@x"}
    others: list[dict[str, Any]] = [
        {"view": {"projectId": "p", "datasetId": "e", "tableId": "v"}},
        {"role": "WRITER", "userByEmail": "a@x"},
        {"role": "READER", "specialGroup": "projectReaders"},
    ]
    merged = with_entry(others, expected)
    assert merged == [*others, {"datasetId": "d", "role": "READER", "userByEmail": "a@x"}]
    as_answered = [*others, {"role": "READER", "userByEmail": "a@x"}]
    assert has_entry(as_answered, expected)
    assert without_entry(as_answered, expected) == others
    with pytest.raises(PluginError, match="existing object already found"):
        with_entry(as_answered, expected)


def test_members_are_the_same_in_any_case_but_not_under_another_condition() -> None:
    bindings = [{"role": "roles/viewer", "members": ["serviceaccount:a@X"], "condition": {"expression": "x"}}]
    assert not has_member(bindings, WANTED)
    assert has_member(bindings, {**WANTED, "condition": {"expression": "x"}})


def test_a_member_under_a_condition_is_imported_by_the_conditions_title() -> None:
    condition = {"title": "office hours", "expression": "x"}
    bindings = [{"role": "roles/viewer", "members": ["user:b@x"], "condition": condition}]
    assert titled(bindings, role="roles/viewer", title="office hours") == {"condition": condition}
    assert titled(bindings, role="roles/viewer", title="office") == {}
    assert titled(bindings, role="roles/owner", title="office hours") == {}


@pytest.mark.parametrize("schema", ["no json", "{}", '[{"name": "a"}]', "[1]"])
def test_a_schema_that_is_none_is_refused(schema: str) -> None:
    assert columns.fault(schema)
    assert columns.fault('[{"name": "a", "type": "STRING"}]') is None


def test_policy_documents_are_compared_as_json() -> None:
    one, listed = '{"Action": "a", "Sid": "s"}', '{ "Sid":"s","Action":["a"] }'
    assert same_document(one, listed)
    assert not same_document(one, '{"Action": "b", "Sid": "s"}')
    assert live_document({"Action": ["a"], "Sid": "s"}, before=one) == one
    assert json.loads(live_document("%7B%22a%22%3A1%7D", before=None)) == {"a": 1}


@pytest.mark.parametrize("url", [LOCAL, "http://localhost:1/v1/", "http://[::1]:1", "http://127.8.8.8"])
def test_loopback_is_accepted(url: str) -> None:
    assert loopback("x", url, plugin="gcp") == url


@pytest.mark.parametrize(
    "url", ["https://iam.googleapis.com/v1/", "http://127.0.0.1.example.com", "http://127.0.0.1@example.com", "", None]
)
def test_everything_else_is_refused_and_says_that_it_is_a_stand_in(url: str | None) -> None:
    with pytest.raises(ConfigError, match="this is the stand-in gcp plugin"):
        loopback("x", url, plugin="gcp")


@pytest.mark.parametrize("missing", sorted(GOOGLE))
def test_every_google_endpoint_must_be_given_and_a_token_too(missing: str) -> None:
    assert api_from(GOOGLE, TOKEN).endpoints.iam == f"{LOCAL}/v1/"
    with pytest.raises(ConfigError, match=f"gcp:{missing} is not set"):
        api_from({key: url for key, url in GOOGLE.items() if key != missing}, TOKEN)
    with pytest.raises(ConfigError, match="no token"):
        api_from(GOOGLE, {})


def test_a_google_endpoint_must_end_in_a_version() -> None:
    with pytest.raises(ConfigError, match="must end in /something/"):
        api_from({**GOOGLE, "iamBetaCustomEndpoint": f"{LOCAL}/v1"}, TOKEN)


def test_the_token_is_in_no_representation() -> None:
    assert "very-secret" not in repr(api_from(GOOGLE, {"GOOGLE_OAUTH_ACCESS_TOKEN": "very-secret"}))


def test_aws_needs_endpoints_a_region_and_credentials() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
    endpoints = {"endpoints": [dict.fromkeys(("iam", "lambda", "logs", "sts"), LOCAL)]}
    assert aws_api_from({**endpoints, "region": "us-east-1"}, keys).region == "us-east-1"
    with pytest.raises(ConfigError, match=r"aws:endpoints\.sts is not set"):
        aws_api_from({"endpoints": [{"iam": LOCAL, "lambda": LOCAL, "logs": LOCAL}], "region": "r"}, keys)
    with pytest.raises(ConfigError, match="aws:region is not set"):
        aws_api_from(endpoints, keys)
    with pytest.raises(ConfigError, match="no credentials"):
        aws_api_from({**endpoints, "region": "us-east-1"}, {})


def test_what_was_read_of_an_aws_service_is_not_read_again_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def client(models: Models) -> Any:
        keys = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}
        settings = {"endpoints": [dict.fromkeys(("iam", "lambda", "logs", "sts"), LOCAL)], "region": "us-east-1"}
        return aws_api_from(settings, keys, models).client("sts")

    def read(*_path: object) -> None:
        raise AssertionError("a file was read")

    models = Models()
    first = client(models)
    monkeypatch.setattr(JSONFileLoader, "load_file", read)
    assert client(models) is not first
    with pytest.raises(AssertionError, match="a file was read"):
        client(Models())


def test_an_absent_input_stands_for_its_default_and_without_one_for_what_is_live() -> None:
    kind = Service(api_from(GOOGLE, TOKEN))
    state = {"service": "a", "project": "p", "disableOnDestroy": True}
    found = changes(kind, state, {"service": "a"})
    assert list(found) == ["disableOnDestroy"]
    assert changes(kind, state, {"service": "b", "disableOnDestroy": True})["service"].replaces
    assert changes(kind, state, {"service": UNKNOWN, "disableOnDestroy": True})["service"].replaces


def test_a_refresh_keeps_the_programs_spelling_and_reports_what_differs() -> None:
    kind = Service(api_from(GOOGLE, TOKEN))
    inputs = {"service": "a", "disableOnDestroy": False}
    assert live_inputs(kind, inputs, {"service": "a", "project": "p"}) == inputs
    assert live_inputs(kind, inputs, {"service": "b"})["service"] == "b"
    assert live_inputs(kind, {}, {"service": "b", "other": 1}) == {"service": "b"}


def test_a_previewed_update_keeps_outputs_that_stay_and_drops_those_that_may_change() -> None:
    kind = RandomId()
    assert previewed_update(kind, {"hex": "ff", "byteLength": 1}, {"byteLength": 2}) == {"hex": "ff", "byteLength": 2}


def test_an_input_that_is_not_served_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="does not serve colour"):
        refuse_unknown_inputs(RandomId(), {"byteLength": 2, "colour": "red"})


def test_deletion_policies() -> None:
    assert deletion_allowed({}, "x")
    assert not deletion_allowed({"deletionPolicy": "ABANDON"}, "x")
    with pytest.raises(RefusedError, match="x has deletionPolicy PREVENT"):
        deletion_allowed({"deletionPolicy": "PREVENT"}, "x")


def test_what_skips_its_destruction_is_deleted_without_a_request() -> None:
    group = LogGroup(AwsApi(endpoints={}, region="us-east-1", key="k", secret="s", session=None))
    group.delete("/group", {"skipDestroy": True})
    with pytest.raises(ConfigError, match="names no address for logs"):
        group.delete("/group", {"skipDestroy": False})


def test_values_survive_the_way_to_the_wire_and_back() -> None:
    """In a process of its own: the SDK's provider modules and Google's clients can't be imported together."""
    text = (
        "from pulumi_offline.plugins.values import UNKNOWN, Archive\n"
        "from pulumi_offline.plugins.wire import plain_map, property_map, readable_archives\n"
        "from pulumi.provider.experimental.property_value import PropertyValue\n"
        "values = {'n': 3, 'f': 0.5, 't': True, 's': 'x', 'l': [1, {'k': 'v'}], 'u': UNKNOWN,\n"
        "          'code': Archive(path='/a.zip', hash='h'), 'kept': Archive(hash='h'),\n"
        "          'texts': Archive(hash='h', texts={'a.json': '{}', 'b': ''})}\n"
        "sent = PropertyValue.marshal_map(property_map({**values, 'none': None}))\n"
        "readable_archives(sent)\n"
        "assert plain_map(PropertyValue.unmarshal_map(sent)) == values\n"
    )
    run = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("length", [0, 1025, "2", 1.5, None])
def test_a_random_id_of_no_sensible_length_is_refused(length: object) -> None:
    assert RandomId().check({"byteLength": length})
    assert RandomId().check({"byteLength": 2}) == {}


def test_a_random_id_is_one_value_in_four_spellings() -> None:
    made = RandomId().create({"byteLength": 2}).state
    assert len(made["hex"]) == 4
    assert made["dec"] == str(int(made["hex"], 16))
    assert RandomId().create({"byteLength": 16}).state["hex"] != RandomId().create({"byteLength": 16}).state["hex"]
    with pytest.raises(ConfigError, match="has no settings"):
        served_by({"seed": "1"})


SCHEMA = """
import asyncio
from pulumi.provider.experimental.provider import GetSchemaRequest
from pulumi_offline.plugins.provider import StandIn
from pulumi_offline.plugins.random_id import served_by
try:
    asyncio.run(StandIn(served_by).get_schema(GetSchemaRequest(version=0)))
except Exception as refused:
    print(type(refused).__name__, refused)
"""


def test_a_program_that_needs_a_schema_is_said_what_to_do_without() -> None:
    # In a process of its own: the protobuf files of Pulumi's providers and Google's can't both be loaded.
    done = subprocess.run([sys.executable, "-c", SCHEMA], capture_output=True, text=True, timeout=60, check=True)
    assert re.match(r"UnsupportedError this stand-in has no schema, .* in the stack's config", done.stdout)
