"""Runs the real program against Pulumi's mocks, and records what it registers."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import runpy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pulumi
import yaml
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from keyless_bigquery.components.program import ROOT

PROJECT = "keyless-bigquery"
PROJECT_NUMBER = "123456789012"
REQUIRED = {"googleProject": "my-project", "awsAccountId": "210987654321"}
OF_THE_TEMPLATE = {"pulumi:tags"}
"""Where `pulumi new` notes in a new project from which template it is."""
HOST = {"functionRuntime": "host", "functionArchitecture": "host"}
"""The package is built for the machine that runs the tests."""


def declared() -> dict[str, str]:
    """What ``Pulumi.yaml`` fills in, as the engine hands it out: text."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    return {
        key: value if isinstance(value := entry["default"], str) else json.dumps(value)
        for key, entry in project["config"].items()
        if key not in OF_THE_TEMPLATE
    }


DEFAULTS = declared() | HOST


@dataclasses.dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource as the program registered it. ``inputs`` have the wire's camelCase keys."""

    type: str
    name: str
    inputs: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recording:
    """One run of the program: its resources in the order of registration, and its outputs."""

    resources: tuple[Registration, ...]
    outputs: Mapping[str, Any]

    def of_type(self, type_token: str) -> list[Registration]:
        return [resource for resource in self.resources if resource.type == type_token]

    def only(self, type_token: str) -> Registration:
        found = self.of_type(type_token)
        assert len(found) == 1, f"{type_token}: {[resource.name for resource in found]}"
        return found[0]


class _Clouds(Mocks):
    """Answers with the shapes of the real clouds, so that what the program derives from them is real too."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any] | Exception]) -> None:
        self.resources: list[Registration] = []
        self._answers = answers

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        assert args.provider or not args.typ.startswith(("aws:", "gcp:")), f"{args.name} has no explicit provider"
        known = {(resource.type, resource.name) for resource in self.resources}
        assert (args.typ, args.name) not in known, f"two resources {args.typ} are called {args.name}"
        self.resources.append(Registration(type=args.typ, name=args.name, inputs=dict(args.inputs)))
        computed = _COMPUTED.get(args.typ, _nothing)
        state = dict(args.inputs)
        # In a preview the engine knows no computed value before the resource exists.
        if not pulumi.runtime.is_dry_run():
            state |= computed(args.inputs)
        return f"{args.name}-id", state

    def call(self, args: MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        assert args.token in self._answers, f"the program must not look this up: {args.token}"
        answer = self._answers[args.token]
        if isinstance(answer, Exception):
            return {}, [("", str(answer))]
        return {**args.args, **answer}, []


def _pool(inputs: Mapping[str, Any]) -> dict[str, Any]:
    pool_id = inputs["workloadIdentityPoolId"]
    return {"name": f"projects/{PROJECT_NUMBER}/locations/global/workloadIdentityPools/{pool_id}"}


def _provider(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": f"{_pool(inputs)['name']}/providers/{inputs['workloadIdentityPoolProviderId']}"}


def _account(inputs: Mapping[str, Any]) -> dict[str, Any]:
    email = f"{inputs['accountId']}@{inputs['project']}.iam.gserviceaccount.com"
    return {
        "email": email,
        "member": f"serviceAccount:{email}",
        "name": f"projects/{inputs['project']}/serviceAccounts/{email}",
    }


def _nothing(_inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {}


_COMPUTED: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "random:index/randomId:RandomId": lambda _inputs: {"hex": "a1b2"},
    "gcp:iam/workloadIdentityPool:WorkloadIdentityPool": _pool,
    "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider": _provider,
    "gcp:serviceaccount/account:Account": _account,
    "aws:cloudwatch/logGroup:LogGroup": lambda inputs: {
        "arn": f"arn:aws:logs:us-east-1:210987654321:log-group:{inputs['name']}"
    },
    "aws:lambda/function:Function": lambda inputs: {
        "arn": f"arn:aws:lambda:us-east-1:210987654321:function:{inputs['name']}",
        "version": "1",
    },
    "aws:lambda/alias:Alias": lambda inputs: {
        "arn": f"arn:aws:lambda:us-east-1:210987654321:function:{inputs['functionName']}:{inputs['name']}"
    },
    "aws:cloudwatch/eventRule:EventRule": lambda inputs: {
        "arn": f"arn:aws:events:us-east-1:210987654321:rule/{inputs['name']}"
    },
    "aws:iam/policy:Policy": lambda inputs: {"arn": f"arn:aws:iam::210987654321:policy/{inputs['name']}"},
    "aws:iam/role:Role": lambda inputs: {"arn": f"arn:aws:iam::210987654321:role/{inputs['name']}"},
}


def record(
    settings: Mapping[str, str] | None = None,
    *,
    stack: str = "dev",
    preview: bool = False,
    answers: Mapping[str, Mapping[str, Any] | Exception] | None = None,
    program: Path | Callable[[], object] = ROOT / "__main__.py",
    defaults: Mapping[str, str] = DEFAULTS | REQUIRED,
) -> Recording:
    """Runs a program once, as a deployment or as a first preview.

    Args:
        settings: What differs from the defaults.
        stack: The stack's name.
        preview: Nothing that a cloud computes is known.
        answers: What a look-up is answered, by its token; an error is its refusal. Any other look-up fails.
        program: The program, if it is another than the stack's.
        defaults: What its project file fills in.
    """
    configured = {**defaults, **(settings or {})}
    clouds = _Clouds(answers or {})
    try:
        asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError:  # an asyncio.run before has taken this thread's away, and the SDK wants one
        asyncio.set_event_loop(asyncio.new_event_loop())
    pulumi.runtime.set_mocks(clouds, project=PROJECT, stack=stack, preview=preview)
    pulumi.runtime.set_all_config({f"{PROJECT}:{key}": value for key, value in configured.items()})
    outputs: dict[str, Any] = {}

    @pulumi.runtime.test  # type: ignore[untyped-decorator]  # the SDK's decorator has no types
    def run() -> pulumi.Output[None]:
        exported: dict[str, pulumi.Output[Any]] = {}
        with _exports_into(exported):
            if isinstance(program, Path):
                runpy.run_path(str(program), run_name="__main__")
            else:
                program()
        return pulumi.Output.all(**{name: known_or_marked(value) for name, value in exported.items()}).apply(
            outputs.update
        )

    run()
    return Recording(resources=tuple(clouds.resources), outputs=outputs)


TABLE_LOOK_UP = "gcp:bigquery/getTable:getTable"
DATASET_LOOK_UP = "gcp:bigquery/getDataset:getDataset"
CALLER_LOOK_UP = "aws:index/getCallerIdentity:getCallerIdentity"
REGION_LOOK_UP = "aws:index/getRegion:getRegion"
FOUND: Mapping[str, Mapping[str, Any]] = {
    TABLE_LOOK_UP: {},
    DATASET_LOOK_UP: {},
    CALLER_LOOK_UP: {"accountId": REQUIRED["awsAccountId"]},
    REGION_LOOK_UP: {"region": "eu-west-1"},
}
"""What the components' look-ups are answered where all is as it should be."""

UNKNOWN = "an output whose value is not known yet"


def known_or_marked(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """The value, or :data:`UNKNOWN`: an unknown would otherwise swallow every assertion that waits for it."""

    async def resolve() -> Any:
        return await value.future() if await value.is_known() else UNKNOWN

    return pulumi.Output.from_input(resolve())


@contextlib.contextmanager
def _exports_into(exported: dict[str, pulumi.Output[Any]]) -> Iterator[None]:
    original = pulumi.export
    pulumi.export = lambda name, value: exported.__setitem__(name, pulumi.Output.from_input(value))
    try:
        yield
    finally:
        pulumi.export = original
