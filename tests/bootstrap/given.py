"""The settings that the tests of bootstrap begin with, and the tokens that GitHub would sign."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from bootstrap.settings import KEYS, Settings
from bootstrap.subjects import MAIN
from pulumi_offline.engine.pins import ROOT

PROGRAM: Path = ROOT / "bootstrap" / "__main__.py"
ACCOUNT = "210987654321"
BUCKET_URL = "s3://acme-state?region=us-east-1"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11112222-3333-4444-5555-666677778888"

DECLARED = yaml.safe_load((ROOT / "bootstrap" / "Pulumi.yaml").read_text())["config"]
DEFAULTS: Mapping[str, str] = {key: entry["default"] for key, entry in DECLARED.items()}
REQUIRED = {
    "repository": "acme/reports",
    "repositoryId": "456789",
    "ownerId": "123456",
    "googleProject": "acme-reports",
    "awsAccountId": ACCOUNT,
    "backendUrl": BUCKET_URL,
}
GIVEN = {**DEFAULTS, **REQUIRED}


def settings(stack: str = "prod", **changed: str) -> Settings:
    assert set(changed) <= set(KEYS)
    return Settings.read({**GIVEN, **changed}, stack=stack)


def token(
    what: str,
    *,
    ref: str = MAIN,
    owner: tuple[str, str] = ("acme", "123456"),
    name: tuple[str, str] = ("reports", "456789"),
    named: bool = False,
) -> dict[str, str]:
    """The claims that matter of a token that GitHub signs.

    Args:
        what: the subject's end, such as ``environment:prod``.
        ref: the branch, or the merge ref of a pull request.
        owner: name and number.
        name: name and number.
        named: The repository is older than numbered subjects.
    """
    repository = f"{owner[0]}/{name[0]}" if named else f"{owner[0]}@{owner[1]}/{name[0]}@{name[1]}"
    return {
        "iss": "https://token.actions.githubusercontent.com",
        "aud": "sts.amazonaws.com",
        "sub": f"repo:{repository}:{what}",
        "ref": ref,
        "repository": f"{owner[0]}/{name[0]}",
        "repository_id": name[1],
        "repository_owner_id": owner[1],
    }


PULL_REQUEST = "refs/pull/7/merge"

JOBS: Mapping[str, tuple[dict[str, str], set[str]]] = {
    "a pull request's job looks": (token("pull_request", ref=PULL_REQUEST), {"preview"}),
    "main without an environment looks": (token(f"ref:{MAIN}"), {"preview"}),
    "main in the environment deploys": (token("environment:prod"), {"preview", "deploy"}),
    "another branch does nothing": (token("ref:refs/heads/mine", ref="refs/heads/mine"), set()),
    "a branch that is called like main does nothing": (token(f"ref:{MAIN}-2", ref=f"{MAIN}-2"), set()),
    "a tag does nothing": (token("ref:refs/tags/v1", ref="refs/tags/v1"), set()),
    "the same name with another number does nothing": (
        token("environment:prod", name=("reports", "999999")),
        set(),
    ),
    "the same owner's name with another number does nothing": (
        token("environment:prod", owner=("acme", "999999")),
        set(),
    ),
    "another repository of the owner does nothing": (token("environment:prod", name=("other", "456780")), set()),
    "a name that only begins alike does nothing": (token("environment:prod", name=("reports-2", "4567890")), set()),
}
"""What each job's token opens, on both sides alike."""
