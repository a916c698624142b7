"""A provider plugin that takes any type and makes nothing: `python -m tests.guardrails.any_type NAME=VERSION …`.

The stand-ins of the local cloud refuse types that the project doesn't use, and those are what the rules are about.
"""

from __future__ import annotations

import sys
from typing import Any

from pulumi.provider.experimental import provider as pulumi

from pulumi_offline.plugins.serve import serve_together
from pulumi_offline.plugins.wire import plain_map, property_map

POOL = "gcp:iam/workloadIdentityPool:WorkloadIdentityPool"
POOL_NAME = "projects/123456789012/locations/global/workloadIdentityPools"
REPLACING = {"datasetId", "tableId"}


class AnyType(pulumi.Provider):
    """Whatever the program describes is made; a pool gets its full name besides, which is unknown before."""

    async def check_config(self, request: pulumi.CheckRequest) -> pulumi.CheckResponse:
        return pulumi.CheckResponse(inputs=request.new_inputs)

    async def diff_config(self, request: pulumi.DiffRequest) -> pulumi.DiffResponse:
        del request
        return pulumi.DiffResponse(changes=None)

    async def configure(self, request: pulumi.ConfigureRequest) -> pulumi.ConfigureResponse:
        del request
        return pulumi.ConfigureResponse(supports_preview=True)

    async def check(self, request: pulumi.CheckRequest) -> pulumi.CheckResponse:
        return pulumi.CheckResponse(inputs=request.new_inputs)

    async def diff(self, request: pulumi.DiffRequest) -> pulumi.DiffResponse:
        old, new = plain_map(request.old_state), plain_map(request.new_inputs)
        changed = [key for key in new if old.get(key) != new[key]]
        return pulumi.DiffResponse(
            changes=bool(changed), diffs=changed, replaces=[key for key in changed if key in REPLACING]
        )

    async def create(self, request: pulumi.CreateRequest) -> pulumi.CreateResponse:
        made: dict[str, Any] = plain_map(request.properties)
        if request.preview:
            return pulumi.CreateResponse(resource_id="", properties=property_map(made))
        if request.urn.endswith(f"{POOL}::pool"):
            made["name"] = f"{POOL_NAME}/{made['workloadIdentityPoolId']}"
        return pulumi.CreateResponse(resource_id="made", properties=property_map(made))

    async def update(self, request: pulumi.UpdateRequest) -> pulumi.UpdateResponse:
        return pulumi.UpdateResponse(property_map(plain_map(request.news)))

    async def delete(self, request: pulumi.DeleteRequest) -> None:
        del request


if __name__ == "__main__":
    serve_together({name: (AnyType(), version) for name, _, version in (one.partition("=") for one in sys.argv[1:])})
