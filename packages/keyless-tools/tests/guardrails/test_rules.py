"""What each rule about Google lets through and what it doesn't, where the two are close together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from keyless_bigquery.trust.names import ROLE_ATTRIBUTE
from keyless_bigquery.trust.trust import TrustChain, attribute_condition, attribute_mapping
from keyless_tools.guardrails.model import UNKNOWN, Finding
from keyless_tools.guardrails.rules.grants import NO_AUTHORITATIVE_IAM, NO_BROAD_ROLE, NO_OPEN_MEMBER
from keyless_tools.guardrails.rules.keys import NO_KEY
from keyless_tools.guardrails.rules.providers import MAPPED_ATTRIBUTE, PROVIDER_HAS_CONDITION
from tests.guardrails.judging import breaks, found, is_open, resource
from tests.guardrails.programs.parts import ACCOUNT, POOL, ROLE

PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
MEMBER = "gcp:serviceaccount/iAMMember:IAMMember"
CHAIN = TrustChain(aws_account_id="210987654321", role_name="Reader", function_name="reader")


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("gcp:serviceaccount/key:Key", True),
        ("gcp:serviceAccount/key:Key", True),
        ("google-native:iam/v1:Key", True),
        ("gcp:kms/cryptoKey:CryptoKey", False),
        ("gcp:serviceaccount/account:Account", False),
        ("aws:iam/accessKey:AccessKey", True),
        ("aws:iam/userLoginProfile:UserLoginProfile", True),
        ("aws:kms/key:Key", False),
    ],
)
def test_only_credentials_are_keys(kind: str, refused: bool) -> None:
    assert breaks(NO_KEY, kind) is refused


@pytest.mark.parametrize(
    ("member", "refused"),
    [
        (f"principalSet://iam.googleapis.com/{POOL}/*", True),
        (f"principalSet://iam.googleapis.com/{POOL}/* ", True),
        ("principalSet://iam.googleapis.com/locations/global/workforcePools/staff/*", True),
        (f"principalSet://iam.googleapis.com/{POOL}/attribute.aws_role/{ROLE}", False),
        (f"principal://iam.googleapis.com/{POOL}/subject/{ROLE}/reader", False),
        (f"serviceAccount:{ACCOUNT}", False),
        ("allUsers", True),
        ("allusers", True),
        ("allAuthenticatedUsers", True),
    ],
)
@pytest.mark.parametrize("form", ["member", "members", "policy", "dataset"])
def test_an_open_member_is_seen_in_every_form_of_grant(member: str, refused: bool, form: str) -> None:
    forms: dict[str, tuple[str, dict[str, Any]]] = {
        "member": (MEMBER, {"member": member}),
        "members": ("gcp:projects/iAMBinding:IAMBinding", {"members": [f"serviceAccount:{ACCOUNT}", member]}),
        "policy": (
            "gcp:projects/iAMPolicy:IAMPolicy",
            {"policyData": json.dumps({"bindings": [{"role": "roles/x", "members": [member]}]})},
        ),
        "dataset": ("gcp:bigquery/dataset:Dataset", {"accesses": [{"role": "READER", "iamMember": member}]}),
    }
    kind, inputs = forms[form]
    assert breaks(NO_OPEN_MEMBER, kind, **inputs) is refused


def test_words_are_no_members() -> None:
    assert not breaks(NO_OPEN_MEMBER, "gcp:projects/service:Service", description="not for allUsers", service="x")
    assert not breaks(NO_OPEN_MEMBER, "aws:iam/role:Role", name="allUsers")
    assert not breaks(NO_OPEN_MEMBER, MEMBER, member="{ not JSON")


@pytest.mark.parametrize("inputs", [{"member": UNKNOWN}, {"members": [UNKNOWN]}, {"members": UNKNOWN}])
def test_a_member_that_is_not_known_yet_is_open(inputs: dict[str, Any]) -> None:
    assert is_open(NO_OPEN_MEMBER, MEMBER, **inputs)
    assert not found(NO_OPEN_MEMBER, MEMBER, serviceAccountId=UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "role", "refused"),
    [
        ("gcp:projects/iAMMember:IAMMember", "roles/owner", True),
        ("gcp:projects/iAMMember:IAMMember", "roles/Owner", True),
        ("gcp:projects/iAMMember:IAMMember", "roles/reader", True),
        ("gcp:projects/iAMMember:IAMMember", "roles/bigquery.jobUser", False),
        ("gcp:projects/iAMMember:IAMMember", "roles/bigquery.dataViewer", True),
        ("gcp:projects/iAMMember:IAMMember", "roles/bigquery.dataEditor", True),
        ("gcp:folder/iAMMember:IAMMember", "roles/bigquery.dataViewer", True),
        ("gcp:projects/iAMMember:IAMMember", "roles/bigquery.metadataViewer", False),
        ("gcp:bigquery/datasetAccess:DatasetAccess", "roles/bigquery.dataViewer", False),
        ("gcp:bigquery/datasetAccess:DatasetAccess", "roles/bigquery.dataOwner", True),
        ("gcp:bigquery/iamMember:IamMember", "roles/bigquery.dataViewer", False),
        ("gcp:bigquery/iamMember:IamMember", "roles/bigquery.dataOwner", True),
        ("gcp:folder/iAMMember:IAMMember", "roles/resourcemanager.folderIamAdmin", True),
        (MEMBER, "roles/iam.workloadIdentityUser", False),
        ("gcp:projects/iAMMember:IAMMember", "roles/iam.workloadIdentityUser", True),
        (MEMBER, "roles/iam.serviceAccountTokenCreator", True),
        (MEMBER, "projects/p/roles/mine", False),
    ],
)
def test_a_role_that_opens_more_than_is_used_is_refused(kind: str, role: str, refused: bool) -> None:
    assert breaks(NO_BROAD_ROLE, kind, role=role) is refused


@pytest.mark.parametrize(
    ("permission", "refused"),
    [
        ("iam.serviceAccounts.getAccessToken", True),
        ("iam.serviceAccounts.actAs", True),
        ("iam.serviceAccounts.signBlob", True),
        ("iam.serviceAccountKeys.create", True),
        ("resourcemanager.projects.setIamPolicy", True),
        ("bigquery.tables.setIamPolicy", True),
        ("iam.serviceAccounts.get", False),
        ("bigquery.tables.getData", False),
        ("resourcemanager.projects.getIamPolicy", False),
    ],
)
def test_a_custom_role_is_judged_by_its_permissions(permission: str, refused: bool) -> None:
    kind = "gcp:projects/iAMCustomRole:IAMCustomRole"
    assert breaks(NO_BROAD_ROLE, kind, permissions=["bigquery.jobs.create", permission]) is refused


def test_a_role_that_is_not_known_yet_is_open() -> None:
    assert is_open(NO_BROAD_ROLE, MEMBER, role=UNKNOWN)


@pytest.mark.parametrize(
    ("kind", "refused"),
    [
        ("gcp:projects/iAMBinding:IAMBinding", True),
        ("gcp:projects/iAMPolicy:IAMPolicy", True),
        ("gcp:projects/iAMMember:IAMMember", False),
        ("gcp:projects/iamMemberRemove:IamMemberRemove", True),
        ("gcp:projects/iAMCustomRole:IAMCustomRole", False),
        ("gcp:bigquery/datasetIamBinding:DatasetIamBinding", True),
        ("gcp:bigquery/datasetIamPolicy:DatasetIamPolicy", True),
        ("gcp:bigquery/datasetIamMember:DatasetIamMember", True),
        ("gcp:bigquery/datasetAccess:DatasetAccess", False),
        ("gcp:bigquery/dataset:Dataset", False),
        ("gcp:secretmanager/secretIamBinding:SecretIamBinding", True),
        ("gcp:iam/denyPolicy:DenyPolicy", False),
        ("aws:iam/policyAttachment:PolicyAttachment", True),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", False),
        ("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", True),
    ],
)
def test_what_owns_a_whole_list_of_grants_is_distinguished_from_what_adds_to_it(kind: str, refused: bool) -> None:
    assert breaks(NO_AUTHORITATIVE_IAM, kind) is refused


def test_a_dataset_leaves_its_access_list_alone() -> None:
    assert not breaks(NO_AUTHORITATIVE_IAM, "gcp:bigquery/dataset:Dataset", datasetId="d", accesses=[])
    assert breaks(NO_AUTHORITATIVE_IAM, "gcp:bigquery/dataset:Dataset", accesses=[{"role": "READER"}])


@pytest.mark.parametrize(
    ("condition", "refused"),
    [
        (attribute_condition([CHAIN]), False),
        (None, True),
        ("", True),
        ("  ", True),
        ("true", True),
        ("( true )", True),
        ("true && assertion.account == '1'", False),
    ],
)
def test_a_provider_needs_a_condition_that_says_something(condition: str | None, refused: bool) -> None:
    assert breaks(PROVIDER_HAS_CONDITION, PROVIDER, attributeCondition=condition) is refused


def test_a_condition_that_is_not_known_yet_is_open() -> None:
    assert is_open(PROVIDER_HAS_CONDITION, PROVIDER, attributeCondition=UNKNOWN)
    assert not found(PROVIDER_HAS_CONDITION, MEMBER)


def attribute(last: str, *, pool: Any = "readers", count: int = 1, **inputs: Any) -> list[Finding]:
    """What is found in a binding next to providers."""
    provider = resource(PROVIDER, "provider", workloadIdentityPoolId=pool, **inputs)
    binding = resource(MEMBER, "binding", member=f"principalSet://iam.googleapis.com/{POOL}/{last}")
    return [finding for _, finding in MAPPED_ATTRIBUTE.judge([binding, *[provider] * count])]


@pytest.mark.parametrize(
    ("last", "inputs", "says"),
    [
        (f"attribute.{ROLE_ATTRIBUTE}/{ROLE}", {"attributeMapping": attribute_mapping()}, None),
        (f"attribute.aws_role/{ROLE}", {"aws": {"accountId": "2"}}, None),
        (f"attribute.aws_role/{ROLE}", {"aws": {"accountId": "2"}, "attributeMapping": {}}, None),
        (f"attribute.aws_role/{ROLE}", {"oidc": {}}, "maps only nothing"),
        (f"attribute.role/{ROLE}", {"attributeMapping": attribute_mapping()}, "attribute.role, and provider maps only"),
        (f"attribute.aws_role2/{ROLE}", {"attributeMapping": attribute_mapping()}, "maps only"),
        ("attribute.aws_role/", {"attributeMapping": attribute_mapping()}, "an empty value"),
        ("group/admins", {"attributeMapping": attribute_mapping()}, "google.groups, and"),
        ("group/admins", {"attributeMapping": {**attribute_mapping(), "google.groups": "['admins']"}}, None),
        ("attribute.a/2", {"attributeMapping": {"attribute.a": " assertion.account"}}, "which is the account"),
        ("*", {"attributeMapping": {}}, None),
    ],
)
def test_a_binding_names_an_attribute_that_the_provider_maps(
    last: str, inputs: dict[str, Any], says: str | None
) -> None:
    findings = attribute(last, **inputs)
    if says is None:
        assert findings == []
    else:
        assert [says in finding.actual and finding.certain for finding in findings] == [True]


def test_a_binding_to_a_pool_that_is_not_in_the_stack_is_not_judged() -> None:
    assert attribute("attribute.x/1", pool="another", attributeMapping=attribute_mapping()) == []
    assert attribute("attribute.x/1", count=0) == []


@pytest.mark.parametrize(
    "inputs",
    [{"attributeMapping": UNKNOWN}, {"pool": UNKNOWN, "attributeMapping": {"google.subject": "assertion.arn"}}],
)
def test_a_mapping_that_is_not_known_yet_is_open(inputs: dict[str, Any]) -> None:
    assert [finding.certain for finding in attribute("attribute.x/1", **inputs)] == [False]
    assert attribute("attribute.x/1", pool=UNKNOWN, attributeMapping={"attribute.x": "assertion.arn"}) == []
