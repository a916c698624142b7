"""Outbound identity federation of the local AWS: what ministack answers wrongly or not at all, put in its place.

ministack (1.5.33) has no switch for the account. Its token is signed with HS256, which no public key verifies, and
names the account's root user for every caller. It leaves the action's condition keys out of the policies' evaluation.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from federation_emulator.ports import web_identity
from federation_emulator.ports.signer import Signer
from federation_emulator.ports.web_identity import ACTION, ISSUER, StsError, TokenRequest

_DISABLED = "The outbound web identity federation feature is not enabled for this account."
_TAG_ACTION = "sts:TagGetWebIdentityToken"
Answer = tuple[int, dict[str, str], bytes]


@dataclass(kw_only=True)
class Outbound:
    """The feature, for the one account.

    Attributes:
        iam, sts, actions, evaluator, router: Modules of ministack's.
        enabled: Whether tokens are given; as the local account starts, they are.
        functions: Access key → ARN of the function that signs with it.
    """

    iam: Any
    sts: Any
    actions: Any
    evaluator: Any
    router: Any
    signer: Signer
    enabled: bool = True
    functions: dict[str, str] = field(default_factory=dict)

    def install(self) -> None:
        """Put all of it into ministack."""
        self.iam._IAM_HANDLERS.update(
            {
                "EnableOutboundWebIdentityFederation": self._enable,
                "DisableOutboundWebIdentityFederation": self._disable,
                "GetOutboundWebIdentityFederationInfo": self._info,
            }
        )
        handle, context = self.sts.handle_request, self.actions.request_tag_context

        def with_condition_keys(service: str, action: str, body: bytes, parameters: Any) -> dict[str, Any]:  # noqa: ANN401 (ministack's)
            keys: dict[str, Any] = context(service, action, body, parameters)
            if action == f"sts:{ACTION}":
                with contextlib.suppress(StsError):
                    keys |= web_identity.read(body).condition_keys()
            return keys

        async def handle_token_too(method: str, path: str, headers: Any, body: bytes, query: Any) -> Answer:  # noqa: ANN401 (ministack's)
            if not web_identity.may_ask(body, query):
                answer: Answer = await handle(method, path, headers, body, query)
                return answer
            try:
                web_identity.check_place(method, headers.get("content-type", ""), query)
                return await self._token(web_identity.read(body), headers)
            except StsError as error:
                return self._refused("sts", error)

        self.actions.request_tag_context = with_condition_keys
        self.sts.handle_request = handle_token_too

    def remember_functions(self, module: Any) -> None:  # noqa: ANN401 (ministack's)
        """Note which function gets which key, wherever a module of ministack's hands one out."""
        hand_out = module.execution_credentials

        def hand_out_and_note(configuration: Mapping[str, Any]) -> dict[str, str]:
            made: dict[str, str] = hand_out(configuration)
            self.functions[made["AWS_ACCESS_KEY_ID"]] = str(configuration.get("FunctionArn", ""))
            return made

        module.execution_credentials = hand_out_and_note

    async def _token(self, request: TokenRequest, headers: Mapping[str, str]) -> Answer:
        """Give a token to a caller whose signature and policies ministack has judged."""
        if not self.enabled:
            raise StsError("OutboundWebIdentityFederationDisabledException", _DISABLED, status=403)
        self._check_tags(request, headers)
        claims = self._claims(request, headers)
        token = await asyncio.to_thread(self.signer.sign, claims, request.algorithm)
        expiration = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(claims["exp"]))
        return self._answer(
            "sts", ACTION, f"<WebIdentityToken>{token}</WebIdentityToken><Expiration>{expiration}</Expiration>"
        )

    def _check_tags(self, request: TokenRequest, headers: Mapping[str, str]) -> None:
        """Insist on the second permission that tags take, which ministack doesn't know."""
        keys = {f"aws:RequestTag/{name}": value for name, value in request.tags.items()}
        key_id = self.router.extract_access_key_id(headers)
        region = self.router.extract_region(headers)
        asked = {"service_context": keys | {"aws:TagKeys": list(request.tags)}}
        if request.tags and self.evaluator.enforce(key_id, _TAG_ACTION, "sts", region, **asked) is not None:
            raise StsError("AccessDenied", f"The caller is not authorized to perform: {_TAG_ACTION}", status=403)

    def _claims(self, request: TokenRequest, headers: Mapping[str, str]) -> dict[str, Any]:
        caller = self.sts._caller_identity(headers)
        if not isinstance(caller, dict) or caller["principalType"] != "AssumedRole":
            raise StsError("AccessDenied", f"{ACTION} is given to the session of a role only, here.", status=403)
        name = self.evaluator._role_name_from_assumed_arn(caller["userArn"])
        role = self.iam._roles.get_scoped(caller["accountId"], None, name)
        if role is None:
            raise StsError("AccessDenied", f"The role {name:.64} is not there any more.", status=403)
        session, now = self.sts._sessions.get(caller["accessKey"]) or {}, int(time.time())
        if now + request.lifetime > session.get("Expiration", float("inf")):
            message = "The requested token duration would extend the session beyond its original expiration time."
            raise StsError("SessionDurationEscalationException", message, status=403)
        tags = [*(role.get("Tags") or []), *(session.get("SessionTags") or [])]
        return web_identity.claims(
            request,
            role=role["Arn"],
            account=caller["accountId"],
            region=self.router.extract_region(headers),
            now=now,
            principal_tags={tag["Key"]: tag["Value"] for tag in tags},
            lambda_source_function_arn=self.functions.get(caller["accessKey"], ""),
        )

    def _enable(self, _parameters: Any) -> Answer:  # noqa: ANN401 (ministack's)
        if self.enabled:
            return self._refused("iam", StsError("FeatureEnabled", "The feature is already enabled.", status=409))
        self.enabled = True
        return self._answer(
            "iam", "EnableOutboundWebIdentityFederation", f"<IssuerIdentifier>{ISSUER}</IssuerIdentifier>"
        )

    def _disable(self, _parameters: Any) -> Answer:  # noqa: ANN401 (ministack's)
        if not self.enabled:
            return self._refused("iam", StsError("FeatureDisabled", _DISABLED, status=404))
        self.enabled = False
        return self._answer("iam", "DisableOutboundWebIdentityFederation", "")

    def _info(self, _parameters: Any) -> Answer:  # noqa: ANN401 (ministack's)
        if not self.enabled:
            return self._refused("iam", StsError("FeatureDisabled", _DISABLED, status=404))
        return self._answer(
            "iam",
            "GetOutboundWebIdentityFederationInfo",
            f"<IssuerIdentifier>{ISSUER}</IssuerIdentifier><JwtVendingEnabled>true</JwtVendingEnabled>",
        )

    def _answer(self, service: str, action: str, result: str) -> Answer:
        inner = f"<{action}Result>{result}</{action}Result>" if result else ""
        answer: Answer = self.iam._xml(200, f"{action}Response", inner, ns=service)
        return answer

    def _refused(self, service: str, error: StsError) -> Answer:
        answer: Answer = self.iam._error(error.status, error.code, escape(error.message), ns=service)
        return answer
