"""Tags: a map in the program, a list of pairs in most of AWS's requests."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_offline.plugins.kind import Edit


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """The map as pairs."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def tag_changes(edit: Edit) -> tuple[list[str], dict[str, str]]:
    """The keys of tags to take away, and all tags that the program wants."""
    wanted = edit.inputs.get("tags", {})
    return sorted(set(edit.state.get("tags", {})) - set(wanted)), wanted
