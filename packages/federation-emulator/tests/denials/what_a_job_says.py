"""Tokens of GitHub's issuer: of another repository, owner, branch, environment or event than the provider admits."""

from __future__ import annotations

from functools import cache
from typing import Any

from federation_emulator.client.issuer import GITHUB, Issuer, github_claims
from federation_emulator.core.trace import Link, Part
from tests.denials.case import By, Case, Step
from tests.denials.impersonation import denied
from tests.denials.world import World
from tests.emulator.chain import ACCOUNT_PATH, POOL_NAME
from tests.emulator.identity import AUDIENCE, make_provider

_MAPPING = {"google.subject": "assertion.sub", "attribute.repository_id": "assertion.repository_id"}
_CONDITION = (
    "assertion.repository_id == '74' && assertion.repository_owner_id == '65'"
    " && assertion.ref == 'refs/heads/main' && has(assertion.environment) && assertion.environment in ['production']"
    " && assertion.job_workflow_ref.startsWith('octo/app/.github/workflows/deploy.yml@')"
)
_SUBJECT = "repo:octo@65/app@74:environment:production"
_MEMBER = f"principal://iam.googleapis.com/{POOL_NAME}/subject/{_SUBJECT}"


@cache
def _issuer() -> Issuer:
    return Issuer(GITHUB, algorithms=("RS256",))


def _job(repository: str = "octo/app", **changes: Any) -> Step:
    """Send the token of a job that differs."""

    def step(world: World) -> None:
        asked = {"environment": "production", "immutable": True, **changes}
        claims = github_claims(repository, audience=f"https:{AUDIENCE}", now=world.google.clock.now(), **asked)
        world.token = lambda: _issuer().token(claims)

    return step


def _sent(step: Step) -> Step:
    """Deploy the provider for one repository, bind its jobs in the environment, and send a token."""

    def wrong(world: World) -> None:
        oidc = {"issuerUri": GITHUB, "jwksJson": _issuer().key_set()}
        make_provider(world.google, oidc, attributeMapping=_MAPPING, attributeCondition=_CONDITION)
        world.chain.grant(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", _MEMBER)
        step(world)

    return wrong


_BY = By(
    *(Link.TOKEN_EXCHANGE, Part.CONDITION, "the provider's attribute condition must be true"),
    *(400, "unauthorized_client", "The given credential is rejected by the attribute condition."),
)
_RIGHT = _job()
_OTHER = {"repository_owner_id": "66", "repository_id": "75"}

CASES: tuple[Case, ...] = (
    _BY("another repository, where a job", "the right one", _sent(_job("octo/other", repository_id="75")), _RIGHT),
    _BY("a fork, where a job", "the repository itself", _sent(_job("other/app", **_OTHER)), _RIGHT),
    _BY(
        "a re-used name, where a job",
        "the same owner's",
        _sent(_job(**_OTHER)),
        _RIGHT,
        actual="repository_owner_id = '66'",
    ),
    _BY("another branch, where a job", "main", _sent(_job(branch="main-2")), _RIGHT),
    _BY("a tag, where a job", "a branch", _sent(_job(ref="refs/tags/main")), _RIGHT),
    _BY("another environment, where a job", "the right one", _sent(_job(environment="production-2")), _RIGHT),
    _BY("no environment, where a job", "the right one", _sent(_job(environment="")), _RIGHT),
    _BY(
        "another workflow, where a job",
        "the right one",
        _sent(_job(job_workflow_ref="octo/app/.github/workflows/test.yml@refs/heads/main")),
        _RIGHT,
    ),
    denied("a job's subject without numbers", _sent(_job(immutable=False)), _RIGHT, change="with numbers"),
)
