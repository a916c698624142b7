"""The grammar of every method: Google's own discovery documents say which parameters and fields there are.

google-api-python-client ships the documents. They are pinned with it, so a request is read as Google's own list reads
it, and no list of field names is kept here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import files
from typing import Any

from federation_emulator.console.messages import MessageProblem, Schema, Schemas, read_message, read_parameter
from federation_emulator.core.errors import bad_request

_PACKAGE = "google-api-python-client"
_BIGQUERY = "bigquery.v2"
_PLACE = re.compile(r"\{[^}]*\}")
_DOCUMENTS = (
    *("sts.v1", "iamcredentials.v1", "iam.v1", "cloudresourcemanager.v1", "cloudbilling.v1", "serviceusage.v1"),
    *("policyanalyzer.v1", _BIGQUERY),
)
_SYSTEM_PARAMETERS = frozenset(
    name
    for plain in ("alt", "callback", "fields", "key", "prettyPrint", "quotaUser", "userProject", "xgafv")
    for name in (plain, f"${plain}", f"$.{plain}")
)
"""What may come with any request and says nothing of what is asked for (Google, "System parameters"). The two that
carry a credential, ``access_token`` and ``oauth_token``, are refused: a token belongs into the header."""

_STRAY_FIELD = {"datasetId": {"type": "string"}}
"""Pulumi's ``DatasetAccess`` sends this with each entry of an access list, and Google's reference lacks it."""

_ANY_VALUE = {"type": "any"}
"""BigQuery's reference has a string for a query parameter's value. google-cloud-bigquery sends FLOAT64 as a number."""

_STRAY_PARAMETERS = {"projection": {"type": "string", "location": "query"}}
"""google-cloud-bigquery sends this with ``jobs.get``, and BigQuery's reference has it for ``jobs.list`` only."""

_OPTIONS_BODY = {"type": "object", "properties": {"options": {"$ref": "GetPolicyOptions"}}}
_OPTIONS = {"type": "object", "properties": {"requestedPolicyVersion": {"type": "integer", "format": "int32"}}}
"""``getIamPolicy`` of a service account has its options in the URL. They are taken in the body too, as for projects."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method of a Google API, as its discovery document describes it.

    Attributes:
        parameters: Its query parameters.
        request: The message that its body holds; ``None``: it has no body.
        schemas: The messages of its API, by name.
    """

    parameters: Mapping[str, Schema]
    request: Schema | None
    schemas: Schemas

    def read_body(self, body: dict[str, Any]) -> dict[str, Any]:
        """Read a body as the method's message: only fields that there are, each of its type, in camel case.

        Raises:
            ApiError: 400, in Google's words.
        """
        try:
            return read_message(body, self.request or {"type": "object"}, self.schemas)
        except MessageProblem as problem:
            raise bad_request(str(problem)) from problem

    def check_parameters(self, given: Iterable[tuple[str, str]]) -> None:
        """Insist that the query parameters are those that there are, each of its type, and once.

        Raises:
            ApiError: 400, in Google's words.
        """
        seen: set[str] = set()
        for name, value in given:
            known = self.parameters.get(name)
            if name in seen and not (known or {}).get("repeated"):
                raise bad_request(
                    f'Invalid JSON payload received. Unknown name "{name:.80}": Proto field is not repeating, cannot '
                    "start list."
                )
            seen.add(name)
            if name in _SYSTEM_PARAMETERS:
                continue
            if known is None:
                raise bad_request(
                    f'Invalid JSON payload received. Unknown name "{name:.80}": Cannot bind query parameter. Field '
                    f"'{name:.80}' could not be found in request message."
                )
            try:
                read_parameter(name, value, known)
            except MessageProblem as problem:
                raise bad_request(str(problem)) from problem


@cache
def document(name: str) -> dict[str, Any]:
    """Return a discovery document.

    Args:
        name: API and version, for example ``iam.v1``.
    """
    found: dict[str, Any] = json.loads(_places()[f"{name}.json"].read_text())
    if name == _BIGQUERY:
        found["schemas"]["Dataset"]["properties"]["access"]["items"]["properties"].update(_STRAY_FIELD)
        found["resources"]["jobs"]["methods"]["get"]["parameters"].update(_STRAY_PARAMETERS)
        found["schemas"]["QueryParameterValue"]["properties"]["value"] = _ANY_VALUE
    if name == "iam.v1":
        found["schemas"].setdefault("GetPolicyOptions", _OPTIONS)
        accounts = found["resources"]["projects"]["resources"]["serviceAccounts"]
        accounts["methods"]["getIamPolicy"].setdefault("request", _OPTIONS_BODY)
    return found


@cache
def _places() -> dict[str, Any]:
    # Found by its metadata: importing the package would load far more than a few files.
    names = {f"{name}.json" for name in _DOCUMENTS}
    return {file.name: file for file in files(_PACKAGE) or () if file.name in names}


@cache
def find_method(http_method: str, path: str) -> Method | None:
    """Find the method that a route serves.

    Returns:
        The method; ``None`` for a route of the local cloud's own.
    """
    # Service Usage is read under v1beta1 as under v1, whose messages have all fields of the older ones.
    form = _PLACE.sub("{}", path).replace("/locations/global/", "/locations/{}/").replace("/v1beta1/", "/v1/")
    # Service Usage writes even "projects" as a place to fill in.
    keys = ((http_method, form), (http_method, form.replace("/projects/{}", "/{}/{}")))
    for name in _DOCUMENTS:
        found = next((method for key in keys if (method := _methods(name).get(key))), None)
        if found is not None:
            return Method(
                parameters={key: of for key, of in found.get("parameters", {}).items() if of["location"] == "query"},
                request=found.get("request"),
                schemas=document(name)["schemas"],
            )
    return None


def bigquery_collections() -> frozenset[str]:
    """What is directly below a project in BigQuery's API, such as ``datasets``."""
    below = f"/{document(_BIGQUERY)['servicePath']}projects/{{}}/"
    return frozenset(
        path.removeprefix(below).partition("/")[0] for _, path in _methods(_BIGQUERY) if path.startswith(below)
    )


@cache
def _methods(name: str) -> dict[tuple[str, str], dict[str, Any]]:
    root = f"/{document(name)['servicePath']}"
    return {
        (method["httpMethod"], _PLACE.sub("{}", root + method.get("flatPath", method["path"]))): method
        for method in _walk(document(name))
    }


def _walk(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _walk(inner)
