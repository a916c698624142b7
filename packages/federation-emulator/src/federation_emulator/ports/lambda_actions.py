"""Which IAM action a request of Lambda's API needs, and the ARN that AWS evaluates it on. Pure.

Sources: Lambda API reference (paths); "Service Authorization Reference", AWS Lambda (names, and that an alias's own
actions are evaluated on the function); Lambda developer guide, "Resources and conditions for Lambda actions": the
function, or its version or alias where the request names one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

UNKNOWN = "lambda:UnknownOperation"
"""The action of a request that is not in the table: only a policy with ``lambda:*`` allows it."""

_OF_A_FUNCTION: Mapping[str, Mapping[str, str]] = {
    "": {"GET": "GetFunction", "DELETE": "DeleteFunction"},
    "aliases": {"GET": "ListAliases", "POST": "CreateAlias"},
    "aliases/*": {"GET": "GetAlias", "PUT": "UpdateAlias", "DELETE": "DeleteAlias"},
    "code": {"PUT": "UpdateFunctionCode"},
    "code-signing-config": {
        "GET": "GetFunctionCodeSigningConfig",
        "PUT": "PutFunctionCodeSigningConfig",
        "DELETE": "DeleteFunctionCodeSigningConfig",
    },
    "concurrency": {
        "GET": "GetFunctionConcurrency",
        "PUT": "PutFunctionConcurrency",
        "DELETE": "DeleteFunctionConcurrency",
    },
    "configuration": {"GET": "GetFunctionConfiguration", "PUT": "UpdateFunctionConfiguration"},
    "invocations": {"POST": "InvokeFunction"},
    "invoke-async": {"POST": "InvokeFunction"},
    "policy": {"GET": "GetPolicy", "POST": "AddPermission"},
    "policy/*": {"DELETE": "RemovePermission"},
    "response-streaming-invocations": {"POST": "InvokeFunction"},
    "versions": {"GET": "ListVersionsByFunction", "POST": "PublishVersion"},
}
_OF_LAYERS: Mapping[str, Mapping[str, str]] = {
    "": {"GET": "ListLayers"},
    "*/versions": {"GET": "ListLayerVersions", "POST": "PublishLayerVersion"},
    "*/versions/*": {"GET": "GetLayerVersion", "DELETE": "DeleteLayerVersion"},
}
_OF_TAGS = {"GET": "ListTags", "POST": "TagResource", "DELETE": "UntagResource"}
_NAME = re.compile(
    r"(?:arn:aws:lambda:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):|[0-9]{12}:)?(?:function:)?"
    r"(?P<name>[A-Za-z0-9_-]{1,64})(?::(?P<qualifier>[A-Za-z0-9$_-]{1,128}))?",
    re.ASCII,
)


def action_and_arn(
    method: str, path: str, query: Mapping[str, str], body: Mapping[str, object], *, region: str, account: str
) -> tuple[str, str]:
    """Name the action, and what it is evaluated on; ``*`` where a request names no function and no layer.

    Args:
        method: Of the request.
        path: With the API's date: ``/2015-03-31/functions/NAME``. It is decoded here, as ministack does.
        query: What the query has.
        body: The JSON object that was sent, or an empty one.
        region: That is called.
        account: That is called.
    """
    _, _, kind, name, rest = (*unquote(path).rstrip("/").split("/", 4), "", "", "")[:5]
    of = f"arn:aws:lambda:{region}:{account}"
    if kind == "tags":
        return _named(_OF_TAGS, method), f"{name}/{rest}".rstrip("/")
    if kind == "layers":
        return _layer(method, f"{name}/{rest}".strip("/"), query, of)
    if kind != "functions":
        return UNKNOWN, "*"
    if not name:
        action = _named({"GET": "ListFunctions", "POST": "CreateFunction"}, method)
        made = function_arn(str(body.get("FunctionName")), "", of)
        return action, made if action == "lambda:CreateFunction" else "*"
    part = re.sub(r"(aliases|policy)/[^/]+", r"\1/*", rest)
    return _named(_OF_A_FUNCTION.get(part, {}), method), function_arn(name, query.get("Qualifier", ""), of)


def function_arn(name: str, qualifier: str, of: str) -> str:
    """The ARN of a function, or of its version or alias; a name may be an ARN or the end of one."""
    found = _NAME.fullmatch(name)
    if found is None:
        return f"{of}:function:{name}"
    of = f"arn:aws:lambda:{found['region']}:{found['account']}" if found["region"] else of
    qualifier = found["qualifier"] or qualifier
    arn = f"{of}:function:{found['name']}"
    return f"{arn}:{qualifier}" if qualifier and qualifier != "$LATEST" else arn


def _layer(method: str, rest: str, query: Mapping[str, str], of: str) -> tuple[str, str]:
    if not rest and query.get("find") == "LayerVersion":
        return "lambda:GetLayerVersion", query.get("Arn", "*")
    part = re.sub(r"^[^/]+/versions", "*/versions", re.sub(r"/versions/[^/]+$", "/versions/*", rest))
    action = _named(_OF_LAYERS.get(part, {}), method)
    name, _, version = rest.partition("/versions/")
    arn = f"{of}:layer:{name.removesuffix('/versions')}"
    return action, (f"{arn}:{version}" if version else arn) if rest else "*"


def _named(methods: Mapping[str, str], method: str) -> str:
    return f"lambda:{methods[method]}" if method in methods else UNKNOWN
