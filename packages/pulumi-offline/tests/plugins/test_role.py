"""How long the deletion of a role waits for that of its policies."""

from __future__ import annotations

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from pulumi_offline.plugins.aws import iam
from pulumi_offline.plugins.aws.api import AwsApi
from pulumi_offline.plugins.errors import ServiceError


class Iam:
    """An IAM that gives these answers to DeleteRole, one after the other; an empty one is no refusal."""

    def __init__(self, *codes: str) -> None:
        self.codes = list(codes)

    def client(self, _: str) -> Any:
        return self

    def delete_role(self, **_: str) -> None:
        if code := self.codes.pop(0):
            answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 409}}
            raise ClientError(cast("Any", answer), "DeleteRole")


def remove(api: Iam) -> None:
    iam.Role(cast("AwsApi", api)).remove("reader", {})


def test_a_role_whose_policies_are_being_deleted_is_deleted_after_them_and_one_that_keeps_them_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    patient = Iam("DeleteConflict", "DeleteConflict", "")
    remove(patient)
    assert patient.codes == []
    monkeypatch.setattr(iam, "CONFLICT_SECONDS", 0.0)
    with pytest.raises(ServiceError, match="DeleteConflict"):
        remove(Iam("DeleteConflict", "DeleteConflict", "DeleteConflict"))


def test_another_refusal_is_not_asked_again() -> None:
    refusing = Iam("AccessDenied", "")
    with pytest.raises(ServiceError, match="AccessDenied"):
        remove(refusing)
    assert refusing.codes == [""]
