"""The project to whose account a call goes: the one that a header names, or the credential's own.

Source: Google Cloud, "Quota project overview" and "Set the quota project".
"""

from __future__ import annotations

from starlette.requests import Request

from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import ApiError, error_info, invalid_argument
from federation_emulator.core.permission_names import USE_SERVICES
from federation_emulator.core.permissions import Grant, decide
from federation_emulator.core.projects import Project
from federation_emulator.core.tokens import Token, TokenKind
from federation_emulator.core.trace import Part, Trail, refuse

HEADER = "x-goog-user-project"
_PARAMETER = "$userProject"


def consumer_of(cloud: Cloud, token: Token) -> Project:
    """Return the project to whose account a call goes where the resource doesn't say: the credential's own.

    That of the pool for a federated token, of the service account for its access token (Google Cloud, "Quota project
    overview"); the deployer's is the main one.
    """
    if token.kind is TokenKind.FEDERATED:
        found = cloud.find_project(token.principal.pool.split("/")[1])
    else:
        account = cloud.accounts.get(token.principal.unique_id)
        found = cloud.find_project(account.project_id) if account else None
    return found or cloud.main_project


def check_user_project(cloud: Cloud, request: Request, token: Token, trail: Trail) -> None:
    """Insist that the caller may use the project that the request names as its quota project, if it names one.

    Raises:
        Refused: 403, the project isn't there or the caller holds no ``serviceusage.services.use`` on it.
        ApiError: 400, more than one project is named.
    """
    named = {*request.headers.getlist(HEADER), *request.query_params.getlist(_PARAMETER)} - {""}
    if not named:
        return
    if len(named) > 1:
        raise invalid_argument(f"The request names {len(named)} quota projects in {HEADER} and {_PARAMETER}.")
    name = named.pop()
    project = cloud.find_project(name.removeprefix("projects/"))
    policies = cloud.project_policies(project) if project else []
    verdict = decide(token.principal, USE_SERVICES, policies, now=trail.now)
    if isinstance(verdict, Grant):
        trail.passed(Part.PERMISSION, f"{USE_SERVICES}, for the quota project", verdict.sentence())
        return
    refuse(
        Part.PERMISSION,
        rule=f"{USE_SERVICES} is needed on the quota project that {HEADER} names",
        actual=verdict.actual if project else f"there is no project {name}",
        expected=verdict.expected if project else "a project that exists here",
        fix="leave the header out (quota_project_id in the credentials), or grant the expected role",
        answer=ApiError(
            403,
            "PERMISSION_DENIED",
            f"Caller does not have required permission to use project {name:.200}. Grant the caller the "
            f"roles/serviceusage.serviceUsageConsumer role, or a custom role with the {USE_SERVICES} permission, by "
            f"visiting https://console.developers.google.com/iam-admin/iam/project?project={name:.200} and then retry. "
            "Propagation of the new permission may take a few minutes.",
            reason="forbidden",
            details=[error_info("USER_PROJECT_DENIED", consumer=f"projects/{name:.200}")],
        ),
    )
