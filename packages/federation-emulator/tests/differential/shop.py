"""Two projects with equal dataset and table names: each table has words that no other has."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from federation_emulator.core.config import DEPLOYER
from tests.differential.gateway import Asked, Gateway, Place
from tests.emulator.google_server import PROJECT, SECOND_PROJECT

READER = f"differential@{PROJECT}.iam.gserviceaccount.com"
PROJECTS = (PROJECT, SECOND_PROJECT)
DATASETS = ("shop", "vault")
TABLES = ("orders", "secret", "day_1", "day_2", "order", "tablé", "a b")
VIEWS = {
    "seen": "SELECT id, word FROM `{project}.shop.orders`",
    "seen_twice": "SELECT id, word FROM `{project}`.shop.seen",
    "abroad": "SELECT s.id, s.word FROM (SELECT id, word FROM `{other}.vault.secret`) s",
    "abroad_twice": "SELECT * FROM `{other}.shop.seen`",
}
"""Views of the dataset ``shop`` of each project."""

_WORD = re.compile(r"word[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What was made.

    Attributes:
        words: The word of each table's rows → the table.
        reader: A token of who may create jobs in both projects, and read the first one's ``shop.orders`` alone.
    """

    words: dict[str, Place]
    reader: str

    def tables_of(self, text: str) -> set[Place]:
        """Find the tables whose words are in a text."""
        return {self.words[word] for word in _WORD.findall(text) if word in self.words}


def make_shop(gateway: Gateway) -> Shop:
    """Make both projects' tables and views."""
    names = ["iam", "iamcredentials", "bigquery", "cloudresourcemanager"]
    for project in PROJECTS:
        enable = {"serviceIds": [f"{name}.googleapis.com" for name in names]}
        gateway.done("POST", "/v1/projects/{project}/services:batchEnable", enable, project=project)
        for dataset in DATASETS:
            body = {"datasetReference": {"datasetId": dataset}, "location": "US"}
            gateway.done("POST", "/bigquery/v2/projects/{project}/datasets", body, project=project)
    places = [(project, dataset, table) for project in PROJECTS for dataset in DATASETS for table in TABLES]
    words = make_tables(gateway, places)
    for views in (("seen", "seen_twice"), ("abroad", "abroad_twice")):
        for project, other in (PROJECTS, PROJECTS[::-1]):
            for name in views:
                _make_view(gateway, project, name, VIEWS[name].format(project=project, other=other))
    return Shop(words=words, reader=_make_reader(gateway))


def remove_shop(gateway: Gateway) -> None:
    """Remove both projects' datasets: other tests use the engine too."""
    for project in PROJECTS:
        for dataset in DATASETS:
            path = f"/bigquery/v2/projects/{{project}}/datasets/{dataset}?deleteContents=true"
            gateway.done("DELETE", path, project=project)


def make_tables(gateway: Gateway, places: Iterable[Place]) -> dict[str, Place]:
    """Make tables, or make them again, each with rows of a word of its own; return word → table."""
    words = {f"word{secrets.token_hex(6)}": place for place in places}
    made = gateway.ask(
        Asked(sql=f"CREATE OR REPLACE TABLE `{'.'.join(place)}` AS {_rows(place[0], word)}")
        for word, place in words.items()
    )
    assert all(each.status == 200 for each in made), made
    return words


def _rows(project: str, word: str) -> str:
    """Write the rows of a table as a query: the projects' tables have different columns."""
    more = "id AS n, DATE '2024-01-02' AS d" if project == PROJECT else "0.5 AS amount, id AS k"
    return f"SELECT id, '{word}' AS word, {more}, ['{word}', 'x'] AS tags FROM UNNEST([0, 1, 2]) AS id"


def _make_view(gateway: Gateway, project: str, name: str, query: str) -> None:
    path = "/bigquery/v2/projects/{project}/datasets/shop/tables"
    view = {"query": query, "useLegacySql": False}
    gateway.done("POST", path, {"tableReference": {"tableId": name}, "view": view}, project=project)


def _make_reader(gateway: Gateway) -> str:
    gateway.done("POST", "/v1/projects/{project}/serviceAccounts", {"accountId": READER.partition("@")[0]})
    account = f"/v1/projects/{{project}}/serviceAccounts/{READER}"
    member = f"serviceAccount:{READER}"
    grants = [
        (account, "roles/iam.serviceAccountTokenCreator", DEPLOYER, PROJECT),
        ("/v1/projects/{project}", "roles/bigquery.jobUser", member, PROJECT),
        ("/v1/projects/{project}", "roles/bigquery.jobUser", member, SECOND_PROJECT),
        (
            "/bigquery/v2/projects/{project}/datasets/shop/tables/orders",
            "roles/bigquery.dataViewer",
            member,
            PROJECT,
        ),
    ]
    for path, role, holder, project in grants:
        policy = gateway.done("POST", f"{path}:getIamPolicy", project=project)
        binding = {"role": role, "members": [holder]}
        policy["bindings"] = [*policy.get("bindings", []), binding]
        gateway.done("POST", f"{path}:setIamPolicy", {"policy": policy}, project=project)
    scope = {"scope": ["https://www.googleapis.com/auth/cloud-platform"]}
    token: str = gateway.done("POST", f"/v1/projects/-/serviceAccounts/{READER}:generateAccessToken", scope)[
        "accessToken"
    ]
    return token
