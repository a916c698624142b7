"""What all types of the `aws` stand-in have in common: a client, its answers, tags, and the ids that imports write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pulumi_offline.plugins.aws.api import AwsApi, aws_errors, unless_gone
from pulumi_offline.plugins.errors import PluginError
from pulumi_offline.plugins.kind import Edit, Kind
from pulumi_offline.plugins.values import Properties


class AwsKind(Kind):
    """A type of one AWS service, in one region."""

    service: ClassVar[str]
    """botocore's name of the service."""
    import_id: ClassVar[tuple[str, str]]
    """The ids that an import may write: a pattern with names of inputs or of a request, and how a person reads it."""
    deletes: ClassVar[str]
    """The request that deletes it, where the id's parts are all that it takes."""

    def __init__(self, api: AwsApi) -> None:
        self._api = api

    def remove(self, resource_id: str, state: Properties) -> None:
        """Delete what the id names."""
        del state
        self._find(self.deletes, **self._imported(resource_id))

    def _ask(self, method: str, **request: Any) -> Any:  # noqa: ANN401 (botocore makes its methods at run time)
        with aws_errors():
            return getattr(self._api.client(self.service), method)(**request)

    def _find(self, method: str, **request: Any) -> Any:  # noqa: ANN401 (botocore makes its methods at run time)
        """The answer, or None when the thing does not exist."""
        return unless_gone(lambda: getattr(self._api.client(self.service), method)(**request))

    def _pages(self, method: str, key: str, **request: Any) -> list[Any]:  # noqa: ANN401 (botocore's own values)
        """What all pages list under the key; nothing when the thing does not exist."""
        pages = self._api.client(self.service).get_paginator(method).paginate(**request)
        return unless_gone(lambda: [item for page in pages for item in page[key]]) or []

    def _imported(self, resource_id: str) -> Properties:
        """What an id stands for.

        Raises:
            PluginError: It has not the form.
        """
        pattern, form = self.import_id
        match = re.fullmatch(pattern, resource_id)
        if match is None:
            raise PluginError(f"{resource_id!r} can't be imported; write {form}")
        return {name: value for name, value in match.groupdict().items() if value}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The program's map as pairs, as most of AWS's requests have it."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag_map(pairs: list[Mapping[str, str]]) -> dict[str, str]:
    """The pairs as the program's map."""
    return {pair["Key"]: pair["Value"] for pair in pairs}


def retag(edit: Edit, *, untag: Callable[[list[str]], object], tag: Callable[[dict[str, str]], object]) -> None:
    """Bring the tags to what the program wants: `untag` takes keys away, `tag` writes tags."""
    if "tags" not in edit.changes:
        return
    expected = edit.inputs.get("tags", {})
    if removed := sorted(set(edit.state.get("tags", {})) - set(expected)):
        untag(removed)
    if expected:
        tag(expected)


def on_the_wire(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with its names as AWS spells them: `MaximumRetryAttempts`."""
    return {name[0].upper() + name[1:]: value for name, value in block.items()}


def in_the_program(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with its names as Pulumi spells them: `maximumRetryAttempts`."""
    return {name[0].lower() + name[1:]: value for name, value in block.items()}
