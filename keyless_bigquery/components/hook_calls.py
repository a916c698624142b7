"""What a resource's hook asks a provider, without waiting for the resources that wait for the hook.

The language host gives a program as many threads as ``pulumi --parallel`` says; each registration keeps one until its
resource is made. While a hook runs, the engine saves no state (pulumi 3.259: ``SerializeResource`` waits for the lock
of the hook's resource), so all other creates wait, and their registrations keep their threads. Where these are all
threads, the hook's own call never starts.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi

_LIMIT_SECONDS = 180.0
"""More than the Google provider's own limit for a request, 120 s."""

_MOST_CALLS = 4096
"""More than the resources of any stack. A thread is started only when it is needed."""

_roomy: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
# A loop does not show which executor it has.


async def ask(
    function: str, arguments: Mapping[str, Any], provider: pulumi.ProviderResource | None
) -> Mapping[str, Any]:
    """Calls a function of a provider from a hook.

    Returns:
        The answer, under the names of the wire.

    Raises:
        TimeoutError: There was none within three minutes.
        Exception: The provider's error; the SDK raises nothing narrower.
    """
    loop = asyncio.get_running_loop()
    if loop not in _roomy:
        loop.set_default_executor(ThreadPoolExecutor(_MOST_CALLS, thread_name_prefix="calls-of-the-program"))
        _roomy.add(loop)
    question = pulumi.runtime.invoke_async(function, dict(arguments), pulumi.InvokeOptions(provider=provider))
    answer: Mapping[str, Any] = await asyncio.wait_for(question, _LIMIT_SECONDS) or {}
    return answer
