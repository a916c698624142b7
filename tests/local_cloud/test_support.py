"""The table of what is served names every route, and no other."""

from __future__ import annotations

import re

from infra.program import ROOT
from local_cloud.app import _ROUTES

SECTIONS = {
    "## IAM: pools and providers": "/v1/projects/{project}/locations/global/workloadIdentityPools",
    "## IAM: service accounts": "/v1/projects/{project}/serviceAccounts",
    "## BigQuery": "/bigquery/v2/projects/{project}",
}


def named() -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    prefix = ""
    for line in (ROOT / "local_cloud" / "SUPPORT.md").read_text().splitlines():
        if line.startswith("## "):
            prefix = SECTIONS.get(line, "")
        if line.startswith("| `"):
            methods = re.findall(r"`(GET|POST|PUT|PATCH|DELETE) ([^`]+)`", line.split("|")[1])
            found |= {(method, path.replace("…", prefix, 1)) for method, path in methods}
    return found


def test_the_table_names_every_route_and_no_other() -> None:
    served = {(method, path.replace(":name}", "}")) for method, path, _handler in _ROUTES}
    assert named() == served
