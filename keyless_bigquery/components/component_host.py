"""Serves the components to programs in other languages: a Pulumi provider with their schema."""

from __future__ import annotations

import importlib.metadata
import inspect
import json
import sys
from typing import Any

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve
from pulumi.provider.experimental.analyzer import ComponentDefinition
from pulumi.provider.experimental.component import ComponentProvider

from keyless_bigquery.components import claims
from keyless_bigquery.components.credential_layer import CredentialLayer
from keyless_bigquery.components.federated_role import FederatedRole
from keyless_bigquery.components.keyless_reader import KeylessReader
from keyless_bigquery.settings.problems import nearest
from keyless_bigquery.trust.trust import TrustError

NAME = "keyless-bigquery"
COMPONENTS: tuple[type[pulumi.ComponentResource], ...] = (FederatedRole, CredentialLayer, KeylessReader)


class Components(ComponentProvider):
    """The SDK's own, but a refusal reaches the user without a traceback, and a misspelt argument is refused.

    Descriptions are docstrings without their indentation, which Markdown takes for code.
    """

    def __init__(self) -> None:
        """Reads the components."""
        super().__init__([*COMPONENTS], NAME, None, importlib.metadata.version("keyless-bigquery"))
        self.schema = json.dumps(json.loads(self.schema or "{}", object_hook=_dedented))

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Makes a component.

        Raises:
            pulumi.InputPropertiesError: Its arguments can't be used.
        """
        try:
            return super().construct(name, resource_type, inputs, options)
        except Exception as error:
            # The SDK wraps what a component raises, and prints the wrapped one's traceback.
            inner = getattr(error, "inner", error)
            if isinstance(inner, pulumi.InputPropertiesError):
                raise inner from error
            if isinstance(inner, pulumi.RunError | TrustError):
                raise pulumi.InputPropertiesError(str(inner), []) from error
            raise

    def map_inputs(self, inputs: pulumi.Inputs, component_def: ComponentDefinition) -> pulumi.Inputs:
        """The inputs under the names of Python.

        Raises:
            pulumi.InputPropertiesError: One has a name that the schema lacks, which the SDK drops without a word.
        """
        for key in inputs:
            if key not in component_def.inputs:
                fix = nearest(str(key), component_def.inputs)
                raise pulumi.InputPropertiesError(f"{component_def.name} has no argument {key}. {fix}", [])
        return super().map_inputs(inputs, component_def)


def main() -> None:
    """Serves until the engine ends it. Its arguments are the engine's."""
    claims.serve()
    serve(Components(), sys.argv[1:])


def _dedented(found: dict[str, Any]) -> dict[str, Any]:
    if isinstance(text := found.get("description"), str):
        found["description"] = inspect.cleandoc(text)
    return found
