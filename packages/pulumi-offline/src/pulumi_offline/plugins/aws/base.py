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
    """A type of one AWS service.

    Args:
        api: The clients of one region.
    """

    service: ClassVar[str]
    """botocore's name of the service."""
    import_id: ClassVar[tuple[str, str]]
    """The ids that an import may write: a pattern with the inputs' names, and how a person reads it."""

    def __init__(self, api: AwsApi) -> None:
        self._api = api

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
        """The inputs that an import's id stands for.

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
    """Bring the tags to what the program wants.

    Args:
        edit: The update.
        untag: Takes tags of these keys away.
        tag: Writes tags.
    """
    if "tags" not in edit.changes:
        return
    wanted = edit.inputs.get("tags", {})
    if removed := sorted(set(edit.state.get("tags", {})) - set(wanted)):
        untag(removed)
    if wanted:
        tag(wanted)


def on_the_wire(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with its names as AWS spells them: `MaximumRetryAttempts`."""
    return {name[0].upper() + name[1:]: value for name, value in block.items()}


def in_the_program(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block with its names as Pulumi spells them: `maximumRetryAttempts`."""
    return {name[0].lower() + name[1:]: value for name, value in block.items()}
