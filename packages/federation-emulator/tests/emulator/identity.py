"""An OIDC provider next to the chain's AWS one, and tokens for it: of the local AWS, or of a test's own issuer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import requests
from google.auth import identity_pool

from federation_emulator.client.issuer import Issuer, aws_claims
from federation_emulator.ports.web_identity import ISSUER
from tests.emulator.chain import (
    ACCOUNT,
    ACCOUNT_PATH,
    GENERATE,
    POOL,
    POOL_NAME,
    POOL_PATH,
    POOLS_PATH,
    REGION,
    ROLE,
    SCOPE,
    UNIVERSE,
    Chain,
    Keys,
    LocalAccount,
)
from tests.emulator.google_server import PROJECT, Google
from tests.emulator.signing import form

PROVIDER = "oidc-provider"
NAME = f"{POOL_NAME}/providers/{PROVIDER}"
AUDIENCE = f"//iam.googleapis.com/{NAME}"
PATH = f"{POOL_PATH}/providers/{PROVIDER}"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
MAPPING = {"google.subject": "assertion.sub", "attribute.aws_role": "assertion.sub"}
CONDITION = f"assertion.sub == '{ROLE_ARN}'"
MEMBER = f"principalSet://iam.googleapis.com/{POOL_NAME}/attribute.aws_role/{ROLE_ARN}"
OTHER_ISSUER = "https://issuer.example.com/of-the-tests"


def make_pool(google: Google) -> None:
    """Enable what an exchange needs, and make the pool."""
    services = {"serviceIds": ["iam.googleapis.com", "sts.googleapis.com"]}
    google.done("POST", f"/v1/projects/{PROJECT}/services:batchEnable", services)
    google.done("POST", f"{POOLS_PATH}?workloadIdentityPoolId={POOL}", {})


def make_provider(google: Google, oidc: dict[str, Any], **fields: Any) -> None:
    """Make the provider, as the program does unless ``fields`` differ."""
    body = {"oidc": oidc, "attributeMapping": MAPPING, "attributeCondition": CONDITION, **fields}
    google.done("POST", f"{POOL_PATH}/providers?workloadIdentityPoolProviderId={PROVIDER}", body)


def deploy_oidc(chain: Chain, issuer: Issuer | None = None) -> None:
    """Make a provider for the local AWS's issuer, or for one of the test's own, and bind the role's principals."""
    own = {"issuerUri": issuer.uri, "jwksJson": issuer.key_set()} if issuer else {"issuerUri": ISSUER}
    make_provider(chain.google, own)
    chain.grant(ACCOUNT_PATH, "roles/iam.workloadIdentityUser", MEMBER)


def allow_tokens(aws: LocalAccount, role: str = ROLE, *, audience: str = f"https:{AUDIENCE}") -> None:
    """Let a role ask for tokens, with the policy that the program gives it."""
    conditions = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": [audience]},
        "StringEquals": {"sts:SigningAlgorithm": "RS256"},
        "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
    }
    statement = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": "*", "Condition": conditions}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").put_role_policy(RoleName=role, PolicyName="tokens", PolicyDocument=document)


def sts(aws: LocalAccount, keys: Keys) -> Any:
    """A boto3 client of the session's."""
    return boto3.client(
        "sts",
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id=keys.key,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token or None,
    )


def aws_token(aws: LocalAccount, keys: Keys, **changes: Any) -> str:
    """A token of the local AWS, asked for as the function does."""
    asked = {"Audience": [f"https:{AUDIENCE}"], "SigningAlgorithm": "RS256", "DurationSeconds": 300, **changes}
    token: str = sts(aws, keys).get_web_identity_token(**asked)["WebIdentityToken"]
    return token


def signed(issuer: Issuer, google: Google, *, algorithm: str = "RS256", **changes: Any) -> str:
    """A token of a test's issuer, right for the provider but for the changes of its claims."""
    made = aws_claims(ROLE_ARN, audience=f"https:{AUDIENCE}", now=google.clock.now(), **changes)
    return issuer.token(made, algorithm=algorithm)


def exchange(google: Google, token: str, **changes: str) -> requests.Response:
    """Exchange a token, with requests made by hand."""
    fields = form(token, **{"audience": AUDIENCE, "subject_token_type": JWT, **changes})
    return google.session.post(f"{google.url}/v1/token", data=fields, timeout=20)


class Supplier(identity_pool.SubjectTokenSupplier):
    """Gives google-auth what a function returns."""

    def __init__(self, give: Callable[[], str]) -> None:
        self._give = give

    def get_subject_token(self, context: Any, request: Any) -> str:
        del context, request
        return self._give()


def credentials(
    google: Google, give: Callable[[], str] | Path, *, impersonated: bool = True
) -> identity_pool.Credentials:
    """Real google-auth credentials: with a supplier, as the function has them, or with the file of a configuration."""
    source: dict[str, Any] = (
        {"credential_source": {"file": str(give)}}
        if isinstance(give, Path)
        else {"subject_token_supplier": Supplier(give)}
    )
    return identity_pool.Credentials(  # type: ignore[no-untyped-call]  # google-auth's own
        audience=AUDIENCE,
        subject_token_type=JWT,
        token_url=f"{google.url}/v1/token",
        service_account_impersonation_url=f"{google.url}{GENERATE}" if impersonated else None,
        universe_domain=UNIVERSE,
        scopes=[SCOPE],
        **source,
    )
