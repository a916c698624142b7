"""Who may assume a role by a token: the account's OIDC provider, its issuer's signature, and the role's trust policy.

Put in place of ministack's (1.5.33) own check, which believes a token without looking at its signature.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from federation_emulator.ports import role_token
from federation_emulator.ports.issuers import IssuersProblem, published_keys
from federation_emulator.ports.role_token import RoleToken
from federation_emulator.ports.web_identity import StsError

_ACTION = "sts:AssumeRoleWithWebIdentity"
_OPERATORS = frozenset({"StringEquals", "StringLike", "StringNotEquals", "StringNotLike"})
"""Of a condition. With another one a role can't be assumed here: what is not understood is not allowed."""

Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True, kw_only=True)
class RoleTrust:
    """The check, for the one account.

    Attributes:
        iam, sts, evaluator: Modules of ministack's.
        issuers: File of the keys of issuers.
    """

    iam: Any
    sts: Any
    evaluator: Any
    issuers: Path

    def install(self) -> None:
        """Put it into ministack."""
        self.sts._web_identity_trust_denied = self._denied

    def _denied(self, role_arn: str, parameters: Any, _use_json: bool) -> Answer | None:  # noqa: ANN401 (ministack's)
        given = {name: self.sts._p(parameters, name) for name in ("WebIdentityToken", "DurationSeconds")}
        try:
            self._check(role_arn, given["WebIdentityToken"] or "", given["DurationSeconds"] or "3600")
        except StsError as error:
            answer: Answer = self.sts._error(error.status, error.code, escape(error.message), ns="sts")
            return answer
        return None

    def _check(self, role_arn: str, text: str, seconds: str) -> None:
        token = role_token.read(text)
        account = role_arn.split(":")[4]
        provider_arn = f"arn:aws:iam::{account}:oidc-provider/{token.issuer.removeprefix('https://')}"
        provider = self.iam._oidc_providers.get_scoped(account, None, provider_arn)
        if provider is None or not token.issuer.startswith("https://"):
            message = f"No OpenIDConnect provider found in your account for {token.issuer:.200}"
            raise StsError("InvalidIdentityToken", message)
        role_token.verify(token, self._keys(token))
        role_token.check(token, provider["ClientIDList"], now=time.time())
        role = self.iam._roles.get_scoped(account, None, role_arn.rsplit("/", 1)[-1])
        if role is None or role["Arn"] != role_arn or not self._trusts(role, provider_arn, token):
            raise StsError("AccessDenied", f"Not authorized to perform {_ACTION}", status=403)
        longest = int(role.get("MaxSessionDuration") or 3600)
        if not (seconds.isascii() and seconds.isdecimal()) or not 900 <= int(seconds) <= longest:
            raise StsError("ValidationError", f"DurationSeconds must be from 900 to the role's {longest}.")

    def _keys(self, token: RoleToken) -> str:
        try:
            found = published_keys(self.issuers, token.issuer)
        except IssuersProblem as problem:
            raise StsError("IDPCommunicationError", str(problem)) from problem
        if found is None:
            message = f"Here {token.issuer:.200} can't be reached: write its key set into {self.issuers}"
            raise StsError("IDPCommunicationError", message)
        return found

    def _trusts(self, role: Mapping[str, Any], provider_arn: str, token: RoleToken) -> bool:
        document = role.get("AssumeRolePolicyDocument") or "{}"
        if unknown := set(_operators(document)) - _OPERATORS:
            message = (
                f"{_ACTION}: the condition operator {sorted(unknown)[0]:.50} is not offered here, so it is refused"
            )
            raise StsError("AccessDenied", message, status=403)
        context = self.evaluator.EvalContext(
            principal_arn=provider_arn,
            principal_type="WebIdentityUser",
            principal_account=role["Arn"].split(":")[4],
            action=_ACTION,
            resource_arn=role["Arn"],
            region="",
            service_context=role_token.condition_keys(token),
        )
        return bool(self.evaluator.evaluate_trust_policy(document, provider_arn, context))


def _operators(document: str) -> Iterator[str]:
    """The operators of all conditions of a policy document."""
    listed = json.loads(document).get("Statement", [])
    for statement in [listed] if isinstance(listed, dict) else listed:
        yield from statement.get("Condition", {})
