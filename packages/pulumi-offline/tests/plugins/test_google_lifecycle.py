"""The gcp stand-in under the real engine: each resource type from preview to destroy."""

from __future__ import annotations

import json

import pulumi
import pulumi_gcp as gcp
import pytest

from tests.emulator.google_server import NUMBER
from tests.plugins.recorded import DATASET, Recorded
from tests.plugins.stacks import Deployment, Program, adopting, google_provider

POOL = f"projects/{NUMBER}/locations/global/workloadIdentityPools/pool-one"
PROVIDER = f"{POOL}/providers/lambda"
PROJECT = "/v1/projects/local-keyless"
ACCOUNT = "/v1/projects/local-keyless/serviceAccounts/reader@local-keyless.iam.gserviceaccount.com"
TABLE = f"{DATASET}/tables/users"
SCHEMA = [{"name": "user_id", "type": "INT64"}, {"name": "name", "type": "STRING"}]


def chain(
    google: Recorded,
    *,
    pool_id: str = "pool-one",
    condition: str = "true",
    description: str | None = "first",
    columns: list[dict[str, str]] = SCHEMA,
    protected: bool = False,
) -> Program:
    """The Google half of the product, small."""

    def program() -> None:
        options = pulumi.ResourceOptions(provider=google_provider(google.url))
        enabled = [
            gcp.projects.Service(name, service=f"{name}.googleapis.com", disable_on_destroy=False, opts=options)
            for name in ("iam", "cloudresourcemanager", "bigquery")
        ]
        options = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=enabled))
        pool = gcp.iam.WorkloadIdentityPool(
            "pool", workload_identity_pool_id=pool_id, description=description, opts=options
        )
        provider = gcp.iam.WorkloadIdentityPoolProvider(
            "provider",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="lambda",
            aws=gcp.iam.WorkloadIdentityPoolProviderAwsArgs(account_id="210987654321"),
            attribute_mapping={"google.subject": "assertion.arn"},
            attribute_condition=condition,
            opts=options,
        )
        account = gcp.serviceaccount.Account(
            "account", account_id="reader", display_name="Reader", description=description, opts=options
        )
        gcp.serviceaccount.IAMMember(
            "impersonate",
            service_account_id=account.name,
            role="roles/iam.workloadIdentityUser",
            member=pool.name.apply(lambda name: f"principalSet://iam.googleapis.com/{name}/attribute.aws_role/x"),
            opts=options,
        )
        gcp.projects.IAMMember(
            "jobs", project="local-keyless", role="roles/bigquery.jobUser", member=account.member, opts=options
        )
        dataset = gcp.bigquery.Dataset(
            "dataset", dataset_id="data", location="US", description=description,
            delete_contents_on_destroy=not protected, opts=options,
        )  # fmt: skip
        table = gcp.bigquery.Table(
            "table", dataset_id=dataset.dataset_id, table_id="users", schema=json.dumps(columns),
            deletion_protection=protected, opts=options,
        )  # fmt: skip
        gcp.bigquery.IamMember(
            "read", dataset_id=table.dataset_id, table_id=table.table_id,
            role="roles/bigquery.dataViewer", member=account.member, opts=options,
        )  # fmt: skip
        pulumi.export("provider", provider.name)
        pulumi.export("state", pool.state)
        pulumi.export("unique", account.unique_id)
        pulumi.export("rows", table.num_rows)

    return program


def looking(google: Recorded, program: Program, *, table: str = "users") -> Program:
    """The program, which first looks up what is there already, through a provider of its own."""

    def program_that_looks() -> None:
        options = pulumi.InvokeOptions(provider=google_provider(google.url, "looks"))
        project = gcp.organizations.get_project(project_id="local-keyless", opts=options)
        provider = gcp.iam.get_workload_identity_pool_provider(
            workload_identity_pool_id="pool-one", workload_identity_pool_provider_id="lambda", opts=options
        )
        found = gcp.bigquery.get_table(dataset_id="data", table_id=table, opts=options)
        pulumi.export("number", project.number)
        pulumi.export("trusts", [provider.aws[0].account_id, provider.attribute_mapping, provider.attribute_condition])
        pulumi.export("columns", [column["name"] for column in json.loads(found.schema)])
        program()

    return program_that_looks


@pytest.mark.soak
def test_a_second_up_changes_nothing_and_destroy_takes_it_all(deployment: Deployment, google: Recorded) -> None:
    before = google.bindings(PROJECT)
    assert deployment.up(chain(google)) == {"create": 13}
    assert deployment.output("provider") == PROVIDER
    assert deployment.output("state") == "ACTIVE"
    assert str(deployment.output("unique")).isdigit()
    written = len(google.writes())
    assert deployment.up(chain(google)) == {"same": 13}
    assert deployment.preview(looking(google, chain(google))) == {"same": 13, "create": 1}
    assert deployment.up(looking(google, chain(google)), refresh=True) == {"same": 13, "create": 1}
    assert deployment.output("number") == NUMBER
    assert deployment.output("trusts") == ["210987654321", {"google.subject": "assertion.arn"}, "true"]
    assert deployment.output("columns") == ["user_id", "name"]
    with pytest.raises(Exception, match="projects/local-keyless/datasets/data/tables/another not found"):
        deployment.preview(looking(google, chain(google), table="another"))
    assert len(google.writes()) == written
    assert deployment.destroy() == {"delete": 14}
    assert google.done("GET", f"/v1/{POOL}")["state"] == "DELETED"
    assert [path for path in (ACCOUNT, DATASET, TABLE) if google.exists(path)] == []
    assert google.bindings(PROJECT) == before
    assert google.done("GET", f"{PROJECT}/services/iam.googleapis.com")["state"] == "ENABLED"


def test_a_preview_writes_nothing_an_up_each_resource_once_and_an_edit_a_mask_of_what_changed_and_everything(
    deployment: Deployment, google: Recorded
) -> None:
    assert deployment.preview(chain(google)) == {"create": 13}
    assert google.writes() == []
    deployment.up(chain(google))
    assert sorted(google.writes()) == sorted(
        [
            "POST /v1/projects/local-keyless/services:batchEnable",
            "POST /v1/projects/local-keyless/locations/global/workloadIdentityPools",
            "POST /v1/projects/local-keyless/locations/global/workloadIdentityPools/pool-one/providers",
            "POST /v1/projects/local-keyless/serviceAccounts",
            f"POST {ACCOUNT}:setIamPolicy",
            "POST /v1/projects/local-keyless:setIamPolicy",
            "POST /bigquery/v2/projects/local-keyless/datasets",
            "POST /bigquery/v2/projects/local-keyless/datasets/data/tables",
            f"POST {TABLE}:setIamPolicy",
        ]
    )
    assert deployment.up(chain(google, condition="false", description=None)) == {"same": 9, "update": 4}
    [(query, body)] = google.asked("PATCH", "/workloadIdentityPools/pool-one")
    assert query["updateMask"] == ["description"]
    assert "description" not in body
    [(query, body)] = google.asked("PATCH", "/providers/lambda")
    assert query["updateMask"] == ["attributeCondition"]
    assert body["attributeCondition"] == "false"
    assert body["aws"] == {"accountId": "210987654321"}
    [(_, body)] = google.asked("PATCH", "gserviceaccount.com")
    assert body["updateMask"] == "description"
    assert body["serviceAccount"].pop("etag")
    assert body["serviceAccount"] == {"displayName": "Reader", "description": ""}
    [(_, body)] = google.asked("PUT", "/datasets/data")
    assert body["description"] == ""
    assert "access" not in body


@pytest.mark.soak
def test_drift_is_found_and_fixed_by_up_with_refresh(deployment: Deployment, google: Recorded) -> None:
    deployment.up(chain(google))
    by_hand = {"attributeCondition": "true || true", "disabled": True}
    google.done("PATCH", f"/v1/{PROVIDER}?updateMask=attributeCondition,disabled", by_hand)
    google.done("POST", f"{ACCOUNT}:setIamPolicy", {"policy": {}})
    assert deployment.up(chain(google)) == {"same": 13}, "without a refresh it is not looked for"
    assert deployment.up(chain(google), refresh=True) == {"same": 11, "create": 1, "update": 1}
    provider = google.done("GET", f"/v1/{PROVIDER}")
    assert (provider["attributeCondition"], "disabled" in provider) == ("true", False)
    assert len(google.bindings(ACCOUNT)) == 1


@pytest.mark.soak
def test_a_policy_conflict_is_tried_again_and_another_pool_id_replaces_pool_provider_and_binding(
    deployment: Deployment, google: Recorded
) -> None:
    google.conflicts = 3
    deployment.up(chain(google))
    assert len(google.asked("POST", ":setIamPolicy")) == 6
    assert len(google.bindings(ACCOUNT)) == len(google.bindings(TABLE)) == 1
    assert deployment.preview(chain(google, pool_id="pool-two")) == {"same": 10, "replace": 3}
    assert deployment.up(chain(google, pool_id="pool-two")) == {"same": 10, "replace": 3}
    assert google.done("GET", f"/v1/{POOL}")["state"] == "DELETED"
    [binding] = google.bindings(ACCOUNT)
    assert [member for member in binding["members"] if "pool-two" in member] == binding["members"]
    with pytest.raises(Exception, match="409 ALREADY_EXISTS: Requested entity already exists") as refused:
        deployment.up(chain(google))
    assert "Traceback" not in str(refused.value)


def test_a_column_is_added_in_place_and_dropped_by_sql_but_another_type_is_a_new_table_which_protection_refuses(
    deployment: Deployment, google: Recorded
) -> None:
    def table(columns: list[dict[str, str]]) -> Program:
        return chain(google, columns=columns, protected=True)

    deployment.up(table(SCHEMA))
    wider = [*SCHEMA, {"name": "city", "type": "STRING"}]
    assert deployment.up(table(wider)) == {"same": 12, "update": 1}
    assert google.asked("POST", "/queries") == []
    assert deployment.up(table(SCHEMA)) == {"same": 12, "update": 1}
    [(_, body)] = google.asked("POST", "/queries")
    assert body["query"] == "ALTER TABLE `local-keyless.data.users` DROP COLUMN `city`"
    retyped = [{"name": "user_id", "type": "STRING"}, SCHEMA[1]]
    assert deployment.preview(table(retyped)) == {"same": 11, "replace": 2}, "the table, and the grant on it"
    with pytest.raises(Exception, match="has deletionProtection: set it to false"):
        deployment.up(table(retyped))
    assert google.exists(TABLE)


def test_what_was_made_before_is_imported_by_the_ids_that_the_reference_names_and_then_nothing_changes(
    deployment: Deployment, google: Recorded
) -> None:
    program = chain(google, protected=True)
    deployment.up(program)
    deployment.forget()
    written = len(google.writes())
    email = "reader@local-keyless.iam.gserviceaccount.com"
    role = f"principalSet://iam.googleapis.com/{POOL}/attribute.aws_role/x"
    ids = {
        "iam": "local-keyless/iam.googleapis.com",
        "cloudresourcemanager": "local-keyless/cloudresourcemanager.googleapis.com",
        "bigquery": "local-keyless/bigquery.googleapis.com",
        "pool": "pool-one",
        "provider": "local-keyless/pool-one/lambda",
        "account": f"projects/local-keyless/serviceAccounts/{email}",
        "impersonate": f"projects/local-keyless/serviceAccounts/{email} roles/iam.workloadIdentityUser {role}",
        "jobs": f"local-keyless roles/bigquery.jobUser serviceAccount:{email}",
        "dataset": "local-keyless/data",
        "table": "projects/local-keyless/datasets/data/tables/users",
        "read": f"projects/local-keyless/datasets/data/tables/users roles/bigquery.dataViewer serviceAccount:{email}",
    }
    assert deployment.up(adopting(program, ids)) == {"create": 2, "import": 11}
    assert deployment.up(program, refresh=True) == {"same": 13}
    assert len(google.writes()) == written


def stored(google: Recorded, *, protected: bool, policy: str = "DELETE") -> Program:
    """A dataset and a table alone."""

    def program() -> None:
        options = pulumi.ResourceOptions(provider=google_provider(google.url))
        enabled = gcp.projects.Service("bigquery", service="bigquery.googleapis.com", opts=options)
        options = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=[enabled]))
        dataset = gcp.bigquery.Dataset("dataset", dataset_id="data", deletion_policy=policy, opts=options)
        gcp.bigquery.Table(
            "table", dataset_id=dataset.dataset_id, table_id="users", deletion_protection=protected, opts=options
        )

    return program


@pytest.mark.soak
def test_what_is_protected_is_not_deleted_until_the_protection_is_off_and_what_is_abandoned_stays(
    deployment: Deployment, google: Recorded
) -> None:
    deployment.up(stored(google, protected=True))
    with pytest.raises(Exception, match="has deletionProtection: set it to false"):
        deployment.destroy()
    assert deployment.up(stored(google, protected=False, policy="PREVENT")) == {"same": 3, "update": 2}
    with pytest.raises(Exception, match="has deletionPolicy PREVENT"):
        deployment.destroy()
    assert google.exists(DATASET)
    deployment.up(stored(google, protected=False, policy="ABANDON"))
    deployment.destroy()
    assert (google.exists(DATASET), google.exists(TABLE)) == (True, False)
