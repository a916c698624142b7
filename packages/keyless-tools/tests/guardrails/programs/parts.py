"""What the programs have in common."""

from __future__ import annotations

import json
from typing import Any

PROJECT = "my-project"
ACCOUNT = f"reader@{PROJECT}.iam.gserviceaccount.com"
POOL = "projects/123456789012/locations/global/workloadIdentityPools/readers"
ROLE = "arn:aws:sts::210987654321:assumed-role/Reader"


def statement(**parts: Any) -> dict[str, Any]:
    return {"Effect": "Allow", **parts}


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*principals: dict[str, Any]) -> str:
    return document(*(statement(Principal=one, Action="sts:AssumeRole") for one in principals))
