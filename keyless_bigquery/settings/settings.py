"""The stack's settings: read once, checked once, all problems reported at once.

What there is to set is declared in ``settings.stack`` and ``settings.reader_settings``. A rule about one value is in
``keyless_bigquery.rules``, one about several together in ``settings.consistency``. Nothing here needs Pulumi.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from keyless_bigquery.settings import consistency, declaration, own_variables
from keyless_bigquery.settings.consistency import POOL_SUFFIX_BYTES
from keyless_bigquery.settings.problems import Problem, SettingsError, Values, as_text
from keyless_bigquery.settings.reader_settings import ReaderSettings
from keyless_bigquery.settings.stack import LOG_LEVELS, StackSettings

__all__ = ["DECLARED", "KEYS", "LOG_LEVELS", "POOL_SUFFIX_BYTES", "Problem", "Settings", "SettingsError"]

DECLARED = (*declaration.declared(StackSettings), *declaration.declared(ReaderSettings))
"""Every setting, in the order of ``Pulumi.yaml``."""

KEYS = tuple(setting.key for setting in DECLARED)
"""Every config key, in the same order."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings(StackSettings):
    """The settings of a stack, after all checks."""

    @classmethod
    def read(cls, given: Mapping[str, str], *, stack: str, secret: frozenset[str] = frozenset()) -> Settings:
        """The settings of a stack.

        Args:
            given: Config keys without namespace, and their values as Pulumi hands them out: text, and JSON for lists. A
                key that is absent has its declared default, since a project's ``Pulumi.yaml`` need not repeat them.
            stack: The stack's name, from which names that are not set are derived.
            secret: The keys whose values the engine keeps as secrets.

        Raises:
            SettingsError: With every problem found, not only the first.
        """
        defaults = {one.key: as_text(one.default) for one in DECLARED}
        values = Values({**defaults, **given}, stack=stack, secret=secret)
        values.refuse_unknown(KEYS)
        own_variables.refuse_secret(values)
        settings = cls(stack=stack, **declaration.read(cls, values))
        if not values.problems:
            consistency.check(settings, values)
        values.raise_problems(KEYS)
        return settings
