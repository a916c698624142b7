"""The ids that an import may write, and those it may not."""

from __future__ import annotations

import re

import pytest

from pulumi_offline.plugins.aws.alias import Alias
from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.aws.iam import RolePolicy, RolePolicyAttachment
from pulumi_offline.plugins.aws.permission import Permission
from pulumi_offline.plugins.aws.schedule import EventRule, EventTarget
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.gcp import ids
from pulumi_offline.plugins.gcp.api import Endpoints, GoogleApi
from pulumi_offline.plugins.gcp.members import ProjectMember
from pulumi_offline.plugins.kind import Kind

NO_AWS = AwsApi(endpoints={}, region="us-east-1", key="k", secret="s", session=None)
NO_GOOGLE = GoogleApi(
    endpoints=Endpoints(iam="", service_usage="", resource_manager="", big_query="", billing=""),
    project="p",
    attribution=False,
    batch_seconds=0,
    token="t",
)


@pytest.mark.parametrize(
    ("kind_ids", "written", "whole"),
    [
        (ids.PROJECT, "projects/p", "p"),
        (ids.SERVICE, "p/iam.googleapis.com", "p/iam.googleapis.com"),
        (ids.ACCOUNT, "a@p.iam.gserviceaccount.com", "projects/p/serviceAccounts/a@p.iam.gserviceaccount.com"),
        (ids.POOL, "q/one", "projects/q/locations/global/workloadIdentityPools/one"),
        (ids.PROVIDER, "one/aws", "projects/p/locations/global/workloadIdentityPools/one/providers/aws"),
        (ids.DATASET, "d", "projects/p/datasets/d"),
        (ids.TABLE, "q/d/t", "projects/q/datasets/d/tables/t"),
    ],
)
def test_an_import_may_write_an_id_shorter_and_the_engine_keeps_it_whole(
    kind_ids: ids.Ids, written: str, whole: str
) -> None:
    assert kind_ids.whole(kind_ids.parts(written, project="p")) == whole
    assert kind_ids.whole(kind_ids.parts(whole, project=None)) == whole


@pytest.mark.parametrize("written", ["a/b/c/d", "", "projects/p/dataset/d", "d/", "d e"])
def test_an_id_of_no_known_form_is_refused_with_the_forms(written: str) -> None:
    with pytest.raises(PluginError, match=r"can't be imported; write projects/\{project\}/datasets/\{datasetId\} or"):
        ids.DATASET.parts(written, project="p")
    with pytest.raises(PluginError, match="can't be imported"):
        ids.DATASET.parts("d", project=None)


@pytest.mark.parametrize(
    ("kind", "written", "form"),
    [
        (ProjectMember(NO_GOOGLE), "p roles/viewer", '"{project} ROLE MEMBER"'),
        (ProjectMember(NO_GOOGLE), "a/b/c roles/viewer user:b@x", "{project}"),
        (RolePolicy(NO_AWS), "role", "ROLE:POLICY"),
        (RolePolicyAttachment(NO_AWS), "role/policy", "ROLE/POLICY_ARN"),
        (Alias(NO_AWS), "function:alias", "FUNCTION/ALIAS"),
        (Permission(NO_AWS), "statement", "FUNCTION[:QUALIFIER]/STATEMENT"),
        (EventRule(NO_AWS), "/rule", "NAME or BUS/NAME"),
        (EventTarget(NO_AWS), "target", "RULE/TARGET or BUS/RULE/TARGET"),
    ],
)
def test_an_id_that_cant_be_imported_is_refused_before_anything_is_asked(kind: Kind, written: str, form: str) -> None:
    with pytest.raises(PluginError, match=re.escape(form)):
        kind.read(written, {})
