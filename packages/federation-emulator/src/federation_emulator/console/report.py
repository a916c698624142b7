"""A decision as a bug report about the emulator: Markdown that may be pasted in public.

It is built from the decision record, which never holds a token, a signature or a key, and from the configuration by
which the decision was made. Names are replaced by placeholders: an issue tracker has no need of account numbers,
projects and e-mails. "Copy as text" has the names. All but constants is in fenced blocks: no Markdown, HTML or mention
has an effect there. Source: CommonMark 0.31, section 4.5 ("Fenced code blocks").
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import PackageNotFoundError, PathDistribution, version
from pathlib import Path
from typing import Any

from federation_emulator.console.placeholders import Placeholders
from federation_emulator.console.render import render_chain
from federation_emulator.core.context import Cloud
from federation_emulator.core.policy_form import policy_wire
from federation_emulator.core.trace import Decision
from federation_emulator.library import as_lines

_PACKAGE = "federation-emulator"
_MOST_ENTRIES = 20
"""Of one list of the configuration; a report is read by people."""

_LEFT_OUT = frozenset({"displayName", "title", "description", "jwksJson"})
"""Fields that decide nothing, or that a report has no room for."""


def bug_report(cloud: Cloud, chain: Sequence[Decision]) -> str:
    """Write the report of the last decision of a chain."""
    names = Placeholders()
    configured = configuration(cloud, chain)
    for decision in chain:
        # Here it is plain what kind of name each one is.
        names.replace(decision.resource, is_value=True)
    # Twice: a name may stand in prose before it stands where names belong.
    for _ in range(2):
        decided = [_replaced(decision, names) for decision in chain]
        written = _leaves(configured, names)
    last = chain[-1]
    return "\n".join(
        [
            f"**{last.link.value} {'allowed' if last.allowed else 'REFUSED'}**",
            "",
            "Expected of Google, and where that is documented: …",
            "",
            "Names are replaced by placeholders, equal names by equal ones.",
            "",
            _fenced("text", render_chain(decided)),
            "",
            "Configuration:",
            "",
            _fenced("json", json.dumps(written, indent=1, ensure_ascii=False)),
            "",
            _fenced("text", _versions()),
            "",
        ]
    )


def configuration(cloud: Cloud, chain: Sequence[Decision]) -> dict[str, Any]:
    """The resources by which a chain was decided, as the APIs write them: the provider, and the policies on the way."""
    asked = {decision.resource.removeprefix("//iam.googleapis.com/") for decision in chain}
    keys = {account.policy_key: account.resource for account in cloud.accounts.values() if account.member in asked}
    keys |= {name: name for name in [cloud.main_project.policy_key, *sorted(asked)]}
    datasets = {name.partition("/tables/")[0] for name in asked}
    return {
        "providers": [each.wire() for each in cloud.providers.values() if each.name in asked],
        "policies": {
            name: policy_wire(policy)["bindings"]
            for key, name in keys.items()
            if (policy := cloud.policies.get(key)) and policy.bindings
        },
        "datasets": {name: list(access.entries) for name, access in cloud.datasets.items() if name in datasets},
    }


def _replaced(decision: Decision, names: Placeholders) -> Decision:
    refusal = decision.refusal
    return replace(
        decision,
        resource=names.replace(decision.resource, is_value=True),
        principal=names.replace(decision.principal, is_value=True),
        steps=tuple(
            replace(step, rule=names.replace(step.rule), actual=_written(step.actual, names)) for step in decision.steps
        ),
        refusal=refusal
        and replace(
            refusal,
            rule=names.replace(refusal.rule),
            actual=_written(refusal.actual, names),
            expected=_written(refusal.expected, names),
            fix=names.replace(refusal.fix),
        ),
    )


def _written(text: str, names: Placeholders) -> str:
    """Write what is a sentence, an expression or a value alone."""
    return names.replace(text, is_value=" " not in text)


def _leaves(value: object, names: Placeholders) -> object:
    if isinstance(value, dict):
        return {
            names.replace(key, is_value=True) if "/" in key else key: _leaves(each, names)
            for key, each in value.items()
            if key not in _LEFT_OUT
        }
    if isinstance(value, list):
        return [_leaves(each, names) for each in value[:_MOST_ENTRIES]]
    return _written(value, names) if isinstance(value, str) else value


@cache
def _versions() -> str:
    try:
        # In an environment of its own the server has the package's folder only; what names its version is next to it.
        found = next(Path(__file__).parents[2].glob(f"{_PACKAGE.replace('-', '_')}-*.dist-info"), None)
        ours = PathDistribution(found).version if found else version(_PACKAGE)
    except PackageNotFoundError:
        ours = "from a checkout"
    return f"{_PACKAGE} {ours}, Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def _fenced(kind: str, text: str) -> str:
    """Put a text in a block that nothing in it ends."""
    shown = as_lines(text)
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", shown)), default=0))
    return f"{fence}{kind}\n{shown}\n{fence}"
