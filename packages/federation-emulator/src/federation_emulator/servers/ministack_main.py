"""Starts ministack. Run as a script by the local AWS's own Python, which holds ministack and nothing of ours.

What `python -m ministack` does not do: it listens on a port that the system chose and that is never free in between;
what it answers, and for how long, is up to `federation_emulator/ports`; the account's root user has to sign, too; a
function that gets another role starts afresh, so that it never goes on with its old role's credentials; its layers are
where its variables look for them; its log is whole; an error that it raised is reported by its type; a web identity
token is signed with a key that the issuer publishes; and one that a role is assumed with is verified.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import secrets
import socket
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from federation_emulator.ports.aws import Admission


_TRACEBACK = "Traceback (most recent call last):"


def main() -> None:
    """Bind, say which port, serve until SIGTERM or SIGINT."""
    port = int(sys.argv[1])
    listener = socket.create_server(("127.0.0.1", port))
    # asyncio sets it on sockets of its own only; without it each answer waits 40 ms for the client's delayed ACK.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound = listener.getsockname()[1]
    # Both are read when ministack is imported.
    os.environ["GATEWAY_PORT"] = str(bound)
    os.environ["BIND_HOST"] = "127.0.0.1"
    # Every function inherits this one. Lambda sets it; ministack doesn't.
    os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "on-demand"
    aws, guarding, handling, serving, signing, outbound = (
        _of_ours(name) for name in ("aws", "layer", "handler", "server", "signer", "outbound")
    )
    admission = aws.Admission(services=os.environ["SERVICES"].split(","), key=secrets.token_bytes(32))
    application = importlib.import_module("ministack.app")
    _start_afresh_with_another_role()
    _report_the_type_of_an_error()
    _check_the_signature_of_root()
    for name in ("opt_folder", "function_logs"):
        _of_ours(name).serve()
    _seal_addresses_of_packages(admission)
    _guard_runtime_interfaces(handling.refused, serving.REQUEST_SECONDS)
    signer = signing.Signer(sys.argv[4:])
    _issue_web_identity_tokens(outbound, signer)
    _verify_web_identity_tokens(_of_ours("role_trust"), Path(sys.argv[3]))
    inner = signing.publishing(
        aws.OnlyWebIdentity(_judge_as_aws_does(_of_ours("enforcement"), application.app)), signer
    )
    app = guarding.Guard(inner, rule=admission.problem, write=aws.write)
    settings = serving.settings(
        app,
        unreadable=lambda message: {"__type": "BadRequestException", "message": message},
        request_seconds=float(sys.argv[2]),
    )
    settings.lifespan = "on"
    # ministack has its own, as AWS does.
    settings.server_header = settings.date_header = False
    sys.stdout.write(json.dumps({"event": "listening", "port": bound}) + "\n")
    sys.stdout.flush()
    importlib.import_module("uvicorn").Server(settings).run(sockets=[listener])


def _of_ours(name: str) -> Any:  # noqa: ANN401 (a module)
    """A module of `federation_emulator/ports`; nothing else of ours can be imported, now or later."""
    root = str(Path(__file__).resolve().parents[2])
    sys.path.append(root)
    try:
        return importlib.import_module(f"federation_emulator.ports.{name}")
    finally:
        sys.path.remove(root)


def _start_afresh_with_another_role() -> None:
    """Lambda gives a function with another role new execution environments; ministack 1.5 keeps the warm one."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    update = functions._update_config

    def update_and_start_afresh(name: str, data: dict[str, Any]) -> Any:  # noqa: ANN401 (ministack's own type)
        answer = update(name, data)
        if "Role" in data:
            functions.invalidate_worker(name, qualifier="$LATEST")
        return answer

    functions._update_config = update_and_start_afresh


def _report_the_type_of_an_error() -> None:
    """Lambda reports the class of what a Python function raised; ministack 1.5 has one type for all."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    execute = functions._execute_function_warm

    def execute_and_report(*arguments: Any) -> Any:  # noqa: ANN401 (ministack's own type)
        result = execute(*arguments)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            # The log ends with the traceback, and that with `module.Type: message`, or the type alone.
            before = str(result.get("log", "")).rstrip().removesuffix(str(body.get("errorMessage")).rstrip())
            name = before.rstrip(": ").rpartition("\n")[2].rpartition(".")[2]
            if _TRACEBACK in before and re.fullmatch(r"\w+", name, re.ASCII):
                body["errorType"] = name
        return result

    functions._execute_function_warm = execute_and_report


def _check_the_signature_of_root() -> None:
    """Root has to sign: ministack 1.5 takes a root user's key for granted, whatever the signature."""
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")
    evaluator._is_root_key = lambda _access_key_id: False


def _issue_web_identity_tokens(outbound: Any, signer: Any) -> None:  # noqa: ANN401 (modules)
    """AWS signs tokens with the account's issuer; see `federation_emulator/ports/outbound.py`."""
    names = {
        "iam": "services.iam",
        "sts": "services.sts",
        "router": "core.router",
        "actions": "core.iam_actions",
        "evaluator": "core.iam_evaluator",
    }
    modules = {name: importlib.import_module(f"ministack.{path}") for name, path in names.items()}
    made = outbound.Outbound(**modules, signer=signer)
    made.install()
    for name in ("services.lambda_svc", "core.lambda_runtime"):
        made.remember_functions(importlib.import_module(f"ministack.{name}"))


def _verify_web_identity_tokens(trust: Any, issuers: Path) -> None:  # noqa: ANN401 (a module)
    """AWS verifies a token before a role is assumed with it; see `federation_emulator/ports/role_trust.py`."""
    iam, sts = (importlib.import_module(f"ministack.services.{name}") for name in ("iam", "sts"))
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    trust.RoleTrust(iam=iam, sts=sts, evaluator=evaluator, issuers=issuers).install()


def _judge_as_aws_does(enforcement: Any, app: Any) -> Any:  # noqa: ANN401 (a module, and ministack's own type)
    """AWS evaluates other ARNs, and more of them; see `federation_emulator/ports/enforcement.py`."""
    names = {"iam": "services.iam", "actions": "core.iam_actions", "evaluator": "core.iam_evaluator"}
    made = enforcement.Enforcement(
        **{name: importlib.import_module(f"ministack.{path}") for name, path in names.items()}
    )
    made.install()
    return enforcement.recording(app, made)


def _seal_addresses_of_packages(admission: Admission) -> None:
    """The address of a function's package is a secret on AWS, whose signature S3 checks; ministack's can be guessed."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    address = functions._presigned_code_url

    def sealed(name: str) -> str:
        url = str(address(name))
        return url.replace("ministack-local-presigned", admission.seal(urlsplit(url).path))

    functions._presigned_code_url = sealed


def _guard_runtime_interfaces(refused: Callable[[BaseHTTPRequestHandler], bool], seconds: float) -> None:
    """A function with a runtime of its own gets a small server of its own, made by ministack: guard these as well."""
    parse = BaseHTTPRequestHandler.parse_request
    every: Any = BaseHTTPRequestHandler
    every.timeout = seconds
    every.parse_request = lambda handler: parse(handler) and not refused(handler)


if __name__ == "__main__":
    main()
