"""Who is calling, whether the API is enabled, and whether the caller holds the permission. In that order.

Google answers 401 before 403, and a disabled API before a missing permission. Sources for the quota project: Google
Cloud, "Quota project overview" and "Set the quota project".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NoReturn

from starlette.requests import Request

from federation_emulator.core.config import Project
from federation_emulator.core.context import Cloud
from federation_emulator.core.errors import (
    MISSING_CREDENTIALS,
    ApiError,
    error_info,
    invalid_argument,
    permission_denied,
    service_disabled,
    unauthenticated,
)
from federation_emulator.core.http import google_method
from federation_emulator.core.permission_names import USE_SERVICES
from federation_emulator.core.permissions import Grant, Policy, decide
from federation_emulator.core.tokens import Token, TokenKind
from federation_emulator.core.trace import Link, Part, Trail, refuse
from federation_emulator.services.iam.model import PoolState
from federation_emulator.services.service_usage.model import TITLES, service_key

_SCOPE = "https://www.googleapis.com/auth/"
CLOUD_PLATFORM = frozenset({_SCOPE + "cloud-platform"})
IAM_SCOPES = CLOUD_PLATFORM | {_SCOPE + "iam"}
BIGQUERY_SCOPES = CLOUD_PLATFORM | {_SCOPE + "bigquery"}
BIGQUERY_READ_SCOPES = BIGQUERY_SCOPES | {_SCOPE + "bigquery.readonly", _SCOPE + "cloud-platform.read-only"}
_QUOTA_HEADER = "x-goog-user-project"
_QUOTA_PARAMETER = "$userProject"


def authenticate(cloud: Cloud, request: Request, trail: Trail, *, scopes: frozenset[str]) -> Token:
    """Find out who presents the bearer token, and note it on the trail.

    Any one of the scopes must have been asked for when the token was made.

    Raises:
        Refused: 401 no token, an unknown or expired one, or one whose pool or service account no longer
            stands behind it; 403 a token with other scopes only, or a quota project that the caller may not use.
        ApiError: 400, a query parameter that the method hasn't got, or hasn't so.
    """
    token = _find(cloud, request)
    trail.principal, trail.parent = token.principal.member, token.decision
    if token.kind is TokenKind.FEDERATED:
        _check_pool(cloud, token)
    elif token.kind is TokenKind.ACCESS:
        _check_account(cloud, token)
    if token.scopes and not scopes & set(token.scopes):
        refuse(
            Part.TOKEN,
            rule="the token must have been made for a scope that covers this API",
            actual=" ".join(token.scopes),
            expected=" or ".join(sorted(scopes)),
            fix="ask for one of the expected scopes when the token is made",
            answer=ApiError(
                403,
                "PERMISSION_DENIED",
                "Request had insufficient authentication scopes.",
                reason="insufficientPermissions",
                details=[error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT")],
            ),
        )
    trail.passed(
        Part.TOKEN,
        "the bearer token is known and unexpired",
        f"{token.kind.value} token {token.fingerprint}, until {token.expires}",
    )
    _check_user_project(cloud, request, token, trail)
    if (method := google_method(request)) is not None:
        method.check_parameters(request.query_params.multi_items())
    return token


def _find(cloud: Cloud, request: Request) -> Token:
    headers = request.headers.getlist("authorization")
    if not headers:
        _refuse_token("no Authorization header", unauthenticated(MISSING_CREDENTIALS, reason="required"))
    scheme, _, presented = headers[0].partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not presented.strip():
        _refuse_token(f"{len(headers)} Authorization header(s), scheme {scheme[:20]!r}", unauthenticated())
    token = cloud.tokens.find(presented.strip())
    if token is None:
        _refuse_token("a token that was never issued here, or has expired", unauthenticated())
    return token


def _refuse_token(actual: str, error: ApiError) -> NoReturn:
    refuse(
        Part.TOKEN,
        rule="one bearer token, issued here and not yet expired",
        actual=actual,
        expected="Authorization: Bearer TOKEN",
        fix="exchange the credential again; tokens do not outlive their lifetime",
        answer=error,
    )


def _check_pool(cloud: Cloud, token: Token) -> None:
    # Google: disabling or deleting the pool stops tokens already issued; disabling the provider does not.
    pool = cloud.pools.get(token.principal.pool)
    state = PoolState.ABSENT if pool is None else pool.state(cloud.clock.now())
    if state is not PoolState.ACTIVE:
        refuse(
            Part.PRINCIPAL,
            rule="the pool that vouches for the token must be active and enabled",
            actual=f"{token.principal.pool} is {state.value}",
            expected=PoolState.ACTIVE.value,
            fix="undelete or enable the pool, or exchange the credential with another one",
            answer=unauthenticated(),
        )


def _check_account(cloud: Cloud, token: Token) -> None:
    account = cloud.accounts.get(token.principal.unique_id)
    if account is None or account.expire_time or account.disabled:
        actual = "deleted" if account is None or account.expire_time else "disabled"
        refuse(
            Part.PRINCIPAL,
            rule="the service account behind the token must exist and be enabled",
            actual=f"{token.principal.member} is {actual}",
            expected="an enabled account",
            fix="undelete or enable the account; a new one under the same e-mail is another account",
            answer=unauthenticated(),
        )


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


def _check_user_project(cloud: Cloud, request: Request, token: Token, trail: Trail) -> None:
    """Insist that the caller may use the project that the request names as its quota project, if it names one.

    Raises:
        Refused: 403, the project isn't there or the caller holds no ``serviceusage.services.use`` on it.
        ApiError: 400, more than one project is named.
    """
    named = {*request.headers.getlist(_QUOTA_HEADER), *request.query_params.getlist(_QUOTA_PARAMETER)} - {""}
    if not named:
        return
    if len(named) > 1:
        raise invalid_argument(
            f"The request names {len(named)} quota projects in {_QUOTA_HEADER} and {_QUOTA_PARAMETER}."
        )
    name = named.pop()
    project = cloud.find_project(name.removeprefix("projects/"))
    policies = cloud.project_policies(project) if project else []
    verdict = decide(token.principal, USE_SERVICES, policies, now=trail.now)
    if isinstance(verdict, Grant):
        trail.passed(Part.PERMISSION, f"{USE_SERVICES}, for the quota project", verdict.sentence())
        return
    refuse(
        Part.PERMISSION,
        rule=f"{USE_SERVICES} is needed on the quota project that {_QUOTA_HEADER} names",
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


def check_enabled(cloud: Cloud, service: str, project: Project | None = None) -> None:
    """Insist that an API is enabled in a project; in the main one if left out.

    Raises:
        Refused: 403 ``SERVICE_DISABLED``.
    """
    project = project or cloud.main_project
    if cloud.services.seen(service_key(project, service)) is None:
        refuse(
            Part.REQUEST,
            rule="the API must be enabled in the project",
            actual=f"{service} is not enabled in project {project.id}",
            expected=f"{service} enabled",
            fix=f"enable it: gcloud services enable {service}, or gcp.projects.Service in the program",
            answer=service_disabled(service=service, title=TITLES[service], project_number=project.number),
        )


def authorize(
    token: Token,
    permission: str,
    policies: Sequence[tuple[str, Policy]],
    trail: Trail,
    error: ApiError,
    *,
    modified: Collection[str] = (),
) -> None:
    """Insist that the token's principal holds a permission on a resource.

    The policies are the resource's own, then its parents'; see :func:`federation_emulator.core.permissions.decide`,
    also for ``modified``.

    Raises:
        Refused: No binding gives it; the refusal has the nearest miss.
    """
    verdict = decide(token.principal, permission, policies, now=trail.now, modified=modified)
    if not isinstance(verdict, Grant):
        refuse(
            Part.PERMISSION,
            rule=f"{permission} is needed on {policies[0][0]}",
            actual=verdict.actual,
            expected=verdict.expected,
            fix="grant the expected role to exactly this principal; on Google a grant takes minutes to act",
            answer=error,
        )
    trail.passed(Part.PERMISSION, permission, verdict.sentence())


def administer(
    cloud: Cloud,
    request: Request,
    permission: str,
    *,
    resource: str,
    project: str = "-",
    policies: Sequence[tuple[str, Policy]] | None = None,
    service: str | None = None,
    error: ApiError | None = None,
    modified: Collection[str] = (),
) -> Token:
    """Check a call that reads or changes resources: token, API, permission. Leaves a trace only if refused.

    ``project`` is as the path has it, ``-`` for the main one; the project's policies count if none are given.
    ``service`` is the API that must be enabled in the project, ``None`` for one that always is. ``error`` is what the
    client sees without the permission; Google's usual words if left out.

    Raises:
        Refused: 401 or 403, the latter also for a project that isn't there.
    """
    with cloud.trace.deciding(Link.ADMINISTRATION, resource=resource, quiet=True) as trail:
        token = authenticate(cloud, request, trail, scopes=CLOUD_PLATFORM)
        target = cloud.project_of(project, wildcard=True)
        if service is not None:
            check_enabled(cloud, service, target)
        denied = error or permission_denied(
            f"Permission '{permission}' denied on resource '{resource}' (or it may not exist).", permission=permission
        )
        authorize(token, permission, policies or cloud.project_policies(target), trail, denied, modified=modified)
        return token


def administer_project(cloud: Cloud, request: Request, permission: str, *, modified: Collection[str] = ()) -> Project:
    """Check a call on the project that its path names, as :func:`administer`, and return the project."""
    name = request.path_params["project"]
    administer(cloud, request, permission, resource=f"projects/{name}", project=name, modified=modified)
    return cloud.project_of(name)
