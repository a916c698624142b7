"""Changes of a stack's state alone, for what exists under a name that the stack has for something else. Pure.

The engine imports nothing under a URN that is taken. So what a replacement had made is imported under another name
first, and put in the old one's place here; the old one stays in the state as one that is still to be deleted, as the
engine itself notes it between the two halves of a replacement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keyless_tools.lifecycle.imports import MADE_ONCE, Importable, importable, to_create

_OF_THE_OBJECT = ("id", "inputs", "outputs", "importID")
_Resource = Mapping[str, Any]


def put_in_place(deployment: Mapping[str, Any], urn: str, imported: str) -> dict[str, Any]:
    """A state in which an imported object is what a URN stands for, and the one before it is still to be deleted.

    Args:
        deployment: The state.
        urn: The URN.
        imported: URN under which the object was imported; it is free afterwards.
    """
    by_urn = {one["urn"]: one for one in live(deployment)}
    before, new = by_urn[urn], by_urn[imported]
    taken = {name: new[name] for name in _OF_THE_OBJECT if name in new}
    after = {key: value for key, value in before.items() if key != "pendingReplacement"} | taken
    # Before whatever depends on it, which the engine deletes first. What it deleted to replace it is gone already.
    both = [after] if before.get("pendingReplacement") else [{**before, "delete": True}, after]
    places = [both if one is before else [one] for one in deployment["resources"] if one is not new]
    return {**deployment, "resources": [one for place in places for one in place]}


def put_back(deployment: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """A state in which what a failed ``up`` had replaced is what it was, where the settings say so again.

    Such an ``up`` leaves the old one as still to be deleted. The next would make it once more, which fails as existing
    or changes nothing, and then delete it: by its id, which the two share (pulumi/pulumi#4712 is related).

    Returns:
        The state, in which what the failed ``up`` had made is still to be deleted; ``None`` if nothing was replaced.
    """
    resources = deployment.get("resources") or []
    going = [(importable([one], resources), one) for one in resources if one.get("delete")]
    old = {(found.urn, found.import_id): one for names, one in going for found in names}
    replacing = importable([step["newState"] for step in steps if step["op"] == "replace"], resources)
    needed = [(one.urn, one.import_id) for one in replacing if one.known]
    restored = {urn: old[urn, import_id] for urn, import_id in needed if (urn, import_id) in old}
    return None if not restored else {**deployment, "resources": list(_swapped(resources, restored))}


def _swapped(resources: Sequence[_Resource], restored: Mapping[str, _Resource]) -> Iterator[_Resource]:
    for one in resources:
        before = restored.get(one["urn"])
        if before is None:
            yield one
        elif not one.get("delete"):
            yield {**one, "delete": True}
            yield {key: value for key, value in before.items() if key != "delete"}
        elif one is not before:
            yield one


def live(deployment: Mapping[str, Any]) -> list[_Resource]:
    """The resources of a state but for those that are still to be deleted."""
    return [one for one in deployment.get("resources") or [] if not one.get("delete")]


def not_held(found: Sequence[Importable], deployment: Mapping[str, Any]) -> list[Importable]:
    """Those that the stack has not yet under any name: the same object twice would be deleted as one of the two."""
    resources = deployment.get("resources") or []
    held = {(one.type, one.import_id) for one in importable(live(deployment), resources)}
    return [one for one in found if (one.type, one.import_id) not in held]


def renamed(steps: Sequence[Mapping[str, Any]], deployment: Mapping[str, Any]) -> dict[str, str]:
    """URNs of what the next ``up`` would delete and make again under a shorter logical name, each with the new URN.

    That is a reader of a list that becomes the only one, without a list. The engine can't know it: the program says a
    resource's former names, and what readers were called in a list is no longer known.
    """
    resources = deployment.get("resources") or []
    going = [str(step["urn"]) for step in steps if step["op"] == "delete"]
    held = {
        (one.type, one.import_id): one.name
        for one in importable(live(deployment), resources)
        if one.type in MADE_ONCE and one.urn in going
    }
    for one in importable(to_create(steps), resources):
        name = held.get((one.type, one.import_id), "")
        if name.startswith(f"{one.name}-"):
            suffix = name.removeprefix(one.name)
            return {urn: urn.removesuffix(suffix) for urn in going if urn.endswith(suffix)}
    return {}


def rename(deployment: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A state in which resources have other URNs, by the old ones.

    Where the new URN is taken, by an ``up`` that failed midway, the older resource stays: what it stands for is what
    the newer one was made again as, or else the newer one is still to be deleted.
    """
    older = {names[one["urn"]]: one.get("id") for one in live(deployment) if one["urn"] in names}
    resources = []
    for one in deployment["resources"]:
        if one["urn"] not in older or one.get("delete"):
            resources.append(_with_names(one, names))
        elif one.get("id") != older[one["urn"]]:
            resources.append({**one, "delete": True})
    return {**deployment, "resources": resources}


def _with_names(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401  (any part of a state)
    """A part of a state in which each URN is the new one."""
    if isinstance(value, Mapping):
        return {key: _with_names(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_with_names(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value
