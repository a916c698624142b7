"""A function's environment: all who may read the function's configuration read it, so no secret may be in it."""

from __future__ import annotations

from collections.abc import Iterator

from keyless_bigquery.settings.secret_values import has_secret_name, secret_in
from keyless_tools.guardrails.model import Finding, Resource, Rule, Unknown, unknown
from keyless_tools.guardrails.values import mapping

_FUNCTION = "aws:lambda/function:function"
_FIX = "leave it out; the role is the function's identity, and what else is secret belongs into Secrets Manager"


def _variables(resource: Resource) -> Iterator[Finding]:
    if resource.kind != _FUNCTION:
        return
    environment = resource.inputs.get("environment")
    variables = environment if isinstance(environment, Unknown) else mapping(environment).get("variables")
    if isinstance(variables, Unknown):
        yield unknown("environment.variables")
        return
    for name, value in mapping(variables).items():
        where = f"environment.variables.{name}"
        if isinstance(value, Unknown):
            if has_secret_name(name):
                yield Finding(where=where, actual="a value whose name says that it is secret", fix=_FIX)
            else:
                yield unknown(where)
        elif what := secret_in(name, str(value)):
            yield Finding(where=where, actual=what, fix=_FIX)


NO_SECRET_IN_ENVIRONMENT = Rule(
    name="no-secret-in-environment",
    why="A function's environment is shown to all who may look at its configuration, and lies in the stack's state.",
    judge=_variables,
)
