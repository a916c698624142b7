"""Judges each request to the local AWS by what AWS would evaluate, with ministack's evaluation of policies.

Put into ministack (1.5.33), which asks for one action on an ARN of its own: see ``authorization.py``.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from federation_emulator.ports.authorization import Call, Evaluation, checks, json_object
from federation_emulator.ports.layer import App, JsonDocument

AUTHORIZATIONS = "/_local/authorizations"
"""Path of the record: what the sessions of roles were allowed and refused. No secret is among it."""

_MOST_RECORDED = 5_000
_UNKNOWN = "UnknownOperation"
_pending: ContextVar[tuple[Evaluation, ...]] = ContextVar("checks of the request", default=())
_refused: ContextVar[Evaluation | None] = ContextVar("the check that was refused", default=None)


@dataclass(kw_only=True)
class Enforcement:
    """The judge, for the one account.

    Attributes:
        iam, actions, evaluator: Modules of ministack's.
        record: (who, action, ARN, whether it was allowed), each once, the oldest first.
    """

    iam: Any
    actions: Any
    evaluator: Any
    record: dict[tuple[str, str, str, bool], None] = field(default_factory=dict)

    def install(self) -> None:
        """Put it into ministack, which looks these functions up for each request."""
        action_of, arn_of = self.actions.extract_iam_action, self.actions.extract_resource_arn
        enforce, denial = self.evaluator.enforce, self.actions.access_denied_response

        def extract_iam_action(*request: Any) -> Any:  # noqa: ANN401 (ministack's)
            _pending.set(())
            _refused.set(None)
            service, method, path, headers, body, query = request
            if service == "lambda":
                return self._checks(service, "", method, path, query, body, ("", ""))[0].action
            if service in {"logs", "events", "iam"}:
                return f"{service}:{_operation(service, headers, query)}"
            return action_of(*request)

        def extract_resource_arn(*request: Any) -> str:  # noqa: ANN401 (ministack's)
            service, method, path, headers, body, query, *place = request
            name = _operation(service, headers, query)
            found = self._checks(service, name, method, path, query, body, place)
            _pending.set(found)
            return found[0].arn if found else str(arn_of(*request))

        def enforce_all(
            key_id: str,
            action: str,
            service: str,
            region: str,
            resource_arn: str = "*",
            service_context: Any = None,  # noqa: ANN401 (ministack's)
        ) -> Any:  # noqa: ANN401 (ministack's)
            found = _pending.get()
            if not found or (found[0].action, found[0].arn) != (action, resource_arn):
                found = (Evaluation(action=action, arn=resource_arn),)
            for check in found:
                keys = {**(service_context or {}), **check.keys}
                of = service if check.action == action else check.action.partition(":")[0]
                result = enforce(key_id, check.action, of, region, resource_arn=check.arn, service_context=keys)
                if result is not None and isinstance(result, self.evaluator.AuthError):
                    return result
                self._note(check, allowed=result is None)
                if result is not None:
                    _refused.set(check)
                    return result
            return None

        def access_denied(service: str, action: str, principal: str, request_id: str, **more: Any) -> Any:  # noqa: ANN401 (ministack's)
            check = _refused.get()
            if check is not None and not more.get("error_code"):
                explicit = bool(more.get("explicit_deny"))
                text = self.actions.identity_denial_message(check.action, principal, check.arn, explicit)
                more = {"message": text, **more, "resource_arn": check.arn}
                action = check.action
            return denial(service, action, principal, request_id, **more)

        self.actions.extract_iam_action = extract_iam_action
        self.actions.extract_resource_arn = extract_resource_arn
        self.actions.access_denied_response = access_denied
        self.evaluator.enforce = enforce_all

    def written(self) -> str:
        """The record as JSON."""
        names = ("principal", "action", "resource", "allowed")
        return json.dumps({"authorizations": [dict(zip(names, one, strict=True)) for one in self.record]})

    def _checks(self, service: str, action: str, method: str, path: str, *of: Any) -> tuple[Evaluation, ...]:  # noqa: ANN401 (ministack's)
        query, body, (region, account) = of
        call = Call(
            service=service,
            action=action,
            method=method,
            path=path,
            parameters={name: _first(value) for name, value in query.items()},
            body=json_object(body),
            region=region,
            account=account,
        )
        return checks(call, self._role)

    def _role(self, name: str) -> tuple[str, str] | None:
        role = self.iam._roles.get(name)
        return None if role is None else (role["Arn"], role.get("PermissionsBoundary") or "")

    def _note(self, check: Evaluation, *, allowed: bool) -> None:
        """Record a check of a role's session; the account's owner is allowed everything."""
        caller = self.evaluator.caller_arn()
        if ":assumed-role/" in caller and len(self.record) < _MOST_RECORDED:
            self.record[caller, check.action, check.arn, allowed] = None


def _operation(service: str, headers: Any, query: Any) -> str:  # noqa: ANN401 (ministack's)
    """The operation that ministack's handler will carry out, whatever else the request has."""
    if service in {"logs", "events"}:
        return str(headers.get("x-amz-target", "")).rpartition(".")[2] or _UNKNOWN
    return _first(query.get("Action", "")) or _UNKNOWN


def _first(value: Any) -> str:  # noqa: ANN401 (ministack's)
    """The value that counts: the first that is not empty."""
    return next((each for each in value if each), "") if isinstance(value, list) else str(value)


def recording(app: App, enforcement: Enforcement) -> App:
    """The app with the record."""
    return JsonDocument(app, AUTHORIZATIONS, enforcement.written)
