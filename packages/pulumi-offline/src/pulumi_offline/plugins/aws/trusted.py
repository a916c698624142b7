"""What an administrator of an account makes once: issuers of tokens that it trusts, and managed policies of its own.

Requests: https://docs.aws.amazon.com/IAM/latest/APIReference/
"""

from __future__ import annotations

from typing import Any

from pulumi_offline.plugins.aws.base import AwsKind, tag_list, tag_map
from pulumi_offline.plugins.aws.iam import document_fault, live_document, same_document
from pulumi_offline.plugins.kind import Edit, Inputs, named
from pulumi_offline.plugins.values import Properties

_MOST_VERSIONS = 5
"""IAM quotas: versions of one managed policy."""


class OpenIdConnectProvider(AwsKind):
    """An issuer of OIDC tokens. Its id is its ARN. Whom the tokens are for can't be changed here."""

    resource_type = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
    service = "iam"
    inputs = Inputs(replace=named("url"), kept=named("clientIdLists thumbprintLists"), defaults={"tags": {}})
    import_id = (r"(?P<OpenIDConnectProviderArn>arn:.+)", "ARN")
    deletes = "delete_open_id_connect_provider"

    def make(self, inputs: Properties) -> str:
        """CreateOpenIDConnectProvider."""
        answer = self._ask(
            "create_open_id_connect_provider",
            Url=inputs["url"],
            ClientIDList=inputs["clientIdLists"],
            ThumbprintList=inputs.get("thumbprintLists", []),
            Tags=tag_list(inputs.get("tags", {})),
        )
        return str(answer["OpenIDConnectProviderArn"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetOpenIDConnectProvider, which answers the URL without its scheme."""
        del state
        live = self._find("get_open_id_connect_provider", OpenIDConnectProviderArn=resource_id)
        if live is None:
            return None
        tags = tag_map(live.get("Tags", []))
        return {
            "url": f"https://{live['Url'].removeprefix('https://')}",
            "clientIdLists": live["ClientIDList"],
            "thumbprintLists": live.get("ThumbprintList", []),
            "tags": tags,
            "tagsAll": tags,
            "arn": resource_id,
        }


class Policy(AwsKind):
    """A managed policy of the account's own. Its id is its ARN."""

    resource_type = "aws:iam/policy:Policy"
    service = "iam"
    inputs = Inputs(
        replace=named("name path description"),
        defaults={"description": "", "path": "/", "tags": {}},
        kept=named("policy"),
    )
    autoname = "name"
    import_id = (r"(?P<PolicyArn>arn:.+)", "ARN")

    def check(self, inputs: Properties) -> dict[str, str]:
        """The document must be a JSON object."""
        reason = document_fault(inputs.get("policy"))
        return {"policy": reason} if reason else {}

    def same(self, name: str, old: Any, new: Any) -> bool:  # noqa: ANN401 (any JSON-like value)
        """Documents are compared as JSON."""
        return same_document(old, new) if name == "policy" else super().same(name, old, new)

    def make(self, inputs: Properties) -> str:
        """CreatePolicy."""
        answer = self._ask(
            "create_policy",
            PolicyName=inputs["name"],
            Path=inputs.get("path", "/"),
            Description=inputs.get("description", ""),
            PolicyDocument=inputs["policy"],
            Tags=tag_list(inputs.get("tags", {})),
        )
        return str(answer["Policy"]["Arn"])

    def read(self, resource_id: str, state: Properties) -> Properties | None:
        """GetPolicy, and GetPolicyVersion of the default one."""
        answer = self._find("get_policy", PolicyArn=resource_id)
        if answer is None:
            return None
        live = answer["Policy"]
        version = self._ask("get_policy_version", PolicyArn=resource_id, VersionId=live["DefaultVersionId"])
        tags = tag_map(live.get("Tags", []))
        return {
            "name": live["PolicyName"],
            "path": live.get("Path", "/"),
            "description": live.get("Description", ""),
            "policy": live_document(version["PolicyVersion"]["Document"], before=state.get("policy")),
            "tags": tags,
            "tagsAll": tags,
            "arn": live["Arn"],
            "policyId": live["PolicyId"],
            "attachmentCount": live.get("AttachmentCount", 0),
        }

    def change(self, edit: Edit) -> None:
        """CreatePolicyVersion, once the oldest version has made room."""
        if "policy" in edit.changes:
            others = self._other_versions(edit.id)
            if len(others) + 1 >= _MOST_VERSIONS:
                self._ask("delete_policy_version", PolicyArn=edit.id, VersionId=others[0])
            self._ask(
                "create_policy_version", PolicyArn=edit.id, PolicyDocument=edit.inputs["policy"], SetAsDefault=True
            )

    def remove(self, resource_id: str, state: Properties) -> None:
        """DeletePolicy, which takes one that has a single version."""
        del state
        for version in self._other_versions(resource_id):
            self._find("delete_policy_version", PolicyArn=resource_id, VersionId=version)
        self._find("delete_policy", PolicyArn=resource_id)

    def _other_versions(self, arn: str) -> list[str]:
        """The versions that are not the default one, the oldest first."""
        versions = self._pages("list_policy_versions", "Versions", PolicyArn=arn)
        others = [one["VersionId"] for one in versions if not one["IsDefaultVersion"]]
        return sorted(others, key=lambda version: int(version.removeprefix("v")))
