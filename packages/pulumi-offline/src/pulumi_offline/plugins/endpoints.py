"""Where a stand-in may send requests: to this machine, and nowhere else."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from pulumi_offline.plugins.errors import ConfigError


def loopback(setting: str, url: object, *, plugin: str) -> str:
    """The URL of a plugin's setting, if it is `http` and on loopback.

    Raises:
        ConfigError: when it is absent or points anywhere else. A stand-in must never meet a real cloud: it does only
            what the local one needs.
    """
    fix = (
        f"this is the stand-in {plugin} plugin of the local cloud, which serves no real cloud: set it to the"
        f" address that `keyless local-cloud` prints, or install the official one:"
        f" `pulumi plugin install resource {plugin}`"
    )
    if not isinstance(url, str) or not url:
        raise ConfigError(f"{setting} is not set; {fix}")
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.username or not _is_loopback(parts.hostname or ""):
        raise ConfigError(f"{setting} is {parts.scheme}://{parts.hostname}, not http on loopback; {fix}")
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
